from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "creditrisk.decisions"
    label = "decisions"
