"""Rows are sealed once they are complete, each once, and whatever happens to a sealed row is found."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from approvals import gate, stopping
from approvals.models import Alert, Hold, Release, SuspensionChange
from creditrisk.append_only import APPEND_ONLY, LATER
from creditrisk.audit import sealing, tasks, verifying
from creditrisk.audit.attribution import acting
from creditrisk.audit.models import Kind, Seal, SealedRow, Verification
from creditrisk.audit.sources import SOURCES
from creditrisk.roles import Actor
from customers.models import PaymentTerms
from tests.cast import NOW, Cast, after

pytestmark = pytest.mark.django_db

# Append-only, and no part of the trail: money in the ledger and what follows from the rows of the trail.
OTHER_HISTORIES = {
    "approvals_alert", "exposure_drift", "exposure_entry", "ledger_allocation", "ledger_effectevent", "ledger_effectitem",
    "audit_seal", "audit_sealedrow", "audit_verification", "figures_snapshot", "reports_edition",
    "monitoring_utilisation", "signin_attempt",
}  # fmt: skip


@contextmanager
def as_owner() -> Iterator[Any]:
    """Work on the rows as the owner of the tables, with triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL ROLE NONE")
        for table in ("approvals_suspensionchange", "audit_sealedrow", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")


@contextmanager
def another_session() -> Iterator[Any]:
    told = connection.get_connection_params()
    where = {name: told[name] for name in ("dbname", "user", "password", "host", "port") if name in told}
    with closing(psycopg.connect(**where, options=f"-c role={settings.DATABASE_APP_ROLE}")) as session:
        yield session


def released(cast: Cast) -> Release:
    order = cast.order(cast.bianchi, "1500")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    hold = Hold.objects.get(document=order)
    gate.release(hold, by=cast.dario, now=NOW, reason="good payer")
    return Release.objects.get(hold=hold)


def suspend(cast: Cast, times: int) -> None:
    for number in range(times):
        act = stopping.suspend if number % 2 == 0 else stopping.lift
        act(cast.rossi, reason=f"reason {number}", by=cast.dario, now=after(number))


def lines(table: str) -> list[SealedRow]:
    return list(SealedRow.objects.filter(table_name=table).order_by("position"))


def test_every_row_of_every_history_is_sealed_once(cast: Cast) -> None:
    released(cast)

    sealed = sealing.seal(now=NOW)

    assert sealing.seal(now=NOW) == 0
    assert sealed == SealedRow.objects.count() > 0
    for table in SOURCES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} ORDER BY id")
            assert [row.row for row in lines(table)] == [pk for (pk,) in cursor.fetchall()]


def test_a_line_says_who_when_from_where_of_what_and_what(cast: Cast) -> None:
    dario = Actor(cast.dario.user, address="192.0.2.5")
    order = cast.order(cast.bianchi, "1500")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    gate.release(Hold.objects.get(document=order), by=dario, now=after(1), reason="good payer")

    sealing.seal(now=NOW)

    line = lines("approvals_release")[0]
    assert (line.kind, line.who, line.address, line.at) == (Kind.RELEASE, "dario", "192.0.2.5", after(1))
    assert (line.customer_id, line.document_id, line.company_id) == (cast.bianchi.pk, order.pk, cast.company.pk)
    assert "BIANCHI Bianchi: confirm of EUR 1,500.00 released up to EUR 1,500.00" in line.text
    assert line.text.endswith("(good payer)")


def test_a_change_is_told_from_what_to_what(cast: Cast) -> None:
    with acting(cast.ada, reason="as agreed"):
        longer = PaymentTerms.objects.create(code="N60", days=60)
        cast.rossi.terms = longer
        cast.rossi.save()

    sealing.seal(now=NOW)

    line = SealedRow.objects.get(text__contains="N30 → N60")
    assert line.kind == Kind.MASTER
    assert line.text == "ROSSI Rossi: customer changed: terms N30 → N60 (as agreed)"


def test_a_limit_is_told_from_what_to_what(cast: Cast) -> None:
    from approvals import booking

    booking.grant_limit(customer=cast.rossi, amount=15000, valid_from=after(1).date(), by=cast.dario, now=after(1))

    sealing.seal(now=NOW)

    assert "base limit EUR 10,000.00 → EUR 15,000.00, from 2026-03-03" in lines("customers_limit")[-1].text


def test_batches_follow_each_other_in_one_chain(cast: Cast) -> None:
    suspend(cast, 7)

    sealing.seal(now=NOW, batch=5)

    seals = list(Seal.objects.order_by("number"))
    assert len(seals) > 2
    assert [seal.first for seal in seals[1:]] == [seal.last + 1 for seal in seals[:-1]]
    assert verifying.verify().breaks == 0


