"""Rows -> one frozen Policy, cached by version number.

The rows are the draft: what administrators edit. Only a version is in force, and a version never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any

from django.db import transaction
from django.db.models import Max

from creditrisk import nudge, rules
from creditrisk.facts import BUCKETS, CHECKPOINTS
from creditrisk.money import ZERO
from creditrisk.policy import alerting
from creditrisk.policy.alerting import Alerting, Thresholds
from creditrisk.policy.models import AlertThreshold, Checkpoint, CompanyCheckpoint, Parameters, PolicyVersion, RuleRow
from creditrisk.prepared import Prepared, Query, Rows, ask

# Control of entry and of invoices is switched on by those who want it.
OFF_AT_FIRST = ("entry", "invoice")


@dataclass(frozen=True)
class CheckpointSetting:
    on: bool
    grace_days: int = 0


@dataclass(frozen=True)
class CompanySettings:
    """What one company does otherwise than all the others, by checkpoint."""

    code: str
    checkpoints: Mapping[str, CheckpointSetting]


@dataclass(frozen=True)
class Policy:
    """Everything that judgement rests on, frozen under one number."""

    number: int
    counts: frozenset[str] = frozenset(BUCKETS)
    orders_count_from: str = "CONFIRMATION"
    order_horizon_days: int | None = None
    invoices_count_from: str = "ISSUE"
    sbf_grace_days: int = 0
    collection_grace_days: int = 0
    include_provisional: bool = False
    overdue_grace_days: int = 0
    overdue_ignore_below: Decimal = ZERO
    disputed_items: str = "SKIP_OVERDUE"
    net_credits_against_overdue: bool = False
    blank_limit_expiry: str = "NEVER"
    check_shared_limit: bool = True
    check_terms_increase: bool = False
    check_discount_increase: bool = False
    recheck_after_release: str = "ON_INCREASE"
    release_scope: str = "REMAINING_STEPS"
    release_valid_days: int | None = 30
    release_tolerance_percent: Decimal = ZERO
    release_tolerance_amount: Decimal = ZERO
    four_eyes: bool = True
    auto_release: str = "OFF"
    warn_at_percent: tuple[int, ...] = (80, 95, 100)
    checkpoints: Mapping[str, CheckpointSetting] = field(
        default_factory=lambda: {c: CheckpointSetting(c not in OFF_AT_FIRST) for c in CHECKPOINTS}
    )
    companies: Mapping[int, CompanySettings] = field(default_factory=dict)
    rows: rules.Rows = field(default_factory=rules.Rows)
    thresholds: Thresholds = field(default_factory=Thresholds)

    def at(self, checkpoint: str, *, company: int | None = None) -> CheckpointSetting:
        """Return what is set at a checkpoint: the company's own setting (by its id), else that of all companies."""
        own = self.companies.get(company) if company is not None else None
        setting = own.checkpoints.get(checkpoint) if own else None
        return setting or self.checkpoints.get(checkpoint) or CheckpointSetting(False)

    def checks(self, checkpoint: str, *, company: int | None = None) -> bool:
        """Return whether documents of a company (by its id) are checked at this checkpoint."""
        return self.at(checkpoint, company=company).on

    def alerting(self, *, customer: str, segment: str | None, company: int) -> Alerting:
        """Return from which figures on alerts of a customer are written: codes of it and its segment, id of its company."""
        return self.thresholds.of(customer=customer, segment=segment, company=company, percents=self.warn_at_percent)

    @cached_property
    def percents_of_shared(self) -> tuple[int, ...]:
        """Return from which percents used on alerts of a shared limit are written."""
        return self.thresholds.of_shared(percents=self.warn_at_percent)

    @cached_property
    def needs_unpaid_effects(self) -> bool:
        """Return whether any rule asks about effects returned unpaid."""
        return any(row.rule.code == "unpaid_effects" for row in self.rows)

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Return the currencies in which rules compare."""
        return frozenset(currency for row in self.rows if (currency := getattr(row.rule, "currency", None)))


_DECIMALS = (
    "overdue_ignore_below",
    "release_tolerance_percent",
    "release_tolerance_amount",
)


def active() -> Policy:
    """Return the policy in force: the newest version, compiled once a process."""
    return ask(NEWEST)[0]


def _newest(rows: Rows) -> Policy:
    return _compiled(*rows[0]) if rows else Policy(number=0)


# The query of `active`, to be asked beside others.
NEWEST = Query(Prepared("SELECT id, number FROM policy_policyversion ORDER BY number DESC LIMIT 1"), (), _newest)


def version(number: int) -> Policy:
    """Return the policy of that number.

    Raises PolicyVersion.DoesNotExist.
    """
    return _compiled(PolicyVersion.objects.values_list("id", flat=True).get(number=number), number)


_one_at_a_time = Lock()


def _compiled(pk: int, number: int) -> Policy:
    with _one_at_a_time:  # else two threads would both read a version that is new to them
        return _read(pk, number)


@lru_cache(maxsize=64)
def _read(pk: int, number: int) -> Policy:
    # The key is unique for ever; a number may come again after a rollback.
    return compiled(number, PolicyVersion.objects.get(pk=pk).content)


def compiled(number: int, content: Mapping[str, Any]) -> Policy:
    """Return the frozen policy that a version's content says."""
    values = dict(content["parameters"])
    values.update({name: Decimal(values[name]) for name in _DECIMALS if name in values})
    values["counts"] = frozenset(values["counts"])
    values["warn_at_percent"] = tuple(sorted(values["warn_at_percent"]))
    return Policy(
        number=number,
        **values,
        checkpoints=_settings(content["checkpoints"]),
        companies={
            own["company"]: CompanySettings(code, _settings(own["checkpoints"]))
            for code, own in content.get("companies", {}).items()
        },
        rows=rules.reading_order(row_of(row) for row in content["rules"]),
        thresholds=alerting.compiled(content.get("alerts", ())),
    )


