"""What the races share."""

import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.races.ending import ENDS
from tests.races.worker import Broker


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts how the repetitions of a race ended."""
    return ENDS[request.node.name]


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker of the test's own, empty."""
    found = Broker()
    found.up()
    yield found
    found.down()
    shutil.rmtree(found.home)
