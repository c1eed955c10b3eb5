from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "creditrisk.reports"
    label = "reports"
    verbose_name = "reports"
