"""What a benchmark or `make chaos` found: told at the terminal, kept as JSON, gathered in RESULTS.md with its machine."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import django
import psycopg
from django.conf import settings

HERE = Path(__file__).resolve().parent
KEPT = HERE / "results"
PAGE = HERE / "RESULTS.md"
# As a reader wants them; what is not named here follows by name.
ORDER = ("gate", "clients", "policy", "tryout", "rebuild", "portfolio", "pages", "load", "chaos", "test")

Cell = str | int | float | None


@dataclass(frozen=True)
class Bound:
    """What a figure may be at most."""

    says: str
    found: float
    most: float

    @property
    def is_kept(self) -> bool:
        return self.found <= self.most

    def __str__(self) -> str:
        return f"{self.says}: {self.found:.2f}, at most {self.most:g}{'' if self.is_kept else ' (MISSED)'}"


@dataclass(frozen=True)
class Table:
    """The figures of one benchmark; numbers of a row are written with two places, whole ones with none."""

    what: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bounds: Sequence[Bound] = ()

    @property
    def misses(self) -> list[Bound]:
        return [bound for bound in self.bounds if not bound.is_kept]

    def plain(self) -> str:
        """Return the table as the terminal shows it."""
        lines = [list(self.columns), *([written(cell) for cell in row] for row in self.rows)]
        wide = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]
        told = ["  ".join([line[0].ljust(wide[0]), *map(str.rjust, line[1:], wide[1:])]).rstrip() for line in lines]
        return "\n".join([self.title, *told, *map(str, self.bounds)])

    def keep(self, *, today: date, by: str) -> None:
        """This will write the figures, by which command and where they were taken beside the others, and the page of all anew."""
        KEPT.mkdir(exist_ok=True)
        taken = {**asdict(self), "by": by, "taken": today.isoformat(), "machine": machine(), "versions": versions()}
        (KEPT / f"{self.what}.json").write_text(json.dumps(taken, indent=1) + "\n")
        PAGE.write_text(page(kept()))


def written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.2f}"


def kept() -> list[dict[str, Any]]:
    """Return what is kept of every benchmark, in the order of the page."""
    found = [json.loads(path.read_text()) for path in sorted(KEPT.glob("*.json"))]

    def place(one: dict[str, Any]) -> tuple[int, int, str]:
        name, _, size = one["what"].partition("-")
        return ORDER.index(name) if name in ORDER else len(ORDER), int(size or 0), name

    return sorted(found, key=place)


def page(found: Iterable[dict[str, Any]]) -> str:
    """Return the page of all results."""
    lines = [
        "# Results of benchmarks, chaos and tests",
        "",
        "Each figure of a benchmark is a ratio or a rate of one run, beside a floor of the same run. This page and the JSON beside it (`results/`)",
        "are written by the commands named under each table.",
    ]
    for one in found:
        lines += ["", f"## {one['title']}", ""]
        lines.append("| " + " | ".join(one["columns"]) + " |")
        lines.append("| --- |" + " ---: |" * (len(one["columns"]) - 1))
        lines += ["| " + " | ".join(written(cell) for cell in row) + " |" for row in one["rows"]]
        lines.append("")
        lines += [f"- {Bound(**bound)}" for bound in one["bounds"]]
        told = ", ".join(f"{name} {value}" for name, value in {**one["machine"], **one["versions"]}.items())
        lines.append(f"- Taken {one['taken']} by `{one['by']}`: {told}.")
    return "\n".join(lines) + "\n"


def machine() -> dict[str, str]:
    """Return what the figures depend on: processor, cores, memory, and how busy they were when the figures were there."""
    info = Path("/proc/cpuinfo")
    named = (
        line.partition(":")[2].strip()
        for line in (info.read_text() if info.exists() else "").splitlines()
        if line.startswith("model name")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": next(named, platform.machine()),
        "cores": str(os.cpu_count()),
        "GB of memory": f"{memory:.0f}",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> dict[str, str]:
    """Return the versions of what was measured."""
    with psycopg.connect(settings.DATABASE_URL) as connection:
        server = connection.info.parameter_status("server_version") or ""
    return {
        "Python": platform.python_version(), "Django": django.__version__, "psycopg": psycopg.__version__, "PostgreSQL": server,
    }  # fmt: skip
