"""Measure the gate against a bare transaction on the same server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from bench import gate


class Command(BaseCommand):
    help = "When you want to know what a decision costs here; best by `make bench`, on servers of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--times", type=int, default=200, help="how many transactions of each kind")

    def handle(self, *args: Any, **options: Any) -> None:
        floor, *sizes = gate.measure(now=timezone.now(), times=options["times"], say=self.stdout.write)
        self.stdout.write(f"\n{'':<34}{'median ms':>10}{'p95 ms':>10}{'x floor':>9}{'x smallest':>11}")
        self.stdout.write(f"{'floor: a bare transaction':<34}{floor.median:>10.2f}{floor.p95:>10.2f}{1:>9.2f}{'':>11}")
        for timing in sizes:
            name = f"confirm, {int(timing.name):,} open documents"
            ratios = f"{timing.median / floor.median:>9.2f}{timing.median / sizes[0].median:>11.2f}"
            self.stdout.write(f"{name:<34}{timing.median:>10.2f}{timing.p95:>10.2f}{ratios}")
