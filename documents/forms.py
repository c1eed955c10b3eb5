"""What may be typed about documents: header, lines, how much of a source goes on."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.forms import STEPS
from creditrisk.forms import AmountField, DayField, Once, SearchField, in_order, whole_cents
from creditrisk.money import HUNDRED, ZERO
from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from customers.models import InvoicingCycle, PaymentTerms, SettlementDiscount
from documents import queries
from documents.models import Document, DocumentType, Kind, type_of
from documents.queries import LineRow
from ledger.forms import CurrencyField


class HeaderForm(Once):
    """The header of a document that stands alone: an order, or a delivery or invoice without one."""

    customer = CustomerField()
    company = CodeField(queryset=None, label=gettext_lazy("Company"), required=False)
    number = forms.CharField(label=gettext_lazy("Number"), max_length=60, required=False)
    currency = CurrencyField()
    bill_to = CustomerField(label=gettext_lazy("Bill to"), required=False)
    type = CodeField(queryset=None, label=gettext_lazy("Type"), required=False)
    terms = CodeField(
        queryset=PaymentTerms.objects.order_by("code"),
        label=gettext_lazy("Payment terms"),
        required=False,
    )
    settlement_discount = CodeField(
        queryset=SettlementDiscount.objects.order_by("code"),
        label=gettext_lazy("Settlement discount"),
        required=False,
    )
    invoicing = forms.ChoiceField(
        label=gettext_lazy("Invoiced"), required=False,
        choices=[("", gettext_lazy("as the customer")), *InvoicingCycle.choices],
    )  # fmt: skip
    ship_date = DayField(label=gettext_lazy("Ship date"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    at = forms.ChoiceField(
        label=gettext_lazy("Checked when"), choices=STEPS, initial="confirmation", required=False
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["customer"].user = self.fields["bill_to"].user = user
        self.fields["bill_to"].known = self.initial.get("bill_to")
        self.fields["company"].queryset = customer_queries.companies(user)
        if kind not in (Kind.ORDER, Kind.DELIVERY):
            del self.fields["invoicing"]
        self.fields["type"].queryset = DocumentType.objects.filter(of=type_of(kind)).order_by("code")
        for name in ("company", "terms", "settlement_discount"):
            self.fields[name].empty_label = _("the customer's")
        self.fields["type"].empty_label = _("standard")
        if kind != Kind.ORDER:
            del self.fields["at"]
        for name in ("customer", "bill_to"):
            self.fields[name].widget.attrs["list"] = "customers"


class AmendForm(HeaderForm):
    """The header of a document that exists: whose it is does not change, and the page's revision comes back.

    Bound to what it was made from, it keeps their currency and bill-to.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, bound_to_sources: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        theirs = ("currency", "bill_to") if bound_to_sources else ()
        for name in ("customer", "company", "number", "invoicing", "at", *theirs):
            self.fields.pop(name, None)


class PeriodForm(forms.Form):
    """From which day to which."""

    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        in_order(self, "since", "until")
        return typed


class DiscountForm(PeriodForm):
    """Of which period, of whom, and which discounts."""

    SHOWN = {
        "lost": lambda row: row.lost > 0, "late": lambda row: row.late > 0, "too_much": lambda row: row.too_much > 0,
        "not_agreed": lambda row: row.not_agreed > 0, "not_taken": lambda row: row.not_taken > 0,
    }  # fmt: skip

    since = DayField(label=gettext_lazy("Paid from"), required=False)
    until = DayField(label=gettext_lazy("Last day"), required=False)
    q = SearchField(label=gettext_lazy("Code or name"), max_length=100)
    show = forms.ChoiceField(
        label=gettext_lazy("Show"), required=False,
        choices=[
            ("", gettext_lazy("all")), ("lost", gettext_lazy("where money was lost")), ("late", gettext_lazy("taken late")),
            ("too_much", gettext_lazy("more than agreed")), ("not_agreed", gettext_lazy("not agreed")),
            ("not_taken", gettext_lazy("not taken")),
        ],
    )  # fmt: skip

    def period(self, usual: Mapping[str, date]) -> dict[str, date]:
        """Return the days that were typed, or the usual ones."""
        typed = self.cleaned_data if self.is_valid() else {}
        return {name: typed.get(name) or day for name, day in usual.items()}

    def narrowed(self, found: Sequence[Any]) -> list[Any]:
        """Return the customers that are asked for."""
        self.is_valid()
        typed = getattr(self, "cleaned_data", {})
        text, fits = (typed.get("q") or "").lower(), self.SHOWN.get(typed.get("show") or "", lambda row: True)
        return [r for r in found if fits(r) and (not text or text in r.code.lower() or text in r.name.lower())]


class LineForm(forms.Form):
    """One line. A line without article and price is left out; `line` is the document's own that it stands for."""

    text = forms.CharField(
        label=gettext_lazy("Article"), max_length=200, required=False, widget=forms.TextInput(attrs={"size": 40})
    )
    quantity = AmountField(
        label=gettext_lazy("Quantity"),
        above=ZERO,
        places=6,
        digits=12,
        shown=0,
        required=False,
    )
    price = AmountField(label=gettext_lazy("Unit price"), places=6, digits=12, required=False)
    discount_percent = AmountField(label=gettext_lazy("Discount %"), maximum=HUNDRED, shown=0, required=False)
    tax_percent = AmountField(label=gettext_lazy("Tax %"), maximum=HUNDRED, shown=0, required=False)
    line = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if not self.errors and self.is_filled and typed.get("price") is None:
            self.add_error("price", _("Type the unit price of this line."))
        return typed

    @property
    def is_filled(self) -> bool:
        """Return whether anything was typed that makes it a line."""
        typed = self.cleaned_data
        return bool(typed.get("text")) or any(typed.get(name) is not None for name in ("quantity", "price"))


