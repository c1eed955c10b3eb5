from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class PreferencesConfig(AppConfig):
    name = "creditrisk.preferences"
    label = "preferences"
    verbose_name = _("Preferences")

    def ready(self) -> None:
        """Every way of logging in ends in this signal of Django's."""
        from creditrisk.preferences.spoken import remember

        user_logged_in.connect(remember, dispatch_uid="language")
