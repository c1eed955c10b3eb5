"""The policy as people meet it: the draft and its activation, versions to read, compare and restore, the rule book."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.lists import listing
from creditrisk.policy import compile as policies
from creditrisk.policy import draft as drafts
from creditrisk.policy import health, queries
from creditrisk.policy.changes import changes
from creditrisk.policy.forms import ActivationForm, CompareForm
from creditrisk.policy.models import PolicyVersion, RuleRow
from creditrisk.policy.tables import VersionTable
from creditrisk.roles import Actor, door, may


def _mended_at(ailments: list[health.Ailment]) -> list[tuple[health.Ailment, str]]:
    """Return each ailment with the address where it is mended."""
    rows = set(RuleRow.objects.values_list("pk", flat=True))
    found = []
    for one in ailments:
        if one.argument is None:
            address = reverse(one.page)
        elif one.argument in rows:
            address = reverse(one.page, args=[one.argument])
        else:  # the row stands in the version, and no more in the draft
            address = reverse("admin:policy_rulerow_changelist")
        found.append((one, address))
    return found


def _in_admin(request: HttpRequest) -> bool:
    """Return whether the reader may follow a link into the administration and edit there."""
    return bool(request.user.is_staff and may(request.user, "edit_policy"))


@door("view_policy")
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Show what is in force, what the draft would change, and what ails it."""
    return render(request, "policy/policy.html", _desk(request, None))


def _desk(request: HttpRequest, form: ActivationForm | None) -> dict[str, Any]:
    today, draft = business_day(timezone.now()), drafts.look()
    return {
        "draft": draft,
        "active": draft.active,
        "form": form or ActivationForm(initial={"saw": draft.mark}),
        "ailments": _mended_at(health.examine(policies.compiled(0, draft.content), today=today)),
        "touches": queries.touches(since=draft.active.saved_at if draft.active else None),
        "reading": queries.reading(draft.content, today=today),
        "edits": may(request.user, "edit_policy"),
        "in_admin": _in_admin(request),
        "activates": may(request.user, "activate_policy"),
    }


@door("activate_policy")
@require_POST
def activate(request: HttpRequest) -> HttpResponse:
    """Put the draft in force."""
    form = ActivationForm(request.POST)
    if form.is_valid():
        try:
            version = drafts.activate(by=Actor.of(request), now=timezone.now(), **form.cleaned_data)
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            messages.success(request, _("Version %d of the policy is in force.") % version.number)
            return redirect("policy_version", version.number)
    # Drawn anew: the person sees the draft as it is now, with the note kept, and may say yes to that one.
    data = request.POST.copy()
    data["saw"] = drafts.look().mark
    form.data = data
    return render(request, "policy/policy.html", _desk(request, form), status=422)


@door("edit_policy")
@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Make the draft what is in force again."""
    try:
        left_out = drafts.discard(by=Actor.of(request))
    except pages.REFUSALS as error:
        pages.tell_refusal(request, error)
    else:
        messages.success(request, _("The draft is discarded: it says what is in force."))
        for sentence in left_out:
            messages.warning(request, sentence)
    return redirect("policy")


@door("view_policy")
@require_safe
def versions(request: HttpRequest) -> HttpResponseBase:
    """List the versions, the newest first, each with what it changed."""
    table = VersionTable(PolicyVersion.objects.select_related("saved_by").order_by("-number"))
    if (other := listing.beside(request, table)) is not None:
        return other
    pager = Paginator(PolicyVersion.objects.select_related("saved_by").order_by("-number"), pages.PER_PAGE)
    page = pager.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "versions": queries.versions(page.object_list),
        "form": CompareForm(),
        "listing": table.listing,
    }
    return render(request, "policy/versions.html", context)


@door("view_policy")
@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Show one version whole, with what it changed."""
    found = queries.one(number)
    today = business_day(timezone.now())
    before = PolicyVersion.objects.filter(number__lt=number).order_by("-number").first()
    active = policies.newest_version()
    context = {
        "version": found,
        "before": before,
        "changes": changes(before.content if before else None, found.content),
        "reading": queries.reading(found.content, today=today),
        "in_force": active is not None and active.number == number,
        "in_admin": _in_admin(request),
        "edits": may(request.user, "edit_policy"),
    }
    return render(request, "policy/version.html", context)


@door("view_policy")
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Show what one version says otherwise than another, or than the draft: at first the one in force and the draft."""
    form = CompareForm(request.GET or {"before": str(policies.active().number), "after": "draft"})
    told: list[str] | None = None
    if form.is_bound and form.is_valid():
        before, after = form.cleaned_data["before"], form.cleaned_data["after"]
        content = policies.draft() if after == "draft" else queries.one(int(after)).content
        told = changes(queries.one(int(before)).content, content)
    return render(request, "policy/compare.html", {"form": form, "changes": told}, status=422 if form.errors else None)


@door("edit_policy")
@require_POST
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """Take an older version into the draft."""
    left_out = drafts.restore(queries.one(number), by=Actor.of(request))
    messages.success(
        request, _("Version %d stands in the draft. It is in force once somebody activates the draft.") % number
    )
    for sentence in left_out:
        messages.warning(request, sentence)
    return redirect("policy")


@door("view_policy")
@require_safe
def health_check(request: HttpRequest) -> HttpResponse:
    """Show what ails the policy in force."""
    today, active = business_day(timezone.now()), policies.active()
    context = {
        "number": active.number,
        "ailments": _mended_at(health.examine(active, today=today)),
        "differs": drafts.look().differs,
        "in_admin": _in_admin(request),
    }
    return render(request, "policy/health.html", context)


@door("view_rules")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show every rule of the book, and where the policy in force puts it to work."""
    newest = policies.newest_version()
    content = newest.content if newest else policies.draft()
    active = policies.active()
    context = {
        "number": active.number,
        "entries": queries.book(request.user, active, content, today=business_day(timezone.now())),
        "may_policy": may(request.user, "view_policy"),
    }
    return render(request, "policy/rules.html", context)
