"""What may be typed about effects: which are issued or presented, how they came back, what replaces them."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creditrisk.forms import AmountField, DayField, whole_cents
from creditrisk.money import ZERO
from ledger import portfolio
from ledger.effects import Return
from ledger.models import BankAccount, EffectKind, PresentationMode
from ledger.portfolio import Proposal


class AccountField(forms.ModelChoiceField):
    """One of our accounts with banks."""

    def label_from_instance(self, row: Any) -> str:
        return f"{row.company.code} · {row.name} ({row.currency})"


class PresentForm(forms.Form):
    """Which effects are handed to which bank, and how. Where no account is kept the bank's name is typed."""

    effect = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Effects"),
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose at least one effect of the portfolio."),
            "invalid_choice": gettext_lazy(
                "Some of the effects ticked cannot be presented any more: look at the list as it stands now."
            ),
        },
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Way"),
        choices=PresentationMode.choices,
        initial=PresentationMode.SBF,
    )
    account = AccountField(
        queryset=None,
        label=gettext_lazy("Bank account"),
        empty_label=gettext_lazy("choose"),
        error_messages={"required": gettext_lazy("Choose the account that the list goes to.")},
    )
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=80, required=False)

    def __init__(self, *args: Any, user: Any, portfolio_ids: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["effect"].choices = [(pk, pk) for pk in portfolio_ids]
        accounts = portfolio.visible_accounts(user).filter(active=True)
        self.fields["account"].queryset = accounts
        self.knows_accounts = accounts.exists()
        self.fields["account"].required = self.knows_accounts
        del self.fields["bank" if self.knows_accounts else "account"]

    @property
    def place(self) -> dict[str, Any]:
        """Return where the list goes."""
        account: BankAccount | None = self.cleaned_data.get("account")
        return {"account": account, "bank": self.cleaned_data.get("bank", "")}


class ReturnForm(forms.Form):
    """How an effect came back: why, at what cost, who pays that, and whether the debt is posted back at once."""

    reason = forms.CharField(label=gettext_lazy("Bank's reason"), max_length=200, required=False)
    cost = AmountField(label=gettext_lazy("Bank's cost"), required=False)
    charged = forms.BooleanField(label=gettext_lazy("The customer pays the cost"), required=False)
    posted = forms.BooleanField(label=gettext_lazy("Post the debt back to the ledger now"), required=False)

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        whole_cents(self, "cost", self.currency)
        if typed.get("charged") and not typed.get("cost") and "cost" not in self.errors:
            self.add_error("cost", _("Type the cost that the customer pays."))
        return typed

    @property
    def how(self) -> Return:
        """Return what was typed as the ledger keeps it."""
        typed = self.cleaned_data
        return Return(typed["reason"], typed["cost"] or Decimal(0), typed["charged"])


class OutcomeForm(ReturnForm):
    """What became of the effects of a list that are ticked: all paid, all back unpaid at this cost each, or withdrawn."""

    PAID, UNPAID, WITHDRAWN = "paid", "unpaid", "withdrawn"

    effect = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Effects"), coerce=int,
        error_messages={"required": gettext_lazy("Tick the effects that you mean.")},
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label=gettext_lazy("They were"),
        widget=forms.RadioSelect,
        choices=[
            (PAID, gettext_lazy("paid")),
            (UNPAID, gettext_lazy("returned unpaid")),
            (WITHDRAWN, gettext_lazy("withdrawn from the list before they fell due")),
        ],
        initial=PAID,
    )

    def __init__(self, *args: Any, ids: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["effect"].choices = [(pk, pk) for pk in ids]
        self.order_fields(["outcome", "reason", "cost", "charged", "posted", "effect"])

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        returned = typed.get("cost") or typed.get("charged") or typed.get("posted")
        if typed.get("outcome") == self.PAID and returned:
            self.add_error("outcome", _("What is paid has no cost and is not posted back."))
        if typed.get("outcome") == self.WITHDRAWN:
            if returned:
                self.add_error("outcome", _("What is withdrawn has no cost and is not posted back."))
            if not typed.get("reason"):
                self.add_error("reason", _("Say why it is withdrawn."))
        return typed

    @property
    def chosen(self) -> set[int]:
        """Return the effects that were ticked, to be drawn again."""
        ticked = self.data.getlist("effect") if hasattr(self.data, "getlist") else []
        return {int(pk) for pk in ticked if pk.isascii() and pk.isdigit() and len(pk) < 19}


class CreditedForm(forms.Form):
    """The day on which the bank credited a list."""

    day = DayField(label=gettext_lazy("Credited on"))


class ReplaceForm(forms.Form):
    """The effect that takes the place of one that came back."""

    number = forms.CharField(
        label=gettext_lazy("Number"), max_length=60, required=False, help_text=gettext_lazy("Blank: the next one.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=EffectKind.choices)
    due = DayField(label=gettext_lazy("New due date"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_due(self) -> date:
        due: date = self.cleaned_data["due"]
        if due < self.today:
            raise forms.ValidationError(_("The new effect must fall due later than today."), code="past")
        return due


class IssueForm(forms.Form):
    """Which of the proposed effects are issued, of which kind."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=EffectKind.choices, initial=EffectKind.RIBA)
    proposal = forms.MultipleChoiceField(
        error_messages={
            "required": gettext_lazy("Tick at least one effect to issue."),
            "invalid_choice": gettext_lazy(
                "Some of the effects ticked are no longer as they were: items were settled or changed. "
                "Here is the list as it stands now; nothing was issued."
            ),
        }
    )

    def __init__(self, *args: Any, found: list[Proposal], **options: Any) -> None:
        super().__init__(*args, **options)
        self.found = {p.key: p for p in found}
        self.fields["proposal"].choices = [(key, key) for key in self.found]

    @property
    def chosen(self) -> set[str]:
        """Return what is ticked when the page is drawn: all, until somebody unticked."""
        return set(self.data.getlist("proposal")) if self.is_bound else set(self.found)

    @property
    def proposals(self) -> list[Proposal]:
        """Return the proposals that were ticked."""
        return [self.found[key] for key in self.cleaned_data["proposal"]]

    @property
    def total(self) -> Decimal:
        return sum((p.amount for p in self.found.values()), ZERO)
