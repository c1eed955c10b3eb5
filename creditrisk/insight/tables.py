"""The customers and holds behind an estimate, as tables."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.audit.outcomes import Outcome
from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DayColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
    PercentColumn,
    TextColumn,
)
from creditrisk.templatetags.charts import outcome_swatch
from creditrisk.templatetags.credit import NONE, amount, percent


class ShortColumn(TextColumn):
    """A figure with one decimal, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return amount(value, 1)


class GrowthColumn(TextColumn):
    """A growth in per cent, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return f"{'+' if value > 0 else ''}{percent(value, 1)}"


class PayerTable(BaseTable):
    """Customers of a band, and how they paid."""

    live = True
    caption = _("Customers")
    minor = ("relative", "debts")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    limit = AmountColumn(verbose_name=_("Limit"))
    relative = PercentColumn(verbose_name=_("Limit of it"))
    debts = NumberColumn(verbose_name=_("Instalments"))
    due = AmountColumn(verbose_name=_("Due"))
    on_time_percent = PercentColumn(verbose_name=_("On time"))
    unpaid = AmountColumn(verbose_name=_("Unpaid"))
    days_late = ShortColumn(verbose_name=_("Days late"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody is in this group.")


class MeasuredTable(BaseTable):
    """Customers before and after their terms changed."""

    live = True
    caption = _("Customers")
    minor = ("day", "term_before", "sold_before", "sold_after")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    day = DayColumn(verbose_name=_("Turns on"))
    term_before = NumberColumn(verbose_name=_("Terms before"))
    term_after = NumberColumn(verbose_name=_("Terms after"))
    dso_before = ShortColumn(verbose_name=_("DSO before"))
    dso_after = ShortColumn(verbose_name=_("DSO after"))
    sold_before = NumberColumn(verbose_name=_("Sold before"))
    sold_after = NumberColumn(verbose_name=_("Sold after"))
    growth = GrowthColumn(verbose_name=_("Growth"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody is in this group.")


class HeldTable(BaseTable):
    """Holds of a rule, and how what was let through was paid."""

    live = True
    caption = _("Holds")
    minor = ("customer", "how_words")

    opened_on = DayColumn(verbose_name=_("Held"), linkify=("hold", {"pk": django_tables2.A("id")}))
    document = DocumentColumn(verbose_name=_("Document"), linkify=("document", {"pk": django_tables2.A("document_id")}))
    customer = LongColumn(verbose_name=_("Customer"))
    amount = AmountColumn(verbose_name=_("Amount"))
    how_words = TextColumn(verbose_name=_("Closed"))
    outcome = TextColumn(verbose_name=_("Paid"))

    class Meta(BaseTable.Meta):
        empty_text = _("No hold.")

    def render_outcome(self, value: Outcome | None) -> SafeString | str:
        if value is None:
            return NONE
        return format_html('<span class="nowrap">{}{}</span>', outcome_swatch(value.value.lower()), value.label)
