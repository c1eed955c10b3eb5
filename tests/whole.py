"""The table of `make test ARGS=--keep`: how many tests of each part passed, and how long all of them took."""

from collections import Counter
from pathlib import PurePosixPath

import pytest

from bench.results import Bound, Table
from tests.telling import Told

MOST_MINUTES = 25


class Whole(Told):
    """Tells the tests by the part of the product that they are of."""

    def table(self) -> Table:
        """Return what is shown."""
        passed, skipped = Counter(map(_part, self.passed)), Counter(map(_part, self.skipped))
        rows = [(part, passed[part], skipped[part]) for part in sorted({*passed, *skipped})]
        rows.append(("all", passed.total(), skipped.total()))
        bounds = [self.none_failed, Bound("minutes", self.minutes, MOST_MINUTES)]
        return Table("test", "Tests", ("", "passed", "skipped"), rows, bounds)


def _part(node: str) -> str:
    """Return the folder of a test below `tests`, two deep at most; what lies in `tests` itself asks about the whole."""
    folder = PurePosixPath(node.partition("::")[0]).parent.parts[1:3]
    return "/".join(folder) or "the whole product"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Whole())
