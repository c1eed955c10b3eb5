"""Reading policies for pages: a version as people read it, the list of versions, the rule book with what is at work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Count, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import Http404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import rules
from creditrisk.facts import CHECKPOINTS
from creditrisk.policy import alerting
from creditrisk.policy import compile as policies
from creditrisk.policy.changes import changes, said, setting
from creditrisk.policy.compile import Policy
from creditrisk.policy.idle import idle
from creditrisk.policy.models import PolicyVersion, RuleRow
from creditrisk.policy.names import step_name
from creditrisk.policy.words import HELP, SECTIONS, shown, title
from creditrisk.roles import name_of
from customers import queries as customer_queries
from customers.models import Control, CreditAccount


@dataclass(frozen=True)
class Line:
    """A parameter with its value, in words."""

    title: str
    value: str
    help: str


@dataclass(frozen=True)
class CheckpointLine:
    """A checkpoint: what holds for all companies, and what single ones do otherwise."""

    code: str
    everywhere: str
    on: bool
    companies: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return step_name(self.code)


@dataclass(frozen=True)
class RowLine:
    """A rule row in words, with why it can have no effect, if so. `edited`: it is still in the draft."""

    id: int
    text: str
    kind: str
    idle: str
    edited: bool


@dataclass(frozen=True)
class Reading:
    """A policy as people read it."""

    sections: tuple[tuple[str, tuple[Line, ...]], ...]
    checkpoints: tuple[CheckpointLine, ...]
    rows: tuple[tuple[str, str, tuple[RowLine, ...]], ...]
    alerts: tuple[tuple[str, str], ...] = ()  # for whom, what

    @property
    def row_count(self) -> int:
        return sum(len(rows) for _code, _label, rows in self.rows)


def reading(content: Mapping[str, Any], *, today: date) -> Reading:
    """Return a version's content, or the draft's, as people read it; rows in reading order."""
    told = content["parameters"]
    sections = tuple(
        (
            str(heading),
            tuple(
                Line(title(name), shown(name, told[name]), str(HELP.get(name, ""))) for name in names if name in told
            ),
        )
        for heading, names in SECTIONS
    )
    companies = content.get("companies", {})
    checkpoints = tuple(
        CheckpointLine(
            code, setting(content["checkpoints"].get(code, {"on": False, "grace_days": 0})),
            bool(content["checkpoints"].get(code, {}).get("on")),
            tuple((who, setting(own["checkpoints"][code])) for who, own in sorted(companies.items()) if code in own["checkpoints"]),
        )
        for code in CHECKPOINTS
    )  # fmt: skip
    alerts = tuple((alerting.whom(row), alerting.said(row)) for row in content.get("alerts", ()))
    return Reading(sections, checkpoints, _rows(content, today), alerts)


def _rows(content: Mapping[str, Any], today: date) -> tuple[tuple[str, str, tuple[RowLine, ...]], ...]:
    by_number = {row["id"]: row for row in content["rules"]}
    ordered = policies.compiled(0, content).rows
    why = {one.row.id: one.why for one in idle(ordered, today=today)}
    edited = set(RuleRow.objects.values_list("pk", flat=True))
    found: dict[str, list[RowLine]] = {}
    for row in ordered:
        if row.id is not None:
            told = by_number[row.id]
            line = RowLine(row.id, capfirst(said(told)), row.kind, why.get(row.id, ""), row.id in edited)
            found.setdefault(row.rule.code, []).append(line)
    return tuple((code, rules.label(code), tuple(lines)) for code, lines in found.items())


@dataclass(frozen=True)
class VersionRow:
    """One version in the list, with what it changed."""

    number: int
    note: str
    saved_by: str
    saved_at: datetime
    changes: tuple[str, ...]
    in_force: bool


def versions(numbers: Any = None) -> list[VersionRow]:
    """Return the versions of a page of the list, the newest first, each with what it changed."""
    found = (
        list(PolicyVersion.objects.select_related("saved_by").order_by("-number")) if numbers is None else list(numbers)
    )
    if not found:
        return []
    newest = policies.newest_version()
    before = PolicyVersion.objects.filter(number__lt=found[-1].number).order_by("-number").first()
    older: list[PolicyVersion | None] = [*found[1:], before]
    return [
        VersionRow(
            one.number, one.note, name_of(one.saved_by), one.saved_at,
            tuple(changes(earlier.content if earlier else None, one.content)),
            newest is not None and one.number == newest.number,
        )
        for one, earlier in zip(found, older, strict=True)
    ]  # fmt: skip


def one(number: int) -> PolicyVersion:
    """Return a version by its number; Http404 where there is none."""
    found = PolicyVersion.objects.select_related("saved_by").filter(number=number).first()
    if found is None:
        raise Http404(_("There is no version %d of the policy.") % number)
    return found


@dataclass(frozen=True)
class Touch:
    """Somebody changed the draft."""

    who: str
    when: datetime
    what: str
    about: str


def touches(*, since: datetime | None, most: int = 12) -> list[Touch]:
    """Return who changed what in the draft since the version in force was saved, the newest first."""
    found = (
        LogEntry.objects.filter(content_type__app_label="policy").select_related("user").order_by("-action_time", "-pk")
    )
    if since is not None:
        found = found.filter(action_time__gt=since)
    return [Touch(name_of(t.user), t.action_time, t.get_change_message(), t.object_repr) for t in found[:most]]


@dataclass(frozen=True)
class Entry:
    """A rule of the book: what it does, which values its rows have, and where the policy in force puts it to work."""

    code: str
    label: str
    sentence: str
    detail: str
    values: tuple[tuple[str, str], ...]
    freed: bool
    rows: tuple[RowLine, ...]
    hidden: int
    at_work: str


MEANINGS = {
    "days": gettext_lazy("how many days"),
    "amount": gettext_lazy("an amount of money"),
    "currency": gettext_lazy("the currency of the amount; blank: the account's"),
    "percent": gettext_lazy("percent of the limit"),
    "count": gettext_lazy("how many"),
    "status": gettext_lazy("an account status"),
    "terms": gettext_lazy("payment terms"),
}


def book(user: Any, policy: Policy, content: Mapping[str, Any], *, today: date) -> list[Entry]:
    """Return the rule book with what the policy in force makes of it.

    Rows for single customers are shown to those who see the customer, and counted for the others.
    """
    named = {row.scope_code for row in policy.rows if row.scope == "customer"}
    visible = set(customer_queries.visible(user).filter(code__in=named).values_list("code", flat=True))
    of_others = {row.id for row in policy.rows if row.scope == "customer" and row.scope_code not in visible}
    lines = {code: rows for code, _label, rows in _rows(content, today)}
    found = []
    for code in rules.labels():
        rule, standard = rules.book().get(code), rules.standards().get(code)
        every = lines.get(code, ())
        mine = tuple(line for line in every if line.id not in of_others)
        values = tuple((name, str(MEANINGS[name])) for name in rule.values()) if rule else ()
        found.append(
            Entry(
                code, rules.label(code), rules.sentence(code), rules.detail(code), values,
                standard is None or standard.freed, mine, len(every) - len(mine), _at_work(code, policy) if standard else "",
            )
        )  # fmt: skip
    return found


def _at_work(code: str, policy: Policy) -> str:
    """Return when a rule without rows is at work."""
    match code:
        case "over_limit" | "over_sub_limit":
            return _("As each customer's control says: %s.") % _controls("control")
        case "over_shared_limit" if not policy.check_shared_limit:
            return _("Switched off by a parameter.")
        case "over_shared_limit":
            return _("As each member's control says: %s.") % _controls("group")
        case "terms_increased" | "discount_increased":
            on = policy.check_terms_increase if code == "terms_increased" else policy.check_discount_increase
            return _("Switched on by a parameter.") if on else _("Switched off by a parameter.")
        case "linked_overdue":
            return _("With shared limits whose members answer for each other, by the bounds of “Days overdue”.")
        case "customer_blocked":
            return _("Always: stops are placed on a customer, with their days.")
        case "awaiting_payment":
            return _("Always, for deliveries on prepaid terms.")
        case "forced":
            return _("Always, for documents that somebody holds by hand.")
    return _("Always, for accounts that are marked so.")


def _controls(which: str) -> str:
    segment = NullIf("customer__segment__control", Value(""))
    control = Coalesce(NullIf("control", Value("")), segment, Value(Control.BLOCK.value))
    if which == "group":
        control = Coalesce(NullIf("group_control", Value("")), *control.get_source_expressions())
    counted = dict(CreditAccount.objects.values(how=control).annotate(n=Count("pk")).values_list("how", "n"))
    words = {"BLOCK": _("holds for %d"), "WARN": _("warns for %d"), "NONE": _("does nothing for %d")}
    return ", ".join(text % counted.get(code, 0) for code, text in words.items())
