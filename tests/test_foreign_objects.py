"""What a body names may be another company's: a customer in a form, ticked documents, an account, a row of a file.

Each line is sent twice: with what is of the reader's own company, which does something, and with what is another's,
which changes not one row of any table and names nobody.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals import booking, gate, journals, limit_requests
from approvals.journal_models import LineSource
from approvals.models import Hold
from creditrisk.clock import business_day
from customers.models import Company, CompanyAccess, CreditAccount, Customer, LimitKind
from documents import collective
from documents.drafts import NewDocument
from documents.intake import receiving
from ledger import portfolio
from ledger.bank import settling
from ledger.bank.models import CollectingAccount
from ledger.models import BankAccount, OpenItem
from tests.cast import Cast
from tests.documents.test_intake import ubl
from tests.documents.test_views import typed
from tests.ledger.test_bank import entry, statement
from tests.ledger.test_riba import answered, flow, receipt
from tests.pages import as_user, words

# What every request leaves behind, and what is only remembered.
PASSING = {"django_session", "signin_remembered", "signin_attempt"}
TOTAL_GONE = "Stranger"


@dataclass
class Held:
    """One company's customer, with one of everything that a form can name."""

    company: Company
    customer: Customer
    order: Any
    delivery: Any
    item: Any
    credit: Any
    paid: Any
    effect: Any
    sent: Any
    hold: Hold
    account: BankAccount
    collecting: CollectingAccount
    iban: str
    waiting: str
    person: User

    @property
    def code(self) -> str:
        return self.customer.code


def belongings(cast: Cast, company: Company, code: str, *, now: Any) -> Held:
    """Make a customer of a company, and one of everything that hangs on it."""
    today = business_day(now)
    customer = Customer.objects.create(
        code=code, name=code.title(), company=company, currency="EUR", terms=cast.terms, invoicing="WEEKLY"
    )
    CreditAccount.objects.create(customer=customer)
    booking.grant_limit(customer=customer, amount=Decimal(10_000), valid_from=today, by=cast.dario, now=now)
    order = cast.confirmed(customer, "300", now=now)
    delivery = gate.submit(
        NewDocument(kind="DELIVERY", sources=(cast.confirmed(customer, "200", now=now),)),
        "deliver",
        by=cast.sara,
        now=now,
    ).document
    item = cast.item(customer, "400", due=today, reference=f"{code}-1", now=now)
    paid = cast.item(customer, "90", due=today, reference=f"{code}-2", now=now)
    credit = booking.pay(
        customer=customer,
        amount=Decimal(150),
        reference="P",
        day=today,
        items=[(paid, Decimal(50))],
        by=cast.carla,
        now=now,
    )
    effect, sent = (
        booking.issue_effect(
            customer=customer, amount=Decimal(60), due=today, number=f"{code}-{n}",
            items=[cast.item(customer, "60", due=today, reference=f"{code}-E{n}", now=now)], by=cast.carla, now=now,
        )
        for n in (1, 2)
    )  # fmt: skip
    booking.present([sent], by=cast.carla, now=now)
    held = cast.order(customer, "99999", now=now)
    gate.submit(held, "confirm", by=cast.sara, now=now)
    account = BankAccount.objects.create(company=company, code=f"B-{code}", name="Bank", currency="EUR")
    collecting = CollectingAccount.objects.create(
        company=company, bank="B", sia="A1234", abi="05696", cab="11000", account="1", name="Main", tax_code="1"
    )
    iban = f"IT60X{'0' * 10}{len(code):012d}"
    settling.load(statement(entry("5.00", ref=f"{code}0"), iban=iban), "s.xml", company=company, by=cast.carla, now=now)
    waiting = next(w.key for w in collective.visible(cast.dario.user) if w.customer_code == code)
    person = User.objects.create(username=f"works-at-{company.code}", email=f"{company.code}@example.com")
    person.groups.add(Group.objects.get(name="credit_clerk"))
    CompanyAccess.objects.create(user=person, company=company)
    return Held(
        company, customer, order, delivery, item, credit, paid, effect, sent, Hold.objects.get(document=held), account,
        collecting, iban, waiting, person,
    )  # fmt: skip


def issuable(one: Held) -> str:
    """Return what names the effect that could be issued over its item."""
    return portfolio.proposals(OpenItem.objects.filter(pk=one.item.pk), grouped=False)[0].key


def token(**more: Any) -> dict[str, Any]:
    return {"token": uuid.uuid4().hex, **more}


