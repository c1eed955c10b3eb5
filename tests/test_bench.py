"""The benchmarks run, in small, on the tables as they are today: what they measure is not asked here."""

import pytest
from django.utils import timezone

from bench import policy, rebuild


def hear(_text: str) -> None:
    """Let the benchmark say what it does."""


@pytest.mark.django_db(transaction=True)
def test_the_rebuild_is_measured_over_every_open_row() -> None:
    floor, indexed, rebuilt = rebuild.measure(now=timezone.now(), customers=10, say=hear)

    assert floor.rows == indexed.rows == rebuilt.rows == 10 * rebuild.ROWS
    assert rebuilt.times(floor) > 0


@pytest.mark.django_db
def test_a_decision_is_measured_under_few_rows_and_under_many() -> None:
    found = policy.measure(now=timezone.now(), times=policy.BLOCK, say=hear)

    assert found.timings.keys() == {"few", "many", "every"}
    assert found.reads == 0
