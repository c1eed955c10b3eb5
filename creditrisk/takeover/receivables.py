"""Takes over receivables that a reader understood: each item on its day, each payment on its own."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from approvals.history import History
from approvals.history_writing import write
from approvals.past import Party
from creditrisk.exposure import ledger as exposure
from creditrisk.roles import Actor
from creditrisk.takeover import parties
from customers.models import Company, Customer
from ledger.imports.delimited import Receivable
from ledger.imports.report import Report
from ledger.models import ItemKind, OpenItem


class Drifted(RuntimeError):
    """The audit after the import found a difference; nothing was imported."""


@transaction.atomic
def take_over(
    rows: Sequence[Receivable], report: Report, *, limits: bool, dry_run: bool, by: Actor, now: datetime
) -> None:
    """This will write the rows that are not there yet, with the companies, terms and customers that they need.

    With `limits` each customer without a limit gets one from its history. A dry run does all of it and undoes it.
    Raises Drifted when the exposure ledger does not agree with the formula afterwards; then nothing is written.
    """
    customers, companies = _parties(rows, report)
    fresh = _fresh(rows, customers, report)
    history = History()
    for row in sorted(fresh, key=lambda row: row.item_date):
        _tell(history, row, customers[row.customer], companies[row.company])
    entries = write(history, by=by, now=now)
    report.taken.update(
        {
            "invoices": sum(1 for item in history.items if item.kind == ItemKind.INVOICE),
            "credit notes": sum(1 for item in history.items if item.kind == ItemKind.CREDIT_NOTE),
            "payments": sum(1 for item in history.items if item.kind == ItemKind.PAYMENT),
            "exposure entries": entries,
        }
    )
    touched = {customers[row.customer].pk: customers[row.customer] for row in fresh}
    if limits:
        report.taken["limits from history"] = parties.limits_from_history(touched.values(), by=by, now=now)
    check(list(touched), report)
    if dry_run:
        transaction.set_rollback(True)


def check(customer_ids: list[int], report: Report) -> None:
    """This will audit these customers and note the result. Raises Drifted."""
    if not customer_ids:
        return
    audit = exposure.audit(customer_ids)
    if audit.differences or audit.balances:
        raise Drifted(f"The exposure ledger differs from the formula by {audit.total}; nothing was imported.")
    report.notes.append(f"exposure audit of {len(customer_ids):,} customers: 0.00 differs")


def _parties(rows: Sequence[Receivable], report: Report) -> tuple[dict[str, Customer], dict[str, Company]]:
    by_customer: dict[str, list[Receivable]] = defaultdict(list)
    by_company: dict[str, list[str]] = defaultdict(list)
    by_terms: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_customer[row.customer].append(row)
        by_company[row.company].append(row.currency)
        by_terms[_terms(row)].append(str(max((row.due - row.item_date).days, 0)))
    companies, new_companies = parties.companies({code: parties.commonest(c) for code, c in by_company.items()})
    terms, new_terms = parties.terms({code: int(parties.commonest(days)) for code, days in by_terms.items()})
    wanted = [
        parties.Wanted(
            code=code, name=parties.commonest(r.name for r in of if r.name),
            company=parties.commonest(r.company for r in of), currency=parties.commonest(r.currency for r in of),
            terms=parties.commonest(_terms(r) for r in of), since=min(r.item_date for r in of),
            country=next((r.country.upper() for r in of if len(r.country) == 2 and r.country.isalpha()), ""),
        )
        for code, of in sorted(by_customer.items())
    ]  # fmt: skip
    customers, new_customers = parties.customers(wanted, companies, terms)
    report.taken.update({"companies": new_companies, "payment terms": new_terms, "customers": new_customers})
    spellings = {row.spelled for row in rows}
    if len(spellings) > len(customers):
        report.notes.append(f"{len(spellings):,} spellings of customer numbers are {len(customers):,} customers")
    if variants := sum(len({r.name for r in of if r.name}) > 1 for of in by_customer.values()):
        report.notes.append(f"{variants:,} customers have more than one name in the file; the commonest was kept")
    if mixed := sum(len({r.currency for r in of}) > 1 for of in by_customer.values()):
        report.notes.append(f"{mixed:,} customers owe in more than one currency: exchange rates are needed")
    return customers, companies


def _terms(row: Receivable) -> str:
    return row.terms or f"NET{max((row.due - row.item_date).days, 0)}"


def _fresh(rows: Sequence[Receivable], customers: dict[str, Customer], report: Report) -> list[Receivable]:
    """Keep the rows that were not imported before; what has changed since is refused, with the reason."""
    known = {
        item.source_key: item
        for item in OpenItem.objects.filter(source_key__in=[row.key for row in rows]).only(
            "source_key", "amount", "currency", "cleared_on", "due"
        )
    }
    typed = set(
        OpenItem.objects.filter(customer__in=customers.values(), instalment=1)
        .exclude(source_key__in=known)
        .values_list("company__code", "customer_id", "kind", "reference")
    )
    fresh = []
    for row in rows:
        item = known.get(row.key)
        if item is None:
            kind = ItemKind.INVOICE if row.amount > 0 else ItemKind.CREDIT_NOTE
            if (row.company, customers[row.customer].pk, kind.value, row.reference) in typed:
                sentence = f"{row.reference} of customer {row.customer} is in the ledger already, from another source."
                report.refuse(row.row, "duplicate", sentence, key=row.key)
            else:
                fresh.append(row)
        elif (item.amount, item.currency, item.due) != (row.amount, row.currency, row.due):
            sentence = f"{row.reference} was imported before with another amount, currency or due date."
            report.refuse(row.row, "changed", sentence, key=row.key)
        elif row.settled_on and not item.cleared_on:
            sentence = f"{row.reference} was imported open and is paid now: book the payment."
            report.refuse(row.row, "changed", sentence, key=row.key)
        else:
            report.already["items"] += 1
    return fresh


def _tell(history: History, row: Receivable, customer: Customer, company: Company) -> None:
    party = Party(customer=customer.pk, company=company.pk, currency=row.currency, debtor=customer.pk)
    item = history.item(
        row.reference, party=party, amount=row.amount, day=row.item_date, due=row.due, source_key=row.key,
        kind=ItemKind.INVOICE if row.amount > 0 else ItemKind.CREDIT_NOTE, disputed=row.disputed,
        dispute_reason="As the source says" if row.disputed else "",
    )  # fmt: skip
    if row.settled_on and row.amount > 0:
        history.pay(
            row.reference, party=party, amount=row.amount, day=row.settled_on, settles=[(item, row.amount)],
            source_key=f"{row.key}:paid",
        )  # fmt: skip
