"""How late customers pay, as a table."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from creditrisk.tables import AmountColumn, BaseTable, DocumentColumn, LongColumn, NumberColumn, TextColumn
from creditrisk.templatetags import credit
from ledger.delays import Proposal


class LateColumn(NumberColumn):
    """Days after the due day, with one decimal; below zero is early."""

    def render(self, value: Any) -> str:
        return credit.amount(value, 1)


class ChooseColumn(django_tables2.Column):
    """A box to tick."""

    cell = "choose"


class DelayTable(BaseTable):
    """Customers by how far what is kept is from what history proposes."""

    live = True
    caption = _("Payment delays by customer")
    hint = _("Fewer paid debts may be enough.")
    minor = ("segment", "currency", "cases", "paid", "days", "lately", "worst", "kept", "change")
    spare = ("segment", "currency", "cases", "worst")
    never_chosen = ("choose",)

    choose = ChooseColumn(empty_values=(), orderable=False, verbose_name=_("Choose"))
    code = DocumentColumn(verbose_name=_("Customer"), linkify=("customer", {"code": django_tables2.A("code")}))
    name = LongColumn(verbose_name=_("Name"))
    segment = TextColumn(verbose_name=_("Segment"))
    currency = TextColumn(verbose_name=_("Currency"))
    cases = NumberColumn(verbose_name=_("Debts paid"))
    paid = AmountColumn(verbose_name=_("Paid"), currency="currency", show=True)
    days = LateColumn(verbose_name=_("Days late"))
    lately = LateColumn(verbose_name=_("Last 90 days"))
    worst = NumberColumn(verbose_name=_("At worst"))
    kept = NumberColumn(verbose_name=pgettext_lazy("delay", "Kept"))
    proposed = NumberColumn(verbose_name=_("Proposed"))
    change = NumberColumn(verbose_name=pgettext_lazy("delay", "Change"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nobody fits.")

    def render_choose(self, record: Proposal) -> Any:
        if not record.differs:
            return ""
        return format_html(
            '<input type="checkbox" name="keep" value="{}:{}" form="keep" aria-label="{}">', record.customer_id, record.proposed,
            _("Keep the proposed delay of %(name)s") % {"name": record.name},
        )  # fmt: skip

    def render_proposed(self, value: int, record: Proposal) -> Any:
        return format_html("<b>{}</b>", credit.days(value)) if record.differs else credit.days(value)

    def render_change(self, value: int) -> Any:
        if not value:
            return credit.NONE
        return format_html('<span class="late">+{}</span>', value) if value > 0 else credit.amount(value, 0)
