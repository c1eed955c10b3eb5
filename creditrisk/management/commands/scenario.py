"""Play scenario files against the real services and take everything back."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from creditrisk.scenarios import expect, format, player


class Command(BaseCommand):
    """Thin: finds the files, plays them, prints what differs."""

    help = (
        "Play credit policies told as stories (YAML files or folders of them): to test a policy before it is switched"
        " on, and to see that the product does what the stories say. Nothing that a story does is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a scenario file, or a folder")
        parser.add_argument("--verbose", action="store_true", help="tell every step, and where an error comes from")
        parser.add_argument("--only", metavar="ID", help="play the scenario of this id alone")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            stories = [format.read(path) for path in format.files(options["paths"])]
        except FileNotFoundError as error:
            raise CommandError(f"there is no file or folder {error}") from error
        if not stories:
            raise CommandError(f"no .yaml file under {', '.join(map(str, options['paths']))}")
        only = options["only"]
        if only is not None and only not in (ids := [s.id for story in stories for s in story.scenarios]):
            raise CommandError(f"unknown scenario {only!r}; known: {', '.join(ids) or 'none'}")
        passed = failed = 0
        for story in stories:
            for mistake in story.mistakes:
                self.stdout.write(str(mistake))
            failed += story.lost
            for scenario in story.scenarios:
                if only in (None, scenario.id):
                    report = player.play(scenario)
                    passed, failed = passed + report.passed, failed + (not report.passed)
                    self._tell(report, verbose=options["verbose"])
        self.stdout.write(f"{passed} passed, {failed} failed")
        if failed:
            sys.exit(1)

    def _tell(self, report: player.Report, *, verbose: bool) -> None:
        if verbose:
            self.stdout.write(f"{report.scenario.id}: {report.scenario.title}")
            for step, played in report.steps:
                codes = [*played.reasons, *played.warnings]
                said = f" {expect.shown(codes)}" if codes else ""
                refused = f" {played.error}: {played.sentence}" if played.refused else ""
                self.stdout.write(f"  {step.number} {step.verb} by {step.by}: {played.outcome}{said}{refused}")
        for failure in report.failures:
            self.stdout.write(failure)
        if verbose:
            for detail in report.details:
                self.stdout.write(detail)
