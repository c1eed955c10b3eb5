"""What each verb of a story does: one function a verb, calling the same services as the pages and the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from approvals import booking, evaluation, gate, hold_events, limit_requests
from approvals.models import Hold
from creditrisk.facts import Outcome
from creditrisk.roles import Actor
from creditrisk.scenarios import given
from creditrisk.scenarios.world import World
from customers.models import LimitKind
from documents.drafts import UNSET, Changes, NewDocument, NewLine
from documents.models import Document, Kind, Line
from ledger.models import ItemKind

Value = Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """What came of a step: its outcome, and for a refusal the code and the sentence."""

    outcome: str = "passed"
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    sentence: str = ""

    @property
    def refused(self) -> bool:
        return self.outcome == "refused"


PASSED = Played()


def _said(outcome: Outcome) -> Played:
    return Played(outcome.verdict.value, outcome.reasons, outcome.warnings)


def _of(result: gate.Result | None) -> Played:
    """Return what the gate said; where entry is not checked, with the reasons that confirmation would give."""
    if result is None:
        return PASSED
    played = _said(result.outcome)
    if result.advice is not None:
        return replace(played, reasons=result.advice.reasons, warnings=result.advice.warnings)
    return played


# -- documents -------------------------------------------------------------------------------------------------------


def _lines(told: tuple[Value, ...]) -> tuple[NewLine, ...]:
    return tuple(
        NewLine(
            quantity=line["qty"], price=line.get("price", Decimal(0)), tax_percent=line.get("tax_percent", Decimal(0)),
            discount_percent=line.get("discount_percent", Decimal(0)),
        )
        for line in told
    )  # fmt: skip


def _begin(world: World, by: Actor, v: Value, new: NewDocument, step: str) -> Played:
    """Enter a new document under the story's id for it, or repeat the step that left it a draft."""
    draft = world.draft(v["id"])
    if draft is not None and draft.kind == new.kind and new.kind != Kind.ORDER:
        if new.amount is not None and new.amount != draft.total:
            gate.submit(draft, "amend", by=by, now=world.now, changes=Changes(amount=new.amount))
        if step == "enter":
            return PASSED
        return _of(gate.submit(draft, step, by=by, now=world.now))
    result = gate.submit(replace(new, number=v["id"]), step, by=by, now=world.now)
    world.documents[v["id"]] = result.document.pk
    return _of(result)


def order(world: World, by: Actor, v: Value) -> Played:
    new = NewDocument(
        kind=Kind.ORDER,
        customer=world.customer(v["customer"]),
        company=world.company(v.get("company")),
        bill_to=world.customer(v["bill_to"]) if "bill_to" in v else None,
        type=world.type(v.get("type")),
        currency=v.get("currency", ""),
        terms=world.terms(v.get("terms")),
        settlement_discount=world.discount(v.get("settlement_discount")),
        ship_date=v.get("ship_date"),
        lines=_lines(v.get("lines", ())),
        amount=v.get("amount"),
        channel=v.get("channel", ""),
    )
    return _begin(world, by, v, new, "enter")


def amend(world: World, by: Actor, v: Value) -> Played:
    changes = Changes(
        lines=_lines(v["lines"]) if "lines" in v else None,
        amount=v.get("amount"),
        currency=v.get("currency"),
        terms=world.terms(v.get("terms")),
        settlement_discount=world.discount(v["settlement_discount"]) if "settlement_discount" in v else UNSET,
        ship_date=v.get("ship_date", UNSET),
        bill_to=world.customer(v["bill_to"]) if "bill_to" in v else None,
        type=world.type(v.get("type")),
    )
    return _of(gate.submit(world.document(v["document"]), "amend", by=by, now=world.now, changes=changes))


def _step(name: str, key: str = "document") -> Callable[[World, Actor, Value], Played]:
    def play(world: World, by: Actor, v: Value) -> Played:
        return _of(gate.submit(world.document(v[key]), name, by=by, now=world.now))

    return play


def _of_orders(orders: tuple[Document, ...], told: tuple[Value, ...]) -> tuple[NewLine, ...]:
    """Return a note's lines: each the quantity told of the order line beside it, at that line's price."""
    sources = Line.objects.filter(document__in=orders).order_by("document_id", "position")
    return tuple(
        NewLine(
            text=source.text, quantity=line["qty"], price=line.get("price", source.price),
            discount_percent=line.get("discount_percent", source.discount_percent),
            tax_percent=line.get("tax_percent", source.tax_percent), source=source,
        )
        for source, line in zip(sources, told, strict=False)
        if line["qty"]
    )  # fmt: skip


def deliver(world: World, by: Actor, v: Value) -> Played:
    orders = tuple(world.document(name) for name in v.get("orders", ()))
    told = v.get("lines", ())
    new = NewDocument(
        kind=Kind.DELIVERY,
        customer=None if orders else world.customer(v["customer"]),
        sources=orders,
        type=world.type(v.get("type")),
        lines=_of_orders(orders, told) if orders else _lines(told),
        amount=v.get("amount"),
        share=v.get("share"),
    )
    return _begin(world, by, v, new, "deliver")


