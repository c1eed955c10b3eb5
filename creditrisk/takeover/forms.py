"""What is asked about an upload: the file and what it is, what its columns mean, how it is carried out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.takeover import kinds
from creditrisk.takeover.models import KeptMapping, Mode, Upload, What
from customers import queries as customer_queries
from customers.forms import CodeField
from ledger.forms import WRITTEN, CurrencyField, FileField
from ledger.imports import guarded, styles
from ledger.imports.styles import Fit


class UploadForm(forms.Form):
    """A file, and what stands in it."""

    what = forms.ChoiceField(label=gettext_lazy("What is in it"), choices=What.choices)
    file = FileField(
        help_text=gettext_lazy("CSV, or the first sheet of an XLSX workbook; the first row names the columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Written in"),
        choices=[(code, gettext_lazy(name)) for code, name in guarded.ENCODINGS.items()],
        initial="utf-8",
    )
    company = CodeField(
        queryset=None, label=gettext_lazy("Company"), required=False,
        help_text=gettext_lazy("Of rows that name none; blank: the customer's."),
    )  # fmt: skip
    currency = CurrencyField(help_text=gettext_lazy("Of rows that name none; blank: the customer's."))

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)
        companies.empty_label = _("the customer's")


class ColumnsForm(forms.Form):
    """Which column is meant by each field, and how its amounts and days are written: asked where two ways fit."""

    def __init__(
        self, *args: Any, upload: Upload, header: Sequence[str], fits: Mapping[str, Fit], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.upload, self.fits = upload, fits
        self.kind = kinds.KINDS[upload.what]
        choices = [("", _("– not in the file –")), *((name, name) for name in header)]
        for known in self.kind.fields:
            self.fields[known.name] = forms.ChoiceField(
                label=known.title, choices=choices, required=known.needed, initial=upload.columns.get(known.name, ""),
                error_messages={"required": _("Say which column this is.")},
            )  # fmt: skip
        for known in self.kind.fields:
            if known.reads in ("amount", "number", "day"):
                self.fields[f"{known.name}_written"] = self._written(known)
        if upload.what == What.DOCUMENTS:
            self.fields["confirms"] = forms.BooleanField(
                label=_("Confirm orders, let deliveries leave, issue and post invoices and credit notes at once"),
                required=False,
                initial=upload.confirms,
            )
        if upload.what == What.PAYMENTS:
            self.fields["oldest_first"] = forms.BooleanField(
                label=_("A payment that names no item settles the oldest"), required=False, initial=upload.oldest_first
            )
        self.fields["keep_as"] = forms.CharField(
            label=_("Keep these columns as"), max_length=60, required=False,
            help_text=_("A name, for the next file of this layout."),
        )  # fmt: skip

    def _written(self, known: kinds.Field) -> forms.ChoiceField:
        group = styles.DAYS if known.reads == "day" else styles.AMOUNTS
        return forms.ChoiceField(
            label=_("%(field)s is written") % {"field": known.title}, required=False,
            choices=[("", _("choose")), *((style, WRITTEN[style]) for style in group)],
            initial=self.upload.styles.get(known.name) or (self.fits[known.name].sure if known.name in self.fits else ""),
        )  # fmt: skip

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField | None]]:
        """Return each field with the question how it is written, where that is one."""
        return [
            (self[f.name], self[f"{f.name}_written"] if f"{f.name}_written" in self.fields else None)
            for f in self.kind.fields
        ]

    def extras(self) -> list[forms.BoundField]:
        """Return the questions beyond the columns."""
        return [self[name] for name in ("confirms", "oldest_first", "keep_as") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        columns = self.columns()
        for name, column in columns.items():
            if twice := [other for other in columns if other != name and columns[other] == column]:
                label = self.kind.by_name[twice[0]].title
                self.add_error(name, _("“%(column)s” is taken for %(label)s too.") % {"column": column, "label": label})
        return typed

    def check_written(self, fits: Mapping[str, Fit]) -> None:
        """Put an error where a column can be read in two ways and nobody said which, or not in the way chosen."""
        for name, fit in fits.items():
            key = f"{name}_written"
            chosen = self.cleaned_data.get(key, "")
            if not fit.styles:
                self.add_error(name, _("“%(cell)s” and the others in this column are nothing of the kind.")
                               % {"cell": fit.example})  # fmt: skip
            elif not chosen and not fit.alike:
                self.add_error(key, _("“%(cell)s” could be read in two ways: say which.") % {"cell": fit.example})
            elif chosen and chosen not in fit.styles:
                self.add_error(key, _("Written so, “%(cell)s” cannot be read.") % {"cell": fit.example})

    def columns(self) -> dict[str, str]:
        """Return the columns that were named, by field."""
        return {f.name: column for f in self.kind.fields if (column := self.cleaned_data.get(f.name))}

    def written(self, fits: Mapping[str, Fit]) -> dict[str, str]:
        """Return how each column is written: as was said, else as was found out."""
        return {name: self.cleaned_data.get(f"{name}_written") or fit.sure for name, fit in fits.items()}


class KeptForm(forms.Form):
    """A mapping that was kept, to be taken for this file."""

    kept: forms.ModelChoiceField = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Take the columns of"))

    def __init__(self, *args: Any, what: str, **options: Any) -> None:
        super().__init__(*args, **options)
        kept: Any = self.fields["kept"]
        kept.queryset = KeptMapping.objects.filter(what=what).order_by("name")


class CarryForm(forms.Form):
    """How an upload is carried out."""

    mode = forms.ChoiceField(label=gettext_lazy("How"), choices=Mode.choices, widget=forms.RadioSelect)
