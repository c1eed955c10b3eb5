"""Messages that came in: kept as they came, with what became of them, or why nothing did."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk import language
from customers.models import Company, Customer
from documents.models import Document

SIGNED = ", signed"  # stands after the format of a message that came in an envelope


class MessageState(models.TextChoices):
    DONE = "DONE", _("taken in")
    DEAD = "DEAD", _("not taken in")
    DROPPED = "DROPPED", _("dropped")


class Message(models.Model):
    """One file. The very same file is one message, however often somebody sends it; others who send it have their own."""

    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField()
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True)
    format = models.CharField(_("format"), max_length=40, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=MessageState, default=MessageState.DEAD)
    error = models.CharField(_("why not"), max_length=500, blank=True, default="")
    told = models.JSONField(null=True, blank=True, editable=False)
    buyer = models.JSONField(_("buyer who is not known"), default=dict, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    documents = models.ManyToManyField(Document, related_name="messages", blank=True)
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="DONE", error="") | (Q(state__in=["DEAD", "DROPPED"]) & ~Q(error="")),
                name="intake_dead_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["sha256", "received_by"], nulls_distinct=False, name="intake_once_of_whoever_sends_it"
            ),
        ]
        indexes = [models.Index(fields=["state", "received_at"], name="intake_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def says(self) -> str:
        """Why not, in the reader's language; what was kept before that was possible stands as it was kept."""
        return language.retold(self.told) if self.told else self.error

    @property
    def format_shown(self) -> str:
        """The format in the reader's language; it is kept in English."""
        bare = self.format.removesuffix(SIGNED)
        return bare if bare == self.format else str(_("%(format)s, signed") % {"format": bare})


class PartyKey(models.Model):
    """By which number messages know a customer: a VAT number, an endpoint, the number in another system."""

    key = models.CharField(_("number in messages"), max_length=120, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="party_keys")

    def __str__(self) -> str:
        return self.key