def return_(world: World, by: Actor, v: Value) -> Played:
    new = NewDocument(
        kind=Kind.RETURN, origin=world.document(v["of"]), type=world.type(v.get("type")), amount=v.get("amount"),
        share=v.get("share"),
    )  # fmt: skip
    return _begin(world, by, v, new, "return")


def invoice(world: World, by: Actor, v: Value) -> Played:
    new = NewDocument(
        kind=Kind.CREDIT_NOTE if "of" in v else Kind.INVOICE,
        customer=world.customer(v["customer"]) if "customer" in v else None,
        origin=world.document(v["of"]) if "of" in v else None,
        sources=tuple(world.document(name) for name in (*v.get("orders", ()), *v.get("deliveries", ()))),
        company=world.company(v.get("company")),
        type=world.type(v.get("type")),
        currency=v.get("currency", ""),
        terms=world.terms(v.get("terms")),
        amount=v.get("amount"),
        share=v.get("share"),
    )
    return _begin(world, by, v, new, "invoice" if v.get("issue", True) else "enter")


# -- the ledger ------------------------------------------------------------------------------------------------------


def item(world: World, by: Actor, v: Value) -> Played:
    opened = booking.item(
        customer=world.customer(v["customer"]),
        amount=v["amount"],
        due=v.get("due"),
        day=v.get("on"),
        kind=ItemKind[v.get("kind", "invoice").upper()],
        reference=v["id"],
        company=world.company(v.get("company")),
        currency=v.get("currency", ""),
        disputed=v.get("disputed", False),
        excluded=v.get("excluded", False),
        provisional=v.get("provisional", False),
        by=by,
        now=world.now,
    )
    world.items[v["id"]] = opened.pk
    return PASSED


def pay(world: World, by: Actor, v: Value) -> Played:
    payment = booking.pay(
        customer=world.customer(v["customer"]), amount=v["amount"], items=world.portions(v.get("items", ())),
        reference=v["id"], day=v.get("on"), currency=v.get("currency", ""), by=by, now=world.now,
    )  # fmt: skip
    world.items[v["id"]] = payment.pk
    return PASSED


def allocate(world: World, by: Actor, v: Value) -> Played:
    (credit, *_) = world.open_items(v["credit"])
    booking.allocate(credit, world.portions(v["items"]), by=by, now=world.now)
    return PASSED


def unallocate(world: World, by: Actor, v: Value) -> Played:
    """Undo what a credit settled; with an amount of an item so much of it: the rest is allocated again."""
    (credit, *_) = world.open_items(v["credit"])
    asked = [(item, amount) for name, amount in v["items"] for item in world.open_items(name)]
    kept = []
    for debit, amount in asked:
        if amount is not None:
            settled = sum(credit.allocated_to.filter(debit=debit).values_list("amount", flat=True), Decimal(0))
            kept.append((debit, settled - amount))
    booking.unallocate(credit, [debit for debit, _amount in asked], by=by, now=world.now)
    if kept := [(debit, amount) for debit, amount in kept if amount]:
        booking.allocate(credit, kept, by=by, now=world.now)
    return PASSED


def dispute(world: World, by: Actor, v: Value) -> Played:
    for found in world.open_items(v["item"]):
        booking.dispute(found, disputed=v["disputed"], by=by, now=world.now)
    return PASSED


def effect(world: World, by: Actor, v: Value) -> Played:
    portions = world.portions(v.get("items", ()))
    issued = booking.issue_effect(
        customer=world.customer(v["customer"]), amount=v["amount"], due=v["due"],
        kind=v.get("kind", "riba").upper(), items=[item for item, _part in portions],
        parts={item.pk: part for item, part in portions if part is not None}, number=v["id"], by=by, now=world.now,
    )  # fmt: skip
    world.effects[v["id"]] = issued.pk
    return PASSED


def present(world: World, by: Actor, v: Value) -> Played:
    booking.present([world.effect(name) for name in v["effects"]], mode=v["mode"].upper(), by=by, now=world.now)
    return PASSED


def collect(world: World, by: Actor, v: Value) -> Played:
    booking.collect(world.effect(v["effect"]), by=by, now=world.now)
    return PASSED


def unpaid(world: World, by: Actor, v: Value) -> Played:
    booking.unpaid(world.effect(v["effect"]), posted=v.get("posted", False), by=by, now=world.now)
    return PASSED


# -- what was granted, and the policy --------------------------------------------------------------------------------


def limit(world: World, by: Actor, v: Value) -> Played:
    state, amount = given.limit_of(v["amount"])
    booking.grant_limit(
        customer=world.customer(v["customer"]) if "customer" in v else None,
        shared=world.shared(v["shared"]) if "shared" in v else None,
        state=state,
        amount=amount,
        kind=LimitKind[v.get("kind", "base").upper()],
        valid_from=v.get("from", world.today),
        valid_to=v.get("to"),
        reason="approved change",
        by=by,
        now=world.now,
    )
    return PASSED


