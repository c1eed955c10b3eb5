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


class ShortColumn(NumberColumn):
    """A figure with one decimal, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return amount(value, 1)


class GrowthColumn(NumberColumn):
    """A growth in per cent, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return f"{'+' if value > 0 else ''}{percent(value, 1)}"


class OfCompanyTable(BaseTable):
    """A list in the currency of a company, which the titles of its `amounts` name."""

    live = True
    amounts: tuple[str, ...] = ()

    def __init__(self, rows: Any, *, currency: str, **options: Any) -> None:
        super().__init__(rows, **options)
        for name in self.amounts:
            column = self.columns[name].column
            column.verbose_name = f"{column.verbose_name} {currency}"


class PayerTable(OfCompanyTable):
    """Customers of a band, and how they paid."""

    caption = _("Customers")
    minor = ("relative", "debts")
    spare = ("turnover", "debts_on_time", "on_time", "late", "unpaid")
    amounts = ("limit", "turnover", "due", "on_time", "late", "unpaid")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    limit = AmountColumn(verbose_name=_("Limit"))
    turnover = AmountColumn(verbose_name=_("Turnover in the year before"))
    relative = PercentColumn(verbose_name=_("Limit of it"))
    debts = NumberColumn(verbose_name=_("Instalments"))
    debts_on_time = NumberColumn(verbose_name=_("Of them paid on time"))
    due = AmountColumn(verbose_name=_("Due"))
    on_time = AmountColumn(verbose_name=_("Paid on time"))
    late = AmountColumn(verbose_name=_("Paid late"))
    on_time_percent = PercentColumn(verbose_name=_("On time"))
    unpaid = AmountColumn(verbose_name=_("Unpaid"))
    days_late = ShortColumn(verbose_name=_("Days late"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody is in this group.")


class MeasuredTable(OfCompanyTable):
    """Customers before and after their terms changed."""

    caption = _("Customers")
    spare = ("segment", "owed_before", "owed_after")
    amounts = ("owed_before", "owed_after", "sold_before", "sold_after")
    minor = ("day", "term_before", "sold_before", "sold_after")

    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    segment = TextColumn(verbose_name=_("Segment"))
    day = DayColumn(verbose_name=_("Turns on"))
    term_before = NumberColumn(verbose_name=_("Terms before"))
    term_after = NumberColumn(verbose_name=_("Terms after"))
    owed_before = NumberColumn(verbose_name=_("Owed before"))
    owed_after = NumberColumn(verbose_name=_("Owed after"))
    dso_before = ShortColumn(verbose_name=_("DSO before"))
    dso_after = ShortColumn(verbose_name=_("DSO after"))
    sold_before = NumberColumn(verbose_name=_("Sold before"))
    sold_after = NumberColumn(verbose_name=_("Sold after"))
    growth = GrowthColumn(verbose_name=_("Growth"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody is in this group.")


class HeldTable(OfCompanyTable):
    """Holds of a rule, and how what was let through was paid."""

    caption = _("Holds")
    minor = ("customer", "how_words")
    spare = ("customer_code", "held_by")
    amounts = ("amount",)

    opened_on = DayColumn(verbose_name=_("Held"), linkify=("hold", {"pk": django_tables2.A("id")}))
    document = DocumentColumn(verbose_name=_("Document"), linkify=("document", {"pk": django_tables2.A("document_id")}))
    customer = LongColumn(verbose_name=_("Customer"))
    customer_code = TextColumn(verbose_name=_("Customer's code"))
    amount = AmountColumn(verbose_name=_("Amount"))
    how_words = TextColumn(verbose_name=_("Closed"))
    outcome = TextColumn(verbose_name=_("Paid"))
    held_by = TextColumn(orderable=False, verbose_name=_("Held by"))

    class Meta(BaseTable.Meta):
        empty_text = _("No hold.")

    def render_outcome(self, value: Outcome | None) -> SafeString | str:
        if value is None:
            return NONE
        return format_html('<span class="nowrap">{}{}</span>', outcome_swatch(value.value.lower()), value.label)
