"""Measure what the product costs beside a floor that is taken in the same run, on the same server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bench import gate, pages, policy, rebuild, tryout


class Command(BaseCommand):
    help = (
        "When you want to know what a decision costs here (gate), what a large rule book adds to it (policy), how many "
        "decisions a second a policy is tried on (tryout), how fast the exposure ledger is rebuilt (rebuild), or what the pages over "
        "all customers cost (pages); best by "
        "`make bench`, on servers of its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=["gate", "policy", "tryout", "rebuild", "pages"], default="gate")
        parser.add_argument("--times", type=int, default=200, help="gate, policy: how many transactions of each kind")
        parser.add_argument("--decisions", type=int, default=20_000, help="tryout: on how many decisions")
        parser.add_argument(
            "--customers", type=int, default=10_000, help="rebuild, pages: how many customers, twenty open rows each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        match options["what"]:
            case "gate":
                self._gate(options["times"])
            case "policy":
                self._policy(options["times"])
            case "tryout":
                self._tryout(options["decisions"])
            case "rebuild":
                self._rebuild(options["customers"])
            case "pages":
                self._pages(options["customers"])

    def _gate(self, times: int) -> None:
        floor, *sizes = gate.measure(now=timezone.now(), times=times, say=self.stdout.write)
        self.stdout.write(f"\n{'':<34}{'median ms':>10}{'p95 ms':>10}{'x floor':>9}{'x smallest':>11}")
        self.stdout.write(f"{'floor: a bare transaction':<34}{floor.median:>10.2f}{floor.p95:>10.2f}{1:>9.2f}{'':>11}")
        for timing in sizes:
            name = f"confirm, {int(timing.name):,} open documents"
            ratios = f"{timing.median / floor.median:>9.2f}{timing.median / sizes[0].median:>11.2f}"
            self.stdout.write(f"{name:<34}{timing.median:>10.2f}{timing.p95:>10.2f}{ratios}")

    def _policy(self, times: int) -> None:
        found = policy.measure(now=timezone.now(), times=times, say=self.stdout.write)
        names = {
            "few": f"confirm, {policy.FEW} rows",
            "many": f"confirm, {policy.MANY} rows of a large rule book",
            "every": f"confirm, {policy.MANY} rows, every one applies",
        }
        self.stdout.write(f"\n{'':<44}{'median ms':>10}{'p95 ms':>10}{'x few':>9}")
        for name, title in names.items():
            timing = found.timings[name]
            self.stdout.write(f"{title:<44}{timing.median:>10.2f}{timing.p95:>10.2f}{found.ratio(name):>9.2f}")
        self.stdout.write(f"{found.versions} versions, read again after their first decision: {found.reads} times.")
        if max(found.ratio("many"), found.ratio("every")) > policy.MOST or found.reads:
            raise CommandError(f"More than {policy.MOST} times, or a policy that was read twice.")

    def _tryout(self, wanted: int) -> None:
        rates = tryout.measure(now=timezone.now(), wanted=wanted, say=self.stdout.write)
        self.stdout.write(f"\n{'':<42}{'decisions':>11}{'a second':>10}{'x floor':>9}{'differ':>9}")
        for rate in rates:
            slower = rates[0].a_second / rate.a_second
            figures = f"{rate.decisions:>11,}{rate.a_second:>10,.0f}{slower:>9.2f}{rate.changes:>9,}"
            self.stdout.write(f"{rate.name:<42}{figures}")

    def _rebuild(self, customers: int) -> None:
        floor, indexed, rebuilt = rebuild.measure(now=timezone.now(), customers=customers, say=self.stdout.write)
        self.stdout.write(f"\n{'':<44}{'rows':>11}{'rows a second':>15}{'x bare':>9}{'x indexed':>11}")
        for laps in (floor, indexed, rebuilt):
            ratios = f"{laps.times(floor):>9.2f}{laps.times(indexed):>11.2f}"
            self.stdout.write(f"{laps.name:<44}{laps.rows:>11,}{laps.a_second:>15,.0f}{ratios}")

    def _pages(self, customers: int) -> None:
        floor, *found = pages.measure(now=timezone.now(), customers=customers, say=self.stdout.write)
        self.stdout.write(f"\n{'':<44}{'ms':>9}{'x bare':>9}{'queries':>9}{'of them, with 10 customers':>28}")
        self.stdout.write(f"{floor.name:<44}{floor.ms:>9.0f}{1:>9.2f}{floor.queries:>9}")
        for page in found:
            self.stdout.write(
                f"{page.name:<44}{page.ms:>9.0f}{page.ms / floor.ms:>9.2f}{page.queries:>9}{page.few:>28}"
            )
        slow = [p.name for p in found if p.is_bound and p.ms > pages.MOST * floor.ms]
        grows = [p.name for p in found if p.queries != p.few]
        if slow or grows:
            raise CommandError(
                f"More than {pages.MOST} times the bare aggregate: {slow}; more queries with more customers: {grows}."
            )
