"""Which proposals of delays are shown."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from creditrisk.forms import SearchField
from ledger.delays import Proposal

LEAST = 3


class DelayForm(forms.Form):
    """Of whom, which, and from how many paid debts on history says anything."""

    q = SearchField(label=_("Code or name"), max_length=100)
    show = forms.ChoiceField(
        label=_("Show"), required=False,
        choices=[
            ("", _("all")), ("differ", _("what would change")), ("later", _("who pays later than kept")),
            ("sooner", _("who pays sooner than kept")), ("none", _("where none is kept")),
        ],
    )  # fmt: skip
    least = forms.IntegerField(
        label=_("Paid debts, at least"), required=False, min_value=1, max_value=1000,
        widget=forms.NumberInput(attrs={"placeholder": LEAST}),
    )  # fmt: skip

    def _said(self, name: str) -> str:
        self.is_valid()
        return str(getattr(self, "cleaned_data", {}).get(name) or "")

    @property
    def at_least(self) -> int:
        return int(self._said("least") or LEAST)

    def narrowed(self, found: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals that are asked for."""
        text, show = self._said("q").lower(), self._said("show")
        fits = {
            "differ": lambda p: p.differs, "later": lambda p: (p.change or 0) > 0, "sooner": lambda p: (p.change or 0) < 0,
            "none": lambda p: p.kept is None,
        }.get(show, lambda p: True)  # fmt: skip
        return [p for p in found if fits(p) and (not text or text in p.code.lower() or text in p.name.lower())]