def _settings(told: Mapping[str, Any]) -> dict[str, CheckpointSetting]:
    return {code: CheckpointSetting(**setting) for code, setting in told.items()}


def row_of(row: Mapping[str, Any]) -> rules.Row:
    """Return a row as the rules read it; one of a rule that is in the book."""
    rule = rules.book()[row["rule"]]
    values = {
        name: Decimal(value) if name in ("amount", "percent") else value
        for name, value in row["values"].items()
        if name in rule.values()
    }
    return rules.Row(
        rule=rule(**values),
        kind=row["kind"],
        scope=row["scope"],
        scope_code=row["scope_code"],
        risk_class=row["risk_class"],
        release_order=row["release_order"],
        action=row["action"],
        valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        id=row["id"],
    )


def draft() -> dict[str, Any]:
    """Return the rows as they stand now, as a version's content: what activating them would put in force."""
    parameters = Parameters.objects.get_or_create(pk=1)[0]
    values: dict[str, Any] = {
        f.attname: getattr(parameters, f.attname) for f in Parameters._meta.concrete_fields if f.attname != "id"
    }
    for name in _DECIMALS:
        values[name] = str(values[name])
    checkpoints = {c.code: {"on": c.on, "grace_days": c.grace_days} for c in Checkpoint.objects.all()}
    for code in CHECKPOINTS:
        checkpoints.setdefault(code, {"on": code not in OFF_AT_FIRST, "grace_days": 0})
    rows = RuleRow.objects.select_related("group", "customer", "risk_class", "status", "terms").order_by("pk")
    companies: dict[str, dict[str, Any]] = {}
    for own in CompanyCheckpoint.objects.select_related("checkpoint", "company").order_by("company__code", "pk"):
        told = companies.setdefault(own.company.code, {"company": own.company_id, "checkpoints": {}})
        told["checkpoints"][own.checkpoint.code] = {"on": own.on, "grace_days": own.grace_days}
    content = {"parameters": values, "checkpoints": checkpoints, "rules": [content_of(row) for row in rows]}
    alerts = [threshold_of(row) for row in AlertThreshold.objects.select_related("company", "segment", "customer")]
    alerts.sort(key=lambda row: (row["scope"], row["code"]))
    return content | ({"companies": companies} if companies else {}) | ({"alerts": alerts} if alerts else {})


def threshold_of(row: AlertThreshold) -> dict[str, Any]:
    """Return thresholds of the draft as a version keeps them."""
    scope, owner = next(
        ((name, one) for name in ("customer", "segment", "company") if (one := getattr(row, name)) is not None),
        ("all", None),
    )
    return {
        "scope": scope, "code": owner.code if owner is not None else "",
        "company": row.company_id, "percents": None if row.percents is None else sorted(set(row.percents)),
        "overdue_amount": None if row.overdue_amount is None else str(row.overdue_amount),
        "overdue_days": None if row.overdue_days is None else sorted(set(row.overdue_days)),
    }  # fmt: skip


def content_of(row: RuleRow) -> dict[str, Any]:
    """Return one row of the draft as a version keeps it."""
    scoped = row.customer.code if row.customer else row.group.code if row.group else ""
    return {
        "id": row.pk,
        "rule": row.rule_id,
        "kind": row.kind.lower(),
        "scope": row.scope.lower(),
        "scope_code": scoped,
        "risk_class": row.risk_class.code if row.risk_class else None,
        "release_order": row.release_order,
        "action": row.action,
        "values": {k: str(v) if isinstance(v, Decimal) else v for k, v in row.given().items()},
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
    }


def lock() -> None:
    """Hold the draft for this transaction: one hand at a time changes, activates or discards it."""
    Parameters.objects.get_or_create(pk=1)
    Parameters.objects.select_for_update().get(pk=1)


def newest_version() -> PolicyVersion | None:
    """Return the version in force, if there is one."""
    return PolicyVersion.objects.select_related("saved_by").order_by("-number").first()


@transaction.atomic
def save_version(*, by: Any, now: datetime, note: str = "") -> PolicyVersion:
    """Make the draft, as it stands, the active policy under the next number.

    Where nothing changed since the newest version that one is returned.
    """
    lock()
    content = draft()
    newest = newest_version()
    if newest is not None and newest.content == content:
        return newest
    nudge.after_commit(
        "approvals.tasks.evaluate_holds"
    )  # a version is its own request: the worker finds whom it concerns
    number = (PolicyVersion.objects.aggregate(top=Max("number"))["top"] or 0) + 1
    return PolicyVersion.objects.create(number=number, content=content, note=note, saved_by=by, saved_at=now)


@transaction.atomic
def ensure_defaults(*, now: datetime, note: str = "Product defaults") -> PolicyVersion:
    """Make the rows and the first version where there are none; safe to call twice."""
    Parameters.objects.get_or_create(pk=1)
    for code in CHECKPOINTS:
        Checkpoint.objects.get_or_create(code=code, defaults={"on": code not in OFF_AT_FIRST})
    newest = PolicyVersion.objects.order_by("-number").first()
    return newest if newest is not None else save_version(by=None, now=now, note=note)
