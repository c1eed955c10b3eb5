"""Two years of the demo company, told event by event in the order of their days, up to the day before the live ones."""

import heapq
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from approvals.history import History
from approvals.past import Party, PastDocument, PastEffect, PastItem
from creditrisk.demo import names
from creditrisk.demo.market import HABITS, Market, Profile
from creditrisk.money import HUNDRED, rounded
from customers.models import PaymentTerms
from customers.terms import Instalment, instalments, usual
from documents.models import Kind
from documents.numbers import PREFIX

MORE_BOUGHT = Decimal("1.14")  # by those who got longer terms
# How a discount is kept: after how many days, how many per cent, after how many days more the rest is given up.
EARLY: tuple[tuple[tuple[int, int], Decimal, int] | None, ...] = (
    ((4, 8), Decimal(2), 2), ((13, 20), Decimal(2), 55), ((4, 8), Decimal(3), 55), None,
)  # fmt: skip
EARLY_WEIGHTS, NOT_OFFERED_WEIGHTS = (55, 15, 5, 25), (0, 1, 0, 200)
BANKS = ("Banca Adriatica", "Credito del Nord")


def weekday(day: date) -> date:
    """Return the day, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def lines_worth(
    rng: Random, worth: Decimal, tax: Decimal, currency: str
) -> list[tuple[str, Decimal, Decimal, Decimal, Decimal]]:
    """Return one to four lines that come to about `worth` with tax: text, quantity, price, tax percent, amount."""
    parts = rng.randint(1, 4)
    lines = []
    for text, listed in rng.sample(names.ARTICLES, parts):
        price = rounded(Decimal(listed) * rng.randint(92, 108) / HUNDRED, currency)
        quantity = Decimal(max(1, int(worth / parts / price / (1 + tax / HUNDRED))))
        lines.append((text, quantity, price, tax, rounded(quantity * price * (1 + tax / HUNDRED), currency)))
    return lines


class Past:
    """Plays events in the order of their days; what lies beyond the last day does not happen and stays open."""

    def __init__(self, market: Market, *, last_day: date) -> None:
        self.market, self.last_day = market, last_day
        self.rng, self.early = Random("past"), Random("discounts")
        self.history = History()
        self.numbers: dict[tuple[int, str, int], int] = defaultdict(int)
        self._events: list[tuple[date, int, Callable[[date], None]]] = []
        self._order = count()
        self._codes = {company.pk: company.code for company in market.companies.values()}
        self._portfolio: list[PastEffect] = []
        self._plans: dict[tuple[int | None, date], list[tuple[int, date]]] = {}

    def at(self, day: date, event: Callable[[date], None]) -> None:
        heapq.heappush(self._events, (weekday(day), next(self._order), event))

    def play(self) -> History:
        """This will tell all of it and return the history, not written yet."""
        for profile in self.market.profiles:
            first = self.market.first_day + timedelta(days=self.rng.randint(0, profile.interval))
            self._next_order(profile, first)
        for week in range((self.last_day - self.market.first_day).days // 7 + 1):
            self.at(self.market.first_day + timedelta(weeks=week), self._present)
        while self._events:
            day, _, event = heapq.heappop(self._events)
            if day <= self.last_day:
                event(day)
        return self.history

    def number(self, company: int, kind: str, day: date) -> str:
        """Take the next number, written as the product writes them."""
        self.numbers[company, kind, day.year] += 1
        return f"{self._codes[company]}-{PREFIX[Kind(kind)]}-{day.year}-{self.numbers[company, kind, day.year]:05d}"

    def _next_order(self, profile: Profile, day: date) -> None:
        self.at(day, lambda on: self._order_comes(profile, on))

    def _order_comes(self, profile: Profile, day: date) -> None:
        rng = self.rng
        gap = max(4, int(profile.interval * rng.uniform(0.6, 1.4)))
        self._next_order(profile, day + timedelta(days=gap))
        worth = profile.monthly * profile.interval / 30 * Decimal(rng.randint(45, 160)) / HUNDRED
        if profile.longer_from is not None and day >= profile.longer_from:
            worth *= MORE_BOUGHT
        party = self._party(profile, day)
        ships = weekday(day + timedelta(days=rng.randint(2, 24)))
        lines = lines_worth(rng, worth, profile.tax_percent, party.currency)
        order = self.history.order(
            self.number(party.company, Kind.ORDER, day), party=party, day=day, lines=lines, ship_date=ships
        )
        if rng.random() < 0.025:
            self.at(day + timedelta(days=1), lambda on: self.history.cancel(order, day=on))
        elif rng.random() < 0.15:
            self.at(ships, lambda on: self._deliver(profile, order, on, part=True))
            self.at(ships + timedelta(days=rng.randint(8, 25)), lambda on: self._deliver(profile, order, on))
        else:
            self.at(ships + timedelta(days=rng.choice((0, 0, 0, 1, 5))), lambda on: self._deliver(profile, order, on))

    def _deliver(self, profile: Profile, order: PastDocument, day: date, *, part: bool = False) -> None:
        if not order.left:
            return
        taken = None
        if part:
            pieces = [(line, max(line.quantity * 6 // 10, Decimal(1))) for line in order.lines]
            taken = [(line, rounded(line.amount * n / line.quantity, order.party.currency)) for line, n in pieces]
        note = self.history.deliver(order, self.number(order.party.company, Kind.DELIVERY, day), day=day, taken=taken)
        wait = self.rng.randint(1, 7)
        self.at(day + timedelta(days=wait), lambda on: self._invoice(profile, note, on))

    def _invoice(self, profile: Profile, note: PastDocument, day: date) -> None:
        terms = usual(profile.customer)
        if profile.former is not None and note.party.terms == profile.former.pk:
            terms = profile.former
        due = [(part.due, part.amount) for part in self._instalments(terms, day, note.left, note.party.currency)]
        number = self.number(note.party.company, Kind.INVOICE, day)
        _document, items = self.history.invoice([note], number, day=day, due=due)
        for item in items:
            if profile.by_effect:
                self.at(day + timedelta(days=self.rng.randint(4, 9)), lambda on, i=item: self._draw(profile, i, on))  # type: ignore[misc]
            else:
                self._will_pay(profile, item)

    def _will_pay(self, profile: Profile, item: PastItem) -> None:
        rng = self.rng
        soonest, latest, never = HABITS[profile.habit]
        if rng.randint(1, 100) <= never:
            if rng.random() < 0.4:
                self.at(item.due - timedelta(days=5), lambda on: self._dispute(item, on))
            return
        day = max(item.due + timedelta(days=rng.randint(soonest, latest)), item.day)
        halves = rng.random() < 0.05
        if self._keeps_a_discount(profile, item):
            return
        if halves:
            half = rounded(item.open / 2, item.currency)
            self.at(day, lambda on: self._pay(profile, item, on, half))
            day += timedelta(days=rng.randint(10, 40))
        self.at(day, lambda on: self._pay(profile, item, on, item.open))

    def _keeps_a_discount(self, profile: Profile, item: PastItem) -> bool:
        """Let a customer who is offered a discount pay less it, mostly in time; a few others keep one unasked."""
        terms = profile.customer.terms
        offered = terms.discount_percent if terms is not None else None
        kind = self.early.choices(EARLY, weights=EARLY_WEIGHTS if offered else NOT_OFFERED_WEIGHTS)[0]
        if kind is None:
            return False
        days, percent, written_off = kind
        day = item.day + timedelta(days=self.early.randint(*days))
        kept = rounded(item.amount * percent / HUNDRED, item.currency)
        reason = "Early-payment discount of 2 %" if percent == 2 else "Small rest given up"
        self.at(day, lambda on: self._pay(profile, item, on, item.open - kept))
        self.at(day + timedelta(days=written_off), lambda on: self.history.write_off(item, day=on, reason=reason))
        return True

    def _dispute(self, item: PastItem, day: date) -> None:
        if item.open and not item.disputed:
            reason = self.rng.choice(("Goods damaged in transit", "Price differs from the offer", "Quantity short"))
            self.history.dispute(item, day=day, reason=reason)

    def _pay(self, profile: Profile, item: PastItem, day: date, amount: Decimal) -> None:
        party = self._party(profile, day)
        reference = f"PAY-{day.year}-{next(self._order):06d}"
        self.history.pay(reference, party=party, amount=amount, day=day, settles=[(item, amount)])

    def _draw(self, profile: Profile, item: PastItem, day: date) -> None:
        if item.due <= day or not item.open:
            return
        number = f"RB-{day.year}-{next(self._order):06d}"
        effect = self.history.effect(
            number, party=self._party(profile, day), kind="RIBA", items=[item], due=item.due, day=day
        )
        self._portfolio.append(effect)
        self.at(item.due + timedelta(days=4), lambda on: self._mature(profile, effect, on))

    def _present(self, day: date) -> None:
        """Take what falls due within ten weeks to the bank, company by company."""
        ready = [e for e in self._portfolio if e.due <= day + timedelta(weeks=7)]
        self._portfolio = [e for e in self._portfolio if e.due > day + timedelta(weeks=7)]
        for company in sorted({e.company for e in ready}):
            mode = "DISCOUNT" if self.rng.random() < 0.15 else "SBF"
            mine = [e for e in ready if e.company == company]
            self.history.present(mine, mode=mode, bank=self.rng.choice(BANKS), day=day)

    def _mature(self, profile: Profile, effect: PastEffect, day: date) -> None:
        returns = {"prompt": 0, "usual": 1, "slow": 4, "late": 12, "bad": 30}[profile.habit]
        if self.rng.randint(1, 100) > returns:
            self.history.collect(effect, day=day)
            return
        if day > self.last_day - timedelta(days=40) and self.rng.random() < 0.5:
            self.history.unpaid(effect, day=day)
            return
        item = self.history.unpaid(effect, day=day, party=self._party(profile, day))
        if item is not None:
            self.at(day + timedelta(days=self.rng.randint(15, 50)), lambda on: self._pay(profile, item, on, item.open))

    def _party(self, profile: Profile, day: date) -> Party:
        customer = profile.customer
        terms = usual(customer)
        if profile.longer_from is not None and day < profile.longer_from:
            terms = profile.former
        return Party(
            customer=customer.pk, company=customer.company_id, currency=customer.currency, debtor=customer.pk,
            terms=terms.pk if terms else None,
        )  # fmt: skip

    def _instalments(self, terms: PaymentTerms | None, day: date, amount: Decimal, currency: str) -> list[Instalment]:
        """Return what falls due when; terms without parts of their own need no query each time."""
        if terms is None or terms.code == "N3060":
            return instalments(terms, issued_on=day, amount=amount, currency=currency)
        (whole,) = self._whole(terms, day)
        return [Instalment(1, whole[1], amount)]

    def _whole(self, terms: PaymentTerms, day: date) -> list[tuple[int, date]]:
        if (terms.pk, day) not in self._plans:
            found = instalments(terms, issued_on=day, amount=HUNDRED, currency="EUR")
            self._plans[terms.pk, day] = [(part.position, part.due) for part in found]
        return self._plans[terms.pk, day]
