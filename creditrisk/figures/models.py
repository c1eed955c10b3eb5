"""The past of the figures: what each was on a day, as it was reckoned then."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Company


class Snapshot(models.Model):
    """One figure of one company, or of a segment of it, at the end of a day; no value: it was not defined. Append-only, once a day.

    What is booked later on an earlier day changes no snapshot; `taken_at` says what could be known.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    whole = models.BooleanField(_("whole company"), default=True, db_default=True)
    segment = models.CharField(_("segment"), max_length=20, blank=True, default="", db_default="")
    day = models.DateField(_("business day"))
    code = models.CharField(_("figure"), max_length=20)
    value = models.DecimalField(_("value"), max_digits=24, decimal_places=6, null=True)
    taken_at = models.DateTimeField(_("taken at"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "code", "day", "whole", "segment"], name="figures_one_snapshot_of_each_a_day"
            ),
            models.CheckConstraint(condition=Q(whole=False) | Q(segment=""), name="figures_the_whole_has_no_segment"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.day} {self.value}"
