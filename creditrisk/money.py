"""Money: Decimal amounts, the decimals of a currency, rounding and conversion. The only place that quantizes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from creditrisk import language

ZERO = Decimal(0)
HUNDRED = Decimal(100)

# ISO 4217 minor units that differ from two.
EXPONENTS: Mapping[str, int] = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0,
    "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0, "VND": 0,
    "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip


class MissingRate(Exception):
    """No exchange rate is known on or before that day."""

    code = "missing_rate"

    def __init__(self, source: str, target: str, day: date) -> None:
        self.source, self.target, self.day = source, target, day
        super().__init__(source, target, day)

    def __str__(self) -> str:
        return language.say(
            "There is no exchange rate from %(source)s to %(target)s on or before %(day)s. Enter one, then try again.",
            source=self.source, target=self.target, day=language.day(self.day),
        )  # fmt: skip


def decimals(currency: str) -> int:
    """Return how many decimals amounts of `currency` have (ISO 4217, two when it is not listed)."""
    return EXPONENTS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` rounded half up to the decimals of `currency`."""
    return amount.quantize(_unit(currency), rounding=ROUND_HALF_UP)


@lru_cache(maxsize=256)
def _unit(currency: str) -> Decimal:
    """Return the smallest amount of `currency`."""
    return Decimal(1).scaleb(-decimals(currency))


def figure(amount: Decimal, currency: str) -> str:
    """Return `amount` as a sentence tells it: grouped, with the decimals of `currency` and without its name."""
    return language.number(rounded(amount, currency), decimals(currency))


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Return `percent` per cent of `amount`, not rounded."""
    return amount * percent / HUNDRED


def shares(amount: Decimal, weights: Iterable[Decimal], currency: str) -> list[Decimal]:
    """Split `amount` by `weights` into rounded parts whose sum is exactly `amount`; the last part takes the rest.

    With weights that sum to zero the first part takes everything.
    """
    parts = list(weights)
    whole = sum(parts, ZERO)
    if not parts:
        return []
    if not whole:
        return [amount, *[ZERO] * (len(parts) - 1)]
    result: list[Decimal] = []
    used, given = ZERO, ZERO
    for weight in parts:
        used += weight
        upto = amount if used == whole else rounded(amount * used / whole, currency)
        result.append(upto - given)
        given = upto
    return result


def quantity_worth(amount: Decimal, *, quantity: Decimal, whole: Decimal, currency: str) -> Decimal:
    """Return how many of `quantity` pieces that come to `whole` are worth `amount`: the roundest number that is.

    Half of three pieces is 1.5; what a cent of rounding would make 11.999833 pieces is 12: where parts and rest were
    rounded, a number is right whose worth is one smallest unit off. At most six decimals.
    """
    if not whole:
        return quantity
    exact, unit = quantity * amount / whole, _unit(currency)
    for places in range(7):
        near = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        if near and abs(whole * near / quantity - amount) <= unit:
            return near
    return max(exact.quantize(Decimal("0.000001")), Decimal("0.000001"))


@dataclass(frozen=True)
class Rates:
    """Exchange rates known on a day: units of the second currency for one of the first."""

    day: date
    known: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def rate(self, source: str, target: str) -> Decimal:
        """Return units of `target` for one `source`, direct or inverse.

        Raises MissingRate when neither is known on or before the day.
        """
        if source == target:
            return Decimal(1)
        if (direct := self.known.get((source, target))) is not None:
            return direct
        if inverse := self.known.get((target, source)):
            return 1 / inverse
        raise MissingRate(source, target, self.day)

    def convert(self, amounts: Mapping[str, Decimal], target: str) -> Decimal:
        """Return the sum of `amounts` (by currency) in `target`, rounded once at the end."""
        total = ZERO
        for currency, amount in amounts.items():
            if amount:
                total += amount * self.rate(currency, target)
        return rounded(total, target)
