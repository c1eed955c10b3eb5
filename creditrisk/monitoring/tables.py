"""The portfolio as a table."""

from typing import Any
from urllib.parse import urlencode

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.export import plain
from creditrisk.exposure.models import Entry, Origin
from creditrisk.monitoring import entries
from creditrisk.monitoring.models import Utilisation
from creditrisk.monitoring.portfolio import Source
from creditrisk.monitoring.standings import NOBODY
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


class ShareColumn(AmountColumn):
    """An amount of which most are zero: those are a dash."""

    def render(self, value: Any, record: Any) -> str:
        return super().render(value, record) if value else credit.NONE


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


class LimitColumn(AmountColumn):
    """A limit; where nothing bounds a customer by itself, that in words."""

    def render(self, value: Any, record: Any) -> str:
        return super().render(value, record) if value is not None else self.words(record)

    def words(self, record: Any) -> str:
        return str(_("unlimited") if record.limit_state == "UNLIMITED" else _("the head's or shared"))

    def plainly(self, record: Any) -> Any:
        """Return the limit as a file has it."""
        return self.words(record) if record.limit is None else plain(record.limit, record.currency)


class StoodTable(BaseTable):
    """What every table of how customers stand shows; rows over their limit are marked."""

    live = True
    minor = (
        "segment", "country", "risk_class", "salesperson", "company", "currency", "total", "limit", "overdue", "days_overdue",
    )  # fmt: skip

    name = LongColumn(verbose_name=_("Name"))
    company = TextColumn(verbose_name=_("Company"))
    segment = TextColumn(verbose_name=_("Segment"))
    country = TextColumn(verbose_name=_("Country"))
    risk_class = TextColumn(verbose_name=_("Risk class"))
    salesperson = TextColumn(verbose_name=_("Salesperson"))
    currency = TextColumn(verbose_name=_("Currency"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency", show=True)
    limit = LimitColumn(verbose_name=_("Limit"), currency="currency", empty_values=())
    available = AmountColumn(verbose_name=_("Free"), currency="currency")
    over = ShareColumn(verbose_name=_("Over it"), currency="currency")
    used_percent = PercentColumn(verbose_name=_("Used"), order_by="rank")
    overdue = ShareColumn(verbose_name=_("Overdue"), currency="currency")
    days_overdue = DaysColumn(verbose_name=_("Days late"))
    open_orders = ShareColumn(accessor="buckets__0", order_by="b0", verbose_name=_("Orders"), currency="currency")
    delivered = ShareColumn(accessor="buckets__1", order_by="b1", verbose_name=_("Delivered"), currency="currency")
    unposted = ShareColumn(accessor="buckets__2", order_by="b2", verbose_name=_("Unposted"), currency="currency")
    receivables = ShareColumn(accessor="buckets__3", order_by="b3", verbose_name=_("Receivables"), currency="currency")
    credits = ShareColumn(accessor="buckets__4", order_by="b4", verbose_name=_("Credits"), currency="currency")
    issued = ShareColumn(accessor="buckets__5", order_by="b5", verbose_name=_("Effects"), currency="currency")
    presented = ShareColumn(accessor="buckets__6", order_by="b6", verbose_name=_("Presented"), currency="currency")
    unpaid = ShareColumn(accessor="buckets__7", order_by="b7", verbose_name=_("Unpaid"), currency="currency")

    class Meta(BaseTable.Meta):
        empty_text = _("No customer fits.")
        hint = _("Take away a filter.")
        row_attrs = {"class": lambda record: "is-over" if record.is_over else None}

    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__([], **options)
        self.source = source

    def render_days_overdue(self, value: int) -> str:
        return credit.days(value) if value else credit.NONE

    def render_over(self, value: Any, record: Any) -> Any:
        return format_html('<b class="late">{}</b>', credit.amount(value, record.currency)) if value else credit.NONE


class PortfolioTable(StoodTable):
    """Customers by how much of their limit is used."""

    caption = _("Exposure by customer")
    spare = (
        "company", "country", "risk_class", "salesperson", "currency", "over", "open_orders", "delivered", "unposted", "receivables", "credits",
        "issued", "presented", "unpaid",
    )  # fmt: skip

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))

    class Meta(StoodTable.Meta):
        sequence = ("code", "...")
        order_by = "-used_percent"


