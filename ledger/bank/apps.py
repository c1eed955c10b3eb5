from django.apps import AppConfig


class BankConfig(AppConfig):
    name = "ledger.bank"
    label = "bank"
