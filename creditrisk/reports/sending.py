"""Mailing editions: one delivery an address, claimed, tried again with growing pauses, given up in sight."""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from creditrisk.clock import put_off_too_far
from creditrisk.refusal import InvalidState
from creditrisk.reports.models import Delivery, DeliveryState, Edition, What
from creditrisk.roles import companies_of, may

log = logging.getLogger(__name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = ("html", "xlsx")
# How long after each attempt the next one comes; after the last it is given up.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
LEASE = timedelta(minutes=5)
_MOST = 200
_ERROR_MAX = 500
_STYLE = Path(settings.BASE_DIR) / "static" / "css"


def address(edition: Edition, *, now: datetime) -> int:
    """Write down to whom an edition goes; return how many wait.

    People who left, or may not see the company's figures any more, get none; who has no address is there, given up.
    """
    report = edition.report
    found: dict[str, str] = {}
    nowhere = []
    for person in report.people.filter(is_active=True).order_by("username"):
        companies = companies_of(person)
        if not may(person, "view_figures") or (companies is not None and report.company_id not in companies):
            continue
        if person.email:
            found.setdefault(person.email, person.get_full_name() or person.get_username())
        else:
            nowhere.append(person.get_username())
    for line in report.lines:
        found.setdefault(line, "")
    made = [_delivery(edition, where, name, next_try=now) for where, name in found.items()]
    made += [
        _delivery(edition, login, login, state=DeliveryState.FAILED, error=_("This person has no e-mail address."))
        for login in nowhere
    ]  # fmt: skip
    Delivery.objects.bulk_create(made)
    return len(found)


def _delivery(edition: Edition, where: str, name: str, **values: Any) -> Delivery:
    return Delivery(edition=edition, address=where, name=name[:150], message_id=_fresh(), **values)


def _fresh() -> str:
    return f"<report-{uuid.uuid4().hex}@creditrisk>"


def send_waiting(*, now: datetime) -> int:
    """Send what waits and is due to be tried; return how many were sent. Many may run at once: each is claimed."""
    waiting = Delivery.objects.filter(_claimable(now)).order_by("next_try", "pk").values_list("pk", flat=True)[:_MOST]
    return sum(send(pk, now=now) for pk in list(waiting))


def _claimable(now: datetime) -> Q:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_until__gt=now + 2 * LEASE)
    due = Q(next_try__lte=now) | put_off_too_far("next_try", pauses=(timedelta(0), *PAUSES), now=now)
    return Q(state=DeliveryState.WAITING) & due & free


def send(pk: int, *, now: datetime) -> bool:
    """Claim a delivery and send it; return whether it was sent. A claim that nobody ended runs out after some minutes.

    What the server took goes again only where the worker dies before it is written down, with the same message id.
    """
    claimed = Delivery.objects.filter(_claimable(now), pk=pk).update(
        claimed_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    delivery = Delivery.objects.select_related("edition__report__company").get(pk=pk)
    try:
        _message(delivery).send()
    except Exception as error:  # the mail server's, the network's, the address's: kept, seen, tried again
        _failed(delivery, error, now=now)
        return False
    Delivery.objects.filter(pk=pk).update(
        state=DeliveryState.SENT, sent_at=now, next_try=None, claimed_until=None, error=""
    )
    return True


def _failed(delivery: Delivery, error: Exception, *, now: datetime) -> None:
    log.warning("Delivery %s was not sent: %s", delivery.pk, error)
    over = delivery.attempts > len(PAUSES)
    Delivery.objects.filter(pk=delivery.pk).update(
        error=f"{type(error).__name__}: {error}"[:_ERROR_MAX], claimed_until=None,
        state=DeliveryState.FAILED if over else DeliveryState.WAITING,
        next_try=None if over else now + PAUSES[delivery.attempts - 1],
    )  # fmt: skip


def send_again(delivery: Delivery, *, now: datetime) -> None:
    """Let a delivery that was sent, or given up, wait again, as somebody wants. Raises InvalidState where it waits.

    What was sent goes as a new message: the old id would be thrown away as known.
    """
    if "@" not in delivery.address:
        raise InvalidState(_("This person has no e-mail address."))
    fresh = {"message_id": _fresh()} if delivery.state == DeliveryState.SENT else {}
    done = Delivery.objects.filter(pk=delivery.pk, state=delivery.state).exclude(state=DeliveryState.WAITING)
    if not done.update(
        state=DeliveryState.WAITING, attempts=0, next_try=now, sent_at=None, error="", claimed_until=None, **fresh
    ):
        raise InvalidState(_("It waits to be sent already."))


def _message(delivery: Delivery) -> EmailMessage:
    edition = delivery.edition
    with translation.override(edition.language):
        words = render_to_string("reports/mail.txt", {"edition": edition, "delivery": delivery})
        message = EmailMessage(
            subject=_("%(title)s, %(day)s") % {"title": edition.title, "day": edition.day.isoformat()}, body=words,
            to=[delivery.address], headers={"Message-ID": delivery.message_id},
        )  # fmt: skip
        for name, content, kind in files(edition).values():
            message.attach(name, content, kind)
    return message


def files(edition: Edition) -> Mapping[str, tuple[str, str | bytes, str]]:
    """Return the files of an edition by kind: name, content, media type. The pages bring their own style, to print anywhere."""
    what = "portfolio" if edition.report.what == What.PORTFOLIO else "payments"
    name = f"{what}-{edition.report.company.code}-{edition.day.isoformat()}"
    style = "".join((_STYLE / sheet).read_text() for sheet in ("paper.css", "report.css"))
    pages = render_to_string("reports/alone.html", {"edition": edition, "style": style})
    return {"html": (f"{name}.html", pages, "text/html"), "xlsx": (f"{name}.xlsx", bytes(edition.book), XLSX)}
