from django.apps import AppConfig


class ExposureConfig(AppConfig):
    name = "creditrisk.exposure"
    label = "exposure"
