"""Entries of bank statements, and RiBa lists, as tables."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk import language
from creditrisk.tables import AmountColumn, BaseTable, DayColumn, DocumentColumn, LongColumn, NumberColumn, TextColumn
from creditrisk.templatetags.credit import NONE, icon
from ledger.bank.matching import SURE
from ledger.bank.models import Entry, EntryState
from ledger.models import Presentation


class WhoseColumn(TextColumn):
    """A customer with the reason below: wide enough to be read."""

    cell = "text whose"


class EntryTable(BaseTable):
    """What came in: whose it probably is, and how sure that is."""

    live = True
    caption = _("Entries of bank statements")
    hint = _("Load a statement of the bank: what came in is matched with what is owed.")

    payer = DocumentColumn(
        empty_values=(), verbose_name=_("Payer"), linkify=("bank_entry", {"pk": django_tables2.A("pk")})
    )
    day = DayColumn(verbose_name=_("Day"))
    text = LongColumn(verbose_name=_("Text"))
    customer = WhoseColumn(empty_values=(), order_by="customer__name", verbose_name=_("Whose, and why"))
    confidence = TextColumn(verbose_name=_("Match"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)

    class Meta(BaseTable.Meta):
        model = Entry
        fields = ("payer", "day", "text", "customer", "confidence", "amount")
        order_by = ("-confidence", "day")
        empty_text = _("Nothing waits here.")

    def render_payer(self, record: Entry) -> str:
        return record.payer or str(_("not named"))

    def render_customer(self, record: Entry) -> SafeString:
        why = record.note or record.why_shown
        if record.customer is None:
            return format_html('<span class="muted">{}</span>', why)
        return format_html('{}<br><span class="muted small">{}</span>', record.customer.name, why)

    def render_confidence(self, record: Entry) -> SafeString:
        if record.state == EntryState.BOOKED:
            return format_html('<span class="badge badge--passed">{}{}</span>', icon("check"), _("booked"))
        if record.state == EntryState.LEFT:
            return format_html('<span class="badge badge--quiet">{}{}</span>', icon("ban"), _("left alone"))
        if not record.confidence:
            return SafeString(NONE)
        tone = "passed" if record.confidence >= SURE else "warned" if record.confidence >= 50 else "quiet"
        return format_html('<span class="badge badge--{}">{}%</span>', tone, record.confidence)


class ListTable(BaseTable):
    """RiBa lists handed to banks."""

    caption = _("Lists presented")
    hint = _("Issue RiBa from open items and present them: the list appears here.")

    day = DocumentColumn(verbose_name=_("Day"), linkify=("bank_list", {"pk": django_tables2.A("pk")}))
    company = TextColumn(verbose_name=_("Company"))
    bank = TextColumn(verbose_name=_("Bank"))
    mode = TextColumn(verbose_name=_("Way"))
    count = NumberColumn(verbose_name=_("RiBa"))
    total = AmountColumn(verbose_name=_("Sum"))

    class Meta(BaseTable.Meta):
        model = Presentation
        fields = ("day", "company", "bank", "mode", "count", "total")
        order_by = ("-day",)
        empty_text = _("No list with RiBa was presented yet.")

    def render_day(self, value: Any) -> str:
        return language.day(value)
