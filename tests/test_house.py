"""What the house asks of its code: the checks of the tools, and those that no tool knows."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import embedded

pytestmark = pytest.mark.house

BASE = Path(__file__).resolve().parent.parent
PACKAGES = ("approvals", "creditrisk", "customers", "documents", "ledger", "tests", "tools")
MODULES = sorted(path for package in PACKAGES for path in (BASE / package).rglob("*.py"))
LINES_MAX, SETTINGS_LINES_MAX = 400, 150
NO_ROOM = {"utils", "helpers", "common", "core", "signals", "managers", "selectors", "constants", "misc", "base"}
RULES = sorted(path.stem for path in (BASE / "creditrisk/rules").glob("*.py") if path.stem != "__init__")
LAUNCH = {
    "ruff": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "the stairs": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "django": ["manage.py", "check", "--fail-level", "WARNING"],
}


def place(path: Path) -> str:
    return str(path.relative_to(BASE))


@pytest.mark.parametrize("tool", LAUNCH)
def test_the_tools_have_nothing_to_say(tool: str) -> None:
    ours = {**os.environ, "DJANGO_SETTINGS_MODULE": "creditrisk.settings"}

    found = subprocess.run([sys.executable, *LAUNCH[tool]], cwd=BASE, env=ours, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout + found.stderr


def test_no_module_is_longer_than_one_can_hold_in_mind() -> None:
    long = {place(path): len(path.read_text().splitlines()) for path in MODULES if "migrations" not in path.parts}

    assert {name for name, lines in long.items() if lines > LINES_MAX} == set()
    assert long["creditrisk/settings.py"] < SETTINGS_LINES_MAX


def test_every_module_has_a_room_with_a_name_on_the_door() -> None:
    nameless = [place(path) for path in MODULES if NO_ROOM & {path.stem, *path.relative_to(BASE).parts}]

    assert nameless == []


def test_every_module_says_what_it_is_for() -> None:
    product = [path for path in MODULES if "migrations" not in path.parts and path.stem not in {"__init__", "apps"}]
    silent = [place(path) for path in product if path.parts[len(BASE.parts)] != "tests" and '"""' not in first(path)]

    assert silent == []


def first(path: Path) -> str:
    lines = path.read_text().splitlines()
    return next((line for line in lines if line and not line.startswith("#")), '"""')


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test(rule: str) -> None:
    tests = [path.read_text() for path in (BASE / "tests/creditrisk/rules").glob("test_*.py")]

    assert any(re.search(rf"\b{rule}\b", text) for text in tests)


def test_models_keep_to_fields_and_constraints() -> None:
    banned = re.compile(r"^\s+(ordering = |def save\(|def delete\()|GenericForeignKey", re.MULTILINE)
    found = [
        place(path) for path in MODULES if "models" in (path.stem, path.parent.name) and banned.search(path.read_text())
    ]

    assert found == []


def test_migrations_are_named_by_hand() -> None:
    named_by_machine = [place(path) for path in MODULES if re.match(r"\d{4}_(auto_|alter_|add_field)", path.name)]

    assert named_by_machine == []


def test_what_is_locked_has_hashes_and_names_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (BASE / name).read_text()

        assert "://" not in text
        assert "index-url" not in text
        packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
        named = [one for one in packages if one.strip() and not one.startswith("#")]
        assert [one for one in named if not re.match(r"\S+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", one)] == []
        assert len(named) > 20


def test_what_runs_in_production_is_the_same_in_the_tests() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (BASE / name).read_text(), re.MULTILINE))

    assert pinned("requirements.lock") <= pinned("requirements-dev.lock")


def test_the_role_is_named_alike_everywhere() -> None:
    from django.conf import settings

    from creditrisk import append_only

    assert {settings.DATABASE_APP_ROLE, append_only.APP_ROLE, embedded.APP} == {"creditrisk_app"}


def test_what_the_environment_may_say_is_in_the_example() -> None:
    code = "".join((BASE / f"creditrisk/{name}.py").read_text() for name in ("settings", "environment"))
    read = set(re.findall(r"\b(?:text|yes|number)\(\"([A-Z_]+)\"", code))
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", (BASE / ".env.example").read_text(), re.MULTILINE))

    assert read - shown == set()


def test_pythons_are_named_alike_everywhere() -> None:
    project = tomllib.loads((BASE / "pyproject.toml").read_text())

    assert project["project"]["requires-python"] == ">=3.12,<3.15"
    assert project["tool"]["ruff"]["target-version"] == "py312"
    assert (BASE / ".python-version").read_text().strip() in {"3.12", "3.13", "3.14"}
