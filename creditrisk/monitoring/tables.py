"""The portfolio as a table."""

from typing import Any

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.exposure.models import Entry, Origin
from creditrisk.monitoring import entries
from creditrisk.monitoring.past import PastRow
from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DayColumn,
    DaysColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
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


class SourceColumn(DocumentColumn):
    """The document, item or effect that caused an entry."""

    pages = {Origin.DOCUMENT: "document", Origin.ITEM: "item", Origin.EFFECT: "effect"}

    def render(self, record: Any) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>', reverse(self.pages[record.origin], args=[record.source_id]), record.source
        )


class BucketColumn(TextColumn):
    """A bucket of the exposure ledger."""

    cell = "text under"

    def render(self, value: str) -> Any:
        return credit.entry_label(value)


class MomentColumn(DayColumn):
    """A moment to the minute."""

    def render(self, value: Any) -> str:
        return credit.moment(value)


class EntryTable(BaseTable):
    """The entries behind one customer's exposure."""

    live = True
    caption = _("Entries")
    minor = ("id", "day", "recorded_at")

    id = NumberColumn(verbose_name="#")
    source = SourceColumn(empty_values=(), verbose_name=_("Source"), orderable=False)
    bucket = BucketColumn(verbose_name=_("Bucket"))
    day = DayColumn(verbose_name=_("Due or ships"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)
    effective_on = DayColumn(verbose_name=_("Business day"))
    recorded_at = MomentColumn(verbose_name=_("Recorded"))

    class Meta(BaseTable.Meta):
        model = Entry
        fields = ("id", "source", "bucket", "day", "amount", "effective_on", "recorded_at")
        empty_text = _("No entry.")

    def complete(self, records: list[Any]) -> None:
        entries.named(records)


class ShareColumn(AmountColumn):
    """An amount of which most are zero: those are a dash."""

    def render(self, value: Any, record: Any) -> str:
        return super().render(value, record) if value else credit.NONE


class PastTable(BaseTable):
    """Customers as they stood on a day; those over their limit come first and are marked."""

    live = True
    caption = _("Exposure by customer as of the day")
    spare = ("available", "days_overdue")

    code = DocumentColumn(
        verbose_name=_("Customer"),
        linkify=("customer_exposure", {"code": django_tables2.A("code")}),
    )
    name = LongColumn(verbose_name=_("Name"))
    currency = TextColumn(verbose_name=_("Currency"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency")
    limit = AmountColumn(verbose_name=_("Limit"), currency="currency", empty_values=())
    over = AmountColumn(verbose_name=_("Over it"), currency="currency")
    available = AmountColumn(verbose_name=_("Free"), currency="currency")
    used_percent = PercentColumn(verbose_name=_("Used"))
    overdue = ShareColumn(verbose_name=_("Overdue"), currency="currency")
    days_overdue = DaysColumn(verbose_name=_("Days late"))
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
