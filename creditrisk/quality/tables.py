"""What looks wrong, for its file: the page draws it with what mends it."""

from django.utils.translation import gettext_lazy as _

from creditrisk.quality import wording
from creditrisk.tables import AgoColumn, BaseTable, DocumentColumn, NumberColumn, TextColumn


class FindingTable(BaseTable):
    """Findings of the daily look."""

    what = DocumentColumn(verbose_name=_("Kind"))
    sentence = TextColumn(verbose_name=_("What looks wrong"))
    weight = NumberColumn(verbose_name=_("Weight"))
    customer = TextColumn(accessor="customer__code", verbose_name=_("Customer"))
    other = TextColumn(accessor="other__code", verbose_name=_("Other customer"))
    company = TextColumn(accessor="company__code", verbose_name=_("Company"))
    found_at = AgoColumn(verbose_name=_("Found"))
    aside_at = AgoColumn(verbose_name=_("Set aside"))
    aside_by = TextColumn(accessor="aside_by__username", verbose_name=_("By"))
    aside_reason = TextColumn(verbose_name=_("Why it is right"))

    def render_sentence(self, value: str) -> str:
        return wording.told(value)
