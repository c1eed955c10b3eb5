"""Notes about talks with customers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, amount_field, currency_field


class Way(models.TextChoices):
    """How one talked."""

    CALL = "CALL", _("call")
    MAIL = "MAIL", _("e-mail or letter")
    VISIT = "VISIT", _("visit")
    NOTE = "NOTE", _("note")


class Note(models.Model):
    """What was said with a customer, by whom, when; when to talk next, and what was promised. Append-only.

    A later note takes the place of an earlier one's next contact.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes")
    way = models.CharField(_("how"), max_length=5, choices=Way, default=Way.CALL)
    text = models.TextField(_("what was said"), max_length=2000)
    person = models.CharField(_("with whom"), max_length=120, blank=True, default="")
    next_contact = models.DateField(_("next contact"), null=True, blank=True)
    promised_on = models.DateField(_("promised by"), null=True, blank=True)
    promised = amount_field(_("promised amount"), null=True, blank=True)
    currency = currency_field(blank=True, default="")
    made_at = models.DateTimeField(_("written at"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    actor = models.JSONField(default=dict)
    source_key = models.CharField(max_length=40, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="contacts_note_says_something"),
            models.CheckConstraint(
                condition=Q(promised__isnull=True, currency="")
                | Q(promised__gt=0, promised_on__isnull=False, currency__regex="^[A-Z]{3}$"),
                name="contacts_promise_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="contacts_of_customer"),
            models.Index(fields=["next_contact"], name="contacts_by_next"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.get_way_display()}"
