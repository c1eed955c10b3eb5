from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "creditrisk.figures"
    label = "figures"
    verbose_name = "figures"
