"""Notes as a table."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from creditrisk.contacts.models import Note
from creditrisk.tables import AgoColumn, AmountColumn, BaseTable, DayColumn, DocumentColumn, LongColumn, TextColumn


class PromiseColumn(TextColumn):
    """Whether a promise was kept."""

    cell = "state"

    def render(self, value: Any, record: Any) -> Any:
        if record.kept is None:
            return format_html('<span class="badge badge--info">{}</span>', _("open"))
        tone, word = ("passed", _("kept")) if record.kept else ("overdue", _("not kept"))
        return format_html('<span class="badge badge--{}">{}</span>', tone, word)


class NoteTable(BaseTable):
    """What was said with customers, and what is to come of it."""

    live = True
    caption = _("Contacts")
    hint = _("Notes are written on the customer's page.")
    minor = ("promised", "promised_on", "kept")
    spare = ("code", "person", "way", "made_by")

    customer = DocumentColumn(
        accessor="customer__name",
        verbose_name=_("Customer"),
        linkify=lambda record: f"{reverse('customer', args=[record.customer.code])}#notes",
    )
    text = LongColumn(verbose_name=_("What was said"))
    way = TextColumn(verbose_name=_("How"))
    next_contact = DayColumn(verbose_name=_("Next contact"))
    promised_on = DayColumn(verbose_name=_("Promised by"))
    promised = AmountColumn(verbose_name=_("Promised"), currency="currency", show=True)
    kept = PromiseColumn(accessor="promised_on", verbose_name=_("Promise"), orderable=False)
    made_by = TextColumn(accessor="made_by__username", verbose_name=_("By"))
    made_at = AgoColumn(verbose_name=_("When"))
    code = TextColumn(accessor="customer__code", verbose_name=_("Customer's code"))
    person = TextColumn(verbose_name=_("With whom"))

    class Meta(BaseTable.Meta):
        model = Note
        fields = (
            "customer",
            "text",
            "way",
            "next_contact",
            "promised_on",
            "promised",
            "kept",
            "made_by",
            "made_at",
            "code",
            "person",
        )
        empty_text = _("No note fits.")

    def render_customer(self, record: Any) -> str:
        return str(record.customer.name)
