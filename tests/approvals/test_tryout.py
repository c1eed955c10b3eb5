"""Trying a policy on past decisions: what it finds, what it leaves alone, and how it is worked off."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from approvals import booking, gate, tryout
from approvals.tryout import ATTEMPTS
from creditrisk.decisions import tryouts as tried
from creditrisk.decisions.models import Decision, TryOut, TryOutPart
from creditrisk.policy import compile as policies
from creditrisk.refusal import Refused
from customers.models import Company, CompanyAccess
from documents.drafts import NewDocument
from ledger.models import ExchangeRate
from tests.cast import NOW, TODAY, Cast, after, policy

pytestmark = pytest.mark.django_db

STRICTER = [{"rule": "limit_used", "percent": 90}]


def start(cast: Cast, content: Any = None, **days: Any) -> TryOut:
    values = {"since": TODAY, "until": TODAY, **days}
    return tryout.start(content or policies.draft(), label="Stricter", by=cast.ada, now=NOW, **values)


def done(made: TryOut) -> TryOut:
    while tryout.work(now=NOW):
        pass
    return made


def found(made: TryOut) -> list[tuple[Any, ...]]:
    rows = made.changes.order_by("pk")
    return [(c.decision.document.total, c.direction, c.was, c.would, c.gained, c.lost) for c in rows]


def test_it_shows_what_would_be_held_instead_and_what_no_longer(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "100")
    cast.confirmed(cast.bianchi, "950")
    gate.submit(cast.order(cast.neri, "2500"), "confirm", by=cast.sara, now=NOW)
    policy(rules=[{"rule": "limit_used", "percent": 90, "risk_class": None}, {"rule": "order_amount", "amount": 2000, "currency": "EUR", "kind": "EXCLUDE", "release_order": True}, {"rule": "order_amount", "amount": 90, "currency": "EUR", "action": "WARN"}])  # fmt: skip
    content = policies.draft()
    content["rules"] = [r for r in content["rules"] if not r["release_order"]]
    content["rules"].append({**content["rules"][0], "kind": "exclude", "rule": "order_amount", "release_order": True, "values": {"amount": "5000", "currency": "EUR"}, "scope": "customer", "scope_code": "NERI"})  # fmt: skip

    made = done(start(cast, content))

    assert found(made) == [
        (D(100), "WARNED", "passed", "warned", ["order_amount"], []),
        (D(950), "HELD", "passed", "held", ["limit_used"], []),
        (D(2500), "FREED", "held", "passed", [], ["over_limit"]),
    ]


def test_a_rule_that_warned_and_would_hold_is_named(cast: Cast) -> None:
    policy(rules=[{**STRICTER[0], "action": "WARN"}])
    cast.confirmed(cast.bianchi, "950")
    content = policies.draft()
    content["rules"][0]["action"] = "HOLD"

    assert found(done(start(cast, content))) == [(D(950), "HELD", "warned", "held", ["limit_used"], [])]


def test_only_the_days_asked_for_are_looked_at(cast: Cast) -> None:
    cast.confirmed(cast.bianchi, "950")
    cast.confirmed(cast.rossi, "9500", now=after(1))
    policy(rules=STRICTER)

    first, both = done(start(cast)), done(start(cast, until=after(1).date()))

    assert (first.decisions, len(found(first))) == (1, 1)
    assert (both.decisions, len(found(both))) == (2, 2)
    with pytest.raises(Refused, match="lies before"):
        start(cast, since=after(1).date())


def test_nothing_but_its_own_rows_is_written(cast: Cast) -> None:
    gate.submit(cast.order(cast.bianchi, "1500"), "confirm", by=cast.sara, now=NOW)
    cast.item(cast.rossi, "100", due=after(-9).date())
    cast.confirmed(cast.rossi, "9900")
    policy(rules=[*STRICTER, {"rule": "unpaid_effects", "count": 1, "days": 30}], overdue_grace_days=3)
    content = policies.draft()

    before = everything()
    done(start(cast, content))

    assert everything() == before


def everything() -> dict[str, list[Any]]:
    tables = [m._meta.db_table for m in apps.get_models() if not m._meta.proxy and "tryout" not in m._meta.db_table]
    with connection.cursor() as cursor:
        state = {}
        for table in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            state[table] = cursor.fetchall()
        return state


def test_parts_are_claimed_one_by_one_and_none_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryout, "PART", 2)
    for n in range(5):
        cast.confirmed(cast.rossi, str(100 + n))
    policy(rules=[{"rule": "order_amount", "amount": 1, "currency": "EUR"}])

    made = start(cast)
    sizes = [len(p.decision_ids) for p in made.parts.order_by("pk")]
    halfway = tryout.work(now=NOW) and tried.progress(made, attempts=ATTEMPTS)

    assert sizes == [2, 2, 1]
    assert (halfway.looked_at, halfway.percent, halfway.is_running) == (2, 40, True)
    assert len(found(done(made))) == 5
    assert tried.progress(made, attempts=ATTEMPTS).percent == 100
    assert tryout.work(now=NOW) is False


def test_a_part_that_fails_is_tried_again_then_given_up_and_told(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "100")
    made = start(cast)
    made.parts.update(decision_ids=[Decision.objects.get().pk])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("UPDATE decisions_decision SET facts = facts - 'slots'")
        cursor.execute("SET LOCAL ROLE creditrisk_app")

    done(made)

    part = TryOutPart.objects.get()
    progress = tried.progress(made, attempts=ATTEMPTS)
    assert (part.attempts, part.done_at) == (ATTEMPTS, None)
    assert (progress.failed, progress.is_running, progress.error) == (1, False, "KeyError: 'slots'")


def test_work_that_nobody_does_is_noticed(cast: Cast) -> None:
    cast.confirmed(cast.rossi, "100")

    assert not tryout.stalled(now=NOW)
    made = start(cast)
    assert not tryout.stalled(now=NOW)
    assert tryout.stalled(now=NOW + timedelta(seconds=61))
    assert tryout.stalled(now=NOW - timedelta(hours=1))  # The clock was set back since.
    assert tried.waits_for_worker(made, tried.progress(made, attempts=ATTEMPTS), now=NOW + timedelta(seconds=16))
    done(made)
    assert not tryout.stalled(now=NOW + timedelta(seconds=61))


def test_documents_that_nobody_looked_at_are_counted(cast: Cast) -> None:
    order = cast.confirmed(cast.rossi, "100")
    cast.order(cast.rossi, "50")
    note = gate.submit(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by=cast.sara, now=NOW).document
    gate.submit(NewDocument(kind="INVOICE", sources=(note,)), "invoice", by=cast.sara, now=NOW)
    policy(checkpoints={"entry": {"on": True}, "invoice": {"on": True}, "delivery": {"on": False}})

    made = done(start(cast))

    assert made.unseen == {"entry": 2, "invoice": 1}
    assert tried.progress(made, attempts=ATTEMPTS).unasked == 1  # the delivery


def test_an_invoice_with_nothing_behind_it_is_looked_at_where_deliveries_or_invoices_are(cast: Cast) -> None:
    gate.submit(NewDocument(kind="INVOICE", customer=cast.bianchi, amount=D(950)), "invoice", by=cast.sara, now=NOW)
    policy(rules=STRICTER, checkpoints={"invoice": {"on": True}, "delivery": {"on": False}})

    made = done(start(cast))

    assert made.unseen == {}
    assert found(made) == [(D(950), "HELD", "passed", "held", ["limit_used"], [])]


def test_sums_are_by_currency_rule_band_and_customer(cast: Cast) -> None:
    ExchangeRate.objects.create(source="USD", target="EUR", rate=D("0.5"), day=TODAY)
    cast.confirmed(cast.rossi, "9400", currency="USD")
    cast.confirmed(cast.rossi, "5000")
    cast.confirmed(cast.bianchi, "900")
    gate.submit(cast.order(cast.neri, "3000"), "confirm", by=cast.sara, now=NOW)
    booking.grant_limit(customer=cast.neri, amount=D(9000), valid_from=TODAY, by=cast.dario, now=NOW)
    policy(rules=[{"rule": "limit_used", "percent": 90}, {"rule": "order_amount", "amount": 800, "currency": "EUR"}])

    picture = tried.pictures(done(start(cast)))[0]

    assert picture.currency == "EUR"
    assert (picture.whole.held.count, picture.whole.held.amount) == (3, D(10600))
    assert [(p.name, p.held.count, p.held.amount) for p in picture.rules.rows] == [
        ("order_amount", 3, D(10600)),
        ("limit_used", 2, D(5900)),
    ]
    assert [p.held.count for p in picture.bands.rows] == [1, 1, 1, 0, 0]
    assert [(p.name, p.held.amount) for p in picture.customers.rows] == [("Rossi", D(9700)), ("Bianchi", D(900))]


def test_a_reader_sees_the_changes_of_its_companies_and_the_sums_of_all(cast: Cast) -> None:
    cast.confirmed(cast.bianchi, "950")
    policy(rules=STRICTER)
    made = done(start(cast))
    other = Company.objects.create(code="OTHER", name="Other", currency="EUR")
    CompanyAccess.objects.create(user=cast.guido.user, company=other)

    assert tried.changes(made, cast.dario.user).count() == 1
    assert tried.changes(made, cast.guido.user).count() == 0
    assert tried.counts(made)["HELD"] == 1
