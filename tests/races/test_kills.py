"""Web, worker, beat, broker and database are killed while people work: what was confirmed to them is there, nothing is half done.

The parts are those of `make demo`, on servers that keep what they were told. Then days that are bad in other ways.
"""

import base64
import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from redis import Redis

from approvals import alerts, booking
from approvals.alert_kinds import Way
from approvals.models import Alert, Hold, HoldChange, Release
from creditrisk.audit import sealing, verifying
from creditrisk.clock import business_day
from creditrisk.decisions.models import Decision
from creditrisk.exposure import ledger
from creditrisk.notices import sending
from creditrisk.notices.models import NewAlert, Notice, NoticeLine
from creditrisk.running.models import Heartbeat, SetAside
from customers.models import Customer, Limit, SharedLimit
from documents.models import Document, Line
from ledger.models import OpenItem
from tests.cast import assemble
from tests.races.clicking import Clicking, words
from tests.races.installation import PARTS, Installation
from tests.sink import Sink

SECONDS = float(os.environ.get("RACE_SECONDS") or 0)
SEED = os.environ.get("RACE_SEED") or str(random.randrange(10**6))
PEOPLE = 4
ACTS = ("order", "amendment", "delivery", "payment", "release", "limit")

pytestmark = pytest.mark.django_db(transaction=True)

# What may not be there, whatever died when: each finds a thing done in part.
HALF_DONE = {
    "a confirmed order that nobody decided about": """
        SELECT d.id FROM documents_document d WHERE d.kind = 'ORDER' AND d.state <> 'DRAFT' AND d.state <> 'CANCELLED'
        AND NOT EXISTS (SELECT FROM decisions_decision x WHERE x.document_id = d.id AND x.step = 'confirm')""",
    "a held decision without its hold": """
        SELECT x.id FROM decisions_decision x WHERE x.verdict = 'held'
        AND NOT EXISTS (SELECT FROM approvals_holdreview r JOIN approvals_hold h ON h.id = r.hold_id
                        WHERE r.decision_id = x.id AND h.document_id = x.document_id)""",
    "an open hold of a document that went on": """
        SELECT h.id FROM approvals_hold h JOIN documents_document d ON d.id = h.document_id
        WHERE h.open AND h.step = 'confirm' AND d.state <> 'DRAFT'""",
    "a hold that is closed without a closing, or open with one": """
        SELECT h.id FROM approvals_hold h LEFT JOIN approvals_holdclosing c ON c.hold_id = h.id WHERE h.open = (c.id IS NOT NULL)""",
    "a release of a hold that is open": """
        SELECT r.id FROM approvals_release r JOIN approvals_hold h ON h.id = r.hold_id WHERE h.open""",
    "an item of which more or less is open than was not settled": """
        SELECT i.id FROM ledger_openitem i WHERE i.kind IN ('INVOICE', 'PAYMENT') AND i.amount - i.open_amount <>
        (SELECT coalesce(sum(CASE WHEN a.credit_id = i.id THEN -a.amount ELSE a.amount END), 0)
         FROM ledger_allocation a WHERE i.id IN (a.credit_id, a.debit_id))""",
}


