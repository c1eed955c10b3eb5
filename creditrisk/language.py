"""How sentences, numbers and days are said to whoever reads. Pure code asks here; Django answers once it has started.

Until then, and where nobody reads, it is English with a point before the decimals.
"""

from collections.abc import Callable
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


_answers = _Answers()


def answered_by(
    *,
    sentence: Callable[[str], str],
    counted: Callable[[str, str, int], str],
    marks: Callable[[], tuple[str, str]],
    day: Callable[[date], str],
) -> None:
    """Let these functions answer from now on; each looks up the reader's language when it is called."""
    _answers.sentence, _answers.counted, _answers.marks, _answers.day = sentence, counted, marks, day


def say(sentence: str, **values: Any) -> str:
    """Return `sentence` in the reader's language, its `%(name)s` filled in; without values it is taken as it stands."""
    said = _answers.sentence(sentence)
    return said % values if values else said


def marked(sentence: str) -> str:
    """Return the sentence as it stands: it is kept in English and translated where somebody reads it, by `say` or by Django."""
    return sentence


def say_count(one: str, many: str, count: int, **values: Any) -> str:
    """Return the sentence for `count` things, which both may name as `%(count)s`, in the reader's language."""
    return _answers.counted(one, many, count) % {"count": number(count), **values}


def marks() -> tuple[str, str]:
    """Return what stands before the decimals, and what between thousands."""
    return _answers.marks()


def number(value: Decimal | int, places: int = 0) -> str:
    """Return a number with grouped thousands, `places` decimals and a hyphen where it is negative, as it can be copied."""
    text = f"{value:,.{places}f}"
    point, group = _answers.marks()
    return text if point == "." else text.translate({ord(","): group, ord("."): point})


def exact(value: Decimal) -> str:
    """Return a number with the decimals that it has, none added and none dropped."""
    return number(value, max(-int(value.as_tuple().exponent), 0))


def day(value: date) -> str:
    """Return a day as `24 Nov 2026`, the month in the reader's language."""
    return _answers.day(value)
