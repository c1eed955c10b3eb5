"""Uploads and their rows as tables."""

from typing import Any

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, DocumentColumn, NumberColumn, TextColumn
from creditrisk.takeover.models import Outcome, Upload, UploadRow, UploadState
from creditrisk.templatetags.credit import icon

_TONES = {
    Outcome.CREATED: ("passed", "plus"),
    Outcome.CHANGED: ("info", "edit"),
    Outcome.ALREADY: ("quiet", "check"),
    Outcome.REFUSED: ("refused", "refused"),
    UploadState.DONE: ("passed", "check"),
    UploadState.CHECKED: ("info", "info"),
    UploadState.FAILED: ("refused", "refused"),
}


def badge(code: str, label: Any) -> SafeString:
    """Return the badge of an outcome or of an upload's state."""
    tone, name = _TONES.get(code, ("quiet", "clock"))  # type: ignore[call-overload]
    return format_html('<span class="badge badge--{}">{}{}</span>', tone, icon(name), capfirst(label))


class UploadTable(BaseTable):
    """Files that were sent in, the newest first."""

    caption = _("Imports")
    hint = _("Send a file in: customers, limits, open items, payments, orders, delivery notes or invoices.")

    name = DocumentColumn(verbose_name=_("File"), linkify=("import", {"pk": django_tables2.A("pk")}))
    what = TextColumn(verbose_name=_("What"))
    state = TextColumn(verbose_name=_("State"))
    created = NumberColumn(accessor="counts__CREATED", orderable=False, verbose_name=_("Created"))
    changed = NumberColumn(accessor="counts__CHANGED", orderable=False, verbose_name=_("Changed"))
    refused = NumberColumn(accessor="counts__REFUSED", orderable=False, verbose_name=_("Refused"))
    uploaded_by = TextColumn(verbose_name=_("By"))
    uploaded_at = AgoColumn(verbose_name=_("Sent in"))

    class Meta(BaseTable.Meta):
        model = Upload
        fields = ("name", "what", "state", "created", "changed", "refused", "uploaded_by", "uploaded_at")
        order_by = ("-uploaded_at",)
        empty_text = _("No file was imported yet.")

    def render_what(self, record: Upload) -> str:
        return capfirst(record.get_what_display())

    def render_state(self, record: Upload) -> SafeString:
        return badge(record.state, record.get_state_display())


class RowTable(BaseTable):
    """What becomes of each row."""

    live = True
    caption = _("Rows of the file")

    number = NumberColumn(verbose_name=_("Row"))
    outcome = TextColumn(verbose_name=_("Outcome"))
    key = TextColumn(verbose_name=_("Key"))
    sentence = TextColumn(accessor="says", order_by="sentence", verbose_name=_("What, or why not"))
    cells = TextColumn(orderable=False, verbose_name=_("As in the file"))

    class Meta(BaseTable.Meta):
        model = UploadRow
        fields = ("number", "outcome", "key", "sentence", "cells")
        order_by = ("number",)
        empty_text = _("No row of this kind.")

    def render_outcome(self, record: UploadRow) -> SafeString:
        return badge(record.outcome, record.get_outcome_display())

    def render_cells(self, value: list[str]) -> str:
        shown = " · ".join(cell for cell in value if cell)
        return f"{shown[:120]}…" if len(shown) > 120 else shown
