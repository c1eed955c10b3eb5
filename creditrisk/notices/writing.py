"""What a notice says: a mail or digest in the reader's language, the body of a webhook's call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from approvals import alerts
from approvals.alert_kinds import About
from approvals.models import Alert
from creditrisk.notices.models import Channel, Endpoint, Notice
from creditrisk.preferences import spoken

# A digest lists so many; the rest is counted, and stands in the inbox.
LISTED_MAX = 200


@dataclass(frozen=True)
class Line:
    """An alert as a mail lists it. `customer` is whose it is: a customer's name, or the code of a shared limit."""

    title: str
    sentence: str
    customer: str
    severity: str
    address: str
    alert: Alert


@dataclass(frozen=True)
class Part:
    """The alerts of a digest that are about the same."""

    about: str
    lines: tuple[Line, ...]


def mail(notice: Notice) -> EmailMultiAlternatives | None:
    """Return the mail of a notice, in the reader's language; None where nothing in it is the reader's to see any more.

    Its Message-ID is made from the notice's key: a repeat is recognised as one.
    """
    user = notice.user
    assert user is not None
    found = list(
        alerts.visible(user).filter(pk__in=notice.lines.values("alert"))
        .select_related("customer", "document", "shared").order_by("-pk")
    )  # fmt: skip
    if not found:
        return None
    with translation.override(spoken.language_of(user)):
        lines = [_line(alert) for alert in found[:LISTED_MAX]]
        context = {
            "lines": lines, "parts": _parts(lines), "more": len(found) - len(lines), "digest": notice.channel == Channel.DIGEST,
            "name": user.first_name or user.get_username(), "inbox": _address("alerts"),
            "mine": _address("alerts_mine"),
        }  # fmt: skip
        message = EmailMultiAlternatives(
            _subject(notice, lines, len(found)),
            render_to_string("notices/mail.txt", context),
            settings.DEFAULT_FROM_EMAIL,
            [user.email],
            headers={"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/mail.html", context), "text/html")
    return message


def message_id(notice: Notice) -> str:
    """Return the Message-ID of every attempt to send a notice."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{notice.key}@{domain}>"


def _subject(notice: Notice, lines: Sequence[Line], count: int) -> str:
    if notice.channel == Channel.DIGEST:
        return ngettext("%(count)d alert of your day", "%(count)d alerts of your day", count) % {"count": count}
    first = lines[0]
    subject = f"{first.title}: {first.customer}" if first.customer else first.title
    return " ".join(subject.split())[:150]


def _line(alert: Alert) -> Line:
    kind = alert.kind
    address = ""
    if alert.document_id is not None:
        address = _address("document", alert.document_id)
    elif alert.customer is not None:
        address = _address("customer", alert.customer.code)
    elif alert.shared is not None:
        address = _address("shared_limit", alert.shared.code)
    whose = alert.customer.name if alert.customer else str(alert.shared) if alert.shared else ""
    return Line(
        str(kind.title) if kind else alert.code, alert.sentence, whose,
        str(kind.severity.label) if kind else "", address, alert,
    )  # fmt: skip


def _parts(lines: Sequence[Line]) -> list[Part]:
    found = []
    for about in About:
        mine = tuple(line for line in lines if line.alert.kind is not None and line.alert.kind.about == about)
        if mine:
            found.append(Part(str(about.label), mine))
    return found


def _address(view: str, *args: Any) -> str:
    return f"{settings.SITE_URL}{reverse(view, args=args)}" if settings.SITE_URL else ""


def body(notice: Notice, endpoint: Endpoint) -> bytes:
    """Return what a webhook is told of an alert: its code and values for programs, its sentence for people."""
    alert = Alert.objects.select_related("customer", "shared", "document__company").get(
        pk__in=notice.lines.values("alert")
    )
    with translation.override(endpoint.language):
        line = _line(alert)
        kind = alert.kind
        told = {
            "type": f"alert.{kind.code if kind else alert.code}",
            "timestamp": alert.raised_at.isoformat(),
            "data": {
                "id": alert.pk, "code": alert.code, "severity": kind.severity.value if kind else "", "title": line.title,
                "sentence": line.sentence, "values": alert.values or {}, "day": alert.day.isoformat(),
                "customer": alert.customer.code if alert.customer else None,
                "shared": alert.shared.code if alert.shared else None,
                "document": alert.document.number if alert.document else None,
                "company": alert.document.company.code if alert.document else None, "address": line.address or None,
            },
        }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
