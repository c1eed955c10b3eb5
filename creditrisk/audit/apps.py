from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "creditrisk.audit"
    label = "audit"
    verbose_name = "audit trail"
