"""Data quality: the list of what looks wrong, worked off one by one; two customers looked at side by side and merged."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.quality import looking, merging
from creditrisk.quality.forms import AsideForm, MergeForm, TermsForm
from creditrisk.quality.models import Finding, Merge, What
from creditrisk.quality.tables import FindingTable
from creditrisk.refusal import Refused
from creditrisk.roles import Actor, companies_of, door
from customers import queries as customer_queries


def _mine(request: HttpRequest) -> QuerySet[Finding]:
    companies = companies_of(request.user)
    found = Finding.objects.select_related("customer", "other", "item", "document", "company", "aside_by")
    return found if companies is None else found.filter(Q(company_id__in=companies) | Q(company__isnull=True))


def _merges(request: HttpRequest) -> QuerySet[Merge]:
    seen = customer_queries.visible(request.user)
    return Merge.objects.filter(into__in=seen).select_related("duplicate", "into", "made_by").order_by("-pk")[:5]


@door("import_data")
@require_safe
def quality(request: HttpRequest) -> HttpResponseBase:
    """List what looks wrong, by kind; what was set aside is kept apart."""
    found = _mine(request)
    waits = found.filter(aside_at__isnull=True)
    counts = dict(waits.order_by().values_list("what").annotate(count=Count("pk")))
    chosen = request.GET.get("what", "")
    if chosen not in (*What.values, "ASIDE"):
        chosen = next((w for w in What.values if counts.get(w)), What.DUPLICATE.value)
    rows = found.filter(aside_at__isnull=False) if chosen == "ASIDE" else waits.filter(what=chosen)
    table = FindingTable(rows.order_by("-weight", "pk"))
    if (other := listing.beside(request, table)) is not None:
        return other
    page = Paginator(rows.order_by("-weight", "pk"), pages.PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "chosen": chosen, "page": page, "listing": table.listing, "tabs": [(w.value, w.label, counts.get(w.value, 0)) for w in What],
        "aside": found.filter(aside_at__isnull=False).count(), "aside_form": AsideForm(auto_id=False),
        "terms_form": TermsForm(auto_id=False), "merges": _merges(request) if chosen == What.DUPLICATE else (),
    }  # fmt: skip
    return render(request, "quality/quality.html", context)


@door("import_data")
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Look through everything again."""
    count = looking.look(now=timezone.now())
    messages.success(request, _("Looked through everything: %(count)d findings wait.") % {"count": count})
    return redirect("quality")


@door("import_data")
@require_POST
def aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a finding aside, with the reason."""
    found = get_object_or_404(_mine(request), pk=pk)
    form = AsideForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is right as it is."))
        return pages.back(request, "quality")
    found.aside_at, found.aside_by = timezone.now(), request.user  # type: ignore[assignment]
    found.aside_reason = form.cleaned_data["reason"]
    found.save(update_fields=["aside_at", "aside_by", "aside_reason"])
    messages.success(request, _("Set aside; it stays in the list of those."))
    return pages.back(request, "quality")


@door("import_data")
@require_POST
def terms(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a customer without payment terms some."""
    found = get_object_or_404(_mine(request), pk=pk, what=What.TERMS)
    form = TermsForm(request.POST)
    if not form.is_valid() or found.customer is None:
        messages.error(request, _("Choose payment terms."))
        return pages.back(request, "quality")
    found.customer.terms = form.cleaned_data["terms"]
    found.customer.save(update_fields=["terms"])
    messages.success(request, _("%(name)s has payment terms now.") % {"name": found.customer.name})
    found.delete()
    return pages.back(request, "quality")


@door("import_data")
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, code: str, other: str) -> HttpResponse:
    """Look at two customers side by side, and merge them."""
    pair = [customer_queries.one(request.user, code), customer_queries.one(request.user, other)]
    form = MergeForm(request.POST or None, customers=pair, initial={"stays": code})
    if request.method == "POST" and form.is_valid():
        into = next(c for c in pair if c.code == form.cleaned_data["stays"])
        duplicate = next(c for c in pair if c is not into)
        try:
            merging.merge(duplicate, into, reason=form.cleaned_data["reason"], by=Actor.of(request), now=timezone.now())
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            said = _("%(duplicate)s is known as %(into)s from now on.")
            messages.success(request, said % {"duplicate": duplicate.code, "into": into})
            return redirect("customer", into.code)
    sides: list[dict[str, Any]] = [{"customer": c, **_side(c, next(o for o in pair if o is not c))} for c in pair]
    return render(request, "quality/merge.html", {"form": form, "sides": sides}, status=422 if form.errors else None)


def _side(customer: Any, other: Any) -> dict[str, Any]:
    try:
        return {"preview": merging.preview(customer, other)}
    except Refused as error:
        return {"refusal": str(error)}
