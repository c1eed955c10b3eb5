"""Deciding a selection of holds: each by itself, with what came of it told line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from approvals import gate, queries
from approvals.forms import MassForm, SawField
from approvals.models import Hold, ReleaseReason
from approvals.views import desk
from creditrisk import pages
from creditrisk.refusal import Refused
from creditrisk.roles import Actor, door

MOST = 200


@dataclass(frozen=True)
class Decided:
    """One hold of the selection with what came of it; the sentence says why it was not done."""

    hold: Hold
    done: bool
    sentence: str = ""


@door("release_hold")
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Release or reject each of the holds that are named, for one reason; what is refused is told and stays."""
    ids = {int(pk) for pk in request.POST.getlist("hold") if pk.isascii() and pk.isdigit() and len(pk) < 19}
    chosen = list(
        queries.visible(request.user).filter(pk__in=ids).select_related("document", "customer").order_by("pk")[:MOST]
    )
    decision = request.POST.get("decision", "")
    if not chosen or decision not in ("release", "reject"):
        messages.info(request, _("Choose holds first; nothing was decided."))
        return redirect("desk")
    form = MassForm(request.POST, reasons=desk.mass_reasons(request), prefix="mass")
    if not form.is_valid():
        return desk.show(request, None, mass_form=form, status=422)
    by = Actor.of(request)
    codes = queries.release_reasons({hold.document.company_id for hold in chosen})
    decided = [_decided(hold, decision, form, request.POST, codes=codes, by=by) for hold in chosen]
    done = sum(line.done for line in decided)
    context = {"decided": decided, "done": done, "left": len(decided) - done, "released": decision == "release"}
    return render(request, "approvals/decided.html", context)


def _decided(
    hold: Hold, decision: str, form: MassForm, sent: Mapping[str, Any], *, codes: list[ReleaseReason], by: Actor
) -> Decided:
    typed = form.cleaned_data
    words = {"reason": form.reason_name, "note": typed["note"], "by": by, "now": timezone.now()}
    try:
        if decision == "reject":
            gate.reject(hold, **words)
        else:
            saw = SawField().clean(sent.get(f"saw-{hold.pk}", ""))
            gate.release(hold, **words, saw=saw, code=_code(hold, typed["reason"], codes))
    except ValidationError as error:
        return Decided(hold, False, " ".join(error.messages))
    except pages.REFUSALS as error:
        return Decided(hold, False, str(error))
    return Decided(hold, True)


def _code(hold: Hold, code: str, codes: list[ReleaseReason]) -> ReleaseReason | None:
    """Return the reason out of the table of the hold's company; None where it has none and words suffice."""
    table = {r.code: r for r in codes if r.company_id == hold.document.company_id}
    if table and code not in table:
        raise Refused(_("This company has no such reason; release it by itself."))
    return table.get(code)
