"""Journals of limits: the list, one with its lines, filling it by hand, by a selection or from a file, deciding, posting."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import journal_filling, journal_queries, journals
from approvals.journal_forms import (
    DecisionForm,
    HandForm,
    JournalFilter,
    JournalForm,
    LineForm,
    LinesFileForm,
    SelectionForm,
)
from approvals.journals import NewLine, Told
from approvals.models import JournalLine, JournalState, LimitJournal, LineSource
from approvals.tables import JournalLineTable, JournalTable
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.refusal import AlreadyClosed, Duplicate, Refused
from creditrisk.roles import Actor, door, may
from ledger.imports.delimited import BadFile

SHOWN = 50
WAYS = {"selection": SelectionForm, "file": LinesFileForm, "hand": HandForm}


@door("view_journals")
@require_safe
def every(request: HttpRequest) -> HttpResponseBase:
    """List the journals, the newest first."""
    form = JournalFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    table = JournalTable(journal_queries.listed(request.user, state=state))
    context = {"form": form, "may_prepare": may(request.user, "prepare_journal")}
    return listing.show(request, table, "journals/journals.html", "journals/_journals.html", context, per_page=SHOWN)


@door("prepare_journal")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """Begin a journal."""
    form = JournalForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            made = journals.prepare(
                typed["text"], company=typed["company"], by=Actor.of(request), now=timezone.now(), source_key=form.key
            )
        except Duplicate:
            before = journal_queries.by_key(form.key)
            messages.info(request, _("This form was sent before. Nothing was done twice."))
            return redirect("journal", before.pk) if before else redirect("journals")
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            return redirect("journal", made.pk)
    return render(request, "journals/new.html", {"form": form}, status=422 if form.errors else None)


@door("view_journals")
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a journal: its lines with what they would change, and what can be done with it."""
    return _show(request, journal_queries.one(request.user, pk))


def _show(
    request: HttpRequest, journal: LimitJournal, *, filling: Any = None, way: str = "", typed: dict[int, LineForm] | None = None,
    decision: DecisionForm | None = None, told: list[Told] | None = None,
) -> HttpResponseBase:  # fmt: skip
    today = business_day(timezone.now())
    every_line = journal_queries.lines(journal)
    if request.method == "GET":
        whole = journal_queries.rows(list(every_line), user=request.user, day=today) if request.GET.get("as") else []
        if (other := listing.beside(request, JournalLineTable(whole))) is not None:
            return other
    page = Paginator(every_line, journal_queries.LINES_SHOWN).get_page(request.GET.get("page"))
    rows = journal_queries.rows(page.object_list, user=request.user, day=today)
    prepares = journal.state == JournalState.DRAFT and journal.prepared_by_id == request.user.pk
    way = way or (asked if (asked := pages.asked(request, "add")) in WAYS else next(iter(WAYS)))
    forms = typed or {}
    context = {
        "journal": journal, "page": page, "listing": listing.by_hand(request), "counts": journal_queries.counts(journal),
        "sums": journal_queries.sums(journal, day=today),
        "rows": [(row, (forms.get(row.line.number) or _line_form(request, row.line)) if prepares else None) for row in rows],
        "prepares": prepares, "way": way, "filling": filling or (_filling(request, way) if prepares else None),
        "decision": decision or DecisionForm(), "told": told,
        "may_decide": any(row.may_decide for row in rows), "may_post": may(request.user, "approve_limit"),
        "is_mine": journal.prepared_by_id == request.user.pk,
        "events": journal.events.select_related("made_by").order_by("pk"),
    }  # fmt: skip
    failed = any(form.errors for form in [filling, decision, *forms.values()] if form is not None)
    return render(request, "journals/journal.html", context, status=422 if failed else None)


def _filling(request: HttpRequest, way: str, data: Any = None, files: Any = None) -> Any:
    if way == "file":
        return LinesFileForm(data, files)
    return HandForm(data, user=request.user) if way == "hand" else SelectionForm(data, user=request.user)


def _line_form(request: HttpRequest, line: JournalLine, data: Any = None) -> LineForm:
    initial = {"amount": line.amount, "customer": line.customer or line.typed}
    return LineForm(data, user=request.user, number=line.number, initial=initial)


@door("prepare_journal")
@require_POST
def fill(request: HttpRequest, pk: int, way: str) -> HttpResponseBase:
    """Put lines into a journal: one by hand, those of a selection, or the rows of a file."""
    journal = journal_queries.one(request.user, pk)
    form = _filling(request, way, request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, journal, filling=form, way=way)
    try:
        lines = _lines(request, journal, form)
        made = journals.add(journal, lines, by=Actor.of(request), now=timezone.now(), strict=way == "hand")
    except BadFile as error:
        form.add_error("file", str(error))
    except pages.REFUSALS as error:
        refuse(form, error)
    else:
        text = ngettext("%(count)d line was put in.", "%(count)d lines were put in.", len(made)) % {"count": len(made)}
        messages.success(request, text)
        if bad := sum(1 for line in made if line.error):
            messages.warning(request, _("%(count)d of them are not in order: see at the line.") % {"count": bad})
        return redirect("journal", pk)
    return _show(request, journal, filling=form, way=way)


