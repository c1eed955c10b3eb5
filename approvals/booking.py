"""The door for events in the ledger: lock, book, post the difference, tell, ask for evaluation. One transaction each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from approvals import alerts, context, crossings, evaluation_requests
from creditrisk.clock import business_day, months_after
from creditrisk.exposure import ledger as exposure_ledger
from creditrisk.exposure.ledger import Posted, Touched
from creditrisk.facts import Standing
from creditrisk.language import sentence as _
from creditrisk.money import MissingRate
from creditrisk.policy import compile as policies
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from customers import limits
from customers.models import Company, CreditAccount, Customer, Limit, LimitKind, SharedLimit
from ledger import effects as ledger_effects
from ledger import items as ledger_items
from ledger.models import BankAccount, Effect, EffectKind, ItemKind, Mark, OpenItem, Presentation, PresentationMode


@dataclass(frozen=True)
class Booking:
    """The debtor whose ledger moves, when, by whom; `tells` is off for history taken over."""

    customer_id: int
    by: Actor
    now: datetime
    day: date
    tells: bool = True

    @classmethod
    def begin(cls, customer_id: int, *, by: Actor, now: datetime, day: date | None, tells: bool = True) -> "Booking":
        """Return the booking of an event of `day` (None: today). Raises Refused for a day to come."""
        today = business_day(now)
        if day is not None and day > today:
            raise Refused(_("That day lies ahead."), field="day")
        return cls(customer_id, by, now, day or today, tells)

    def on(self, day: date) -> "Booking":
        """Return the booking of what belongs to another day."""
        return replace(self, day=day)

    def lock(self) -> context.Family:
        return context.lock([self.customer_id])

    def post(self, touched: Touched, family: context.Family, *, cause: str) -> list[Posted]:
        """Post the difference, write the alerts of what it crossed, and ask for evaluation where it may free credit."""
        posted = exposure_ledger.post(touched, day=self.day, now=self.now)
        if not self.tells or not posted:
            return posted
        self._tell(posted, family)
        if any(p.amount < 0 for p in posted):
            evaluation_requests.ask([self.customer_id], cause=cause, now=self.now)
        return posted

    def _tell(self, posted: Iterable[Posted], family: context.Family) -> None:
        raised = list(posted)
        if not any(p.amount > 0 for p in raised):
            return
        policy = policies.active()
        seen = context.picture(family, policy=policy, today=self.day, currencies={p.currency for p in raised})
        earlier = seen.with_slots(crossings.undone(raised))
        for customer_id in (self.customer_id, *family.heads.get(self.customer_id, ())):
            for company_id in sorted({p.company_id for p in raised}):
                try:
                    after = seen.standing(customer_id, company_id=company_id)
                    before = earlier.standing(customer_id, company_id=company_id)
                except MissingRate:
                    continue
                alerting = seen.alerting(customer_id)
                found = alerts.crossings(before, after, alerting.percents)
                if customer_id == self.customer_id:
                    found += alerts.became_overdue(before, after, alerting.overdue_amount)
                alerts.write(found, customer_id=customer_id, day=self.day, now=self.now)
        shared = crossings.shared_by(raised, family)
        crossings.tell_of_shared(shared, before=earlier, after=seen, day=self.day, now=self.now)


def _items(*items: OpenItem) -> Touched:
    return Touched(items=frozenset(i.pk for i in items))


@transaction.atomic
def item(
    *,
    customer: Customer,
    amount: Decimal,
    reference: str,
    due: date | None = None,
    day: date | None = None,
    kind: str = ItemKind.INVOICE,
    company: Company | None = None,
    currency: str = "",
    disputed: bool = False,
    excluded: bool = False,
    provisional: bool = False,
    instalment: int = 1,
    source_key: str | None = None,
    by: Actor,
    now: datetime,
    tells: bool = True,
) -> OpenItem:
    """Open an item straight in the ledger, without a credit check. `amount` is positive; credits are stored negative.

    Raises Refused and Duplicate.
    """
    if not reference.strip():
        raise Refused(_("Give the item a reference."), field="reference")
    booking = Booking.begin(customer.pk, by=by, now=now, day=day, tells=tells)
    family = booking.lock()
    new = ledger_items.NewItem(
        company=company or customer.company, customer=customer, kind=kind, reference=reference.strip(),
        currency=currency or customer.currency, amount=amount, item_date=min(booking.day, due) if due else booking.day,
        due=due or booking.day, booked_on=booking.day, disputed=disputed, excluded=excluded, provisional=provisional,
        instalment=instalment, source_key=source_key,
    )  # fmt: skip
    (opened,) = ledger_items.open_items([new], by=by.user, now=now)
    booking.post(_items(opened), family, cause="item opened")
    return opened


@transaction.atomic
def pay(
    *,
    customer: Customer,
    amount: Decimal,
    items: Sequence[tuple[OpenItem, Decimal | None]] = (),
    reference: str,
    day: date | None = None,
    currency: str = "",
    company: Company | None = None,
    source_key: str | None = None,
    by: Actor,
    now: datetime,
    tells: bool = True,
) -> OpenItem:
    """Book a payment and settle the items named with it, in that order; the rest stays an unallocated credit.

    An item with None is settled as far as the money goes. Money that came before an item was booked is a credit until
    that day. Raises Refused and Duplicate.
    """
    booking = Booking.begin(customer.pk, by=by, now=now, day=day, tells=tells)
    family = booking.lock()
    unit = currency or (items[0][0].currency if items else customer.currency)
    seller = company or (items[0][0].company if items else customer.company)
    new = ledger_items.NewItem(
        company=seller, customer=customer, kind=ItemKind.PAYMENT, reference=reference.strip() or "payment",
        currency=unit, amount=amount, item_date=booking.day, due=booking.day, source_key=source_key,
    )  # fmt: skip
    (payment,) = ledger_items.open_items([new], by=by.user, now=now)
    settled_on = ledger_items.not_before([i for i, _part in items], booking.day)
    touched = [payment]
    if settled_on != booking.day:
        booking.post(_items(payment), family, cause="payment")
    if items:
        touched += ledger_items.allocate(payment, items, day=settled_on, by=by.user, now=now)
    booking.on(settled_on).post(_items(*touched), family, cause="payment")
    payment.refresh_from_db()
    return payment


@transaction.atomic
def allocate(
    credit: OpenItem,
    items: Sequence[tuple[OpenItem, Decimal | None]],
    *,
    day: date | None = None,
    by: Actor,
    now: datetime,
) -> list[OpenItem]:
    """Settle debts with a credit that is there. Raises Refused."""
    booking = Booking.begin(credit.customer_id, by=by, now=now, day=day)
    family = booking.lock()
    booking = booking.on(ledger_items.not_before([credit, *(i for i, _part in items)], booking.day))
    touched = ledger_items.allocate(credit, items, day=booking.day, by=by.user, now=now)
    booking.post(_items(*touched), family, cause="allocation")
    return touched


@transaction.atomic
def unallocate(
    credit: OpenItem,
    items: Sequence[OpenItem] = (),
    *,
    day: date | None = None,
    by: Actor,
    now: datetime,
) -> list[OpenItem]:
    """Undo what a credit settled, of these debts or of all. Raises InvalidState."""
    booking = Booking.begin(credit.customer_id, by=by, now=now, day=day)
    family = booking.lock()
    booking = booking.on(ledger_items.not_before([credit, *ledger_items.counterparts(credit)], booking.day))
    touched = ledger_items.unallocate(credit, items, day=booking.day, by=by.user, now=now)
    booking.post(_items(*touched), family, cause="allocation undone")
    return touched


@transaction.atomic
def mark(item: OpenItem, mark: str, *, on: bool, reason: str = "", by: Actor, now: datetime) -> OpenItem:
    """Set a mark on an item or take it off: disputed, excluded from credit control, provisional.

    Raises InvalidState and Refused.
    """
    booking = Booking.begin(item.customer_id, by=by, now=now, day=None)
    family = booking.lock()
    item = ledger_items.mark(item, mark, on=on, reason=reason, day=booking.day, by=by.user, now=now)
    booking.post(_items(item), family, cause=Mark(mark).value.lower())
    return item


def dispute(item: OpenItem, *, disputed: bool, reason: str = "", by: Actor, now: datetime) -> OpenItem:
    """Mark an item as disputed or end the dispute. Raises InvalidState."""
    return mark(item, Mark.DISPUTED, on=disputed, reason=reason, by=by, now=now)


@transaction.atomic
def issue_effect(
    *,
    customer: Customer,
    amount: Decimal,
    due: date,
    items: Sequence[OpenItem],
    parts: Mapping[int, Decimal] | None = None,
    number: str = "",
    kind: str = EffectKind.RIBA,
    company: Company | None = None,
    currency: str = "",
    day: date | None = None,
    by: Actor,
    now: datetime,
    tells: bool = True,
) -> Effect:
    """Issue an effect that closes these items, or of those in `parts` (by id) so much.

    Raises Refused, InvalidState, Duplicate.
    """
    if not items:
        raise Refused(_("Choose the items that the effect closes."), field="items")
    booking = Booking.begin(customer.pk, by=by, now=now, day=day, tells=tells)
    family = booking.lock()
    effect, touched = ledger_effects.issue(
        company=company or items[0].company, customer=customer, number=number, kind=kind,
        currency=currency or items[0].currency, amount=amount, due=due, items=items, parts=parts, day=booking.day, by=by.user,
        now=now,
    )  # fmt: skip
    booking.post(
        _items(*touched) | Touched(effects=frozenset({effect.pk})),
        family,
        cause="effect issued",
    )
    return effect


@transaction.atomic
def present(
    effects: Sequence[Effect], *, mode: str = PresentationMode.SBF, bank: str = "", account: BankAccount | None = None,
    day: date | None = None, by: Actor, now: datetime, tells: bool = True,
) -> Presentation:  # fmt: skip
    """Hand effects to a bank in one list, with `account` within its line. Raises Refused, InvalidState."""
    debtors = sorted({e.customer_id for e in effects})
    context.lock(debtors)
    on = day or business_day(now)
    presentation, rows = ledger_effects.present(
        effects, mode=mode, bank=bank, account=account, day=on, by=by.user, now=now
    )
    for customer_id in debtors:
        booking = Booking.begin(customer_id, by=by, now=now, day=day, tells=tells)
        mine = frozenset(e.pk for e in rows if e.customer_id == customer_id)
        booking.post(Touched(effects=mine), booking.lock(), cause="effects presented")
    return presentation


@transaction.atomic
def collect(
    effect: Effect,
    *,
    day: date | None = None,
    by: Actor,
    now: datetime,
    tells: bool = True,
) -> Effect:
    """The customer paid the effect. Raises InvalidState."""
    booking = Booking.begin(effect.customer_id, by=by, now=now, day=day, tells=tells)
    family = booking.lock()
    effect = ledger_effects.collect(effect, day=booking.day, by=by.user, now=now)
    booking.post(Touched(effects=frozenset({effect.pk})), family, cause="effect collected")
    return effect


@transaction.atomic
def unpaid(
    effect: Effect,
    *,
    posted: bool,
    how: ledger_effects.Return | None = None,
    day: date | None = None,
    by: Actor,
    now: datetime,
    tells: bool = True,
) -> Effect:
    """The effect came back unpaid; `posted` puts the debt back into the ledger. Raises InvalidState, Refused."""
    booking = Booking.begin(effect.customer_id, by=by, now=now, day=day, tells=tells)
    family = booking.lock()
    effect, items = ledger_effects.unpaid(effect, posted=posted, how=how, day=booking.day, by=by.user, now=now)
    booking.post(
        _items(*items) | Touched(effects=frozenset({effect.pk})),
        family,
        cause="effect unpaid",
    )
    if tells:
        alerts.write(alerts.came_back(effect), customer_id=effect.customer_id, day=booking.day, now=now)
    return effect


@transaction.atomic
def grant_limit(
    *,
    customer: Customer | None = None,
    shared: SharedLimit | None = None,
    by: Actor,
    now: datetime,
    **grant: Any,
) -> Limit:
    """Grant a limit (see customers.limits.grant): tells what it crosses and asks for evaluation. Raises Refused."""
    if customer is not None:
        members = [customer.pk]
    else:
        members = list(shared.members.values_list("pk", flat=True)) if shared else []
    with _telling(members, shared=shared, cause="limit", now=now) as (before, of_shared):
        figures = of_shared.as_record() if of_shared is not None else _figures(customer, before)
        granted = limits.grant(customer=customer, shared=shared, by=by.user, now=now, figures=figures, **grant)
        _set_reviews([granted], day=business_day(now))
    return granted


def grant_limits(grants: Sequence[Mapping[str, Any]], *, by: Actor, now: datetime) -> list[Limit]:
    """Grant many customers a limit, all or none, as `grant_limit` does one; a fixed number of queries and one a grant."""
    with _telling(sorted({grant["customer"].pk for grant in grants}), cause="limit", now=now) as (before, _none):
        made = [
            limits.grant(**grant, by=by.user, now=now, figures=_figures(grant["customer"], before)) for grant in grants
        ]
        _set_reviews(made, day=business_day(now))
    return made


def _figures(customer: Customer | None, before: Mapping[int, Standing]) -> dict[str, str] | None:
    return before[customer.pk].as_record() if customer is not None and customer.pk in before else None


def _set_reviews(granted: Iterable[Limit], *, day: date) -> None:
    """Set the next review of whoever got a base limit, where their risk class says after how many months."""
    ids = [limit.customer_id for limit in granted if limit.customer_id and limit.kind == LimitKind.BASE]
    found = CreditAccount.objects.filter(customer__in=ids, risk_class__review_months__isnull=False)
    accounts = list(found.select_related("risk_class"))
    for account in accounts:
        account.next_review = months_after(day, account.risk_class.review_months)
    CreditAccount.objects.bulk_update(accounts, ["next_review"], batch_size=500)


@contextmanager
def _telling(
    members: Sequence[int], *, shared: SharedLimit | None = None, cause: str, now: datetime
) -> Iterator[tuple[dict[int, Standing], Standing | None]]:
    """Lock these accounts, then tell what is crossed by what is done meanwhile, and ask for evaluation.

    Gives how they stood before, and the shared limit of which something is done.
    """
    context.lock(members)
    day = business_day(now)
    earlier = context.look(members, today=day)
    before = context.standings_in(earlier, members)
    yield before, _shared(shared, earlier)
    seen = context.look(members, today=day)
    for pk, after in context.standings_in(seen, members).items():
        if pk in before:
            found = alerts.crossings(before[pk], after, seen.alerting(pk).percents)
            alerts.write(found, customer_id=pk, day=day, now=now)
    if shared is not None:
        crossings.tell_of_shared([shared.pk], before=earlier, after=seen, day=day, now=now)
    evaluation_requests.ask(members, cause=cause, now=now)


def _shared(shared: SharedLimit | None, seen: context.Picture) -> Standing | None:
    with suppress(MissingRate):
        return seen.shared_standing(shared.pk) if shared is not None and shared.pk in seen.shared else None
    return None


def recorded(book: Callable[..., Any], **values: Any) -> Any:
    """Book an event of the past: on its business day, without alerts. Amounts and days as in `book`."""
    return book(**values, tells=False)
