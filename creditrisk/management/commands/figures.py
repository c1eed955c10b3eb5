"""Keep the figures of days that are over."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from creditrisk.clock import business_day
from creditrisk.figures import snapshots
from creditrisk.money import MissingRate
from creditrisk.monitoring import utilisation
from customers.models import Company


class Command(BaseCommand):
    """Safe to run twice: days that have their figures keep them."""

    help = "Fills the past of the figures: every day from --since to yesterday that has none, from the ledgers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=date.fromisoformat, help="first day, 2026-01-31; without it yesterday alone"
        )
        parser.add_argument(
            "--every", type=int, default=1, metavar="DAYS", help="every so many days, counted back from yesterday"
        )
        parser.add_argument("--company", action="append", default=[], metavar="CODE", help="only this company")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        last = business_day(now) - timedelta(days=1)
        first = options["since"] or last
        if first > last:
            raise CommandError(f"{first} is not over yet.")
        if options["every"] < 1:
            raise CommandError("--every takes 1 or more days.")
        companies = Company.objects.order_by("code")
        if codes := options["company"]:
            companies = companies.filter(code__in=codes)
            if missing := set(codes) - set(companies.values_list("code", flat=True)):
                raise CommandError(f"There is no company {', '.join(sorted(missing))}.")
        wanted = [day for day in snapshots.days(first, last) if (last - day).days % options["every"] == 0]
        kept, failed = 0, []
        for company, day in tqdm([(c, d) for c in companies for d in wanted], unit="day", disable=None):
            try:
                kept += snapshots.take(company, day=day, now=now)
            except MissingRate as error:
                failed.append(f"{company.code} {day}: {error}")
        kept_too = sum(utilisation.take(day=day, now=now) for day in wanted) if not codes else 0
        for sentence in failed:
            self.stdout.write(sentence)
        self.stdout.write(f"{kept} days kept, {len(failed)} not; utilisation of {kept_too} days.")
        if failed:
            raise CommandError("Some could not be reckoned; the lines above say why.")
