"""Pages by key: a page begins after the last row of the one before, however far down it is; nothing is skipped over.

A key is what the rows are ordered by, with the primary key last. It stands in the address as text; one that fits no row,
or is none, begins at the first.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DecimalField, Model, Q, QuerySet

# Beyond so many rows a list says "more than": to count all of two million takes longer than to show them.
COUNTED_MAX = 10_000
# No amount has more digits before or after its point; an address may claim one that no number of the database can be.
DIGITS_MAX = 40


@dataclass(frozen=True)
class Key:
    """One thing that rows are ordered by: its path from the model, and whether the greatest comes first."""

    path: str
    descending: bool = False

    @property
    def term(self) -> str:
        return f"-{self.path}" if self.descending else self.path

    @property
    def turned(self) -> "Key":
        return Key(self.path, not self.descending)

    @classmethod
    def of(cls, term: str) -> "Key":
        return cls(term.removeprefix("-"), term.startswith("-"))


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the keys after and before which the next ones begin (empty: there are none)."""

    rows: list[Any]
    after: str
    before: str
    count: int
    counted_all: bool


def page(found: QuerySet[Any], keys: Sequence[Key], *, after: str = "", before: str = "", size: int) -> Page:
    """Return the page after (or before) a key; two queries, none of which reads more rows than it must."""
    keys = _whole(keys)
    backwards = not after and bool(before)
    rows, start = _rows(found, keys, after or before, backwards=backwards, size=size)
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    ahead = (more or bool(start)) if backwards else bool(start)
    earlier, later = (more, True) if backwards and start else (ahead, more)
    count = found.order_by()[: COUNTED_MAX + 1].count()
    return Page(
        rows,
        after=_written(rows[-1], keys) if rows and later else "",
        before=_written(rows[0], keys) if rows and earlier else "",
        count=min(count, COUNTED_MAX), counted_all=count <= COUNTED_MAX,
    )  # fmt: skip


def _whole(keys: Sequence[Key]) -> tuple[Key, ...]:
    """Return the keys with the primary key last, in the direction of the first: no two rows are equal then."""
    if any(key.path in ("pk", "id") for key in keys):
        return tuple(keys)
    return (*keys, Key("pk", keys[0].descending if keys else True))


def _rows(
    found: QuerySet[Any], keys: Sequence[Key], token: str, *, backwards: bool, size: int
) -> tuple[list[Any], bool]:
    """Return one row more than asked for where there is one, and whether the key was one."""
    wanted = [key.turned for key in keys] if backwards else list(keys)
    ordered = found.order_by(*(key.term for key in wanted))
    values = read(token, len(keys))
    if values is not None:
        try:
            whole = [_fitting(found.model, key.path, value) for key, value in zip(wanted, values, strict=True)]
            return list(ordered.filter(_beyond(found.model, wanted, whole))[: size + 1]), True
        except (ArithmeticError, ValueError, TypeError, ValidationError):  # a key of another list, or of none
            pass
    return list(found.order_by(*(key.term for key in keys))[: size + 1]), False


def _fitting(model: type[Model], path: str, value: Any) -> Any:
    """Return a value as its column can be compared with it. Raises ValueError for a number that no column could hold."""
    field = _field(model, path)
    if isinstance(field, DecimalField) and isinstance(value, str):
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) >= DIGITS_MAX:
            raise ValueError(value)
        return number
    return value


def _field(model: type[Model], path: str) -> Any:
    """Return the field at the end of a path; None for what is reckoned in the query."""
    at, field = model, None
    for name in path.split("__"):
        try:
            field = at._meta.pk if name == "pk" else at._meta.get_field(name)
        except (FieldDoesNotExist, AttributeError):
            return None
        at = field.related_model  # type: ignore[assignment]
    return field


def _beyond(model: type[Model], keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Return what comes after these values in this order. NULL is the greatest, as the database has it."""
    whole, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        whole |= equal & _after(model, key, value)
        equal &= Q(**{f"{key.path}__isnull": True}) if value is None else Q(**{key.path: value})
    first, value = keys[0], values[0]
    if value is not None and not (_nullable(model, first.path) and not first.descending):
        whole &= Q(**{f"{first.path}__{'lte' if first.descending else 'gte'}": value})  # what an index can begin at
    return whole


def _after(model: type[Model], key: Key, value: Any) -> Q:
    if value is None:
        return Q(**{f"{key.path}__isnull": False}) if key.descending else Q(pk__in=[])
    beyond = Q(**{f"{key.path}__{'lt' if key.descending else 'gt'}": value})
    if not key.descending and _nullable(model, key.path):
        beyond |= Q(**{f"{key.path}__isnull": True})
    return beyond


def _nullable(model: type[Model], path: str) -> bool:
    """Return whether a path may lead to nothing; what is reckoned in the query is taken as never empty."""
    at: Any = model
    for name in path.split("__"):
        if name == "pk":
            return False
        try:
            field = at._meta.get_field(name)
        except (FieldDoesNotExist, AttributeError):
            return False
        if getattr(field, "null", True):
            return True
        at = field.related_model
    return False


def _written(row: Any, keys: Sequence[Key]) -> str:
    return written([_value(row, key.path) for key in keys])


def written(values: Sequence[Any]) -> str:
    """Return the values of a key as an address has them."""
    values = [_plain(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name, None)
    return row.pk if isinstance(row, Model) else row


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
    return str(value)


def read(token: str, length: int) -> list[Any] | None:
    """Return the values of a key that stood in an address; None where it is none."""
    if not token:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        return None
    fits = isinstance(values, list) and len(values) == length
    sound = fits and all(v is None or isinstance(v, (str, bool)) or (type(v) is int and abs(v) < 2**63) for v in values)
    return values if sound and not any(isinstance(v, str) and "\0" in v for v in values) else None