def file(content: bytes, name: str = "f.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


type Body = Callable[[Held, Held], dict[str, Any]]
TODAY = business_day(timezone.now())
SOON = date.fromordinal(TODAY.toordinal() + 20).isoformat()


def _header(one: Held, own: Held) -> dict[str, Any]:
    return typed(customer=one.code)


# (door, person, what the body is made of: what it names, and what else is the reader's own)
LINES: dict[str, tuple[str, str, Body]] = {
    "order customer": ("order_new", "sara", _header),
    "order bill-to": ("order_new", "sara", lambda one, own: typed(customer=own.code, bill_to=one.code)),
    "order company": ("order_new", "sara", lambda one, own: typed(customer=own.code, company=one.company.code)),
    "delivery customer": ("delivery_new", "sara", _header),
    "invoice customer": ("invoice_new", "carla", _header),
    "delivery source": ("delivery_from", "sara", lambda one, own: token(source=one.order.pk, how="all")),
    "invoice source": ("invoice_from", "carla", lambda one, own: token(source=one.delivery.pk, how="all", issue="on")),
    "collective key": ("invoices_collective", "carla", lambda one, own: {"key": one.waiting}),
    "item customer": ("item_new", "carla", lambda one, own: token(
        customer=one.code, reference="N1", amount="5", kind="INVOICE", due=SOON, day=TODAY.isoformat())),
    "item company": ("item_new", "carla", lambda one, own: token(
        customer=own.code, company=one.company.code, reference="N2", amount="5", kind="INVOICE", due=SOON,
        day=TODAY.isoformat())),
    "payment customer": ("payment_new", "carla", lambda one, own: token(
        customer=one.code, amount="5", day=TODAY.isoformat(), allocation="later")),
    "payment company": ("payment_new", "carla", lambda one, own: token(
        customer=own.code, company=one.company.code, amount="5", day=TODAY.isoformat(), allocation="later")),
    "payment item": ("payment_new", "carla", lambda one, own: token(
        customer=own.code, amount="5", day=TODAY.isoformat(), allocation="by_hand", **{f"item_{one.item.pk}": "5"})),
    "allocated item": ("item_allocate", "carla", lambda one, own: {"seen": "100.00", f"item_{one.item.pk}": "5"}),
    "undone debit": ("item_undo", "carla", lambda one, own: {"debit": one.paid.pk}),
    "effect customer": ("effect_new", "carla", lambda one, own: token(
        customer=one.code, kind="RIBA", due=SOON, items=[one.item.pk])),
    "effect item": ("effect_new", "carla", lambda one, own: token(
        customer=own.code, kind="RIBA", due=SOON, items=[one.item.pk])),
    "presented effect": ("effects_present", "carla", lambda one, own: {"effect": one.effect.pk, "mode": "COLLECTION", "account": own.account.pk}),
    "presented at": ("effects_present", "carla", lambda one, own: {
        "effect": own.effect.pk, "mode": "COLLECTION", "account": one.account.pk}),
    "outcome of": ("presentation_outcome", "carla", lambda one, own: {
        "effect": one.sent.pk, "day": TODAY.isoformat(), "outcome": "paid"}),
    "statement of an account": ("bank", "carla", lambda one, own: {
        "file": file(statement(entry("7.00", ref=f"{one.code}1"), iban=one.iban, number="S2"), "s.xml")}),
    "statement company": ("bank", "carla", lambda one, own: {
        "company": one.company.code, "file": file(statement(entry("7.00", ref="N9"), iban="IT60X1", number="S3"), "s.xml")}),
    "entry customer": ("bank_entry", "carla", lambda one, own: {"customer": one.code}),
    "entry item": ("bank_entry", "carla", lambda one, own: {"customer": own.code, f"item_{one.item.pk}": "5"}),
    "collecting company": ("bank_lists", "carla", lambda one, own: {
        "company": one.company.pk, "bank": "B2", "sia": "A1234", "abi": "05696", "cab": "11000", "account": "2",
        "name": "Main", "tax_code": "1"}),
    "issued proposal": ("effects_issue", "carla", lambda one, own: {
        "?": "grouped=no", "kind": "RIBA", "proposal": issuable(one)}),
    "kept delay": ("delays_keep", "carla", lambda one, own: {"keep": f"{one.customer.pk}:0"}),
    "effect by its code": ("bank_answer", "carla", lambda one, own: {
        "book": "1", "id": one.sent.pk, "with_code": f"50999:{one.sent.pk}", "code_50999": "paid"}),
    "answered effect": ("bank_answer", "carla", lambda one, own: {
        "book": "1", "id": one.sent.pk, f"effect_{one.sent.pk}": "paid"}),
    "ticked hold": ("holds_decide", "dario", lambda one, own: {
        "hold": one.hold.pk, "decision": "take", "mass-note": "mine"}),
    "rejected hold": ("holds_decide", "dario", lambda one, own: {
        "hold": one.hold.pk, "decision": "reject", "mass-reason": "no", "mass-note": "no"}),
    "delegated to": ("hold_delegate", "dario", lambda one, own: {"event-to": one.person.username, "event-note": "n"}),
    "ticked to": ("holds_decide", "dario", lambda one, own: {
        "hold": own.hold.pk, "decision": "delegate", "mass-to": one.person.username, "mass-note": "n"}),
    "request to": ("limit_request_delegate", "dario", lambda one, own: {"to": one.person.username, "note": "n"}),
    "evaluated hold": ("evaluate", "carla", lambda one, own: {"hold": one.hold.pk}),
    "evaluated customer": ("evaluate", "carla", lambda one, own: {"customer": one.code}),
    "journal company": ("journal_new", "carla", lambda one, own: token(text="s", company=one.company.code)),
    "journal customer": ("journal_add_hand", "carla", lambda one, own: {
        "customer": one.code, "amount": "5", "kind": "BASE", "valid_from": SOON, "reason": "r"}),
    "journal line": ("journal_lines", "carla", lambda one, own: {"line-1-amount": "7", "line-1-customer": one.code}),
    "journal selection": ("journal_add_selection", "carla", lambda one, own: {
        "company": one.company.code, "by": "percent", "up": "up", "value": "10", "rounding": "nearest", "kind": "BASE",
        "valid_from": SOON, "reason": "r"}),
    "journal file": ("journal_add_file", "carla", lambda one, own: {
        "file": file(f"customer,amount\n{one.code},5\n".encode()), "kind": "BASE", "valid_from": SOON, "reason": "r",
        "encoding": "utf-8"}),
    "flagged customer": ("stopped_flags", "carla", lambda one, own: {
        "file": file(f"customer,reason\n{one.code},fraud\n".encode()), "source": "Bureau", "encoding": "utf-8"}),
    "upload company": ("imports", "dario", lambda one, own: {
        "what": "ITEMS", "encoding": "utf-8", "company": one.company.code, "file": file(b"customer,amount\nX,1\n")}),
    "message company": ("messages", "dario", lambda one, own: {
        "company": one.company.code, "file": file(ubl("A1", buyer=own.code.title(), key=""), "m.xml")}),
    "message buyer": ("message_assign", "dario", lambda one, own: {"customer": one.code}),
    "report company": ("report_new", "dario", lambda one, own: {
        "name": "N", "what": "PORTFOLIO", "company": one.company.pk, "language": "en", "grain": "MONTH", "periods": "12",
        "largest": "10", "grace": "7", "every": "WEEK", "weekday": "1", "hour": "7", "addresses": "a@example.com"}),
    "report customer": ("report_new", "dario", lambda one, own: {
        "name": "N", "what": "PAYMENTS", "company": own.company.pk, "language": "en", "grain": "MONTH", "periods": "12",
        "largest": "10", "grace": "7", "every": "WEEK", "weekday": "1", "hour": "7", "addresses": "a@example.com",
        "codes": one.code}),
    "report reader": ("report_new", "dario", lambda one, own: {
        "name": "N", "what": "PORTFOLIO", "company": own.company.pk, "language": "en", "grain": "MONTH", "periods": "12",
        "largest": "10", "grace": "7", "every": "WEEK", "weekday": "1", "hour": "7", "people": one.person.pk}),
}  # fmt: skip


@dataclass
class Stage:
    cast: Cast
    own: Held
    foreign: Held
    arguments: dict[str, list[Any]]

    @cached_property
    def clients(self) -> dict[str, Client]:
        """The browsers of those who work in one company alone."""
        people = {person: as_user(getattr(self.cast, person).user) for person in ("sara", "carla", "dario")}
        for client in people.values():
            client.raise_request_exception = False
        return people

    @cached_property
    def before(self) -> dict[str, str]:
        """How every table stands while nothing that was sent is kept."""
        assert self.clients
        return everything()


@pytest.fixture
def stage(cast: Cast) -> Stage:
    now = timezone.now()
    other = Company.objects.create(code="FOREIGN", name="Foreign", currency="EUR")
    own = belongings(cast, cast.company, "OWNED", now=now)
    foreign = belongings(cast, other, "STRANGER", now=now)
    for person in (cast.sara, cast.carla, cast.dario):
        CompanyAccess.objects.create(user=person.user, company=cast.company)
        vars(person.user).pop("_creditrisk_companies", None)
    journal = journals.prepare("review", company=cast.company, by=cast.carla, now=now)
    day = date.fromisoformat(SOON)
    limit = journals.NewLine(own.customer, Decimal(5), LineSource.HAND, LimitKind.TEMPORARY, day, day, "r")
    journals.add(journal, [limit], by=cast.carla, now=now)
    asked = limit_requests.ask(
        own.customer, limit_requests.Asked(amount=Decimal(20_000), reason="r"), by=cast.sara, now=now
    )
    dead, _new = receiving.receive(
        ubl("U1", buyer="Unheard", key="IT1"), "m.xml", company=cast.company, by=cast.dario, now=now
    )
    waits = settling.Entry.objects.get(statement__company=cast.company)
    return Stage(cast, own, foreign, {
        "item_allocate": [own.credit.pk], "item_undo": [own.credit.pk], "bank_entry": [waits.pk],
        "presentation_outcome": [own.sent.presentation_id or own.sent.__class__.objects.get(pk=own.sent.pk).presentation_id],
        **{f"journal_{step}": [journal.pk] for step in ("add_hand", "add_file", "add_selection", "lines")},
        "message_assign": [dead.pk], "hold_delegate": [own.hold.pk], "limit_request_delegate": [asked.pk],
    })  # fmt: skip


def everything() -> dict[str, str]:
    """Return a digest of every table."""
    tables = {m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.managed} - PASSING
    digest = "SELECT '{0}', md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{0}\" t"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digest.format(table) for table in sorted(tables)))
        return dict(cursor.fetchall())


