"""The portfolio as a table."""

from typing import Any

import django_tables2
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DaysColumn,
    DocumentColumn,
    LongColumn,
    PercentColumn,
    TextColumn,
)
from creditrisk.templatetags import credit


class PortfolioTable(BaseTable):
    """Customers by how much of their limit is used."""

    live = True
    caption = _("Exposure by customer")
    minor = ("segment", "currency", "total", "limit", "overdue", "days_overdue")

    code = DocumentColumn(
        verbose_name=_("Customer"),
        linkify=("customer", {"code": django_tables2.A("code")}),
    )
    name = LongColumn(verbose_name=_("Name"))
    segment = TextColumn(verbose_name=_("Segment"))
    currency = TextColumn(verbose_name=_("Currency"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency")
    limit = AmountColumn(verbose_name=_("Limit"), currency="currency")
    available = AmountColumn(verbose_name=_("Free"), currency="currency")
    used_percent = PercentColumn(verbose_name=_("Used"))
    overdue = AmountColumn(verbose_name=_("Overdue"), currency="currency")
    days_overdue = DaysColumn(verbose_name=_("Late"))

    class Meta(BaseTable.Meta):
        empty_text = _("No customer fits.")

    def render_overdue(self, value: Any, record: Any) -> str:
        return credit.amount(value, record.currency) if value else credit.NONE

    def render_days_overdue(self, value: int) -> str:
        return credit.days(value) if value else credit.NONE
