"""What a step is expected to have led to, checked exactly: each key that is given, and only those."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from approvals import context, holds
from approvals.models import Alert, Hold
from creditrisk.facts import BESIDE, LimitState, Standing
from creditrisk.scenarios import words
from creditrisk.scenarios.verbs import Played
from creditrisk.scenarios.world import World
from customers.models import Customer

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Difference:
    """One expectation that was not met."""

    what: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.what}: expected {shown(self.expected)}, found {shown(self.found)}"


def shown(value: Any) -> str:
    """Return a value as a scenario would write it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Decimal):
        return f"{value.quantize(CENT, rounding=ROUND_HALF_UP):f}" if value.is_finite() else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def same(expected: Any, found: Any) -> bool:
    """Return whether two values are the same: amounts to two decimals."""
    if isinstance(expected, Decimal) and isinstance(found, Decimal) and found.is_finite():
        return expected.quantize(CENT, rounding=ROUND_HALF_UP) == found.quantize(CENT, rounding=ROUND_HALF_UP)
    return bool(expected == found)


def latest_alert() -> int:
    """Return the newest alert there is: a step's own alerts come after it."""
    return Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def expects_refusal(expected: Mapping[str, Any]) -> bool:
    """Return whether a step is meant to be refused."""
    return "error" in expected or expected.get("outcome") == "refused" or expected.get("allowed") is False


def differences(
    expected: Mapping[str, Any], played: Played, world: World, *, alerts_before: int
) -> Iterator[Difference]:
    """Yield everything that is not as expected, in the order in which it was written."""
    for key, value in expected.items():
        yield from _CHECKS[key](value, played, world, alerts_before)


def _outcome(value: str, played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    if value != played.outcome:
        yield Difference("outcome", value, _told(played))


def _told(played: Played) -> str:
    if played.refused:
        return f"refused, {played.error}: {played.sentence}"
    codes = [*played.reasons, *played.warnings]
    return f"{played.outcome} {shown(codes)}" if codes else played.outcome


def _set_of(name: str, value: Iterable[str], found: Iterable[str]) -> Iterator[Difference]:
    if set(value) != set(found):
        yield Difference(name, sorted(set(value)), sorted(set(found)))


def _error(value: str, played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    if value != played.error:
        yield Difference("error", value, played.error or f"none, the outcome was {_told(played)}")


def _allowed(value: bool, played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    if value is played.refused:
        yield Difference("allowed", value, not played.refused)


def _pairs(name: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in expected.items():
        if not same(value, found[key]):
            yield Difference(f"{name}.{key}", value, found[key])


def _documents(value: Mapping[str, Any], played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    for name, expected in value.items():
        if name not in world.documents:
            yield Difference(f"document.{name}", "a document", "none: its step did not happen")
            continue
        document = world.document(name)
        held = Hold.objects.filter(document=document, open=True).exists()
        yield from _pairs(f"document.{name}", expected, {"state": document.state.lower(), "held": held})


def standing_of(world: World, code: str) -> Standing:
    """Return how a customer or a shared limit of the story stands today."""
    if (Customer, code) in world.rows:
        return context.standing(world.customer(code), today=world.today)
    return context.shared_standing(world.shared(code), today=world.today)


def limit_in(standing: Standing) -> Any:
    """Return the limit as a scenario writes it: an amount, unlimited or none."""
    match standing.limit.state:
        case LimitState.UNLIMITED:
            return "unlimited"
        case LimitState.AMOUNT:
            return standing.limit.amount
    return "none"


def figures(standing: Standing) -> dict[str, Any]:
    """Return every figure that can be expected of an account, in its currency."""
    exposure = standing.exposure
    return {
        "total": exposure.total,
        "limit": limit_in(standing),
        "available": standing.available,
        "used_percent": standing.used_percent,
        "days_overdue": exposure.days_overdue,
        **exposure.buckets,
        **{name: getattr(exposure, name) for name in BESIDE},
    }


def _exposures(value: Mapping[str, Any], played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    for code, expected in value.items():
        yield from _pairs(f"exposure.{code}", expected, figures(standing_of(world, code)))


def _limits(value: Mapping[str, Any], played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    for code, expected in value.items():
        found = limit_in(standing_of(world, code))
        if not same(expected, found):
            yield Difference(f"limit.{code}", expected, found)


def _holds(value: Mapping[str, Any], played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    for name, expected in value.items():
        if name not in world.documents and (Customer, name) not in world.rows:
            yield Difference(f"holds.{name}", "a document", "none: its step did not happen")
            continue
        of = {"document": world.document(name)} if name in world.documents else {"customer": world.customer(name)}
        every = list(Hold.objects.filter(**of))
        live = [hold for hold in every if hold.open]
        reasons = {reason for hold in live for reason in getattr(holds.latest(hold), "reasons", ())}
        plain = {key: wanted for key, wanted in expected.items() if key != "reasons"}
        found = {"open": len(live), "total": len(every), "ready": bool(live) and not reasons}
        yield from _pairs(f"holds.{name}", plain, found)
        if "reasons" in expected:
            yield from _set_of(f"holds.{name}.reasons", expected["reasons"], reasons)


def _has_a_word(code: str) -> bool:
    """Return whether stories have a word for alerts of this kind; others are told beside them."""
    return code in words.ALERTS or code.startswith("usage_")


def _alerts(value: Mapping[str, Any], played: Played, world: World, alerts_before: int) -> Iterator[Difference]:
    for code, expected in value.items():
        raised = Alert.objects.filter(pk__gt=alerts_before, customer_id=world.rows[Customer, code]).order_by("pk")
        found = [code for code in raised.values_list("code", flat=True) if _has_a_word(code)]
        if sorted(expected) != sorted(found):
            yield Difference(f"alerts.{code}", sorted(expected), sorted(found))


_CHECKS: Mapping[str, Callable[[Any, Played, World, int], Iterator[Difference]]] = {
    "outcome": _outcome,
    "reasons": lambda value, played, world, before: _set_of("reasons", value, played.reasons),
    "warnings": lambda value, played, world, before: _set_of("warnings", value, played.warnings),
    "error": _error,
    "document": _documents,
    "exposure": _exposures,
    "holds": _holds,
    "limit": _limits,
    "alerts": _alerts,
    "allowed": _allowed,
}
