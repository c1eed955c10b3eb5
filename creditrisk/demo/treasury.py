"""The demo company's banks, who may write off, and what happens to effects and payments in the live days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Max

from approvals import booking, corrections, effects
from approvals.effects import Outcome
from creditrisk.clock import business_day
from creditrisk.demo.past import BANKS
from creditrisk.money import ZERO
from creditrisk.roles import Actor
from customers.models import Company
from ledger import portfolio
from ledger.effects import Return
from ledger.models import (
    BankAccount,
    CreditLine,
    Effect,
    EffectState,
    ItemKind,
    LineKind,
    Mark,
    Numbered,
    NumberSeries,
    OpenItem,
    Presentation,
    PresentationMode,
    WriteOffAuthority,
)

IBANS = ("IT60X0542811101000000123456", "IT40S0300203280000400162854")
MAY_WRITE_OFF = {"credit_clerk": Decimal(5), "credit_manager": Decimal(250), "finance_director": None}


def open_banks(home: Company, *, first_day: date, now: datetime, by: Any) -> None:
    """Give the company its accounts and their lines, and say who writes off how much. Before history is told."""
    accounts = BankAccount.objects.bulk_create(
        BankAccount(company=home, code=f"B{n}", name=name, iban=iban, currency=home.currency, returns_within=5)
        for n, (name, iban) in enumerate(zip(BANKS, IBANS, strict=True), 1)
    )
    adriatica, nord = accounts
    terms = {"valid_from": first_day, "agreed_by": by, "agreed_at": now}
    CreditLine.objects.bulk_create(
        [
            CreditLine(account=adriatica, kind=LineKind.SBF, amount=2_500_000, **terms),
            CreditLine(account=adriatica, kind=LineKind.DISCOUNT, amount=400_000, **terms),
            CreditLine(account=nord, kind=LineKind.ALL, amount=1_500_000, **terms),
        ]
    )
    WriteOffAuthority.objects.bulk_create(
        WriteOffAuthority(group=Group.objects.get(name=role), up_to=up_to) for role, up_to in MAY_WRITE_OFF.items()
    )


def hand_over_lists() -> None:
    """Give the lists of history their account and number: as if they had been made on these pages."""
    accounts = {a.name: a for a in BankAccount.objects.all()}
    last: dict[tuple[int, int], int] = {}
    lists = list(Presentation.objects.select_related("company").order_by("day", "pk"))
    for p in lists:
        key = (p.company_id, p.day.year)
        last[key] = last.get(key, 0) + 1
        p.account = accounts[p.bank] if p.company_id == accounts[p.bank].company_id else None
        p.number = f"{p.company.code}-PL-{p.day.year}-{last[key]:05d}"
        matures = p.effects.aggregate(last=Max("due"))["last"]
        p.credited_on = p.day + timedelta(days=2) if matures else None
    Presentation.objects.bulk_update(lists, ["account", "number", "credited_on"])
    NumberSeries.objects.bulk_create(
        NumberSeries(company_id=company, kind=Numbered.LIST, year=year, last=n) for (company, year), n in last.items()
    )


@dataclass(frozen=True)
class Treasury:
    """What the credit office does with effects and money. `do` acts, and lets pass what the product refuses."""

    actors: Mapping[str, Actor]
    do: Callable[..., Any]

    def issue(self, now: datetime) -> None:
        """Turn what falls due next month into effects, one a customer and due date, and take some to the bank."""
        today = business_day(now)
        riba = OpenItem.objects.filter(
            customer__terms__code="RB60", kind=ItemKind.INVOICE, due__gt=today + timedelta(days=12)
        )
        found = portfolio.proposals(riba, grouped=True)
        self.do(effects.issue, found[:14], kind="RIBA", by=self.actors["carla"], now=now)
        self.present(now, most=9)

    def present(self, now: datetime, *, most: int) -> None:
        """Hand effects of the portfolio to each bank within its line."""
        accounts = list(BankAccount.objects.order_by("code"))
        waiting = list(Effect.objects.filter(state=EffectState.ISSUED).order_by("due", "pk")[: most * len(accounts)])
        modes = (PresentationMode.SBF, PresentationMode.DISCOUNT)
        for n, (account, mode) in enumerate(zip(accounts, modes, strict=True)):
            if mine := waiting[n * most : (n + 1) * most]:
                self.do(booking.present, mine, mode=mode, account=account, by=self.actors["carla"], now=now)

    def credited(self, now: datetime) -> None:
        """The banks credit the lists of the days before."""
        for found in Presentation.objects.filter(credited_on__isnull=True, day__lt=business_day(now)).order_by("pk"):
            self.do(effects.credit, found, by=self.actors["carla"], now=now)

    def returned(self, now: datetime) -> None:
        """Five effects come back: two are posted back at once, three wait; the customer pays the cost of four."""
        held = Effect.objects.filter(state=EffectState.PRESENTED).order_by("due", "pk")[:5]
        funds = "Insufficient funds"
        reasons = (funds, "Account closed", "Not authorised by the drawee", funds, funds)
        told = [
            Outcome(e, False, n < 2, Return(reason, Decimal("6.50"), n != 3))
            for n, (e, reason) in enumerate(zip(held, reasons, strict=False))
        ]
        self.do(effects.settle, told, by=self.actors["carla"], now=now)

    def second_chance(self, now: datetime) -> None:
        """Of what came back one effect is presented again, and one replaced by a later one."""
        today = business_day(now)
        back = list(
            Effect.objects.filter(state=EffectState.UNPAID, unpaid_on__lt=today).order_by("-unpaid_on", "pk")[:2]
        )
        for effect in back[:1]:
            account = BankAccount.objects.filter(company_id=effect.company_id).order_by("code").first()
            self.do(booking.present, [effect], account=account, mode="COLLECTION", by=self.actors["carla"], now=now)
        for effect in back[1:]:
            due = today + timedelta(days=45)
            self.do(effects.replace, effect, kind="PROMISSORY_NOTE", due=due, by=self.actors["carla"], now=now)

    def small_rests(self, now: datetime) -> None:
        """Customers pay a little too little: the clerk writes off cents, the manager a little more."""
        today = business_day(now)
        open_now = OpenItem.objects.filter(
            kind=ItemKind.INVOICE, disputed=False, due__lte=today, open_amount__gt=500
        ).select_related("customer").order_by("-due", "pk")[:4]  # fmt: skip
        shorts = (Decimal("0.40"), Decimal("3.20"), Decimal(4), Decimal("87.50"))
        for item, short in zip(open_now, shorts, strict=False):
            self.do(booking.pay, customer=item.customer, amount=item.open_amount - short, items=[(item, None)],
                    reference=f"{today:%y%m%d}-s{item.pk}", by=self.actors["carla"], now=now)  # fmt: skip
            who = "carla" if short < 5 else "dario"
            self.do(corrections.write_off, item, reason="Bank charges deducted by the payer" if short < 5 else
                    "Not worth a reminder", by=self.actors[who], now=now)  # fmt: skip

    def bounced(self, now: datetime) -> None:
        """A payment bounces, and an item with a state guarantee leaves credit control."""
        payment = OpenItem.objects.filter(kind=ItemKind.PAYMENT, item_date__gte=business_day(now) - timedelta(days=5))
        if found := payment.order_by("pk").first():
            self.do(corrections.reverse, found, reason="Cheque returned by the bank", by=self.actors["carla"], now=now)
        public = (
            OpenItem.objects.filter(open_amount__gt=ZERO, customer__segment__code="PUB").order_by("due", "pk").first()
        )
        if public is not None:
            self.do(booking.mark, public, Mark.EXCLUDED, on=True, reason="Certified public debt, guaranteed",
                    by=self.actors["dario"], now=now)  # fmt: skip

    def dispute_ends(self, now: datetime) -> None:
        """One of the disputes of the first day ends."""
        item = OpenItem.objects.filter(disputed=True, open_amount__gt=ZERO).order_by("-disputed_on", "pk").first()
        if item is not None:
            self.do(booking.dispute, item, disputed=False, reason="Settled: goods were complete",
                    by=self.actors["carla"], now=now)  # fmt: skip
