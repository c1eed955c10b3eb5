"""The demo company's world: companies, segments, terms, customers with their limits and habits, and the policy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from approvals import stopping
from approvals.models import ReleaseReason
from creditrisk.demo import names
from creditrisk.policy import compile as policies
from creditrisk.policy.models import Parameters, RuleRow
from creditrisk.roles import Actor
from creditrisk.takeover.parties import round_figure
from customers.models import (
    AccountStatus,
    Company,
    CreditAccount,
    CreditGroup,
    Customer,
    CustomerBlock,
    Limit,
    LimitKind,
    LimitState,
    PaymentTerms,
    RiskClass,
    Security,
    SecurityKind,
    Segment,
    SharedLimit,
    Stops,
    TermsInstalment,
)
from ledger.models import ExchangeRate

YEARS = 2
YEAR = timedelta(days=365)
HOME, ABROAD = "ADR", "ADU"

# How many customers: by company and segment.
SIZES = {(HOME, "IND"): 90, (HOME, "TRADE"): 80, (HOME, "PUB"): 30, (ABROAD, "IND"): 45, (ABROAD, "TRADE"): 45,
         (ABROAD, "PUB"): 10}  # fmt: skip

# How late people pay: from, to (days after due), and how many of a hundred invoices they never pay.
HABITS: Mapping[str, tuple[int, int, int]] = {
    "prompt": (-3, 3, 0), "usual": (0, 9, 0), "slow": (8, 26, 0), "late": (22, 55, 3), "bad": (40, 110, 14),
}  # fmt: skip

# Who pays well is granted more for the same business.
GENEROSITY: Mapping[str, Decimal] = {
    "prompt": Decimal("1.12"), "usual": Decimal(1), "slow": Decimal("0.94"), "late": Decimal("0.86"), "bad": Decimal("0.8"),
}  # fmt: skip

RELEASE_REASONS = (
    ("PAYMENT", "Payment is announced"), ("PLAN", "A payment plan is agreed"), ("HISTORY", "Pays late but reliably"),
    ("LIMIT", "A higher limit is in progress"), ("SECURED", "Secured otherwise"),
    ("DISPUTE", "The overdue items are disputed"), ("COMMERCIAL", "Commercial decision"), ("OTHER", "Other, see the note"),
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """A customer with what the generator knows of it: turnover a month, days between orders, habit, whether by RiBa.

    Until `longer_from` it had its `former` terms.
    """

    customer: Customer
    monthly: Decimal
    interval: int
    habit: str
    by_effect: bool
    former: PaymentTerms | None = None
    longer_from: date | None = None

    @property
    def tax_percent(self) -> Decimal:
        return Decimal(22) if self.customer.country == "IT" else Decimal(0)


@dataclass(frozen=True)
class Market:
    companies: dict[str, Company]
    profiles: list[Profile]
    first_day: date


def open_market(*, today: date, now: datetime, people: Mapping[str, Any]) -> Market:
    """This will make companies, reference tables, the policy, and customers with limits and habits."""
    rng = Random("market")
    first_day = today - timedelta(days=365 * YEARS)
    companies = {
        HOME: Company.objects.create(
            code=HOME,
            name="Adria Componenti S.p.A.",
            currency="EUR",
            tax_number="IT 01234560992",
            address="Via dei Cantieri 12\n34074 Monfalcone GO",
        ),
        ABROAD: Company.objects.create(
            code=ABROAD,
            name="Adria Components Inc.",
            currency="USD",
            tax_number="US 00-1234567",
            address="400 Harbor Road\nBaltimore, MD 21230",
        ),
    }
    ReleaseReason.objects.bulk_create(
        ReleaseReason(company=company, code=code, name=name, needs_note=code == "OTHER")
        for company in companies.values()
        for code, name in RELEASE_REASONS
    )
    _rates(rng, first_day, today)
    terms = _terms()
    segments = {
        "IND": Segment.objects.create(code="IND", name="Industry", terms=terms["N60"]),
        "TRADE": Segment.objects.create(
            code="TRADE", name="Trade", terms=terms["N30"], state=LimitState.AMOUNT, amount=15000, currency="EUR"
        ),
        "PUB": Segment.objects.create(code="PUB", name="Public sector", terms=terms["N90"], invoicing="MONTHLY"),
    }
    profiles = _lengthened(
        _customers(rng, companies, segments, terms, seller=people["sara"]), former=terms["N30"], about=today - YEAR
    )
    _offer_discounts(profiles, terms)
    _accounts(rng, profiles, today)
    _limits(rng, profiles, first_day=first_day, today=today, now=now, by=people["dario"])
    _families(profiles, first_day=first_day, now=now, by=people["fiona"])
    _trouble(profiles, today=today, now=now, by=people["dario"])
    _policy(by=people["ada"], now=now)
    return Market(companies, profiles, first_day)


def _rates(rng: Random, first_day: date, today: date) -> None:
    rate, rows = Decimal("1.0850"), []
    for week in range((today - first_day).days // 7 + 1):
        rate += Decimal(rng.randint(-60, 62)) / 10000
        rows.append(ExchangeRate(source="EUR", target="USD", day=first_day + timedelta(weeks=week), rate=rate))
    ExchangeRate.objects.bulk_create(rows)


def _terms() -> dict[str, PaymentTerms]:
    rows = [
        PaymentTerms(code="PRE", name="Prepaid", days=0, prepaid=True, rank=0),
        PaymentTerms(code="N30", name="30 days net", days=30, rank=10),
        PaymentTerms(
            code="N30S",
            name="30 days net, 2 % within 10",
            days=30,
            rank=10,
            discount_days=10,
            discount_percent=Decimal(2),
        ),
        PaymentTerms(code="N60", name="60 days net", days=60, rank=20),
        PaymentTerms(code="N3060", name="Half in 30, half in 60 days", days=60, rank=15),
        PaymentTerms(code="RB60", name="RiBa 60 days end of month", days=60, end_of_month=True, rank=22),
        PaymentTerms(code="N90", name="90 days net", days=90, rank=30),
    ]
    found = {row.code: row for row in PaymentTerms.objects.bulk_create(rows)}
    TermsInstalment.objects.bulk_create(
        TermsInstalment(terms=found["N3060"], position=n, percent=50, days=30 * n) for n in (1, 2)
    )
    return found


def _customers(
    rng: Random, companies: Mapping[str, Company], segments: Mapping[str, Segment], terms: Mapping[str, PaymentTerms],
    *, seller: Any,
) -> list[Profile]:  # fmt: skip
    taken: set[str] = set()
    profiles: list[Profile] = []
    for (company, segment), size in SIZES.items():
        for _ in range(size):
            home = company == HOME
            code = f"{'C1' if home else 'C5'}{len(profiles) + 1:03d}"
            own = rng.choice(
                ["N30", "N60", "N3060", "RB60", "RB60"] if home and segment == "IND" else ["N30", "N60", ""]
            )
            if segment == "PUB":
                own = ""
            customer = Customer(
                code=code, name=_name(rng, home=home, segment=segment, taken=taken), company=companies[company],
                currency="EUR" if home else "USD", country="IT" if home else "US", segment=segments[segment],
                terms=terms.get(own), salesperson=seller, email=f"{code.lower()}@customer.example",
                customer_since=date(rng.randint(2006, 2021), rng.randint(1, 12), 1),
            )  # fmt: skip
            habit = rng.choices(list(HABITS), weights=[34, 36, 16, 10, 4])[0]
            monthly = Decimal(round(rng.lognormvariate(8.9 if segment == "IND" else 8.2, 0.8), -2)).quantize(Decimal(1))
            profiles.append(Profile(customer, max(monthly, Decimal(900)), rng.randint(18, 60), habit, own == "RB60"))
    Customer.objects.bulk_create(p.customer for p in profiles)
    return profiles


def _lengthened(profiles: list[Profile], *, former: PaymentTerms, about: date) -> list[Profile]:
    """Let half of those with 60 days have had 30 until about a year ago."""
    rng, found = Random("terms"), []
    for p in profiles:
        is_longer = p.customer.terms is not None and p.customer.terms.code == "N60" and rng.random() < 0.5
        day = about + timedelta(days=rng.randint(-40, 20))
        found.append(replace(p, former=former, longer_from=day) if is_longer else p)
    return found


def _offer_discounts(profiles: list[Profile], terms: Mapping[str, PaymentTerms]) -> None:
    """Let some of those with 30 days keep a discount where they pay early."""
    rng = Random("discounts")
    chosen = [p.customer for p in profiles if p.customer.terms == terms["N30"] and rng.random() < 0.35]
    for customer in chosen:
        customer.terms = terms["N30S"]
    Customer.objects.bulk_update(chosen, ["terms"])


def _name(rng: Random, *, home: bool, segment: str, taken: set[str]) -> str:
    while True:
        if home and segment == "PUB":
            name = f"{rng.choice(names.ITALIAN_OFFICES)} {rng.choice(names.ITALIAN_TOWNS)}"
        elif home:
            trade, surname = rng.choice(names.ITALIAN_TRADES[segment]), rng.choice(names.SURNAMES)
            name = f"{trade} {surname} {rng.choice(names.ITALIAN_FORMS)}"
        elif segment == "PUB":
            name = f"{rng.choice(names.AMERICAN_OFFICES)} {rng.choice(names.AMERICAN_PLACES)}"
        else:
            place, trade = rng.choice(names.AMERICAN_PLACES), rng.choice(names.AMERICAN_TRADES[segment])
            name = f"{place} {trade} {rng.choice(names.AMERICAN_FORMS)}"
        if name not in taken:
            taken.add(name)
            return name


def _accounts(rng: Random, profiles: list[Profile], today: date) -> None:
    groups = {
        "KEY": CreditGroup.objects.create(code="KEY", name="Key accounts"),
        "NEW": CreditGroup.objects.create(code="NEW", name="New customers"),
    }
    classes = [
        RiskClass.objects.create(code=code, score_from=low, score_to=low + 24, review_months=months)
        for code, low, months in (("D", 0, 3), ("C", 25, 6), ("B", 50, 12), ("A", 75, 12))
    ]
    worst = {"bad": 0, "late": 1, "slow": 2}
    CreditAccount.objects.bulk_create(
        CreditAccount(
            customer=p.customer,
            credit_group=groups["KEY"] if p.monthly > 20000 else groups["NEW"] if rng.random() < 0.08 else None,
            risk_class=(found := classes[worst.get(p.habit, 3)]),
            next_review=today + timedelta(days=min(rng.randint(-12, 340), 30 * (found.review_months or 12))),
        )
        for p in profiles
    )


def _limits(rng: Random, profiles: list[Profile], *, first_day: date, today: date, now: datetime, by: Any) -> None:
    """Grant most customers a limit of their own, some a second one after a year; the rest of the trade inherits."""
    rows = []
    for number, p in enumerate(profiles):
        wait = (p.customer.terms.days if p.customer.terms else 60) + 35
        amount = round_figure(p.monthly * wait / 30 * Decimal(rng.randint(13, 24)) / 10 * GENEROSITY[p.habit])

        def grant(value: Decimal, first: date, last: date | None, why: str, customer: Customer = p.customer) -> Limit:
            return Limit(
                customer=customer, state=LimitState.AMOUNT, amount=value, currency=customer.currency, valid_from=first,
                valid_to=last, reason=why, granted_by=by, granted_at=now,
            )  # fmt: skip

        if p.customer.segment and p.customer.segment.code == "TRADE" and rng.random() < 0.3:
            continue
        if number % 97 == 5:
            rows.append(Limit(
                customer=p.customer, state=LimitState.UNLIMITED, currency=p.customer.currency, valid_from=first_day,
                reason="Parent company's guarantee", granted_by=by, granted_at=now,
            ))  # fmt: skip
            continue
        if number % 5 == 0:
            rows.append(grant(round_figure(amount * Decimal("0.7")), first_day, None, "First limit"))
            rows.append(grant(amount, first_day + timedelta(days=365), None, "Raised after a good year"))
        elif number % 23 == 3:
            rows.append(grant(amount, first_day, today - timedelta(days=rng.randint(2, 25)), "Until the annual review"))
        elif number % 11 == 4:
            rows.append(
                grant(amount, first_day, today + timedelta(days=rng.randint(5, 200)), "Until the annual review")
            )
        else:
            rows.append(grant(amount, first_day, None, "Opening of the account"))
        if number % 41 == 7:
            extra = grant(round_figure(amount * Decimal("1.4")), today - timedelta(days=10), today + timedelta(days=20),
                          "Big project, agreed with the finance director")  # fmt: skip
            extra.kind = LimitKind.TEMPORARY
            rows.append(extra)
    Limit.objects.bulk_create(rows)


def _families(profiles: list[Profile], *, first_day: date, now: datetime, by: Any) -> None:
    """Give three corporate heads their children, and two groups a shared limit, one of them across both companies."""
    home = [p.customer for p in profiles if p.customer.country == "IT" and p.customer.segment.code == "IND"]  # type: ignore[union-attr]
    abroad = [p.customer for p in profiles if p.customer.country == "US"]
    for head, *children in (home[0:4], home[10:13], home[20:24]):
        for child in children:
            child.parent = head
        Customer.objects.bulk_update(children, ["parent"])
    for code, name, members, amount in (
        ("G-NORD", "Purchasing group North", home[30:34], 250000),
        ("G-WORLD", "Worldwide group, both companies", [*home[40:42], *abroad[5:7]], 400000),
    ):
        shared = SharedLimit.objects.create(code=code, name=name, currency="EUR")
        shared.members.set(members)
        Limit.objects.create(
            shared=shared, state=LimitState.AMOUNT, amount=amount, currency="EUR", valid_from=first_day,
            reason="Group agreement", granted_by=by, granted_at=now,
        )  # fmt: skip


def _trouble(profiles: list[Profile], *, today: date, now: datetime, by: Any) -> None:
    """Block, suspend and stop a few, and insure a few others."""
    bad = [p.customer for p in profiles if p.habit == "bad"]
    late = [p.customer for p in profiles if p.habit == "late"]
    CustomerBlock.objects.bulk_create(
        CustomerBlock(
            customer=customer, orders=True, deliveries=n > 0, valid_from=today - timedelta(days=20 + n), note=note,
            placed_by=by, placed_at=now,
        )
        for n, (customer, note) in enumerate(zip(bad[:3], (
            "Asked for a payment plan; nothing new until it is signed", "Insolvency rumours", "Cheque returned twice",
        ), strict=True))
    )  # fmt: skip
    for customer in late[:2]:
        stopping.suspend(customer, reason="Balance sheet awaited", by=Actor(by, channel="demo"), now=now)
    stopped = AccountStatus.objects.create(code="STOPPED", stops=Stops.ALL)
    AccountStatus.objects.create(code="WATCH", stops=Stops.NONE)
    Customer.objects.filter(pk=bad[3].pk).update(account_status=stopped)
    Security.objects.bulk_create(
        Security(
            customer=customer, kind=SecurityKind.INSURANCE, amount=20000, currency=customer.currency, percent=80,
            valid_from=today - timedelta(days=200), valid_to=today + timedelta(days=165),
        )
        for customer in late[3:8]
    )  # fmt: skip


def _policy(*, by: Any, now: datetime) -> None:
    policies.ensure_defaults(now=now)
    key = CreditGroup.objects.get(code="KEY")
    for values in (
        {"rule_id": "days_overdue", "days": 30},
        {"rule_id": "days_overdue", "kind": "EXCLUDE", "scope": "GROUP", "group": key, "days": 45},
        {"rule_id": "limit_used", "percent": Decimal(90), "action": "WARN"},
        {"rule_id": "limit_expired", "days": 10},
        {"rule_id": "unpaid_effects", "days": 60, "count": 2},
    ):
        _write(values)
    Parameters.objects.update(overdue_ignore_below=250)
    policies.save_version(by=by, now=now, note="Policy of the demo company")
    # What somebody is about to change: it stands in the draft, for those who look at the policy to find.
    _write({"rule_id": "order_amount", "amount": Decimal(60000), "currency": "EUR"})


def _write(values: dict[str, Any]) -> None:
    row = RuleRow(**values)
    row.full_clean()
    row.save()
