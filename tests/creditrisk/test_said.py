"""What was said to one reader is kept by how it was made, and said to each other reader in theirs."""

import copy
import json
import pickle
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from creditrisk import language
from creditrisk.language import kept, listed, retold, say, say_count, sentence
from creditrisk.money import MissingRate, figure
from creditrisk.refusal import Refused
from creditrisk.takeover.kinds import KINDS
from documents.models import State

LIMIT = "%(customer)s: %(currency)s %(amount)s"


def made(say_it: Callable[[], str], *, by: str = "it") -> dict[str, object]:
    """Return what one reader is told, as it is kept: it has been through the database."""
    with translation.override(by):
        found = kept(say_it())
    assert found is not None
    return dict(json.loads(json.dumps(found)))


def heard(told: dict[str, object], *, by: str) -> str:
    with translation.override(by):
        return retold(told)


def test_a_sentence_goes_from_italian_to_english_and_back_with_its_amounts_and_days() -> None:
    told = made(
        lambda: sentence(LIMIT) % {"customer": "Rossi", "currency": "EUR", "amount": figure(Decimal("1234.5"), "EUR")}
    )
    dated = made(lambda: say("The date %(day)s lies in the future.", day=language.day(date(2026, 5, 1))))

    assert heard(told, by="en") == "Rossi: EUR 1,234.50"
    assert heard(told, by="it") == "Rossi: EUR 1.234,50"
    assert heard(dated, by="en") == "The date 01 May 2026 lies in the future."
    assert heard(dated, by="it") == "La data 01 Mag 2026 è futura."


def test_what_is_said_reads_as_it_always_did() -> None:
    plain = say("%(customer)s was merged before.", customer="50 % off")

    assert (str(plain), f"{plain}", plain + "", "".join([plain])) == ("50 % off was merged before.",) * 4
    assert json.dumps(plain) == '"50 % off was merged before."'
    assert kept("typed by somebody") is None
    assert kept(plain[:5]) is None
    assert type(str(Refused(plain))) is type(plain)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_a_copy_remembers_too(copied: Callable[[str], str]) -> None:
    said = say("%(customer)s was merged before.", customer="N1")

    assert copied(said) == said
    assert kept(copied(said)) == kept(said)


def test_a_refusal_and_a_missing_rate_remember_through_their_exceptions() -> None:
    rate = made(lambda: str(MissingRate("USD", "EUR", date(2026, 5, 1))))
    refusal = made(lambda: str(Refused(sentence("A limit is zero or more."))))

    assert heard(rate, by="en").startswith("There is no exchange rate from USD to EUR on or before 01 May 2026.")
    assert "01 Mag 2026" in heard(rate, by="it")
    assert heard(refusal, by="en") == "A limit is zero or more."


def test_words_of_the_product_inside_a_sentence_are_said_again_too() -> None:
    state = made(
        lambda: (
            sentence("%(document)s is %(state)s: this step does not follow.")
            % {"document": "SO-1", "state": State.DRAFT.label}
        )
    )
    field = made(lambda: say("Missing: %(fields)s.", fields=listed(f.title for f in KINDS["ITEMS"].needed)))
    lowered = made(
        lambda: say("%(field)s has letters in it that nobody can see.", field=KINDS["ITEMS"].needed[0].title.lower())
    )

    assert heard(state, by="en") == "SO-1 is draft: this step does not follow."
    assert "bozza" in heard(state, by="it")
    assert heard(field, by="en").startswith("Missing: Customer number, Reference")
    assert heard(field, by="it").startswith("Manca")
    assert "Customer" not in heard(field, by="it")
    assert heard(lowered, by="en").startswith("customer number has letters")


def test_counted_things_and_words_that_only_look_like_ours() -> None:
    many = made(lambda: say_count("%(count)s day", "%(count)s days", 1200))
    name = made(lambda: say("%(customer)s was merged before.", customer="draft"))

    assert (heard(many, by="en"), heard(many, by="it")) == ("1,200 days", "1.200 giorni")
    assert heard(name, by="it").startswith("draft ")
    assert retold({"unheard": "of"}) == ""