def test_a_long_history_is_sealed_some_at_a_time(cast: Cast) -> None:
    suspend(cast, 7)

    assert sealing.seal(now=NOW, batch=3, most=5) == 6

    sealing.seal(now=NOW)
    assert verifying.verify().rows == SealedRow.objects.count()
    assert len(lines("approvals_suspensionchange")) == 7


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_below_others_is_waited_for_and_sealed(cast: Cast) -> None:
    sealing.seal(now=NOW)
    insert = """INSERT INTO approvals_suspensionchange (customer_id, suspended, source, reason, made_at, actor)
                VALUES (%s, true, '', 'late', now(), '{}') RETURNING id"""
    with another_session() as late:
        late_id = late.execute(insert, [cast.rossi.pk]).fetchone()[0]
        suspend(cast, 2)  # taken after it, and committed before it

        sealing.seal(now=NOW, patience=0.1)

        assert lines("approvals_suspensionchange") == []
        late.commit()
    sealing.seal(now=NOW)
    assert [row.row for row in lines("approvals_suspensionchange")] == [late_id, late_id + 1, late_id + 2]
    assert verifying.verify().breaks == 0


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_on_one_table_does_not_keep_the_others_waiting(cast: Cast) -> None:
    sealing.seal(now=NOW)
    with another_session() as late:
        late.execute(
            """INSERT INTO approvals_suspensionchange (customer_id, suspended, source, reason, made_at, actor)
               VALUES (%s, true, '', 'late', now(), '{}')""",
            [cast.rossi.pk],
        )
        PaymentTerms.objects.create(code="N10", days=10)

        sealing.seal(now=NOW, patience=0.1)

        assert "N10" in SealedRow.objects.latest("position").text
        late.rollback()


@pytest.mark.django_db(transaction=True)
def test_who_ends_while_the_sealer_looks_is_sealed_at_once(cast: Cast) -> None:
    with another_session() as late:
        late.execute(
            """INSERT INTO approvals_suspensionchange (customer_id, suspended, source, reason, made_at, actor)
               VALUES (%s, true, '', 'late', now(), '{}')""",
            [cast.rossi.pk],
        )
        upto = sealing.complete(patience=5, sleep=lambda _seconds: late.commit())

    assert upto["approvals_suspensionchange"] == SuspensionChange.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_an_id_that_was_rolled_back_leaves_a_gap_and_no_break(cast: Cast) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        suspend(cast, 1)
        raise RuntimeError
    suspend(cast, 2)

    sealing.seal(now=NOW)

    assert verifying.verify().breaks == 0


