"""What the writing of every row needs: who acts and when, the upload's defaults, and master data looked up once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User

from creditrisk.language import sentence as _
from creditrisk.roles import Actor, companies_of
from creditrisk.takeover.models import Outcome, Upload
from customers.models import Company, Customer, PaymentTerms, Region, Segment
from ledger.imports.values import Unreadable, customer_code, shown

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What became of a row."""

    outcome: Outcome
    sentence: str = ""
    key: str = ""


@dataclass
class Desk:
    """What every row needs: the upload's defaults, who acts and when, and master data looked up once."""

    upload: Upload
    by: Actor
    now: datetime
    today: date
    _customers: dict[str, int] | None = None
    _made: list[str] = field(default_factory=list)
    _looked_up: dict[tuple[Any, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        allowed = companies_of(self.by.user) if self.by.user is not None else None
        self.companies = {c.code: c for c in Company.objects.all() if allowed is None or c.pk in allowed}

    def company(self, row: Values) -> Company | None:
        """Return the company that the row, or the upload, names. Raises Unreadable for one that is not yours."""
        code = row.get("company", "")
        if not code:
            return self.upload.company
        if code not in self.companies:
            raise Unreadable(_("There is no company “%(code)s”, or you do not work in it.") % {"code": shown(code)})
        return self.companies[code]

    def customer(self, row: Values) -> Customer:
        """Return the row's customer, spelled with or without leading zeros; a merged one is the one that stayed."""
        found = self.known(row["customer"])
        if found is None:
            raise Unreadable(
                _("There is no customer %(code)s. Import the customers first.") % {"code": row["customer"]}
            )
        if found.company_id not in {c.pk for c in self.companies.values()}:
            raise Unreadable(
                _("Customer %(code)s belongs to a company that you do not work in.") % {"code": row["customer"]}
            )
        return found

    def known(self, code: str) -> Customer | None:
        """Return the customer of that number, or None."""
        if self._customers is None:
            self._customers = {customer_code(c): into or pk for pk, c, into in _codes()}
        pk = self._customers.get(code)
        return (
            None
            if pk is None
            else Customer.objects.select_related("company", "segment", "region", "terms", "bill_to").get(pk=pk)
        )

    def remember(self, customer: Customer) -> None:
        """Know a customer that was made just now."""
        if self._customers is not None:
            self._customers[customer_code(customer.code)] = customer.pk
            self._made.append(customer_code(customer.code))

    def begin(self) -> None:
        """Begin with what is written together: what was made before stays."""
        self._made = []

    def forget(self) -> None:
        """Forget what was made since the beginning: its savepoint was rolled back."""
        for code in self._made:
            (self._customers or {}).pop(code, None)
        self._made = []

    def terms(self, code: str) -> PaymentTerms | None:
        """Return the payment terms of that code; None where the row names none. Raises Unreadable."""
        found: PaymentTerms | None = self._named(
            PaymentTerms, code, _("There are no payment terms “%(code)s”. An administrator can add them.")
        )
        return found

    def segment(self, code: str) -> Segment | None:
        """Return the segment of that code; None where the row names none. Raises Unreadable."""
        found: Segment | None = self._named(
            Segment, code, _("There is no segment “%(code)s”. An administrator can add it.")
        )
        return found

    def region(self, code: str) -> Region | None:
        """Return the region of that code; None where the row names none. Raises Unreadable."""
        found: Region | None = self._named(
            Region, code, _("There is no region “%(code)s”. An administrator can add it.")
        )
        return found

    def salesperson(self, name: str) -> Any:
        """Return the user of that name; None where the row names none. Raises Unreadable."""
        return self._named(User, name, _("There is no user “%(code)s”."), by="username")

    def _named(self, model: Any, name: str, missing: str, *, by: str = "code") -> Any:
        if not name:
            return None
        if (model, name) not in self._looked_up:
            found = model.objects.filter(**{f"{by}__iexact": name}).first()
            if found is None:
                raise Unreadable(missing % {"code": shown(name)})
            self._looked_up[model, name] = found
        return self._looked_up[model, name]

    def currency(self, row: Values, customer: Customer | None = None) -> str:
        return str(row.get("currency") or self.upload.currency or (customer.currency if customer else ""))


def _codes() -> Any:
    return Customer.objects.values_list("pk", "code", "merged_into_id")
