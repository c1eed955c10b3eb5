"""Suspensions that come from outside and end by themselves; the list of all who are stopped."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import evaluation, flags, gate, stop_queries, stopping, sweep
from approvals.models import Alert, SuspensionChange, SweptDay
from creditrisk.clock import business_day
from creditrisk.refusal import InvalidState, Refused
from creditrisk.roles import Actor
from customers.models import AccountStatus, CreditAccount, Stops
from ledger.imports.delimited import BadFile
from tests.approvals.looking import asked, held, reasons
from tests.cast import NOW, TODAY, Cast, after
from tests.pages import as_user, queries_of, words

DAY = timedelta(days=1)


def take_in(content: bytes, **more: Any) -> list[tuple[str, str, str]]:
    told = flags.take_in(content, "flags.csv", by=Actor.system("flags"), now=NOW, **more)
    return [(row.code, row.outcome, row.sentence) for row in told]


# -- an end by itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "holds"), [(0, True), (3, True), (4, False)])
def test_a_suspension_holds_up_to_its_last_day_with_no_worker_about(cast: Cast, day: int, holds: bool) -> None:
    order = cast.confirmed(cast.rossi, "300")
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY + 3 * DAY, by=cast.carla, now=NOW)

    result = gate.submit(order, "pick", by=cast.sara, now=after(day))

    assert (result.outcome.reasons == ("suspended",)) is holds


def test_the_sweep_of_the_day_after_ends_it_and_frees_what_it_held(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY, by=cast.carla, now=NOW)
    SweptDay.objects.create(pk=1, day=TODAY, swept_at=NOW)
    hold = held(cast, cast.rossi, "10")
    asked()

    sweep.sweep(now=NOW)
    still = CreditAccount.objects.get(customer=cast.rossi).suspended
    sweep.sweep(now=after(1))
    wanted = asked()
    evaluation.evaluate_customer(cast.rossi.pk, now=after(1))

    account, change = CreditAccount.objects.get(customer=cast.rossi), SuspensionChange.objects.latest("pk")
    assert still
    assert (account.suspended, account.suspended_until, account.suspended_reason) == (False, None, "")
    assert (change.suspended, change.made_by, change.reason) == (False, None, "Its last day, 02 Mar 2026, has passed.")
    assert ("ROSSI", "suspension") in wanted
    assert reasons(hold) == []


def test_ending_twice_does_no_harm(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY, by=cast.carla, now=NOW)

    ended = [stopping.end_suspensions(now=after(1)) for _ in range(2)]

    assert ended == [[cast.rossi.pk], []]
    assert SuspensionChange.objects.count() == 2


def test_the_last_day_can_be_changed_and_the_same_again_is_not_done(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY, by=cast.carla, now=NOW)

    stopping.suspend(cast.rossi, reason="more doubt", until=TODAY + DAY, by=cast.carla, now=NOW)

    assert CreditAccount.objects.get(customer=cast.rossi).suspended_until == TODAY + DAY
    with pytest.raises(InvalidState, match="already"):
        stopping.suspend(cast.rossi, reason="again", until=TODAY + DAY, by=cast.carla, now=NOW)


def test_one_that_is_over_and_not_swept_yet_is_suspended_anew(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY, by=cast.carla, now=NOW)

    stopping.suspend(cast.rossi, reason="again", by=cast.carla, now=after(1))

    assert gate.submit(cast.order(cast.rossi, "5", now=after(2)), "confirm", by=cast.sara, now=after(2)).outcome.reasons


def test_a_last_day_that_has_passed_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="passed") as refused:
        stopping.suspend(cast.rossi, reason="x", until=TODAY - DAY, by=cast.carla, now=NOW)

    assert refused.value.field == "until"


# -- flags from outside ----------------------------------------------------------------------------------------------


def test_a_file_suspends_at_once_and_tells_row_by_row(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "300")
    content = (
        b"customer;reason;until;lift\nrossi;insolvency notice;2026-03-05;\nNOBODY;x;;\nBIANCHI;;;\nNERI;fine;;yes\n"
    )

    told = take_in(content, source="Bureau")

    assert told == [
        ("ROSSI", "suspended", ""),
        ("NOBODY", "refused", "There is no customer “NOBODY”."),
        ("BIANCHI", "refused", "Missing: Reason."),
        ("NERI", "there already", "Credit is not suspended."),
    ]
    change = SuspensionChange.objects.get()
    assert (change.source, change.until, change.made_by, change.actor["channel"]) == (
        "Bureau",
        TODAY + 3 * DAY,
        None,
        "flags",
    )
    assert "by Bureau: insolvency notice" in Alert.objects.get(code="suspended").sentence
    assert gate.submit(order, "pick", by=cast.sara, now=NOW).outcome.reasons == ("suspended",)


def test_the_same_file_twice_does_nothing_twice_and_a_cleared_flag_lifts(cast: Cast) -> None:
    take_in(b"customer,reason\nROSSI,fraud\n")

    again = take_in(b"customer,reason\nROSSI,fraud\n")
    cleared = take_in(b"customer,reason,cleared\nROSSI,mistaken identity,yes\n")

    assert [outcome for _code, outcome, _why in again] == ["there already"]
    assert [outcome for _code, outcome, _why in cleared] == ["lifted"]
    assert not CreditAccount.objects.get(customer=cast.rossi).suspended


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"customer,amount\nROSSI,1\n", "no column for: Reason"),
        (b"customer,reason,until\nROSSI,x,03/04/2026\n", "two ways"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_does_nothing(cast: Cast, content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        take_in(content)


def test_the_command_carries_out_what_it_can_and_fails_for_the_rest(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cerved.csv"
    file.write_text("customer,reason\nROSSI,protest of a bill\nNOBODY,x\n")

    with pytest.raises(CommandError, match="1 of 2 rows were refused"):
        call_command("flag_customers", str(file))

    assert "row 2, ROSSI: suspended" in capsys.readouterr().out
    assert SuspensionChange.objects.get().source == "cerved"


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_list_says_since_until_why_by_whom_and_what_is_open(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "300")
    stopping.suspend(cast.rossi, reason="bureau", source="Cerved", until=TODAY + DAY, by=cast.carla, now=NOW)
    cast.neri.account_status = AccountStatus.objects.create(code="SLOW", stops=Stops.INVOICE)
    cast.neri.save()
    stopping.stop(
        cast.bianchi, orders=True, deliveries=False, valid_from=TODAY + DAY, note="fair", by=cast.dario, now=NOW
    )

    rows = {row.customer.code: row for row in stop_queries.stopped(cast.guido.user, today=TODAY)}

    rossi = rows["ROSSI"]
    assert (rossi.what, rossi.since, rossi.until, rossi.why, rossi.by) == (
        "suspended", NOW, TODAY + DAY, "bureau", "carla, Cerved"
    )  # fmt: skip
    assert (rossi.documents, rossi.sums) == (1, (("EUR", Decimal(300)),))
    assert (rows["NERI"].what, rows["NERI"].orders, rows["NERI"].deliveries) == ("status", False, True)
    assert (rows["BIANCHI"].to_come, rows["BIANCHI"].since) == (True, TODAY + DAY)
    assert rows["VERDI"].what == "stop"


def test_what_is_over_is_not_on_the_list_and_others_customers_are_not(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="bureau", until=TODAY, by=cast.carla, now=NOW)

    listed = [row.customer.code for row in stop_queries.stopped(cast.guido.user, today=TODAY + DAY, what="suspended")]

    assert listed == []


def test_since_is_when_it_began_though_its_last_day_was_changed(cast: Cast) -> None:
    stopping.suspend(cast.rossi, reason="a", by=cast.carla, now=after(-9))
    stopping.lift(cast.rossi, reason="b", by=cast.carla, now=after(-8))
    stopping.suspend(cast.rossi, reason="c", until=TODAY + DAY, by=cast.carla, now=after(-5))
    stopping.suspend(cast.rossi, reason="d", by=cast.dario, now=after(-1))

    (row,) = stop_queries.stopped(cast.guido.user, today=TODAY, what="suspended")

    assert (row.since, row.until, row.why, row.by) == (after(-5), None, "d", "dario")


def test_the_page_lists_and_takes_flags_in(cast: Cast) -> None:
    carla: Client = as_user(cast.carla.user)
    file = SimpleUploadedFile("f.csv", b"customer,reason\nROSSI,fraud\nNOBODY,x\n")

    page = words(carla.post(reverse("stopped_flags"), {"file": file, "source": "Bureau", "encoding": "utf-8"}))
    bad = carla.post(reverse("stopped_flags"), {"encoding": "utf-8"})
    narrowed = words(carla.get(reverse("stopped"), {"what": "suspended", "q": "verdi"}))

    assert "ROSSI suspended" in page
    assert "There is no customer “NOBODY”" in page
    assert bad.status_code == 422
    assert "Nobody is stopped." in narrowed


def test_a_long_list_costs_no_more_queries(cast: Cast) -> None:
    guido = as_user(cast.guido.user)
    few = queries_of(guido, reverse("stopped"))
    for n in range(5):
        stopping.suspend(cast.customer(f"C{n}", "1"), reason="x", by=cast.carla, now=NOW)

    assert queries_of(guido, reverse("stopped")) <= few + 1


def test_a_suspension_with_a_last_day_from_the_page(cast: Cast) -> None:
    carla, today = as_user(cast.carla.user), business_day(timezone.now())
    data = {"reason": "bureau", "until": str(today + DAY), "source": "Cerved"}

    carla.post(reverse("suspend", args=["ROSSI"]), data)
    past = carla.post(reverse("suspend", args=["ROSSI"]), data | {"until": str(today - DAY)})
    page = words(carla.get(reverse("stops", args=["ROSSI"])))

    assert past.status_code == 422
    assert "flag from Cerved" in page
    assert "Change the last day" in page
