"""Lists of documents as tables."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DayColumn,
    DaysColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
    PercentColumn,
    PersonColumn,
    StateColumn,
    TextColumn,
)
from documents.discounts import LOST, Outcome
from documents.models import Document


class DocumentTable(BaseTable):
    """What every list of documents shows. A held document says so instead of its state."""

    live = True

    number = DocumentColumn(verbose_name=_("Number"), linkify=("document", {"pk": django_tables2.A("pk")}))
    document_date = DayColumn(verbose_name=_("Date"))
    customer = LongColumn(
        accessor="customer__name",
        verbose_name=_("Customer"),
        linkify=("customer", {"code": django_tables2.A("customer__code")}),
    )
    company = TextColumn(accessor="company__code", verbose_name=_("Company"))
    state = StateColumn(verbose_name=_("State"), held="held")
    total = AmountColumn(verbose_name=_("Total"), currency="currency", show=True)

    class Meta(BaseTable.Meta):
        model = Document
        fields = ("number", "document_date", "customer", "company", "state", "total")
        order_by = ("-document_date", "-pk")


class OrderTable(DocumentTable):
    caption = _("Orders")
    minor = ("document_date", "company", "ship_date", "entered_by")
    hint = _("Take away a filter, or enter an order.")

    ship_date = DayColumn(verbose_name=_("Ships"))
    entered_by = PersonColumn("entered_by", verbose_name=_("Entered by"))

    class Meta(DocumentTable.Meta):
        fields = (
            "number",
            "document_date",
            "customer",
            "company",
            "state",
            "total",
            "ship_date",
            "entered_by",
        )
        empty_text = _("No order fits.")


class NoteTable(DocumentTable):
    caption = _("Deliveries")
    minor = ("kind", "document_date", "company")

    kind = TextColumn(verbose_name=_("Kind"))

    class Meta(DocumentTable.Meta):
        fields = (
            "number",
            "kind",
            "document_date",
            "customer",
            "company",
            "state",
            "total",
        )
        empty_text = _("No delivery fits.")


class InvoiceTable(DocumentTable):
    caption = _("Invoices")
    minor = ("kind", "document_date", "issued_on", "company")

    kind = TextColumn(verbose_name=_("Kind"))
    issued_on = DayColumn(verbose_name=_("Issued"))

    class Meta(DocumentTable.Meta):
        fields = (
            "number",
            "kind",
            "document_date",
            "issued_on",
            "customer",
            "company",
            "state",
            "total",
        )
        empty_text = _("No invoice fits.")


class OutcomeOfDiscountColumn(TextColumn):
    """How a discount ended; money that was lost stands out."""

    def render(self, value: Outcome) -> SafeString:
        return format_html('<span class="badge{}">{}</span>', " badge--held" if value in LOST else "", value.label)


class ComplianceTable(BaseTable):
    """How terms were kept, by customer."""

    live = True
    caption = _("Terms kept, by customer")
    minor = ("agreed", "invoices", "beyond", "days_given")
    spare = ("currency", "more_generous", "days_agreed", "late_invoices")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    agreed = TextColumn(verbose_name=_("Agreed"))
    currency = TextColumn(verbose_name=_("Currency"))
    invoices = NumberColumn(verbose_name=_("Invoices"))
    total = AmountColumn(verbose_name=_("Invoiced"), currency="currency", show=True)
    kept_percent = PercentColumn(verbose_name=_("Kept"))
    more_generous = NumberColumn(verbose_name=_("More generous"))
    beyond = AmountColumn(verbose_name=_("On longer terms"), currency="currency")
    days_agreed = DaysColumn(verbose_name=_("Days agreed"))
    days_given = DaysColumn(verbose_name=_("Days more"))
    late_invoices = NumberColumn(verbose_name=_("Invoiced late"))

    class Meta(BaseTable.Meta):
        empty_text = _("No invoice was issued in this period.")
        hint = _("Choose a longer period.")


class DiscountsTable(BaseTable):
    """How settlement discounts were kept, by customer; the code leads to each of them."""

    live = True
    caption = _("Discounts, by customer")
    minor = ("count", "late", "too_much", "not_agreed", "not_taken")
    spare = ("currency", "total", "agreed", "in_time", "losses")

    code = DocumentColumn(verbose_name=_("Customer"))
    name = LongColumn(verbose_name=_("Name"))
    currency = TextColumn(verbose_name=_("Currency"))
    count = NumberColumn(verbose_name=_("Paid"))
    total = AmountColumn(verbose_name=_("Invoiced"), currency="currency")
    agreed = AmountColumn(verbose_name=_("Offered"), currency="currency")
    taken = AmountColumn(verbose_name=_("Kept back"), currency="currency", show=True)
    in_time = AmountColumn(verbose_name=_("As agreed"), currency="currency")
    late = AmountColumn(verbose_name=_("Late"), currency="currency")
    too_much = AmountColumn(verbose_name=_("Too much"), currency="currency")
    not_agreed = AmountColumn(verbose_name=_("Not agreed"), currency="currency")
    lost = AmountColumn(verbose_name=_("Lost"), currency="currency")
    losses = NumberColumn(verbose_name=_("Times"))
    not_taken = AmountColumn(verbose_name=_("Not taken"), currency="currency")

    class Meta(BaseTable.Meta):
        empty_text = _("No invoice with a discount was paid in this period, and nothing was kept back of any other.")
        hint = _("Choose a longer period.")

    def __init__(self, rows: Any, *, period: Mapping[str, date], **options: Any) -> None:
        super().__init__(rows, **options)
        self.period = urlencode({name: day.isoformat() for name, day in period.items()})

    def render_code(self, value: str) -> SafeString:
        return format_html('<a href="{}?{}">{}</a>', reverse("terms_discounts_of", args=[value]), self.period, value)


class DiscountTable(BaseTable):
    """The discounts of one customer, each with its instalment and document."""

    live = True
    caption = _("Discounts, one by one")
    minor = ("last_day", "percent", "agreed")
    spare = ("document", "item_date", "days_late")

    item = DocumentColumn(verbose_name=_("Item"), linkify=("item", {"pk": django_tables2.A("item_id")}))
    document = TextColumn(verbose_name=_("Invoice"), linkify=lambda record: _address(record.document_id))
    item_date = DayColumn(verbose_name=_("Date"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)
    percent = PercentColumn(verbose_name=_("Discount"))
    last_day = DayColumn(verbose_name=_("Until"))
    paid_on = DayColumn(verbose_name=_("Paid"))
    days_late = DaysColumn(verbose_name=_("Days late"))
    agreed = AmountColumn(verbose_name=_("Offered"), currency="currency")
    taken = AmountColumn(verbose_name=_("Kept back"), currency="currency")
    outcome = OutcomeOfDiscountColumn(verbose_name=_("Outcome"))
    lost = AmountColumn(verbose_name=_("Lost"), currency="currency")

    class Meta(BaseTable.Meta):
        empty_text = _("No discount of this customer fell into this period.")
        hint = _("Choose a longer period.")


def _address(document_id: int | None) -> str | None:
    return reverse("document", args=[document_id]) if document_id else None
