"""Versions of the policy, for their file: the page tells what each changed."""

from django.utils.translation import gettext_lazy as _

from creditrisk.tables import AgoColumn, BaseTable, DocumentColumn, PersonColumn, TextColumn


class VersionTable(BaseTable):
    """Versions that were put in force."""

    number = DocumentColumn(verbose_name=_("Version"))
    saved_at = AgoColumn(verbose_name=_("When"))
    saved_by = PersonColumn("saved_by", verbose_name=_("By"))
    note = TextColumn(verbose_name=_("Note"))
