from django.apps import AppConfig


class TakeoverConfig(AppConfig):
    name = "creditrisk.takeover"
    label = "takeover"
