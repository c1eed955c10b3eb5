"""Import the European Central Bank's daily reference rates from a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from creditrisk.takeover import rates
from ledger.imports import ecb
from ledger.imports.delimited import BadFile


class Command(BaseCommand):
    """Safe to run twice: a rate that is there is never changed."""

    help = (
        "Take exchange rates from a file of the ECB: eurofxref.csv, eurofxref-hist.zip or the XML of the same names."
        " Run it every working day after 16:00 CET, or once with the history."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The CSV, zip or XML file.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            kept = rates.take_over(ecb.read(path.read_bytes(), path.name), now=timezone.now())
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except BadFile as error:
            raise CommandError(f"{error} Nothing was imported.") from error
        self.stdout.write(f"{kept.new:,} rates are new, {kept.alike:,} were here already.")
        for rate in kept.other[:10]:
            self.stdout.write(f"{rate.currency} of {rate.day}: another rate is here and stays.")
