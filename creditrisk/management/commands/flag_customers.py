"""Suspend customers as a file of flags from outside says: a bureau's, or the fraud team's."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from approvals import flags
from creditrisk.roles import Actor
from ledger.imports.delimited import BadFile


class Command(BaseCommand):
    """Safe to run twice: who is suspended already stays so."""

    help = (
        "Suspend customers at once: a CSV or XLSX file with the columns customer and reason, and where wanted until (last"
        " day), source and lift (yes gives credit back). Fails where a row is refused; the other rows are carried out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The CSV or XLSX file.")
        parser.add_argument("--source", default="", help="Where the flags come from, for rows that name no source.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            told = flags.take_in(
                path.read_bytes(), path.name, source=options["source"] or path.stem, by=Actor.system("flags"),
                now=timezone.now(),
            )  # fmt: skip
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except BadFile as error:
            raise CommandError(f"{error} Nothing was done.") from error
        for row in told:
            self.stdout.write(
                f"row {row.number}, {row.code}: {row.outcome}{f': {row.sentence}' if row.sentence else ''}"
            )
        if refused := sum(row.refused for row in told):
            raise CommandError(f"{refused} of {len(told)} rows were refused.")
