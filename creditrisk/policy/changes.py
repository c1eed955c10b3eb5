"""What changed from one version of the policy to the next, in sentences."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from creditrisk import language, rules
from creditrisk.policy import alerting
from creditrisk.policy import compile as policies
from creditrisk.policy.alerting import whom
from creditrisk.policy.names import step_name
from creditrisk.policy.words import shown, title

Content = Mapping[str, Any]


def changes(before: Content | None, after: Content) -> list[str]:
    """Return what `after` says otherwise than `before`; of the first version, that it is the first."""
    if before is None:
        return [_("The first version.")]
    found = [
        *_parameters(before, after),
        *_checkpoints(before, after),
        *_companies(before, after),
        *_alerts(before, after),
        *_rows(before, after),
    ]
    return found or [_("Nothing changed.")]


def described(row: Mapping[str, Any]) -> str:
    """Return one rule row, as a version keeps it, in words: “Days overdue” for all customers: holds when ..."""
    rule = rules.label(row["rule"])
    return _("“%(rule)s” %(said)s") % {"rule": rule, "said": said(row)}


def said(row: Mapping[str, Any]) -> str:
    """Return what a row says, for those who know of which rule it is."""
    values = {"whom": _for_whom(row), "when": _when(row)}
    if row["kind"] != "block":
        text = _("%(whom)s: excluded when %(when)s") % values
    elif row["action"] == "HOLD":
        text = _("%(whom)s: holds when %(when)s") % values
    else:
        text = _("%(whom)s: warns when %(when)s") % values
    if row["release_order"]:
        text = _("%(said)s; frees the order from every rule") % {"said": text}
    return text + (f" ({days})" if (days := _days(row)) else "")


def _for_whom(row: Mapping[str, Any]) -> str:
    words = {"all": _("for all customers"), "group": _("for group %(code)s"), "customer": _("for customer %(code)s")}
    text = words[row["scope"]] % {"code": row["scope_code"]}
    if row["risk_class"]:
        text = _("%(whom)s of risk class %(code)s") % {"whom": text, "code": row["risk_class"]}
    return text


def _days(row: Mapping[str, Any]) -> str:
    first, last = (
        language.day(date.fromisoformat(row[name])) if row[name] else "" for name in ("valid_from", "valid_to")
    )
    if first and last:
        return _("from %(first)s until %(last)s") % {"first": first, "last": last}
    return _("from %(day)s") % {"day": first} if first else _("until %(day)s") % {"day": last} if last else ""


def _when(row: Mapping[str, Any]) -> str:
    if row["rule"] not in rules.book():  # an old version may speak of one that is no more
        return ", ".join(f"{name} {value}" for name, value in row["values"].items())
    return policies.row_of(row).rule.says(row["kind"])


def _parameters(before: Content, after: Content) -> Iterator[str]:
    old, new = before["parameters"], after["parameters"]
    for name in sorted(old.keys() | new.keys(), key=title):
        if old.get(name) != new.get(name):
            yield f"{title(name)}: {shown(name, old.get(name))} → {shown(name, new.get(name))}"


def setting(told: Mapping[str, Any] | None) -> str:
    """Return what is set at a checkpoint in words."""
    if told is None:
        return _("as everywhere")
    switch = _("on") if told["on"] else _("off")
    if not (grace := told["grace_days"]):
        return switch
    return _("%(on_or_off)s, %(days)s of grace") % {"on_or_off": switch, "days": rules.days_in_words(grace)}


def _checkpoints(before: Content, after: Content) -> Iterator[str]:
    old, new = before["checkpoints"], after["checkpoints"]
    for code in sorted(old.keys() | new.keys()):
        if old.get(code) != new.get(code):
            yield _("Checkpoint %(step)s: %(was)s → %(now)s") % {
                "step": step_name(code), "was": setting(old.get(code)), "now": setting(new.get(code))
            }  # fmt: skip


def _companies(before: Content, after: Content) -> Iterator[str]:
    old, new = before.get("companies", {}), after.get("companies", {})
    for company in sorted(old.keys() | new.keys()):
        was, now = (told.get(company, {}).get("checkpoints", {}) for told in (old, new))
        for code in sorted(was.keys() | now.keys()):
            if was.get(code) != now.get(code):
                yield _("Checkpoint %(step)s in %(company)s: %(was)s → %(now)s") % {
                    "step": step_name(code), "company": company, "was": setting(was.get(code)), "now": setting(now.get(code))
                }  # fmt: skip


def _alerts(before: Content, after: Content) -> Iterator[str]:
    old, new = ({whom(row): row for row in content.get("alerts", ())} for content in (before, after))
    for owner in sorted(old.keys() | new.keys()):
        was, now = (alerting.said(told[owner]) if owner in told else _("as everywhere") for told in (old, new))
        if was != now:
            yield _("Alerts of %(owner)s: %(was)s → %(now)s") % {"owner": owner, "was": was, "now": now}


def _rows(before: Content, after: Content) -> Iterator[str]:
    old = {row["id"]: row for row in before["rules"]}
    new = {row["id"]: row for row in after["rules"]}
    for pk in sorted(old.keys() | new.keys()):
        if pk not in old:
            yield _("Row %(row)s added: %(said)s") % {"row": pk, "said": described(new[pk])}
        elif pk not in new:
            yield _("Row %(row)s removed: %(said)s") % {"row": pk, "said": described(old[pk])}
        elif old[pk] != new[pk]:
            said_now = {"row": pk, "was": described(old[pk]), "now": described(new[pk])}
            yield _("Row %(row)s changed: %(was)s → %(now)s") % said_now