class House(Installation):
    """An installation with people, of whom every one has an address, and customers near their limits."""

    def __init__(self, home: Path) -> None:
        self.sink = Sink().up()
        super().__init__(home, mail=self.sink.address)
        self.today = business_day(timezone.now())
        with self.database():
            self.codes = self._furnish()

    def _furnish(self) -> list[str]:
        cast, now = assemble(), timezone.now()
        for user in User.objects.all():
            User.objects.filter(pk=user.pk).update(email=f"{user.username}@main.example")
        codes = [f"LOAD{n}" for n in range(12)]
        for code in codes:
            made = cast.customer(code, "1000", day=self.today)
            booking.item(
                customer=made, amount=Decimal(300), due=self.today + timedelta(days=10), reference=code,
                by=cast.carla, now=now,
            )  # fmt: skip
        for number in range(2):  # Six stand alone.
            shared = SharedLimit.objects.create(code=f"TOGETHER{number}", currency="EUR")
            shared.members.set(Customer.objects.filter(code__in=codes[3 * number : 3 * number + 3]))
            booking.grant_limit(shared=shared, amount=Decimal(2000), valid_from=self.today, by=cast.dario, now=now)
        return codes

    def raise_alerts(self, many: int) -> None:
        """Write alerts that several people hear of, and have the worker begin with them."""
        values = {"effect": "E1", "customer": "Rossi", "amount": {"amount": "100", "currency": "EUR"}}
        with self.database():
            rossi = Customer.objects.get(code="ROSSI")
            with transaction.atomic():
                alerts.write(
                    [("effect_unpaid", values)] * many, customer_id=rossi.pk, day=self.today, now=timezone.now()
                )
        self.ask("creditrisk.notices.tasks.send")

    def person(self, seed: str) -> Clicking:
        """Return somebody at a desk, with the browsers of four people."""
        with self.database():
            users = User.objects.filter(username__in=["sara", "carla", "dario", "fiona"])
            browsers = {user.username: self.session(user) for user in users}
        return Clicking(self.address, browsers, self.codes, today=self.today, seed=seed)

    def end(self) -> None:
        super().end()
        self.sink.down()


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[House]:
    """One for all days: web, worker and beat run, and whoever stops one starts it again."""
    with django_db_blocker.unblock():
        made = House(tmp_path_factory.mktemp("house"))
    for part in ("worker", "beat", "web"):
        made.start(part)
    yield made
    made.end()


