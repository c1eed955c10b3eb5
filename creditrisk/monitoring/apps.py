from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "creditrisk.monitoring"
    label = "monitoring"
