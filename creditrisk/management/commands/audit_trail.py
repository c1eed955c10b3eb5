"""Seal the audit trail, verify it, or name its last seal."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from creditrisk.audit import sealing, verifying
from creditrisk.audit.models import Seal
from creditrisk.refusal import Refused

SHOWN = 20


def anchor(text: str) -> tuple[int, str]:
    """Return the number and the digest of a seal, from NUMBER:DIGEST."""
    number, _colon, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
        raise ArgumentTypeError("say it as `audit_trail head` does: the number, a colon and 64 hexadecimal digits")
    return int(number), digest


class Command(BaseCommand):
    help = (
        "seal: any time, seal what the worker has not yet. verify: compute the whole chain again; names the first broken"
        " link and exits with 1 where something does not fit. head: the last seal, to be noted elsewhere; verify"
        " --anchor with it shows whether the chain before it was written anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["seal", "verify", "head"])
        parser.add_argument(
            "--anchor", type=anchor, metavar="NUMBER:DIGEST", help="with verify: a seal noted elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            self.stdout.write(f"{sealing.seal(now=timezone.now())} rows sealed.")
        elif options["what"] == "head":
            self._head()
        else:
            self._verify(options["anchor"])

    def _head(self) -> None:
        head = Seal.objects.order_by("-number").first()
        if head is None:
            raise CommandError("Nothing is sealed yet.")
        self.stdout.write(f"{head.number}:{bytes(head.digest).hex()}")

    def _verify(self, noted: tuple[int, str] | None) -> None:
        now, began = timezone.now(), time.monotonic()
        told: list[str] = []

        def hear(found: verifying.Break) -> None:
            if len(told) < SHOWN:
                told.append(str(found))

        try:
            outcome = verifying.verify(anchor=noted, hear=hear)
        except Refused as error:
            raise CommandError(str(error)) from error
        verifying.record(outcome, seconds=time.monotonic() - began, now=now)
        if outcome.first is not None:
            further = "".join(f"\n  then: {line}" for line in told[1:])
            more = f"\n  and {outcome.breaks - len(told)} more" if outcome.breaks > len(told) else ""
            raise CommandError(
                f"Broken at {outcome.breaks} places. First: {outcome.first}{further}{more}", returncode=1
            )
        if not outcome.seal:
            self.stdout.write("Nothing is sealed yet, so there is nothing to verify: `audit_trail seal` seals now.")
            return
        self.stdout.write(f"Unbroken: {outcome.rows} rows up to seal {outcome.seal}:{outcome.digest}.")
