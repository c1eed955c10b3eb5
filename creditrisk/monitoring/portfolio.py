"""The portfolio as a list that pages itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from creditrisk.facts import BUCKETS
from creditrisk.lists import keyset
from creditrisk.lists.keyset import Key
from creditrisk.monitoring import standings
from creditrisk.monitoring.asked import Asked
from creditrisk.monitoring.standings import ORDERS
from creditrisk.monitoring.stood import Picture, Row, Wanted

EVERY = 10_000_000


@dataclass
class Source:
    """The portfolio as a list that pages itself. `also` is what its page wants beside the rows; `picture` what came."""

    user: Any
    asked: Asked
    also: Wanted = field(default_factory=lambda: Wanted(sums=True))
    picture: Picture = field(default_factory=Picture)

    def page(self, keys: Sequence[Key], *, after: str, before: str, size: int) -> keyset.Page:
        """Return one page of rows; the sums and groups come with the same statement."""
        key = next((k for k in keys if k.path in ORDERS), Key("rank", descending=True))
        start, backwards = _started(after or before, key), not after and bool(before)
        backwards = backwards and start is not None
        wanted = replace(self.also, order=key, after=start, backwards=backwards, size=size)
        self.picture = standings.look(self.user, self.asked, wanted)
        rows, more = list(self.picture.rows[:size]), len(self.picture.rows) > size
        if backwards:
            rows.reverse()
        earlier = more if backwards else start is not None
        later = True if backwards else more
        return keyset.Page(
            rows, after=_named(rows[-1], key) if rows and later else "", before=_named(rows[0], key) if rows and earlier else "",
            count=self.picture.count, counted_all=True,
        )  # fmt: skip

    def every(self, keys: Sequence[Key]) -> Iterator[Any]:
        """Return all rows in order, for a file."""
        key = next((k for k in keys if k.path in ORDERS), Key("rank", descending=True))
        yield from standings.look(self.user, self.asked, Wanted(key, size=EVERY, missing=False)).rows


def _named(row: Row, key: Key) -> str:
    value = (
        row.buckets[int(key.path[1:])] if key.path in {f"b{n}" for n in range(len(BUCKETS))} else getattr(row, key.path)
    )
    if value is None:
        value = "" if ORDERS[key.path] == "''" else Decimal("-1e30")
    return keyset.written([value, row.id])


def _started(token: str, key: Key) -> tuple[Any, int] | None:
    """Return the value and the id that a page begins after; None where the address names none."""
    values = keyset.read(token, 2)
    if values is None or type(values[1]) is not int:
        return None
    value, pk = values
    if ORDERS[key.path] == "''":
        return (str(value), pk)
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return (number, pk) if number.is_finite() and abs(number.adjusted()) < keyset.DIGITS_MAX else None
