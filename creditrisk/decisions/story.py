"""A decision told in plain words: what was found, against which threshold, and what would free the document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditrisk import language, money, rules
from creditrisk.decisions.findings import kept, whole
from creditrisk.facts import Finding
from creditrisk.policy.names import figure_name

_FIGURES = {"days_overdue": "overdue", "overdue_amount": "overdue"}
HOLDS, WARNS, SPARED, PASSED = "holds", "warns", "spared", "passed"


@dataclass(frozen=True)
class Told:
    """One finding as people read it. `effect` is holds, warns, spared (true, but without effect) or passed.

    `spared` says what kept a true one from having effect, `figure` of which figure the measured value is a part.
    """

    code: str
    label: str
    text: str
    frees: str
    measured: str
    threshold: str
    effect: str
    scope: str = ""
    row: int | None = None
    subject: str = ""
    kind: str = ""
    spared: str = ""
    figure: str = ""

    @property
    def whom(self) -> str:
        """For whom the row is, in words; nothing where there is no row."""
        return for_whom(self.scope) if self.scope else ""

    @property
    def stands(self) -> bool:
        """Whether what was measured is how a limit stands: that of `subject`."""
        return self.code in ("over_limit", "over_shared_limit")


def sum_of(amount: Any, currency: str) -> str:
    """Return an amount of money as a sentence says it: EUR 1,234.50."""
    value = _number(amount)
    return f"{currency}\u00a0{language.number(value, money.decimals(currency))}" if value is not None else str(amount)


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _days(value: Any) -> str:
    number = _number(value)
    if number is None:
        return "–"
    return ngettext("%(count)s day", "%(count)s days", int(number)) % {"count": language.number(int(number))}


def _percent(value: Any) -> str:
    number = _number(value)
    if number is None:
        return "–"
    return _("more than any limit") if not number.is_finite() else f"{language.number(number, 1)}%"


def _shown(value: Any, unit: str) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool) or unit == "flag":
        return _("yes") if value in (True, "True", "true") else _("no")
    match unit:
        case "days":
            return _days(value)
        case "percent":
            return _percent(value)
        case "rank" | "status" | "terms" | "effects":
            return str(value)
    if len(unit) == 3 and unit.isupper():
        return sum_of(value, unit)
    number = _number(value)
    return language.number(number, 2) if number is not None else str(value)


def _flat(finding: Finding | Mapping[str, Any]) -> dict[str, Any]:
    return whole(kept(finding) if isinstance(finding, Finding) else finding)


def members(findings: Iterable[Finding | Mapping[str, Any]]) -> set[int]:
    """Return the ids of the other members of a shared limit that findings speak of."""
    found = (_flat(f) for f in findings)
    return {int(f["subject"]) for f in found if f["code"] == "linked_overdue" and f["subject"].isdigit()}


def tell(
    finding: Finding | Mapping[str, Any], *, currency: str = "", names: Mapping[int, str] = MappingProxyType({})
) -> Told:
    """Return a finding in words; one from the record of a decision, or fresh from the rules.

    `names` says who the customers are that a finding knows by id: its `members`.
    """
    flat = _flat(finding)
    if flat["code"] == "linked_overdue" and flat["subject"].isdigit():
        flat["subject"] = names.get(int(flat["subject"]), flat["subject"])
    value, threshold, unit = flat["value"], flat["threshold"], flat["unit"]
    unit = currency if unit == "amount" and currency else unit
    subject = flat["subject"]
    if isinstance(value, list | tuple) and len(value) == 2:  # an overdue amount and a used percent
        bare = unit.split(" ")[0]
        measured = f"{_shown(value[0], bare)}, {_percent(value[1])}"
        limit = f"{_shown(threshold[0], bare)}, {_percent(threshold[1])}"
        words = _two(value, threshold, bare)
    else:
        measured, limit = _shown(value, unit), _shown(threshold, unit)
        words = _words(flat["code"], value, threshold, unit, subject, flat["scope"])
    if flat["counts"]:
        effect = HOLDS if flat["action"] == "HOLD" else WARNS
    else:
        effect = SPARED if flat["true"] and flat["kind"] != "exclude" else PASSED
    return Told(
        code=flat["code"], label=rules.label(flat["code"]), text=words[0], frees=words[1], measured=measured,
        threshold=limit, effect=effect, scope=flat["scope"], row=flat["row"], subject=subject, kind=flat["kind"],
        figure=subject if flat["code"] == "over_sub_limit" else _FIGURES.get(flat["code"], ""),
    )  # fmt: skip


def tell_all(
    findings: Iterable[Finding | Mapping[str, Any]],
    *,
    currency: str = "",
    names: Mapping[int, str] = MappingProxyType({}),
) -> list[Told]:
    """Return every finding in words, what holds first, then what warns."""
    order = {HOLDS: 0, WARNS: 1, SPARED: 2, PASSED: 3}
    return sorted(
        (tell(f, currency=currency, names=names) for f in findings),
        key=lambda told: order[told.effect],
    )


def with_exclusions(told: Sequence[Told], findings: Sequence[Mapping[str, Any]], freed_by: int | None) -> list[Told]:
    """Say of what was true without effect which exclusion spared it; `findings` are those of the record."""
    by_row = {f["row"]: whole(f) for f in findings if f.get("row") is not None}
    exclusion_of = {row: f["excluded_by"] for row, f in by_row.items() if f["excluded_by"] is not None}

    def spared(one: Told) -> str:
        row = exclusion_of.get(one.row, freed_by) if one.row is not None else freed_by
        exclusion = by_row.get(row)
        if exclusion is None:
            return _("not counted: the customer or the document is excluded, or another row said it already")
        words = _("by the exclusion “%(rule)s” for %(scope)s")
        return words % {"rule": rules.label(exclusion["code"]), "scope": for_whom(exclusion["scope"])}

    return [replace(one, spared=spared(one)) if one.effect == SPARED else one for one in told]


def for_whom(scope: str) -> str:
    """Return for whom a row of a rule is, as a sentence says it."""
    level, _space, code = scope.partition(" ")
    match level:
        case "all":
            return _("all customers")
        case "group":
            return _("the credit group %s") % code
        case "customer":
            return _("the customer %s") % code
    return scope


def standing_in_the_way(told: Iterable[Told]) -> list[Told]:
    """Keep what holds or warns."""
    return [t for t in told if t.effect in (HOLDS, WARNS)]


def _two(value: Any, threshold: Any, unit: str) -> tuple[str, str]:
    return (
        _("Overdue are %(overdue)s and %(used)s of the limit is used; the bounds are %(most)s and %(percent)s.")
        % {
            "overdue": _shown(value[0], unit), "used": _percent(value[1]), "most": _shown(threshold[0], unit),
            "percent": _percent(threshold[1]),
        },
        _("Payment of overdue items, or more limit."),
    )  # fmt: skip


def _words(code: str, value: Any, threshold: Any, unit: str, subject: str, scope: str) -> tuple[str, str]:
    """Return what was found, and what would free the document."""
    if code in ("over_limit", "over_shared_limit", "over_sub_limit"):
        return _over(code, value, threshold, unit, subject)
    shown, bound = _shown(value, unit), _shown(threshold, unit)
    match code:
        case "days_overdue":
            return (
                _("The oldest open item is %(late)s overdue; the rule for %(whom)s stops at %(bound)s.")
                % {"late": _days(value), "bound": _days(threshold), "whom": for_whom(scope or "all")},
                _("Payment of everything that is %(bound)s or more overdue.") % {"bound": _days(threshold)},
            )
        case "linked_overdue":
            return (
                _("%(member)s, which shares a limit with this customer, is %(late)s overdue; the bound is %(bound)s.")
                % {"member": subject, "late": _days(value), "bound": _days(threshold)},
                _("Payment of the overdue items of %(member)s.") % {"member": subject},
            )
        case "limit_used":
            return (
                _("With this document %(used)s of the limit is used; the bound is %(bound)s.")
                % {"used": shown, "bound": bound},
                _("A payment, a smaller document or a higher limit."),
            )
        case "order_amount":
            return (
                _("The document comes to %(amount)s; from %(bound)s on somebody has to look.")
                % {"amount": shown, "bound": bound},
                _("A smaller document, or a release."),
            )
        case "limit_expired" if value is None:
            return _("The limit has no last day, which counts as expired."), _("A new limit, granted with a last day.")
        case "limit_expired":
            return (
                _("The limit ran out %(since)s ago; the bound is %(bound)s.") % {"since": shown, "bound": bound},
                _("A new limit."),
            )
        case "review_overdue":
            return (
                _("The review of this account is %(since)s late; the bound is %(bound)s.")
                % {"since": shown, "bound": bound},
                _("A review that sets the next date."),
            )
        case "unpaid_effects":
            return (
                _("%(many)s of effects came back unpaid lately; the bound is %(bound)s.")
                % {"many": shown, "bound": bound},
                _("Time, or a release."),
            )
        case "awaiting_payment":
            return (
                _("This is prepaid: %(needed)s is needed before goods leave, %(there)s has arrived and is free.")
                % {"needed": bound, "there": shown},
                _("A payment on account of what is missing."),
            )
        case "payment_terms":
            return _("The document has the terms %(terms)s.") % {"terms": bound}, _("Other terms, or a release.")
        case "account_status":
            return _("The account's status is %(status)s.") % {"status": bound}, _("Another status, or a release.")
        case "terms_increased":
            return _("The payment terms are longer than this customer's usual ones."), _(
                "The usual terms, or a release."
            )
        case "discount_increased":
            return (
                _("The settlement discount is bigger than this customer's usual one."),
                _("The usual discount, or a release."),
            )
        case "customer_blocked":
            return _("The customer is stopped by hand."), _("The end of the stop, or a release.")
        case "authorisation_required":
            return _("Every document of this customer wants an authorisation."), _("A release.")
        case "suspended":
            return _("The account is suspended."), _("The end of the suspension, or a release.")
        case "forced":
            return _("The document was held by hand."), _("A release.")
    return _("%(label)s: %(value)s (%(bound)s).") % {
        "label": rules.label(code),
        "value": shown,
        "bound": bound,
    }, ""


def _over(code: str, value: Any, threshold: Any, unit: str, subject: str) -> tuple[str, str]:
    total, limit = _number(value), _number(threshold)
    if limit is None:
        return _("The limit is unlimited; the exposure would be %(total)s.") % {"total": _shown(value, unit)}, ""
    names = {
        "over_limit": _("the limit of %(whose)s") % {"whose": subject} if subject else _("the limit"),
        "over_shared_limit": _("the shared limit %(whose)s") % {"whose": subject},
        "over_sub_limit": _("the ceiling on %(what)s") % {"what": figure_name(subject)},
    }
    values = {
        "total": _shown(value, unit),
        "limit": _shown(threshold, unit),
        "what": names[code],
    }
    if total is None or total <= limit:
        return _("With this document %(total)s would be used, %(what)s is %(limit)s.") % values, ""
    values["excess"] = sum_of(total - limit, unit)
    return (
        _("With this document %(total)s would be used, %(what)s is %(limit)s: %(excess)s too much.") % values,
        _("A payment of %(excess)s, a smaller document, a higher limit or a release.") % values,
    )
