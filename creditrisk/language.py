"""How sentences, numbers and days are said to whoever reads. Pure code asks here; Django answers once it has started.

Until then, and where nobody reads, it is English with a point before the decimals. What was said remembers how it was
made, so it can be kept (`kept`) and said to each reader in theirs (`retold`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

MINUS = "\u2212"


def _in_english(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


@dataclass
class _Answers:
    """Who translates, which marks stand before decimals and between thousands, how a day is written."""

    sentence: Callable[[str], str] = str
    counted: Callable[[str, str, int], str] = _in_english
    marks: Callable[[], tuple[str, str]] = lambda: (".", ",")
    day: Callable[[date], str] = "{:%d %b %Y}".format
    late: Callable[[Any], str | None] = lambda _value: None


_answers = _Answers()


class Said(str):
    """What is said to a reader, and in `made` how: the English sentence with its values, a number, or a day."""

    made: Mapping[str, Any]

    def __new__(cls, text: str, made: Mapping[str, Any]) -> "Said":
        said = super().__new__(cls, text)
        said.made = made
        return said

    def __getnewargs__(self) -> tuple[str, Mapping[str, Any]]:  # type: ignore[override]
        return super().__str__(), self.made

    def __str__(self) -> str:
        return self  # A copy, as str makes it of what is derived from it, would not remember.

    def lower(self) -> str:
        return Said(super().lower(), {"lower": self.made})

    def __mod__(self, values: Any) -> str:
        filled = super().__mod__(values)
        return Said(filled, _filled(self.made, values)) if isinstance(values, Mapping) else filled


def answered_by(
    *,
    sentence: Callable[[str], str],
    counted: Callable[[str, str, int], str],
    marks: Callable[[], tuple[str, str]],
    day: Callable[[date], str],
    late: Callable[[Any], str | None],
) -> None:
    """Let these functions answer from now on; each looks up the reader's language when it is called.

    `late` tells a word of the product that is translated when it is shown, as it stands in the code; None: it is none.
    """
    _answers.sentence, _answers.counted, _answers.marks, _answers.day = sentence, counted, marks, day
    _answers.late = late


def sentence(text: str) -> str:
    """Return a sentence in the reader's language, to be filled in by `%`: the `_` of what is kept for other readers."""
    return Said(_answers.sentence(text), {"say": text})


def say(sentence: str, **values: Any) -> str:
    """Return `sentence` in the reader's language, its `%(name)s` filled in; without values it is taken as it stands."""
    said = Said(_answers.sentence(sentence), {"say": sentence})
    return said % values if values else said


def marked(sentence: str) -> str:
    """Return the sentence as it stands: it is kept in English and translated where somebody reads it, by `say` or by Django."""
    return sentence


def say_count(one: str, many: str, count: int, **values: Any) -> str:
    """Return the sentence for `count` things, which both may name as `%(count)s`, in the reader's language."""
    made = {"one": one, "many": many, "count": count}
    return Said(_answers.counted(one, many, count), made) % {"count": number(count), **values}


def listed(parts: Iterable[str]) -> str:
    """Return words one after the other, with commas between them."""
    found = list(parts)
    return Said(", ".join(found), {"list": [_value(part) for part in found]})


def kept(text: str) -> dict[str, Any] | None:
    """Return what was said as it is kept for other readers; None where it does not say how it was made."""
    return dict(text.made) if isinstance(text, Said) else None


def retold(made: Mapping[str, Any]) -> str:
    """Return what was kept, in the language of whoever reads now."""
    match made:
        case {"say": str(text)}:
            said = _answers.sentence(text)
        case {"one": str(one), "many": str(many), "count": int(count)}:
            said = _answers.counted(one, many, count)
        case {"word": str(word)}:
            return _answers.sentence(word)
        case {"lower": dict(word)}:
            return retold(word).lower()
        case {"list": list(parts)}:
            return ", ".join(retold(part) if isinstance(part, dict) else part for part in parts)
        case {"day": str(iso)}:
            return day(date.fromisoformat(iso))
        case {"number": str(value), "places": int(places)}:
            return number(Decimal(value), places)
        case _:
            return ""
    values: Mapping[str, Any] = made.get("values") or {}
    return said % {name: retold(v) if isinstance(v, dict) else v for name, v in values.items()} if values else said


def _filled(made: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return {**made, "values": {name: _value(value) for name, value in values.items()}}


def _value(value: Any) -> Any:
    """Return a value of a sentence as it is kept: what is said to a reader by how it was made, all else as it stands there."""
    if isinstance(value, Said):
        return dict(value.made)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    word = _answers.late(value)
    return str(value) if word is None else {"word": word}


def marks() -> tuple[str, str]:
    """Return what stands before the decimals, and what between thousands."""
    return _answers.marks()


def number(value: Decimal | int, places: int = 0) -> str:
    """Return a number with grouped thousands, `places` decimals and a hyphen where it is negative, as it can be copied."""
    text = f"{value:,.{places}f}"
    point, group = _answers.marks()
    shown = text if point == "." else text.translate({ord(","): group, ord("."): point})
    return Said(shown, {"number": str(value), "places": places})


def exact(value: Decimal) -> str:
    """Return a number with the decimals that it has, none added and none dropped."""
    return number(value, max(-int(value.as_tuple().exponent), 0))


def day(value: date) -> str:
    """Return a day as `24 Nov 2026`, the month in the reader's language."""
    return Said(_answers.day(value), {"day": value.isoformat()})