def _lines(request: HttpRequest, journal: LimitJournal, form: Any) -> tuple[NewLine, ...]:
    common, typed = form.common, form.cleaned_data
    if isinstance(form, HandForm):
        return (
            NewLine(typed["customer"], typed["amount"], LineSource.HAND, common.kind, common.valid_from,
                    common.valid_to, common.reason),
        )  # fmt: skip
    if isinstance(form, SelectionForm):
        chosen = journal_filling.of_selection(
            journal, form.selection, form.formula, common, user=request.user, day=business_day(timezone.now())
        )
        if chosen.passed_over:
            told = journal_filling.told(chosen.passed_over)
            messages.info(request, _("Passed over: %(told)s.") % {"told": told})
        return chosen.lines
    return journal_filling.of_file(
        journal, typed["file"].read(), typed["file"].name, common, encoding=typed["encoding"],
        written={"amount": typed["amount"], "day": typed["day"]}, user=request.user,
    )  # fmt: skip


@door("prepare_journal")
@require_POST
def lines(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change the amounts of lines that are there, or take the ticked ones out."""
    journal = journal_queries.one(request.user, pk)
    by, now = Actor.of(request), timezone.now()
    if "take_out" in request.POST:
        try:
            gone = journals.take_out(journal, _ticked(request), by=by)
        except pages.REFUSALS as error:
            pages.tell_refusal(request, error)
        else:
            messages.success(request, _("Lines taken out: %(count)d.") % {"count": gone})
        return redirect("journal", pk)
    forms = {line.number: _line_form(request, line, request.POST) for line in journal.lines.select_related("customer")
             if f"line-{line.number}-amount" in request.POST}  # fmt: skip
    for number, form in forms.items():
        if not form.has_changed() or not form.is_valid():
            continue
        typed = form.cleaned_data
        try:
            journals.change_line(journal, number, customer=typed["customer"], amount=typed["amount"], by=by, now=now)
        except pages.REFUSALS as error:
            refuse(form, error)
    wrong = {number: form for number, form in forms.items() if form.has_changed() and form.errors}
    if wrong:
        return _show(request, journal, typed=wrong)
    messages.success(request, _("The lines are kept."))
    return redirect("journal", pk)


def _ticked(request: HttpRequest) -> list[int]:
    return [number for number in pages.ids(request, "line") if number < 10**8]


@door("approve_limit")
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Agree to lines or reject them: the ticked ones, or all that are undecided. Told line by line."""
    journal = journal_queries.one(request.user, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, journal, decision=form)
    decision = request.POST.get("decision", "")
    numbers = None if decision.endswith(" all") else _ticked(request)
    service = journals.reject if decision.startswith("reject") else journals.approve
    try:
        told = service(
            journal, numbers=numbers, by=Actor.of(request), now=timezone.now(), note=form.cleaned_data["note"]
        )
    except AlreadyClosed as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
        return redirect("journal", pk)
    except pages.REFUSALS as error:
        refuse(form, error)
        return _show(request, journal, decision=form)
    return _show(request, journal_queries.one(request.user, pk), told=told)


def _turning(
    name: str, turn: Callable[[LimitJournal, Actor], Any], done: Any, door_name: str
) -> Callable[..., HttpResponse]:
    @door(door_name)
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponseBase:
        journal = journal_queries.one(request.user, pk)
        try:
            turn(journal, Actor.of(request))
        except AlreadyClosed as error:
            messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
        except Refused as error:
            pages.tell_refusal(request, error)
        else:
            messages.success(request, str(done) % {"journal": journal})
        return redirect("journal", pk)

    view.__name__ = view.__qualname__ = name
    view.__doc__ = f"Bring a journal on: {name}."
    return view


send = _turning(
    "send",
    lambda journal, by: journals.send(journal, by=by, now=timezone.now()),
    gettext_lazy("%(journal)s is sent; those who decide see it."),
    "prepare_journal",
)
post = _turning(
    "post",
    lambda journal, by: journals.post(journal, by=by, now=timezone.now()),
    gettext_lazy("%(journal)s is posted: its limits are in force from their first day."),
    "approve_limit",
)
withdraw = _turning(
    "withdraw",
    lambda journal, by: journals.withdraw(journal, by=by, now=timezone.now()),
    gettext_lazy("%(journal)s is withdrawn."),
    "prepare_journal",
)
