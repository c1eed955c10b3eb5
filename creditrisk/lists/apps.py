from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "creditrisk.lists"
    label = "lists"
