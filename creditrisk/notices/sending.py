"""Sending notices: claim one, send it, settle it. Nothing is lost; only a crash at the moment of sending sends twice.

A notice is claimed by a row that says so and is committed before anything leaves, with the attempt's number. Whoever dies
then leaves it SENDING; after the lease it waits again, under the same key, and that it may have arrived is counted.
"""

import random
import smtplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import mailers
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from approvals import alerts
from creditrisk.clock import business_day, lapsed, put_off_too_far
from creditrisk.notices import calling, writing
from creditrisk.notices.addresses import Unreachable
from creditrisk.notices.models import Channel, Notice, NoticeState

# Longer than any sending takes: ten seconds for each word with a mail server, fifteen for a call.
LEASE = timedelta(minutes=2)
ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
# The most that is waited after so many attempts.
_PAUSES = (timedelta(0), *(min(FIRST_PAUSE * 4**n, LONGEST_PAUSE) * 1.2 for n in range(ATTEMPTS)))
MAILS = (Channel.MAIL, Channel.DIGEST)


class Failed(Exception):
    """It did not leave, and may leave later."""


class Uncertain(Failed):
    """The connection broke while it was being sent: it may have arrived."""


class GivenUp(Exception):
    """It did not leave, and never will: the other side said so."""


@dataclass
class Post:
    """The ways out during one run of a worker: the open connection to the mail server, and what is known to be down."""

    mailer: Any = None
    mail_is_down: bool = False
    endpoints_down: set[int] = field(default_factory=set)

    def mail(self, message: Any) -> None:
        """Send a mail over the connection that is open. Raises Failed, GivenUp."""
        try:
            if self.mailer is None:
                self.mailer = mailers.default
                self.mailer.open()
        except (smtplib.SMTPException, OSError) as error:
            self.mailer, self.mail_is_down = None, True
            raise Failed(_told(error)) from error
        try:
            self.mailer.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()), (0, b""))
            self.close()
            raise (GivenUp if code >= 500 else Failed)(_said(code, words)) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            grave = error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise (GivenUp if grave else Failed)(_said(error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            self.mail_is_down = True
            raise Uncertain(_told(error)) from error

    def close(self) -> None:
        """Say good-bye to the mail server."""
        if self.mailer is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.mailer.close()
            self.mailer = None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return _("The mail server answered %(code)d: %(words)s") % {"code": code, "words": " ".join(text.split())[:400]}


def reclaim(*, now: datetime) -> int:
    """Have those sent again whose worker was lost while it sent them; each may have arrived. Returns how many.

    Those that wait for a moment from before the clock was set back are due at once.
    """
    waiting = Notice.objects.filter(put_off_too_far("due_at", pauses=_PAUSES, now=now), state=NoticeState.WAITING)
    waiting.exclude(channel=Channel.DIGEST, attempts=0).update(due_at=now)
    lost = Notice.objects.filter(lapsed("claimed_at", lease=LEASE, now=now), state=NoticeState.SENDING)
    return lost.update(state=NoticeState.WAITING, due_at=now, repeats=F("repeats") + 1)


def claim(*, now: datetime, post: Post | None = None) -> Notice | None:
    """Take the notice that waits longest and is due, so that nobody else sends it; None where there is none."""
    due = Notice.objects.filter(state=NoticeState.WAITING, due_at__lte=now)
    if post is not None and post.mail_is_down:
        due = due.exclude(channel__in=MAILS)
    if post is not None and post.endpoints_down:
        due = due.exclude(channel=Channel.WEBHOOK, endpoint__in=post.endpoints_down)
    with transaction.atomic():
        notice = due.select_for_update(skip_locked=True).order_by("due_at", "pk").first()
        if notice is not None:
            notice.state, notice.claimed_at = NoticeState.SENDING, now
            notice.attempts += 1
            notice.save(update_fields=["state", "claimed_at", "attempts"])
    return notice


def send_next(*, clock: Callable[[], datetime], post: Post) -> bool:
    """Send the next notice that is due; return whether there was one."""
    notice = claim(now=clock(), post=post)
    if notice is None:
        return False
    try:
        dropped = _send(notice, post, now=clock())
    except GivenUp as error:
        _failed(notice, str(error), now=clock(), for_good=True)
    except Failed as error:
        _failed(notice, str(error), now=clock(), for_good=False, uncertain=isinstance(error, Uncertain))
    except Exception as error:  # whatever it was: kept, visible, tried again; the others are sent meanwhile
        _failed(notice, _told(error), now=clock(), for_good=False)
    else:
        if dropped:
            _settle(notice, state=NoticeState.DROPPED, error=dropped)
        else:
            _settle(notice, state=NoticeState.SENT, sent_at=clock(), error="")
    return True


def _send(notice: Notice, post: Post, *, now: datetime) -> str:
    """Send it; return why it was not sent and never will be, "" where it was. Raises Failed, GivenUp."""
    if notice.endpoint is not None:
        endpoint = notice.endpoint
        if not endpoint.active:
            return _("The webhook was switched off.")
        body = writing.body(notice, endpoint)
        signed = calling.headers(str(notice.key), body, secret=endpoint.secret, now=now)
        try:
            calling.call(endpoint.url, body, signed)
        except calling.Gone as error:
            raise GivenUp(str(error)) from error
        except Unreachable as error:
            post.endpoints_down.add(endpoint.pk)
            raise Failed(str(error)) from error
        return ""
    if notice.user is None or not notice.user.is_active:
        return _("This person does not work here any more.")
    message = writing.mail(notice)
    if message is None:
        return _("Nothing in it is the reader's to see any more.")
    if not notice.user.email:
        raise GivenUp(_("This person has no e-mail address any more."))
    post.mail(message)
    return ""


def _settle(notice: Notice, **values: Any) -> bool:
    """Write what became of an attempt, unless it was lost meanwhile and is somebody else's."""
    mine = Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING, attempts=notice.attempts)
    return bool(mine.update(**values))


def pause(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: four times as long each time, give or take a fifth."""
    longest: timedelta = min(FIRST_PAUSE * 4 ** (attempts - 1), LONGEST_PAUSE)
    return longest * random.uniform(0.8, 1.2)


@transaction.atomic
def _failed(notice: Notice, sentence: str, *, now: datetime, for_good: bool, uncertain: bool = False) -> None:
    sentence = sentence[:500]
    if not for_good and notice.attempts < ATTEMPTS:
        again = {"repeats": F("repeats") + 1} if uncertain else {}
        _settle(notice, state=NoticeState.WAITING, due_at=now + pause(notice.attempts), error=sentence, **again)
        return
    known = _given_up_before(notice, for_good=for_good)
    if _settle(notice, state=NoticeState.DEAD, error=sentence) and not known:
        values = {"name": notice.recipient, "error": sentence[:200]}
        says = {"says": "webhook"} if notice.channel == Channel.WEBHOOK else {}
        alerts.write([("channel_failed", {**values, **says})], customer_id=None, day=business_day(now), now=now)


def _given_up_before(notice: Notice, *, for_good: bool) -> bool:
    """Return whether a notice that went the same way was given up and none has arrived since: then it was told."""
    same = Notice.objects.filter(endpoint=notice.endpoint)
    if notice.channel in MAILS:
        same = same.filter(channel__in=MAILS)
        same = same.filter(user=notice.user) if for_good else same
    arrived = same.aggregate(last=Max("sent_at"))["last"]
    dead = same.filter(state=NoticeState.DEAD)
    return (dead.filter(claimed_at__gt=arrived) if arrived is not None else dead).exists()


def resend(notices: QuerySet[Notice], *, now: datetime) -> int:
    """Have notices tried again at once that were given up or wait for another attempt; return how many."""
    again = notices.filter(state__in=[NoticeState.DEAD, NoticeState.WAITING]).exclude(
        channel=Channel.DIGEST, state=NoticeState.WAITING, attempts=0
    )
    ids = list(again.values_list("pk", flat=True))
    return Notice.objects.filter(pk__in=ids, state__in=[NoticeState.DEAD, NoticeState.WAITING]).update(
        state=NoticeState.WAITING, due_at=now, attempts=Greatest(F("repeats"), 1), error=""
    )


def drop(notices: QuerySet[Notice]) -> int:
    """Put notices aside that will never be sent: given up, or waiting; return how many."""
    return notices.filter(state__in=[NoticeState.DEAD, NoticeState.WAITING]).update(state=NoticeState.DROPPED)
