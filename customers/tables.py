"""The list of customers as a table."""

import django_tables2
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import (
    AmountColumn,
    BaseTable,
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

    code = DocumentColumn(verbose_name=_("Code"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    segment = TextColumn(accessor="segment__code", verbose_name=_("Segment"))
    country = TextColumn(verbose_name=_("Country"))
    terms = TextColumn(accessor="terms__code", verbose_name=_("Terms"))
    salesperson = PersonColumn(
        order_by=("salesperson__first_name", "salesperson__username"), verbose_name=_("Salesperson")
    )
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
        )
        order_by = "code"
        empty_text = _("No customer fits.")
        hint = _("Take away a filter.")
