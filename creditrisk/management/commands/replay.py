"""Ask stored decisions again from their facts."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import batched
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from approvals import hindsight, replay
from approvals.replay import Past
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from creditrisk.policy.models import PolicyVersion

CHUNK = 500


class Command(BaseCommand):
    help = (
        "Recomputes stored decisions from the facts that they rested on, under the version that each was made by: none "
        "may differ. With --policy or --draft it says instead which would have come out otherwise under that policy."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="first business day, 2026-03-31")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="last business day")
        parser.add_argument("--document", metavar="NUMBER", help="only decisions about this document")
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--policy", type=int, metavar="N", help="what version N would have said")
        other.add_argument("--draft", action="store_true", help="what the rows as they stand would say")

    def handle(self, *args: Any, **options: Any) -> None:
        policy = self._other(options["policy"], draft=options["draft"])
        ids = replay.chosen(since=options["since"], until=options["until"], number=options["document"])
        counted: Counter[str] = Counter()
        with tqdm(total=len(ids), desc="replaying", unit=" decisions", disable=options["verbosity"] == 0) as bar:
            for handful in batched(ids, CHUNK):
                pasts = replay.read(handful)
                lines = _under_own(pasts) if policy is None else _under(pasts, policy)
                for past, differs in lines:
                    counted["replayed"] += 1
                    if differs:
                        counted["differ"] += 1
                        bar.write(f"decision {past.id} of {past.day}: {'; '.join(differs)}", file=self.stdout)
                bar.update(len(handful))
        self.stdout.write(f"{counted['replayed']} replayed, {counted['differ']} differ")
        if policy is None and counted["differ"]:
            raise CommandError("Decisions differ under the version that they were made by.")

    def _other(self, number: int | None, *, draft: bool) -> Policy | None:
        if draft:
            return policies.compiled(0, policies.draft())
        if number is None:
            return None
        try:
            return policies.version(number)
        except PolicyVersion.DoesNotExist:
            raise CommandError(f"There is no policy version {number}.") from None


def _under_own(pasts: Iterable[Past]) -> Iterator[tuple[Past, list[str]]]:
    version = cache(replay.version)
    for past in pasts:
        try:
            yield past, replay.differences(past, replay.again(past, version(past.policy_number)))
        except (MissingRate, PolicyVersion.DoesNotExist) as error:
            yield past, [str(error)]


def _under(pasts: list[Past], policy: Policy) -> Iterator[tuple[Past, list[str]]]:
    for answer in hindsight.answers(pasts, policy):
        was, would = answer.past, answer
        if would.missing:
            yield was, [would.missing]
        elif (was.verdict, set(was.codes)) != (would.verdict, set(would.codes)):
            yield was, [f"{_told(was.verdict, was.codes)} would be {_told(would.verdict, would.codes)}"]
        else:
            yield was, []


def _told(verdict: str, codes: Iterable[str]) -> str:
    listed = ", ".join(codes)
    return f"{verdict} ({listed})" if listed else verdict
