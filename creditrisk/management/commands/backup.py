"""Write the whole database to one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditrisk.refusal import Refused
from creditrisk.running import backup


class Command(BaseCommand):
    help = "Every night, and before every update: write the whole database, files and evidence in it, to one file."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="usual: a new one in backups, below VAR_DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        usual = settings.VAR_DIR / "backups" / f"creditrisk-{timezone.now():%Y%m%d-%H%M%S}.dump"
        path = options["file"] or usual
        try:
            size = backup.backup(path, database=settings.DATABASES["default"])
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path}: {size / 1024**2:,.1f} MB. Keep it elsewhere than the database.")
