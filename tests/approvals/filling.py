"""Reading a file of limits into lines, as the clerk would."""

from approvals import journal_filling, journals
from approvals.journal_filling import Days
from approvals.journals import NewLine
from tests.cast import NOW, Cast


def of_file(cast: Cast, content: bytes, name: str = "limits.csv", **written: str) -> tuple[NewLine, ...]:
    return journal_filling.of_file(
        journals.prepare("from a file", company=None, by=cast.carla, now=NOW),
        content,
        name,
        Days(),
        encoding="utf-8",
        written=written,
        user=cast.carla.user,
    )
