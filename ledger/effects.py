"""Effects: issue, present, credit, collect, return unpaid, replace. Functions return what they touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from creditrisk import language
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, figure
from creditrisk.refusal import Duplicate, InvalidState, Refused
from customers.models import Company, Customer
from ledger import items as open_items
from ledger import lines
from ledger.models import (
    BankAccount,
    Effect,
    EffectEvent,
    EffectItem,
    EffectKind,
    EffectState,
    ItemKind,
    Numbered,
    OpenItem,
    Presentation,
    PresentationMode,
)

# From which states a step leads on.
PRESENTABLE = (EffectState.ISSUED, EffectState.UNPAID)
COLLECTABLE = (EffectState.ISSUED, EffectState.PRESENTED, EffectState.UNPAID)
RETURNABLE = (EffectState.ISSUED, EffectState.PRESENTED, EffectState.COLLECTED)
REPLACEABLE = (EffectState.UNPAID, EffectState.UNPAID_POSTED)


@dataclass(frozen=True)
class Return:
    """How an effect came back: why, what the bank took for it (in the effect's currency), whether the customer pays."""

    reason: str = ""
    cost: Decimal = ZERO
    charged: bool = False


def _event(effect: Effect, step: str, day: date, by: Any, now: datetime, **more: Any) -> EffectEvent:
    return EffectEvent(effect=effect, step=step, day=day, made_at=now, made_by=by, **more)


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
    parts: Mapping[int, Decimal] | None = None,
    replaces: Effect | None = None,
) -> tuple[Effect, list[OpenItem]]:
    """Issue an effect of `amount` (in `currency`) that closes these items, oldest first. No number: the next one.

    `parts` says of which items (by id) how much is closed; of the others what is open, as far as the amount goes.

    Raises Refused where the items do not carry the amount, InvalidState where an item is settled.
    """
    if kind not in EffectKind.values:
        raise Refused(_("There is no effect of kind %(kind)s.") % {"kind": kind}, field="kind")
    open_items.checked_amount(amount, currency)
    locked = open_items.locked(i.pk for i in items)
    left = amount
    rows = []
    effect = Effect(
        company=company, customer=customer, number=number or lines.next_number(company, Numbered.EFFECT, day=day),
        kind=kind, currency=currency, amount=amount, due=due, issued_on=day, replaces=replaces,
    )  # fmt: skip
    for item in sorted(locked.values(), key=lambda i: (i.due, i.pk)):
        if item.customer_id != customer.pk or item.currency != currency or item.amount < 0:
            raise Refused(_("%(item)s cannot be closed by this effect.") % {"item": item}, field="items")
        if (earliest := open_items.not_before([item], day)) > day:
            raise Refused(
                _("%(item)s was booked or moved on %(day)s, after the effect's day.")
                % {"item": item, "day": language.day(earliest)},
                field="day",
            )
        asked = (parts or {}).get(item.pk)
        if asked is not None:
            open_items.checked_amount(asked, currency, field="items")
        if asked is not None and asked > left:
            raise Refused(_("The effect is for less than what it is to close."), field="amount")
        part = min(left, item.open_amount) if asked is None else asked
        if part <= 0:
            raise InvalidState(_("Nothing of %(item)s is left for this effect.") % {"item": item}, field="items")
        open_items.settle_debit(item, part, day)
        rows.append(EffectItem(effect=effect, item=item, amount=part))
        left -= part
    if left > ZERO:
        raise Refused(
            _("The items carry %(amount)s, less than the effect.") % {"amount": figure(amount - left, currency)},
            field="amount",
        )
    _save_new(effect)
    open_items.save_open(locked.values())
    EffectItem.objects.bulk_create(rows)
    EffectEvent.objects.bulk_create([_event(effect, "issued", day, by, now)])
    return effect, list(locked.values())


