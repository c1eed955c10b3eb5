from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "documents.intake"
    label = "intake"
