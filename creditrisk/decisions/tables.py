"""The log of decisions, try-outs and what they found, as tables."""

from collections.abc import Mapping
from typing import Any

import django_tables2
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from creditrisk.decisions.models import Decision, TryOut, TryOutChange
from creditrisk.language import MINUS
from creditrisk.tables import (
    AgoColumn,
    AmountColumn,
    BaseTable,
    DayColumn,
    DaysColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
    OutcomeColumn,
    PersonColumn,
    TextColumn,
)
from creditrisk.templatetags.credit import reason_label


class DecisionTable(BaseTable):
    """What the gate decided."""

    live = True
    caption = _("Decisions")

    document = DocumentColumn(verbose_name=_("Document"), linkify=("decision", {"pk": django_tables2.A("pk")}))
    customer = LongColumn(accessor="customer__name", verbose_name=_("Customer"))
    step = TextColumn(accessor="step_name", order_by="step", verbose_name=_("Step"))
    verdict = OutcomeColumn(verbose_name=_("Verdict"))
    document_amount = AmountColumn(verbose_name=_("Amount"), currency="document_currency", show=True)
    policy_number = TextColumn(verbose_name=_("Policy"))
    by = PersonColumn("by", verbose_name=_("By"))
    decided_at = AgoColumn(verbose_name=_("When"))

    class Meta(BaseTable.Meta):
        model = Decision
        fields = (
            "document", "customer", "step", "verdict", "document_amount", "policy_number", "by", "decided_at",
        )  # fmt: skip
        order_by = "-decided_at"
        empty_text = _("Nothing was decided yet.")


class GainedAndLostColumn(TextColumn):
    """What would stand in the way, and what no longer would, in words."""

    def render(self, record: TryOutChange) -> Any:
        signs = [("+", _("now"), code) for code in record.gained] + [(MINUS, _("no longer"), c) for c in record.lost]
        return format_html_join(
            "",
            '<span class="sign"><b aria-hidden="true">{}</b><span class="sr">{}: </span>{}</span>',
            ((sign, words, reason_label(code)) for sign, words, code in signs),
        )


class ChangeTable(BaseTable):
    """Decisions that would have come out otherwise under the policy that was tried."""

    live = True
    caption = _("What would come out otherwise")

    document = DocumentColumn(
        accessor="decision__document",
        verbose_name=_("Document"),
        linkify=("decision", {"pk": django_tables2.A("decision_id")}),
    )
    customer = LongColumn(accessor="decision__customer__name", verbose_name=_("Customer"))
    day = DayColumn(accessor="decision__day", verbose_name=_("Day"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)
    was = OutcomeColumn(verbose_name=_("Was"))
    would = OutcomeColumn(verbose_name=_("Would be"))
    gained = GainedAndLostColumn(verbose_name=_("Reasons"), orderable=False, empty_values=())

    class Meta(BaseTable.Meta):
        model = TryOutChange
        fields = ("document", "customer", "day", "amount", "was", "would", "gained")
        empty_text = _("No decision would come out otherwise.")


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


class NameColumn(DocumentColumn):
    """A name that may be long, as the row's link."""

    cell = "doc doc--name"


class TryOutTable(BaseTable):
    """Policies that were tried."""

    live = True
    caption = _("Policies that were tried")

    label = NameColumn(verbose_name=_("Policy"), linkify=("tryout", {"pk": django_tables2.A("pk")}))
    since = DayColumn(verbose_name=_("From"))
    until = DayColumn(verbose_name=_("To"))
    decisions = NumberColumn(verbose_name=_("Decisions"))
    judged = NumberColumn(verbose_name=_("Looked at"))
    held = NumberColumn(verbose_name=_("Held instead"))
    freed = NumberColumn(verbose_name=_("No longer held"))
    asked_by = PersonColumn("asked_by", verbose_name=_("By"))
    asked_at = AgoColumn(verbose_name=_("When"))

    class Meta(BaseTable.Meta):
        model = TryOut
        fields = ("label", "since", "until", "decisions", "judged", "held", "freed", "asked_by", "asked_at")
        empty_text = _("No policy was tried yet.")
