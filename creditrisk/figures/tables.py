"""The course of a figure as a table."""

from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, DayColumn, TextColumn


class ValueColumn(TextColumn):
    """A figure as it is written with its unit, right-aligned."""

    cell = "num"


class CourseTable(BaseTable):
    """What was kept of a figure, the newest day first."""

    live = True
    caption = _("Values by day")

    day = DayColumn(verbose_name=_("End of"))
    written = ValueColumn(verbose_name=_("Value"), order_by="value", orderable=False)
    taken_at = AgoColumn(verbose_name=_("Taken"))

    class Meta(BaseTable.Meta):
        empty_text = _("Nothing was kept in these days. Figures are kept every night, for the day that is over.")
