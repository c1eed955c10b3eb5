from django.apps import AppConfig
from django.db.models.signals import post_migrate  # noqa: TID251 - as Django writes permissions: what code defines


class PolicyConfig(AppConfig):
    name = "creditrisk.policy"
    label = "policy"

    def ready(self) -> None:
        from creditrisk.policy.models import open_book

        post_migrate.connect(open_book, sender=self)
