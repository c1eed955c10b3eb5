"""A document of many lines asks the database as often as one of few; lines made from one line share what is left of it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import gate
from creditrisk.exposure import ledger
from documents import writing
from documents.drafts import NewDocument, NewLine
from documents.models import Document, Line
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db


def ordered(cast: Cast, lines: int) -> Document:
    """Return an order of so many lines of 3 x 10, each invoiced in advance by a third."""
    new = NewDocument(kind="ORDER", customer=cast.rossi, lines=(NewLine("a", Decimal(3), Decimal(10)),) * lines)
    order = gate.submit(new, "enter", by=cast.sara, now=NOW).document
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    thirds = tuple(NewLine("a", Decimal(1), Decimal(10), source=line) for line in order.lines.order_by("position"))
    gate.submit(NewDocument(kind="INVOICE", sources=(order,), lines=thirds), "invoice", by=cast.sara, now=NOW)
    return Document.objects.get(pk=order.pk)


def asked(new: NewDocument) -> tuple[int, list[Decimal]]:
    with CaptureQueriesContext(connection) as queries:
        left = [amount for _line, amount in writing.left_for(new)]
    return len(queries), left


@pytest.mark.parametrize("kind", ["DELIVERY", "INVOICE"])
def test_what_is_left_of_an_order_is_asked_at_once(cast: Cast, kind: str) -> None:
    few, many = ordered(cast, 2), ordered(cast, 20)

    (short, two), (long, twenty) = (asked(NewDocument(kind=kind, sources=(o,))) for o in (few, many))

    assert short == long
    assert (set(two), len(twenty)) == ({Decimal(30 if kind == "DELIVERY" else 20)}, 20)


@pytest.mark.parametrize(("kind", "first"), [("RETURN", "deliver"), ("CREDIT_NOTE", "invoice")])
def test_what_can_come_back_is_asked_at_once(cast: Cast, kind: str, first: str) -> None:
    origins: list[Any] = []
    for lines in (2, 20):
        order = ordered(cast, lines)
        new = NewDocument(kind="DELIVERY" if kind == "RETURN" else "INVOICE", sources=(order,))
        origins.append(gate.submit(new, first, by=cast.sara, now=NOW).document)

    (short, two), (long, twenty) = (asked(NewDocument(kind=kind, origin=o)) for o in origins)

    assert short == long
    assert (len(two), len(twenty)) == (2, 20)


def test_a_delivery_takes_what_was_invoiced_in_advance_once_over_all_its_lines(cast: Cast) -> None:
    order = ordered(cast, 1)
    (line,) = order.lines.all()
    halves = tuple(NewLine("a", Decimal("1.5"), Decimal(10), source=line) for _half in range(2))

    gate.submit(NewDocument(kind="DELIVERY", sources=(order,), lines=halves), "deliver", by=cast.sara, now=NOW)

    line.refresh_from_db()
    assert line.settled == 30  # ten went on to the advance invoice, twenty to the goods that nobody paid for before
    assert sum(Line.objects.filter(source=line, document__kind="DELIVERY").values_list("settled", flat=True)) == 10
    assert ledger.audit().total == 0
