"""Deciding or handing on a selection of holds: each by itself, with what came of it told line by line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_POST

from approvals import evaluation, gate, hold_events, queries
from approvals.forms import MassForm, SawField
from approvals.models import Hold, ReleaseReason
from approvals.views import desk
from creditrisk import pages
from creditrisk.refusal import Refused, Stale
from creditrisk.roles import Actor, door

MOST = 200
# What can be done with a selection, and how that is told.
DONE = {
    "release": pgettext_lazy("hold", "released"), "reject": pgettext_lazy("hold", "rejected"),
    "take": pgettext_lazy("hold", "taken"), "send_back": pgettext_lazy("hold", "sent back for a change"),
    "delegate": pgettext_lazy("hold", "delegated"),
}  # fmt: skip
COUNTED: dict[str, Callable[[int], str]] = {
    "release": lambda n: ngettext("%(count)d released", "%(count)d released", n),
    "reject": lambda n: ngettext("%(count)d rejected", "%(count)d rejected", n),
    "take": lambda n: ngettext("%(count)d taken", "%(count)d taken", n),
    "send_back": lambda n: ngettext("%(count)d sent back for a change", "%(count)d sent back for a change", n),
    "delegate": lambda n: ngettext("%(count)d delegated", "%(count)d delegated", n),
}


@dataclass(frozen=True)
class Decided:
    """One hold of the selection with what came of it; the sentence says why it was not done."""

    hold: Hold
    done: bool
    sentence: str = ""


@door("release_hold")
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Release, reject, take, send back or delegate each of the holds that are named; what is refused is told and stays."""
    ids = set(pages.ids(request, "hold"))
    chosen = list(
        queries.visible(request.user).filter(pk__in=ids).select_related("document", "customer").order_by("pk")[:MOST]
    )
    decision = request.POST.get("decision", "")
    if not chosen or decision not in DONE:
        messages.info(request, _("Choose holds first; nothing was decided."))
        return redirect("desk")
    form = desk.chosen_form(request, decision)
    if not form.is_valid():
        return desk.show(request, None, mass_form=form, status=422)
    by = Actor.of(request)
    codes = queries.release_reasons({hold.document.company_id for hold in chosen})
    decided = [_decided(hold, decision, form, request.POST, codes=codes, by=by) for hold in chosen]
    done = sum(line.done for line in decided)
    context = {
        "decided": decided, "done": COUNTED[decision](done) % {"count": done}, "left": len(decided) - done,
        "word": DONE[decision],
    }  # fmt: skip
    return render(request, "approvals/decided.html", context)


def _decided(
    hold: Hold, decision: str, form: MassForm, sent: Mapping[str, Any], *, codes: list[ReleaseReason], by: Actor
) -> Decided:
    typed, now = form.cleaned_data, timezone.now()
    try:
        match decision:
            case "take":
                hold_events.take(hold, by=by, now=now)
            case "send_back":
                hold_events.ask_change(hold, by=by, now=now, note=typed["note"])
            case "delegate":
                hold_events.delegate(hold, to=typed["to"], by=by, now=now, note=typed["note"])
            case "reject":
                gate.reject(hold, by=by, now=now, reason=form.reason_name, note=typed["note"])
            case "release":
                saw = SawField().clean(sent.get(f"saw-{hold.pk}", ""))
                gate.release(
                    hold, by=by, now=now, reason=form.reason_name, note=typed["note"], saw=saw,
                    code=_code(hold, typed["reason"], codes),
                )  # fmt: skip
    except ValidationError as error:
        return Decided(hold, False, " ".join(error.messages))
    except Stale as error:
        evaluation.evaluate_document(hold.document, now=now)  # so that the desk shows today's figures
        return Decided(hold, False, str(error))
    except pages.REFUSALS as error:
        return Decided(hold, False, str(error))
    return Decided(hold, True)


def _code(hold: Hold, code: str, codes: list[ReleaseReason]) -> ReleaseReason | None:
    """Return the reason out of the table of the hold's company; None where it has none and words suffice."""
    table = {r.code: r for r in codes if r.company_id == hold.document.company_id}
    if table and code not in table:
        raise Refused(_("This company has no such reason; release it by itself."))
    return table.get(code)
