"""How a column writes amounts and days. Which styles fit is found out; where two fit and differ, a person is asked."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from creditrisk.language import say
from ledger.imports.values import EARLIEST, LATEST, Unreadable, shown

Cell = str | Decimal | date

_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'’")
_PLAIN = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_INDIAN = re.compile(r"[+-]?\d{1,2}(,\d{2})*,\d{3}(\.\d+)?")


def _amount(written: str) -> Decimal | None:
    """Return an amount with a decimal point; a minus may trail, and brackets mean minus, as accountants write."""
    bare = written.translate(_SPACES).replace("\N{MINUS SIGN}", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if bare.endswith(("-", "+")):
        bare = f"{bare[-1]}{bare[:-1]}"
    if not _PLAIN.fullmatch(bare) and not _INDIAN.fullmatch(bare):
        return None
    return Decimal(bare.replace(",", ""))


def _point(written: str) -> Decimal | None:
    return _amount(written)


def _comma(written: str) -> Decimal | None:
    return _amount(written.translate(str.maketrans(",.", ".,")))


_DAYS: Mapping[str, tuple[str, ...]] = {
    "ymd": ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d"),
    "dmy": ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y"),
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y"),
}
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$")


def _day(style: str) -> Callable[[str], date | None]:
    def read(written: str) -> date | None:
        bare = _TIME.sub("", written.strip())
        for pattern in _DAYS[style]:
            try:
                found = datetime.strptime(bare, pattern).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            return found if EARLIEST <= found < LATEST else None
        return None

    return read


AMOUNTS: Mapping[str, Callable[[str], Decimal | None]] = {"point": _point, "comma": _comma}
DAYS: Mapping[str, Callable[[str], date | None]] = {style: _day(style) for style in _DAYS}
EXAMPLES = {
    "point": "1,234.50",
    "comma": "1.234,50",
    "ymd": "2026-03-31",
    "dmy": "31/03/2026",
    "mdy": "03/31/2026",
}


@dataclass(frozen=True)
class Fit:
    """The styles that read every cell of a column, and whether they read it alike."""

    styles: tuple[str, ...]
    alike: bool
    example: str = ""
    stranger: str = ""

    @property
    def sure(self) -> str:
        """Return the style to take without asking; nothing where a person must say."""
        return self.styles[0] if self.styles and self.alike else ""


def fit(cells: Iterable[Cell], kind: str) -> Fit:
    """Find the styles of a column of amounts ("amount") or days ("day"); empty cells say nothing.

    A column that no style reads whole is judged by those that read most of it: its strangers are refused row by row.
    """
    readers: Mapping[str, Callable[[str], Any]] = AMOUNTS if kind == "amount" else DAYS
    written = list(dict.fromkeys(cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()))
    if not written:
        return Fit(tuple(readers)[:1], alike=True)
    read = {
        style: {text: found for text in written if (found := readers[style](text)) is not None} for style in readers
    }
    most = max(map(len, read.values()))
    stranger = next((text for text in written if not any(text in known for known in read.values())), "")
    if not most:
        return Fit((), alike=False, example=written[0], stranger=stranger)
    best = [style for style in readers if len(read[style]) == most]
    odd = next((text for text in written if len({read[style].get(text) for style in best}) > 1), "")
    return Fit(tuple(best), alike=not odd, example=odd or written[0], stranger=stranger)


def amount(cell: Cell, style: str) -> Decimal:
    """Return the amount in a cell. Raises Unreadable."""
    if isinstance(cell, Decimal):
        return cell
    found = AMOUNTS[style](cell) if isinstance(cell, str) else None
    if found is None:
        raise Unreadable(
            say(
                "“%(written)s” is not an amount; expected is %(example)s.",
                written=shown(str(cell).strip()),
                example=EXAMPLES[style],
            )
        )
    return found


def day(cell: Cell, style: str, *, what: str) -> date:
    """Return the day in a cell. Raises Unreadable, naming the day as `what`."""
    if isinstance(cell, date):
        return cell
    found = DAYS[style](cell) if isinstance(cell, str) else DAYS["ymd"](f"{cell:f}")
    if found is None:
        raise Unreadable(
            say(
                "“%(written)s” is not a date for the %(what)s; expected is %(example)s.",
                written=shown(str(cell).strip()),
                what=what,
                example=EXAMPLES[style],
            )
        )
    return found


def words(cell: Cell) -> str:
    """Return a cell as text, as it is shown and kept."""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else " ".join(cell.split())
