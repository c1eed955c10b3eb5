"""From which figures on alerts are written, where a customer, a segment or a company wants others: part of the draft."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Company, Customer, Segment, amount_field

LATE_MOST = 3650


class AlertThreshold(models.Model):
    """Thresholds of one customer, of a segment, of a company, or of everybody. What is blank is left to the next wider."""

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=gettext_lazy("company")
    )
    segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=gettext_lazy("segment")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("customer"),
    )
    percents = ArrayField(
        models.PositiveIntegerField(
            validators=[
                MinValueValidator(1, gettext_lazy("At least 1 percent.")),
                MaxValueValidator(1000, gettext_lazy("At most 1000 percent.")),
            ]
        ),
        verbose_name=gettext_lazy("percents used"), null=True, blank=True,
        help_text=gettext_lazy("Of the limit, with commas between them. Blank: as the next wider says."),
    )  # fmt: skip
    overdue_amount = amount_field(
        gettext_lazy("overdue from"), null=True, blank=True, validators=[MinValueValidator(Decimal(0), gettext_lazy("It cannot be negative."))],
        help_text=gettext_lazy("In the currency of each account. Blank: as the next wider says; at last any amount."),
    )  # fmt: skip
    overdue_days = ArrayField(
        models.PositiveIntegerField(
            validators=[
                MinValueValidator(1, gettext_lazy("At least one day.")),
                MaxValueValidator(LATE_MOST, gettext_lazy("At most ten years.")),
            ]
        ),
        verbose_name=gettext_lazy("overdue for days"), null=True, blank=True,
        help_text=gettext_lazy("With commas between them. Blank: as the next wider says; at last 30, 60, 90."),
    )  # fmt: skip

    class Meta:
        verbose_name = gettext_lazy("alert threshold")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "segment", "customer"], nulls_distinct=False, name="policy_thresholds_once",
                violation_error_message=gettext_lazy("Thresholds for this are there already."),
            ),
            models.CheckConstraint(
                condition=Q(segment__isnull=True, customer__isnull=True)
                | Q(company__isnull=True, customer__isnull=True)
                | Q(company__isnull=True, segment__isnull=True),
                name="policy_thresholds_of_one",
            ),
            models.CheckConstraint(
                condition=Q(percents__isnull=False) | Q(overdue_amount__isnull=False) | Q(overdue_days__isnull=False),
                name="policy_thresholds_say_something",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        owner = self.customer or self.segment or self.company
        return str(owner) if owner is not None else _("all customers")

    def clean(self) -> None:
        """Refuse thresholds of two things at once, and those that say nothing, each at its field."""
        if sum(owner is not None for owner in (self.company_id, self.segment_id, self.customer_id)) > 1:
            raise ValidationError(
                {"company": _("For a customer, a segment or a company: choose one. Blank everywhere: all customers.")}
            )
        if self.percents is None and self.overdue_amount is None and self.overdue_days is None:
            raise ValidationError({"percents": _("Say at least one of the three.")})
