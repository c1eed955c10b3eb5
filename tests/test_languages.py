"""Every sentence of the product is there in every language that it speaks, and says the same."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message

from tools import messages

pytestmark = pytest.mark.house

PLACES = ("", *messages.PACKAGES)
VALUES = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|</?\w+[^>]*>|&\w+;")
BOTH = [(place, language) for place in PLACES for language in messages.LANGUAGES]


def told(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def key(message: Message) -> tuple[str, str]:
    first = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or "", first


@pytest.fixture(scope="module", params=BOTH, ids=[f"{place or 'templates'}-{language}" for place, language in BOTH])
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


def test_every_sentence_is_in_the_catalogue_and_every_other_one_is_gone(place: tuple[str, str]) -> None:
    wanted = {key(message) for message in told(messages.found(place[0]))}
    there = {key(message) for message in told(messages.known(*place))}

    assert (wanted - there, there - wanted) == (set(), set()), "`make messages` takes them in"


def test_every_sentence_is_translated(place: tuple[str, str]) -> None:
    catalog = messages.known(*place)

    assert [key(message) for message in told(catalog) if message.fuzzy or not messages.translated(message)] == []


def test_a_translation_has_the_same_values(place: tuple[str, str]) -> None:
    wrong = []
    for message in told(messages.known(*place)):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        allowed = [sorted(VALUES.findall(text)) for text in ids]
        wrong += [(text, ids) for text in strings if sorted(VALUES.findall(text)) not in allowed]

    assert wrong == []


def test_what_the_product_reads_is_what_the_catalogue_says(place: tuple[str, str]) -> None:
    compiled = messages.catalogue(*place).with_suffix(".mo").read_bytes()

    assert compiled == messages.compiled(messages.known(*place)), "`make messages` compiles it"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_sentence_is_said_in_one_way_wherever_it_is_written(language: str) -> None:
    """The catalogues are laid over each other when they are read: of two translations one would never be seen."""
    ways: dict[tuple[str, str], set[str]] = {}
    for place in PLACES:
        for message in told(messages.known(place, language)):
            ways.setdefault(key(message), set()).add(str(message.string))

    assert {sentence: found for sentence, found in ways.items() if len(found) > 1} == {}
