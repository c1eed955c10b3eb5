"""Notices for a file: the page draws them as whoever sends again needs them."""

from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, NumberColumn, TextColumn


class NoticeTable(BaseTable):
    """Every mail and call, with what it tells and what became of it."""

    made_at = AgoColumn(accessor="notice__made_at", verbose_name=_("Made"))
    what = TextColumn(verbose_name=_("What"))
    channel = TextColumn(accessor="notice__get_channel_display", verbose_name=_("Channel"))
    recipient = TextColumn(accessor="notice__recipient", verbose_name=_("To"))
    state = TextColumn(accessor="notice__get_state_display", verbose_name=_("State"))
    attempts = NumberColumn(accessor="notice__attempts", verbose_name=_("Attempts"))
    error = TextColumn(accessor="notice__error", verbose_name=_("Error"))

    class Meta(BaseTable.Meta):
        order_by = ()
