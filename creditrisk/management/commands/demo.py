"""Make the demo company and print its logins."""

import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from creditrisk.demo import people, story


class Command(BaseCommand):
    """Safe to run twice: it does nothing when the demo company is there."""

    help = (
        "Make a demo company: about 300 customers, two years of business and some trouble, ending today. Run it on an"
        " empty database, to try the product. --reset deletes everything in the database first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="Delete everything in this database first.")
        parser.add_argument("--yes", action="store_true", help="Yes, really delete everything.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            self._reset(yes=options["yes"])
        if story.is_there():
            self.stdout.write("The demo company is there already; nothing was changed.")
        else:
            self._make()
        self._print_logins()

    def _make(self) -> None:
        began = time.perf_counter()
        made = story.make(now=timezone.now(), tell=lambda text: self.stdout.write(f"  {text} …"))
        self.stdout.write(
            f"Made {made.customers:,} customers, {made.documents:,} documents and {made.open_holds:,} open holds"
            f" in {time.perf_counter() - began:.0f} s; exposure audit: 0.00."
        )

    def _reset(self, *, yes: bool) -> None:
        if not yes:
            raise CommandError("--reset deletes everything in this database. Say --reset --yes if that is meant.")
        connection.close()
        # Only the owner of the tables may empty them; this command runs as the application, which may not.
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "flush", "--no-input"]
        if subprocess.run(command, check=False).returncode:
            raise CommandError("The database could not be emptied; nothing else was done.")

    def _print_logins(self) -> None:
        self.stdout.write("")
        self.stdout.write(f"  {'login':8} {'password':9} role")
        for login, _first, _last, role, _up_to in people.PEOPLE:
            self.stdout.write(f"  {login:8} {people.PASSWORD:9} {role.replace('_', ' ')}")
