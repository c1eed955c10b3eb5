"""The bank's pages: statements and their entries, how one is settled, RiBa lists and the bank's answers to them."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.roles import Actor, companies_of, door
from customers import queries as customer_queries
from ledger import statement as ledger_statement
from ledger.bank import collecting, settling
from ledger.bank.forms import (
    AccountForm,
    AnswerForm,
    DrawnOnForm,
    FlowForm,
    LeaveForm,
    OutcomesForm,
    SettleForm,
    StatementForm,
)
from ledger.bank.matching import SURE
from ledger.bank.models import CollectingAccount, DrawnOn, Entry, EntryState
from ledger.bank.tables import EntryTable, ListTable
from ledger.imports.delimited import BadFile
from ledger.models import EffectKind, OpenItem, Presentation


def _entries(request: HttpRequest) -> QuerySet[Entry]:
    companies = companies_of(request.user)
    found = Entry.objects.select_related("statement__company", "customer", "payment", "settled_by")
    return found if companies is None else found.filter(statement__company_id__in=companies)


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def bank(request: HttpRequest) -> HttpResponseBase:
    """List what waits to be settled; load a statement."""
    form = StatementForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid() and _loaded(request, form):
        return redirect("bank")
    entries = _entries(request)
    state = request.GET.get("state", EntryState.OPEN)
    state = state if state in EntryState.values else EntryState.OPEN
    counts = dict(entries.order_by().values_list("state").annotate(count=Count("pk")))
    sure = entries.filter(state=EntryState.OPEN, confidence__gte=SURE).aggregate(count=Count("pk"), total=Sum("amount"))
    context = {
        "form": form,
        "state": state,
        "tabs": [(s.value, s.label, counts.get(s.value, 0)) for s in EntryState],
        "sure": sure["count"],
        "waits": counts.get(EntryState.OPEN, 0),
    }
    table = EntryTable(entries.filter(state=state))
    status = 422 if form.errors else None
    return listing.show(request, table, "bank/bank.html", "bank/_entries.html", context, status=status)


def _loaded(request: HttpRequest, form: StatementForm) -> bool:
    typed = form.cleaned_data
    try:
        found = settling.load(
            typed["file"].read(), typed["file"].name, company=typed["company"], book_sure=typed["book_sure"],
            by=Actor.of(request), now=timezone.now(),
        )  # fmt: skip
    except BadFile as error:
        form.add_error("file", str(error))
        return False
    except pages.REFUSALS as error:
        refuse(form, error, default="file")
        return False
    messages.success(
        request,
        _("%(new)d new entries, %(known)d were here already, %(booked)d booked.")
        % {"new": found.new, "known": found.known, "booked": found.booked},
    )
    return True


@door("post_ledger")
@require_POST
def book_sure(request: HttpRequest) -> HttpResponse:
    """Book every entry whose match is sure."""
    waits = _entries(request).filter(state=EntryState.OPEN, confidence__gte=SURE)
    booked, refused = settling.book_all_sure(waits, by=Actor.of(request), now=timezone.now())
    if booked:
        messages.success(request, _("%(count)d payments are booked.") % {"count": booked})
    for sentence in refused[:5]:
        messages.warning(request, sentence)
    settling.match_again(now=timezone.now())
    return redirect("bank")


@door("post_ledger")
@require_POST
def match(request: HttpRequest) -> HttpResponse:
    """Match what waits again."""
    count = settling.match_again(now=timezone.now())
    messages.success(request, _("%(count)d entries were matched again.") % {"count": count})
    return redirect("bank")


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle one entry: whose it is, and what it pays."""
    found = get_object_or_404(_entries(request), pk=pk)
    proposed = {p.item_id: p.amount for p in found.proposals.all()}
    source = request.POST if request.method == "POST" else request.GET
    customer = customer_queries.coded(request.user, source.get("customer", "")) or (
        found.customer if "customer" not in source else None
    )
    today = business_day(timezone.now())
    debts = ledger_statement.open_debts(customer, user=request.user, today=today) if customer else []
    rows = [r for r in debts if r.currency == found.currency]
    booking_it = request.method == "POST" and "look" not in request.POST
    form = SettleForm(
        request.POST if booking_it else None,
        user=request.user, rows=rows, currency=found.currency, amount=found.amount,
        initial={
            "customer": customer.code if customer else source.get("customer", ""),
            **{f"item_{item}": part for item, part in proposed.items()},
        },
    )  # fmt: skip
    if booking_it and form.is_valid() and (response := _booked(request, found, form)):
        return response
    context = {
        "entry": found, "form": form, "customer": customer, "leave_form": LeaveForm(),
        "waits": found.state == EntryState.OPEN, "came_in": found.amount > 0,
    }  # fmt: skip
    return render(request, "bank/entry.html", context, status=422 if form.errors else None)


def _booked(request: HttpRequest, found: Entry, form: SettleForm) -> HttpResponse | None:
    items = ledger_statement.visible_items(request.user).in_bulk([pk for pk, _part in form.parts()])
    parts: list[tuple[OpenItem, Decimal | None]] = [(items[pk], part) for pk, part in form.parts()]
    try:
        payment = settling.book(
            found, customer=form.cleaned_data["customer"], parts=parts, by=Actor.of(request), now=timezone.now()
        )
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    messages.success(request, _("The payment %(reference)s is booked.") % {"reference": payment.reference})
    return redirect("bank")


