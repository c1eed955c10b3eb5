"""Under which name a view of a list is kept, and for whom."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.lists.models import SavedView
from creditrisk.roles import ROLE_NAMES, roles_of


class ViewForm(forms.Form):
    """A name, whom to share it with, and whether the list opens with it."""

    name = forms.CharField(
        label=gettext_lazy("Name of the view"), max_length=SavedView._meta.get_field("name").max_length
    )
    role = forms.ChoiceField(label=gettext_lazy("Who sees it"), required=False)
    first = forms.BooleanField(label=gettext_lazy("The list opens with it"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        mine = sorted(roles_of(user))
        choices: Any = self.fields["role"]
        choices.choices = [
            ("", _("only I")),
            *((r, _("everybody in the role %(role)s") % {"role": ROLE_NAMES[r]}) for r in mine),
        ]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if "\0" in name:
            raise forms.ValidationError(_("This name has a character that cannot be kept."))
        return name
