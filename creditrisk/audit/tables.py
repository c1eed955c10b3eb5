"""What one approver let through, as a table."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.audit.outcomes import Outcome
from creditrisk.tables import AmountColumn, BaseTable, DayColumn, DocumentColumn, LongColumn, NumberColumn, TextColumn
from creditrisk.templatetags.charts import outcome_swatch
from creditrisk.templatetags.credit import NONE, amount


class OutcomeColumn(TextColumn):
    """What a document counts as, with the colour that the pictures have."""

    def render(self, value: Outcome) -> SafeString:
        return format_html('<span class="nowrap">{}{}</span>', outcome_swatch(value.value.lower()), value.label)


class ReleasedTable(BaseTable):
    """Releases, and how what they let through was paid."""

    live = True
    caption = _("Releases")
    minor = ("reason", "excess", "days_late")

    released_on = DayColumn(verbose_name=_("Released"), linkify=("hold", {"pk": django_tables2.A("hold_id")}))
    document = DocumentColumn(verbose_name=_("Document"), linkify=("document", {"pk": django_tables2.A("document_id")}))
    customer = LongColumn(verbose_name=_("Customer"))
    reason = LongColumn(verbose_name=_("Reason"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)
    excess = AmountColumn(verbose_name=_("Over the limit"), currency="currency")
    outcome = OutcomeColumn(verbose_name=_("Counts as"))
    days_late = NumberColumn(accessor="ending__days_late", verbose_name=_("Days late"))

    class Meta(BaseTable.Meta):
        fields = ("released_on", "document", "customer", "reason", "amount", "excess", "outcome", "days_late")
        empty_text = _("Nothing was released in this period.")

    def render_days_late(self, value: Any) -> str:
        return NONE if value is None else amount(value, 1)
