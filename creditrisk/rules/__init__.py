"""The rule book: what a rule is, in which order its rows are read, and what comes of it.

A rule says what it measures and when that is true; it reads no database, no clock and no settings. The book opens
itself: every module beside this one holds one rule. A row of the policy puts a rule to work: block or exclude, for one
customer, a credit group or all.
"""

import importlib
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple

from creditrisk.facts import (
    Case,
    Control,
    Finding,
    LimitState,
    Measured,
    Outcome,
    Standing,
    Verdict,
)
from creditrisk.language import marks, number, say, say_count
from creditrisk.money import decimals


class Wrong(NamedTuple):
    """What is wrong with the values of a row: at which of them, and the sentence that says so."""

    field: str
    sentence: str


@dataclass(frozen=True)
class Rule:
    """What one rule row looks for. Its fields are the row's values.

    `code` is stored on every hold: never renamed, never reused. `order` is its place in the book. A block is true when
    its measurements reach the `bounds`, so a lower bound bites sooner; `spans` say how far to look, so a longer one
    finds more; `keys` name what it looks for. Rows of one rule are compared by them, to find those without effect.
    """

    code: ClassVar[str]
    label: ClassVar[str]
    order: ClassVar[int]
    bounds: ClassVar[tuple[str, ...]] = ()
    spans: ClassVar[tuple[str, ...]] = ()
    keys: ClassVar[tuple[str, ...]] = ()

    def block(self, case: Case) -> Measured | None:
        """Return the measurement of a blocking row, or None where there is nothing to measure."""
        raise NotImplementedError

    def exclude(self, case: Case) -> Measured | None:
        """Return the measurement of an excluding row, or None where there is nothing to measure."""
        raise NotImplementedError

    def value_kind(self) -> tuple[str, ...]:
        """Name the values given: an exclusion only answers blocks with the same kind of value."""
        return tuple(f.name for f in fields(self) if f.name not in ("currency",) and getattr(self, f.name) is not None)

    @classmethod
    def values(cls) -> tuple[str, ...]:
        """Name the values that a row of this rule has."""
        return tuple(f.name for f in fields(cls))

    def says(self, kind: str) -> str:
        """Return when a row of this `kind` is true, in words that follow “when”."""
        raise NotImplementedError

    @classmethod
    def refuse(cls, kind: str, values: Mapping[str, Any]) -> Wrong | None:
        """Return what is wrong with these values of a row, or nothing."""
        return None


@dataclass(frozen=True)
class Standard:
    """A rule that is always in the book, without rows: the limits, the stops, the rank checks.

    `freed` says whether an exclusion that frees the order frees it from this one too.
    """

    code: ClassVar[str]
    label: ClassVar[str]
    order: ClassVar[int]
    freed: ClassVar[bool] = True

    def find(self, case: Case, rows: Sequence["Row"]) -> Iterable[Finding]:
        """Return what the rule found of this case; `rows` are the policy's that speak of it, in reading order."""
        raise NotImplementedError


@dataclass(frozen=True)
class Row:
    """A rule put to work by the policy."""

    rule: Rule
    kind: str = "block"  # block | exclude
    scope: str = "all"  # customer | group | all
    scope_code: str = ""
    risk_class: str | None = None
    release_order: bool = False
    action: str = "HOLD"
    valid_from: date | None = None
    valid_to: date | None = None
    id: int | None = None

    def applies(self, case: Case) -> bool:
        """Return whether the row speaks of this customer on this day."""
        return (
            (
                self.scope == "all"
                or self.scope_code == (case.customer if self.scope == "customer" else case.credit_group)
            )
            and self.risk_class in (None, case.risk_class)
            and (self.valid_from is None or self.valid_from <= case.today)
            and (self.valid_to is None or case.today <= self.valid_to)
        )

    def measure(self, case: Case) -> Measured | None:
        """Ask the rule, as a block or as an exclusion."""
        return self.rule.block(case) if self.kind == "block" else self.rule.exclude(case)

    @cached_property
    def search(self) -> tuple[str, tuple[str, ...]]:
        """Return what the row is read for: its rule, and the kind of value; the first true row of a search ends it."""
        return self.rule.code, self.rule.value_kind()

    @cached_property
    def whom(self) -> str:
        """Return whom the row speaks of, as its findings keep it."""
        return self.scope if self.scope == "all" else f"{self.scope} {self.scope_code}"