@door("post_ledger")
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave an entry alone, with the reason."""
    found = get_object_or_404(_entries(request), pk=pk)
    form = LeaveForm(request.POST)
    try:
        note = form.cleaned_data["note"] if form.is_valid() else ""
        settling.leave(found, note=note, by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("bank_entry", pk)
    messages.success(request, _("The entry is left alone."))
    return redirect("bank")


# -- RiBa lists ----------------------------------------------------------------------------------------------------


def _lists(request: HttpRequest) -> QuerySet[Presentation]:
    companies = companies_of(request.user)
    found = Presentation.objects.select_related("company")
    return found if companies is None else found.filter(company_id__in=companies)


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def lists(request: HttpRequest) -> HttpResponseBase:
    """List the RiBa lists and our accounts; add an account; read the bank's answer."""
    form = AccountForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The account is kept."))
        return redirect("bank_lists")
    found = _lists(request).filter(effects__kind=EffectKind.RIBA).annotate(
        count=Count("effects"), total=Sum("effects__amount")
    )  # fmt: skip
    accounts = CollectingAccount.objects.filter(company__in=customer_queries.companies(request.user)).order_by("pk")
    context = {
        "form": form,
        "accounts": accounts,
        "answer_form": AnswerForm(),
    }
    status = 422 if form.errors else None
    return listing.show(request, ListTable(found), "bank/lists.html", "bank/lists.html", context, status=status)


@door("post_ledger")
@require_safe
def one_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a list, what it lacks, and where it can be taken as CBI records."""
    found = get_object_or_404(_lists(request), pk=pk)
    effects = collecting.ribas(found)
    context = {
        "list": found, "effects": effects, "lacking": sorted({e.customer for e in collecting.lacking(effects)}, key=lambda c: c.code),
        "form": FlowForm(presentation=found), "total": sum((e.amount for e in effects), Decimal(0)),
        "has_account": CollectingAccount.objects.filter(company_id=found.company_id).exists(),
    }  # fmt: skip
    return render(request, "bank/list.html", context)


@door("post_ledger")
@require_safe
def flow(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a list as CBI records."""
    found = get_object_or_404(_lists(request), pk=pk)
    form = FlowForm(request.GET, presentation=found)
    if not form.is_valid():
        messages.error(request, _("Choose one of our accounts."))
        return redirect("bank_list", pk)
    try:
        records = collecting.flow(found, form.cleaned_data["account"])
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("bank_list", pk)
    response = HttpResponse(records, content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = f'attachment; filename="riba-{found.pk}.txt"'
    return response


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def drawn_on(request: HttpRequest, code: str) -> HttpResponse:
    """Say where a customer pays RiBa."""
    customer = customer_queries.one(request.user, code)
    there = DrawnOn.objects.filter(customer=customer).first() or DrawnOn(customer=customer)
    form = DrawnOnForm(request.POST or None, instance=there, initial=_known_of(there))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The bank of %(name)s is kept.") % {"name": customer.name})
        return pages.back(request, "bank_lists")
    context = {"customer": customer, "form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "bank/drawn_on.html", context, status=422 if form.errors else None)


def _known_of(drawn: DrawnOn) -> dict[str, str]:
    """Return what the customer's own card says, where nothing was typed yet."""
    return {} if drawn.tax_code else {"tax_code": drawn.customer.tax_number[:16]}


@door("post_ledger")
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Read the bank's answer and show what became of each receipt; or book it."""
    if "book" in request.POST:
        return _book_answer(request)
    form = AnswerForm(request.POST, request.FILES)
    found: list[Any] = []
    if form.is_valid():
        try:
            found = collecting.answers(
                form.cleaned_data["file"].read(), form.cleaned_data["file"].name, by=Actor.of(request)
            )
        except BadFile as error:
            form.add_error("file", str(error))
    if form.errors:
        for sentences in form.errors.values():
            messages.error(request, " ".join(sentences))
        return redirect("bank_lists")
    words = {True: "paid", False: "unpaid", None: ""}
    proposed = {a.effect.pk: words[a.returned.paid] for a in found if a.effect and not a.problem}
    codes: dict[str, list[int]] = {}
    for a in found:
        if a.effect and not a.problem and a.returned.paid is None:
            codes.setdefault(a.returned.code, []).append(a.effect.pk)
    outcomes = OutcomesForm(proposed=proposed, codes=codes)
    rows = [(a, outcomes[f"effect_{a.effect.pk}"] if a.effect and not a.problem else None) for a in found]
    context = {"rows": rows, "form": outcomes, "can_book": bool(proposed), "ids": list(proposed), "codes": codes}
    return render(request, "bank/answer.html", context)


def _book_answer(request: HttpRequest) -> HttpResponse:
    ids = pages.ids(request, "id")[:5000]
    codes: dict[str, list[int]] = {}
    for told in request.POST.getlist("with_code")[:5000]:
        code, _colon, pk = told.partition(":")
        if pk.isascii() and pk.isdigit() and len(pk) < 19:
            codes.setdefault(code[:5], []).append(int(pk))
    form = OutcomesForm(request.POST, proposed=dict.fromkeys(ids, ""), codes=codes)
    if not form.is_valid() or not form.outcomes():
        messages.error(request, _("Say of at least one receipt what became of it."))
        return redirect("bank_lists")
    try:
        paid, unpaid = collecting.book(
            form.outcomes(), posted=form.cleaned_data["posted"], by=Actor.of(request), now=timezone.now()
        )
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("bank_lists")
    messages.success(
        request, _("%(paid)d receipts are paid, %(unpaid)d came back unpaid.") % {"paid": paid, "unpaid": unpaid}
    )
    return redirect("bank_lists")
