"""Takes over Wide World Importers: customers with limits, orders, invoices and payments, each on its business day."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from approvals.history import History
from approvals.history_writing import write
from approvals.past import Party, PastDocument, PastItem
from creditrisk.money import ZERO
from creditrisk.roles import Actor
from creditrisk.takeover import parties
from creditrisk.takeover.receivables import check
from customers.models import CreditAccount, CreditGroup, Customer, Limit, LimitState, Segment
from documents.models import Document
from ledger.imports.report import Report
from ledger.imports.wwi import CURRENCY, Wwi, WwiCustomer, WwiInvoice
from ledger.models import OpenItem

COMPANY = "WWI"


@transaction.atomic
def take_over(wwi: Wwi, report: Report, *, limits: bool, dry_run: bool, by: Actor, now: datetime) -> None:
    """This will write what is not there yet; with `limits` who has none gets one from its history.

    A dry run does all of it and undoes it. Raises Drifted when the audit finds a difference; then nothing is written.
    """
    customers = _customers(wwi, report, by=by, now=now)
    known = set(Document.objects.filter(source_key__startswith="wwi:").values_list("source_key", flat=True))
    known |= set(OpenItem.objects.filter(source_key__startswith="wwi:").values_list("source_key", flat=True))
    history = History()
    told = _Told(history, wwi, customers, known, report)
    told.orders()
    told.invoices()
    told.payments()
    report.taken["exposure entries"] = write(history, by=by, now=now)
    touched = {pk: c for c in customers.values() if (pk := c.pk) is not None}
    if limits:
        report.taken["limits from history"] = parties.limits_from_history(touched.values(), by=by, now=now)
    check(sorted(touched), report)
    if dry_run:
        transaction.set_rollback(True)


def _customers(wwi: Wwi, report: Report, *, by: Actor, now: datetime) -> dict[int, Customer]:
    """Find or make the customers, with segment, group, terms, usual bill-to, hold and limit as the files have them."""
    companies, _ = parties.companies({COMPANY: CURRENCY}, names={COMPANY: "Wide World Importers"})
    terms, _ = parties.terms({_terms(c): c.payment_days for c in wwi.customers.values()})
    wanted = [
        parties.Wanted(_code(c), c.name, COMPANY, CURRENCY, _terms(c), "US", c.opened) for c in wwi.customers.values()
    ]
    there = set(Customer.objects.values_list("code", flat=True))
    found, made = parties.customers(wanted, companies, terms)
    customers = {identity: found[_code(c)] for identity, c in wwi.customers.items()}
    fresh = [c for c in wwi.customers.values() if _code(c) not in there]
    report.taken["customers"] = made
    report.already["customers"] = len(customers) - made
    segments = {c.category: _segment(c.category) for c in fresh if c.category}
    groups = {c.buying_group: _group(c.buying_group) for c in fresh if c.buying_group}
    for c in fresh:
        customers[c.id].segment = segments.get(c.category)
        customers[c.id].bill_to = customers[c.bill_to] if c.bill_to != c.id and c.bill_to in customers else None
    Customer.objects.bulk_update([customers[c.id] for c in fresh], ["segment", "bill_to"], batch_size=500)
    CreditAccount.objects.bulk_update(
        [
            CreditAccount(
                customer=customers[c.id], credit_group=groups.get(c.buying_group), suspended=c.on_hold,
                suspended_reason="On credit hold in the source" if c.on_hold else "",
            )
            for c in fresh
        ],
        ["credit_group", "suspended", "suspended_reason"],
        batch_size=500,
    )  # fmt: skip
    granted = [
        Limit(
            customer=customers[c.id], state=LimitState.AMOUNT, amount=c.limit, currency=CURRENCY, valid_from=c.opened,
            reason="As in the source", granted_by=by.user, granted_at=now,
        )
        for c in fresh
        if c.limit is not None
    ]  # fmt: skip
    report.taken["limits"] = len(Limit.objects.bulk_create(granted))
    return customers


def _code(customer: WwiCustomer) -> str:
    return f"WWI-{customer.id}"


def _terms(customer: WwiCustomer) -> str:
    return f"NET{customer.payment_days}"


def _segment(name: str) -> Segment:
    return Segment.objects.get_or_create(code=name[:20], defaults={"name": name})[0]


def _group(name: str) -> CreditGroup:
    return CreditGroup.objects.get_or_create(code=name[:20], defaults={"name": name})[0]


class _Told:
    """Tells a history what the files know and the database does not."""

    def __init__(
        self, history: History, wwi: Wwi, customers: dict[int, Customer], known: set[str | None], report: Report
    ) -> None:
        self.history, self.wwi, self.known, self.report = history, wwi, known, report
        self.parties = {
            identity: Party(
                customer=customers[identity].pk, company=customers[identity].company_id, currency=CURRENCY,
                debtor=customers.get(c.bill_to, customers[identity]).pk, terms=customers[identity].terms_id,
            )
            for identity, c in wwi.customers.items()
        }  # fmt: skip
        self.new_orders: dict[int, PastDocument] = {}
        self.settled: dict[tuple[int, object], list[PastItem]] = defaultdict(list)

    def orders(self) -> None:
        for order in self.wwi.orders:
            key = f"wwi:order:{order.id}"
            if key in self.known:
                self.report.already["orders"] += 1
                continue
            self.new_orders[order.id] = self.history.order(
                str(order.id), party=self.parties[order.customer], day=order.day, ship_date=order.ships, source_key=key,
                lines=[(x.text[:200], x.quantity, x.price, x.tax_percent, x.amount) for x in order.lines],
            )  # fmt: skip
        self.report.taken["orders"] = len(self.new_orders)

    def invoices(self) -> None:
        for invoice in self.wwi.invoices:
            key = f"wwi:invoice:{invoice.id}"
            if key in self.known:
                self.report.already["invoices"] += 1
            elif (item := self._invoice(invoice, key)) is not None:
                self.report.taken["invoices"] += 1
                if invoice.settled_on:
                    self.settled[invoice.debtor, invoice.settled_on].append(item)

    def _invoice(self, invoice: WwiInvoice, key: str) -> PastItem | None:
        due = invoice.day + timedelta(days=self.wwi.customers[invoice.debtor].payment_days)
        if invoice.order is None:
            self.report.taken["invoices without an order"] += 1
            return self.history.item(
                str(invoice.id), party=self.parties[invoice.debtor], amount=invoice.amount, day=invoice.day, due=due,
                source_key=key,
            )  # fmt: skip
        order = self.new_orders.get(invoice.order)
        if order is None:
            sentence = f"Invoice {invoice.id}: its order {invoice.order} was imported before; invoice it here."
            self.report.refuse(invoice.id, "changed", sentence, key=key, file="invoice in ")
            return None
        _document, items = self.history.invoice(
            [order], str(invoice.id), day=invoice.day, due=[(due, invoice.amount)], source_key=key
        )
        return items[0]

    def payments(self) -> None:
        for payment in self.wwi.payments:
            key = f"wwi:payment:{payment.id}"
            if key in self.known:
                self.report.already["payments"] += 1
                continue
            self.history.pay(
                f"P{payment.id}", party=self.parties[payment.debtor], amount=payment.amount, day=payment.day,
                source_key=key,
                settles=_up_to(payment.amount, self.settled.pop((payment.debtor, payment.day), [])),
            )  # fmt: skip
            self.report.taken["payments"] += 1


def _up_to(amount: Decimal, items: list[PastItem]) -> list[tuple[PastItem, Decimal]]:
    """Spread a payment over the items it finalised, oldest first; in the files both sums agree."""
    parts, left = [], amount
    for item in items:
        part = min(left, item.open)
        if part > ZERO:
            parts.append((item, part))
            left -= part
    return parts
