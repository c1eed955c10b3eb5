"""How the races ended: counted while they run, told in a table at the end where nothing else runs beside them."""

from collections import Counter, defaultdict
from typing import Any

import pytest

_ENDS: dict[str, Counter[str]] = defaultdict(Counter)


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts how the repetitions of a race ended."""
    name = request.node.name.removeprefix("test_").replace("_", " ")
    return _ENDS[name]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _ENDS:
        return
    terminalreporter.section("how the races ended")
    for race, counted in _ENDS.items():
        terminalreporter.write_line(f"{race}: {counted.total():,}")
        for end, times in counted.most_common():
            terminalreporter.write_line(f"  {times:>6,}  {end}")
