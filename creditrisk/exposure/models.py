"""The exposure ledger: entries that are only ever added, and the balances they sum to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import amount_field, currency_field


class Origin(models.TextChoices):
    """What kind of row a fact comes from."""

    DOCUMENT = "D", _("document")
    ITEM = "I", _("open item")
    EFFECT = "E", _("effect")


class Entry(models.Model):
    """One difference: this much more or less in one bucket, caused by one source. Append-only.

    `effective_on` is the business day, `recorded_at` the moment of recording: both questions about the past have
    an answer.
    """

    origin = models.CharField(max_length=1, choices=Origin)
    source_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    company_id = models.BigIntegerField()
    bucket = models.CharField(max_length=24)
    day = models.DateField()
    currency = currency_field()
    amount = amount_field()
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = _("entries")
        indexes = [
            models.Index(fields=["origin", "source_id"], name="exposure_entry_of_source"),
            models.Index(fields=["customer_id", "recorded_at"], name="exposure_entry_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.origin}{self.source_id} {self.bucket} {self.amount} {self.currency}"


class Balance(models.Model):
    """The sum of the entries of one customer, company, bucket, day and currency; never zero for long."""

    pk = models.CompositePrimaryKey("customer_id", "company_id", "bucket", "day", "currency")
    customer_id = models.BigIntegerField()
    company_id = models.BigIntegerField()
    bucket = models.CharField(max_length=24)
    day = models.DateField()
    currency = currency_field()
    amount = amount_field()

    class Meta:
        indexes = [models.Index(fields=["day"], name="exposure_balance_by_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.bucket} {self.day} {self.amount} {self.currency}"


class Drift(models.Model):
    """Evidence that the ledger once differed from the formula: what it held, what it should have held. Append-only."""

    customer_id = models.BigIntegerField()
    company_id = models.BigIntegerField()
    origin = models.CharField(max_length=1, choices=Origin)
    source_id = models.BigIntegerField()
    bucket = models.CharField(max_length=24)
    day = models.DateField()
    currency = currency_field()
    formula = amount_field()
    ledger = amount_field()
    found_at = models.DateTimeField()
    repaired = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = _("drifts")
        indexes = [models.Index(fields=["found_at"], name="exposure_drift_by_time")]

    def __str__(self) -> str:
        return f"{self.origin}{self.source_id} {self.bucket}: {self.ledger} instead of {self.formula}"


class AuditedSlice(models.Model):
    """When a slice of the customers (those whose id leaves `remainder`) was last compared with the formula."""

    remainder = models.PositiveSmallIntegerField(primary_key=True)
    audited_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("audited slice"), _("audited slices")

    def __str__(self) -> str:
        return f"{self.remainder}: {self.audited_at}"
