"""Asks the advisory database whether something is known against what is locked: `make audit`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
LOCKED = ("requirements.lock", "requirements-dev.lock")
SOUND, KNOWN, UNCHECKED = 0, 1, 2
PATIENCE = 600  # Seconds for all of one file.


@dataclass(frozen=True)
class Advisory:
    """Something that is known against a version that is locked."""

    package: str
    version: str
    number: str
    mended: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.number}, mended in {self.mended or 'no version yet'}"


def advisories(report: dict[str, Any]) -> Iterator[Advisory]:
    """Return what a report of pip-audit tells."""
    for package in report["dependencies"]:
        for known in package.get("vulns", ()):
            yield Advisory(package["name"], package["version"], known["id"], ", ".join(known.get("fix_versions", ())))


def audit(*files: str) -> int:
    """This will print what is known against each locked file; returns 0 (nothing), 1 (something) or 2 (nobody could be asked)."""
    worst = SOUND
    for name in files or LOCKED:
        found = _asked(BASE / name)
        if isinstance(found, str):
            print(f"{name} could not be checked: {found}", file=sys.stderr)
            worst = worst or UNCHECKED
            continue
        known = list(advisories(found))
        passed = {p["name"]: p["skip_reason"] for p in found["dependencies"] if "skip_reason" in p}
        print(f"{name}: {len(found['dependencies']) - len(passed)} packages looked up, {len(known)} advisories.")
        for one in known:
            print(f"  {one}")
        if passed:
            first, why = next(iter(passed.items()))
            print(f"{name} could not be checked: {len(passed)} packages, {first} first: {why}", file=sys.stderr)
            worst = worst or UNCHECKED
        worst = KNOWN if known else worst
    return worst


def _asked(file: Path) -> dict[str, Any] | str:
    """Return the report on a locked file, or the sentence why there is none."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE} seconds."
    try:
        report: dict[str, Any] = json.loads(asked.stdout)
    except ValueError:
        said = [line for line in asked.stderr.splitlines() if line.strip()]
        return (said[-1] if said else f"pip-audit ended with {asked.returncode}")[:300]
    return report
