"""Who hears of alerts how, and the notices: what goes to one recipient by one channel, until it has arrived or is given up."""

import secrets
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.alert_kinds import KINDS, Way
from approvals.models import Alert
from creditrisk.notices import addresses
from customers.models import Company

DIGEST_HOUR = 7


class Reader(models.Model):
    """How somebody wants to be told: at which hour the daily digest comes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_reader")
    digest_hour = models.PositiveSmallIntegerField(
        _("the digest comes at"), default=DIGEST_HOUR, validators=[MaxValueValidator(23)]
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(digest_hour__lte=23), name="notices_hour_of_the_day")]

    def __str__(self) -> str:
        return str(self.user)


class Choice(models.Model):
    """What somebody chose for a kind of alert, other than what is usual in the role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_choices")
    kind = models.CharField(_("kind of alert"), max_length=20)
    way = models.CharField(_("how"), max_length=6, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notices_one_choice_a_kind")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}: {self.way}"


def new_secret() -> str:
    """Return a key for signing, as the receiver's library takes it (Standard Webhooks)."""
    return "whsec_" + secrets.token_urlsafe(32).replace("-", "+").replace("_", "/") + "="


def kind_choices() -> list[tuple[str, str]]:
    return [(kind.code, str(kind.title)) for kind in KINDS.values()]


class Endpoint(models.Model):
    """An address of another program that hears of alerts by signed calls."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    url = models.URLField(
        _("address"), max_length=500,
        help_text=_("https only. Addresses inside the house are refused unless the installation allows their network."),
    )  # fmt: skip
    secret = models.CharField(_("key"), max_length=100, default=new_secret, editable=False)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("company"),
        help_text=_("Only alerts of this company's customers and documents. Blank: all."),
    )  # fmt: skip
    kinds = ArrayField(
        models.CharField(max_length=20), verbose_name=_("kinds of alert"), default=list, blank=True,
        help_text=_("Blank: all."),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=7, choices=settings.LANGUAGES, default="en")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("webhook")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that could never be called, at its field."""
        if self.url and (sentence := addresses.wrong(self.url)):
            raise ValidationError({"url": sentence})


class NewAlert(models.Model):
    """An alert whose recipients are not worked out yet; written with it, gone when its notices are there."""

    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.alert_id)


class Channel(models.TextChoices):
    MAIL = "MAIL", _("e-mail")
    DIGEST = "DIGEST", _("digest")
    WEBHOOK = "WEBHOOK", _("webhook")


class NoticeState(models.TextChoices):
    WAITING = "WAITING", _("waits")
    SENDING = "SENDING", _("is being sent")
    SENT = "SENT", _("sent")
    DEAD = "DEAD", _("given up")
    DROPPED = "DROPPED", pgettext_lazy("a notice", "dropped")


class Notice(models.Model):
    """One mail, digest or call. Its key is the same at every attempt: whoever gets it twice can tell.

    A row that is SENDING counts an attempt whose end is not known yet. When its worker is lost it is sent again, and
    `repeats` counts that it may have arrived before.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.CharField(_("channel"), max_length=7, choices=Channel)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("to")
    )
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=7, choices=NoticeState, default=NoticeState.WAITING)
    made_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("tried from"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    repeats = models.PositiveIntegerField(_("may have arrived twice"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.CharField(_("why not"), max_length=500, blank=True, default="")
    alerts = models.ManyToManyField(Alert, through="NoticeLine", related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel="WEBHOOK", user__isnull=True, endpoint__isnull=False)
                | Q(channel__in=["MAIL", "DIGEST"], user__isnull=False, endpoint__isnull=True),
                name="notices_one_recipient",
            ),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="notices_sent_when_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(claimed_at__isnull=False, attempts__gt=0),
                name="notices_sending_is_claimed",
            ),
            models.CheckConstraint(condition=Q(repeats__lte=F("attempts")), name="notices_repeats_are_attempts"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(channel="DIGEST", state="WAITING", attempts=0),
                name="notices_one_digest_grows",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="WAITING"), name="notices_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="SENDING"), name="notices_on_their_way"),
            models.Index(fields=["state", "-id"], name="notices_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"

    @property
    def recipient(self) -> str:
        """Who is to get it, in words."""
        if self.endpoint is not None:
            return self.endpoint.name
        return (self.user.get_full_name() or self.user.get_username()) if self.user is not None else ""


class NoticeLine(models.Model):
    """An alert in a notice: each alert goes to a person once, by whatever channel, and to an endpoint once."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="lines")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "user"], name="notices_once_to_a_person"),
            models.UniqueConstraint(fields=["alert", "endpoint"], name="notices_once_to_an_endpoint"),
            models.CheckConstraint(
                condition=Q(user__isnull=True, endpoint__isnull=False) | Q(user__isnull=False, endpoint__isnull=True),
                name="notices_line_has_one_recipient",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} in {self.notice_id}"
