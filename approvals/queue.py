"""The release desk as a list: what waits, narrowed and sorted, its sums, and what others did since it was drawn."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, DecimalField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest

from approvals import queries
from approvals.models import Hold, HoldClosing, HoldEvent, HoldReview
from creditrisk.money import ZERO, MissingRate
from customers.models import Company
from ledger import rates as ledger_rates

# What the desk can be sorted by, each with what decides where that is the same.
SORTS = ("age", "-age", "document", "-amount", "-excess", "ship", "idle", "customer")
_MANY = Decimal(1_000_000)  # Factors between currencies are read off this sum, which is rounded to cents.


@dataclass(frozen=True)
class Wanted:
    """How the desk is narrowed and sorted; empty is everything. `salesperson` and `company` are a name and a code."""

    text: str = ""
    reason: str = ""
    state: str = ""
    checkpoint: str = ""
    salesperson: str = ""
    company: str = ""
    sort: str = "age"


EVERYTHING = Wanted()


def desk(user: Any, wanted: Wanted = EVERYTHING, *, today: date | None = None) -> QuerySet[Hold]:
    """Return the open holds that the reader may see, narrowed and sorted; amounts compare at the rates of `today`."""
    holds = queries.in_full(queries.visible(user).filter(open=True))
    if text := wanted.text:
        holds = holds.filter(
            Q(document__number__icontains=text) | Q(customer__name__icontains=text) | Q(customer__code__icontains=text)
        )
    if wanted.reason:
        holds = holds.filter(review_reasons__contains=[wanted.reason])
    if wanted.checkpoint:
        holds = holds.filter(checkpoint=wanted.checkpoint)
    if wanted.company:
        holds = holds.filter(document__company__code=wanted.company)
    if wanted.salesperson:
        holds = holds.filter(_sold_by(wanted.salesperson))
    if wanted.state == "ready":
        holds = holds.filter(review_reasons=[])
    elif wanted.state == "held":
        holds = holds.exclude(review_reasons=[])
    return _sorted(holds, wanted.sort, today=today)


def _sold_by(username: str) -> Q:
    """The customer's salesperson, else who asked for the step: as the desk's column says it."""
    own = Q(document__customer__salesperson__username=username)
    return own | Q(document__customer__salesperson=None, opened_by__username=username)


def _sorted(holds: QuerySet[Hold], sort: str, *, today: date | None) -> QuerySet[Hold]:
    match sort:
        case "-age":
            return holds.order_by("-opened_at", "-pk")
        case "document":
            return holds.order_by("document__document_date", "opened_at", "pk")
        case "-amount":
            return holds.order_by(_compared(holds, "amount", "currency", today).desc(), "pk")
        case "-excess":
            excess = Coalesce(F("review_excess"), ZERO)
            return holds.order_by(_compared(holds, excess, "customer__currency", today).desc(), "pk")
        case "ship":
            return holds.order_by(F("document__ship_date").asc(nulls_last=True), "opened_at", "pk")
        case "idle":
            moved = Greatest(F("opened_at"), Coalesce(Max("events__made_at"), F("opened_at")))
            return holds.annotate(moved_at=moved).order_by("moved_at", "pk")
        case "customer":
            return holds.order_by("customer__name", "opened_at", "pk")
    return holds.order_by("opened_at", "pk")


def _compared(holds: QuerySet[Hold], amount: Any, currency: str, today: date | None) -> Any:
    """Return an amount so that those in several currencies compare; without a rate the bare number has to do."""
    many = Counter(holds.order_by().values_list(currency, flat=True))
    amount = F(amount) if isinstance(amount, str) else amount
    if len(many) < 2 or today is None:
        return amount
    (common, _times), *_others = many.most_common(1)
    rates = ledger_rates.on(today, set(many))
    factors = []
    for unit in many:
        try:
            factors.append(When(**{currency: unit}, then=Value(rates.convert({unit: _MANY}, common) / _MANY)))
        except MissingRate:
            continue
    number: DecimalField = DecimalField(max_digits=24, decimal_places=8)
    return amount * Case(*factors, default=Value(Decimal(1)), output_field=number)


def ready(user: Any) -> int:
    """Return how many holds on the desk have no reason left."""
    return desk(user, Wanted(state="ready")).count()


def open_sums(user: Any) -> list[tuple[str, int, Decimal]]:
    """Return currency, count and amount of the open holds that the reader may see."""
    totals: dict[str, tuple[int, Decimal]] = {}
    for currency, amount in queries.visible(user).filter(open=True).values_list("currency", "amount"):
        many, whole = totals.get(currency, (0, ZERO))
        totals[currency] = (many + 1, whole + amount)
    return [(currency, *totals[currency]) for currency in sorted(totals)]


def sellers(user: Any) -> list[Any]:
    """Return the people who sell what waits on the reader's desk, by name."""
    waiting = queries.visible(user).filter(open=True)
    sold = waiting.values("document__customer__salesperson")
    asked = waiting.filter(document__customer__salesperson=None).values("opened_by")
    people = get_user_model().objects.filter(Q(pk__in=sold) | Q(pk__in=asked))
    return list(people.order_by("first_name", "username"))


def companies(user: Any) -> list[Company]:
    """Return the companies whose documents wait on the reader's desk, by code."""
    waiting = queries.visible(user).filter(open=True).values("document__company")
    return list(Company.objects.filter(pk__in=waiting).order_by("code"))


# -- what others did meanwhile ---------------------------------------------------------------------------------------


def mark(user: Any) -> str:
    """Return a mark of the desk as the reader sees it now; another one later says that something happened."""
    seen = queries.visible(user)
    newest = [
        model.objects.filter(**{f"{path}in": seen}).order_by("-pk").values_list("pk", flat=True).first() or 0
        for model, path in ((Hold, "pk__"), (HoldClosing, "hold__"), (HoldEvent, "hold__"), (HoldReview, "hold__"))
    ]
    return "-".join(str(pk) for pk in newest)


def decided_since(user: Any, before: str) -> list[HoldClosing]:
    """Return what was decided on the reader's desk since a mark, the newest first; at most twenty."""
    parts = before.split("-")
    last = (
        int(parts[1]) if len(parts) == 4 and parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 19 else None
    )
    if last is None:
        return []
    found = HoldClosing.objects.filter(hold__in=queries.visible(user), pk__gt=last)
    return list(found.select_related("hold__document", "closed_by").order_by("-pk")[:20])
