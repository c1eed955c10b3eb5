"""Open items and effects as tables."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import (
    AmountColumn,
    BaseTable,
    DayColumn,
    DocumentColumn,
    LongColumn,
    NumberColumn,
    StateColumn,
    TextColumn,
)
from creditrisk.templatetags import credit
from ledger.effects import PRESENTABLE
from ledger.models import Effect, EffectState, OpenItem, Presentation


class ItemTable(BaseTable):
    """Open items; what is late says so."""

    live = True
    caption = _("Open items")
    minor = ("kind", "item_date", "due", "amount")
    spare = ("code", "company", "booked_on")

    reference = DocumentColumn(verbose_name=_("Reference"), linkify=("item", {"pk": django_tables2.A("pk")}))
    kind = TextColumn(verbose_name=_("Kind"))
    customer = LongColumn(
        accessor="customer__name",
        verbose_name=_("Customer"),
        linkify=("customer", {"code": django_tables2.A("customer__code")}),
    )
    item_date = DayColumn(verbose_name=_("Date"))
    due = DayColumn(verbose_name=_("Due"))
    standing = StateColumn(empty_values=(), order_by="due", verbose_name=_("Standing"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency")
    open_amount = AmountColumn(verbose_name=_("Open"), currency="currency", show=True)
    code = TextColumn(accessor="customer__code", verbose_name=_("Customer's code"))
    company = TextColumn(accessor="company__code", verbose_name=_("Company"))
    booked_on = DayColumn(verbose_name=_("Booked"))

    class Meta(BaseTable.Meta):
        model = OpenItem
        fields = (
            "reference",
            "kind",
            "customer",
            "item_date",
            "due",
            "standing",
            "amount",
            "open_amount",
            "code",
            "company",
            "booked_on",
        )
        order_by = ("due", "pk")
        empty_text = _("Nothing is open here.")

    def __init__(self, *args: Any, today: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def render_reference(self, record: OpenItem) -> str:
        return str(record)

    def render_standing(self, record: OpenItem) -> Any:
        if not record.open_amount:
            return credit.state_badge("paid")
        if record.disputed:
            return credit.state_badge("disputed")
        if record.open_amount < 0:
            return _("on account")
        late = (self.today - record.due).days
        text = credit.days(late, "late")
        return format_html('<span class="is-overdue">{}</span>', text) if late > 0 else text


# The badge of each state of an effect.
EFFECT_BADGES = {
    EffectState.ISSUED: "in_portfolio",
    EffectState.PRESENTED: "presented",
    EffectState.COLLECTED: "collected",
    EffectState.UNPAID: "unpaid",
    EffectState.UNPAID_POSTED: "unpaid",
    EffectState.REPLACED: "replaced",
}


class EffectTable(BaseTable):
    """Effects, with a box to choose those that go to the bank."""

    live = True
    caption = _("Effects")
    minor = ("choose", "kind", "issued_on", "due")
    spare = ("company", "bank", "presented_on", "collected_on", "unpaid_on")
    never_chosen = ("choose",)

    choose = django_tables2.Column(empty_values=(), orderable=False, verbose_name=_("Choose"))
    number = DocumentColumn(verbose_name=_("Number"), linkify=("effect", {"pk": django_tables2.A("pk")}))
    kind = TextColumn(verbose_name=_("Kind"))
    customer = LongColumn(
        accessor="customer__name",
        verbose_name=_("Customer"),
        linkify=("customer", {"code": django_tables2.A("customer__code")}),
    )
    state = StateColumn(verbose_name=_("State"))
    issued_on = DayColumn(verbose_name=_("Issued"))
    due = DayColumn(verbose_name=_("Due"))
    amount = AmountColumn(verbose_name=_("Amount"), currency="currency", show=True)
    company = TextColumn(accessor="company__code", verbose_name=_("Company"))
    bank = TextColumn(accessor="presentation__bank", verbose_name=_("Bank"))
    presented_on = DayColumn(accessor="presentation__day", verbose_name=_("Presented"))
    collected_on = DayColumn(verbose_name=_("Collected"))
    unpaid_on = DayColumn(verbose_name=_("Came back"))

    class Meta(BaseTable.Meta):
        model = Effect
        fields = (
            "choose",
            "number",
            "kind",
            "customer",
            "state",
            "issued_on",
            "due",
            "amount",
            "company",
            "bank",
            "presented_on",
            "collected_on",
            "unpaid_on",
        )
        order_by = ("-due", "-pk")
        empty_text = _("No effect fits.")

    def render_choose(self, record: Effect) -> SafeString | str:
        if record.state not in PRESENTABLE:
            return ""
        return format_html(
            '<input type="checkbox" name="effect" value="{}" form="present" aria-label="{}">',
            record.pk, _("Present %(number)s") % {"number": record.number},
        )  # fmt: skip

    def render_state(self, record: Effect) -> SafeString:
        return credit.state_badge(EFFECT_BADGES[EffectState(record.state)])


class ListTable(BaseTable):
    """Lists of effects that went to banks."""

    live = True
    caption = _("Presentation lists")

    number = DocumentColumn(
        accessor="pk", order_by="pk", verbose_name=_("List"), linkify=("presentation", {"pk": django_tables2.A("pk")})
    )
    day = DayColumn(verbose_name=_("Presented"))
    bank = TextColumn(verbose_name=_("Bank"))
    mode = TextColumn(verbose_name=_("Way"))
    count = NumberColumn(verbose_name=_("Effects"))
    amount = AmountColumn(verbose_name=_("Amount"))
    credited_on = DayColumn(verbose_name=_("Credited"))
    unpaid = NumberColumn(verbose_name=_("Came back"))

    class Meta(BaseTable.Meta):
        model = Presentation
        fields = ("number", "day", "bank", "mode", "count", "amount", "credited_on", "unpaid")
        empty_text = _("No list has gone to a bank yet.")

    def render_number(self, record: Presentation) -> str:
        return record.number or f"#{record.pk}"
