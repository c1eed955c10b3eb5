"""Tables as every list draws them: lean template, one set of classes, columns for amounts, days and documents.

django-tables2 inspects the signature of a function for every cell; here each function is inspected once.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import django_tables2 as tables
import django_tables2.utils
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from creditrisk.roles import name_of
from creditrisk.templatetags import credit

_inspect = django_tables2.utils.signature
_seen: dict[tuple[Any, bool], Any] = {}


def _signature(fn: Callable[..., Any]) -> Any:
    """Return what `fn` takes, remembered by the function itself: bound methods are made anew for every row."""
    key = (getattr(fn, "__func__", fn), hasattr(fn, "__self__"))
    if key not in _seen:
        _seen[key] = _inspect(fn)
    return _seen[key]


django_tables2.utils.signature = _signature


class BaseTable(tables.Table):
    """A list of this product.

    With `live` its links ask htmx for the part of the page: the page names the target (`hx-target`) around the table.
    Columns named in `minor` leave where the screen is narrow; the row's page says what they say.
    """

    live = False
    minor: tuple[str, ...] = ()
    caption: str | Promise = ""
    hint: str | Promise = ""

    class Meta:
        template_name = "tables/table.html"
        attrs = {"class": "data rows"}
        empty_text = _("Nothing here.")
        orderable = True
        default = credit.NONE

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.minor:
            column = self.columns[name].column
            column.cell = f"{getattr(column, 'cell', '')} minor"

    @cached_property
    def cells(self) -> list[tuple[Any, str]]:
        """Return each column with the class of its cells: worked out once, not once a cell."""
        return [(column, getattr(column.column, "cell", "")) for column in self.columns]


class TextColumn(tables.Column):
    """Words; empty is a dash."""

    cell = "text"


class PersonColumn(TextColumn):
    """What a user is called; its accessor names the user, which the rows are read with."""

    def render(self, value: Any) -> str:
        return name_of(value)

    def value(self, value: Any) -> str:
        return name_of(value)


class LongColumn(tables.Column):
    """Long words, cut at the end when the space is short; the whole is the title."""

    cell = "long"

    def render(self, value: Any) -> SafeString:
        return format_html('<span title="{}">{}</span>', value, value)


class NumberColumn(tables.Column):
    """A whole number, right-aligned."""

    cell = "num"

    def render(self, value: Any) -> str:
        return credit.amount(value, 0)


class AmountColumn(tables.Column):
    """An amount, right-aligned. `currency` names the record's accessor for it; without one two decimals are shown."""

    cell = "num"

    def __init__(self, *args: Any, currency: str = "", show: bool = False, **options: Any) -> None:
        self.currency_accessor = tables.A(currency) if currency else None
        self.show_currency = show
        super().__init__(*args, **options)

    def render(self, value: Any, record: Any) -> str:
        code = self.currency_accessor.resolve(record) if self.currency_accessor else ""
        if not code:
            return credit.amount(value)
        return credit.money(value, code) if self.show_currency else credit.amount(value, code)


class PercentColumn(tables.Column):
    """A percentage, right-aligned; the value is in per cent."""

    cell = "num"

    def render(self, value: Any) -> str:
        return credit.percent(value)


class DaysColumn(tables.Column):
    """A count of days, right-aligned; with `late` how late, or when due."""

    cell = "num"

    def __init__(self, *args: Any, late: bool = False, **options: Any) -> None:
        self.kind = "late" if late else ""
        super().__init__(*args, **options)

    def render(self, value: Any) -> str:
        words = credit.days(value, self.kind)
        return format_html('<span class="late">{}</span>', words) if self.kind and value > 0 else words


class DayColumn(tables.Column):
    """A day."""

    cell = "day"

    def render(self, value: Any) -> str:
        return credit.day(value)


class AgoColumn(tables.Column):
    """A moment, as how long ago it was."""

    cell = "day"

    def render(self, value: Any) -> str:
        return credit.ago(value)


class DocumentColumn(tables.Column):
    """The number of a document, as the row's link: give `linkify`. It is what j, k and Enter go by."""

    cell = "doc"


class StateColumn(tables.Column):
    """The badge of a document's state. With `held` as the accessor of a truth, a held document says so instead."""

    cell = "state"

    def __init__(self, *args: Any, held: str = "", **options: Any) -> None:
        self.held_accessor = tables.A(held) if held else None
        super().__init__(*args, **options)

    def render(self, value: Any, record: Any) -> SafeString:
        if self.held_accessor and self.held_accessor.resolve(record, quiet=True):
            return credit.state_badge("held")
        return credit.state_badge(value)


class OutcomeColumn(tables.Column):
    """The badge of a decision."""

    cell = "state"

    def render(self, value: Any) -> SafeString:
        return credit.outcome_badge(value)


class ReasonColumn(tables.Column):
    """Why a document is held, in words."""

    cell = "text"

    def render(self, value: Any) -> Any:
        return credit.reason_label(value)
