"""Open items and payments: the list, one item with what settled it, entry, allocation, dispute."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import booking
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.money import ZERO
from creditrisk.refusal import Duplicate
from creditrisk.roles import Actor, door, may
from customers import queries as customer_queries
from ledger import corrections, discounts, statement
from ledger import items as ledger_items
from ledger.filters import ItemFilter
from ledger.forms import AllocateForm, DisputeForm, MarkForm, PaymentForm, ReverseForm, UndoForm, WriteOffForm
from ledger.models import OpenItem
from ledger.tables import ItemTable


@door("view_ledger")
@require_safe
def items(request: HttpRequest) -> HttpResponseBase:
    """List what is open, of all customers or of one."""
    today = business_day(timezone.now())
    found = statement.visible_items(request.user).select_related("customer", "company")
    chosen = ItemFilter(request.GET, queryset=found, user=request.user, today=today)
    context = {"filter": chosen, "may_pay": may(request.user, "post_ledger")}
    table = ItemTable(chosen.qs, today=today)
    return listing.show(request, table, "ledger/items.html", "ledger/_items.html", context)


@door("view_ledger")
@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one item, what settled it or what it settled, and what can be done with it."""
    return drawn(request, statement.item(request.user, pk))


def drawn(
    request: HttpRequest,
    found: OpenItem,
    *,
    form: AllocateForm | None = None,
    dispute_form: DisputeForm | None = None,
    write_off_form: WriteOffForm | None = None,
    reverse_form: ReverseForm | None = None,
    mark_form: MarkForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    """Draw an item's page, with the form that was refused where there is one."""
    today = business_day(timezone.now())
    may_post = may(request.user, "post_ledger")
    if form is None and may_post and found.open_amount < 0:
        form = _allocation(request, found)
    context = {
        "item": found,
        "discount": discounts.offer(found),
        "row": statement.row(found, today=today),
        "settlements": statement.settlements(found),
        "form": form,
        "dispute_form": dispute_form or DisputeForm(),
        "may_post": may_post,
        "may_dispute": may_post and found.open_amount > 0,
        "marks": found.marks.select_related("made_by").order_by("pk"),
        "reversal": OpenItem.objects.filter(reverses=found).first(),
        "may_mark": may_post and bool(found.open_amount),
        "mark_form": mark_form or MarkForm(),
        "reverse_form": reverse_form or ReverseForm(auto_id="reverse_%s"),
        "write_off_form": write_off_form or _write_off_form(found),
        "bound": corrections.authority(request.user) if may_post else ZERO,
    }
    context["may_reverse"] = may_post and found.kind in corrections.REVERSIBLE and context["reversal"] is None
    context["may_write_off"] = may_post and bool(found.open_amount) and context["bound"] != ZERO
    return render(request, "ledger/item.html", context, status=status)


def _write_off_form(found: OpenItem) -> WriteOffForm:
    left = abs(found.open_amount)
    return WriteOffForm(currency=found.currency, left=left, auto_id="write_off_%s")


def _allocation(request: HttpRequest, credit: OpenItem, data: Any = None) -> AllocateForm:
    today = business_day(timezone.now())
    debts = statement.open_debts(credit.customer, user=request.user, today=today)
    rows = [row for row in debts if row.currency == credit.currency]
    left = -credit.open_amount
    return AllocateForm(data, rows=rows, currency=credit.currency, left=left, initial={"seen": left})


@door("post_ledger")
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest) -> HttpResponse:
    """Book money that came in, and what it settles."""
    today = business_day(timezone.now())
    source = request.POST if request.method == "POST" else request.GET
    payer = customer_queries.coded(request.user, source.get("customer", ""))
    rows = statement.open_debts(payer, user=request.user, today=today) if payer else []
    form = PaymentForm(
        request.POST if request.method == "POST" else None,
        user=request.user, rows=rows, today=today,
        initial={"customer": payer.code if payer else "", "day": today, "amount": None},
    )  # fmt: skip
    failed = False
    if request.method == "POST" and "look" not in request.POST:
        if form.is_valid() and (response := _book(request, form)):
            return response
        failed = True
    elif request.method == "POST":
        form = PaymentForm(
            user=request.user, rows=rows, today=today,
            initial={name: request.POST.get(name, "") for name in form.fields if not name.startswith("item_")},
        )  # fmt: skip
    context = {"form": form, "payer": payer, "rows": rows}
    if pages.is_part(request) and "look" in source:
        return render(request, "ledger/_debts.html", context)
    return render(request, "ledger/payment.html", context, status=422 if failed else None)


