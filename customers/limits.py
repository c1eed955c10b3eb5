"""What was granted: families of customers, the effective limit on a day, and grants."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from creditrisk import language
from creditrisk.facts import EffectiveLimit, LimitState, Part
from creditrisk.language import marked
from creditrisk.language import sentence as _
from creditrisk.money import ZERO, Rates, figure, percent_of, rounded
from creditrisk.prepared import Prepared, Query, Rows, ask
from creditrisk.refusal import Refused
from customers.models import Customer, Limit, LimitKind, SharedLimit
from customers.models import LimitState as Stated

BEGINNING = date(1900, 1, 1)


@dataclass(frozen=True)
class Family:
    """Who stands with whom, by id: heads above (nearest first), all below (oneself included), shared limits."""

    heads: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    below: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    shared: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    members: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @property
    def everybody(self) -> list[int]:
        """Return every customer whose balances matter."""
        found = {m for members in (*self.below.values(), *self.members.values()) for m in members}
        return sorted(found)

    @property
    def accounts(self) -> list[int]:
        """Return the customers whose accounts are locked and read: the customers asked for and their heads."""
        return sorted({*self.below, *(h for heads in self.heads.values() for h in heads)})


_FAMILY = Prepared("SELECT relation, root, member, depth FROM credit_family(%s::bigint[]) ORDER BY depth")
_LOCK = Prepared("SELECT relation, root, member, depth FROM credit_lock(%s::bigint[])")
_GRANTED = Prepared("SELECT owner, id, facts FROM credit_granted(%s::bigint[], %s::bigint[], %s)")


def family(ids: Sequence[int]) -> Family:
    """Return the families of these customers: one query."""
    return ask(relating(ids))[0]


def relating(ids: Iterable[int]) -> Query[Family]:
    """Return the query of `family`, to be asked beside others."""
    return Query(_FAMILY, [list(ids)], _family)


def lock(ids: Iterable[int]) -> Family:
    """Lock the accounts of these customers and of their heads, then their shared limits, in key order: one query.

    Who stands with whom is read again after locking; where it changed meanwhile, all are locked anew.
    """
    return ask(locking(ids))[0]


def locking(ids: Iterable[int]) -> Query[Family]:
    """Return the query that locks, to be asked beside others that rest on it."""
    return Query(_LOCK, [sorted(set(ids))], _family)


def _family(rows: Rows) -> Family:
    found: dict[str, defaultdict[int, list[int]]] = {
        relation: defaultdict(list) for relation in ("head", "below", "shared", "member")
    }
    for relation, root, member, _depth in rows:
        found[relation][root].append(member)
    heads, below, shared, members = (
        {root: tuple(ids) for root, ids in found[relation].items()}
        for relation in ("head", "below", "shared", "member")
    )
    return Family(heads, below, shared, members)


@dataclass(frozen=True)
class Granted:
    """What was granted to one customer or shared limit on a day, with the master data that judgement needs."""

    id: int
    facts: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.facts[name]
        except KeyError as error:
            raise AttributeError(name) from error

    @property
    def currencies(self) -> set[str]:
        """Return the currencies in which something was granted."""
        found = {self.facts["currency"], self.facts.get("segment_currency")}
        for part in (
            self.facts["base"],
            self.facts["temporary"],
            *(self.facts.get("securities") or ()),
        ):
            if part:
                found.add(part["currency"])
        return {currency for currency in found if currency}


def granted_from(pk: int, facts: str) -> Granted:
    """Return what was granted from a row of `credit_granted`."""
    return Granted(pk, json.loads(facts) if isinstance(facts, str) else facts)


def granted(
    customer_ids: Iterable[int], shared_ids: Iterable[int], *, day: date
) -> tuple[dict[int, Granted], dict[int, Granted]]:
    """Return what was granted to these customers and shared limits on `day`: one query."""
    return ask(granting(customer_ids, shared_ids, day=day))[0]


def granting(
    customer_ids: Iterable[int], shared_ids: Iterable[int], *, day: date
) -> Query[tuple[dict[int, Granted], dict[int, Granted]]]:
    """Return the query of `granted`, to be asked beside others."""
    return Query(_GRANTED, [sorted(customer_ids), sorted(shared_ids), day], _granted)


def _granted(rows: Rows) -> tuple[dict[int, Granted], dict[int, Granted]]:
    found: dict[str, dict[int, Granted]] = {"customer": {}, "shared": {}}
    for owner, pk, facts in rows:
        found[owner][pk] = Granted(pk, json.loads(facts))
    return found["customer"], found["shared"]


_TURNS_OF_SHARED = """
    WITH turn AS (
        SELECT shared_id AS id, valid_from AS day FROM customers_limit WHERE shared_id = ANY (%(ids)s)
        UNION SELECT shared_id, valid_to + 1 FROM customers_limit WHERE shared_id = ANY (%(ids)s) AND kind = 'TEMPORARY'
    ), day AS (
        SELECT day, array_agg(id) AS ids FROM turn WHERE day > %(today)s AND day <= %(last)s GROUP BY day
    )
    SELECT d.day, g.id, g.facts FROM day d CROSS JOIN LATERAL credit_granted('{}', d.ids, d.day) g ORDER BY d.day
