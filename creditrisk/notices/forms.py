"""What may be typed: how somebody wants to hear of each kind of alert; which notices an administrator looks at."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.alert_kinds import Way
from creditrisk.notices.choices import Chosen
from creditrisk.notices.models import Channel, NoticeState, Reader

HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]


class MineForm(forms.Form):
    """A choice for each kind of alert, and the hour of the digest."""

    digest_hour = forms.TypedChoiceField(label=_("The digest comes at"), choices=HOURS, coerce=int)

    def __init__(self, data: Any = None, *, chosen: list[Chosen], reader: Reader) -> None:
        super().__init__(data, initial={"digest_hour": reader.digest_hour})
        self.chosen = chosen
        for one in chosen:
            self.fields[one.kind.code] = forms.ChoiceField(
                label=one.kind.title,  # type: ignore[arg-type]
                choices=Way.choices,
                initial=one.way,
            )

    @property
    def rows(self) -> list[tuple[Chosen, forms.BoundField]]:
        """Return each kind with its field."""
        return [(one, self[one.kind.code]) for one in self.chosen]

    @property
    def wanted(self) -> Mapping[str, Way]:
        """Return what was chosen, by kind."""
        return {one.kind.code: Way(self.cleaned_data[one.kind.code]) for one in self.chosen}


class NoticeFilter(forms.Form):
    """Which notices the list shows."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *NoticeState.choices])
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", _("all")), *Channel.choices])

    def asked(self) -> dict[str, str]:
        """Return what narrows the list; what makes no sense narrows nothing."""
        self.is_valid()
        return {name: value for name in ("state", "channel") if (value := self.cleaned_data.get(name))}


class DecideForm(forms.Form):
    """What is to become of the notices that were ticked."""

    what = forms.ChoiceField(choices=[("again", _("Send again")), ("drop", _("Drop"))])
    ids = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["ids"]
        field.valid_value = str.isdecimal
