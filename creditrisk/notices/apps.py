from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "creditrisk.notices"
    label = "notices"
