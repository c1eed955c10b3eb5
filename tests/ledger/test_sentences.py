"""What is kept in English, and what is refused, is said in the reader's language with the reader's numbers."""

from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.utils import translation

from creditrisk import language
from creditrisk.facts import source_in_words
from creditrisk.refusal import Refused
from customers import limits
from documents.intake import recognising
from documents.intake.models import Message
from documents.models import State
from ledger import items
from ledger.bank.matching import Book, Debt
from ledger.bank.models import Entry
from ledger.imports import values
from ledger.imports.delimited import BadFile
from ledger.models import EffectEvent, EffectKind


def match() -> str:
    """Return why money of ROSSI settles both debts, as it is kept."""
    of = Book([Debt(1, 7, "A1", D(60)), Debt(2, 7, "A2", D(40))], {7: "Rossi Tessuti"})
    return of.match(amount=D(100), text="thanks", payer="Rossi Tessuti").why


@pytest.mark.parametrize(
    ("said", "english", "italian"),
    [
        (lambda: Entry(why=match()).why_shown, "The payer's name agrees; the sum is all that is open.",
         "Il nome di chi paga coincide; la somma è tutto ciò che è aperto."),
        (lambda: Entry(why="Written before.").why_shown, "Written before.", "Written before."),
        (lambda: EffectEvent(step="posted back").step_shown, "posted back", "riaperto in contabilità"),
        (lambda: str(EffectKind.DRAFT.label), "draft", "tratta"),
        (lambda: str(State.DRAFT.label), "draft", "bozza"),
        (lambda: Message(format="FatturaPA, signed").format_shown, "FatturaPA, signed", "FatturaPA, firmato"),
        (lambda: Message(format="UBL").format_shown, "UBL", "UBL"),
        (lambda: source_in_words("segment KEY"), "segment KEY", "segmento KEY"),
        (lambda: source_in_words("own limit"), "own limit", "fido proprio"),
        (lambda: limits.detail_shown("80 % of USD 12500.00"), "80 % of USD 12,500.00", "80 % di USD 12.500,00"),
        (lambda: limits.detail_shown("USD 12500.00"), "USD 12,500.00", "USD 12.500,00"),
        (lambda: language.exact(D("1234.567")), "1,234.567", "1.234,567"),
        (lambda: language.exact(D("1200").normalize()), "1,200", "1.200"),
    ],
)  # fmt: skip
def test_what_is_kept_in_english_is_said_to_the_reader(said: Callable[[], str], english: str, italian: str) -> None:
    with translation.override("en"):
        assert said() == english
    with translation.override("it"):
        assert said() == italian


def test_a_limit_names_its_securities_in_the_readers_language() -> None:
    with translation.override("it"):
        assert [source_in_words(source) for source in limits.SECURED] == ["assicurazione", "garanzia"]


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (lambda: items.checked_amount(D("1234.567"), "EUR"), "1.234,567 ha più decimali di quanti ne ha EUR."),
        (lambda: values.amount("20000", "EUR", most=D(10000)), "L’importo 20000 è assurdo: più di 10.000 EUR."),
        (lambda: recognising.read(b"%PDF-1.7", "a.pdf"), "a.pdf è un PDF; si acquisiscono ordini, fatture"),
    ],
)
def test_what_is_refused_is_refused_in_the_readers_language(refused: Callable[[], object], sentence: str) -> None:
    with (
        translation.override("it"),
        pytest.raises((Refused, values.Unreadable, BadFile), match=sentence.replace(".", r"\.")),
    ):
        refused()
