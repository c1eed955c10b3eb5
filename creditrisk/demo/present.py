"""The last days of the demo company, through the gate like everything people do: holds, decisions and alerts arise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from approvals import booking, context, evaluation, gate
from approvals.models import Hold
from approvals.sweep import sweep
from creditrisk.clock import business_day
from creditrisk.demo import letters
from creditrisk.demo.market import Market, Profile
from creditrisk.demo.past import lines_worth
from creditrisk.demo.statements import Statements
from creditrisk.demo.treasury import Treasury
from creditrisk.facts import LimitState, Standing
from creditrisk.money import ZERO, MissingRate
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from creditrisk.takeover.parties import round_figure
from customers.models import LimitKind, PaymentTerms
from documents.drafts import NewDocument, NewLine
from documents.models import Document, Kind, State
from ledger.models import OpenItem

LIVE_DAYS = 5


@dataclass
class Present:
    """Plays the live days one after the other."""

    market: Market
    people: Mapping[str, Any]
    rng: Random = field(default_factory=lambda: Random("present"))
    refused: int = 0

    def __post_init__(self) -> None:
        self.actors = {login: Actor(user, channel="demo") for login, user in self.people.items()}
        self.treasury = Treasury(self.actors, self._do)
        self.statements = Statements(self.actors, self._do)
        self.by_id = {p.customer.pk: p for p in self.market.profiles}

    def play(self, moments: Sequence[datetime]) -> None:
        """This will play a day at each of these moments, the last one being now."""
        stories: list[Callable[[datetime], None]] = [
            self._first_day, self._second_day, self._third_day, self._fourth_day, self._today,
        ]  # fmt: skip
        for now, story in zip(moments, stories[-len(moments) :], strict=True):
            sweep(now=now)
            self._usual_business(now)
            self.statements.arrive(now, books=now != moments[-1])
            story(now)
            evaluation.work_off(now=now, most=1000)
            letters.go_round(now=now)

    # -- what happens every day --------------------------------------------------------------------------------------

    def _usual_business(self, now: datetime) -> None:
        today = business_day(now)
        self._payments(now, most=6)
        for document in self._documents(Kind.ORDER, [State.CONFIRMED], ship_date__lte=today)[:8]:
            half = _half(document) if self.rng.random() < 0.25 else ()
            self._try(NewDocument(kind="DELIVERY", sources=(document,), lines=half), "deliver", by="sara", now=now)
        for note in self._documents(Kind.DELIVERY, [State.DELIVERED], document_date__lt=today)[:8]:
            invoice = self._try(NewDocument(kind="INVOICE", sources=(note,)), "invoice", by="carla", now=now)
            if invoice is not None and invoice.state == State.ISSUED:
                self._try(invoice, "post", by="carla", now=now)
        for profile in self.rng.sample(self.market.profiles, 9):
            worth = profile.monthly * Decimal(self.rng.randint(20, 70)) / 100
            self._order(profile, worth, now=now, confirm=self.rng.random() < 0.75)

    def _documents(self, kind: str, states: Sequence[str], **where: Any) -> list[Document]:
        found = (
            Document.objects.filter(kind=kind, state__in=states, **where)
            .exclude(holds__open=True)
            .exclude(followers__holds__open=True)
            .order_by("pk")[:400]
        )
        return self.rng.sample(list(found), min(20, len(found)))

    def _payments(self, now: datetime, *, most: int) -> None:
        today = business_day(now)
        due = OpenItem.objects.filter(
            due__lte=today, due__gt=today - timedelta(days=12), open_amount__gt=0, kind="INVOICE", disputed=False
        ).select_related("customer").order_by("due", "pk")[:most]  # fmt: skip
        for item in due:
            self._do(booking.pay, customer=item.customer, amount=item.open_amount, items=[(item, None)],
                     reference=f"{today:%y%m%d}-{item.pk}", by=self.actors["carla"], now=now)  # fmt: skip

    # -- what happens once -------------------------------------------------------------------------------------------

    def _first_day(self, now: datetime) -> None:
        for profile in self._with_room(now)[:3]:
            self._over_limit(profile, now=now, by_percent=25)
        self._advance_invoice(now)
        items = OpenItem.objects.filter(open_amount__gt=0, kind="INVOICE", disputed=False, due__lt=business_day(now))
        for item, reason in zip(items.order_by("-open_amount")[:4], (
            "Goods damaged in transit", "Price differs from the offer", "Quantity short", "Delivered to the wrong site",
        ), strict=False):  # fmt: skip
            self._do(booking.dispute, item, disputed=True, reason=reason, by=self.actors["carla"], now=now)
        self.treasury.issue(now)

    def _second_day(self, now: datetime) -> None:
        for hold, who in zip(self._open_holds(), ("fiona", "dario", "carla"), strict=False):
            self._do(gate.release, hold, by=self.actors[who], now=now, reason="Payment confirmed by the bank",
                     note="The money is expected on Thursday.", with_posting=True)  # fmt: skip
        for profile in self._late(now)[:4]:
            self._order(profile, profile.monthly / 3, now=now)
        self.treasury.returned(now)

    def _third_day(self, now: datetime) -> None:
        if rejected := self._open_holds()[2:3]:
            self._do(gate.reject, rejected[0], by=self.actors["dario"], now=now, reason="Limit not to be raised",
                     note="The balance sheet of last year does not carry it.")  # fmt: skip
        self.treasury.small_rests(now)
        self.treasury.credited(now)
        with_room = self._with_room(now)
        for profile in with_room[4:7]:
            self._over_limit(profile, now=now, by_percent=12)
        customer = with_room[8].customer
        self._do(booking.grant_limit, customer=customer, kind=LimitKind.TEMPORARY, valid_from=business_day(now),
                 amount=round_figure(with_room[8].monthly * 6), valid_to=business_day(now) + timedelta(days=45),
                 reason="Seasonal stock", by=self.actors["dario"], now=now)  # fmt: skip

    def _fourth_day(self, now: datetime) -> None:
        self.treasury.second_chance(now)
        self.treasury.dispute_ends(now)
        for profile in self._blocked()[:2]:
            self._order(profile, profile.monthly / 2, now=now)
        for profile in self._late(now)[4:7]:
            self._order(profile, profile.monthly / 4, now=now)
        late_holds = [h for h in self._open_holds() if h.customer.items.filter(open_amount__gt=0).exists()]
        if late_holds:
            self._settle_everything(late_holds[-1], now)
        confirmed = self._documents(Kind.ORDER, [State.CONFIRMED], ship_date__gt=business_day(now))
        if small := [h for h in self._open_holds() if h.amount < 20000][:1]:
            self._do(gate.release, small[0], by=self.actors["carla"], now=now, reason="Good customer, small amount",
                     scope="THIS_STEP", with_posting=True)  # fmt: skip
        self._do(gate.force, confirmed[0], by=self.actors["dario"], now=now, reason="Delivery address to be confirmed")

    def _today(self, now: datetime) -> None:
        self.treasury.bounced(now)
        self.treasury.credited(now)
        for profile in self._with_room(now)[9:14]:
            self._over_limit(profile, now=now, by_percent=self.rng.randint(4, 60))
        for profile in self._late(now)[7:11]:
            self._order(profile, profile.monthly / 3, now=now)
        for profile in self._expired(now)[:2]:
            self._order(profile, profile.monthly / 5, now=now)
        prepaid = PaymentTerms.objects.get(code="PRE")
        order = self._order(self._with_room(now)[20], Decimal(2400), now=now, terms=prepaid)
        if order is not None and order.state == State.CONFIRMED:
            self._try(NewDocument(kind="DELIVERY", sources=(order,)), "deliver", by="sara", now=now)
        for profile in self.rng.sample(self.market.profiles, 5):
            self._order(profile, profile.monthly / 2, now=now, confirm=False)

    def _advance_invoice(self, now: datetime) -> None:
        for order in self._documents(Kind.ORDER, [State.CONFIRMED], ship_date__gt=business_day(now))[:2]:
            invoice = self._try(NewDocument(kind="INVOICE", sources=(order,)), "invoice", by="sara", now=now)
            if invoice is not None and invoice.state == State.ISSUED:
                self._try(invoice, "post", by="carla", now=now)

    def _settle_everything(self, hold: Hold, now: datetime) -> None:
        """Let the customer of a held order pay all that is late; the worker's function then closes the hold."""
        late = hold.customer.items.filter(
            open_amount__gt=0, due__lt=business_day(now), company_id=hold.document.company_id, currency=hold.currency
        )
        amount = sum((item.open_amount for item in late), ZERO)
        if amount:
            self._do(booking.pay, customer=hold.customer, amount=amount, items=[(item, None) for item in late],
                     reference=f"{business_day(now):%y%m%d}-all", by=self.actors["carla"], now=now)  # fmt: skip

    # -- whom it happens to ------------------------------------------------------------------------------------------

    def _standings(self, now: datetime) -> dict[int, Standing]:
        return context.standings([p.customer for p in self.market.profiles], today=business_day(now))

    def _with_room(self, now: datetime) -> list[Profile]:
        """Return who has free credit and nothing long overdue, those nearest to the limit first."""
        found = [
            (-(s.used_percent or ZERO), pk)
            for pk, s in self._standings(now).items()
            if s.limit.state == LimitState.AMOUNT and (s.available or ZERO) > 500 and s.exposure.days_overdue < 25
        ]
        return [self.by_id[pk] for _used, pk in sorted(found)]

    def _late(self, now: datetime) -> list[Profile]:
        found = [
            (s.exposure.days_overdue, pk) for pk, s in self._standings(now).items() if s.exposure.days_overdue > 35
        ]
        return [self.by_id[pk] for _days, pk in sorted(found, reverse=True)]

    def _blocked(self) -> list[Profile]:
        return [p for p in self.market.profiles if p.customer.blocks.exists()]

    def _expired(self, now: datetime) -> list[Profile]:
        today: date = business_day(now)
        return [
            self.by_id[pk]
            for pk, s in self._standings(now).items()
            if s.limit.last_day and s.limit.last_day < today - timedelta(days=10)
        ]

    def _open_holds(self) -> list[Hold]:
        return list(Hold.objects.filter(open=True).select_related("document", "customer").order_by("pk"))

    # -- how -----------------------------------------------------------------------------------------------------------

    def _over_limit(self, profile: Profile, *, now: datetime, by_percent: int) -> None:
        standing = context.standing(profile.customer, today=business_day(now))
        room = standing.available or ZERO
        self._order(profile, room + standing.limit.amount * by_percent / 100, now=now)

    def _order(
        self,
        profile: Profile,
        worth: Decimal,
        *,
        now: datetime,
        confirm: bool = True,
        terms: PaymentTerms | None = None,
    ) -> Document | None:
        lines = lines_worth(self.rng, worth, profile.tax_percent, profile.customer.currency)
        new = NewDocument(
            kind="ORDER", customer=profile.customer, terms=terms,
            ship_date=business_day(now) + timedelta(days=self.rng.randint(1, 20)),
            lines=tuple(NewLine(text, quantity, price, tax_percent=tax) for text, quantity, price, tax, _ in lines),
        )  # fmt: skip
        order = self._try(new, "enter", by="sara", now=now)
        return self._try(order, "confirm", by="sara", now=now) if order is not None and confirm else order

    def _try(self, target: Document | NewDocument, step: str, *, by: str, now: datetime) -> Document | None:
        result = self._do(gate.submit, target, step, by=self.actors[by], now=now)
        return result.document if result is not None else None

    def _do(self, act: Callable[..., Any], *args: Any, **values: Any) -> Any:
        """Act; what the product refuses did not happen, as in life."""
        try:
            return act(*args, **values)
        except (Refused, MissingRate):
            self.refused += 1
            return None


def _half(order: Document) -> tuple[NewLine, ...]:
    """Return half of an order's lines, in whole pieces."""
    return tuple(
        NewLine(
            line.text, max(line.quantity // 2, Decimal(1)), line.price, line.discount_percent, line.tax_percent, line
        )
        for line in order.lines.order_by("position")
    )