@pytest.mark.django_db(transaction=True)
def test_two_sealers_seal_each_row_once(cast: Cast) -> None:
    suspend(cast, 30)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _turn in range(20):
                sealing.seal(now=NOW, batch=3)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    hands = [threading.Thread(target=work) for _hand in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    sealing.seal(now=NOW)

    assert errors == []
    assert len(lines("approvals_suspensionchange")) == 30
    assert verifying.verify().breaks == 0


TAMPERED: dict[str, tuple[str, str]] = {
    "a row altered": (
        "UPDATE approvals_suspensionchange SET reason = 'another' WHERE id = %s", "it was altered after it was sealed",
    ),
    "a row deleted": ("DELETE FROM approvals_suspensionchange WHERE id = %s", "it was deleted after it was sealed"),
    "a line altered": (
        "UPDATE audit_sealedrow SET who = 'sara' WHERE table_name = 'approvals_suspensionchange' AND row = %s",
        "its line in the trail was altered",
    ),
    "a row and its digest altered": (
        """WITH made AS (UPDATE approvals_suspensionchange SET reason = 'another' WHERE id = %s RETURNING id)
           UPDATE audit_sealedrow s SET digest = sha256('x') FROM made
            WHERE s.table_name = 'approvals_suspensionchange' AND s.row = made.id""",
        "its line in the trail was altered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_what_the_owner_does_to_a_sealed_row_is_found_and_named(cast: Cast, how: str) -> None:
    statement, said = TAMPERED[how]
    suspend(cast, 5)
    sealing.seal(now=NOW, batch=3)
    victim = SuspensionChange.objects.order_by("id")[2]
    with as_owner() as cursor:
        cursor.execute(statement, [victim.pk])

    found = verifying.verify().first

    assert found is not None
    assert (found.table, found.row, found.at, found.what) == (
        "approvals_suspensionchange",
        victim.pk,
        victim.made_at,
        said,
    )


def test_a_row_and_its_line_deleted_together_are_missed(cast: Cast) -> None:
    suspend(cast, 5)
    sealing.seal(now=NOW)
    victim = lines("approvals_suspensionchange")[2]
    with as_owner() as cursor:
        cursor.execute("DELETE FROM approvals_suspensionchange WHERE id = %s", [victim.row])
        cursor.execute("DELETE FROM audit_sealedrow WHERE position = %s", [victim.position])

    outcome = verifying.verify()

    assert str(outcome.first) == f"line {victim.position} of the trail is missing, in seal 1"
    assert outcome.breaks == 1


def test_a_row_put_among_sealed_ones_is_found(cast: Cast) -> None:
    suspend(cast, 5)
    sealing.seal(now=NOW)
    gap = SuspensionChange.objects.order_by("id")[2].pk
    with as_owner() as cursor:
        cursor.execute(
            "DELETE FROM audit_sealedrow WHERE table_name = 'approvals_suspensionchange' AND row = %s", [gap]
        )
        cursor.execute("UPDATE approvals_suspensionchange SET id = id - 1000 WHERE id = %s", [gap])

    told: list[verifying.Break] = []
    verifying.verify(hear=told.append)

    assert [(found.row, found.what) for found in told if found.table] == [
        (gap - 1000, "it appeared among rows that were sealed before")
    ]


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit_seal WHERE number = 2", "UPDATE audit_seal SET upto = '{}' WHERE number = 2",
     "UPDATE audit_seal SET sealed_at = now() WHERE number = 2"],
)  # fmt: skip
def test_what_the_owner_does_to_a_seal_is_found(cast: Cast, statement: str) -> None:
    suspend(cast, 5)
    sealing.seal(now=NOW, batch=3)
    with as_owner() as cursor:
        cursor.execute(statement)

    assert "seal 2" in str(verifying.verify().first)


def test_a_column_that_comes_later_breaks_nothing(cast: Cast) -> None:
    suspend(cast, 2)
    sealing.seal(now=NOW)
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE approvals_suspensionchange ADD COLUMN colour text DEFAULT 'red'")

    assert verifying.verify().breaks == 0


def test_a_chain_written_anew_differs_from_the_seal_that_was_noted(cast: Cast) -> None:
    suspend(cast, 3)
    sealing.seal(now=NOW)
    said = StringIO()
    call_command("audit_trail", "head", stdout=said)
    with as_owner() as cursor:
        cursor.execute("UPDATE approvals_suspensionchange SET reason = 'another'")
        cursor.execute("DELETE FROM audit_sealedrow; DELETE FROM audit_seal")
    sealing.seal(now=NOW)

    call_command("audit_trail", "verify", stdout=StringIO())
    with pytest.raises(CommandError, match="is not the one that was noted"):
        call_command("audit_trail", "verify", anchor=_anchor(said.getvalue()))


def _anchor(text: str) -> tuple[int, str]:
    number, _colon, digest = text.strip().partition(":")
    return int(number), digest


def test_the_command_says_unbroken_or_names_the_first_broken_link_and_exits_with_one(cast: Cast) -> None:
    suspend(cast, 3)
    said = StringIO()
    call_command("audit_trail", "seal", stdout=said)
    call_command("audit_trail", "verify", stdout=said)
    victim = SuspensionChange.objects.order_by("id")[1]
    with as_owner() as cursor:
        cursor.execute("UPDATE approvals_suspensionchange SET reason = 'another' WHERE id = %s", [victim.pk])

    with pytest.raises(CommandError) as broken:
        call_command("audit_trail", "verify")

    assert "rows sealed." in said.getvalue() and "Unbroken: " in said.getvalue()
    assert f"First: approvals_suspensionchange {victim.pk}, of 03 Mar 2026 09:00:00 UTC" in str(broken.value)
    assert broken.value.returncode == 1
    assert list(Verification.objects.order_by("id").values_list("breaks", flat=True)) == [0, 1]


def test_the_command_says_that_nothing_is_sealed_yet(cast: Cast) -> None:
    said = StringIO()
    call_command("audit_trail", "verify", stdout=said)

    assert said.getvalue().startswith("Nothing is sealed yet")


def test_the_worker_raises_an_alarm_over_a_broken_trail(cast: Cast) -> None:
    suspend(cast, 1)
    assert tasks.seal() > 0
    assert tasks.verify() == 0
    with as_owner() as cursor:
        cursor.execute("UPDATE approvals_suspensionchange SET suspended = false")

    assert tasks.verify() == 1

    assert "approvals_suspensionchange" in Alert.objects.get(code="trail_broken").sentence


def test_every_history_is_part_of_the_trail_or_said_not_to_be() -> None:
    assert {*APPEND_ONLY, *LATER} - OTHER_HISTORIES == set(SOURCES)
    assert {*APPEND_ONLY, *LATER} >= OTHER_HISTORIES


def test_sealing_again_takes_as_many_statements_however_long_the_history(
    cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    suspend(cast, 20)
    sealing.seal(now=NOW)
    suspend(cast, 2)

    with django_assert_max_num_queries(30):
        sealing.seal(now=NOW + timedelta(days=1))
