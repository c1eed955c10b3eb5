"""Three questions to the company's own history: limits and paying, longer terms, false alarms."""

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import tryout
from creditrisk import nudge, pages
from creditrisk.audit.outcomes import Outcome
from creditrisk.clock import business_day
from creditrisk.export import FILES
from creditrisk.insight import alarms as alarming
from creditrisk.insight import answers, lengthening, reliability
from creditrisk.insight.forms import USUAL_GRACE, AlarmsForm, LimitsForm, TermsForm
from creditrisk.insight.tables import HeldTable, MeasuredTable, PayerTable
from creditrisk.lists import listing
from creditrisk.money import MissingRate
from creditrisk.roles import Actor, door, may

HANDS = 4

type Look = Callable[[dict[str, Any]], HttpResponseBase | None]


def _page(request: HttpRequest, form: Any, name: str, look: Look) -> HttpResponseBase:
    """Show a page of one company, or its list alone; `look` adds to what is shown, or answers with a file."""
    if (other := listing.first_view(request)) is not None:
        return other
    company = form.chosen()
    shown: dict[str, Any] = {
        "form": form, "company": company, "query": pages.without(request, "as"),
        "narrowed": pages.without(request, "as", "group", "sort", "page", "columns", "view"), "group": pages.asked(request, "group"),
    }  # fmt: skip
    if company is not None:
        try:
            if (file := look(shown)) is not None:
                return file
        except MissingRate as error:
            shown["error"] = str(error)
    return pages.show(request, f"insight/{name}.html", "insight/_list.html", shown)


@door("view_figures")
@require_safe
def limits(request: HttpRequest) -> HttpResponseBase:
    """Show whether customers with lower limits pay more reliably; `group` lists a band, `as=csv` and `as=xlsx` download."""
    today = business_day(timezone.now())
    form = LimitsForm(request.GET.dict(), user=request.user, today=today)

    def look(shown: dict[str, Any]) -> HttpResponseBase | None:
        (since, until), company = form.period(), shown["company"]
        by, grace = form.typed("by", "relative"), form.typed("grace", USUAL_GRACE)
        asked = reliability.Asked(company, since, until, day=today, by=by, grace=grace)
        found = reliability.look(asked)
        chosen = [b for b in found.every if b.key == shown["group"]]
        table = listing.drawn(request, PayerTable(chosen[0].payers, currency=company.currency)) if chosen else None
        if table is not None and (listed := listing.as_file(request, table)) is not None:
            return listed
        if (file := FILES.get(request.GET.get("as", ""))) is not None:
            rows = reliability.cells(found.every, company.currency)
            return file(f"insight-limits-{company.code}-{since}-{until}", reliability.header(), rows)
        shown |= {
            "found": found, "answer": answers.of_limits(found), "asked": asked, "chosen": chosen[0] if chosen else None,
            "table": table,
            "by_count": [(b.name, b.by_count) for b in found.every], "by_amount": [(b.name, b.by_amount) for b in found.every],
        }  # fmt: skip
        return None

    return _page(request, form, "limits", look)


@door("view_figures")
@require_safe
def terms(request: HttpRequest) -> HttpResponseBase:
    """Show what longer terms did to DSO and sales; `group` lists the customers, `as=csv` and `as=xlsx` download."""
    today = business_day(timezone.now())
    form = TermsForm(request.GET.dict(), user=request.user, today=today)

    def look(shown: dict[str, Any]) -> HttpResponseBase | None:
        (since, until), company = form.period(), shown["company"]
        window = form.typed("window", lengthening.WINDOWS[1])
        found = lengthening.look(lengthening.Asked(company, since, until, today, window), zone=settings.TIME_ZONE)
        chosen = [(p, g) for p in found.pairs for g in p.groups if f"{p.segment}:{g.key}" == shown["group"]]
        table = (
            listing.drawn(request, MeasuredTable(chosen[0][1].customers, currency=company.currency)) if chosen else None
        )
        if table is not None and (listed := listing.as_file(request, table)) is not None:
            return listed
        if (file := FILES.get(request.GET.get("as", ""))) is not None:
            groups = found.pairs[0].groups if found.pairs else ()
            name = f"insight-terms-{company.code}-{since}-{until}"
            return file(name, lengthening.header(), lengthening.cells(groups, company.currency))
        shown |= {
            "found": found, "answer": answers.of_terms(found), "window": window, "chosen": chosen[0] if chosen else None,
            "table": table,
            "days": _both(found.pairs, "days"), "growth": _both(found.pairs, "growth"),
        }  # fmt: skip
        return None

    return _page(request, form, "terms", look)


def _both(pairs: Sequence[lengthening.Pair], what: str) -> list[tuple[str, Any]]:
    """Return what the picture draws: with longer terms and without, a segment after the other."""
    longer, same = answers.WORDS
    return [
        (f"{pair.name}: {words}", getattr(group, what))
        for pair in pairs for words, group in ((longer, pair.longer), (same, pair.same))
    ]  # fmt: skip


@door("view_figures")
@require_safe
def alarms(request: HttpRequest) -> HttpResponseBase:
    """Show which rules held what was then paid on time; `group` lists the holds, `as=csv` and `as=xlsx` download."""
    today = business_day(timezone.now())
    form = AlarmsForm(request.GET.dict(), user=request.user, today=today)

    def look(shown: dict[str, Any]) -> HttpResponseBase | None:
        (since, until), company = form.period(), shown["company"]
        grace = form.typed("grace", USUAL_GRACE)
        found = alarming.look(alarming.Asked(company, since, until, day=today, grace=grace))
        chosen = [a for a in (found.every, *found.rows) if a.key == shown["group"]]
        table = listing.drawn(request, HeldTable(chosen[0].holds, currency=company.currency)) if chosen else None
        if table is not None and (listed := listing.as_file(request, table)) is not None:
            return listed
        if (file := FILES.get(request.GET.get("as", ""))) is not None:
            name = f"insight-alarms-{company.code}-{since}-{until}"
            return file(name, alarming.header(), alarming.cells(found.rows, company.currency))
        shown |= {
            "found": found, "answer": answers.of_alarms(found), "grace": grace, "chosen": chosen[0] if chosen else None,
            "table": table, "ways": Outcome,
            "shares": [(answers.of_row(a), a.false_alarms) for a in found.rows if a.false_alarms],
            "may_try": may(request.user, "try_without_row"), "since": since, "until": until,
        }  # fmt: skip
        return None

    return _page(request, form, "alarms", look)


@door("try_without_row")
@require_POST
def try_without(request: HttpRequest) -> HttpResponse:
    """Try the policy in force without one of its rows on the decisions of the period."""
    now = timezone.now()
    today = business_day(now)
    form = AlarmsForm(request.POST.dict(), user=request.user, today=today)
    row = request.POST.get("row", "")
    made = alarming.without(int(row)) if row.isascii() and row.isdigit() and len(row) < 10 else None
    if made is None:
        messages.error(request, _("The policy in force does not have this row: nothing was tried."))
        return redirect("insight_alarms")
    content, label = made
    since, until = form.period()
    started = tryout.start(content, label=label, since=since, until=until, by=Actor.of(request), now=now)
    for _hand in range(min(started.parts.count(), HANDS)):
        nudge.after_commit("approvals.tasks.try_policies")
    return redirect("tryout", started.pk)
