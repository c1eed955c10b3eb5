"""The exposure ledger filled again: for all, one company or one customer, while documents move; drift raises an alarm."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal as D
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from approvals import booking, gate, recompute
from approvals.models import Alert
from creditrisk.exposure import ledger
from creditrisk.exposure.ledger import Scope
from creditrisk.exposure.models import Balance, Drift, Entry
from customers.models import Company
from tests.cast import NOW, TODAY, Cast, after, assemble


def forget(customer_id: int | None = None) -> None:
    """Take entries and balances away, as if rows had been loaded without the gate. Only the owner may."""
    where = "" if customer_id is None else f" WHERE customer_id = {customer_id:d}"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(f"DELETE FROM exposure_entry{where}; DELETE FROM exposure_balance{where}")
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")


@pytest.fixture
def stocked(db: None, cast: Cast) -> Cast:
    """Rossi owes in two companies, Bianchi in one."""
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    cast.item(cast.rossi, "100", due=TODAY)
    booking.item(customer=cast.rossi, company=other, amount=D(30), reference="O", due=TODAY, by=cast.carla, now=NOW)
    cast.item(cast.bianchi, "7", due=TODAY, reference="B")
    cast.confirmed(cast.rossi, "50")
    return cast


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (lambda c: Scope(), 4),
        (lambda c: Scope([c.rossi.pk]), 3),
        (lambda c: Scope([c.bianchi.pk]), 1),
        (lambda c: Scope(None, [Company.objects.get(code="OTHER").pk]), 1),
        (lambda c: Scope([c.bianchi.pk], [Company.objects.get(code="OTHER").pk]), 0),
    ],
)
@pytest.mark.parametrize("at_once", [1, 2000])
def test_a_rebuild_fills_what_it_is_asked_for(
    stocked: Cast, scope: Callable[[Cast], Scope], expected: int, at_once: int
) -> None:
    forget()

    added = ledger.rebuild(day=TODAY, now=NOW, scope=scope(stocked), at_once=at_once)

    assert added == Entry.objects.count() == expected
    asked = scope(stocked)
    assert ledger.audit(asked.customer_ids, company_ids=asked.company_ids).total == 0
    assert ledger.rebuild(day=TODAY, now=NOW, scope=asked) == 0


def test_a_rebuild_leaves_what_was_posted_alone(stocked: Cast) -> None:
    before = list(Entry.objects.order_by("pk").values_list("pk", flat=True))

    assert ledger.rebuild(day=TODAY, now=NOW) == 0

    assert list(Entry.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_the_command_rebuilds_and_audits_a_company(stocked: Cast) -> None:
    forget()
    said = StringIO()

    call_command("exposure", "rebuild", "--company", "OTHER", stdout=said)
    call_command("exposure", "audit", "--company", "OTHER", stdout=said)

    assert "1 entries added." in said.getvalue()
    assert "difference 0.00" in said.getvalue()
    with pytest.raises(CommandError, match="differs from the formula"):
        call_command("exposure", "audit", stdout=said)
    with pytest.raises(CommandError, match="There is no company NOWHERE"):
        call_command("exposure", "rebuild", "--company", "NOWHERE")
    call_command("exposure", "rebuild", stdout=said)
    assert ledger.audit().total == 0


def test_the_command_tells_the_smallest_unit_of_any_currency(cast: Cast) -> None:
    said = StringIO()
    for reference, currency, amount in (("K", "KWD", "10.125"), ("J", "JPY", "1500")):
        booking.item(
            customer=cast.rossi, amount=D(amount), currency=currency, reference=reference, by=cast.carla, now=NOW
        )
    call_command("exposure", "as-of", "--day", "2026-03-02", stdout=said)
    Balance.objects.filter(currency="KWD").update(amount=D("10.126"))

    with pytest.raises(CommandError, match="differs from the formula"):
        call_command("exposure", "audit", stdout=said)

    assert "KWD             10.125" in said.getvalue()
    assert "JPY              1,500\n" in said.getvalue()
    assert "the formula says 10.125, the ledger 10.126" in said.getvalue()
    assert "difference 0.001" in said.getvalue()


@pytest.mark.parametrize("where", ["balance", "entry"])
def test_the_hourly_audit_finds_a_cent_mends_it_and_raises_an_alarm(stocked: Cast, where: str) -> None:
    if where == "balance":
        row = Balance.objects.filter(customer_id=stocked.rossi.pk, bucket="ITEMS", company_id=stocked.company.pk)
        row.update(amount=D("100.01"))
    else:
        Entry.objects.create(
            origin="I", source_id=1, customer_id=stocked.rossi.pk, company_id=stocked.company.pk, bucket="ITEMS",
            day=TODAY, currency="EUR", amount=D("0.01"), effective_on=TODAY, recorded_at=NOW,
        )  # fmt: skip
    hour = after(1).replace(hour=stocked.rossi.pk % 24)

    recompute.audit_slice(now=hour + timedelta(hours=1))
    assert not Alert.objects.filter(code="drift").exists()  # not this customer's hour

    found = recompute.audit_slice(now=hour)

    assert found.total >= D("0.01")
    assert Alert.objects.get(code="drift").customer_id == stocked.rossi.pk
    assert Drift.objects.exists()
    assert ledger.audit().total == 0


def test_an_hour_that_the_worker_slept_through_is_made_up_for(stocked: Cast) -> None:
    hour = after(1).replace(hour=stocked.rossi.pk % 24)
    recompute.audit_slice(now=hour)
    Balance.objects.filter(customer_id=stocked.rossi.pk, bucket="ITEMS").update(amount=D("100.01"))

    recompute.audit_slice(now=hour + timedelta(hours=23))
    assert not Drift.objects.exists()  # its hour comes yet

    recompute.audit_slice(now=hour + timedelta(hours=25))

    assert Drift.objects.exists()
    assert ledger.audit().total == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["the rebuild", "the document"])
def test_a_document_that_moves_meanwhile_is_posted_once(first: str) -> None:
    cast = assemble()
    order = cast.order(cast.rossi, "500")
    with transaction.atomic():
        forget(cast.rossi.pk)
    held, done = threading.Event(), threading.Event()

    def rebuild() -> None:
        ledger.rebuild(day=TODAY, now=NOW)

    def confirm() -> None:
        gate.submit(order, "confirm", by=cast.sara, now=NOW)

    leads, follows = (rebuild, confirm) if first == "the rebuild" else (confirm, rebuild)

    def lead() -> None:
        """Do the work and hold what it locked until the other waits for it."""
        with transaction.atomic():
            leads()
            held.set()
            done.wait(0.5)
        connections.close_all()

    other = threading.Thread(target=lead)
    other.start()
    assert held.wait(10)
    follows()  # waits for the lock of the account
    done.set()
    other.join()

    assert ledger.audit().total == 0
    assert sum(Entry.objects.values_list("amount", flat=True)) == 500
    assert Balance.objects.get(bucket="ORDERS_CONFIRMED").amount == 500


@pytest.mark.django_db(transaction=True)
def test_others_pass_while_a_slice_is_rebuilt() -> None:
    cast = assemble()
    order = cast.order(cast.bianchi, "10")
    inside, may_go = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            ledger.rebuild(day=TODAY, now=NOW, scope=Scope([cast.rossi.pk]))
            inside.set()
            may_go.wait(10)
        connections.close_all()

    other = threading.Thread(target=slowly)
    other.start()
    assert inside.wait(10)
    result: Any = gate.submit(order, "confirm", by=cast.sara, now=NOW)  # is not Rossi's: waits for nobody
    may_go.set()
    other.join()

    assert result.document.state == "CONFIRMED"
    assert ledger.audit().total == 0
