from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "creditrisk.quality"
    label = "quality"