# The reading order, for all rules: customer, group, all; inside a level block before exclusion. What holds is read
# before what warns, so that the order in which rows were written says nothing.
LEVELS = {"customer": 0, "group": 1, "all": 2}
_KINDS = {"block": 0, "exclude": 1}
_ACTIONS = {"HOLD": 0, "WARN": 1}


class Rows(tuple[Row, ...]):
    """Rows in reading order, which know whom they speak of: what a case costs does not grow with all the others."""

    @cached_property
    def _places(self) -> Mapping[tuple[str, str | None, str | None], Sequence[int]]:
        found: defaultdict[tuple[str, str | None, str | None], list[int]] = defaultdict(list)
        for place, row in enumerate(self):
            found[row.scope, row.scope_code if row.scope != "all" else "", row.risk_class].append(place)
        return dict(found)

    def of(self, case: Case) -> list[Row]:
        """Return the rows that speak of this case, in reading order."""
        whom = (("customer", case.customer), ("group", case.credit_group), ("all", ""))
        classes = (None,) if case.risk_class is None else (None, case.risk_class)
        places = sorted(p for scope, code in whom for of in classes for p in self._places.get((scope, code, of), ()))
        return [row for row in (self[place] for place in places) if row.applies(case)]


@cache
def _modules() -> tuple[Any, ...]:
    return tuple(importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))


def _classes(base: type) -> list[Any]:
    found: set[Any] = {
        value
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda c: c.order)


@cache
def book() -> Mapping[str, type[Rule]]:
    """Return the rules that rows are made of, by code, in the order of the book."""
    return {c.code: c for c in _classes(Rule)}


@cache
def standards() -> Mapping[str, type[Standard]]:
    """Return the rules that need no rows, by code, in the order of the book."""
    return {c.code: c for c in _classes(Standard)}


def labels() -> Mapping[str, str]:
    """Return the label of every reason code in the reader's language, in the order of the book."""
    every: list[Any] = [*book().values(), *standards().values()]
    every.sort(key=lambda c: c.order)
    return {c.code: say(c.label) for c in every}


def label(code: str) -> str:
    """Return the label of a reason code in the reader's language; a rule that left the book goes by its code's words."""
    found = book().get(code) or standards().get(code)
    return say(found.label) if found else code.replace("_", " ").capitalize()


def sentence(code: str) -> str:
    """Return what a rule does, as its module says it, in the reader's language."""
    return _told(sys.modules[_of(code).__module__], whole=False)


def detail(code: str) -> str:
    """Return when a rule is true, as its class says it, in the reader's language."""
    return _told(_of(code), whole=True)


def _of(code: str) -> Any:
    return book().get(code) or standards()[code]


def _told(of: Any, *, whole: bool) -> str:
    text = " ".join((of.__doc__ or "").split() if whole else (of.__doc__ or "").split("\n\n")[0].split())
    return say(text) if text else ""


def reading_order(rows: Iterable[Row]) -> Rows:
    """Sort rows as they are read: by rule, customer before group before all, block before exclusion, hold before warn."""

    def place(row: Row) -> tuple[int, ...]:
        return row.rule.order, LEVELS[row.scope], _KINDS[row.kind], _ACTIONS[row.action], row.id or 0

    return Rows(sorted(rows, key=place))


def sum_in_words(amount: Decimal, currency: str | None) -> str:
    """Return an amount of money; without a currency it is in the account's."""
    if currency:
        return f"{currency} {number(amount, decimals(currency))}"
    return say("%(amount)s in the account's currency", amount=number(amount, 2))


def number_in_words(value: Decimal) -> str:
    """Return a number without superfluous zeros."""
    return f"{value.normalize():f}".replace(".", marks()[0])


def days_in_words(days: int) -> str:
    """Return a number of days."""
    return say_count("%(count)s day", "%(count)s days", days)


