from django.apps import AppConfig
from django.contrib.auth import signals
from django.utils.translation import gettext_lazy as _


class SigninConfig(AppConfig):
    name = "creditrisk.signin"
    label = "signin"
    verbose_name = _("Signing in")

    def ready(self) -> None:
        """Every way of signing in and out ends in these signals of Django's, a wrong code in the library's."""
        from allauth.mfa.signals import authentication_failed

        from creditrisk.signin import attempts, sessions

        signals.user_logged_in.connect(attempts.entered, dispatch_uid="signin.entered")
        signals.user_logged_out.connect(attempts.left, dispatch_uid="signin.left")
        signals.user_login_failed.connect(attempts.refused, dispatch_uid="signin.refused")
        authentication_failed.connect(attempts.wrong_code, dispatch_uid="signin.wrong_code")
        signals.user_logged_in.connect(sessions.begin, dispatch_uid="signin.begin")
