"""What each kind of row says in one sentence."""

import re
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.contrib.auth.models import Group

from approvals import attachments, booking, gate, hold_events, journals, limit_requests, stopping, substituting
from approvals.journals import NewLine
from approvals.models import ApprovalLevel, Hold
from creditrisk.audit import sealing
from creditrisk.audit.models import SealedRow
from creditrisk.audit.sources import SOURCES
from creditrisk.contacts import writing as notes
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Parameters
from creditrisk.quality import merging
from documents.drafts import Changes
from ledger.models import BankAccount, CreditLine
from tests.cast import NOW, TODAY, Cast, after

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(cast: Cast) -> dict[str, list[str]]:
    """Everything that the trail tells of happened once; what was said of it, by table."""
    order = cast.order(cast.bianchi, "1500")
    gate.submit(order, "confirm", by=cast.sara, now=NOW)
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(1600)))
    gate.submit(order, "amend", by=cast.sara, now=NOW, changes=Changes(amount=D(1500)))
    hold = Hold.objects.get()
    hold_events.take(hold, by=cast.carla, now=NOW)
    proof = attachments.checked("plan.txt", b"paid on Friday")
    attachments.comment(hold, [proof], by=cast.carla, now=NOW, note="see the plan")
    gate.release(hold, by=cast.dario, now=NOW, reason="good payer")
    ApprovalLevel.objects.create(position=1, group=Group.objects.get(name="credit_manager"))
    wanted = limit_requests.Asked(amount=D(20000), reason="growing")
    request = limit_requests.ask(cast.rossi, wanted, by=cast.sara, now=NOW)
    limit_requests.approve(request, by=cast.dario, now=NOW)
    journal = journals.prepare("yearly review", company=None, by=cast.carla, now=NOW)
    journals.add(journal, [NewLine(cast.neri, D(2500), "HAND")], by=cast.carla, now=NOW)
    journals.send(journal, by=cast.carla, now=NOW)
    stopping.suspend(
        cast.rossi, reason="fraud", until=TODAY + timedelta(days=9), source="Bureau", by=cast.dario, now=NOW
    )
    stopped = stopping.stop(
        cast.rossi, orders=True, deliveries=True, valid_from=TODAY, note="no answer", by=cast.dario, now=NOW
    )
    stopping.end(stopped, note="answered", by=cast.dario, now=NOW)
    absence = substituting.stand_in(
        substitute=cast.fiona.user, valid_from=TODAY, valid_to=after(5).date(), by=cast.dario, now=NOW
    )
    substituting.end(absence, by=cast.dario, now=NOW)
    Parameters.objects.update(overdue_grace_days=7)
    policies.save_version(now=NOW, by=cast.ada.user, note="a week of grace")
    booking.dispute(cast.item(cast.rossi, "300", due=TODAY), disputed=True, reason="broken", by=cast.carla, now=NOW)
    bank = BankAccount.objects.create(company=cast.company, code="B1", name="Adriatica", currency="EUR")
    CreditLine.objects.create(account=bank, amount=5000, valid_from=TODAY, agreed_at=NOW, agreed_by=cast.fiona.user)
    notes.write(
        cast.rossi, text="will pay half", way="CALL", by=cast.carla, now=NOW, source_key="note:1",
        promised=D(500), promised_on=after(3).date(),
    )  # fmt: skip
    merging.merge(cast.customer("ROSSI2"), cast.rossi, reason="the same", by=cast.dario, now=NOW)
    sealing.seal(now=NOW)
    found: dict[str, list[str]] = {table: [] for table in SOURCES}
    for table, text in SealedRow.objects.order_by("position").values_list("table_name", "text"):
        found[table].append(re.sub(r"\b([RJ])\d+\b", r"\1#", text))
    return found


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("decisions_decision", "BIANCHI Bianchi: confirm of EUR 1,500.00 held: Over the credit limit"),
        ("approvals_holdreview", "confirm of EUR 1,500.00 held: Over the credit limit, over by EUR 500.00"),
        ("approvals_holdevent", "hold: taken"),
        ("approvals_holdevent", "hold: comment (see the plan)"),
        ("approvals_attachment", "file plan.txt of 14 bytes attached to the hold, SHA-256 "),
        ("approvals_holdchange", "BIANCHI Bianchi: hold changed: amount 1,500.00 → 1,600.00"),
        ("approvals_holdclosing", "hold released (good payer)"),
        ("approvals_release", "confirm of EUR 1,500.00 released up to EUR 1,500.00, "),
        ("approvals_requestevent", "ROSSI Rossi: request R# for EUR 20,000.00 asked (growing)"),
        ("approvals_requestevent", "ROSSI Rossi: request R# for EUR 20,000.00 took effect (growing)"),
        ("customers_limit", "ROSSI Rossi: base limit EUR 10,000.00 → EUR 20,000.00, from 2026-03-02 (R#: growing)"),
        ("approvals_journalevent", "journal J# of limits sent, 1 lines"),
        ("approvals_suspensionchange", "ROSSI Rossi: credit suspended until 2026-03-11, flagged by Bureau (fraud)"),
        ("customers_customerblock", "ROSSI Rossi: orders and deliveries stopped from 2026-03-02 (no answer)"),
        ("customers_customerblockend", "ROSSI Rossi: stop ended (answered)"),
        ("approvals_substitution", "fiona stands in for dario from 2026-03-02 to 2026-03-07"),
        ("approvals_substitutionend", "fiona no longer stands in for dario"),
        ("policy_policyversion", "put in force (a week of grace)"),
        ("ledger_itemmark", "ROSSI Rossi: item I1: disputed set (broken)"),
        ("ledger_creditline", "line of Adriatica (all) EUR 5,000.00 from 2026-03-02"),
        ("quality_merge", "ROSSI Rossi: ROSSI2 Rossi2 merged into this customer (the same)"),
        ("contacts_note", "ROSSI Rossi: noted: will pay half, promised EUR 500.00 by 2026-03-05"),
        ("audit_change", "parameters changed: grace before an item is overdue, days 0 → 7"),
        ("audit_change", "role of a person added: user carla, group credit_clerk"),
    ],
)
def test_a_row_says_what_happened(told: dict[str, list[str]], table: str, sentence: str) -> None:
    assert any(sentence in text for text in told[table]), told[table]


def test_no_history_is_silent(told: dict[str, list[str]]) -> None:
    assert [table for table, texts in told.items() if not texts] == []
