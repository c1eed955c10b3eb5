"""The demo company: made once, alive, and right to the cent."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models.functions import Floor

from approvals.models import Alert, Hold, Release
from creditrisk.decisions.models import Decision
from creditrisk.demo.people import PEOPLE
from creditrisk.exposure import ledger as exposure
from creditrisk.notices.models import Notice
from customers.models import Customer, CustomerBlock
from documents.models import Document, Line
from ledger.bank.matching import SURE
from ledger.bank.models import Entry, Statement
from ledger.models import Effect, OpenItem

pytestmark = [pytest.mark.django_db, pytest.mark.one_transaction]


def test_it_is_made_once_alive_and_right_to_the_cent() -> None:
    said = StringIO()
    call_command("demo", stdout=said)

    assert exposure.audit().total == 0
    assert Customer.objects.count() == 300
    assert Customer.objects.values("segment", "country").distinct().count() == 6
    assert Document.objects.filter(kind="ORDER").count() > 4000
    assert Hold.objects.filter(open=True).count() >= 20
    reasons = {r for found in Decision.objects.values_list("reasons", flat=True) for r in found}
    assert {"over_limit", "days_overdue", "customer_blocked", "limit_expired", "awaiting_payment"} <= reasons
    assert Release.objects.count() > 100
    assert {"held", "released", "overdue"} <= set(Alert.objects.values_list("code", flat=True))
    sent = set(Notice.objects.values_list("channel", "state"))
    assert {("MAIL", "SENT"), ("DIGEST", "SENT"), ("DIGEST", "WAITING"), ("WEBHOOK", "DEAD")} <= sent
    assert Alert.objects.filter(code="channel_failed").count() == 1
    assert {"ISSUED", "PRESENTED", "COLLECTED", "UNPAID"} <= set(Effect.objects.values_list("state", flat=True))
    assert OpenItem.objects.filter(disputed=True).exists()
    assert Document.objects.filter(state="PART_DELIVERED").exists()
    assert not Line.objects.exclude(quantity=Floor("quantity")).exists()
    assert Statement.objects.count() == 5
    assert set(Entry.objects.values_list("state", flat=True)) == {"OPEN", "BOOKED", "LEFT"}
    assert Entry.objects.filter(state="OPEN", confidence__gte=SURE).count() >= 4
    assert Entry.objects.filter(state="OPEN", customer__isnull=True, amount__gt=0).exists()
    assert CustomerBlock.objects.exists()
    for login, _first, _last, role, _up_to in PEOPLE:
        user = authenticate(username=login, password="demo")
        assert user is not None
        assert [group.name for group in user.groups.all()] == [role]
        assert login in said.getvalue()

    documents = Document.objects.count()
    again = StringIO()
    call_command("demo", stdout=again)
    assert "nothing was changed" in again.getvalue()
    assert Document.objects.count() == documents


def test_everything_is_deleted_only_by_those_who_say_yes() -> None:
    with pytest.raises(CommandError, match="Say --reset --yes if that is meant"):
        call_command("demo", reset=True)
