"""What the credit department can do about a held document short of a release: raise a limit, lift a stop."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from approvals.attempt import Attempt
from approvals.remedies import edge
from approvals.remedies.remedy import Remedy
from creditrisk.facts import LimitState, Standing
from creditrisk.money import decimals

# A limit of a thousand times what is used is no proposal any more.
LARGEST_RAISE = 1000
# Not “unlimited”: that would set a shared limit aside too.
PLENTY = Decimal(10) ** 13


def raised_limits(attempt: Attempt) -> tuple[Remedy, ...]:
    """Return the smallest limits with which it passes: one where only one has to rise."""
    owners = list(_limited(attempt))
    free = attempt
    for _standing, put in owners:
        free = put(free, PLENTY)
    if not owners or not free.passes:
        return ()
    found, raised = [], attempt
    for standing, put in owners:
        others = attempt
        for other, put_other in owners:
            if other is not standing:
                others = put_other(others, PLENTY)
        amount = _smallest_limit(others, put, standing)
        if amount is None:
            continue
        raised = put(raised, amount)
        currency = standing.limit.currency
        found.append(
            Remedy(
                "limit", amount=amount, currency=currency, whose=standing.code, whose_kind=standing.kind,
                temporary=standing.limit.source.startswith("temporary"),
            )
        )  # fmt: skip
    return tuple(found) if raised.passes else ()


Put = Callable[[Attempt, Decimal], Attempt]


def _limited(attempt: Attempt) -> Iterator[tuple[Standing, Put]]:
    """Return every standing with a limit that can rise, with the way to grant it one."""
    case, family = attempt.case(attempt.checkpoints[0]), attempt.seen.family
    debtor = attempt.plan.debtor_id
    ids = [debtor, *family.heads.get(debtor, ())]
    for pk, standing in zip(ids, (case.own, *case.heads), strict=True):
        if standing.limit.state in (LimitState.AMOUNT, LimitState.NONE):
            yield standing, _granting(pk, standing.limit.currency, shared=False)
    by_code = {attempt.seen.shared[pk].code: pk for pk in family.shared.get(debtor, ()) if pk in attempt.seen.shared}
    for standing in case.shared:
        if standing.limit.state in (LimitState.AMOUNT, LimitState.NONE):
            yield standing, _granting(by_code[standing.code], standing.limit.currency, shared=True)


def _granting(pk: int, currency: str, *, shared: bool) -> Put:
    def put(attempt: Attempt, amount: Decimal) -> Attempt:
        owner = (attempt.seen.shared if shared else attempt.seen.accounts)[pk]
        facts: dict[str, Any]
        if owner.temporary:  # it goes before every base limit, so it is what has to rise
            facts = {"temporary": {**owner.temporary, "amount": str(amount), "currency": currency}}
        else:
            last_day = owner.base["last_day"] if owner.base else None
            base = {"state": "AMOUNT", "amount": str(amount), "currency": currency, "last_day": last_day}
            facts = {"base": base}
        return attempt.with_shared_facts(pk, **facts) if shared else attempt.with_facts(pk, **facts)

    return put


def _smallest_limit(attempt: Attempt, put: Put, standing: Standing) -> Decimal | None:
    """Return the smallest base limit of this owner with which the attempt passes; None where today's will do."""
    if attempt.passes:
        return None
    unit = Decimal(1).scaleb(-decimals(standing.limit.currency))
    most = int(max(standing.measured, standing.limit.amount, unit) * LARGEST_RAISE / unit)
    used = -int(-standing.measured // unit)
    found = edge.first(lambda n: put(attempt, n * unit).passes, no=0, most=most, near=[used])
    return found * unit if found is not None else None


def lifts(attempt: Attempt) -> list[tuple[Remedy, Attempt]]:
    """Return what only the credit department can lift, one reason at a time, each with the attempt after it."""
    debtor, today = attempt.plan.debtor_id, attempt.seen.today
    base = attempt.seen.accounts[debtor].base or {"state": "INHERIT", "amount": None, "currency": ""}
    lifted: dict[str, dict[str, Any]] = {
        "customer_blocked": {"blocks": None},
        "suspended": {"suspended": False},
        "account_status": {"status": None},
        "review_overdue": {"next_review": (today + timedelta(days=1)).isoformat()},
        "limit_expired": {"base": {**base, "last_day": today.isoformat()}},
    }
    return [
        (Remedy("office", code=code), attempt.with_facts(debtor, **lifted[code]))
        for code in attempt.outcome.reasons if code in lifted
    ]  # fmt: skip
