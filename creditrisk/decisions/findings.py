"""Findings as the record of a decision keeps them: what most of them say is left out, and put back where they are read.

A decision asks every row that speaks of the customer, and most rows find nothing.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from creditrisk.facts import Finding

USUAL: Mapping[str, Any] = {
    "kind": "block", "action": "HOLD", "true": False, "counts": False, "row": None, "scope": "", "excluded_by": None,
    "value": None, "threshold": None, "unit": "", "subject": "",
}  # fmt: skip


def kept(finding: Finding) -> dict[str, Any]:
    """Return a finding as a record keeps it: its code, and what is not as usual. Amounts are text, days ISO dates."""
    code, kind, action, measured, true, counts, row, scope, excluded_by = finding
    told: dict[str, Any] = {"code": code}
    if kind != "block":
        told["kind"] = kind
    if action != "HOLD":
        told["action"] = action
    if true:
        told["true"] = True
    if counts:
        told["counts"] = True
    if row is not None:
        told["row"] = row
    if scope:
        told["scope"] = scope
    if excluded_by is not None:
        told["excluded_by"] = excluded_by
    if measured is not None:
        told["value"], told["threshold"] = _text(measured.value), _text(measured.threshold)
        if measured.unit:
            told["unit"] = measured.unit
        if measured.subject:
            told["subject"] = measured.subject
    return told


def whole(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding of a record with everything that it says."""
    return {**USUAL, **told}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_text(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value