def sent(stage: Stage, line: str, one: Held) -> tuple[dict[str, str], Any]:
    """Send a line, take it back, and return what it had changed and what it answered."""
    door, person, body = LINES[line]
    before, said = stage.before, body(one, stage.own)
    address = f"{reverse(door, args=stage.arguments.get(door, []))}?{said.pop('?', '')}"
    with transaction.atomic():
        answer = stage.clients[person].post(address, said)
        after = everything()
        transaction.set_rollback(True)
    return {table: "" for table in after if after[table] != before[table]}, answer


def test_what_a_body_names_of_another_company_is_not_there(stage: Stage) -> None:
    idle, reached = [], []

    for line in LINES:
        changed, answer = sent(stage, line, stage.own)
        if not changed:
            idle.append((line, answer.status_code, words(answer)[-300:]))
        changed, answer = sent(stage, line, stage.foreign)
        named = TOTAL_GONE in words(answer) if answer.status_code == 200 else False
        # What cannot be taken in may be kept as such, beside its error.
        kept = {"intake_message", "approvals_alert"} if "message" in line else set()
        if line == "entry item":  # the money is booked, and settles nothing
            kept = {"bank_entry", "exposure_balance", "exposure_entry", "ledger_openitem"}
        if "journal" in line:  # a line that says what is wrong with it
            kept = {"approvals_journalline", "approvals_journalevent"}
        if set(changed) - kept or answer.status_code >= 500 or named:
            reached.append((line, answer.status_code, sorted(changed), words(answer)[-300:]))

    assert not idle, "with what is one's own these do nothing either: " + "\n".join(map(str, idle))
    assert not reached, "\n".join(map(str, reached))


