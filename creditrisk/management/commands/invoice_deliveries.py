"""Make the collective invoices that are due."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from approvals import invoicing
from creditrisk.clock import business_day
from creditrisk.money import figure
from creditrisk.roles import Actor
from customers.models import Company
from documents import collective


class Command(BaseCommand):
    """Safe to run twice: what is invoiced waits no more."""

    help = "Every evening: invoice the delivered goods whose cycle is over. --dry-run only lists them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", action="append", default=[], metavar="CODE", help="only this company")
        parser.add_argument("--day", type=date.fromisoformat, help="cycles over by this day, 2026-03-31; not ahead")
        parser.add_argument("--post", action="store_true", help="post them to the ledger, too")
        parser.add_argument("--dry-run", action="store_true", help="say what would be invoiced, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        day = options["day"] or business_day(now)
        if day > business_day(now):
            raise CommandError(f"{day} lies ahead: goods may still come on those invoices.")
        due = [w for w in collective.waiting(company_ids=self._companies(options["company"])) if w.is_due(day)]
        if options["dry_run"]:
            for waiting in due:
                self._say(waiting, "would be invoiced" + (", late" if waiting.is_late(day) else ""))
            self.stdout.write(f"{len(due)} invoices would be made.")
            return
        with tqdm(total=len(due), unit="invoice", disable=None) as bar:
            made = invoicing.produce(
                due, post=options["post"], by=Actor.system("command"), now=now, each=lambda _made: bar.update()
            )
        for one in made:
            if one.refused:
                self._say(one.waiting, f"refused: {one.refused}")
            elif one.held:
                self._say(one.waiting, f"held: {one.invoice}")
        done = sum(1 for one in made if one.invoice and not one.held)
        held, refused = sum(one.held for one in made), sum(bool(one.refused) for one in made)
        self.stdout.write(f"{done} invoices made, {held} held, {refused} refused.")
        if refused:
            raise CommandError("Some were refused; the lines above say why.")

    def _companies(self, codes: list[str]) -> list[int] | None:
        if not codes:
            return None
        found = dict(Company.objects.filter(code__in=codes).values_list("code", "pk"))
        if missing := [code for code in codes if code not in found]:
            raise CommandError(f"There is no company {', '.join(missing)}.")
        return list(found.values())

    def _say(self, waiting: collective.Waiting, what: str) -> None:
        self.stdout.write(
            f"{waiting.company} {waiting.customer_code}: {waiting.count} deliveries since {waiting.since},"
            f" {waiting.currency} {figure(waiting.total, waiting.currency)}: {what}"
        )