def _save_new(effect: Effect) -> None:
    try:
        with transaction.atomic():
            effect.save(force_insert=True)
    except IntegrityError as error:
        raise Duplicate(
            _("An effect %(number)s exists already.") % {"number": effect.number}, field="number"
        ) from error


def present(
    effects: Sequence[Effect],
    *,
    mode: str,
    bank: str = "",
    account: BankAccount | None = None,
    day: date,
    by: Any,
    now: datetime,
) -> tuple[Presentation, list[Effect]]:
    """Hand effects to a bank in one list: those in the portfolio, and again those that came back unpaid.

    With `account` within its line. Raises InvalidState for an effect in another state, Refused beyond the line.
    """
    if mode not in PresentationMode.values:
        raise Refused(_("Effects are not presented by way of %(mode)s.") % {"mode": mode}, field="mode")
    if account is not None:
        account = BankAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
    rows = _locked(effects)
    refuse_unfit(rows, account=account, mode=mode, day=day)
    presentation = Presentation.objects.create(
        company_id=rows[0].company_id, account=account, mode=mode, bank=account.name if account else bank, day=day,
        number=lines.next_number(account.company, Numbered.LIST, day=day) if account else "", made_at=now, made_by=by,
    )  # fmt: skip
    for effect in rows:
        effect.state, effect.presentation, effect.swept = EffectState.PRESENTED, presentation, False
    Effect.objects.bulk_update(rows, ["state", "presentation", "swept"])
    EffectEvent.objects.bulk_create(_event(e, "presented", day, by, now, presentation=presentation) for e in rows)
    return presentation, rows


def refuse_unfit(rows: Sequence[Effect], *, account: BankAccount | None, mode: str, day: date) -> None:
    """Refuse what cannot go to the bank together: other states, companies, currencies; more than the line has free.

    Raises InvalidState and Refused.
    """
    if not rows:
        raise Refused(_("Choose at least one effect."), field="effects")
    for effect in rows:
        if effect.state not in PRESENTABLE:
            raise InvalidState(
                _("%(effect)s is %(state)s, not in the portfolio.")
                % {"effect": effect, "state": EffectState(effect.state).label},
                field="effects",
            )
        if effect.company_id != rows[0].company_id:
            raise Refused(_("One list holds the effects of one company."), field="effects")
        if effect.issued_on > day:
            raise Refused(_("%(effect)s was issued after that day.") % {"effect": effect}, field="day")
    if account is not None:
        _check_account(account, rows, mode=mode, day=day)


def _check_account(account: BankAccount, rows: Sequence[Effect], *, mode: str, day: date) -> None:
    if not account.active:
        raise Refused(
            _("%(account)s takes no more effects: the account is closed.") % {"account": account.name}, field="account"
        )
    if account.company_id != rows[0].company_id:
        raise Refused(_("%(account)s is an account of another company.") % {"account": account.name}, field="account")
    for effect in rows:
        if effect.currency != account.currency:
            raise Refused(
                _("%(effect)s is in %(currency)s, the account in %(other)s.")
                % {"effect": effect, "currency": effect.currency, "other": account.currency},
                field="account",
            )
    lines.check(account, mode, sum((e.amount for e in rows), ZERO), day=day)


def credit(presentation: Presentation, *, day: date, by: Any, now: datetime) -> Presentation:
    """The bank credited a list to our account: the effects stay with it, and weigh, until they mature.

    Raises InvalidState where it was credited before, Refused for a day before it was presented.
    """
    presentation = Presentation.objects.select_for_update(of=("self",)).get(pk=presentation.pk)
    if presentation.credited_on is not None:
        raise InvalidState(
            _("%(list)s was credited on %(day)s.")
            % {"list": presentation, "day": language.day(presentation.credited_on)}
        )
    if day < presentation.day:
        raise Refused(_("A list is not credited before it is presented."), field="day")
    presentation.credited_on = day
    presentation.save(update_fields=["credited_on"])
    held = Effect.objects.filter(presentation=presentation, state=EffectState.PRESENTED).order_by("pk")
    EffectEvent.objects.bulk_create(_event(e, "credited", day, by, now, presentation=presentation) for e in held)
    return presentation


