"""What each step may say: the verbs with their values, and what may be expected of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditrisk.scenarios import words
from creditrisk.scenarios.checks import (
    Check,
    Place,
    boolean,
    code,
    currency,
    day,
    decimal,
    keys,
    list_of,
    mapping_of,
    one_of,
    or_null,
    or_word,
    ref,
    shown,
    text,
    whole,
)  # fmt: skip
from creditrisk.scenarios.shapes import CUSTOMER, Customer, parameters, rule
from creditrisk.scenarios.source import Map

ID = code(40)


@dataclass(frozen=True)
class Verb:
    """How a verb's value is read. `makes` is the kind of thing whose id it introduces, `by` who usually does it."""

    check: Check
    makes: str = ""
    by: str = "sara"


def _shape(
    checks: Mapping[str, Check],
    *required: str,
    one: tuple[str, ...] = (),
    at_most: tuple[str, ...] = (),
) -> Check:
    """A mapping with these keys: all of `required`, exactly one of `one`, not more than one of `at_most`."""
    read = keys(checks, required=required)

    def check(value: Any, place: Place) -> dict[str, Any]:
        given: dict[str, Any] = read(value, place)
        if isinstance(value, Map):
            if one and sum(name in value for name in one) != 1:
                place.wrong(f"say exactly one of {', '.join(one)}")
            if sum(name in value for name in at_most) > 1:
                place.wrong(f"say only one of {', '.join(at_most)}")
        return given

    return check


def _alone(name: str, check: Check) -> Check:
    """A verb whose value is not a mapping: it is known as `name`."""
    return lambda value, place: {name: check(value, place)}


_line = _shape(
    {
        "qty": decimal,
        "price": decimal,
        "tax_percent": decimal,
        "discount_percent": decimal,
    },
    "qty",
)  # a delivery of orders takes price and tax from its order
_lines = list_of(_line)

_parts: Mapping[str, Check] = {"amount": decimal, "share": decimal}
_content: Mapping[str, Check] = {"amount": decimal, "lines": _lines}

_order: Mapping[str, Check] = {
    "id": ID, "customer": ref("customer"), **_content, "currency": currency, "terms": ref("terms"),
    "settlement_discount": ref("settlement discount"), "type": ref("document type"), "ship_date": day,
    "bill_to": ref("customer"), "company": ref("company"), "channel": text,
}  # fmt: skip
_amendment: Mapping[str, Check] = {
    "document": ref("document"), **_content, "currency": currency, "terms": ref("terms"),
    "settlement_discount": or_null(ref("settlement discount")), "type": ref("document type"),
    "ship_date": or_null(day), "bill_to": ref("customer"),
}  # fmt: skip
_delivery: Mapping[str, Check] = {
    "id": ID, "orders": list_of(ref("order")), **_parts, "lines": _lines, "customer": ref("customer"),
    "type": ref("document type"),
}  # fmt: skip
_invoice: Mapping[str, Check] = {
    "id": ID, "orders": list_of(ref("order")), "deliveries": list_of(ref("delivery")), **_parts, "issue": boolean,
    "customer": ref("customer"), "currency": currency, "terms": ref("terms"), "company": ref("company"),
    "kind": one_of("kind of invoice", ("invoice", "credit_note")), "of": ref("invoice"), "type": ref("document type"),
}  # fmt: skip
_item: Mapping[str, Check] = {
    "id": ID, "customer": ref("customer"), "amount": decimal, "due": day, "on": day,
    "kind": one_of("kind of item", words.ITEM_KINDS), "currency": currency, "company": ref("company"),
    "disputed": boolean, "excluded": boolean, "provisional": boolean,
}  # fmt: skip
_limit: Mapping[str, Check] = {
    "customer": ref("customer"), "shared": ref("shared limit"), "amount": or_word(decimal, "unlimited", "inherit"),
    "from": day, "to": day, "kind": one_of("kind of limit", ("base", "temporary")),
}  # fmt: skip
_release: Mapping[str, Check] = {
    "document": ref("document"), "reason": text, "note": text, "scope": one_of("scope", words.RELEASE_SCOPES),
    "until": day, "cap": decimal, "with_posting": boolean,
}  # fmt: skip
_say = _shape({"document": ref("document"), "reason": text}, "document")
_answer = _shape(
    {
        "request": ref("request"),
        "hold": ref("document"),
        "by": ref("user"),
        "to": ref("user"),
        "note": text,
    },
    one=("request", "hold"),
)