def lost(done: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return what was confirmed to a person and is not there."""
    orders = set(Decision.objects.filter(step="confirm").values_list("document_id", "document_amount"))
    payments = dict(OpenItem.objects.filter(kind="PAYMENT").values_list("reference", "amount"))
    released = set(Release.objects.values_list("hold_id", flat=True))
    granted = set(Limit.objects.values_list("customer__code", "amount"))
    notes = dict(Document.objects.filter(kind="ORDER").values_list("pk", "note"))
    held = set(Hold.objects.values_list("document_id", "payload__note"))
    held |= set(HoldChange.objects.values_list("hold__document_id", "was__payload__note"))
    went = set(
        Line.objects.filter(document__kind="DELIVERY", document__state="DELIVERED").values_list(
            "document_id", "source__document_id"
        )
    )
    waits = set(Hold.objects.filter(step="deliver").values_list("document_id", "document__lines__source__document_id"))
    there = {
        "order": lambda pk, price: (pk, price) in orders,
        "amendment": lambda pk, note: (
            (pk, note) in held or notes[pk] == note or revision_of(notes[pk]) > revision_of(note)
        ),
        "delivery": lambda pk, order: (pk, order) in went | waits,
        "payment": lambda reference, amount: payments.get(reference) == -amount,
        "release": lambda pk: pk in released,
        "limit": lambda code, amount: (code, amount) in granted,
    }
    return [what for what in done if not there[what[0]](*what[1:])]


def revision_of(note: str) -> int:
    """Return the revision that an amendment was of; its note says so. One of a later revision took its place."""
    return int(note.split()[0]) if note else 0


def half_done() -> list[tuple[str, int]]:
    found = []
    with connection.cursor() as cursor:
        for what, statement in HALF_DONE.items():
            cursor.execute(statement)
            found += [(what, row[0]) for row in cursor.fetchall()]
    return found


def let_everything_be_sent(house: Installation) -> None:
    """The leases and pauses of what the killed had begun pass; the worker does the rest."""
    deadline = time.monotonic() + 60 + SECONDS
    while NewAlert.objects.exists() or Notice.objects.exclude(state="SENT").exists():
        assert time.monotonic() < deadline, Counter(Notice.objects.values_list("state", "error"))
        Notice.objects.filter(state="SENDING").update(claimed_at=timezone.now() - 2 * sending.LEASE)
        Notice.objects.filter(state="WAITING").update(due_at=timezone.now() - timedelta(seconds=1))
        house.ask("creditrisk.notices.tasks.send")
        time.sleep(1)


def unheard(house: House, written: list[Alert]) -> list[tuple[str, str]]:
    """Return which alerts did not arrive at whom, though the person is to hear of them by mail or in a digest."""
    arrived = {(mail["Message-ID"], parseaddr(mail["To"])[1]) for mail in house.sink.mails}
    told = {
        (alert, email)
        for alert, email, key in NoticeLine.objects.values_list("alert_id", "user__email", "notice__key")
        if (f"<{key}@localhost>", email) in arrived
    }
    return [
        (str(alert), user.email)
        for user in User.objects.exclude(email="")
        for alert in alerts.concerning(user, ways=[Way.MAIL, Way.DIGEST]).filter(pk__in=[a.pk for a in written])
        if (alert.pk, user.email) not in told
    ]


def sound() -> None:
    """Everything is whole: nothing done in part, the ledger as the formula says, the trail unbroken."""
    assert half_done() == [], f"seed {SEED}"
    assert ledger.audit().total == 0
    while sealing.seal(now=timezone.now()):
        pass
    assert verifying.verify().first is None


def test_nothing_is_lost_whoever_dies(house: House, ends: Counter[str]) -> None:
    chance = random.Random(SEED)
    people = [house.person(f"{SEED}/{number}") for number in range(PEOPLE)]

    def confirmed() -> int:
        return sum(len(person.done) for person in people)

    def work_goes_on(most: int) -> None:
        wanted = confirmed() + chance.randint(1, most)
        house.until(lambda: confirmed() >= wanted, "people get something done", 60)

    for person in people:
        person.start()
    until, kills = time.monotonic() + SECONDS, Counter[str]()
    while not kills or time.monotonic() < until:
        for part in chance.sample(PARTS, len(PARTS)):
            work_goes_on(8)
            house.raise_alerts(4)
            house.kill(part)
            time.sleep(chance.uniform(0, 0.5))
            house.start(part)
            kills[part] += 1
    work_goes_on(3)
    house.until(lambda: {what[0] for p in people for what in p.done} >= {*ACTS}, "each kind of act is confirmed", 60)
    for person in people:
        person.over.set()
    for person in people:
        person.join(60)
    house.until(lambda: house.ready()["status"] != "not ready", "it is ready again")

    with house.database():
        written = list(Alert.objects.all())
        let_everything_be_sent(house)
        assert [fault for person in people for fault in person.faults] == [], f"seed {SEED}"
        assert lost([what for person in people for what in person.done]) == [], f"seed {SEED}"
        sound()
        assert unheard(house, written) == [], f"seed {SEED}"
        keys = {f"<{key}@localhost>" for key in Notice.objects.values_list("key", flat=True)}
        assert keys - set(house.sink.counted) == set(), "told as sent, and never arrived"
        ends["alerts, each arrived at everybody whom it concerns"] += len(written)
        ends["mails of alerts, each arrived"] += len(keys)
    for person in people:
        ends.update(person.ends)
    ends.update({f"killed: {part}": times for part, times in kills.items()})


# -- bad days --------------------------------------------------------------------------------------------------------


def part(house: House, name: str) -> str:
    return str(house.ready()["parts"].get(name, {}).get("status"))


def test_a_database_that_is_away_is_told_and_found_again(house: House) -> None:
    sara = house.person("away")
    browser = sara.people["sara"]
    browser.get(house.address + "/")

    house.kill("postgres")
    house.until(lambda: house.get("/ready/").status_code == 503, "it says that nobody can work")
    seen = browser.get(house.address + "/orders/", headers={"Accept-Language": "it"}, timeout=30)
    sent = browser.post(house.address + "/orders/new/", {"token": "x"}, timeout=30, allow_redirects=False)

    assert (seen.status_code, sent.status_code) == (503, 503)
    assert "In questo momento il database non risponde" in words(seen)
    assert 'http-equiv="refresh"' in seen.text and seen.headers["Retry-After"]
    assert "look at the document before you repeat it" in words(sent) and "refresh" not in sent.text
    assert house.get("/health/").status_code == 200
    assert house.ready()["parts"]["database"] == {"status": "down", "says": "It does not answer."}

    house.start("postgres")
    house.until(lambda: browser.get(house.address + "/orders/").status_code == 200, "pages are back by themselves", 15)
    house.until(lambda: house.get("/ready/").status_code == 200, "it is ready again", 15)


def test_without_a_broker_at_the_start_people_work_and_poison_on_the_queue_stops_nobody(house: House) -> None:
    for name in ("redis", "web", "worker", "beat"):
        house.kill(name)
    for name in ("worker", "beat", "web"):
        house.start(name)
    person = house.person("without")

    while not person.done:
        person.order()

    assert person.faults == []
    assert house.get("/login/").status_code == 200
    assert house.ready()["status"] == "degraded"
    assert house.ready()["parts"]["broker"]["says"].startswith("It does not answer.")

    at = timezone.now()
    house.start("redis")
    poison(house)
    house.until(lambda: part(house, "broker") == "ok", "the broker is found")
    house.until(lambda: works_on(house, since=at), "the worker finds it too, and works on behind the poison", 60)
    with house.database():
        house.until(lambda: SetAside.objects.count() >= 5, "what was set aside is told")
        told = {(row.task, row.error) for row in SetAside.objects.all()}
    assert told == {
        ("", "DecodeError"), ("", "JSONDecodeError"), ("", "UnknownMessage"),
        ("approvals.tasks.no_such_task", "NotRegistered"), ("approvals.tasks.recompute_exposure", "DataError"),
    }, told  # fmt: skip
    assert part(house, "set_aside") == "degraded"


def works_on(house: House, *, since: datetime) -> bool:
    """Whether the worker does what it is asked."""
    house.ask("creditrisk.running.tasks.pulse")
    with house.database():
        return Heartbeat.objects.filter(part="worker", at__gt=since).exists()


def poison(house: House) -> None:
    """Put on the queue: what cannot be decoded, what is not Celery's, what is no task, what always fails, what is no message."""
    with house.database():
        SetAside.objects.all().delete()
    with Redis.from_url(house.servers.urls()["REDIS_URL"]) as broker:
        house.ask("approvals.tasks.no_such_task", queue="elsewhere")
        envelope = json.loads(broker.lpop("elsewhere"))
        unreadable = {**envelope, "headers": {}, "body": base64.b64encode(b"\x80not json").decode()}
        foreign = {**envelope, "headers": {}, "body": base64.b64encode(b"[1]").decode()}
        failing = {
            **envelope,
            "headers": {**envelope["headers"], "task": "approvals.tasks.recompute_exposure", "id": "f"},
        }
        failing["body"] = base64.b64encode(json.dumps([[], {"customer_id": "nobody"}, {}]).encode()).decode()
        for message in (unreadable, foreign, envelope, failing):
            broker.lpush("celery", json.dumps(message))
        broker.lpush("celery", "no envelope at all")


def test_a_full_disk_is_told_and_nothing_is_done_in_part(house: House) -> None:
    volume = house.home / "small"
    volume.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "none", str(volume)], capture_output=True
    ).returncode:
        pytest.skip("No right to mount a small file system here, so a full one cannot be shown.")
    owner = str(house.servers.urls()["DATABASE_OWNER_URL"]).replace("creditrisk_owner@", "postgres@")
    try:
        person = house.person("full")
        with psycopg.connect(owner, autocommit=True) as asked:
            try:
                asked.execute(f"CREATE TABLESPACE small LOCATION '{volume}'")
            except psycopg.Error as error:
                pytest.skip(f"The server may not write on a volume of ours: {error}")
            asked.execute("ALTER TABLE decisions_decision SET TABLESPACE small")
            asked.execute("CREATE TABLE filler (t text) TABLESPACE small")
            with pytest.raises(psycopg.errors.DiskFull):
                for _time in range(10000):
                    asked.execute("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 100)")
            full = house.until(person.refused, "there is no room for an order")

            assert "The database has no room left" in full
            assert person.people["sara"].get(house.address + "/orders/").status_code == 200
            asked.execute("DROP TABLE filler")
            asked.execute("CHECKPOINT")  # Gives the room back.
            done = len(person.done)
            house.until(lambda: person.order() or len(person.done) > done, "orders are taken again")
            asked.execute("ALTER TABLE decisions_decision SET TABLESPACE pg_default")
            asked.execute("DROP TABLESPACE small")
        with house.database():
            assert lost(person.done) == []
            assert person.faults == []
            sound()
    finally:
        subprocess.run(["umount", "-l", str(volume)], check=False)
