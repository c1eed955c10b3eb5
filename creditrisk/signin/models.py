"""Who came in, who left, who was turned away."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Attempt(models.Model):
    """One try to sign in, or one leaving; only ever added. `typed` is the name that was typed where nobody came in."""

    class Outcome(models.TextChoices):
        ENTERED = "entered", _("came in")
        LEFT = "left", _("signed out")
        REFUSED = "refused", _("turned away")
        WRONG_CODE = "wrong_code", _("wrong code")
        LOCKED_OUT = "locked_out", _("locked out")

    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    typed = models.CharField(_("name typed"), max_length=150, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("sign-in"), _("sign-ins")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome__in=["entered", "left", "refused", "wrong_code", "locked_out"]),
                name="signin_attempt_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["refused", "locked_out"]) | models.Q(user__isnull=False),
                name="signin_attempt_has_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.typed or self.user} {self.get_outcome_display()}"


class Remembered(models.Model):
    """What signing in remembers for a while: failed tries, codes that were used. `key` is a digest, so it names nobody."""

    key = models.CharField(_("key"), max_length=64, primary_key=True)
    value = models.JSONField(_("value"))
    since = models.DateTimeField(_("since"), db_default=Now(), db_index=True)
    until = models.DateTimeField(_("until"), null=True, db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("remembered for signing in"), _("remembered for signing in")

    def __str__(self) -> str:
        return self.key
