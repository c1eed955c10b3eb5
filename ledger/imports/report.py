"""What an import found: rows taken, rows there already, rows refused and why. For the terminal and as a CSV file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from creditrisk import export
from ledger.imports import guarded


@dataclass(frozen=True)
class Remark:
    """One row of the file that was not simply taken. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    code: str
    sentence: str
    key: str = ""
    file: str = ""


@dataclass
class Report:
    """The account of one import."""

    source: str
    rows: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    already: Counter[str] = field(default_factory=Counter)
    refused: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, row: int, code: str, sentence: str, *, key: str = "", file: str = "") -> None:
        """This will keep a row that is not imported, with the reason in a sentence."""
        self.refused.append(Remark(row, code, sentence, key, file))

    def lines(self, *, shown: int = 20) -> Iterator[str]:
        """Return the report as lines for a terminal; of the refused rows the first `shown`."""
        yield f"{self.source}: {self.rows:,} rows read."
        for title, counter in (("taken over", self.taken), ("there already", self.already)):
            if told := ", ".join(f"{n:,} {what}" for what, n in counter.items() if n):
                yield f"  {title}: {told}"
        yield from (f"  {note}" for note in self.notes)
        if not self.refused:
            yield "  refused: nothing."
            return
        kinds = Counter(remark.code.replace("_", " ") for remark in self.refused)
        yield (
            f"  refused: {len(self.refused):,} rows (" + ", ".join(f"{n:,} {kind}" for kind, n in kinds.items()) + ")"
        )
        for remark in self.refused[:shown]:
            yield f"    {remark.file}row {remark.row}: {remark.sentence}"
        if len(self.refused) > shown:
            yield f"    … and {len(self.refused) - shown:,} more; --report FILE writes them all."

    def write_csv(self, path: Path) -> None:
        """This will write every refused row to a CSV file."""
        with path.open("w", newline="", encoding="utf-8") as target:
            target.write(export.line(["file", "row", "reason", "key", "sentence"]))
            for r in self.refused:
                cells = (r.file.strip(), r.row, r.code, r.key, r.sentence)
                target.write(export.line(map(guarded.harmless, cells)))
