"""Who is concerned: the customers with open holds that rest on something that was changed in master data or policy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Q, Subquery

from approvals import evaluation_requests
from approvals.models import EvaluatedPolicy, Hold, HoldReview
from creditrisk import slices
from creditrisk.policy.models import PolicyVersion
from creditrisk.rules import Row
from customers.models import Customer

# Parameters that say what happens around a release or an alert: no reason of a hold rests on them.
_ASIDE = {"warn_at_percent", "four_eyes", "release_scope", "release_tolerance_percent", "release_tolerance_amount"}
# Reasons that rest on another rule's rows too.
_RESTS_ON = {"linked_overdue": "days_overdue"}

# A rate matters to whoever is held and has both of its currencies around: the document's, the account's, a balance's, a
# limit's, a security's; their own, their head's, or those of whom they share a limit with.
_BOTH_CURRENCIES = """
    WITH near AS (
        SELECT h.customer_id AS of, h.customer_id AS id FROM approvals_hold h WHERE h.open
        UNION SELECT h.customer_id, c.parent_id FROM approvals_hold h JOIN customers_customer c ON c.id = h.customer_id
              WHERE h.open AND c.parent_id IS NOT NULL
        UNION SELECT h.customer_id, b.id FROM approvals_hold h JOIN customers_customer b ON b.parent_id = h.customer_id
              WHERE h.open
        UNION SELECT h.customer_id, m.customer_id FROM approvals_hold h
              JOIN customers_sharedlimit_members s ON s.customer_id = h.customer_id
              JOIN customers_sharedlimit_members m ON m.sharedlimit_id = s.sharedlimit_id WHERE h.open
    ), around AS (
        SELECT h.customer_id AS of, h.currency FROM approvals_hold h WHERE h.open
        UNION SELECT n.of, c.currency FROM near n JOIN customers_customer c ON c.id = n.id
        UNION SELECT n.of, b.currency FROM near n JOIN exposure_balance b ON b.customer_id = n.id AND b.amount <> 0
        UNION SELECT n.of, l.currency FROM near n JOIN customers_limit l ON l.customer_id = n.id
        UNION SELECT n.of, y.currency FROM near n JOIN customers_security y ON y.customer_id = n.id
        UNION SELECT n.of, h.currency FROM near n JOIN customers_sharedlimit_members s ON s.customer_id = n.id
              JOIN customers_sharedlimit h ON h.id = s.sharedlimit_id
    )
    SELECT of FROM around WHERE currency = ANY (%s) GROUP BY of HAVING count(DISTINCT currency) = 2
"""


@dataclass(frozen=True)
class _Open:
    """One open hold as far as a change of policy may concern it."""

    customer_id: int
    customer: str
    group: str | None
    checkpoint: str
    reasons: frozenset[str]


def rate(source: str, target: str) -> set[int]:
    """Return the customers with open holds for whom this exchange rate matters."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTH_CURRENCIES, [[source, target]])
        return {row[0] for row in cursor.fetchall()}


def held(among: Q) -> set[int]:
    """Return the customers that fit and have an open hold, or stand with one who has: a head, a branch, a partner."""
    open_holds = Hold.objects.filter(open=True)
    near = (
        Q(holds__in=open_holds) | Q(children__holds__in=open_holds) | Q(parent__holds__in=open_holds)
        | Q(shared_limits__members__holds__in=open_holds)
    )  # fmt: skip
    return set(Customer.objects.filter(among).filter(near).values_list("pk", flat=True).distinct())


def documents(among: Q) -> set[int]:
    """Return the customers with open holds on documents that fit."""
    return set(Hold.objects.filter(among, open=True).values_list("customer_id", flat=True))


def policy(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> set[int]:
    """Return the customers with open holds whose reasons rest on what one version of the policy says otherwise."""
    if before is None or before.get("companies") != after.get("companies"):
        return {h.customer_id for h in _open()}
    if _differing(before["parameters"], after["parameters"]) - _ASIDE:
        return {h.customer_id for h in _open()}
    checkpoints = _differing(before["checkpoints"], after["checkpoints"])
    rows = _changed_rows(before["rules"], after["rules"])
    return {h.customer_id for h in _open() if h.checkpoint in checkpoints or any(_speaks_of(row, h) for row in rows)}


def new_day(last: date, today: date, *, rows: Sequence[Row]) -> Iterator[int]:
    """Return the customers with open holds that rest on rules whose own days passed after `last`, up to `today`.

    One by one, and once for each of their holds.
    A row begins or no longer holds; an effect came back unpaid too long ago to count.
    """
    began = [r for r in rows if r.valid_from and last < r.valid_from <= today]
    ended = [r for r in rows if r.valid_to and last <= r.valid_to < today]
    turned = [
        {"scope": r.scope, "scope_code": r.scope_code, "rule": r.rule.code, "release_order": r.release_order}
        for r in (*began, *ended)
    ]
    ageing = any(r.rule.code == "unpaid_effects" for r in rows)
    if not turned and not ageing:
        return
    for hold in _open():
        if (ageing and "unpaid_effects" in hold.reasons) or any(_speaks_of(row, hold) for row in turned):
            yield hold.customer_id


def ask_for_policy(*, now: datetime) -> int:
    """Ask for the holds that a new version of the policy concerns, once a version; return how many customers.

    A version is its own request: whoever puts it into force, this finds it.
    """
    newest = PolicyVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    seen = EvaluatedPolicy.objects.filter(pk=1).first()
    if seen is not None and seen.number == newest:
        return 0
    with transaction.atomic():
        EvaluatedPolicy.objects.get_or_create(pk=1, defaults={"number": 0})
        seen = EvaluatedPolicy.objects.select_for_update().get(pk=1)
        if seen.number == newest:
            return 0
        contents = dict(PolicyVersion.objects.filter(number__in=(seen.number, newest)).values_list("number", "content"))
        ids = policy(contents.get(seen.number), contents[newest]) if newest else set()
        evaluation_requests.ask(ids, cause=f"policy {newest}", now=now)
        seen.number = newest
        seen.save(update_fields=["number"])
        return len(ids)


def _open() -> Iterator[_Open]:
    newest = HoldReview.objects.filter(hold=OuterRef("pk")).order_by("-id")
    rows = Hold.objects.filter(open=True).annotate(now=Subquery(newest.values("reasons")[:1])).values_list(
        "customer", "customer__code", "customer__credit_account__credit_group__code", "checkpoint", "now"
    )  # fmt: skip
    return (_Open(*row[:4], frozenset(row[4] or ())) for row in rows.iterator(chunk_size=slices.AT_ONCE))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _changed_rows(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows that are new or gone; a changed one as it was and as it is."""
    old, new = list(before), list(after)
    return [row for row in old if row not in new] + [row for row in new if row not in old]


def _speaks_of(row: Mapping[str, Any], hold: _Open) -> bool:
    scoped = {"all": True, "customer": row["scope_code"] == hold.customer, "group": row["scope_code"] == hold.group}
    rests = hold.reasons | {_RESTS_ON[code] for code in hold.reasons if code in _RESTS_ON}
    return scoped[row["scope"]] and (row["release_order"] or row["rule"] in rests)
