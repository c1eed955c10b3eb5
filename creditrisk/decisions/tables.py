"""The log of decisions as a table."""

import django_tables2
from django.utils.translation import gettext_lazy as _

from creditrisk.decisions.models import Decision
from creditrisk.tables import (
    AgoColumn,
    AmountColumn,
    BaseTable,
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
