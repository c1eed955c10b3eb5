"""Plays stories: each in a transaction of its own that is rolled back, with the clock set by the story."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction

from creditrisk.exposure import ledger
from creditrisk.money import MissingRate
from creditrisk.refusal import Refused
from creditrisk.scenarios import expect, given, verbs
from creditrisk.scenarios.expect import Difference
from creditrisk.scenarios.format import Scenario, Step
from creditrisk.scenarios.verbs import Played
from creditrisk.scenarios.world import Missing, World
from customers.models import Customer


@dataclass(frozen=True)
class Failure:
    """One expectation that was not met, or what kept a story from going on."""

    file: str
    scenario: str
    sentence: str
    step: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        place = f"{self.scenario}, step {self.step}" if self.step else self.scenario
        return f"{self.file}: {place}: {self.sentence}"


@dataclass(frozen=True)
class Report:
    """How one story went: every failure, and what came of each step that was taken."""

    scenario: Scenario
    failures: tuple[str, ...] = ()
    steps: tuple[tuple[Step, Played], ...] = ()
    details: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures


class _Stop(Exception):
    """The story cannot go on."""


def play(scenario: Scenario, *, audit: bool = False) -> Report:
    """Play one story against the database and take everything back; a story with mistakes is not played.

    `audit` asks in the end whether the exposure ledger still says what the formula does.
    """
    if scenario.mistakes:
        return Report(scenario, tuple(map(str, scenario.mistakes)))
    playing = _Playing(scenario, audit=audit)
    with transaction.atomic():
        playing.run()
        transaction.set_rollback(True)
    return Report(
        scenario,
        tuple(map(str, playing.failures)),
        tuple(playing.taken),
        tuple(f.detail for f in playing.failures if f.detail),
    )


class _Playing:
    """One story on its way."""

    def __init__(self, scenario: Scenario, *, audit: bool) -> None:
        self.scenario = scenario
        self.audit = audit
        self.failures: list[Failure] = []
        self.taken: list[tuple[Step, Played]] = []

    def fail(self, sentence: str, step: Step | None = None, *, detail: str = "") -> None:
        number = step.number if step else None
        self.failures.append(Failure(self.scenario.file, self.scenario.id, sentence, number, detail))

    def run(self) -> None:
        try:
            with transaction.atomic():
                world = given.build(self.scenario.given, today=self.scenario.today)
        except Exception as error:  # whatever it is, the other stories go on
            self.fail(f"given: {_told(error)}", detail=traceback.format_exc())
            return
        step = None
        try:
            for step in self.scenario.steps:
                self._step(step, world)
            if self.audit:
                self._audit(world)
        except _Stop:
            pass
        except Missing as error:
            self.fail(str(error), step)
        except Exception as error:
            self.fail(_told(error), step, detail=traceback.format_exc())

    def _audit(self, world: World) -> None:
        drift = ledger.audit([world.rows[Customer, code] for code in world.told]).total
        if drift:
            self.fail(f"the exposure ledger differs from the formula by {drift}")

    def _step(self, step: Step, world: World) -> None:
        before = expect.latest_alert()
        played = _played(step, world)
        self.taken.append((step, played))
        for difference in self._differences(step, played, world, before):
            self.fail(str(difference), step)
        if played.refused and not expect.expects_refusal(step.expect):
            self.fail(f"expected no refusal, found {played.error}: {played.sentence}", step)
            raise _Stop

    def _differences(self, step: Step, played: Played, world: World, before: int) -> Iterator[Difference]:
        # A refusal that nobody expects is told once, not as an outcome too.
        unexpected = played.refused and not expect.expects_refusal(step.expect)
        wanted = {k: v for k, v in step.expect.items() if not (unexpected and k in ("outcome", "allowed"))}
        yield from expect.differences(wanted, played, world, alerts_before=before)


def _played(step: Step, world: World) -> Played:
    """Take a step as a request would: in a transaction of its own, of which a refusal leaves nothing."""
    if step.on is not None:
        world.move_clock(step.on)
    try:
        with transaction.atomic():
            played = verbs.play(world, step.verb, step.value, by=step.by)
            connection.check_constraints()  # deferred ones too, as at a commit
            return played
    except (Refused, MissingRate) as error:
        return Played("refused", error=error.code, sentence=str(error))


def _told(error: Exception) -> str:
    said = str(error).strip().splitlines()
    what = "the database refuses" if isinstance(error, DatabaseError) else type(error).__name__
    return f"{what}: {said[0] if said else 'without a word'}"
