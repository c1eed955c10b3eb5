"""Of which company, days and grace the history is asked."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from creditrisk.figures.forms import OfCompany
from creditrisk.forms import DayField, in_order
from creditrisk.insight import lengthening

USUAL_GRACE = 7  # what banks and weekends take
GRACE_MOST = 60


class _OfPeriod(OfCompany):
    """A company and a period; what was not typed is the usual, and what cannot be read is said beside it."""

    usual = timedelta(days=364)
    otherwise: Mapping[str, str] = {}

    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)

    def __init__(self, given: Mapping[str, Any], *, user: Any, today: date) -> None:
        typed = {name: value for name, value in given.items() if value}
        until = typed.setdefault("until", today.isoformat())
        with suppress(ValueError, OverflowError):
            typed.setdefault("since", (date.fromisoformat(until) - self.usual).isoformat())
        super().__init__({**self.otherwise, **typed}, user=user, today=today)

    def clean_until(self) -> date | None:
        return self.not_ahead("until")

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        in_order(self, "since", "until")
        return typed

    def period(self) -> tuple[date, date]:
        """Return the first and the last day."""
        until = self.value("until", self.today)
        since = self.value("since", until - self.usual)
        return (since, until) if since <= until else (until - self.usual, until)

    def typed(self, name: str, default: Any) -> Any:
        """Return what was typed under a name, or the usual where nothing was, or nothing that can be read."""
        self.is_valid()
        found = getattr(self, "cleaned_data", {}).get(name)
        return default if found in (None, "") else found


def _grace() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("On time up to days after due"), required=False, min_value=0, max_value=GRACE_MOST,
        widget=forms.NumberInput(attrs={"class": "num"}),
    )  # fmt: skip


class LimitsForm(_OfPeriod):
    """What fell due in a period, by limits."""

    otherwise = {"by": "relative", "grace": str(USUAL_GRACE)}

    by = forms.ChoiceField(
        label=_("Limits"), required=False, choices=[("relative", _("relative to turnover")), ("amount", _("by amount"))]
    )
    grace = _grace()


class TermsForm(_OfPeriod):
    """Changes of terms in a period, with so many days before and after."""

    usual = timedelta(days=729)
    otherwise = {"window": str(lengthening.WINDOWS[1])}

    window = forms.TypedChoiceField(
        label=_("Compared"), required=False, coerce=int, empty_value=None,
        choices=lambda: [(days, gettext("%(days)d days before and after") % {"days": days}) for days in lengthening.WINDOWS],
    )  # fmt: skip


class AlarmsForm(_OfPeriod):
    """Holds opened in a period."""

    otherwise = {"grace": str(USUAL_GRACE)}

    grace = _grace()
