"""The release desk: what waits, with the evidence beside it, and its decision; the list of alerts."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import alerts as alert_rows
from approvals import authority, evaluation, evidence, gate, holds, queries, queue
from approvals.filters import AlertFilter
from approvals.forms import DeskFilter, EventForm, ForceForm, MassForm, RejectForm, ReleaseForm
from approvals.models import ReleaseReason
from approvals.tables import AlertTable, HoldTable
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.policy import compile as policies
from creditrisk.refusal import AlreadyClosed, AlreadyReleased, Stale
from creditrisk.roles import Actor, companies_of, door, may
from creditrisk.rules import labels
from documents import queries as document_queries

ON_THE_DESK = 50
SHOWN_ALERTS = 50


@door("view_desk")
@require_safe
def desk(request: HttpRequest) -> HttpResponseBase:
    """List what waits for a decision."""
    return show(request, None)


@door("view_desk")
@require_safe
def hold(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one hold with its evidence, beside the list."""
    return show(request, pk)


def show(
    request: HttpRequest,
    pk: int | None,
    *,
    release_form: ReleaseForm | None = None,
    reject_form: RejectForm | None = None,
    event_form: EventForm | None = None,
    mass_form: MassForm | None = None,
    notice: str = "",
    status: int | None = None,
) -> HttpResponseBase:
    """Return the desk, with a hold's evidence and forms beside the list where `pk` names one."""
    today = business_day(timezone.now())
    detail = _detail(request, pk, release_form, reject_form, event_form, notice) if pk is not None else {}
    if pages.is_part(request) and pk is not None and request.htmx.target == "detail":  # type: ignore[attr-defined]
        return pages.show(
            request,
            "approvals/desk.html",
            "approvals/_detail.html",
            detail,
            status=status,
        )
    chosen = DeskFilter(
        request.GET, reasons=[(code, str(label)) for code, label in labels().items()],
        sellers=queue.sellers(request.user), companies=queue.companies(request.user),
    )  # fmt: skip
    wanted = chosen.chosen()
    found: Any = queue.desk(request.user, wanted, today=today)
    if wanted.state == "mine":
        found = authority.for_whom(found, user=request.user, day=today, four_eyes=policies.active().four_eyes)
    page = Paginator(found, ON_THE_DESK).get_page(request.GET.get("page"))
    if pk is None and request.method == "GET":
        wanted_rows = _every_row(found, today=today) if request.GET.get("as") else []
        table = HoldTable(wanted_rows)
        if (other := listing.beside(request, table)) is not None:
            return other
        detail = {"listing": table.listing}
    context = {
        "filter": chosen,
        "page": page,
        "holds": _with_turns(queries.rows(page.object_list, today=today), page.object_list, today=today),
        "sums": queue.open_sums(request.user),
        "ready": queue.ready(request.user),
        "may_evaluate": may(request.user, "evaluate_holds"),
        "mass_form": mass_form or chosen_form(request),
        "ticked": set(pages.ids(request, "hold")) if mass_form else set(),
        "may_release_any": may(request.user, "release_hold"),
        "query": request.GET.urlencode(),
        "mark": queue.mark(request.user),
        **detail,
    }
    return pages.show(request, "approvals/desk.html", "approvals/_queue.html", context, status=status)


def _every_row(found: Any, *, today: date) -> list[queries.HoldRow]:
    """Return the whole desk as it is narrowed, with for whom each hold waits."""
    holds = list(found)
    return _with_turns(queries.rows(holds, today=today), holds, today=today)


def chosen_form(request: HttpRequest, decision: str | None = None) -> MassForm:
    """Return the form over a selection, filled in where something is decided, with the reasons of the reader's companies."""
    reasons = {r.code: r.name for r in queries.release_reasons(companies_of(request.user))}
    people = queries.releasers().exclude(pk=request.user.pk)
    data, asked = (request.POST, decision) if decision else (None, "release")
    return MassForm(data, reasons=reasons, people=people, decision=asked, prefix="mass")


@door("view_desk")
@require_safe
def pulse(request: HttpRequest) -> HttpResponseBase:
    """Tell what others did since the desk was drawn; nothing where nobody did anything."""
    before, now = pages.asked(request, "mark"), queue.mark(request.user)
    if before == now:
        return HttpResponse(status=204)
    shown = pages.asked(request, "hold")
    decided = queue.decided_since(request.user, before)
    context = {
        "mark": now,
        "shown": shown,
        "decided": [c for c in decided if c.closed_by_id != request.user.pk],
        "mine": next((c for c in decided if str(c.hold_id) == shown), None),
    }
    response = render(request, "approvals/_pulse.html", context)
    response["HX-Trigger"] = "desk-changed"
    return response


def _with_turns(shown: list[queries.HoldRow], found: Any, *, today: date) -> list[queries.HoldRow]:
    """Add for whom each hold waits."""
    waiting = authority.of_holds(found, day=today, four_eyes=policies.active().four_eyes)
    nobody = _("nobody: no authority reaches it")
    return [
        replace(row, waits_for=waiting[row.id].words or nobody, waits_brief=waiting[row.id].brief or _("nobody"))
        for row in shown
    ]


