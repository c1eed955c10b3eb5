"""Refusals and what people did, as an Italian reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from approvals import cause_words
from approvals.authority import Bounds, Matter
from approvals.models import JournalState, RequestState, RequestStep
from approvals.views.mass import COUNTED, DONE
from creditrisk import clock
from creditrisk.decisions import story
from creditrisk.facts import source_in_words
from creditrisk.policy.names import figure_name, step_name
from creditrisk.roles import role_in_words


@pytest.fixture(autouse=True)
def italian() -> Iterator[None]:
    with translation.override("it"):
        yield


def test_a_refusal_writes_its_sums_as_the_reader_does() -> None:
    matter = Matter(Decimal("1234.5"), Decimal(0), "EUR", "", 1, frozenset())

    assert Bounds(amount=Decimal(1000)).beyond(matter) == (
        "EUR 1.234,50 supera il potere di firma, che arriva a EUR 1.000,00."
    )


def test_what_somebody_did_is_a_verb_and_what_became_of_it_is_none() -> None:
    assert (RequestStep.APPROVED.label, RequestState.APPLIED.label) == ("ha approvato", "approvata")
    assert (RequestStep.REJECTED.label, RequestState.REJECTED.label) == ("ha respinto", "respinta")
    assert JournalState.POSTED.label == "registrata"


def test_so_many_are_counted_in_one_sentence() -> None:
    assert [COUNTED["release"](n) % {"count": n} for n in (1, 3)] == ["1 sbloccato", "3 sbloccati"]
    assert COUNTED.keys() == DONE.keys()


def test_a_moment_has_the_readers_month() -> None:
    assert clock.told(datetime(2026, 11, 24, 12, 5, tzinfo=UTC)).startswith("24 Nov 2026 ")
    assert clock.told(datetime(2026, 6, 1, 12, 5, tzinfo=UTC)).startswith("01 Giu 2026 ")


def test_codes_have_names_where_they_are_shown() -> None:
    assert (step_name("entry"), step_name("confirm"), figure_name("credits")) == (
        "inserimento", "conferma", "crediti non abbinati"
    )  # fmt: skip
    assert (
        cause_words.in_words("policy 7") == "politica 7"
        and cause_words.in_words("stop ended") == "blocco cliente terminato"
    )
    assert cause_words.in_words("rate of exchange USD") == "rate of exchange USD"
    assert (source_in_words("own limit"), source_in_words("segment GOOD")) == ("fido proprio", "segmento GOOD")
    assert cause_words.reason("reasons gone") == "motivi venuti meno" and cause_words.reason("They paid") == "They paid"
    assert role_in_words("credit_manager") == "responsabile del credito"


def test_a_finding_is_told_with_the_readers_marks() -> None:
    assert story.sum_of(Decimal("1234.5"), "EUR") == "EUR\u00a01.234,50"
