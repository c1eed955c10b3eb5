"""Lists of documents as tables."""

import django_tables2
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


class ComplianceTable(BaseTable):
    """How terms were kept, by customer."""

    live = True
    caption = _("Terms kept, by customer")
    minor = ("invoices", "more_generous", "beyond", "days_agreed", "days_given", "late_invoices")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    agreed = TextColumn(verbose_name=_("Agreed"))
    currency = TextColumn(verbose_name=_("Currency"))
    invoices = NumberColumn(verbose_name=_("Invoices"))
    total = AmountColumn(verbose_name=_("Invoiced"), currency="currency")
    kept_percent = PercentColumn(verbose_name=_("Kept"))
    more_generous = NumberColumn(verbose_name=_("More generous"))
    beyond = AmountColumn(verbose_name=_("On longer terms"), currency="currency")
    days_agreed = DaysColumn(verbose_name=_("Days agreed"))
    days_given = DaysColumn(verbose_name=_("Days more"))
    late_invoices = NumberColumn(verbose_name=_("Invoiced late"))

    class Meta(BaseTable.Meta):
        empty_text = _("No invoice was issued in this period.")
        hint = _("Choose a longer period.")
