"""How the races ended, counted while they run; `tests.chaos` tells it at the end of `make chaos`."""

from collections import Counter, defaultdict

ENDS: defaultdict[str, Counter[str]] = defaultdict(Counter)
