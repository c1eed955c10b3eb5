from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "creditrisk.contacts"
    label = "contacts"