ACTIONS: Mapping[str, str] = {
    Control.NONE: "NONE",
    Control.WARN: "WARN",
    Control.BLOCK: "HOLD",
}


def against_limit(code: str, case: Case, standing: Standing) -> Finding | None:
    """Return the finding of one standing against its limit, or None where there is no limit to compare with."""
    limit = standing.limit
    if limit.state == LimitState.DEFERRED:
        return None
    true = standing.exceeded and not case.prepaid
    action = ACTIONS[standing.control]
    threshold = None if limit.state == LimitState.UNLIMITED else limit.amount
    measured = Measured(standing.measured, threshold, limit.currency, true, standing.code)
    return Finding(code, "limit", action, measured, true, true and action != "NONE")


def at_least(value: Decimal | int, threshold: Decimal | int, unit: str, *, and_also: bool = True) -> Measured:
    """Return the measurement of a block: true when `value` reaches `threshold`."""
    return Measured(value, threshold, unit, and_also and value >= threshold)


def at_most(value: Decimal | int, threshold: Decimal | int, unit: str, *, and_also: bool = True) -> Measured:
    """Return the measurement of an exclusion: true when `value` does not exceed `threshold`."""
    return Measured(value, threshold, unit, and_also and value <= threshold)


def evaluate(case: Case, rows: Sequence[Row]) -> Outcome:
    """Ask every rule about `case` and return every finding, those that passed too.

    `rows` stand in reading order. Within one rule the first true row ends the search; a true exclusion that frees the
    order lets the document pass whatever the rules find, but for the stops by hand.
    """
    applying = (rows if isinstance(rows, Rows) else Rows(rows)).of(case)
    asked = [(row, row.measure(case)) for row in applying]
    freeing = next(
        (r for r, m in asked if r.kind == "exclude" and r.release_order and m and m.true),
        None,
    )
    findings = [
        *_of_rows(asked, freed=freeing is not None),
        *_of_standards(case, applying, freed=freeing is not None),
    ]
    if case.excluded or not case.uses_credit:
        findings = [_spared(f, case) for f in findings]
    reasons = _codes(findings, "HOLD")
    warnings = _codes(findings, "WARN")
    if case.never_blocked:
        reasons, warnings = (), tuple(dict.fromkeys([*reasons, *warnings]))
    verdict = Verdict.HELD if reasons else Verdict.WARNED if warnings else Verdict.PASSED
    return Outcome(verdict, tuple(findings), reasons, warnings, freeing.id if freeing else None)


def _codes(findings: Iterable[Finding], action: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.code for f in findings if f.counts and f.action == action))


def _spared(finding: Finding, case: Case) -> Finding:
    """A customer excluded from credit control is never held; a document that uses no credit meets no limit."""
    limits = ("over_limit", "over_shared_limit", "over_sub_limit", "limit_used")
    if finding.counts and (case.excluded or finding.code in limits):
        return _without_effect(finding)
    return finding


def _without_effect(finding: Finding, excluded_by: int | None = None) -> Finding:
    return Finding(
        finding.code, finding.kind, finding.action, finding.measured, finding.true, False, finding.row, finding.scope,
        excluded_by,
    )  # fmt: skip


def _of_rows(asked: Sequence[tuple[Row, Measured | None]], *, freed: bool) -> list[Finding]:
    findings: list[Finding] = []
    ended: dict[tuple[str, tuple[str, ...]], Row] = {}
    for row, measured in asked:
        true = measured is not None and measured.true
        blocks, first = row.kind == "block", ended.get(row.search)
        if true and first is None:
            ended[row.search] = row
        counts = true and first is None and blocks and not freed
        excluded_by = first.id if true and blocks and first is not None and first.kind == "exclude" else None
        action = row.action if blocks else "NONE"
        findings.append(Finding(row.rule.code, row.kind, action, measured, true, counts, row.id, row.whom, excluded_by))
    return findings


def _of_standards(case: Case, rows: Sequence[Row], *, freed: bool) -> list[Finding]:
    return [
        _without_effect(finding) if freed and rule.freed else finding
        for rule in standards().values()
        for finding in rule().find(case, rows)
    ]