def set_(world: World, by: Actor, v: Value) -> Played:
    if "parameters" in v:
        given.set_parameters(world, v["parameters"])
    else:
        told = replace(world.told[v["customer"]], **v["changed"])
        given.change_customer(world, v["customer"], told, by=by)
    return PASSED


def rule(world: World, by: Actor, v: Value) -> Played:
    given.add_rule(world, v["row"])
    return PASSED


# -- holds -----------------------------------------------------------------------------------------------------------


def release(world: World, by: Actor, v: Value) -> Played:
    scope = v.get("scope")
    return _of(
        gate.release(
            world.hold(v["document"]), by=by, now=world.now, reason=v.get("reason", ""), note=v.get("note", ""),
            scope=scope and scope.upper(), until=v.get("until"), cap=v.get("cap"),
            with_posting=v.get("with_posting", False),
        )
    )  # fmt: skip


def reject_hold(world: World, by: Actor, v: Value) -> Played:
    gate.reject(world.hold(v["document"]), by=by, now=world.now, reason=v.get("reason", ""))
    return PASSED


def force_hold(world: World, by: Actor, v: Value) -> Played:
    gate.force(world.document(v["document"]), by=by, now=world.now, reason=v.get("reason", ""))
    return PASSED


def request_limit(world: World, by: Actor, v: Value) -> Played:
    asked = limit_requests.Asked(amount=v["amount"], valid_to=v.get("to"), reason=v.get("reason", ""))
    made = limit_requests.ask(world.customer(v["customer"]), asked, by=by, now=world.now)
    world.requests[v["id"]] = made.pk
    return PASSED


def approve(world: World, by: Actor, v: Value) -> Played:
    if "hold" in v:
        return _of(gate.release(world.hold(v["hold"]), by=by, now=world.now, reason=v.get("note") or "approved"))
    limit_requests.approve(world.request(v["request"]), by=by, now=world.now, note=v.get("note", ""))
    return PASSED


def reject(world: World, by: Actor, v: Value) -> Played:
    note = v.get("note") or "rejected"
    if "hold" in v:
        gate.reject(world.hold(v["hold"]), by=by, now=world.now, reason=note)
    else:
        limit_requests.reject(world.request(v["request"]), by=by, now=world.now, note=note)
    return PASSED


def request_change(world: World, by: Actor, v: Value) -> Played:
    note = v.get("note") or "change it"
    if "hold" in v:
        hold_events.ask_change(world.hold(v["hold"]), by=by, now=world.now, note=note)
    else:
        limit_requests.ask_change(world.request(v["request"]), by=by, now=world.now, note=note)
    return PASSED


def delegate(world: World, by: Actor, v: Value) -> Played:
    how: dict[str, Any] = {"to": world.actor(v["to"]).user, "by": by, "now": world.now, "note": v.get("note", "")}
    if "hold" in v:
        hold_events.delegate(world.hold(v["hold"]), **how)
    else:
        limit_requests.delegate(world.request(v["request"]), **how)
    return PASSED


def evaluate(world: World, by: Actor, v: Value) -> Played:
    """Run the worker's function at once; `all` means all of the story's customers, not the database's."""
    if "document" in v:
        evaluation.evaluate_document(world.document(v["document"]), now=world.now)
    elif "customer" in v:
        evaluation.evaluate_customer(world.customer(v["customer"]).pk, now=world.now)
    else:
        mine = [world.customer(code).pk for code in world.told]
        held = Hold.objects.filter(customer_id__in=mine, open=True).order_by("opened_at", "pk")
        for customer_id in dict.fromkeys(held.values_list("customer_id", flat=True)):
            evaluation.evaluate_customer(customer_id, now=world.now)
    return PASSED


def check(world: World, by: Actor, v: Value) -> Played:
    trial = gate.check(
        world.customer(v["customer"]), amount=v["amount"], terms=world.terms(v.get("terms")),
        checkpoint=v.get("at", "confirmation"), today=world.today,
    )  # fmt: skip
    return _said(trial.outcome)


def today(world: World, by: Actor, v: Value) -> Played:
    world.move_clock(v["day"])
    return PASSED


PLAYED: Mapping[str, Callable[[World, Actor, Value], Played]] = {
    "today": today, "order": order, "amend": amend, "confirm": _step("confirm"), "pick": _step("pick"),
    "cancel": _step("cancel"), "close": _step("close"), "deliver": deliver, "return": return_,
    "issue": _step("issue", "invoice"), "invoice": invoice, "post": _step("post", "invoice"), "item": item, "pay": pay,
    "allocate": allocate, "unallocate": unallocate, "dispute": dispute, "effect": effect, "present": present,
    "collect": collect, "unpaid": unpaid, "limit": limit, "set": set_, "rule": rule, "release": release,
    "reject_hold": reject_hold, "force_hold": force_hold, "evaluate": evaluate, "check": check,
    "request_limit": request_limit, "approve": approve, "reject": reject, "request_change": request_change,
    "delegate": delegate,
}  # fmt: skip


def play(world: World, verb: str, value: Value, *, by: str) -> Played:
    """Take one step of a story. Raises Refused and MissingRate as the services do, and Missing."""
    return PLAYED[verb](world, world.actor(by), value)