def _detail(
    request: HttpRequest,
    pk: int,
    release_form: ReleaseForm | None,
    reject_form: RejectForm | None,
    event_form: EventForm | None,
    notice: str,
) -> dict[str, Any]:
    today = business_day(timezone.now())
    (row,) = _with_turns([queries.one(request.user, pk, today=today)], [queries.full(request.user, pk)], today=today)
    held = queries.hold(request.user, pk)
    may_release = row.open and may(request.user, "release_hold")
    if release_form is None:
        policy = policies.active()
        release_form = ReleaseForm(
            currency=row.currency, reasons=queries.release_reasons([held.document.company_id]), policy=policy,
            initial={"saw": row.saw, "cap": holds.default_cap(row.amount, row.currency, policy)},
        )  # fmt: skip
    return {
        "hold": row,
        "chosen": pk,
        "evidence": evidence.of(held, today=today),
        "release_form": release_form,
        "reject_form": reject_form or RejectForm(prefix="reject"),
        "may_release": may_release,
        "may_evaluate": may(request.user, "evaluate_holds"),
        "events": queries.events(pk),
        "event_form": event_form or EventForm(prefix="event"),
        "may_comment": row.open and may(request.user, "comment_hold"),
        "deciders": queries.deciders(held, but=holds.authors(held) | {request.user.pk}) if may_release else [],
        "is_mine": row.assigned_id == request.user.pk,
        "notice": notice,
    }


@door("release_hold")
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Release a hold, if it still is what the page showed."""
    held = queries.hold(request.user, pk)
    reasons = queries.release_reasons([held.document.company_id])
    form = ReleaseForm(request.POST, currency=held.currency, reasons=reasons, policy=policies.active())
    if not form.is_valid():
        return show(request, pk, release_form=form, status=422)
    typed = form.cleaned_data
    try:
        result = gate.release(
            held,
            by=Actor.of(request),
            now=timezone.now(),
            reason=typed["reason"],
            note=typed["note"],
            scope=typed["scope"],
            until=typed["until"],
            cap=typed["cap"],
            with_posting=typed["with_posting"],
            saw=typed["saw"],
            code=typed["code"],
        )
    except (AlreadyReleased, AlreadyClosed) as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
        return redirect("hold", pk)
    except Stale as error:
        evaluation.evaluate_document(held.document, now=timezone.now())  # so that the new page shows today's figures
        return show(
            request,
            pk,
            release_form=_afresh(request, pk, form, reasons),
            notice=str(error),
            status=409,
        )
    except pages.REFUSALS as error:
        refuse(form, error)
        return show(request, pk, release_form=form, status=422)
    number = held.document.number
    if typed["with_posting"] and result is not None:
        messages.success(
            request,
            _("%(number)s is released, and the step is carried out.") % {"number": number},
        )
    else:
        messages.success(
            request,
            _("%(number)s is released; the step can be repeated now.") % {"number": number},
        )
    return redirect("desk")


def _afresh(request: HttpRequest, pk: int, typed: ReleaseForm, reasons: list[ReleaseReason]) -> ReleaseForm:
    """Return the form as it was typed, but with the figures as they are now."""
    row = queries.one(request.user, pk, today=business_day(timezone.now()))
    data = typed.data.copy()
    data["saw"] = ReleaseForm.base_fields["saw"].prepare_value(row.saw)
    return ReleaseForm(data, currency=row.currency, reasons=reasons, policy=policies.active())


@door("release_hold")
@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Reject a held step: the document stays as it was."""
    held = queries.hold(request.user, pk)
    form = RejectForm(request.POST, prefix="reject")
    if not form.is_valid():
        return show(request, pk, reject_form=form, status=422)
    typed = form.cleaned_data
    try:
        gate.reject(
            held,
            by=Actor.of(request),
            now=timezone.now(),
            reason=typed["reason"],
            note=typed["note"],
        )
    except (AlreadyReleased, AlreadyClosed) as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
        return redirect("hold", pk)
    except pages.REFUSALS as error:
        refuse(form, error)
        return show(request, pk, reject_form=form, status=422)
    messages.success(request, _("%(number)s is rejected.") % {"number": held.document.number})
    return redirect("desk")


@door("force_hold")
@require_POST
def force(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hold the next step of a document by hand."""
    document = document_queries.one(request.user, pk)
    form = ForceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors.get("reason", [])))
        return redirect("document", pk)
    try:
        gate.force(
            document,
            by=Actor.of(request),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
        return redirect("document", pk)
    messages.success(request, _("The next step of %(number)s is held.") % {"number": document.number})
    return redirect("document", pk)


@door("view_alerts")
@require_safe
def alerts(request: HttpRequest) -> HttpResponseBase:
    """List the reader's inbox, or with `all=1` every alert that the reader may see; those since the last look are marked."""
    everything = request.GET.get("all") == "1"
    seen = alert_rows.seen_up_to(request.user)
    found = alert_rows.newest(request.user, everything=everything)
    chosen = AlertFilter(request.GET, queryset=found, seen=seen)
    table = AlertTable(chosen.qs, seen=seen, companies=companies_of(request.user))
    context = {"filter": chosen, "everything": everything, "is_part": pages.is_part(request)}
    return listing.show(
        request, table, "approvals/alerts.html", "approvals/_alerts.html", context, per_page=SHOWN_ALERTS
    )


@door("view_alerts")
@require_POST
def alerts_seen(request: HttpRequest) -> HttpResponseBase:
    """Note that the reader has looked at every alert."""
    alert_rows.mark_seen(request.user)
    return redirect("alerts")


@door("view_alerts")
@require_safe
def alerts_count(request: HttpRequest) -> HttpResponseBase:
    """Return the counter of the top bar, which asks again by itself."""
    return render(request, "approvals/_count.html")
