"""What is owed as of any day: the statement of account of a customer, and the ageing of all."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.export import FILES, plain
from creditrisk.lists import listing
from creditrisk.money import MissingRate
from creditrisk.roles import companies_of, door
from customers import queries as customer_queries
from ledger import accounts, ageing
from ledger.account_forms import AgeingForm, StatementForm
from ledger.accounts import Account

PERIOD = timedelta(days=90)


@door("view_ledger")
@require_safe
def account(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show what a customer owed, what moved, what it owes; `as=csv` and `as=xlsx` download it, `as=paper` is for the customer."""
    found = customer_queries.one(request.user, code)
    today = business_day(timezone.now())
    form = StatementForm(request.GET or None, today=today)
    last = form.value("last", today)
    first = form.value("first", last - PERIOD)
    told = accounts.statement(found, first=first, last=last, company_ids=companies_of(request.user))
    if (file := FILES.get(request.GET.get("as", ""))) is not None:
        return file(f"account-{found.code}-{last.isoformat()}", _account_header(), _account_rows(told, first))
    context = {"customer": found, "form": form, "accounts": told, "first": first, "last": last, "today": today}
    if request.GET.get("as") == "paper":
        return render(request, "ledger/account_paper.html", context)
    return pages.show(request, "ledger/account.html", "ledger/_account.html", context)


def _account_header() -> list[str]:
    debit, credit = pgettext("column of an account", "Debit"), pgettext("column of an account", "Credit")
    return [_("Currency"), _("Day"), _("Kind"), _("Reference"), _("Due"), debit, credit, _("Balance")]


def _account_rows(told: list[Account], first: date) -> Iterator[list[Any]]:
    for a in told:
        yield [a.currency, first, _("opening balance"), "", None, None, None, plain(a.opening, a.currency)]
        for m in a.movements:
            debit, credit = plain(m.debit, a.currency), plain(m.credit, a.currency)
            yield [a.currency, m.day, m.label, m.reference, m.due, debit, credit, plain(m.balance, a.currency)]


@door("view_ledger")
@require_safe
def aged(request: HttpRequest) -> HttpResponseBase:
    """Show what is owed by age on a day, by any key, in original or company currency; `as=csv` and `as=xlsx` download it."""
    today = business_day(timezone.now())
    form = AgeingForm(request.GET or None, user=request.user, today=today)
    asked = form.asked()
    missing = ""
    lines: list[ageing.Line] = []
    try:
        lines = ageing.lines(asked, companies=companies_of(request.user))
    except MissingRate as error:
        missing = str(error)
    if (other := listing.first_view(request)) is not None:
        return other
    if (file := FILES.get(request.GET.get("as", ""))) is not None and not missing:
        return file(f"ageing-{asked.day.isoformat()}", ageing.header(asked), ageing.rows(lines))
    context = {
        "form": form, "asked": asked, "lines": lines, "page": Paginator(lines, 50).get_page(request.GET.get("page")), "sums": ageing.sums(lines), "missing": missing,
        "listing": listing.by_hand(request), "by_label": dict(form.fields["by"].choices)[asked.by],
    }  # fmt: skip
    return pages.show(request, "ledger/ageing.html", "ledger/_ageing.html", context)
