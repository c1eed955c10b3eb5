"""The table of `make chaos`: how often each race was run and how it ended, and how many cases of all else passed."""

from collections import Counter

import pytest

from bench.results import Cell, Table
from tests.races.ending import ENDS
from tests.telling import Told, name_of, words


class Chaos(Told):
    """Tells each race and under it how it ended, then the other tests by their number of cases."""

    def table(self) -> Table:
        """Return what is shown."""
        raced = {name_of(name): ends for name, ends in ENDS.items()}
        rows: list[tuple[Cell, ...]] = []
        for name, ends in raced.items():
            rows.append((words(name), ends.total()))
            rows += [(f"· {end}", times) for end, times in ends.most_common()]
        rows += [
            (words(name), cases) for name, cases in Counter(map(name_of, self.passed)).items() if name not in raced
        ]
        rows += [(f"{words(name_of(node))}: {why}", None) for node, why in self.skipped.items()]
        rows.append(("minutes in all", round(self.minutes)))
        return Table("chaos", "Races, kills, bad days and nonsense", ("", "times"), rows, [self.none_failed])


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Chaos())