def _items(value: Any, place: Place) -> tuple[tuple[str, Any], ...]:
    """Items to settle: each an id, or {id: amount}."""
    pairs: list[tuple[str, Any]] = []

    def member(value: Any, place: Place) -> None:
        if isinstance(value, Map):
            pairs.extend(mapping_of(decimal, key=ref("item"))(value, place).items())
        else:
            pairs.append((ref("item")(value, place), None))

    list_of(member)(value, place)
    return tuple(pairs)


def _credit_note(check: Check) -> Check:
    """An invoice, or a credit note, which names the invoice that it is of."""

    def either(value: Any, place: Place) -> Any:
        given = check(value, place)
        if (given.get("kind") == "credit_note") != ("of" in given):
            place.wrong("kind: credit_note and of: INVOICE go together")
        return given

    return either


def _set(value: Any, place: Place) -> dict[str, Any]:
    """New values of some of a customer's keys, or of some parameters."""
    if isinstance(value, Map) and "customer" not in value:
        given: dict[str, Any] = keys({"parameters": parameters})(value, place)
        if not value:
            place.wrong("expected {customer: CODE, ...} or {parameters: {...}}, found an empty mapping")
        return given
    if not isinstance(value, Map):
        place.wrong(f"expected {{customer: CODE, ...}} or {{parameters: {{...}}}}, found {shown(value)}")
        return {}
    fields = {f.metadata["key"] or name: name for name, f in Customer.__dataclass_fields__.items()}
    rest = Map(value.line)
    rest.update((k, v) for k, v in value.items() if k != "customer")
    rest.lines = value.lines
    read = CUSTOMER(rest, place)
    changed = {fields[k]: getattr(read, fields[k]) for k in rest if read is not None}
    return {
        "customer": ref("customer")(value["customer"], place.at("customer")),
        "changed": changed,
    }


def _evaluate(value: Any, place: Place) -> dict[str, Any]:
    given: dict[str, Any] = _shape(
        {"customer": ref("customer"), "document": ref("document"), "all": boolean},
        one=("customer", "document", "all"),
    )(value, place)
    if given.get("all") is False:
        place.wrong("all can only be true")
    return given


_document = _alone("document", ref("document"))