def withdraw(
    presentation: Presentation, effects: Sequence[Effect], *, reason: str, day: date, by: Any, now: datetime
) -> list[Effect]:
    """Take effects out of a list before they fall due: each stands again where it stood before it was presented.

    One that was presented again after it came back may leave at any time. Raises InvalidState for one that is not with
    the bank in this list, or is due; Refused without a reason.
    """
    if not reason.strip():
        raise Refused(_("Say why it is withdrawn."), field="reason")
    rows = _locked(effects)
    if not rows:
        raise Refused(_("Choose at least one effect."), field="effect")
    for effect in rows:
        if effect.state != EffectState.PRESENTED or effect.presentation_id != presentation.pk:
            raise InvalidState(
                _("%(effect)s is %(state)s: it cannot be withdrawn.")
                % {"effect": effect, "state": EffectState(effect.state).label},
                field="effect",
            )
        if effect.due <= day and effect.unpaid_on is None:
            raise InvalidState(
                _("%(effect)s fell due on %(day)s: book what became of it.")
                % {"effect": effect, "day": language.day(effect.due)},
                field="effect",
            )
        if day < presentation.day:
            raise Refused(_("An effect is not withdrawn before it was presented."), field="day")
    # One that had come back before is back again; where it came from then is kept with that step.
    returns = EffectEvent.objects.filter(effect__in=rows, step="unpaid").order_by("pk")
    came_from = dict(returns.values_list("effect", "presentation"))
    for effect in rows:
        effect.state = EffectState.UNPAID if effect.pk in came_from else EffectState.ISSUED
        effect.presentation_id = came_from.get(effect.pk)
    Effect.objects.bulk_update(rows, ["state", "presentation"])
    steps = [_event(e, "withdrawn", day, by, now, presentation=presentation, reason=reason.strip()) for e in rows]
    EffectEvent.objects.bulk_create(steps)
    return rows


def collect(effect: Effect, *, day: date, by: Any, now: datetime) -> Effect:
    """The customer paid the effect, be it after it came back. Raises InvalidState for one that is settled or posted."""
    (effect,) = _locked([effect])
    if effect.state not in COLLECTABLE:
        raise InvalidState(
            _("%(effect)s is %(state)s: it cannot be collected.")
            % {"effect": effect, "state": EffectState(effect.state).label},
            field="effect",
        )
    effect.state, effect.collected_on = EffectState.COLLECTED, day
    effect.save(update_fields=["state", "collected_on"])
    EffectEvent.objects.bulk_create([_event(effect, "collected", day, by, now)])
    return effect


def unpaid(
    effect: Effect, *, posted: bool, day: date, by: Any, now: datetime, how: Return | None = None
) -> tuple[Effect, list[OpenItem]]:
    """The effect came back unpaid; `posted` puts the debt back into the ledger, under the effect's number.

    A cost that is charged to the customer becomes an open item at once, posted or not. An effect that came back and
    was not posted is posted by calling this again. Returns the items opened. Raises InvalidState otherwise.
    """
    (effect,) = _locked([effect])
    how = how or Return()
    again = effect.state == EffectState.UNPAID and posted
    if effect.state not in RETURNABLE and not again:
        raise InvalidState(
            _("%(effect)s is %(state)s: it cannot come back unpaid.")
            % {"effect": effect, "state": EffectState(effect.state).label},
            field="effect",
        )
    if how.cost:
        open_items.checked_amount(how.cost, effect.currency, field="cost")
    elif how.charged:
        raise Refused(_("Type the cost that is charged."), field="cost")
    effect.state = EffectState.UNPAID_POSTED if posted else EffectState.UNPAID
    if not again:
        effect.unpaid_on = day
    effect.collected_on = None
    effect.save(update_fields=["state", "unpaid_on", "collected_on"])
    step = _event(
        effect, "posted back" if again else "unpaid", day, by, now, presentation_id=effect.presentation_id,
        reason=how.reason, cost=how.cost, charged=how.charged,
    )  # fmt: skip
    EffectEvent.objects.bulk_create([step])
    return effect, open_items.open_items(_debts_of(effect, posted=posted, day=day, how=how), by=by, now=now)


