"""What looks wrong in the data, what was set aside, and which customers were merged."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditrisk.quality import wording
from customers.models import Company, Customer


class What(models.TextChoices):
    """What may be wrong."""

    DUPLICATE = "DUPLICATE", _("probably the same customer")
    TERMS = "TERMS", _("no payment terms")
    LIMIT = "LIMIT", _("no limit")
    RATE = "RATE", _("no exchange rate")
    DATE = "DATE", _("impossible dates")
    NUMBERS = "NUMBERS", _("holes in numbers")
    TIME = "TIME", _("holes in time")


class Finding(models.Model):
    """One thing that looks wrong. Found again by its key; gone when it is mended; kept when it was set aside."""

    what = models.CharField(_("what"), max_length=10, choices=What)
    key = models.CharField(_("key"), max_length=160)
    sentence = models.CharField(_("what is wrong"), max_length=300)
    weight = models.PositiveSmallIntegerField(_("how sure"), default=100)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    other = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    item = models.ForeignKey("ledger.OpenItem", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    document = models.ForeignKey(
        "documents.Document", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    found_at = models.DateTimeField(_("found"))
    aside_at = models.DateTimeField(_("set aside"), null=True, blank=True)
    aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    aside_reason = models.CharField(_("why set aside"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["what", "key"], name="quality_a_finding_once"),
            models.CheckConstraint(
                condition=Q(aside_at__isnull=True, aside_reason="") | (Q(aside_at__isnull=False) & ~Q(aside_reason="")),
                name="quality_aside_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["what", "-weight"], condition=Q(aside_at=None), name="quality_worklist")]

    def __str__(self) -> str:
        return self.sentence

    @property
    def told(self) -> str:
        """Return the sentence in the reader's language; it is kept in English."""
        return wording.told(self.sentence)


class Merge(models.Model):
    """Two customers turned out to be one. Append-only; `moved` counts what went over, by kind."""

    duplicate = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_away")
    into = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_in")
    reason = models.CharField(_("reason"), max_length=300)
    moved = models.JSONField(default=dict)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(duplicate=F("into")), name="quality_not_merged_into_itself"),
            models.UniqueConstraint(fields=["duplicate"], name="quality_merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.duplicate_id} -> {self.into_id}"
