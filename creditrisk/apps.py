from django.apps import AppConfig


class CreditriskConfig(AppConfig):
    name = "creditrisk"
    label = "creditrisk"
