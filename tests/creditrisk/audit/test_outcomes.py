"""How a part of what was let through ended, by the day and to the cent."""

from datetime import date
from decimal import Decimal as D

import pytest

from creditrisk.audit.outcomes import Ending, Outcome, Settled, ending, outcome, own_weights

DUE = date(2026, 4, 1)
TODAY = date(2026, 4, 11)


def part(how: str, by: str = "", day: date | None = None, *, due: date = DUE, amount: str = "100") -> Settled:
    return Settled(due, how, by, day, D(amount))


@pytest.mark.parametrize(
    ("settled", "ended"),
    [
        (part("SETTLED", "PAYMENT", date(2026, 3, 20)), (Outcome.ON_TIME, 0)),
        (part("SETTLED", "PAYMENT", DUE), (Outcome.ON_TIME, 0)),
        (part("SETTLED", "PAYMENT", date(2026, 4, 2)), (Outcome.LATE, 1)),
        (part("SETTLED", "OPENING", date(2026, 4, 9)), (Outcome.LATE, 8)),
        (part("SETTLED", "CREDIT_NOTE", date(2026, 4, 9)), (Outcome.CANCELLED, 0)),
        (part("SETTLED", "WRITE_OFF", date(2026, 4, 9)), (Outcome.UNPAID, 10)),
        (part("OPEN"), (Outcome.UNPAID, 10)),
        (part("OPEN", due=TODAY), (Outcome.NOT_DUE, 0)),
        (part("OPEN", due=date(2026, 4, 10)), (Outcome.UNPAID, 1)),
        (part("EFFECT", "COLLECTED", DUE), (Outcome.ON_TIME, 0)),
        (part("EFFECT", "COLLECTED", date(2026, 4, 3)), (Outcome.LATE, 2)),
        (part("EFFECT", "PRESENTED", TODAY), (Outcome.NOT_DUE, 0)),
        (part("EFFECT", "PRESENTED", DUE), (Outcome.ON_TIME, 0)),
        (part("EFFECT", "PRESENTED", date(2026, 4, 10)), (Outcome.LATE, 9)),
        (part("EFFECT", "ISSUED", date(2026, 4, 12)), (Outcome.NOT_DUE, 0)),
        (part("EFFECT", "ISSUED", date(2026, 4, 10)), (Outcome.UNPAID, 10)),
        (part("EFFECT", "UNPAID", DUE), (Outcome.UNPAID, 10)),
    ],
)
def test_each_part_ends_in_one_way(settled: Settled, ended: tuple[Outcome, int]) -> None:
    assert outcome(settled, today=TODAY) == ended


def test_days_late_are_weighted_by_amount_over_all_that_fell_due() -> None:
    found = ending(
        [
            part("SETTLED", "PAYMENT", DUE, amount="300"),
            part("SETTLED", "PAYMENT", date(2026, 4, 5), amount="100"),
            part("OPEN", amount="100"),
            part("OPEN", due=date(2026, 5, 1), amount="9000"),
        ],
        today=TODAY,
    )

    assert found.fallen_due == 500
    assert found.days_late == D(100 * 4 + 100 * 10) / 500 == D("2.8")


def test_where_nothing_fell_due_there_are_no_days() -> None:
    assert ending([part("OPEN", due=TODAY)], today=TODAY).days_late is None


@pytest.mark.parametrize(
    ("amounts", "worst"),
    [
        ({Outcome.ON_TIME: D(99), Outcome.UNPAID: D("0.01")}, Outcome.UNPAID),
        ({Outcome.ON_TIME: D(99), Outcome.LATE: D(1), Outcome.NOT_DUE: D(1)}, Outcome.LATE),
        ({Outcome.ON_TIME: D(99), Outcome.NOT_DUE: D(1)}, Outcome.NOT_DUE),
        ({Outcome.ON_TIME: D(1), Outcome.CANCELLED: D(99)}, Outcome.ON_TIME),
        ({Outcome.CANCELLED: D(99), Outcome.UNPAID: D(0)}, Outcome.CANCELLED),
        ({}, Outcome.NOT_DUE),
    ],
)
def test_a_document_counts_as_the_worst_of_its_parts(amounts: dict[Outcome, D], worst: Outcome) -> None:
    assert Ending(amounts).worst == worst


def test_what_an_earlier_release_of_the_same_person_reaches_counts_once() -> None:
    order, delivery, other = 1, 2, 3

    assert own_weights([order, delivery, other], {(order, delivery): D("0.25")}) == {
        order: 1,
        delivery: D("0.75"),
        other: 1,
    }
