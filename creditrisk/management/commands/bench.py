"""Measure what the product costs beside a floor that is taken in the same run, on the same server."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bench import clients, gate, load, pages, policy, portfolio, rebuild, tryout
from creditrisk.clock import business_day

# By name: what measures, and which options it understands.
BENCHMARKS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "gate": (gate, ("times",)),
    "clients": (clients, ("times",)),
    "policy": (policy, ("times",)),
    "tryout": (tryout, ("wanted",)),
    "rebuild": (rebuild, ("customers",)),
    "portfolio": (portfolio, ("customers",)),
    "pages": (pages, ("customers",)),
    "load": (load, ("users", "seconds")),
}


class Command(BaseCommand):
    help = (
        "When you want to know what a decision costs here (gate; clients: several at once), what a large rule book adds to it (policy), "
        "how many decisions a second a policy is tried on (tryout), what work over all customers takes (rebuild, portfolio), what the "
        "pages over them cost (pages), or how they answer fifty people (load); best by `make bench`, on servers of its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=BENCHMARKS)
        parser.add_argument("--times", type=int, default=1000, help="gate, clients, policy: how many of each kind")
        parser.add_argument("--decisions", dest="wanted", type=int, default=20_000, help="tryout: on how many")
        parser.add_argument("--customers", type=int, default=100_000, help="rebuild, portfolio, pages: how many")
        parser.add_argument("--users", type=int, default=50, help="load: how many people click")
        parser.add_argument("--seconds", type=int, default=60, help="load: how long")
        parser.add_argument("--keep", action="store_true", help="Write the figures to bench/results and RESULTS.md.")

    def handle(self, *args: Any, **options: Any) -> None:
        measured, words = BENCHMARKS[options["what"]]
        now = timezone.now()
        found = measured.measure(now=now, say=self.stdout.write, **{word: options[word] for word in words})
        table = measured.table(found)
        self.stdout.write("\n" + table.plain())
        if options["keep"]:
            told = [
                f"--{word} {options[word]}"
                for word in ("customers", "times", "users", "seconds")
                if f"--{word}" in sys.argv
            ]
            table.keep(today=business_day(now), by=f'make bench ARGS="{" ".join([options["what"], *told])} --keep"')
        if table.misses:
            raise CommandError("; ".join(map(str, table.misses)))
