"""The portfolio as a table."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from creditrisk.monitoring.past import PastRow
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


class ShareColumn(AmountColumn):
    """An amount of which most are zero: those are a dash."""

    def render(self, value: Any, record: Any) -> str:
        return super().render(value, record) if value else credit.NONE


class PastTable(BaseTable):
    """Customers as they stood on a day; those over their limit come first and are marked."""

    live = True
    caption = _("Exposure by customer as of the day")

    code = DocumentColumn(
        verbose_name=_("Customer"),
        linkify=("customer_exposure", {"code": django_tables2.A("code")}),
    )
    name = LongColumn(verbose_name=_("Name"))
    currency = TextColumn(verbose_name=_("Currency"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency")
    limit = AmountColumn(verbose_name=_("Limit"), currency="currency", empty_values=())
    over = AmountColumn(verbose_name=_("Over it"), currency="currency")
    used_percent = PercentColumn(verbose_name=_("Used"))
    overdue = ShareColumn(verbose_name=_("Overdue"), currency="currency")
    open_orders = ShareColumn(accessor="buckets__0", verbose_name=_("Orders"), currency="currency")
    delivered = ShareColumn(accessor="buckets__1", verbose_name=_("Delivered"), currency="currency")
    unposted = ShareColumn(accessor="buckets__2", verbose_name=_("Unposted"), currency="currency")
    receivables = ShareColumn(accessor="buckets__3", verbose_name=_("Receivables"), currency="currency")
    credits = ShareColumn(accessor="buckets__4", verbose_name=_("Credits"), currency="currency")
    issued = ShareColumn(accessor="buckets__5", verbose_name=_("Effects"), currency="currency")
    presented = ShareColumn(accessor="buckets__6", verbose_name=_("Presented"), currency="currency")
    unpaid = ShareColumn(accessor="buckets__7", verbose_name=_("Unpaid"), currency="currency")

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody stood so on that day.")
        row_attrs = {"class": lambda record: "is-over" if record.is_over else None}

    def render_limit(self, value: Any, record: PastRow) -> str:
        return record.limit_words if value is None else credit.amount(value, record.currency)

    def render_over(self, value: Any, record: PastRow) -> Any:
        return format_html('<b class="late">{}</b>', credit.amount(value, record.currency)) if value else credit.NONE
