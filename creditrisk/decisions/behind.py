"""What is behind a figure of a decision: the documents, items and effects, as the entry ledger knew them then.

The entries up to the decision's position say what each source weighed; what the step itself would have moved is kept
with the decision. Together they come to the figure that was read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from creditrisk.decisions.models import Decision
from creditrisk.exposure import read
from creditrisk.facts import BUCKETS
from creditrisk.money import ZERO, MissingRate, Rates
from creditrisk.policy import compile as policies
from creditrisk.policy.compile import Policy
from documents.models import Document
from ledger.models import Effect, OpenItem

FIGURES = (*BUCKETS, "overdue", "disputed", "posted_unpaid", "provisional", "beyond_horizon")
OLDEST_SHOWN = 3


@dataclass(frozen=True)
class Source:
    """One document, item or effect in a figure. `page` names the view that shows it; none for the step itself."""

    page: str
    id: int
    name: str
    kind: str
    customer: str
    day: date
    days_late: int
    amount: Decimal
    currency: str
    in_account_currency: Decimal


@dataclass(frozen=True)
class Behind:
    """The sources of one figure, and what they come to in the account's currency."""

    figure: str
    code: str
    currency: str
    total: Decimal
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class _Weight:
    origin: str
    source_id: int
    customer_id: int
    company_id: int
    bucket: str
    currency: str
    day: date
    amount: Decimal


OTHERS = "X"


# Picks out of ids of customers those that the reader may see; None where that is everybody.
Mine = Callable[[set[int]], set[int]] | None


def _veiled(weights: Sequence[_Weight], companies: Sequence[int] | None, mine: Mine) -> list[_Weight]:
    """Take the names off what lies in companies that are not the reader's, or with customers who are not."""
    seen = mine({w.customer_id for w in weights}) if mine else set()
    return [
        w
        if (companies is None or w.company_id in companies) and (mine is None or w.customer_id in seen)
        else replace(w, origin=OTHERS, source_id=0, customer_id=0)
        for w in weights
    ]


def policy_of(decision: Decision) -> Policy:
    """Return the policy that a decision was made under."""
    return policies.version(decision.policy_number) if decision.policy_number else Policy(number=0)


def of(decision: Decision, *, standing: int, figure: str, companies: Sequence[int] | None, mine: Mine = None) -> Behind:
    """Return what was behind a figure of one standing: 0 is the debtor's own, then heads, then shared limits.

    The order is that of the decision's page. What lies in other companies than the reader's (None: all are), or with
    customers who are not `mine`, is one line without names. Raises IndexError where there is no such standing, KeyError for a figure that nobody knows.
    """
    if figure not in FIGURES:
        raise KeyError(figure)
    facts, policy = decision.facts, policy_of(decision)
    told = standings(facts)[standing]
    weights = [w for w in _weights(decision, told) if _is_in(figure, w, policy, decision.day)]
    currency = told["exposure"]["currency"]
    rates = Rates(decision.day, {(a, b): Decimal(rate) for a, b, rate in facts["rates"]})
    sources = _named(
        _veiled(weights, companies, mine), decision, lambda amount, unit: _converted(rates, amount, unit, currency)
    )
    if figure == "overdue":
        sources.sort(key=lambda s: (s.day, s.name))
    else:
        sources.sort(key=lambda s: (-abs(s.in_account_currency), s.day, s.name))
    summed: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for w in weights:
        summed[w.currency] += w.amount
    return Behind(figure, told["code"], currency, rates.convert(summed, currency), tuple(sources))


def oldest(decision: Decision, *, companies: Sequence[int] | None, mine: Mine = None) -> tuple[Source, ...]:
    """Return the items of the debtor that had been overdue for longest, where anything was."""
    own = decision.facts["own"]["exposure"]
    if not own["days_overdue"]:
        return ()
    found = of(decision, standing=0, figure="overdue", companies=companies, mine=mine)
    late = [s for s in found.sources if s.amount > 0]
    return tuple(late[:OLDEST_SHOWN])


