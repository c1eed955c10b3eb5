"""What changed from one version of the policy to the next, in sentences."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from creditrisk import rules
from creditrisk.policy import alerting
from creditrisk.policy import compile as policies
from creditrisk.policy.alerting import whom
from creditrisk.policy.words import shown, title

Content = Mapping[str, Any]


def changes(before: Content | None, after: Content) -> list[str]:
    """Return what `after` says otherwise than `before`; of the first version, that it is the first."""
    if before is None:
        return ["The first version."]
    found = [
        *_parameters(before, after),
        *_checkpoints(before, after),
        *_companies(before, after),
        *_alerts(before, after),
        *_rows(before, after),
    ]
    return found or ["Nothing changed."]


def described(row: Mapping[str, Any]) -> str:
    """Return one rule row, as a version keeps it, in words: “Days overdue” for all customers: holds when ..."""
    return f"“{rules.labels().get(row['rule'], row['rule'])}” {said(row)}"


def said(row: Mapping[str, Any]) -> str:
    """Return what a row says, for those who know of which rule it is."""
    whom = {"all": "all customers", "group": f"group {row['scope_code']}", "customer": f"customer {row['scope_code']}"}
    text = f"for {whom[row['scope']]}"
    if row["risk_class"]:
        text += f" of risk class {row['risk_class']}"
    when = _when(row)
    if row["kind"] == "block":
        text += f": {'holds' if row['action'] == 'HOLD' else 'warns'} when {when}"
    else:
        text += f": excluded when {when}"
    if row["release_order"]:
        text += "; frees the order from every rule"
    days = [f"{word} {date.fromisoformat(row[name]):%d %b %Y}"
            for name, word in (("valid_from", "from"), ("valid_to", "until")) if row[name]]  # fmt: skip
    return text + (f" ({' '.join(days)})" if days else "")


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
        return "as everywhere"
    grace = told["grace_days"]
    return ("on" if told["on"] else "off") + (f", {rules.days_in_words(grace)} of grace" if grace else "")


def _checkpoints(before: Content, after: Content) -> Iterator[str]:
    old, new = before["checkpoints"], after["checkpoints"]
    for code in sorted(old.keys() | new.keys()):
        if old.get(code) != new.get(code):
            yield f"Checkpoint {code}: {setting(old.get(code))} → {setting(new.get(code))}"


def _companies(before: Content, after: Content) -> Iterator[str]:
    old, new = before.get("companies", {}), after.get("companies", {})
    for company in sorted(old.keys() | new.keys()):
        was, now = (told.get(company, {}).get("checkpoints", {}) for told in (old, new))
        for code in sorted(was.keys() | now.keys()):
            if was.get(code) != now.get(code):
                yield f"Checkpoint {code} in {company}: {setting(was.get(code))} → {setting(now.get(code))}"


def _alerts(before: Content, after: Content) -> Iterator[str]:
    old, new = ({whom(row): row for row in content.get("alerts", ())} for content in (before, after))
    for owner in sorted(old.keys() | new.keys()):
        was, now = (alerting.said(told[owner]) if owner in told else "as everywhere" for told in (old, new))
        if was != now:
            yield f"Alerts of {owner}: {was} → {now}"


def _rows(before: Content, after: Content) -> Iterator[str]:
    old = {row["id"]: row for row in before["rules"]}
    new = {row["id"]: row for row in after["rules"]}
    for pk in sorted(old.keys() | new.keys()):
        if pk not in old:
            yield f"Row {pk} added: {described(new[pk])}"
        elif pk not in new:
            yield f"Row {pk} removed: {described(old[pk])}"
        elif old[pk] != new[pk]:
            yield f"Row {pk} changed: {described(old[pk])} → {described(new[pk])}"
