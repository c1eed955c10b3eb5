"""Messages as a table."""

import django_tables2
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, DocumentColumn, NumberColumn, TextColumn
from creditrisk.templatetags.credit import icon
from documents.intake.models import Message, MessageState

_TONES = {MessageState.DONE: ("passed", "check"), MessageState.DEAD: ("refused", "refused")}


class MessageTable(BaseTable):
    """Messages, the newest first."""

    live = True
    caption = _("Messages")
    hint = _("Send in an order, an invoice or a credit note as XML.")

    name = DocumentColumn(verbose_name=_("File"), linkify=("message", {"pk": django_tables2.A("pk")}))
    format = TextColumn(verbose_name=_("Format"))
    state = TextColumn(verbose_name=_("State"))
    error = TextColumn(accessor="says", order_by="error", verbose_name=_("Why not"))
    tries = NumberColumn(verbose_name=_("Tries"))
    received_at = AgoColumn(verbose_name=_("Received"))

    class Meta(BaseTable.Meta):
        model = Message
        fields = ("name", "format", "state", "error", "tries", "received_at")
        order_by = ("-received_at",)
        empty_text = _("No message here.")

    def render_format(self, record: Message) -> str:
        return record.format_shown

    def render_state(self, record: Message) -> SafeString:
        tone, name = _TONES.get(MessageState(record.state), ("quiet", "ban"))
        return format_html(
            '<span class="badge badge--{}">{}{}</span>', tone, icon(name), capfirst(record.get_state_display())
        )
