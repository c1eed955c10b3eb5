"""What is asked about messages: the files, and who an unknown buyer is."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import queries as customer_queries
from customers.forms import CodeField, CustomerField
from ledger.forms import FileField


class MessageForm(forms.Form):
    """A message sent in."""

    file = FileField(
        help_text=gettext_lazy("UBL or Peppol, UN/CEFACT CII, FatturaPA: XML, or signed (p7m)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,.p7m"}),
    )
    company = CodeField(queryset=None, label=gettext_lazy("Seller"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        companies: Any = self.fields["company"]
        companies.queryset = customer_queries.companies(user)
        companies.empty_label = _("the customer's company")


class BuyerForm(forms.Form):
    """Which customer a buyer is."""

    customer = CustomerField()

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["customer"]
        field.user = user
        field.widget.attrs["list"] = "customers"
