"""What stands under `given`: one frozen value a table row of the format, read by the checks beside its fields."""

# ruff: noqa: RUF009 (`value` is a dataclass's `field`, with a check in it)

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from creditrisk import rules
from creditrisk.scenarios import words
from creditrisk.scenarios.checks import (
    Check,
    Place,
    boolean,
    code,
    currency,
    day,
    keys,
    list_of,
    mapping_of,
    not_negative,
    one_of,
    or_null,
    or_word,
    percent,
    positive,
    record,
    ref,
    shown,
    sign,
    value,
    whole,
)  # fmt: skip
from creditrisk.scenarios.source import Map

Amount = Decimal | Literal["unlimited", "inherit"]


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company of ours."""

    code: str = value(code(), "MAIN")
    currency: str = value(currency, "EUR")


@dataclass(frozen=True, kw_only=True)
class SisterCompany:
    """A further company of the same group."""

    currency: str = value(currency)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Units of `target` for one `source`."""

    source: str = value(currency, key="from")
    target: str = value(currency, key="to")
    rate: Decimal = value(positive)
    on: date = value(day)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Whether documents are checked at a step, and the grace after a release. None: as the product has it."""

    on: bool | None = value(boolean, None)
    grace_days: int | None = value(whole, None)


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One part of an invoice with days of its own."""

    percent: Decimal = value(percent)
    days: int = value(whole)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """When an invoice falls due."""

    days: int = value(whole, 0)
    end_of_month: bool = value(boolean, False)
    rank: int | None = value(whole, None)
    instalments: tuple[Instalment, ...] = value(list_of(record(Instalment)), ())
    prepaid: bool = value(boolean, False)
    discount_days: int | None = value(whole, None)
    discount_percent: Decimal | None = value(percent, None)


@dataclass(frozen=True, kw_only=True)
class SettlementDiscount:
    """A discount for paying early."""

    percent: Decimal = value(percent)
    days: int = value(whole, 0)
    rank: int | None = value(whole, None)


@dataclass(frozen=True, kw_only=True)
class AccountStatus:
    """What the standing of an account refuses."""

    stops: str = value(one_of("stop", words.STOPS), "none")


@dataclass(frozen=True, kw_only=True)
class RiskClass:
    """A range of scores."""

    score_from: int = value(whole, key="from")
    score_to: int = value(whole, key="to")


