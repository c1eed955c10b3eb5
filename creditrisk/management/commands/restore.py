"""Make the database what it was when a backup was written."""

from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError

from creditrisk.refusal import Refused
from creditrisk.running import backup


class Command(BaseCommand):
    help = (
        "After a loss, or into an empty database to try a backup: stop web, worker and beat, restore, `migrate`, "
        "`audit_trail verify`, `exposure audit`, start again. All of it is restored or nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="what is in the database goes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup.restore(options["file"], database=settings.DATABASES["default"], replace=options["replace"])
        except Refused as error:
            raise CommandError(str(error)) from error
        with suppress(Exception):  # What is cached speaks of the database before; without a broker nothing is cached.
            cache.clear()
        self.stdout.write("Restored. Next: migrate, audit_trail verify, exposure audit.")
