"""Import open items and settled ones from a CSV file, under a column mapping."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone
from tqdm import tqdm

from creditrisk.clock import business_day
from creditrisk.roles import Actor
from creditrisk.takeover import receivables
from ledger.imports import delimited, mapping
from ledger.imports.report import Report


class Command(BaseCommand):
    """Safe to run twice: what was imported before is recognised by its key."""

    help = (
        "Take over receivables from a CSV file: items, payments of settled ones, customers, companies and terms. Run it"
        " when a ledger is taken over, and again with a newer file: what is there is not doubled."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The CSV file.")
        parser.add_argument(
            "--mapping", default="generic", help=f"A TOML or JSON file, or one of {', '.join(mapping.BUILT_IN)}."
        )
        parser.add_argument("--company", default="", help="The company of rows that name none.")
        parser.add_argument("--currency", default="", help="The currency of rows that name none.")
        parser.add_argument("--limit-from-history", action="store_true", help="Grant each customer without a limit its"
                            " highest exposure so far and a tenth more, rounded up.")  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Do everything, report, and undo it.")
        parser.add_argument("--strict", action="store_true", help="Import nothing when any row is refused.")
        parser.add_argument("--report", type=Path, help="Write every refused row to this CSV file.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        report = Report(source=options["file"].name)
        try:
            columns = mapping.with_defaults(
                mapping.find(options["mapping"]), company=options["company"], currency=options["currency"]
            )
            rows = delimited.read(
                options["file"], columns, report, today=business_day(now),
                progress=lambda lines: tqdm(lines, desc="reading", unit=" rows", disable=options["verbosity"] == 0),
            )  # fmt: skip
            if not (options["strict"] and report.refused):
                receivables.take_over(
                    rows, report, limits=options["limit_from_history"], dry_run=options["dry_run"],
                    by=Actor.system("import"), now=now,
                )  # fmt: skip
        except (delimited.BadFile, mapping.BadMapping, receivables.Drifted) as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(f"Nothing was imported; the database refused a row: {error}") from error
        finally:
            if options["report"] and report.rows:
                report.write_csv(options["report"])
        for line in report.lines():
            self.stdout.write(line)
        if options["strict"] and report.refused:
            raise CommandError("Rows were refused, so nothing was imported (--strict).")
        if options["dry_run"]:
            self.stdout.write("Dry run: all of it was undone.")