class BaseLines(forms.BaseFormSet):
    """The lines of a document; at least one."""

    def clean(self) -> None:
        if not any(self.errors) and not self.filled():
            raise forms.ValidationError(_("A document needs at least one line with a price."), code="empty")

    def filled(self) -> list[dict[str, Any]]:
        """Return what was typed, line by line, without the empty ones."""
        return [
            {
                "text": form.cleaned_data["text"],
                "quantity": _or(form.cleaned_data["quantity"], Decimal(1)),
                "price": form.cleaned_data["price"],
                "discount_percent": _or(form.cleaned_data["discount_percent"], ZERO),
                "tax_percent": _or(form.cleaned_data["tax_percent"], ZERO),
                "line": form.cleaned_data["line"],
            }
            for form in self.forms
            if hasattr(form, "cleaned_data") and form.is_valid() and form.is_filled
        ]


def _or(value: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if value is None else value


LineFormSet = forms.formset_factory(LineForm, formset=BaseLines, extra=0, max_num=200, validate_max=True)


class FollowForm(Once):
    """How much of the sources goes on to the new document: all that is open, a share, an amount, or by line.

    `lines` are the sources' lines with something left for it; each gets a quantity field of its own.
    """

    ALL, SHARE, AMOUNT, LINES = "all", "share", "amount", "lines"

    how = forms.ChoiceField(label=gettext_lazy("How much"), widget=forms.RadioSelect, initial=ALL)
    share = AmountField(
        label=gettext_lazy("Share %"),
        above=ZERO,
        minimum=None,
        maximum=HUNDRED,
        shown=0,
        required=False,
    )
    amount = AmountField(label=gettext_lazy("Amount"), above=ZERO, minimum=None, required=False)
    number = forms.CharField(label=gettext_lazy("Number"), max_length=60, required=False)
    issue = forms.BooleanField(label=gettext_lazy("Issue at once"), required=False, initial=True)
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(
        self,
        *args: Any,
        kind: str,
        lines: list[LineRow],
        currency: str,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.rows, self.currency = lines, currency
        choices = [
            (self.ALL, _("Everything that is open")),
            (self.SHARE, _("A share of it")),
            (self.AMOUNT, _("An amount")),
            (self.LINES, _("Quantities by line")),
        ]
        self.fields["how"].choices = choices
        if kind != Kind.INVOICE:
            del self.fields["issue"]
        for row in lines:
            self.fields[f"quantity_{row.id}"] = AmountField(
                label=row.text or _("line %d") % row.position,
                places=6,
                digits=12,
                shown=0,
                required=False,
            )

    def quantity_fields(self) -> list[tuple[LineRow, forms.BoundField]]:
        """Return each open line with the field for its quantity."""
        return [(row, self[f"quantity_{row.id}"]) for row in self.rows]

    def quantities(self) -> list[tuple[LineRow, Decimal]]:
        """Return the lines that go on, with how many."""
        return [(row, many) for row in self.rows if (many := self.cleaned_data.get(f"quantity_{row.id}"))]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        how = typed.get("how")
        if how == self.ALL and (typed.get("share") or typed.get("amount") or self.quantities()):
            self.add_error("how", _("You typed how much: choose that way of saying it, or clear it."))
        if how == self.SHARE and typed.get("share") is None and "share" not in self.errors:
            self.add_error("share", _("Say which share, for example 40."))
        if how == self.AMOUNT and typed.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Say how much."))
        if how == self.LINES:
            if not self.errors and not self.quantities():
                self.add_error("how", _("Type the quantity of at least one line."))
            for row, many in self.quantities():
                if many > row.open_quantity:
                    self.add_error(
                        f"quantity_{row.id}",
                        _("Only %(open)s are open.") % {"open": row.open_quantity_shown},
                    )
        whole_cents(self, "amount", self.currency)
        return typed


class StepForm(forms.Form):
    """A step of a document: the revision that the page showed comes back with it."""

    revision = forms.IntegerField(min_value=1)


class SourcesForm(forms.Form):
    """Which documents a new one is made from: of the reader's companies, of one customer and one currency."""

    source = forms.ModelMultipleChoiceField(queryset=Document.objects.none())

    def __init__(self, *args: Any, user: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = [Kind.ORDER] if kind == Kind.DELIVERY else [Kind.ORDER, Kind.DELIVERY]
        self.fields["source"].queryset = (
            queries.visible(user).filter(kind__in=kinds).select_related("customer", "company").order_by("pk")
        )

    def clean_source(self) -> list[Document]:
        sources = list(self.cleaned_data["source"])
        if len({(s.customer_id, s.debtor_id, s.company_id, s.currency) for s in sources}) > 1:
            raise forms.ValidationError(
                _("Take documents of one customer, one bill-to, one company and one currency."),
                code="mixed",
            )
        return sources
