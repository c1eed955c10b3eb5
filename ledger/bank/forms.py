"""What is asked about the bank: statements, how an entry is settled, accounts and debtors of RiBa, the bank's answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from ledger.bank.models import CollectingAccount, DrawnOn
from ledger.forms import FileField, SettlesItems
from ledger.models import Presentation
from ledger.statement import ItemRow


class StatementForm(forms.Form):
    """A statement of the bank."""

    file = FileField(
        help_text=gettext_lazy("camt.053 or camt.054 (XML)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml"}),
    )
    company = CodeField(
        queryset=None, label=gettext_lazy("Company"), required=False,
        help_text=gettext_lazy("Whose account it is; asked the first time only."),
    )  # fmt: skip
    book_sure = forms.BooleanField(label=gettext_lazy("Book the sure matches at once"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)
        companies.empty_label = _("as the account is known")


class SettleForm(SettlesItems):
    """Whose money an entry is, and what it settles."""

    customer = CustomerField()

    def __init__(self, *args: Any, user: Any, rows: list[ItemRow], currency: str, amount: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency, self.amount = currency, amount
        self.fields["customer"].user = user
        self.fields["customer"].widget.attrs["list"] = "customers"
        self.add_amounts(rows)
        for row in rows:
            self.fields[f"item_{row.id}"].widget.attrs["size"] = 12

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        self.check_parts(self.currency, self.amount)
        return typed


class LeaveForm(forms.Form):
    """Why an entry is left alone."""

    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=200,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("charges, own transfer, …")}),
    )  # fmt: skip


class AccountForm(forms.ModelForm):
    """An account at which RiBa are presented."""

    class Meta:
        model = CollectingAccount
        labels = {"company": gettext_lazy("Company")}
        fields = ("company", "bank", "sia", "abi", "cab", "account", "name", "address", "town", "tax_code")

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["company"].queryset = customer_queries.companies(user)


class DrawnOnForm(forms.ModelForm):
    """Where a customer pays RiBa."""

    class Meta:
        model = DrawnOn
        fields = ("abi", "cab", "bank", "tax_code", "address", "postcode", "town", "province")


class FlowForm(forms.Form):
    """At which account a list is presented."""

    account = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Account"))

    def __init__(self, *args: Any, presentation: Presentation, **options: Any) -> None:
        super().__init__(*args, **options)
        accounts: Any = self.fields["account"]
        accounts.queryset = CollectingAccount.objects.filter(company_id=presentation.company_id).order_by("pk")


class AnswerForm(forms.Form):
    """The bank's answer to a list."""

    file = FileField(help_text=gettext_lazy("The CBI flow as it came, lines of 120 signs."))


class OutcomesForm(forms.Form):
    """What became of each receipt: found out where the bank's code says so, else said here, for a code or for one.

    `codes` are the bank's codes that are not known here, each with the effects (by id) that came back with it.
    """

    posted = forms.BooleanField(
        label=gettext_lazy("Put unpaid ones back into the ledger"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, proposed: dict[int, str], codes: dict[str, list[int]] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        choices = [("", _("nothing")), ("paid", _("paid")), ("unpaid", _("unpaid"))]
        self.ids, self.codes = list(proposed), codes or {}
        for pk, proposal in proposed.items():
            self.fields[f"effect_{pk}"] = forms.ChoiceField(
                label=_("Outcome"), choices=choices, required=False, initial=proposal
            )
        for code in self.codes:
            self.fields[f"code_{code}"] = forms.ChoiceField(
                label=_("All with code %(code)s were") % {"code": code}, required=False,
                choices=[("", _("as said for each")), *choices[1:]],
            )  # fmt: skip

    def meanings(self) -> list[forms.BoundField]:
        """Return the questions about the bank's codes."""
        return [self[f"code_{code}"] for code in self.codes]

    def outcomes(self) -> dict[int, str]:
        """Return what was chosen, by effect: for itself, else for its code."""
        typed = self.cleaned_data
        of_code = {pk: typed.get(f"code_{code}", "") for code, ids in self.codes.items() for pk in ids}
        return {pk: said for pk in self.ids if (said := typed.get(f"effect_{pk}") or of_code.get(pk, ""))}