"""
_TURNS = """
    WITH turn AS (
        SELECT customer_id AS id, valid_from AS day FROM customers_limit WHERE customer_id = ANY (%(ids)s)
        UNION SELECT customer_id, valid_to + 1 FROM customers_limit WHERE customer_id = ANY (%(ids)s) AND kind = 'TEMPORARY'
        UNION SELECT customer_id, valid_from FROM customers_security WHERE customer_id = ANY (%(ids)s)
        UNION SELECT customer_id, valid_to + 1 FROM customers_security WHERE customer_id = ANY (%(ids)s)
    ), day AS (
        SELECT day, array_agg(id) AS ids FROM turn WHERE day > %(today)s AND day <= %(last)s GROUP BY day
    )
    SELECT d.day, g.id, g.facts FROM day d CROSS JOIN LATERAL credit_granted(d.ids, '{}', d.day) g ORDER BY d.day
"""


def granted_ahead(customer_ids: Iterable[int], *, today: date, last: date) -> dict[int, list[tuple[date, Granted]]]:
    """Return what will have been granted to these customers on each day after `today` on which that changes: one query."""
    return _ahead(_TURNS, customer_ids, today=today, last=last)


def shared_ahead(shared_ids: Iterable[int], *, today: date, last: date) -> dict[int, list[tuple[date, Granted]]]:
    """Return the same of shared limits: one query."""
    return _ahead(_TURNS_OF_SHARED, shared_ids, today=today, last=last)


def _ahead(sql: str, ids: Iterable[int], *, today: date, last: date) -> dict[int, list[tuple[date, Granted]]]:
    found: dict[int, list[tuple[date, Granted]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ids": sorted(ids), "today": today, "last": last})
        for day, pk, facts in cursor.fetchall():
            found.setdefault(pk, []).append((day, granted_from(pk, facts)))
    return found


def effective(owner: Granted, *, shared: Sequence[Granted], has_head: bool, rates: Rates) -> EffectiveLimit:
    """Return the limit in force: temporary before own before inherited, plus the securities' shares.

    In the account's currency, rounded once. Raises MissingRate. Source: scenarios/FORMAT.md, "Limits".
    """
    currency: str = owner.currency
    base, temporary = owner.base, owner.temporary
    last_day = date.fromisoformat(base["last_day"]) if base and base["last_day"] else None
    state, parts = LimitState.NONE, []
    if owner.facts.get("awaits_approval"):  # nothing was ever granted, and nothing is inherited unasked
        waits = Part(marked("first limit, not approved yet"), None)
        return EffectiveLimit(LimitState.NONE, ZERO, currency, last_day, (waits,))
    if temporary:
        state = LimitState.AMOUNT
        parts.append(_part(marked("temporary limit"), temporary, currency, rates))
    elif base and base["state"] == Stated.UNLIMITED:
        return EffectiveLimit(LimitState.UNLIMITED, ZERO, currency, last_day, (Part(marked("own limit"), None),))
    elif base and base["state"] == Stated.AMOUNT:
        state = LimitState.AMOUNT
        parts.append(_part(marked("own limit"), base, currency, rates))
    elif owner.facts.get("segment_state") == Stated.UNLIMITED:
        return EffectiveLimit(LimitState.UNLIMITED, ZERO, currency, last_day, (Part(marked("segment"), None),))
    elif owner.facts.get("segment_state") == Stated.AMOUNT:
        state = LimitState.AMOUNT
        of_segment = {
            "amount": owner.segment_amount,
            "currency": owner.segment_currency or currency,
        }
        parts.append(_part(f"segment {owner.segment}", of_segment, currency, rates))
    elif has_head or any(not s.mandatory for s in shared):
        return EffectiveLimit(
            LimitState.DEFERRED,
            ZERO,
            currency,
            last_day,
            (Part(marked("shared limit or head alone"), None),),
        )
    for security in owner.facts.get("securities") or ():
        state = LimitState.AMOUNT
        share = percent_of(Decimal(security["amount"]), Decimal(security["percent"]))
        amount = share * rates.rate(security["currency"], currency)
        detail = f"{Decimal(security['percent']).normalize():f} % of {security['currency']} {security['amount']}"
        parts.append(Part(security["kind"].lower(), amount, detail))
    total = rounded(sum((p.amount or ZERO for p in parts), ZERO), currency)
    return EffectiveLimit(state, total, currency, last_day, tuple(parts))


def _part(source: str, grant: Mapping[str, Any], currency: str, rates: Rates) -> Part:
    amount = Decimal(grant["amount"]) * rates.rate(grant["currency"], currency)
    return Part(
        source,
        amount,
        "" if grant["currency"] == currency else f"{grant['currency']} {grant['amount']}",
    )


_IN_PER_CENT = re.compile(r"(?P<percent>[\d.]+) % of (?P<currency>[A-Z]{3}) (?P<amount>[\d.]+)")
_ABROAD = re.compile(r"(?P<currency>[A-Z]{3}) (?P<amount>[\d.]+)")
# What securities are called in a limit's parts.
SECURED = (marked("insurance"), marked("guarantee"))


def detail_shown(detail: str) -> str:
    """Return how a part of a limit was reckoned, its numbers as the reader writes them."""
    if found := _IN_PER_CENT.fullmatch(detail):
        return _("%(percent)s %% of %(currency)s %(amount)s") % {
            "percent": language.exact(Decimal(found["percent"])), "currency": found["currency"],
            "amount": figure(Decimal(found["amount"]), found["currency"]),
        }  # fmt: skip
    if found := _ABROAD.fullmatch(detail):
        return f"{found['currency']} {figure(Decimal(found['amount']), found['currency'])}"
    return detail


def grant(
    *,
    customer: Customer | None = None,
    shared: SharedLimit | None = None,
    state: str = Stated.AMOUNT,
    amount: Decimal | None = None,
    kind: str = LimitKind.BASE,
    valid_from: date,
    valid_to: date | None = None,
    currency: str = "",
    reason: str = "",
    by: Any,
    now: datetime,
    figures: Mapping[str, str] | None = None,
) -> Limit:
    """Add a grant, which supersedes the older ones of its kind.

    `amount` is in `currency` (default: the account's); `figures` say how the customer stood before it. Raises Refused for amounts and days that make no sense.
    """
    owner: Customer | SharedLimit | None = customer or shared
    if owner is None:
        raise Refused(_("Say whose limit it is."), field="customer")
    if state == Stated.AMOUNT and (amount is None or amount < 0):
        raise Refused(_("A limit is zero or more."), field="amount")
    if valid_to is not None and valid_to < valid_from:
        raise Refused(_("The last day lies before the first."), field="valid_to")
    if kind == LimitKind.TEMPORARY and (valid_to is None or state != Stated.AMOUNT):
        raise Refused(_("A temporary limit needs an amount and a last day."), field="valid_to")
    return Limit.objects.create(
        customer=customer,
        shared=shared,
        kind=kind,
        state=state,
        amount=amount if state == Stated.AMOUNT else None,
        currency=currency or owner.currency,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason,
        granted_by=by,
        granted_at=now,
        figures=figures,
    )
