"""The draft of the policy: how it differs from what is in force, and what becomes of it.

There is one draft, which all administrators edit. Activating it makes the next numbered version; discarding it, or
taking an older version back into it, changes nothing at the gate.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import rules
from creditrisk.facts import CHECKPOINTS
from creditrisk.policy import compile as policies
from creditrisk.policy.alerting import FIELDS, whom
from creditrisk.policy.changes import changes, described
from creditrisk.policy.idle import Idle, idle
from creditrisk.policy.models import AlertThreshold, Checkpoint, CompanyCheckpoint, Parameters, PolicyVersion, RuleRow
from creditrisk.refusal import NotPermitted, Refused, Stale
from creditrisk.roles import Actor, may, name_of
from customers.models import AccountStatus, Company, CreditGroup, Customer, PaymentTerms, RiskClass, Segment


@dataclass(frozen=True)
class Draft:
    """The draft beside the version in force. `mark` names both: who activates says which pair was looked at."""

    content: Mapping[str, Any]
    active: PolicyVersion | None
    changes: tuple[str, ...]
    mark: str

    @property
    def differs(self) -> bool:
        return bool(self.changes)

    def idle(self, *, today: date) -> list[Idle]:
        """Return the rows of the draft that can have no effect from `today` on."""
        return idle(policies.compiled(0, self.content).rows, today=today)


def look() -> Draft:
    """Return the draft as it stands."""
    content, active = policies.draft(), policies.newest_version()
    same = active is not None and active.content == content
    told = () if same else tuple(changes(active.content if active else None, content))
    return Draft(content, active, told, _mark(content, active))


def _mark(content: Mapping[str, Any], active: PolicyVersion | None) -> str:
    text = json.dumps(content, sort_keys=True)
    return f"{active.number if active else 0}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@transaction.atomic
def activate(*, by: Actor, now: datetime, note: str, saw: str) -> PolicyVersion:
    """Put the draft in force under the next number. `saw` is the mark of the draft that the person looked at.

    Raises NotPermitted; Stale where somebody activated or changed it meanwhile; Refused without a note or a change.
    """
    if not may(by.user, "activate_policy"):
        raise NotPermitted(_("Your roles do not activate a policy."))
    policies.lock()
    seen = look()
    if saw != seen.mark:
        if seen.active is not None and saw.split(":")[0] != str(seen.active.number):
            who = name_of(seen.active.saved_by) if seen.active.saved_by else _("the system")
            text = _("%(who)s activated version %(number)d meanwhile. Look at what is left of the draft.")
            raise Stale(text % {"who": who, "number": seen.active.number})
        raise Stale(_("The draft was changed since this page was drawn. Look at it again before you activate it."))
    if not seen.differs:
        raise Refused(_("The draft says what is in force already."))
    if not note.strip():
        raise Refused(_("Say why the policy changes; it is kept with the version."), field="note")
    return policies.save_version(by=by.user, now=now, note=note.strip())


@transaction.atomic
def discard(*, by: Actor) -> list[str]:
    """Make the draft what is in force again; return what could not be brought back, in sentences.

    Raises Refused where nothing is in force yet.
    """
    policies.lock()
    active = policies.newest_version()
    if active is None:
        raise Refused(_("No policy is in force yet to which the draft could go back."))
    left_out = _write(active.content)
    _log(by, f"The draft was discarded: it says again what version {active.number} says.")
    return left_out


@transaction.atomic
def restore(version: PolicyVersion, *, by: Actor) -> list[str]:
    """Take an older version into the draft, in place of what stands there; return what could not be brought back."""
    policies.lock()
    left_out = _write(version.content)
    _log(by, f"Version {version.number} was taken into the draft.")
    return left_out


def _log(by: Actor, sentence: str) -> None:
    if by.user is not None:
        LogEntry.objects.log_actions(by.user.pk, [Parameters.objects.get(pk=1)], CHANGE, change_message=sentence)


def _write(content: Mapping[str, Any]) -> list[str]:
    """Write a version's content over the draft's rows. Rows keep their numbers: decisions name them."""
    told = content["parameters"]
    parameters = Parameters.objects.get(pk=1)
    for field in Parameters._meta.concrete_fields:
        if not field.primary_key:
            setattr(parameters, field.attname, told.get(field.attname, field.get_default()))
    parameters.save()
    steps = {checkpoint.code: checkpoint for checkpoint in Checkpoint.objects.all()}
    for code in CHECKPOINTS:
        default = {"on": code not in policies.OFF_AT_FIRST, "grace_days": 0}
        steps[code] = Checkpoint.objects.update_or_create(
            code=code, defaults=content["checkpoints"].get(code, default)
        )[0]
    return [
        *_write_companies(content.get("companies", {}), steps),
        *_write_thresholds(content.get("alerts", ())),
        *_write_rows(content["rules"]),
    ]


def _write_companies(told: Mapping[str, Any], steps: Mapping[str, Checkpoint]) -> list[str]:
    ids = {own["company"]: code for code, own in told.items()}  # a company may be called otherwise by now
    companies = {ids[company.pk]: company for company in Company.objects.filter(pk__in=ids)}
    CompanyCheckpoint.objects.all().delete()
    CompanyCheckpoint.objects.bulk_create(
        CompanyCheckpoint(checkpoint=steps[code], company=companies[company], **setting)
        for company, own in told.items()
        for code, setting in own["checkpoints"].items()
        if company in companies
    )
    return [
        _("Company %(company)s is no more: what it did otherwise is left out.") % {"company": company}
        for company in told
        if company not in companies
    ]


def _write_thresholds(told: Iterable[Mapping[str, Any]]) -> list[str]:
    AlertThreshold.objects.all().delete()
    owners: dict[str, Any] = {"customer": Customer, "segment": Segment, "company": Company}
    left_out = []
    for row in told:
        values = {name: row[name] for name in FIELDS}
        if row["scope"] != "all":
            by = {"pk": row["company"]} if row["scope"] == "company" else {"code": row["code"]}
            owner = owners[row["scope"]].objects.filter(**by).first()
            if owner is None:
                left_out.append(
                    _("The alert thresholds of %(whom)s are left out: it is no more.") % {"whom": whom(row)}
                )
                continue
            values[row["scope"]] = owner
        AlertThreshold.objects.create(**values)
    return left_out


_MISSING = {
    "group": gettext_lazy("group %(code)s"), "customer": gettext_lazy("customer %(code)s"),
    "risk_class": gettext_lazy("risk class %(code)s"), "status": gettext_lazy("status %(code)s"),
    "terms": gettext_lazy("terms %(code)s"),
}  # fmt: skip


def _write_rows(told: list[Mapping[str, Any]]) -> list[str]:
    def found(model: Any, codes: set[Any]) -> dict[str, int]:
        return dict(model.objects.filter(code__in=codes - {None, ""}).values_list("code", "pk"))

    known = {
        "group": found(CreditGroup, {r["scope_code"] for r in told if r["scope"] == "group"}),
        "customer": found(Customer, {r["scope_code"] for r in told if r["scope"] == "customer"}),
        "risk_class": found(RiskClass, {r["risk_class"] for r in told}),
        "status": found(AccountStatus, {r["values"].get("status") for r in told}),
        "terms": found(PaymentTerms, {r["values"].get("terms") for r in told}),
    }
    kept, left_out = [], []
    for row in told:
        values = dict(row["values"])
        named = {
            "group": row["scope_code"] if row["scope"] == "group" else None,
            "customer": row["scope_code"] if row["scope"] == "customer" else None,
            "risk_class": row["risk_class"],
            "status": values.pop("status", None),
            "terms": values.pop("terms", None),
        }
        gone = [_MISSING[name] % {"code": code} for name, code in named.items() if code and code not in known[name]]
        if gone or row["rule"] not in rules.book():
            missing = _(" and ").join(gone) or _("rule %(code)s") % {"code": row["rule"]}
            text = _("Row %(row)s is left out, for there is no %(missing)s any more: %(said)s")
            left_out.append(text % {"row": row["id"], "missing": missing, "said": described(row)})
            continue
        kept.append(
            RuleRow(
                pk=row["id"], rule_id=row["rule"], kind=row["kind"].upper(), scope=row["scope"].upper(),
                release_order=row["release_order"], action=row["action"], valid_from=row["valid_from"],
                valid_to=row["valid_to"], **values,
                **{f"{name}_id": known[name].get(code) if code else None for name, code in named.items()},
            )
        )  # fmt: skip
    RuleRow.objects.all().delete()
    RuleRow.objects.bulk_create(kept)
    return left_out
