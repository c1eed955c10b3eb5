"""Rows of customers: new ones with their credit account, known ones changed where the file says otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from approvals import causes, evaluation_requests
from creditrisk.language import sentence as _
from creditrisk.takeover import kinds
from creditrisk.takeover.desk import Desk, Told, Values
from creditrisk.takeover.models import Outcome, What
from customers import queries
from customers.models import CreditAccount, Customer, InvoicingCycle
from ledger.imports.values import Unreadable, shown

# How files name when deliveries are invoiced.
_CYCLES = {
    "delivery": "DELIVERY", "per delivery": "DELIVERY", "consegna": "DELIVERY", "ddt": "DELIVERY", "lieferung": "DELIVERY",
    "weekly": "WEEKLY", "week": "WEEKLY", "settimanale": "WEEKLY", "wochentlich": "WEEKLY", "hebdomadaire": "WEEKLY",
    "monthly": "MONTHLY", "month": "MONTHLY", "mensile": "MONTHLY", "monatlich": "MONTHLY", "mensuel": "MONTHLY",
}  # fmt: skip
# How the columns call what the customer calls otherwise; what holds may rest on.
_FIELDS = {"parent": "head", "customer_since": "since"}
_WEIGHTY = {"terms", "segment", "region", "parent", "bill_to"}


def write(rows: Sequence[Values], desk: Desk) -> list[Told]:
    """Write one customer."""
    (row,) = rows
    code = row["customer"]
    known = desk.known(code)
    changes = {
        "name": row["name"], "country": row.get("country", "").upper(), "email": row.get("email", ""),
        "tax_number": row.get("tax_number", ""), "address": row.get("address", ""),
        "terms": desk.terms(row.get("terms", "")), "segment": desk.segment(row.get("segment", "")),
        "region": desk.region(row.get("region", "")), "invoicing": _cycle(row.get("invoicing", "")),
        "salesperson": desk.salesperson(row.get("salesperson", "")), "customer_since": row.get("since"),
        "parent": _relative(row, "head", known, desk), "bill_to": _relative(row, "bill_to", known, desk),
    }  # fmt: skip
    _check(changes, known, desk)
    if known is None:
        return [_new(row, changes, desk)]
    desk.customer(row)
    currency = row.get("currency", "")
    if currency and currency != known.currency:
        raise Unreadable(
            _("Customer %(code)s is kept in %(currency)s; the currency of an account cannot be changed.")
            % {"code": code, "currency": known.currency}
        )
    differing = {n: v for n, v in changes.items() if v not in ("", None) and getattr(known, n) != v}
    if not differing:
        return [Told(Outcome.ALREADY, key=code)]
    for name, value in differing.items():
        setattr(known, name, value)
    known.save(update_fields=list(differing))
    if differing.keys() & _WEIGHTY:
        evaluation_requests.ask(causes.held(Q(pk=known.pk) | Q(children=known.pk)), cause="import", now=desk.now)
    fields = kinds.KINDS[What.CUSTOMERS].by_name
    words = ", ".join(str(fields[_FIELDS.get(name, name)].label) for name in differing)
    return [Told(Outcome.CHANGED, _("Changed of %(name)s: %(what)s.") % {"name": known.name, "what": words}, code)]


def _check(changes: Mapping[str, Any], known: Customer | None, desk: Desk) -> None:
    if changes["country"] and not (len(changes["country"]) == 2 and changes["country"].isalpha()):
        raise Unreadable(_("“%(word)s” is not a country of two letters.") % {"word": shown(changes["country"])})
    if changes["email"]:
        try:
            validate_email(changes["email"])
        except ValidationError as error:
            raise Unreadable(_("“%(word)s” is not an e-mail address.") % {"word": shown(changes["email"])}) from error
    if changes["customer_since"] and changes["customer_since"] > desk.today:
        raise Unreadable(_("Nobody is a customer since a day to come."))
    head = changes["parent"]
    if known is not None and head is not None and queries.makes_a_ring(known, head):
        raise Unreadable(
            _("%(head)s stands below %(code)s already, so it cannot be its head.") % {"head": head, "code": known.code}
        )


def _cycle(word: str) -> str:
    if not word:
        return ""
    bare = word.strip().lower().replace("ö", "o")
    found = _CYCLES.get(bare, bare.upper())
    if found not in InvoicingCycle.values:
        raise Unreadable(_("“%(word)s” says neither per delivery nor weekly nor monthly.") % {"word": shown(word)})
    return found


def _relative(row: Values, name: str, known: Customer | None, desk: Desk) -> Customer | None:
    """Return the head or the bill-to that a row names; the customer itself is nobody else."""
    code = row.get(name, "")
    if not code or code == row["customer"]:
        return None
    return desk.customer({"customer": code})


def _new(row: Values, changes: Mapping[str, Any], desk: Desk) -> Told:
    company = desk.company(row)
    if company is None:
        raise Unreadable(_("No company is named for this new customer; choose one for rows without."))
    made = Customer.objects.create(
        code=row["customer"], company=company, currency=desk.currency(row) or company.currency,
        **{name: value for name, value in changes.items() if value not in ("", None)},
    )  # fmt: skip
    CreditAccount.objects.create(customer=made)
    desk.remember(made)
    return Told(Outcome.CREATED, _("New customer %(name)s") % {"name": made.name}, made.code)
