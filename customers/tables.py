"""The list of customers as a table."""

from collections.abc import Callable, Mapping
from typing import Any

import django_tables2
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DayColumn,
    DocumentColumn,
    LongColumn,
    PercentColumn,
    PersonColumn,
    TextColumn,
)
from customers.models import Customer


class CustomerTable(BaseTable):
    """Customers with how they stand; the standings of the page's rows are read together."""

    live = True
    caption = _("Customers")
    minor = ("segment", "country", "terms", "salesperson", "limit")
    spare = ("available", "overdue", "company", "region", "currency", "tax_number", "email", "customer_since")

    code = DocumentColumn(verbose_name=_("Code"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    segment = TextColumn(accessor="segment__code", verbose_name=_("Segment"))
    country = TextColumn(verbose_name=_("Country"))
    terms = TextColumn(accessor="terms__code", verbose_name=_("Terms"))
    salesperson = PersonColumn("salesperson", verbose_name=_("Salesperson"))
    exposure = AmountColumn(
        accessor="standing__exposure__total",
        verbose_name=_("Exposure"),
        orderable=False,
        currency="currency",
        show=True,
    )
    limit = AmountColumn(
        accessor="limit_amount",
        verbose_name=_("Limit"),
        orderable=False,
        currency="currency",
    )
    used = PercentColumn(accessor="standing__used_percent", verbose_name=_("Used"), orderable=False)

    company = TextColumn(accessor="company__code", verbose_name=_("Company"))
    region = TextColumn(accessor="region__code", verbose_name=_("Region"))
    currency = TextColumn(verbose_name=_("Currency"))
    tax_number = TextColumn(verbose_name=_("Tax number"))
    email = TextColumn(verbose_name=_("E-mail"))
    customer_since = DayColumn(verbose_name=_("Customer since"))
    available = AmountColumn(
        accessor="standing__available", verbose_name=_("Free"), orderable=False, currency="currency"
    )
    overdue = AmountColumn(
        accessor="standing__exposure__overdue", verbose_name=_("Overdue"), orderable=False, currency="currency"
    )

    def __init__(self, *args: Any, standings: Callable[[list[Customer]], Mapping[int, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.standings = standings

    def complete(self, records: list[Any]) -> None:
        found = self.standings(records) if records else {}
        for record in records:
            record.standing = found.get(record.pk)
            limit = record.standing.limit if record.standing else None
            record.limit_amount = limit.amount if limit and limit.state == "AMOUNT" else None

    class Meta(BaseTable.Meta):
        model = Customer
        fields = (
            "code",
            "name",
            "segment",
            "country",
            "terms",
            "salesperson",
            "exposure",
            "limit",
            "used",
            "available",
            "overdue",
            "company",
            "region",
            "currency",
            "tax_number",
            "email",
            "customer_since",
        )
        order_by = "code"
        empty_text = _("No customer fits.")
        hint = _("Take away a filter.")
