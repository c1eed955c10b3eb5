"""Handling a hold from the desk or from its document: comment, take, delegate, send back, ask for its release."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from approvals import attachments, hold_events, holds, queries
from approvals.forms import EventForm
from approvals.models import Hold
from approvals.views import desk
from creditrisk import pages
from creditrisk.forms import refuse
from creditrisk.refusal import AlreadyClosed, AlreadyReleased, Refused
from creditrisk.roles import Actor, door, may

Handle = Callable[[Hold, dict[str, Any], Actor], Any]


def _handler(name: str, handle: Handle, done: Any, *, door_name: str = "release_hold") -> Callable[..., HttpResponse]:
    @door(door_name)
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        held = queries.hold(request.user, pk)
        form = EventForm(request.POST, request.FILES, prefix="event")
        try:
            holds.refuse_closed(held)  # before what was typed: a decided hold has no form to say it in
        except (AlreadyReleased, AlreadyClosed) as error:
            return _decided(request, held, error)
        if form.is_valid():
            try:
                handle(held, form.cleaned_data, Actor.of(request))
            except (AlreadyReleased, AlreadyClosed) as error:
                return _decided(request, held, error)
            except pages.REFUSALS as error:
                refuse(form, error)
            else:
                messages.success(request, str(done) % {"number": held.document.number})
                return _back(request, held)
        if may(request.user, "view_desk"):
            return desk.show(request, pk, event_form=form, status=422)
        messages.error(request, " ".join(e for errors in form.errors.values() for e in errors))
        pages.keep_typed(request, f"hold-{pk}", form.data.get(form.add_prefix("note"), ""))
        return _back(request, held)

    view.__name__ = view.__qualname__ = name
    view.__doc__ = f"Handle a hold: {name}."
    return view


def _decided(request: HttpRequest, held: Hold, error: Refused) -> HttpResponse:
    messages.info(request, _("%(sentence)s Nothing was done twice.") % {"sentence": error})
    return _back(request, held)


def _back(request: HttpRequest, held: Hold) -> HttpResponse:
    if may(request.user, "view_desk"):
        return pages.back(request, "hold", held.pk)
    return pages.back(request, "document", held.document_id)


def _delegated(held: Hold, typed: dict[str, Any], by: Actor) -> Any:
    to = get_user_model().objects.filter(username=typed["to"], is_active=True).first()
    if to is None:
        raise Refused(_("Choose who shall decide it."), field="to")
    return hold_events.delegate(held, to=to, by=by, now=timezone.now(), note=typed["note"])


comment = _handler(
    "comment",
    lambda held, typed, by: attachments.comment(held, typed["files"], by=by, now=timezone.now(), note=typed["note"]),
    gettext_lazy("Your comment on %(number)s is kept."),
    door_name="comment_hold",
)
take = _handler(
    "take",
    lambda held, typed, by: hold_events.take(held, by=by, now=timezone.now()),
    gettext_lazy("You have %(number)s now; the others see it."),
)
delegate = _handler("delegate", _delegated, gettext_lazy("%(number)s is delegated."))
send_back = _handler(
    "send_back",
    lambda held, typed, by: hold_events.ask_change(held, by=by, now=timezone.now(), note=typed["note"]),
    gettext_lazy("%(number)s goes back for a change; sales is told."),
)
withdraw = _handler(
    "withdraw",
    lambda held, typed, by: hold_events.withdraw(held, by=by, now=timezone.now()),
    gettext_lazy("The change of %(number)s is withdrawn; it stays as it was."),
    door_name="comment_hold",
)
ask_release = _handler(
    "ask_release",
    lambda held, typed, by: attachments.ask_release(
        held, typed["files"], by=by, now=timezone.now(), note=typed["note"]
    ),
    gettext_lazy("The release of %(number)s is asked for. You are told what is decided."),
    door_name="comment_hold",
)
