"""What is wrong with a row of the rule book as it was typed: sentences by field. The model asks when it is saved."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from creditrisk import language, rules
from creditrisk.money import decimals

# A row as the model has it; what is checked here are its attributes.
Typed = Any


def scope(row: Typed) -> dict[str, str]:
    """Return what is wrong with whom the row speaks of."""
    wrong = {}
    if row.scope == "GROUP" and row.group is None:
        wrong["group"] = _("Say which credit group.")
    if row.scope == "CUSTOMER" and row.customer is None:
        wrong["customer"] = _("Say which customer.")
    if row.scope != "GROUP" and row.group is not None:
        wrong["group"] = _("The row is not for a credit group: leave this blank or choose “a credit group”.")
    if row.scope != "CUSTOMER" and row.customer is not None:
        wrong["customer"] = _("The row is not for one customer: leave this blank or choose “one customer”.")
    if row.kind == "BLOCK" and row.release_order:
        wrong["release_order"] = _("Only an exclusion can free an order from every rule.")
    if row.kind == "EXCLUDE" and row.action == "WARN":
        wrong["action"] = _("An exclusion neither holds nor warns: leave this at “holds”.")
    return wrong


def values(row: Typed) -> dict[str, str]:
    """Return which values the rule does not have, and which it lacks."""
    rule = rules.book().get(row.rule_id)
    if rule is None:
        return {}
    given = row.given()
    has = ", ".join(rule.values())
    wrong = {
        name: _("“%(rule)s” has no such value. It has: %(has)s.") % {"rule": language.say(rule.label), "has": has}
        for name in given
        if name not in rule.values()
    }
    if not wrong and (mistake := rule.refuse(row.kind.lower(), given)):
        wrong[mistake.field] = mistake.sentence
    amount = given.get("amount")
    if amount is not None and row.currency and "amount" not in wrong:
        places = decimals(row.currency)
        if amount != amount.quantize(type(amount)(1).scaleb(-places)):
            wrong["amount"] = _("%(currency)s has %(places)d decimals.") % {"currency": row.currency, "places": places}
    return wrong


# What two rows that speak of the same customers have in common.
ALIKE = ("kind", "action", "scope", "group_id", "customer_id", "risk_class_id")


def days(row: Typed) -> dict[str, str]:
    """Return what is wrong with when the row is valid."""
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        return {"valid_to": _("The last day lies before the first.")}
    return {}


def twins(row: Typed, others: Iterable[Typed]) -> dict[str, str]:
    """Return that one of the other rows of its rule says the same, or contradicts, for the same customers and days.

    The same are kind, action, whom it is for, risk class and kind of value; where the rule looks for a status, for
    terms or back over some days, those too.
    """
    rule = rules.book().get(row.rule_id)
    if rule is None:
        return {}
    same = (*rule.keys, *rule.spans)
    mine = row.given()
    for other in others:
        if any(getattr(row, name) != getattr(other, name) for name in ALIKE):
            continue
        theirs = other.given()
        if mine.keys() - {"currency"} != theirs.keys() - {"currency"}:
            continue
        if any(mine.get(name) != theirs.get(name) for name in same) or not _overlap(row, other):
            continue
        number = {"number": other.pk or _("new")}
        if row.valid_from or row.valid_to:
            return {"valid_from": _("Row %(number)s says this for some of these days already.") % number}
        field = next((name for name in (*rule.bounds, *rule.keys) if name in mine), "rule")
        return {
            field: _(
                "Row %(number)s says this for the same customers and days, with a value of its own. Change that row, or"
                " give one of them days."
            )
            % number
        }
    return {}


def _overlap(one: Typed, other: Typed) -> bool:
    def begins(row: Typed) -> date:
        return row.valid_from or date.min

    def ends(row: Typed) -> date:
        return row.valid_to or date.max

    return max(begins(one), begins(other)) <= min(ends(one), ends(other))
