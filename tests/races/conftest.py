"""What the races share."""

from collections import Counter

import pytest

from tests.races.ending import ENDS


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Counter[str]:
    """Counts how the repetitions of a race ended."""
    return ENDS[request.node.name]
