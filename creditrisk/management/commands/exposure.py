"""Rebuild, audit or look back at the exposure ledger."""

from argparse import ArgumentParser
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from approvals import recompute
from creditrisk.clock import business_day
from creditrisk.exposure import ledger, read
from creditrisk.exposure.ledger import Scope
from creditrisk.money import ZERO, figure
from creditrisk.policy import compile as policies
from customers.models import Company, Customer


class Command(BaseCommand):
    help = (
        "rebuild: after rows were loaded without the gate, fill the ledger from the formula. "
        "audit: any time, compare ledger and formula to the cent (--repair mends what differs). "
        "as-of: what was owed on a day, or known at a moment."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["rebuild", "audit", "as-of"])
        parser.add_argument("--customer", action="append", default=[], metavar="CODE", help="only this customer")
        parser.add_argument("--company", action="append", default=[], metavar="CODE", help="only this company of ours")
        parser.add_argument("--day", type=date.fromisoformat, help="business day, 2026-03-31; for as-of")
        parser.add_argument("--known-at", type=datetime.fromisoformat, help="moment of recording; for as-of")
        parser.add_argument("--repair", action="store_true", help="with audit: post what differs, keep the evidence")

    def handle(self, *args: Any, **options: Any) -> None:
        scope = Scope(
            self._ids(Customer, "customer", options["customer"]), self._ids(Company, "company", options["company"])
        )
        now = timezone.now()
        if options["what"] == "rebuild":
            self._rebuild(scope, now=now)
        elif options["what"] == "audit":
            self._audit(scope, now=now, repair=options["repair"])
        else:
            self._as_of(scope, day=options["day"], known_at=options["known_at"], now=now)

    def _ids(self, model: Any, what: str, codes: list[str]) -> list[int] | None:
        if not codes:
            return None
        found = dict(model.objects.filter(code__in=codes).values_list("code", "pk"))
        if missing := [code for code in codes if code not in found]:
            raise CommandError(f"There is no {what} {', '.join(missing)}.")
        return list(found.values())

    def _rebuild(self, scope: Scope, *, now: datetime) -> None:
        added = ledger.rebuild(day=business_day(now), now=now, scope=scope)
        self.stdout.write(f"{added} entries added.")
        found = recompute.recompute(scope.customer_ids, company_ids=scope.company_ids, now=now)
        self.stdout.write(
            f"{len(found.differences) + len(found.balances)} differences repaired, {_told(found.total)} in all."
        )

    def _audit(self, scope: Scope, *, now: datetime, repair: bool) -> None:
        ids, companies = scope.customer_ids, scope.company_ids
        if repair:
            found = recompute.recompute(ids, company_ids=companies, now=now)
        else:
            found = ledger.audit(ids, company_ids=companies)
        codes = dict(Customer.objects.values_list("pk", "code")) if found.total else {}
        for d in (*found.differences, *found.balances):
            where = f"{d.origin}{d.source_id}" if d.origin else "balance"
            self.stdout.write(
                f"{codes.get(d.customer_id, d.customer_id)} {where} {d.bucket} {d.day} {d.currency}: "
                f"the formula says {_told(d.formula)}, the ledger {_told(d.ledger)}"
            )
        self.stdout.write(f"{found.customers} customers, difference {_told(found.total)}")
        if found.total and not repair:
            raise CommandError("The ledger differs from the formula; --repair mends it and keeps the evidence.")

    def _as_of(self, scope: Scope, *, day: date | None, known_at: datetime | None, now: datetime) -> None:
        if known_at is not None and timezone.is_naive(known_at):
            known_at = timezone.make_aware(known_at)
        on = day or (business_day(known_at) if known_at else business_day(now))
        policy = policies.active()
        totals: defaultdict[tuple[int, str, str], Decimal] = defaultdict(lambda: ZERO)
        of = scope.company_ids
        for customer, company, bucket, due, currency, amount in ledger.as_of(
            scope.customer_ids, day=day, known_at=known_at
        ):
            if of is not None and company not in of:
                continue
            visible = read.visible_bucket(bucket, due, reading=policy, today=on)
            if visible is not None and visible in policy.counts:
                totals[(customer, currency, visible)] += amount
        self._print(totals, on)

    def _print(self, totals: dict[tuple[int, str, str], Decimal], on: date) -> None:
        codes = dict(Customer.objects.values_list("pk", "code"))
        by_currency: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for (customer, currency, bucket), amount in sorted(totals.items(), key=lambda e: (codes[e[0][0]], *e[0][1:])):
            self.stdout.write(f"{codes[customer]:<24} {bucket:<24} {currency} {figure(amount, currency):>18}")
            by_currency[currency] += amount
        self.stdout.write(f"As of {on:%d %b %Y}:")
        for currency, amount in sorted(by_currency.items()):
            self.stdout.write(f"{'all':<24} {'total':<24} {currency} {figure(amount, currency):>18}")


def _told(amount: Decimal) -> str:
    """Return an amount that may be of any currency, to the last decimal that says something; two at least."""
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:.{places}f}"