class PastTable(StoodTable):
    """Customers as they stood on a day; those over their limit come first and are marked."""

    caption = _("Exposure by customer as of the day")
    spare = (
        "company", "segment", "country", "risk_class", "salesperson", "currency", "available", "days_overdue", "delivered", "unposted",
        "credits", "issued", "presented", "unpaid",
    )  # fmt: skip

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer_exposure", {"code": django_tables2.A("code")}))

    class Meta(StoodTable.Meta):
        sequence = ("code", "...")
        order_by = "-over"
        empty_text = _("Nobody stood so on that day.")


class UtilisationTable(BaseTable):
    """What of the limits was used, day by day, the newest first."""

    live = True
    caption = _("Utilisation by day")
    minor = ("customers", "limits", "overdue", "over")
    spare = ("currency",)

    day = DayColumn(verbose_name=_("End of"))
    currency = TextColumn(verbose_name=_("Currency"))
    customers = NumberColumn(verbose_name=_("Customers"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency", show=True)
    limits = AmountColumn(verbose_name=_("Limits"), currency="currency")
    percent = PercentColumn(verbose_name=_("Used"), orderable=False)
    overdue = ShareColumn(verbose_name=_("Overdue"), currency="currency")
    over = NumberColumn(verbose_name=_("Over the limit"))

    class Meta(BaseTable.Meta):
        model = Utilisation
        fields = ("day", "currency", "customers", "total", "limits", "percent", "overdue", "over")
        empty_text = _("Nothing was kept in these days. It is kept every night, for the day that is over.")


class GroupTable(BaseTable):
    """The portfolio by company, segment, country, risk class or salesperson."""

    live = True
    caption = _("Exposure by group")
    minor = ("customers", "limit", "overdue")
    spare = ("currency", "share", "receivables")

    key = DocumentColumn(verbose_name=_("Group"), empty_values=())
    label = LongColumn(verbose_name=_("Name"))
    currency = TextColumn(verbose_name=_("Currency"))
    customers = NumberColumn(verbose_name=_("Customers"))
    total = AmountColumn(verbose_name=_("Exposure"), currency="currency", show=True)
    share = PercentColumn(verbose_name=_("Share"))
    limit = AmountColumn(verbose_name=_("Limits"), currency="currency")
    used_percent = PercentColumn(verbose_name=_("Used"))
    receivables = AmountColumn(verbose_name=_("Receivables"), currency="currency")
    overdue = ShareColumn(verbose_name=_("Overdue"), currency="currency")
    over = NumberColumn(verbose_name=_("Over the limit"))
    over_amount = ShareColumn(verbose_name=_("By"), currency="currency")

    class Meta(BaseTable.Meta):
        empty_text = _("No customer fits.")
        row_attrs = {"class": lambda record: "is-over" if record.over else None}

    def __init__(self, rows: Any, *, by: str, narrowed: str, **options: Any) -> None:
        super().__init__(rows, exclude=() if by == "salesperson" else ("label",), **options)
        self.by, self.narrowed = by, narrowed

    def render_key(self, record: Any) -> Any:
        name = "home" if self.by == "company" else self.by
        query = urlencode({name: record.key or NOBODY})
        link = f"?{self.narrowed}&{query}" if self.narrowed else f"?{query}"
        return format_html('<a href="{}" hx-boost="false">{}</a>', link, record.key or _("none"))

    def render_over(self, value: int) -> Any:
        return format_html('<b class="late">{}</b>', value) if value else credit.NONE