_limit = or_word(not_negative, "unlimited", "inherit")
_control = one_of("control", words.CONTROLS)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Defaults that customers inherit."""

    limit: Amount = value(_limit, "inherit")
    control: str | None = value(_control, None)
    terms: str | None = value(ref("terms"), None)


@dataclass(frozen=True, kw_only=True)
class SharedLimit:
    """One limit for several customers."""

    amount: Amount = value(or_word(not_negative, "unlimited"))
    currency: str | None = value(currency, None)
    members: tuple[str, ...] = value(list_of(ref("customer")), ())
    to: date | None = value(day, None)
    mandatory: bool = value(boolean, False)
    count_member_overdue: bool = value(boolean, False)


@dataclass(frozen=True, kw_only=True)
class Temporary:
    """A limit for a time."""

    amount: Decimal = value(not_negative)
    start: date = value(day, key="from")
    to: date = value(day)


@dataclass(frozen=True, kw_only=True)
class Security:
    """Insurance or a guarantee."""

    kind: str = value(one_of("kind of security", ("insurance", "guarantee")))
    amount: Decimal = value(not_negative)
    currency: str | None = value(currency, None)
    percent: Decimal = value(percent, Decimal(100))
    start: date | None = value(day, None, key="from")
    to: date | None = value(day, None)


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """A manual stop."""

    orders: bool = value(boolean, False)
    deliveries: bool = value(boolean, False)
    start: date | None = value(day, None, key="from")
    to: date | None = value(day, None)


@dataclass(frozen=True, kw_only=True)
class AlwaysAuthorise:
    """Documents that somebody always looks at."""

    orders: bool = value(boolean, False)
    deliveries: bool = value(boolean, False)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who buys, and what it was granted."""

    limit: Amount = value(_limit, "inherit")
    limit_currency: str | None = value(currency, None)
    limit_from: date | None = value(day, None)
    limit_to: date | None = value(day, None)
    temporary: tuple[Temporary, ...] = value(list_of(record(Temporary)), ())
    securities: tuple[Security, ...] = value(list_of(record(Security)), ())
    control: str | None = value(_control, None)
    group_control: str | None = value(_control, None)
    credit_group: str | None = value(ref("credit group"), None)
    risk_class: str | None = value(ref("risk class"), None)
    segment: str | None = value(ref("segment"), None)
    account_status: str | None = value(ref("account status"), None)
    terms: str | None = value(ref("terms"), None)
    settlement_discount: str | None = value(ref("settlement discount"), None)
    currency: str | None = value(currency, None)
    company: str | None = value(ref("company"), None)
    parent: str | None = value(ref("customer"), None)
    companies_summed: bool = value(boolean, False)
    sub_limits: Mapping[str, Decimal] = value(mapping_of(not_negative, key=one_of("component", words.COMPONENTS)), {})
    next_review: date | None = value(day, None)
    excluded: bool = value(boolean, False)
    blocks: Blocks | None = value(record(Blocks), None)
    always_authorise: AlwaysAuthorise = value(record(AlwaysAuthorise), AlwaysAuthorise())
    since: date | None = value(day, None)
    business_since: date | None = value(day, None)
    country: str | None = value(code(2), None)


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    """A kind of document with its own standing in credit control."""

    of: str = value(one_of("kind of document", ("order", "delivery", "invoice")))
    counts: bool = value(boolean, True)
    never_blocked: bool = value(boolean, False)
    sign: int = value(sign, 1)


@dataclass(frozen=True, kw_only=True)
class User:
    """Who acts in the story. Without companies: in all of them."""

    roles: tuple[str, ...] = value(list_of(one_of("role", words.ROLES)))
    may_release_up_to: Amount | None = value(or_word(not_negative, "unlimited"), None)
    companies: tuple[str, ...] = value(list_of(ref("company")), ())


@dataclass(frozen=True)
class Rule:
    """One row of the rule book. `scope_code` is the group's or the customer's."""

    rule: str
    kind: str = "block"
    scope: str = "all"
    scope_code: str = ""
    risk_class: str | None = None
    release_order: bool = False
    action: str = "hold"
    values: Mapping[str, Any] = field(default_factory=dict)


_rule_values: Mapping[str, Check] = {
    "days": whole, "amount": not_negative, "currency": currency, "percent": not_negative, "count": whole,
    "status": ref("account status"), "terms": ref("terms"),
}  # fmt: skip
_scopes = keys({"group": ref("credit group"), "customer": ref("customer")}, what="scope")


def _scope(value: Any, place: Place) -> tuple[str, str]:
    if value == "all":
        return "all", ""
    if not isinstance(value, Map) or len(value) != 1:
        place.wrong(f"expected all, {{group: CODE}} or {{customer: CODE}}, found {shown(value)}")
        return "all", ""
    return next(iter(_scopes(value, place).items()), ("all", ""))


_row: Mapping[str, Check] = {
    "rule": one_of("rule", tuple(words.RULES)), "kind": one_of("kind of rule", ("block", "exclude")), "scope": _scope,
    "risk_class": or_null(ref("risk class")), "release_order": boolean,
    "action": one_of("action", ("hold", "warn")),
}  # fmt: skip


