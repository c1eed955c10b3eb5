"""Matching what came in with what is owed: each way of matching, and how often it is right on generated statements."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ledger.bank.matching import SURE, Book, Debt, Match, plain, words

ROSSI, BIANCHI, TWIN = 1, 2, 3
NAMES = {ROSSI: "Rossi Pompe S.r.l.", BIANCHI: "Officine Bianchi & Figli SpA", TWIN: "Müller GmbH & Co. KG"}


def debt(item: int, customer: int, reference: str, amount: str, due: int = 1) -> Debt:
    return Debt(item, customer, reference, Decimal(amount), date(2026, 1, 1) + timedelta(due))


def book(*debts: Debt, accounts: dict[str, int] | None = None) -> Book:
    return Book(debts, NAMES, accounts or {})


def matched(of: Book, amount: str, text: str = "", payer: str = "", account: str = "") -> Match:
    return of.match(amount=Decimal(amount), text=text, payer=payer, account=account)


BOOK = book(
    debt(1, ROSSI, "2026/0041", "100.00", 1), debt(2, ROSSI, "2026/0042", "50.00", 2),
    debt(3, BIANCHI, "2026/0099", "75.25", 3),
)  # fmt: skip


@pytest.mark.parametrize("text", ["Fattura 2026/0041", "pagam. fatt 2026-0041 grazie", "INV20260041", "n. 2026 0041"])
def test_a_reference_is_found_however_it_is_written(text: str) -> None:
    found = matched(BOOK, "100.00", text.replace("INV", "INV "))

    assert (found.customer, found.parts) == (ROSSI, ((1, Decimal("100.00")),))
    assert found.confidence >= SURE


def test_several_references_that_sum_to_the_amount_are_sure() -> None:
    found = matched(BOOK, "150.00", "2026/0041 + 2026/0042", "Rossi Pompe Srl")

    assert (found.parts, found.confidence) == (((1, Decimal("100.00")), (2, Decimal("50.00"))), 99)


def test_a_part_is_sure_only_where_the_payer_agrees() -> None:
    assert matched(BOOK, "60.00", "2026/0041", "ROSSI POMPE SRL").confidence == SURE
    assert matched(BOOK, "60.00", "2026/0041", "Somebody Else").confidence < SURE


def test_more_than_is_open_is_never_sure() -> None:
    found = matched(BOOK, "100.01", "2026/0041", "Rossi Pompe")

    assert found.confidence < SURE
    assert found.parts == ((1, Decimal("100.00")),)


def test_the_payers_name_and_one_amount_are_sure_and_two_items_alike_are_not() -> None:
    twice = book(debt(1, ROSSI, "A-1", "50.00"), debt(2, ROSSI, "A-2", "50.00"))

    assert matched(BOOK, "50.00", "thanks", "Rossi Pompe").confidence == SURE
    assert matched(twice, "50.00", "thanks", "Rossi Pompe").confidence < SURE


def test_all_that_is_open_is_sure_and_a_cent_less_is_not() -> None:
    assert matched(BOOK, "150.00", "saldo", "Rossi Pompe").confidence >= SURE
    assert matched(BOOK, "149.99", "saldo", "Rossi Pompe").confidence < SURE


def test_a_known_account_is_as_good_as_a_name() -> None:
    of = book(debt(1, BIANCHI, "2026/0099", "75.25"), accounts={"IT60X05": BIANCHI})

    assert matched(of, "75.25", "bonifico", "Mario", "IT60X05").customer == BIANCHI


def test_the_same_reference_at_two_customers_is_the_payers_or_nobodys() -> None:
    of = book(debt(1, ROSSI, "INV-100", "10.00"), debt(2, TWIN, "INV-100", "10.00"))

    assert matched(of, "10.00", "INV-100").customer is None
    assert matched(of, "10.00", "INV-100", "Mueller").customer is None
    assert matched(of, "10.00", "INV-100", "MÜLLER GMBH").customer == TWIN


def test_an_amount_alone_is_a_hint_and_no_more() -> None:
    found = matched(BOOK, "75.25", "gift", "Nobody known")

    assert (found.customer, found.confidence < 50) == (BIANCHI, True)


def test_money_that_went_out_and_short_references_match_nothing() -> None:
    short = book(debt(1, ROSSI, "7", "10.00"))

    assert matched(BOOK, "-100.00", "2026/0041").parts == ()
    assert matched(short, "11.00", "7 bottles").customer is None


def test_names_are_compared_by_the_words_that_tell() -> None:
    assert words("Rossi Pompe S.r.l.") == words("ROSSI POMPE SRL") == {"rossi", "pompe"}
    assert words("The Holding Group GmbH & Co. KG") == frozenset()
    assert plain("2026/0041-A") == "20260041a"


def test_on_generated_statements_sure_matches_are_right(record_property: object, capsys: pytest.CaptureFixture) -> None:
    """Precision: of the sure matches, how many are right in customer and items. Recall: how many are found at all."""
    right, sure, possible = _played(random.Random(7), customers=300, payments=3_000)

    precision, recall = right / sure, right / possible
    with capsys.disabled():
        print(
            f"\nmatching: precision {precision:.4f}, recall {recall:.4f} ({right} of {sure} sure, {possible} payments)"
        )
    assert precision >= 0.995
    assert recall >= 0.75


_FIRST = [
    "Rossi",
    "Bianchi",
    "Verdi",
    "Ferrari",
    "Russo",
    "Esposito",
    "Ricci",
    "Marino",
    "Greco",
    "Conti",
    "Costa",
    "Fontana",
    "Moretti",
    "Barbieri",
    "Lombardi",
]
_SECOND = [
    "Pompe",
    "Meccanica",
    "Legno",
    "Tessile",
    "Alimentari",
    "Vetro",
    "Carta",
    "Edile",
    "Impianti",
    "Ceramiche",
    "Trasporti",
    "Moto",
    "Ottica",
    "Gomma",
]
_FORM = ["S.r.l.", "SpA", "snc", "& Figli", "di Rossi Mario"]


def _played(chance: random.Random, *, customers: int, payments: int) -> tuple[int, int, int]:
    """Make customers (many with alike names), debts and the payments of them as people pay; match and count."""
    names = {
        n: f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {chance.choice(_FORM)}" for n in range(1, customers + 1)
    }
    debts = [
        Debt(n, chance.randint(1, customers), f"2026/{n:05d}", Decimal(chance.randint(500, 900_000)) / 100,
             date(2026, 1, 1) + timedelta(chance.randint(0, 300)))
        for n in range(1, payments * 2)
    ]  # fmt: skip
    of = Book(debts, names, {})
    right = sure = 0
    for paid in chance.sample(debts, payments):
        amount, text, payer = _paid(chance, paid, names[paid.customer])
        found = of.match(amount=amount, text=text, payer=payer)
        if found.confidence >= SURE:
            sure += 1
            right += found.customer == paid.customer and [item for item, _part in found.parts] == [paid.item]
    return right, sure, payments


def _paid(chance: random.Random, paid: Debt, name: str) -> tuple[Decimal, str, str]:
    """A payment as it reaches the bank: most name the invoice, some wrongly spelled, some short, some in another's name."""
    payer = chance.choice([name, name.upper(), name.replace("S.r.l.", "SRL"), name.split(" ")[0], "TESORERIA COMUNALE"])
    text = chance.choices(
        [f"saldo fatt. {paid.reference}", f"ft {paid.reference.replace('/', ' ')}", "vs fattura, grazie",
         f"fattura {paid.reference[:-1]}"],
        [60, 25, 10, 5],
    )[0]  # fmt: skip
    amount = paid.amount if chance.random() < 0.9 else (paid.amount * Decimal("0.6")).quantize(Decimal("0.01"))
    return amount, text, payer
