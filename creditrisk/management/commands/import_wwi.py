"""Import Wide World Importers: customers, orders, invoices and payments from a folder of Parquet files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone
from tqdm import tqdm

from approvals import bulk
from creditrisk.roles import Actor
from creditrisk.takeover import receivables, wwi
from ledger.imports import delimited
from ledger.imports import wwi as reader
from ledger.imports.report import Report


class Command(BaseCommand):
    """Safe to run twice: what was imported before is recognised by its key."""

    help = (
        "Take over Wide World Importers from a folder of Parquet files, each event on its business day. Run it to try"
        " the product on three and a half years of orders and payments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="The folder with Sales.Orders.parquet and its siblings.")
        parser.add_argument("--limit-from-history", action="store_true", help="Grant each customer without a limit its"
                            " highest exposure so far and a tenth more, rounded up.")  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Do everything, report, and undo it.")
        parser.add_argument("--report", type=Path, help="Write every refused row to this CSV file.")

    @bulk.uncollected()
    def handle(self, *args: Any, **options: Any) -> None:
        report = Report(source="Wide World Importers")
        quiet = options["verbosity"] == 0
        try:
            with tqdm(total=len(reader.FILES) + 2, desc="reading", unit=" steps", disable=quiet) as bar:

                def step(name: str) -> None:
                    bar.set_postfix_str(name)
                    bar.update()

                found = reader.read(options["folder"], report, progress=step)
                step("writing")
                wwi.take_over(
                    found, report, limits=options["limit_from_history"], dry_run=options["dry_run"],
                    by=Actor.system("import"), now=timezone.now(),
                )  # fmt: skip
        except (delimited.BadFile, receivables.Drifted) as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(f"Nothing was imported; the database refused a row: {error}") from error
        finally:
            if options["report"] and report.rows:
                report.write_csv(options["report"])
        for line in report.lines():
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("Dry run: all of it was undone.")
