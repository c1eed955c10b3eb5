"""Look at the credit policy from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditrisk.clock import business_day
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy import health
from creditrisk.policy.changes import described


class Command(BaseCommand):
    help = (
        "check: any time, and after every change, what ails the policy in force (--draft: the draft); ends with 1 where"
        " credit is not controlled. show: which rows are in force, and what the draft would change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["check", "show"])
        parser.add_argument("--draft", action="store_true", help="with check: the draft instead of what is in force")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "show":
            self._show()
        else:
            self._check(draft=options["draft"])

    def _check(self, *, draft: bool) -> None:
        policy = policies.compiled(0, policies.draft()) if draft else policies.active()
        found = health.examine(policy, today=business_day(timezone.now()))
        for one in found:
            self.stdout.write(f"{'grave' if one.grave else 'warning'}: {one.sentence}")
        grave = sum(one.grave for one in found)
        name = "The draft" if draft else f"Version {policy.number}"
        self.stdout.write(f"{name}: {grave} grave, {len(found) - grave} warnings.")
        if grave:
            raise CommandError("Credit is not controlled where people believe it is.")

    def _show(self) -> None:
        draft = drafts.look()
        if draft.active is None:
            self.stdout.write("No version is in force yet.")
        else:
            version = draft.active
            self.stdout.write(
                f"Version {version.number}, {version.saved_at:%d %b %Y %H:%M}: {version.note or 'no note'}"
            )
            for row in version.content["rules"]:
                self.stdout.write(f"  row {row['id']}: {described(row)}")
        for sentence in draft.changes or ("The draft says the same.",):
            self.stdout.write(f"  draft: {sentence}" if draft.changes else sentence)
