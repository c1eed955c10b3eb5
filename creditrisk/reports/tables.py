"""The editions of a report, with where each went."""

from typing import Any

import django_tables2
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from creditrisk.language import day
from creditrisk.reports import queries
from creditrisk.reports.models import Edition
from creditrisk.tables import AgoColumn, BaseTable, DocumentColumn, TextColumn


class EditionTable(BaseTable):
    """What was made, the newest first."""

    live = True
    caption = _("Editions")
    minor = ("why", "made_at")

    day = DocumentColumn(
        verbose_name=_("As of"), linkify=("report_edition", {"pk": django_tables2.A("pk")}), orderable=False
    )
    why = TextColumn(verbose_name=_("Why"), empty_values=(), orderable=False)
    made_at = AgoColumn(verbose_name=_("Made"), orderable=False)
    deliveries = TextColumn(verbose_name=_("Mailed"), empty_values=(), orderable=False)
    files = TextColumn(verbose_name=_("Files"), empty_values=(), orderable=False)

    class Meta(BaseTable.Meta):
        attrs = {"class": "data editions"}
        empty_text = _("Nothing was made yet.")

    def __init__(self, *args: Any, may_edit: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.may_edit = may_edit

    def render_day(self, value: Any) -> str:
        return day(value)

    def render_why(self, record: Edition) -> Any:
        return render_to_string("reports/_why.html", {"edition": record})

    def render_deliveries(self, record: Edition) -> Any:
        told = [(delivery, queries.told(delivery)) for delivery in record.deliveries.all()]
        return render_to_string(
            "reports/_deliveries.html", {"told": told, "may_edit": self.may_edit}, request=self.request
        )

    def render_files(self, record: Edition) -> Any:
        return render_to_string("reports/_files.html", {"edition": record})
