"""Estimates with their 95 % intervals. Pure: cases in, an estimate out; None where there is nothing to measure by.

Invoices of one customer resemble each other, so the customer is the case that counts: every interval here treats the
customers as clusters, and one customer alone gives no interval.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from statistics import NormalDist

from creditrisk.money import HUNDRED, ZERO

LEVEL = 95
_TAIL = 0.05
_ROUNDING = Decimal("1e-20")
_Z = Decimal(str(round(NormalDist().inv_cdf(1 - _TAIL / 2), 6)))
# From so many customers on an interval is worth looking at; below it pages say that the number is small.
ENOUGH = 10


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, and how many customers it rests on. Without bounds one customer says it all."""

    value: Decimal
    low: Decimal | None
    high: Decimal | None
    customers: int

    @property
    def is_small(self) -> bool:
        """Whether it rests on so few customers that chance explains much."""
        return self.customers < ENOUGH

    @property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def differs(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.bounds is not None and not self.bounds[0] <= 0 <= self.bounds[1]


type Case = tuple[Decimal, Decimal]  # a part, and the whole that it is a part of: of one customer


def share(cases: Iterable[Case], *, most: int | None = None) -> Estimate | None:
    """Return the sum of the parts in per cent of the sum of the wholes, one case a customer; `most` observations at most.

    Wilson's score interval (Wilson 1927) over the number of independent observations that the customers are worth:
    p(1 - p) / v with v the variance of the ratio over clusters, lowered for few clusters (Korn and Graubard 1998).
    """
    rows = [(part, whole) for part, whole in cases if whole > 0]
    whole = sum((w for _p, w in rows), ZERO)
    if not whole:
        return None
    p = sum((part for part, _w in rows), ZERO) / whole
    if len(rows) < 2:
        return Estimate(p * HUNDRED, None, None, len(rows))
    spread = p * (1 - p)
    variance = _variance([(part - p * w) / whole for part, w in rows])
    # Where the customers do not differ at all their variance says nothing; each is one observation then.
    worth = spread / variance if spread > 0 and variance > spread * _ROUNDING else Decimal(len(rows))
    if most is not None:
        worth = min(worth, Decimal(most))
    low, high = wilson(p, worth * (_Z / t_quantile(len(rows) - 1)) ** 2)
    return Estimate(p * HUNDRED, low * HUNDRED, high * HUNDRED, len(rows))


def wilson(p: Decimal, n: Decimal) -> tuple[Decimal, Decimal]:
    """Return Wilson's score interval of a share `p` (0 to 1) of `n` observations. Source: Wilson, JASA 22 (1927), 209."""
    z2 = _Z * _Z
    middle = p + z2 / (2 * n)
    half = _Z * (p * (1 - p) / n + z2 / (4 * n * n)).sqrt()
    below = 1 + z2 / n
    return min(max((middle - half) / below, ZERO), p), max(min((middle + half) / below, Decimal(1)), p)


def ratio(cases: Iterable[Case], *, less: Decimal = ZERO, times: Decimal = Decimal(1)) -> Estimate | None:
    """Return (sum of parts / sum of wholes - `less`) x `times`, one case a customer, with Student's interval.

    The variance is that of a ratio of sums over clusters: n / (n - 1) x sum of ((part - ratio x whole) / wholes)^2
    (Cochran, Sampling Techniques, 1977, chapter 6). Days late: amount x days over amount.
    """
    rows = list(cases)
    whole = sum((w for _p, w in rows), ZERO)
    if whole <= 0:
        return None
    found = sum((part for part, _w in rows), ZERO) / whole
    value = (found - less) * times
    return _student(value, [times * (part - found * w) / whole for part, w in rows])


def change_of_ratio(cases: Iterable[tuple[Decimal, Decimal, Decimal, Decimal]], *, times: Decimal) -> Estimate | None:
    """Return how much (part / whole) x `times` grew, one case a customer: part and whole before, part and whole after.

    Both ratios are of sums; the interval rests on what each customer adds to the difference, so that before and after of
    the same customer are compared with each other (linearisation: Woodruff, JASA 66 (1971), 411; Student's t).
    """
    rows = list(cases)
    before, after = sum((r[1] for r in rows), ZERO), sum((r[3] for r in rows), ZERO)
    if before <= 0 or after <= 0:
        return None
    was, is_now = sum((r[0] for r in rows), ZERO) / before, sum((r[2] for r in rows), ZERO) / after
    added = [times * ((c - is_now * d) / after - (a - was * b) / before) for a, b, c, d in rows]
    return _student((is_now - was) * times, added)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Return `one` less `other`, of different customers, from their own intervals.

    Newcombe's square-and-add (Statistics in Medicine 17 (1998), 873, method 10), which for symmetric intervals is the
    usual sum of variances (Zou and Donner 2008).
    """
    value, customers = one.value - other.value, min(one.customers, other.customers)
    if one.bounds is None or other.bounds is None:
        return Estimate(value, None, None, customers)
    low = ((one.value - one.bounds[0]) ** 2 + (other.bounds[1] - other.value) ** 2).sqrt()
    high = ((one.bounds[1] - one.value) ** 2 + (other.value - other.bounds[0]) ** 2).sqrt()
    return Estimate(value, value - low, value + high, customers)


def _student(value: Decimal, added: Sequence[Decimal]) -> Estimate:
    if len(added) < 2:
        return Estimate(value, None, None, len(added))
    half = t_quantile(len(added) - 1) * _variance(added).sqrt()
    return Estimate(value, value - half, value + half, len(added))


def _variance(added: Sequence[Decimal]) -> Decimal:
    """Return n / (n - 1) times the sum of squares of what each customer adds; they sum to zero."""
    return Decimal(len(added)) / (len(added) - 1) * sum((one * one for one in added), ZERO)


@lru_cache(maxsize=1024)
def t_quantile(n: int) -> Decimal:
    """Return the 97.5 % quantile of Student's t with `n` degrees of freedom. Source: G. W. Hill, CACM 13 (1970), algorithm 396."""
    p = _TAIL
    if n == 1:
        return Decimal(str(math.cos(p * math.pi / 2) / math.sin(p * math.pi / 2)))
    if n == 2:
        return Decimal(str(math.sqrt(2 / (p * (2 - p)) - 2)))
    a = 1 / (n - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    x = d * p
    y = x ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(p / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return Decimal(str(math.sqrt(n * y)))