def rule(value: Any, place: Place) -> Rule:
    """A row of the rule book: its own values are those of its rule."""
    name = value.get("rule") if isinstance(value, Map) else None
    values = words.RULES.get(name, ()) if isinstance(name, str) else ()
    if isinstance(value, Map) and values and (strangers := [k for k in value if k not in _row and k not in values]):
        here = place.at(f"rule {name}", value.lines.get(strangers[0]))
        here.unknown("key or value", strangers[0], (*_row, *values))
        return Rule(str(name))
    before = len(place.found)
    checks = {**_row, **{v: _rule_values[v] for v in values or _rule_values}}
    given = keys(checks, required=["rule"])(value, place)
    if len(place.found) > before:
        return Rule(str(name))
    own = {k: v for k, v in given.items() if k in values}
    kind = given.get("kind", "block")
    if wrong := rules.book()[given["rule"]].refuse(kind, own):
        place.wrong(f"rule {name}: {wrong.sentence}")
    if given.get("release_order") and kind == "block":
        place.wrong(f"rule {name}: release_order stands on an exclusion only")
    scope, scope_code = given.get("scope", ("all", ""))
    plain = {k: given[k] for k in ("risk_class", "release_order", "action") if k in given}
    return Rule(given["rule"], kind, scope, scope_code, values=own, **plain)


PARAMETERS: Mapping[str, Check] = {
    "counts": list_of(one_of("bucket", words.BUCKETS)),
    "orders_count_from": one_of("value", ("entry", "confirmation")),
    "order_horizon_days": or_null(whole),
    "invoices_count_from": one_of("value", ("entry", "issue")),
    "sbf_grace_days": whole,
    "collection_grace_days": whole,
    "include_provisional": boolean,
    "overdue_grace_days": whole,
    "overdue_ignore_below": not_negative,
    "disputed_items": one_of("value", ("count", "skip_overdue", "skip")),
    "net_credits_against_overdue": boolean,
    "blank_limit_expiry": one_of("value", ("never", "expired")),
    "check_shared_limit": boolean,
    "check_terms_increase": boolean,
    "check_discount_increase": boolean,
    "recheck_after_release": one_of("value", ("always", "on_increase", "on_any_change", "never")),
    "release_scope": one_of("value", ("this_step", "remaining_steps")),
    "release_valid_days": or_null(whole),
    "release_tolerance_percent": not_negative,
    "release_tolerance_amount": not_negative,
    "four_eyes": boolean,
    "auto_release": one_of("value", ("off", "without_posting", "with_posting")),
    "warn_at_percent": list_of(whole),
}

parameters = keys(PARAMETERS, what="parameter")
CUSTOMER: Check = record(Customer)


@dataclass(frozen=True, kw_only=True)
class Given:
    """The world that a story starts from, complete: defaults merged, built-in codes added."""

    company: Company = value(record(Company), Company())
    companies: Mapping[str, SisterCompany] = value(mapping_of(record(SisterCompany)), {})
    rates: tuple[Rate, ...] = value(list_of(record(Rate)), ())
    parameters: Mapping[str, Any] = value(parameters, {})
    checkpoints: Mapping[str, Checkpoint] = value(
        mapping_of(record(Checkpoint), key=one_of("checkpoint", words.CHECKPOINTS)), {}
    )
    terms: Mapping[str, Terms] = value(mapping_of(record(Terms)), {})
    settlement_discounts: Mapping[str, SettlementDiscount] = value(mapping_of(record(SettlementDiscount)), {})
    account_statuses: Mapping[str, AccountStatus] = value(mapping_of(record(AccountStatus)), {})
    credit_groups: tuple[str, ...] = value(list_of(code()), ())
    risk_classes: Mapping[str, RiskClass] = value(mapping_of(record(RiskClass)), {})
    segments: Mapping[str, Segment] = value(mapping_of(record(Segment)), {})
    shared_limits: Mapping[str, SharedLimit] = value(mapping_of(record(SharedLimit), key=code(40)), {})
    customers_default: Customer = value(CUSTOMER, Customer())
    customers: Mapping[str, Customer] = value(mapping_of(CUSTOMER, key=code(40)), {})
    rules: tuple[Rule, ...] = value(list_of(rule), ())
    document_types: Mapping[str, DocumentType] = value(mapping_of(record(DocumentType)), {})
    users: Mapping[str, User] = value(mapping_of(record(User), key=code(40)), {})
