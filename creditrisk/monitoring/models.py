"""Recomputing the portfolio, with how far it is; and what of the limits was used, day by day."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditrisk.money import HUNDRED
from customers.models import currency_field, person_field


class Recompute(models.Model):
    """One run over all customers, a handful at a time. `upto` is the last customer that was looked at."""

    asked_by = person_field()
    asked_at = models.DateTimeField(_("asked at"))
    total = models.PositiveIntegerField(_("customers"))
    done = models.PositiveIntegerField(_("looked at"), default=0)
    upto = models.BigIntegerField(default=0)
    differences = models.PositiveIntegerField(_("differences"), default=0)
    amount = models.DecimalField(_("difference"), max_digits=24, decimal_places=4, default=0)
    worked_at = models.DateTimeField(_("worked at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        constraints = [
            # One at a time: a second would look at the same customers.
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at__isnull=True), name="monitoring_one_recompute_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.done} / {self.total}"

    @property
    def percent(self) -> int:
        """How far it is, in whole per cent."""
        return 100 if self.finished_at or not self.total else min(99, self.done * 100 // self.total)


class Utilisation(models.Model):
    """What of the limits was used at the end of a day: of the whole portfolio (`segment` empty, `whole`), or of one segment.

    In one currency; limits and what is used of them are of customers that have one. Append-only, once a day.
    """

    day = models.DateField(_("business day"))
    whole = models.BooleanField(_("whole portfolio"))
    segment = models.CharField(_("segment"), max_length=20, blank=True, default="")
    currency = currency_field()
    customers = models.PositiveIntegerField(_("customers"))
    total = models.DecimalField(_("exposure"), max_digits=24, decimal_places=4)
    limits = models.DecimalField(_("limits"), max_digits=24, decimal_places=4)
    used = models.DecimalField(_("used of limits"), max_digits=24, decimal_places=4)
    overdue = models.DecimalField(_("overdue"), max_digits=24, decimal_places=4)
    over = models.PositiveIntegerField(_("over the limit"))
    taken_at = models.DateTimeField(_("taken at"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "whole", "segment", "currency"], name="monitoring_one_utilisation_a_day"
            ),
            models.CheckConstraint(
                condition=Q(whole=False) | Q(segment=""), name="monitoring_the_whole_has_no_segment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment or '*'} {self.day} {self.currency}"

    @property
    def percent(self) -> Decimal | None:
        """What of the limits was used, in per cent; None without limits."""
        return self.used / self.limits * HUNDRED if self.limits else None
