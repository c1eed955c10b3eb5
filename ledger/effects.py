"""Effects: issue from open items, present, collect, return unpaid. Functions return what they touched."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from creditrisk.money import ZERO
from creditrisk.refusal import Duplicate, InvalidState, Refused
from customers.models import Company, Customer
from ledger import items as open_items
from ledger.models import (
    Effect,
    EffectEvent,
    EffectItem,
    EffectKind,
    EffectState,
    ItemKind,
    OpenItem,
    Presentation,
    PresentationMode,
)


def _event(effect: Effect, step: str, day: date, by: Any, now: datetime) -> EffectEvent:
    return EffectEvent(effect=effect, step=step, day=day, made_at=now, made_by=by)


def _locked(effects: Sequence[Effect]) -> list[Effect]:
    return list(Effect.objects.select_for_update(of=("self",)).filter(pk__in=[e.pk for e in effects]).order_by("pk"))


def issue(
    *,
    company: Company,
    customer: Customer,
    number: str,
    kind: str,
    currency: str,
    amount: Decimal,
    due: date,
    items: Sequence[OpenItem],
    day: date,
    by: Any,
    now: datetime,
) -> tuple[Effect, list[OpenItem]]:
    """Issue an effect of `amount` (in `currency`) that closes these items, oldest first.

    Raises Refused where the items do not carry the amount, InvalidState where an item is settled.
    """
    if kind not in EffectKind.values:
        raise Refused(f"There is no effect of kind {kind}.", field="kind")
    open_items.checked_amount(amount, currency)
    locked = open_items.locked(i.pk for i in items)
    left = amount
    rows = []
    effect = Effect(
        company=company, customer=customer, number=number, kind=kind, currency=currency, amount=amount, due=due,
        issued_on=day,
    )  # fmt: skip
    for item in sorted(locked.values(), key=lambda i: (i.due, i.pk)):
        if item.customer_id != customer.pk or item.currency != currency or item.amount < 0:
            raise Refused(f"{item} cannot be closed by this effect.", field="items")
        part = min(left, item.open_amount)
        if part <= 0:
            raise InvalidState(f"Nothing of {item} is left for this effect.", field="items")
        open_items.settle_debit(item, part, day)
        rows.append(EffectItem(effect=effect, item=item, amount=part))
        left -= part
    if left > ZERO:
        raise Refused(
            f"The items carry {(amount - left).normalize():f}, less than the effect.",
            field="amount",
        )
    try:
        with transaction.atomic():
            effect.save(force_insert=True)
    except IntegrityError as error:
        raise Duplicate(f"An effect {number} exists already.", field="number") from error
    open_items.save_open(locked.values())
    EffectItem.objects.bulk_create(rows)
    EffectEvent.objects.bulk_create([_event(effect, "issued", day, by, now)])
    return effect, list(locked.values())


def present(
    effects: Sequence[Effect],
    *,
    mode: str,
    bank: str = "",
    day: date,
    by: Any,
    now: datetime,
) -> tuple[Presentation, list[Effect]]:
    """Hand effects of the portfolio to a bank. Raises InvalidState for one that is not in the portfolio."""
    if mode not in PresentationMode.values:
        raise Refused(f"Effects are not presented by way of {mode}.", field="mode")
    rows = _locked(effects)
    if not rows:
        raise Refused("Choose at least one effect.", field="effects")
    for effect in rows:
        if effect.state != EffectState.ISSUED:
            raise InvalidState(
                f"{effect} is {effect.get_state_display()}, not in the portfolio.",
                field="effects",
            )
        if effect.company_id != rows[0].company_id:
            raise Refused("One list holds the effects of one company.", field="effects")
    presentation = Presentation.objects.create(
        company_id=rows[0].company_id,
        mode=mode,
        bank=bank,
        day=day,
        made_at=now,
        made_by=by,
    )
    for effect in rows:
        effect.state, effect.presentation = EffectState.PRESENTED, presentation
    Effect.objects.bulk_update(rows, ["state", "presentation"])
    EffectEvent.objects.bulk_create(_event(e, "presented", day, by, now) for e in rows)
    return presentation, rows


def collect(effect: Effect, *, day: date, by: Any, now: datetime) -> Effect:
    """The customer paid the effect. Raises InvalidState for one that is neither in portfolio nor presented."""
    (effect,) = _locked([effect])
    if effect.state not in (EffectState.ISSUED, EffectState.PRESENTED):
        raise InvalidState(
            f"{effect} is {effect.get_state_display()}: it cannot be collected.",
            field="effect",
        )
    effect.state, effect.collected_on = EffectState.COLLECTED, day
    effect.save(update_fields=["state", "collected_on"])
    EffectEvent.objects.bulk_create([_event(effect, "collected", day, by, now)])
    return effect


def unpaid(effect: Effect, *, posted: bool, day: date, by: Any, now: datetime) -> tuple[Effect, list[OpenItem]]:
    """The effect came back unpaid; `posted` puts the debt back into the ledger, under the effect's number.

    An effect that came back and was not posted is posted by calling this again. Raises InvalidState otherwise.
    """
    (effect,) = _locked([effect])
    again = effect.state == EffectState.UNPAID and posted
    if effect.state not in (EffectState.ISSUED, EffectState.PRESENTED, EffectState.COLLECTED) and not again:
        raise InvalidState(
            f"{effect} is {effect.get_state_display()}: it cannot come back unpaid.",
            field="effect",
        )
    effect.state = EffectState.UNPAID_POSTED if posted else EffectState.UNPAID
    effect.unpaid_on = effect.unpaid_on or day
    effect.collected_on = None
    effect.save(update_fields=["state", "unpaid_on", "collected_on"])
    EffectEvent.objects.bulk_create([_event(effect, "posted back" if again else "unpaid", day, by, now)])
    if not posted:
        return effect, []
    returned = open_items.NewItem(
        company=effect.company, customer=effect.customer, kind=ItemKind.RETURNED, reference=effect.number,
        currency=effect.currency, amount=effect.amount, item_date=day, due=effect.due, effect_id=effect.pk,
    )  # fmt: skip
    return effect, open_items.open_items([returned], by=by, now=now)
