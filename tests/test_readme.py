"""The README tells all there is, and nothing that there is not."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from creditrisk.facts import BUCKETS
from creditrisk.roles import ROLES
from creditrisk.templatetags.words import BUCKET_LABELS
from tools import run

pytestmark = pytest.mark.house

BASE = Path(__file__).resolve().parent.parent
README = (BASE / "README.md").read_text()
CODE = re.findall(r"`([^`\n]+)`", README)
NOT_OURS = {"__pycache__", "var"}


def stems(folder: str) -> list[str]:
    return sorted(path.stem for path in (BASE / folder).glob("*.py") if path.stem != "__init__")


def named(pattern: str) -> set[str]:
    """Return what the README's code names by a pattern with one group."""
    return {found for code in CODE for found in re.findall(pattern, code)}


@pytest.mark.parametrize("rule", stems("creditrisk/rules"))
def test_every_rule_of_the_book_is_told(rule: str) -> None:
    assert rule in CODE


def test_every_setting_of_the_environment_is_told() -> None:
    settings = "".join((BASE / f"creditrisk/{name}.py").read_text() for name in ("settings", "environment"))

    assert set(re.findall(r"\b(?:text|yes|number)\(\"([A-Z_]+)\"", settings)) - named(r"^([A-Z_]+)\b") == set()


def test_every_management_command_is_told_and_every_command_told_exists() -> None:
    told = named(r"manage\.py ([a-z_]+)")

    assert set(stems("creditrisk/management/commands")) - told == set()
    assert told - set(get_commands()) == set()


def test_every_make_target_is_told_and_every_target_told_exists() -> None:
    targets = set(re.search(r"^\.PHONY: (.+)$", (BASE / "Makefile").read_text(), re.MULTILINE)[1].split())
    told = named(r"\bmake ([a-z]+)") | set(re.findall(r"^    make ([a-z]+)", README, re.MULTILINE))

    assert told == targets == set(run.COMMANDS)


def test_every_room_is_on_the_map() -> None:
    rooms = {path.name for path in BASE.iterdir() if path.is_dir() and not path.name.startswith(".")} - NOT_OURS
    plan = README.partition("## The house")[2].split("```")[1]

    assert set(re.findall(r"^([a-z]+)/ ", plan, re.MULTILINE)) == rooms


def test_every_bucket_and_every_role_is_told() -> None:
    table = README.partition("## The formula")[2].partition("Shown beside")[0]
    roles = README.partition("## Roles")[2].partition("##")[0]

    assert re.findall(r"^\| ([a-z, ]+) \|", table, re.MULTILINE)[1:] == [str(BUCKET_LABELS[b]).lower() for b in BUCKETS]
    assert [role for role in ROLES if role.replace("_", " ") not in roles] == []


def test_what_the_readme_points_at_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    paths = [code for code in CODE if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(toml|yml|md|lock)", code)]

    assert len(links) >= 4
    assert len(paths) >= 5
    assert [path for path in links + paths if not (BASE / path).exists() and path != "var/"] == []


def test_pictures_say_what_they_show_and_are_small() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)

    assert {path for _words, path in pictures} == {f"docs/{path.name}" for path in (BASE / "docs").glob("*.png")}
    assert all(len(words) > 10 for words, _path in pictures)
    assert all((BASE / path).stat().st_size < 250_000 for _words, path in pictures)
