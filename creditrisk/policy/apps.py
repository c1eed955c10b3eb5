from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "creditrisk.policy"
    label = "policy"
