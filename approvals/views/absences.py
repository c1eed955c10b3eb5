"""Absence: who releases in one's place, on which days."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from approvals import queries, substituting
from approvals.forms import AbsenceForm
from creditrisk import pages
from creditrisk.clock import business_day
from creditrisk.forms import refuse
from creditrisk.refusal import AlreadyClosed
from creditrisk.roles import Actor, door, name_of


@door("release_hold")
@require_http_methods(["GET", "POST"])
def absences(request: HttpRequest) -> HttpResponse:
    """Say who stands in; list the absences in force and to come."""
    today = business_day(timezone.now())
    people = queries.releasers().exclude(pk=request.user.pk)
    form = AbsenceForm(request.POST or None, people=people, initial={"valid_from": today})
    if request.method == "POST" and form.is_valid():
        try:
            made = substituting.stand_in(**form.cleaned_data, by=Actor.of(request), now=timezone.now())
        except pages.REFUSALS as error:
            refuse(form, error)
        else:
            who = name_of(made.substitute)
            messages.success(request, _("%(who)s stands in for you on these days.") % {"who": who})
            return redirect("absences")
    context = {"form": form, "absences": substituting.of(request.user, day=today)}
    return render(request, "approvals/absences.html", context, status=422 if form.errors else None)


@door("release_hold")
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an absence before its last day."""
    today = business_day(timezone.now())
    found = get_object_or_404(substituting.known(request.user), pk=pk)
    try:
        substituting.end(found, by=Actor.of(request), now=timezone.now())
    except AlreadyClosed as error:
        messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
    else:
        begun = found.valid_from <= today
        messages.success(request, _("It is ended.") if begun else _("It is called off."))
    return redirect("absences")
