"""The course of a figure as a table."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, DayColumn, TextColumn


class ValueColumn(TextColumn):
    """A figure as it is written with its unit, right-aligned."""

    cell = "num"

    def plainly(self, record: Any) -> Any:
        """Return the value as a file has it, with two decimals."""
        return None if record.value is None else round(record.value, 2)


class CourseTable(BaseTable):
    """What was kept of a figure, the newest day first."""

    live = True
    caption = _("Values by day")

    day = DayColumn(verbose_name=_("End of"))
    written = ValueColumn(verbose_name=_("Value"), order_by="value", orderable=False)
    taken_at = AgoColumn(verbose_name=_("Taken"))

    def __init__(self, rows: Any, *, value: str, **options: Any) -> None:
        super().__init__(rows, **options)
        self.columns["written"].column.verbose_name = value

    class Meta(BaseTable.Meta):
        empty_text = _("Nothing was kept in these days. Figures are kept every night, for the day that is over.")
