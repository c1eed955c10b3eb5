"""Fields that every form shares: amounts as people type them, days, and the token that makes a form count once."""

import re
import uuid
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk import language, money
from creditrisk.refusal import Refused

# What Django says in English alone: our catalogue has it.
_SAID_BY_DJANGO = (language.marked("- Select an option -"),)

_SPACES = str.maketrans("", "", " \u00a0\u202f'’_")
_PLAIN = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_CONTINENTAL = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d*|[+-]?\d+,\d*|[+-]?\d{1,3}(\.\d{3}){2,}")
_SWAPPED = str.maketrans(",.", ".,")


def parsed(text: str) -> Decimal:
    """Return the amount that a person typed: 1234.50, 1,234.50 or 1 234.50; where decimals follow a comma 1234,50 or 1.234,50.

    There 1234.50 is taken too: a point before other than three digits groups nothing. Raises ValidationError with a
    sentence that shows how to write it.
    """
    bare = text.translate(_SPACES).replace("−", "-")
    comma = language.marks()[0] == ","
    usual = bare.translate(_SWAPPED) if comma else bare
    if _PLAIN.fullmatch(usual) or _GROUPED.fullmatch(usual):
        return Decimal(usual.replace(",", ""))
    if comma and _PLAIN.fullmatch(bare):
        return Decimal(bare)
    example = language.number(Decimal("1234.50"), 2)
    if _CONTINENTAL.fullmatch(usual):
        raise forms.ValidationError(
            _("“%(typed)s” could be read in two ways. Write it like %(example)s.")
            % {"typed": text, "example": example},
            code="ambiguous",
        )
    raise forms.ValidationError(
        _("“%(typed)s” is not a number. Write it like %(example)s.") % {"typed": text, "example": example},
        code="invalid",
    )


def plain(value: Decimal, places: int = 2) -> str:
    """Return `value` as it can be typed again: at least `places` decimals, no superfluous zeros after them."""
    text = f"{value:f}"
    whole, _point, decimals = text.partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}{language.marks()[0]}{decimals}" if decimals else whole


class AmountField(forms.CharField):
    """An amount, quantity or percentage; cleans to a Decimal, or None when left blank.

    `places` decimals are taken at most, `shown` are drawn at least. `minimum` and `maximum` bound it; with `above` it
    must lie above that.
    """

    def __init__(
        self,
        *,
        minimum: Decimal | None = Decimal(0),
        maximum: Decimal | None = None,
        above: Decimal | None = None,
        places: int = 4,
        shown: int = 2,
        digits: int = 14,
        **options: Any,
    ) -> None:
        self.minimum, self.maximum, self.above = minimum, maximum, above
        self.places, self.shown, self.digits = places, shown, digits
        options.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num", "size": 9}),
        )
        super().__init__(max_length=60, **options)

    def prepare_value(self, value: Any) -> Any:
        return plain(value, self.shown) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip()
        return parsed(text) if text else None

    def validate(self, value: Any) -> None:
        if value is None:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return
        if value.adjusted() >= self.digits:
            raise forms.ValidationError(
                _("That is too much: at most %(digits)d digits before the point.") % {"digits": self.digits},
                code="absurd",
            )
        if -value.normalize().as_tuple().exponent > self.places:
            raise forms.ValidationError(
                _("At most %(places)d decimals.") % {"places": self.places},
                code="decimals",
            )
        if self.above is not None and value <= self.above:
            raise forms.ValidationError(
                _("It must be more than %(above)s.") % {"above": self.above},
                code="minimum",
            )
        if self.minimum is not None and value < self.minimum:
            raise forms.ValidationError(
                _("It cannot be negative.") if not self.minimum else _("At least %(least)s.") % {"least": self.minimum},
                code="minimum",
            )
        if self.maximum is not None and value > self.maximum:
            raise forms.ValidationError(_("At most %(most)s.") % {"most": self.maximum}, code="maximum")

    def run_validators(self, value: Any) -> None:
        """Lengths are checked on the text; a Decimal has none."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (data or "").strip() != (self.prepare_value(initial) or "")


class SearchField(forms.CharField):
    """Words to look for; none is everything."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
        super().__init__(required=False, widget=widget, **options)


class DayField(forms.DateField):
    """A day; browsers offer a calendar, and 2026-03-31 can always be typed."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        options.setdefault("input_formats", ["%Y-%m-%d"])
        options.setdefault(
            "error_messages",
            {"invalid": gettext_lazy("That is not a day. Write it like 2026-03-31.")},
        )
        super().__init__(**options)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not 1990 <= value.year <= 2100:
            raise forms.ValidationError(_("The year must lie between 1990 and 2100."), code="absurd")


class DayFilter(django_filters.DateFilter):
    """A list narrowed by a day."""

    field_class = DayField


class Once(forms.Form):
    """A form that counts once: its token becomes the key of what it makes, which the database takes a single time."""

    token = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": gettext_lazy("This form is not complete; send it again.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial"] = {
            "token": uuid.uuid4().hex,
            **(options.get("initial") or {}),
        }
        super().__init__(*args, **options)

    @property
    def key(self) -> str:
        """Return the source key that this form's result carries."""
        return f"form:{self.cleaned_data['token'].hex}"


def whole_cents(form: forms.Form, field: str, currency: str) -> None:
    """Put an error at `field` where its amount has more decimals than `currency`."""
    amount = form.cleaned_data.get(field)
    if amount is not None and currency and amount != money.rounded(amount, currency):
        form.add_error(
            field,
            _("%(currency)s has %(places)d decimals.") % {"currency": currency, "places": money.decimals(currency)},
        )


def in_order(form: forms.Form, first: str, last: str) -> None:
    """Put an error at the field `last` where its day lies before that of `first`."""
    begins, ends = form.cleaned_data.get(first), form.cleaned_data.get(last)
    if begins and ends and ends < begins:
        form.add_error(last, _("The last day lies before the first."))


def refuse(form: forms.Form, error: Exception, *, default: str | None = None) -> None:
    """Put what a service refused at the field that it names, else at `default`, else above the form."""
    field = error.field if isinstance(error, Refused) else None
    for name in (field, default):
        if name in form.fields:
            form.add_error(name, str(error))
            return
    form.add_error(None, str(error))
