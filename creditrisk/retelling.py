"""Sentences that were kept in English, told again in the language of whoever reads them."""

import re
from collections.abc import Iterable
from functools import cache

from creditrisk.language import say

_VALUE = re.compile(r"%\((\w+)\)s")


def retold(text: str, sentences: Iterable[str]) -> str:
    """Return a kept text in the reader's language where it was made of one of these `sentences`, else as it was kept."""
    for sentence in sentences:
        if found := _shape(sentence).fullmatch(text):
            return say(sentence, **found.groupdict())
    return text


@cache
def _shape(sentence: str) -> re.Pattern[str]:
    parts = _VALUE.split(sentence)
    shape = "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile(shape, re.DOTALL)
