"""What came of a step, as a sentence for the reader."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from approvals.gate import Result
from creditrisk.facts import Verdict
from documents.models import Document


def tell(request: HttpRequest, result: Result, step: str) -> None:
    """Flash what came of a step."""
    done = {
        "enter": _("%(kind)s %(number)s is saved."),
        "amend": _("%(kind)s %(number)s is changed."),
        "confirm": _("%(kind)s %(number)s is confirmed."),
        "pick": _("%(kind)s %(number)s is picked."),
        "deliver": _("%(kind)s %(number)s is delivered."),
        "return": _("%(kind)s %(number)s is booked."),
        "invoice": _("%(kind)s %(number)s is saved."),
        "issue": _("%(kind)s %(number)s is issued."),
        "post": _("%(kind)s %(number)s is posted to the ledger."),
        "cancel": _("%(kind)s %(number)s is cancelled."),
        "close": _("%(kind)s %(number)s is closed: what was open weighs nothing any more."),
    }
    document = result.document
    values = {
        "kind": capfirst(document.get_kind_display()),
        "number": document.number,
    }
    match result.outcome.verdict:
        case Verdict.HELD:
            messages.warning(
                request,
                _("%(kind)s %(number)s is held. It is saved; the reason stands below, with what would free it.")
                % values,
            )
        case Verdict.WARNED:
            messages.success(request, done[step] % values)
            messages.warning(request, _("It passed with a warning; the decision below says which."))
        case _:
            messages.success(request, done[step] % values)


def tell_already(request: HttpRequest, document: Document) -> None:
    """Flash that a form came twice and what it made the first time."""
    messages.info(
        request,
        _("This form was sent before: here is %(number)s, which it made. Nothing was done twice.")
        % {"number": document.number},
    )