def standings(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the standings of a decision in the order of its page."""
    return [facts["own"], *facts["heads"], *facts["shared"]]


def _converted(rates: Rates, amount: Decimal, unit: str, currency: str) -> Decimal:
    try:
        return rates.convert({unit: amount}, currency)
    except MissingRate:
        return amount


def _whose(facts: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[list[int], int | None]:
    """Return whose balances a standing sums, and in which company; None is all."""
    _heads, below, _shared, members = facts["family"]
    if told["kind"] == "shared":
        pk = next(pk for pk, share in facts["shares"].items() if share["code"] == told["code"])
        return members.get(pk, []), None
    pk = next(pk for pk, account in facts["accounts"].items() if account["code"] == told["code"])
    company = None if facts["accounts"][pk]["summed"] else facts["document"]["company_id"]
    return below.get(pk, [int(pk)]), company


def _weights(decision: Decision, told: Mapping[str, Any]) -> list[_Weight]:
    customers, company = _whose(decision.facts, told)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT origin, source_id, customer_id, company_id, bucket, currency, day, SUM(amount) FROM exposure_entry"
            " WHERE customer_id = ANY (%s::bigint[]) AND id <= %s AND (%s::bigint IS NULL OR company_id = %s)"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING SUM(amount) <> 0",
            [customers, decision.entry_position, company, company],
        )
        found = [_Weight(*row) for row in cursor.fetchall()]
    for customer, of_company, bucket, currency, day, amount in decision.facts["entries"]:
        if customer in customers and company in (None, of_company):
            found.append(
                _Weight("", 0, customer, of_company, bucket, currency, date.fromisoformat(day), Decimal(amount))
            )
    return found


def _is_in(figure: str, weight: _Weight, policy: Policy, today: date) -> bool:
    match figure:
        case "overdue":
            return read.is_overdue(weight.bucket, weight.day, reading=policy, today=today)
        case "disputed":
            return weight.bucket == "ITEMS_DISPUTED"
        case "posted_unpaid":
            return weight.bucket == "POSTED_UNPAID"
        case "provisional":
            return weight.bucket.endswith("_PROVISIONAL")
        case "beyond_horizon":
            return weight.bucket.startswith("ORDERS_") and read.beyond(weight.day, reading=policy, today=today)
    return read.visible_bucket(weight.bucket, weight.day, reading=policy, today=today) == figure


def _named(weights: Sequence[_Weight], decision: Decision, convert: Callable[[Decimal, str], Decimal]) -> list[Source]:
    documents = Document.objects.in_bulk({w.source_id for w in weights if w.origin == "D"})
    items = OpenItem.objects.in_bulk({w.source_id for w in weights if w.origin == "I"})
    effects = Effect.objects.in_bulk({w.source_id for w in weights if w.origin == "E"})
    names = _names({w.customer_id for w in weights})
    found = []
    for w in _merged(weights):
        page, name, kind = "", _("This step of %s") % decision.document, _("what it would move")
        if w.origin == OTHERS:
            name, kind = _("Documents of other companies"), ""
        elif w.origin == "D" and (document := documents.get(w.source_id)):
            page, name, kind = "document", str(document), document.get_kind_display()
        elif w.origin == "I" and (item := items.get(w.source_id)):
            page, name, kind = "item", str(item), item.get_kind_display()
        elif w.origin == "E" and (effect := effects.get(w.source_id)):
            page, name, kind = "effect", str(effect), effect.get_kind_display()
        found.append(
            Source(
                page, w.source_id, name, str(kind), names.get(w.customer_id, ""), w.day, (decision.day - w.day).days,
                w.amount, w.currency, convert(w.amount, w.currency),
            )
        )  # fmt: skip
    return found


def _merged(weights: Iterable[_Weight]) -> list[_Weight]:
    """Return one weight a source, customer, currency and day; what comes to nothing is left out."""
    summed: dict[tuple[str, int, int, str, date], Decimal] = {}
    for w in weights:
        key = (w.origin, w.source_id, w.customer_id, w.currency, w.day)
        summed[key] = summed.get(key, ZERO) + w.amount
    return [
        _Weight(origin, source, customer, 0, "", currency, day, amount)
        for (origin, source, customer, currency, day), amount in summed.items()
        if amount
    ]


def _names(customer_ids: set[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM customers_customer WHERE id = ANY (%s::bigint[])", [list(customer_ids)])
        return dict(cursor.fetchall())
