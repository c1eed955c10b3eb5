"""Evaluation for release: one hold, a selection, a customer or all; how far it is, and what could not be judged."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from approvals import evaluation, queries, runs
from approvals.runs import Progress
from approvals.tables import RunTable
from creditrisk import pages
from creditrisk.lists import listing
from creditrisk.roles import door, may
from customers import queries as customer_queries

SHOWN = 50


@door("evaluate_holds")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Look again at the holds that are named: `all`, a `customer`'s, or each `hold`. A handful is done at once."""
    holds, scope = _named(request)
    ids = runs.chosen(holds)
    if not ids:
        messages.info(request, _("There is no open hold among what you chose; nothing was evaluated."))
        return pages.back(request, "desk")
    run = runs.start(ids, scope=scope, by=request.user, now=timezone.now())
    if run.finished_at is None:
        return redirect("evaluation", run.pk)
    progress = runs.progress(run)
    tell = messages.warning if progress.failed else messages.success
    tell(request, _sentence(progress))
    return redirect("evaluation", run.pk) if progress.failed else pages.back(request, "desk")


def _named(request: HttpRequest) -> tuple[Any, str]:
    """Return the holds that a form names, and what they are called."""
    mine = queries.visible(request.user)
    if "all" in request.POST:
        return mine, _("all open holds")
    if code := request.POST.get("customer", ""):
        customer = customer_queries.one(request.user, code)
        return mine.filter(evaluation.hanging_on(customer.pk)), str(customer)
    ids = set(pages.ids(request, "hold"))
    chosen = mine.filter(pk__in=ids)
    if len(ids) == 1 and (only := chosen.select_related("document").first()):
        return chosen, only.document.number
    return chosen, ngettext("%d chosen hold", "%d chosen holds", len(ids)) % len(ids)


def _sentence(progress: Progress) -> str:
    parts = [
        (progress.ready, _("%d ready to release")), (progress.released, _("%d released by itself")),
        (progress.held, _("%d still held")), (progress.closed, _("%d decided meanwhile")),
        (progress.failed, _("%d could not be judged")),
    ]  # fmt: skip
    said = ", ".join(words % many for many, words in parts if many)
    return _("Evaluated: %(results)s.") % {"results": said}


@door("view_desk")
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is and what came of it; it draws itself again until it is finished."""
    run = get_object_or_404(queries.visible_runs(request.user).select_related("asked_by"), pk=pk)
    progress = runs.progress(run)
    rows = queries.looked_at(request.user, run)[: SHOWN + 1]
    context = {
        "run": run, "progress": progress, "rows": rows[:SHOWN], "more": len(rows) > SHOWN,
        "may_evaluate": may(request.user, "evaluate_holds"),
    }  # fmt: skip
    return pages.show(request, "approvals/evaluation.html", "approvals/_evaluation.html", context)


@door("view_desk")
@require_safe
def every(request: HttpRequest) -> HttpResponseBase:
    """List the newest runs, and the requests that could not be done so far."""
    failing = evaluation.failing().filter(customer__in=customer_queries.visible(request.user))
    context = {
        "failing": failing[:SHOWN],
        "may_evaluate": may(request.user, "evaluate_holds"),
    }  # fmt: skip
    table = RunTable(runs.counted(queries.visible_runs(request.user)))
    return listing.show(request, table, "approvals/evaluations.html", "approvals/_evaluations.html", context)


@door("evaluate_holds")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Look once more at what a run could not judge."""
    many = runs.again(get_object_or_404(queries.visible_runs(request.user), pk=pk), now=timezone.now())
    if not many:
        messages.info(request, _("Everything in it could be judged."))
    return redirect("evaluation", pk)


@door("evaluate_holds")
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Have the requests that failed tried again at once."""
    many = evaluation.try_again(now=timezone.now())
    messages.success(request, ngettext("%d request is tried again.", "%d requests are tried again.", many) % many)
    return redirect("evaluations")
