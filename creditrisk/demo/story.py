"""Makes the demo company: the market, two years of history, the live days, and the audit at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from approvals import bulk
from approvals.history_writing import write
from approvals.models import Hold
from creditrisk.audit.attribution import acting
from creditrisk.clock import business_day
from creditrisk.demo import letters, office, telling
from creditrisk.demo.exceptions import let_through
from creditrisk.demo.market import HOME, open_market
from creditrisk.demo.past import Past
from creditrisk.demo.people import engage
from creditrisk.demo.present import LIVE_DAYS, Present
from creditrisk.demo.treasury import hand_over_lists, open_banks
from creditrisk.exposure import ledger as exposure
from creditrisk.figures import snapshots
from creditrisk.monitoring import utilisation
from creditrisk.roles import Actor
from customers.models import Company, Customer
from documents.models import Document, Kind, NumberRange
from documents.numbers import PREFIX


class Drifted(RuntimeError):
    """The audit of the demo company found a difference; nothing was kept."""


@dataclass(frozen=True)
class Made:
    """What stands in the database now."""

    customers: int
    documents: int
    entries: int
    open_holds: int


def is_there() -> bool:
    """Return whether the demo company was made before."""
    return Company.objects.filter(code=HOME).exists()


@bulk.uncollected()
@transaction.atomic
def make(*, now: datetime, tell: Callable[[str], object] = lambda text: None) -> Made:
    """This will make the demo company, ending at `now`; all of it or nothing. Raises Drifted."""
    today = business_day(now)
    moments = _live_moments(today, now=now)
    began = moments[0] - timedelta(hours=3)
    tell("people, customers, limits, policy")
    people = engage()
    with acting(Actor(people["ada"], channel="demo"), reason="opening of the demo company"):
        market = open_market(today=today, now=began, people=people)
        open_banks(market.companies[HOME], first_day=market.first_day, now=began, by=people["fiona"])
    tell("two years of orders, deliveries, invoices, payments and effects")
    past = Past(market, last_day=business_day(moments[0]) - timedelta(days=1))
    history = past.play()
    tell("writing them")
    write(history, by=Actor(people["sara"], channel="demo"), now=began)
    _keep_numbers(past)
    let_through(people)
    hand_over_lists()
    tell(f"the last {len(moments)} days, through the gate")
    letters.connect()
    Present(market, people).play(moments)
    office.work(people, now=now)
    tell("the figures of a year, every four weeks")
    _keep_figures(until=today - timedelta(days=1), now=now)
    tell("two reports")
    telling.make_reports(people, now=now)
    tell("auditing the exposure ledger")
    audit = exposure.audit()
    if audit.differences or audit.balances:
        raise Drifted(f"The exposure ledger of the demo company differs by {audit.total}.")
    return Made(
        Customer.objects.count(), Document.objects.count(), len(history.entries), Hold.objects.filter(open=True).count()
    )


def _live_moments(today: date, *, now: datetime) -> list[datetime]:
    """Return nine in the morning of the last working days before today, and now."""
    days: list[date] = []
    day = today
    while len(days) < LIVE_DAYS - 1:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            days.append(day)
    zone = timezone.get_current_timezone()
    return [*(datetime.combine(day, time(9), tzinfo=zone) for day in reversed(days)), now]


def _keep_figures(*, until: date, now: datetime) -> None:
    """Give the figures of every company a past."""
    for company in Company.objects.order_by("code"):
        for weeks in range(0, 53, 4):
            snapshots.take(company, day=until - timedelta(weeks=weeks), now=now)
    for weeks in range(0, 53, 4):
        utilisation.take(day=until - timedelta(weeks=weeks), now=now)


def _keep_numbers(past: Past) -> None:
    """Let the product's number ranges go on where history ended."""
    NumberRange.objects.bulk_create(
        NumberRange(company_id=company, kind=kind, prefix=PREFIX[Kind(kind)], year=year, last=last)
        for (company, kind, year), last in past.numbers.items()
    )