def test_rows_of_a_file_reach_no_other_company(stage: Stage) -> None:
    from creditrisk.takeover import carrying
    from creditrisk.takeover.models import Upload

    now = timezone.now()
    rows = "customer,company,reference,amount,date,due\n" + "".join(
        f"{code},{company},F{n},5.00,2026-01-10,2026-02-10\n"
        for n, (code, company) in enumerate(
            [("STRANGER", ""), ("OWNED", "FOREIGN"), ("STRANGER", "FOREIGN"), ("OWNED", "MAIN")]
        )
    )
    upload = carrying.keep(
        rows.encode(), "x.csv", what="ITEMS", encoding="utf-8", company=None, currency="", by=stage.cast.dario, now=now
    )
    written = {name: fit.sure for name, fit in carrying.fits(upload, carrying.sheet_of(upload), upload.columns).items()}
    carrying.name_columns(upload, columns=upload.columns, written=written, keep_as="", by=stage.cast.dario, now=now)

    carrying.work(upload.pk, now=now)

    assert Upload.objects.get(pk=upload.pk).counts == {"REFUSED": 3, "CREATED": 1}


def test_messages_of_another_company_are_not_taken_in(stage: Stage) -> None:
    now = timezone.now()
    for number, buyer in enumerate(["Stranger", "Owned"]):
        message, _new = receiving.receive(
            ubl(f"M{number}", buyer=buyer, key=""), "m.xml", company=None, by=stage.cast.dario, now=now
        )
        assert message.state == ("DEAD" if buyer == "Stranger" else "DONE"), message.error


def test_the_banks_answer_about_another_company_finds_nothing(stage: Stage) -> None:
    """The bank's file names receipts by their number: of our own what became of it can be said, of others nothing is known."""
    back = {}
    for one in (stage.own, stage.foreign):
        sent_back = receipt(one.sent.pk, "60.00", due=one.sent.due)
        answer = stage.clients["carla"].post(
            reverse("bank_answer"), {"file": file(answered(flow(sent_back), "30010"), "a.txt")}
        )
        back[one.code] = (
            f"effect_{one.sent.pk}" in answer.content.decode(),
            "no RiBa with this number" in words(answer),
        )

    assert back == {"OWNED": (True, False), "STRANGER": (False, True)}