def _book(request: HttpRequest, form: PaymentForm) -> HttpResponse | None:
    """Book the payment; return where to go, or None where it was refused."""
    if before := statement.item_by_key(form.key):
        return _already(request, before)
    typed = form.cleaned_data
    try:
        payment = booking.pay(
            customer=typed["customer"],
            amount=typed["amount"],
            items=_settled(request, form),
            reference=typed["reference"] or f"PAY-{form.key[-8:].upper()}",
            day=typed["day"],
            currency=typed["currency"],
            company=typed["company"],
            source_key=form.key,
            by=Actor.of(request),
            now=timezone.now(),
        )
    except Duplicate as error:
        if before := statement.item_by_key(form.key):
            return _already(request, before)
        refuse(form, error, default="reference")
        return None
    except pages.REFUSALS as error:
        refuse(form, error)
        return None
    messages.success(request, _("The payment %(reference)s is booked.") % {"reference": payment.reference})
    return redirect("item", payment.pk)


def _already(request: HttpRequest, payment: OpenItem) -> HttpResponse:
    messages.info(
        request,
        _("This form was sent before: here is the payment %(reference)s, which it made. Nothing was done twice.")
        % {"reference": payment.reference},
    )
    return redirect("item", payment.pk)


def _settled(request: HttpRequest, form: PaymentForm) -> list[tuple[OpenItem, Any]]:
    """Return what the payment settles: nothing yet, what was typed, or the oldest debts as far as the money goes."""
    typed = form.cleaned_data
    match typed["allocation"]:
        case PaymentForm.OLDEST:
            debts = ledger_items.oldest_first(typed["customer"], currency=typed["currency"])
            return [(debt, None) for debt in debts if not debt.disputed]
        case PaymentForm.BY_HAND:
            debts_by_id = statement.visible_items(request.user).in_bulk([pk for pk, _part in form.parts()])
            return [(debts_by_id[pk], part) for pk, part in form.parts()]
    return []


@door("post_ledger")
@require_POST
def allocate(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle debts with a credit that is there."""
    credit = statement.item(request.user, pk)
    form = _allocation(request, credit, request.POST)
    if not form.is_valid():
        return drawn(request, credit, form=form, status=422)
    debts = statement.visible_items(request.user).in_bulk([debt for debt, _part in form.parts()])
    try:
        booking.allocate(
            credit, [(debts[debt], part) for debt, part in form.parts()], by=Actor.of(request), now=timezone.now()
        )
    except pages.REFUSALS as error:
        refuse(form, error)
        return drawn(request, credit, form=form, status=422)
    messages.success(request, _("The credit is allocated."))
    return redirect("item", pk)


@door("post_ledger")
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo what a credit settled of one debt."""
    credit = statement.item(request.user, pk)
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page is not complete; look at the item and try again."))
        return redirect("item", pk)
    debit = statement.item(request.user, form.cleaned_data["debit"])
    try:
        booking.unallocate(credit, [debit], by=Actor.of(request), now=timezone.now())
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("item", pk)
    messages.success(request, _("The allocation is undone: %(item)s is open again.") % {"item": debit})
    return redirect("item", pk)


@door("post_ledger")
@require_POST
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark an item as disputed, or end the dispute."""
    found = statement.item(request.user, pk)
    form = DisputeForm(request.POST)
    if not form.is_valid():
        return drawn(request, found, dispute_form=form, status=422)
    typed = form.cleaned_data
    try:
        booking.dispute(
            found, disputed=typed["disputed"], reason=typed["reason"], by=Actor.of(request), now=timezone.now()
        )
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("item", pk)
    words = _("%(item)s is disputed.") if typed["disputed"] else _("The dispute about %(item)s has ended.")
    messages.success(request, words % {"item": found})
    return redirect("item", pk)
