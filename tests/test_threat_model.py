"""The threat model names modules and tests that are there, and every table of it says all that it should."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.house

BASE = Path(__file__).resolve().parent.parent
PAGE = (BASE / "docs/threat-model.md").read_text()
NAMED = re.findall(r"`([\w/]+\.(?:py|sql))(?:::(\w+))?`", PAGE)


def rows(heading: str) -> list[list[str]]:
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")
    ][2:]


def test_every_module_and_every_test_that_is_named_exists() -> None:
    missing = [
        (path, name)
        for path, name in NAMED
        if not (BASE / path).is_file() or (name and f"def {name}(" not in (BASE / path).read_text())
    ]

    assert missing == []
    assert len(NAMED) > 50


def test_every_threat_is_answered_and_shown() -> None:
    table = rows("Threats")

    assert len(table) > 20
    assert [row[0] for row in table if len(row) != 3 or not row[1] or "`tests/" not in row[2]] == []


def test_it_is_one_page_that_the_readme_leads_to() -> None:
    assert len(PAGE.splitlines()) < 90
    assert "(docs/threat-model.md)" in (BASE / "README.md").read_text()