def _debts_of(effect: Effect, *, posted: bool, day: date, how: Return) -> list[open_items.NewItem]:
    """Return what the customer owes in the ledger now that the effect came back: the debt, the cost."""
    charged_before = OpenItem.objects.filter(effect=effect, kind=ItemKind.CHARGE).count()

    def owed(kind: ItemKind, amount: Decimal, due: date, instalment: int) -> open_items.NewItem:
        return open_items.NewItem(
            company=effect.company, customer=effect.customer, kind=kind, reference=effect.number,
            currency=effect.currency, amount=amount, item_date=day, due=due, effect_id=effect.pk,
            instalment=instalment, reason=how.reason if kind == ItemKind.CHARGE else "",
        )  # fmt: skip

    found = [owed(ItemKind.RETURNED, effect.amount, effect.due, 1)] if posted else []
    return [*found, owed(ItemKind.CHARGE, how.cost, day, charged_before + 1)] if how.charged else found


def replace(
    effect: Effect, *, number: str = "", kind: str, due: date, day: date, by: Any, now: datetime
) -> tuple[Effect, Effect, list[OpenItem]]:
    """Issue a new effect in place of one that came back unpaid: over its amount, or over what is open of the debt.

    Returns the old one, the new one, and the items touched. Raises InvalidState for an effect that did not come back
    or was replaced, Duplicate for a number that is taken.
    """
    (effect,) = _locked([effect])
    if effect.state not in REPLACEABLE or Effect.objects.filter(replaces=effect).exists():
        raise InvalidState(
            _("%(effect)s is %(state)s: it cannot be replaced.")
            % {"effect": effect, "state": EffectState(effect.state).label},
            field="effect",
        )
    if kind not in EffectKind.values:
        raise Refused(_("There is no effect of kind %(kind)s.") % {"kind": kind}, field="kind")
    if due < day:
        raise Refused(_("The new effect must fall due later than today."), field="due")
    if effect.state == EffectState.UNPAID_POSTED:
        returned = OpenItem.objects.filter(effect=effect, kind=ItemKind.RETURNED, open_amount__gt=0)
        if not returned:
            raise InvalidState(
                _("%(effect)s is paid: there is nothing to replace.") % {"effect": effect}, field="effect"
            )
        new, touched = issue(
            company=effect.company, customer=effect.customer, number=number, kind=kind, currency=effect.currency,
            amount=sum((i.open_amount for i in returned), ZERO), due=due, items=list(returned), day=day, by=by,
            now=now, replaces=effect,
        )  # fmt: skip
    else:
        new, touched = _over(effect, number=number, kind=kind, due=due, day=day, by=by, now=now), []
    Effect.objects.filter(pk=effect.pk).update(state=EffectState.REPLACED)
    EffectEvent.objects.bulk_create([_event(effect, "replaced", day, by, now, reason=new.number)])
    effect.state = EffectState.REPLACED
    return effect, new, touched


def _over(effect: Effect, *, number: str, kind: str, due: date, day: date, by: Any, now: datetime) -> Effect:
    new = Effect(
        company=effect.company, customer=effect.customer, kind=kind, currency=effect.currency, amount=effect.amount,
        number=number or lines.next_number(effect.company, Numbered.EFFECT, day=day), due=due, issued_on=day,
        replaces=effect,
    )  # fmt: skip
    _save_new(new)
    EffectEvent.objects.bulk_create([_event(new, "issued", day, by, now)])
    return new
