"""Every story under tests/scenarios is a test; those not passing yet are listed with their reason."""

from pathlib import Path

import pytest

from creditrisk.scenarios import format, player

HERE = Path(__file__).resolve().parent
STORIES = [format.read(path) for path in format.files([HERE / "scenarios"])]
SCENARIOS = [scenario for story in STORIES for scenario in story.scenarios]

# What is known not to pass yet, with the reason. A story that passes must leave this list.
NOT_YET: dict[str, str] = {}


def test_every_file_tells_scenarios():
    assert [str(mistake) for story in STORIES for mistake in story.mistakes] == []
    assert NOT_YET.keys() <= {scenario.id for scenario in SCENARIOS}


@pytest.mark.django_db
@pytest.mark.one_transaction
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{Path(s.file).stem}:{s.id}")
def test_the_product_does_what_the_story_says_and_no_cent_drifts(scenario):
    report = player.play(scenario, audit=True)

    if scenario.id in NOT_YET:
        assert not report.passed, f"{scenario.id} passes now: take it off the list"
    else:
        assert report.failures == ()
