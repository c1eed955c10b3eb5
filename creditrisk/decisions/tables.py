"""The log of decisions, and what is behind a figure of one, as tables."""

from collections.abc import Mapping
from typing import Any

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from creditrisk.decisions.models import Decision
from creditrisk.tables import (
    AgoColumn,
    AmountColumn,
    BaseTable,
    DayColumn,
    DaysColumn,
    DocumentColumn,
    LongColumn,
    OutcomeColumn,
    TextColumn,
)


class DecisionTable(BaseTable):
    """What the gate decided."""

    live = True
    caption = _("Decisions")

    document = DocumentColumn(verbose_name=_("Document"), linkify=("decision", {"pk": django_tables2.A("pk")}))
    customer = LongColumn(accessor="customer__name", verbose_name=_("Customer"))
    step = TextColumn(verbose_name=_("Step"))
    verdict = OutcomeColumn(verbose_name=_("Verdict"))
    document_amount = AmountColumn(verbose_name=_("Amount"), currency="document_currency", show=True)
    policy_number = TextColumn(verbose_name=_("Policy"))
    by = TextColumn(accessor="by__username", verbose_name=_("By"))
    decided_at = AgoColumn(verbose_name=_("When"))

    class Meta(BaseTable.Meta):
        model = Decision
        fields = (
            "document", "customer", "step", "verdict", "document_amount", "policy_number", "by", "decided_at",
        )  # fmt: skip
        order_by = "-decided_at"
        empty_text = _("Nothing was decided yet.")


class SourceColumn(DocumentColumn):
    """What weighs in a figure, as a link where the reader may follow it."""

    def render(self, value: Any, record: Any, table: Any) -> Any:
        if record.page and table.links.get(record.page):
            return format_html('<a href="{}">{}</a>', reverse(record.page, args=[record.id]), value)
        return value


class BehindTable(BaseTable):
    """The documents, items and effects behind one figure of a decision."""

    live = True
    caption = _("What is behind the figure")

    name = SourceColumn(verbose_name=_("Document"))
    kind = TextColumn(verbose_name=_("Kind"))
    customer = LongColumn(verbose_name=_("Customer"))
    day = DayColumn(verbose_name=_("Due or ships"))
    days_late = DaysColumn(verbose_name=_("Late"), late=True)
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)

    class Meta(BaseTable.Meta):
        empty_text = _("Nothing was behind this figure.")

    def __init__(self, rows: Any, *, links: Mapping[str, bool], late: bool, **options: Any) -> None:
        self.links = links
        super().__init__(rows, exclude=() if late else ("days_late",), **options)
