"""What changed from one version of the policy to the next, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from creditrisk import rules

Content = Mapping[str, Any]


def changes(before: Content | None, after: Content) -> list[str]:
    """Return what `after` says otherwise than `before`; of the first version, that it is the first."""
    if before is None:
        return ["The first version."]
    found = [*_parameters(before, after), *_checkpoints(before, after), *_rows(before, after)]
    return found or ["Nothing changed."]


def described(row: Mapping[str, Any]) -> str:
    """Return one rule row in words."""
    scope = {"all": "all customers", "group": f"group {row['scope_code']}", "customer": f"customer {row['scope_code']}"}
    values = ", ".join(f"{name} {value}" for name, value in row["values"].items())
    what = "Block" if row["kind"] == "block" else "Exclude"
    text = f"{what} “{rules.labels().get(row['rule'], row['rule'])}” for {scope[row['scope']]}"
    if row["risk_class"]:
        text += f" of risk class {row['risk_class']}"
    if values:
        text += f": {values}"
    if row["kind"] == "block":
        text += "; holds" if row["action"] == "HOLD" else "; warns"
    if row["release_order"]:
        text += "; frees the order from every rule"
    days = [f"{word} {row[name]}" for name, word in (("valid_from", "from"), ("valid_to", "until")) if row[name]]
    return text + (f" ({' '.join(days)})" if days else "")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one).replace("_", " ") for one in value) or "nothing"
    return "blank" if value in (None, "") else str(value).replace("_", " ").lower()


def _parameters(before: Content, after: Content) -> Iterator[str]:
    old, new = before["parameters"], after["parameters"]
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            title = name.replace("_", " ").capitalize()
            yield f"{title}: {_shown(old.get(name))} → {_shown(new.get(name))}"


def _checkpoints(before: Content, after: Content) -> Iterator[str]:
    old, new = before["checkpoints"], after["checkpoints"]
    for code in sorted(old.keys() | new.keys()):
        was, now = old.get(code, {}), new.get(code, {})
        if was.get("on") != now.get("on"):
            yield f"Checkpoint {code}: switched {'on' if now.get('on') else 'off'}"
        if was.get("grace_days") != now.get("grace_days"):
            yield f"Checkpoint {code}: grace days {was.get('grace_days')} → {now.get('grace_days')}"


def _rows(before: Content, after: Content) -> Iterator[str]:
    old = {row["id"]: row for row in before["rules"]}
    new = {row["id"]: row for row in after["rules"]}
    for pk in sorted(old.keys() | new.keys()):
        if pk not in old:
            yield f"Added: {described(new[pk])}"
        elif pk not in new:
            yield f"Removed: {described(old[pk])}"
        elif old[pk] != new[pk]:
            yield f"Changed: {described(old[pk])} → {described(new[pk])}"
