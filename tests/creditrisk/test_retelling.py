"""Sentences kept in English are told again to whoever reads."""

from django.utils import translation

from creditrisk.audit import verifying, wording
from creditrisk.clock import beginning_of
from creditrisk.retelling import retold
from tests.cast import TODAY

ONE = ("%(customer)s was merged before.", "%(limit)s, before %(before)s")


def test_a_kept_sentence_is_told_with_its_values() -> None:
    with translation.override("it"):
        assert retold("N1 (new) 50% was merged before.", ONE) == "N1 (new) 50% è già stato unito."
        assert retold("EUR 1, before EUR 2", ONE) == "EUR 1, prima EUR 2"
    assert retold("N1 was merged before.", ONE) == "N1 was merged before."


def test_what_is_no_such_sentence_stays_as_it_was_kept() -> None:
    with translation.override("it"):
        assert retold("N1 was merged before. And more", ONE) == "N1 was merged before. And more"
        assert retold("", ONE) == ""


def test_a_broken_seal_is_told_to_an_italian() -> None:
    row = verifying.Break("it was deleted after it was sealed", "ledger_openitem", 7, beginning_of(TODAY))

    with translation.override("it"):
        assert wording.broken(str(row)).startswith("ledger_openitem 7, del ")
        assert wording.broken("seal 3 is missing") == "manca il sigillo 3"
