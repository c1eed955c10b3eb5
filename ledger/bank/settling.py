"""From a statement to the ledger: load what is new, match it, book what is sure, settle the rest by hand."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import booking
from creditrisk import language
from creditrisk.clock import business_day
from creditrisk.refusal import InvalidState, Refused
from creditrisk.roles import Actor, works_in
from customers.models import Company, Customer
from ledger.bank import camt
from ledger.bank.matching import SURE, Book, Debt
from ledger.bank.models import Entry, EntryState, Proposal, Statement
from ledger.imports.delimited import BadFile
from ledger.models import OpenItem


@dataclass(frozen=True)
class Loaded:
    """What loading a file brought."""

    statements: list[Statement]
    new: int
    known: int
    booked: int = 0


@transaction.atomic
def load(
    content: bytes, name: str, *, company: Company | None, book_sure: bool = False, by: Actor, now: datetime
) -> Loaded:
    """Load the entries of a file that are not here yet and match them; with `book_sure` the sure ones are booked.

    `company` is left out where the account is known from before. Raises BadFile and Refused: then nothing is loaded.
    """
    found = camt.read(content, name)
    statements, new, known = [], 0, 0
    for account in found:
        owner = _owner(account, company, by=by)
        statement, _made = Statement.objects.get_or_create(
            company=owner, account=account.account, number=account.number,
            defaults={
                "name": name[:200], "sha256": hashlib.sha256(content).hexdigest(), "currency": account.currency,
                "day": account.day, "opening": account.opening, "closing": account.closing, "loaded_at": now,
                "loaded_by": by.user,
            },
        )  # fmt: skip
        statements.append(statement)
        there = set(Entry.objects.filter(key__in=[m.key for m in account.movements]).values_list("key", flat=True))
        if late := next((m for m in account.movements if m.day > business_day(now) and m.key not in there), None):
            raise BadFile(
                _("%(name)s has an entry of %(day)s, a day to come.") % {"name": name, "day": language.day(late.day)}
            )
        fresh = Entry.objects.bulk_create(
            Entry(
                statement=statement, key=m.key, position=at, day=m.day, currency=m.currency, amount=m.amount,
                payer=m.payer, payer_account=m.payer_account, text=m.text, bank_reference=m.bank_reference,
            )
            for at, m in enumerate(account.movements, 1)
            if m.key not in there
        )  # fmt: skip
        match(fresh)
        new, known = new + len(fresh), known + len(there)
    booked = 0
    if book_sure:
        booked = book_all_sure(Entry.objects.filter(statement__in=statements), by=by, now=now)[0]
    return Loaded(statements, new, known, booked)


def _owner(account: camt.Account, company: Company | None, *, by: Actor) -> Company:
    before = Statement.objects.filter(account=account.account).select_related("company").order_by("-pk").first()
    if before is not None and not works_in(by.user, before.company_id):
        raise Refused(
            _("The account %(account)s belongs to a company that you do not work in.") % {"account": account.account}
        )
    if company is None and before is None:
        raise Refused(
            _("The account %(account)s is new here; say whose it is.") % {"account": account.account}, field="company"
        )
    if company is not None and before is not None and before.company_id != company.pk:
        raise Refused(
            _("The account %(account)s is %(company)s's.")
            % {"account": account.account, "company": before.company.code},
            field="company",
        )
    return company or before.company  # type: ignore[union-attr]


def match(entries: Sequence[Entry]) -> None:
    """Propose what these entries, which wait to be settled, settle: for each company and currency one look at all."""
    for company_id, currency in sorted({(e.statement.company_id, e.currency) for e in entries}):
        book = _book(company_id, currency)
        mine = [e for e in entries if (e.statement.company_id, e.currency) == (company_id, currency)]
        Proposal.objects.filter(entry__in=mine).delete()
        proposals = []
        for entry in mine:
            found = book.match(amount=entry.amount, text=entry.text, payer=entry.payer, account=entry.payer_account)
            entry.customer_id, entry.confidence, entry.why = found.customer, found.confidence, found.why
            proposals += [Proposal(entry=entry, item_id=item, amount=part) for item, part in found.parts]
        Entry.objects.bulk_update(mine, ["customer", "confidence", "why"], batch_size=500)
        Proposal.objects.bulk_create(proposals, batch_size=500)


def match_again(*, now: datetime) -> int:
    """Match everything that waits again: what is owed has changed. Returns how many entries wait."""
    with transaction.atomic():
        waits = list(
            Entry.objects.select_for_update(of=("self",)).filter(state=EntryState.OPEN).select_related("statement")
        )
        match(waits)
    return len(waits)


def _book(company_id: int, currency: str) -> Book:
    debts = [
        Debt(pk, customer, reference, open_amount, due)
        for pk, customer, reference, open_amount, due in OpenItem.objects.filter(
            company_id=company_id, currency=currency, open_amount__gt=0, disputed=False
        ).values_list("pk", "customer_id", "reference", "open_amount", "due")
    ]
    names = dict(Customer.objects.filter(merged_into__isnull=True).values_list("pk", "name"))
    learned = (
        Entry.objects.filter(state=EntryState.BOOKED)
        .exclude(payer_account="")
        .order_by("pk")
        .values_list("payer_account", "payment__customer_id")
    )
    accounts: dict[str, int] = {}
    for account, customer in learned:
        if customer is not None:
            accounts[account] = customer
    return Book(debts, names, accounts)


def book_all_sure(entries: Iterable[Entry], *, by: Actor, now: datetime) -> tuple[int, list[str]]:
    """Book the entries whose match is sure, each on its own; returns how many, and why others were not."""
    booked, refused = 0, []
    waits = [e for e in entries if e.state == EntryState.OPEN and e.confidence >= SURE]
    for entry in sorted(waits, key=lambda e: (e.day, e.pk)):
        parts = [(p.item, p.amount) for p in entry.proposals.select_related("item").order_by("pk")]
        if entry.customer is None or not parts:
            continue
        try:
            book(entry, customer=entry.customer, parts=parts, by=by, now=now)
        except Refused as error:
            refused.append(f"{entry.payer or language.day(entry.day)}: {error}")
        else:
            booked += 1
    return booked, refused


@transaction.atomic
def book(
    entry: Entry, *, customer: Customer, parts: Sequence[tuple[OpenItem, Decimal | None]], by: Actor, now: datetime
) -> OpenItem:
    """Book an entry as a payment of `customer` that settles `parts`; the rest stays on account. Once.

    Raises InvalidState where the entry was settled before, Refused where an item is not open any more.
    """
    locked = Entry.objects.select_for_update(of=("self",)).select_related("statement__company").get(pk=entry.pk)
    if locked.state != EntryState.OPEN:
        raise InvalidState(_("This entry was settled before."), field="entry")
    if locked.amount <= 0:
        raise Refused(_("Money that went out is no payment of a customer; leave the entry alone, with a reason."))
    if strange := next((i for i, _ in parts if i.company_id != locked.statement.company_id), None):
        raise Refused(_("%(item)s is owed to another company than the account's.") % {"item": strange}, field="items")
    payment = booking.pay(
        customer=customer, amount=locked.amount, items=parts,
        reference=f"{locked.bank_reference or locked.statement.number}/{locked.pk}"[-60:], day=locked.day,
        currency=locked.currency, company=locked.statement.company, source_key=locked.key, by=by, now=now,
    )  # fmt: skip
    locked.state, locked.payment, locked.customer = EntryState.BOOKED, payment, customer
    locked.settled_at, locked.settled_by = now, by.user
    locked.save(update_fields=["state", "payment", "customer", "settled_at", "settled_by"])
    return payment


@transaction.atomic
def leave(entry: Entry, *, note: str, by: Actor, now: datetime) -> None:
    """Leave an entry alone, with the reason: charges, transfers of our own, other people's money. Raises Refused."""
    locked = Entry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if locked.state != EntryState.OPEN:
        raise InvalidState(_("This entry was settled before."), field="entry")
    if not note.strip():
        raise Refused(_("Say why it is left alone."), field="note")
    locked.state, locked.note, locked.settled_at, locked.settled_by = EntryState.LEFT, note.strip(), now, by.user
    locked.save(update_fields=["state", "note", "settled_at", "settled_by"])