VERBS: Mapping[str, Verb] = {
    "today": Verb(_alone("day", day)),
    "order": Verb(_shape(_order, "id", "customer", at_most=("amount", "lines")), makes="order"),
    "amend": Verb(_shape(_amendment, "document", at_most=("amount", "lines"))),
    "confirm": Verb(_alone("document", ref("order"))),
    "pick": Verb(_alone("document", ref("order"))),
    "cancel": Verb(_document),
    "close": Verb(_document),
    "deliver": Verb(
        _shape(_delivery, "id", one=("orders", "customer"), at_most=("amount", "share", "lines")), makes="delivery"
    ),
    "return": Verb(
        _shape(
            {"id": ID, "of": ref("delivery"), **_parts, "type": ref("document type")}, "id", "of", at_most=tuple(_parts)
        ),
        makes="return",
    ),
    "issue": Verb(_alone("invoice", ref("invoice"))),
    "invoice": Verb(
        _credit_note(
            _shape(_invoice, "id", one=("orders", "deliveries", "customer", "of"), at_most=tuple(_parts))
        ),
        makes="invoice",
    ),
    "post": Verb(_alone("invoice", ref("invoice"))),
    "item": Verb(_shape(_item, "id", "customer", "amount"), makes="item"),
    "pay": Verb(
        _shape(
            {"id": ID, "customer": ref("customer"), "amount": decimal, "items": _items, "on": day,
             "currency": currency},
            "id", "customer", "amount",
        ),
        makes="payment",
    ),
    "allocate": Verb(_shape({"credit": ref("credit"), "items": _items}, "credit", "items")),
    "unallocate": Verb(_shape({"credit": ref("credit"), "items": _items}, "credit", "items")),
    "dispute": Verb(_shape({"item": ref("item"), "disputed": boolean}, "item", "disputed")),
    "effect": Verb(
        _shape(
            {"id": ID, "customer": ref("customer"), "amount": decimal, "due": day,
             "kind": one_of("kind of effect", words.EFFECT_KINDS), "items": _items},
            "id", "customer", "amount", "due",
        ),
        makes="effect",
    ),
    "present": Verb(
        _shape(
            {"effects": list_of(ref("effect")), "mode": one_of("mode", words.PRESENTATION_MODES)}, "effects", "mode"
        )
    ),
    "collect": Verb(_shape({"effect": ref("effect"), "posted": boolean}, "effect")),
    "unpaid": Verb(_shape({"effect": ref("effect"), "posted": boolean}, "effect")),
    "limit": Verb(_shape(_limit, "amount", one=("customer", "shared"))),
    "request_limit": Verb(
        _shape(
            {"id": ID, "customer": ref("customer"), "amount": decimal, "to": day, "reason": text},
            "id", "customer", "amount",
        ),
        makes="request",
    ),
    "approve": Verb(_answer),
    "reject": Verb(_answer),
    "request_change": Verb(_answer),
    "delegate": Verb(_answer),
    "set": Verb(_set),
    "rule": Verb(_alone("row", rule)),
    "release": Verb(_shape(_release, "document"), by="carla"),
    "reject_hold": Verb(_say, by="carla"),
    "force_hold": Verb(_say, by="carla"),
    "evaluate": Verb(_evaluate),
    "check": Verb(
        _shape(
            {"customer": ref("customer"), "amount": decimal, "terms": ref("terms"),
             "at": one_of("checkpoint", words.CHECKPOINTS)},
            "customer", "amount",
        )
    ),
}  # fmt: skip

# Which ids a reference to each kind of thing may name.
KINDS: Mapping[str, tuple[str, ...]] = {
    "order": ("order",),
    "delivery": ("delivery",),
    "invoice": ("invoice",),
    "document": ("order", "delivery", "return", "invoice"),
    "item": ("item", "invoice", "payment", "effect"),
    "credit": ("payment", "item", "invoice"),
    "effect": ("effect",),
    "request": ("request",),
}


def _alert(value: Any, place: Place) -> str:
    if isinstance(value, str) and re.fullmatch(r"usage_[1-9]\d*", value):
        return value
    word: str = one_of("alert", (*words.ALERTS, "usage_N"))(value, place)
    if word == "usage_N":
        place.wrong("say which threshold, for example usage_80")
    return word


_reasons = list_of(one_of("reason", words.REASONS))
_limited = or_null(or_word(decimal, "unlimited", "none"))
_figure: Mapping[str, Check] = {
    name: {
        "limit": _limited,
        "available": _limited,
        "used_percent": or_null(decimal),
        "days_overdue": whole,
    }.get(name, decimal)
    for name in words.FIGURES
}

EXPECT: Mapping[str, Check] = {
    "outcome": one_of("outcome", words.OUTCOMES),
    "reasons": _reasons,
    "warnings": _reasons,
    "error": one_of("error", words.ERRORS),
    "document": mapping_of(
        keys(
            {"state": one_of("state", words.STATES), "held": boolean},
            what="expectation",
        ),
        key=ref("document"),
    ),
    "exposure": mapping_of(keys(_figure, what="figure or bucket"), key=ref("account")),
    "holds": mapping_of(
        keys(
            {"open": whole, "total": whole, "reasons": _reasons, "ready": boolean},
            what="expectation",
        ),
        key=ref("holder"),
    ),
    "limit": mapping_of(or_word(decimal, "unlimited", "none"), key=ref("account")),
    "alerts": mapping_of(list_of(_alert), key=ref("customer")),
    "allowed": boolean,
}

expectation = keys(EXPECT, what="expectation")
