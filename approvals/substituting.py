"""Standing in for somebody who is absent: with whose authority, on which days, ended early."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from approvals.models import Substitution, SubstitutionEnd
from creditrisk.clock import business_day
from creditrisk.refusal import AlreadyClosed, NotPermitted, Refused
from creditrisk.roles import Actor, may, name_of


def stand_in(
    *, substitute: Any, valid_from: date, valid_to: date, note: str = "", by: Actor, now: datetime
) -> Substitution:
    """Let somebody release in one's own place on these days, both inclusive. Raises NotPermitted, Refused."""
    if by.user is None or not may(by.user, "release_hold"):
        raise NotPermitted(_("Your roles do not release holds."))
    if substitute == by.user:
        raise Refused(_("Choose somebody else."), field="substitute")
    if not may(substitute, "release_hold"):
        raise Refused(
            _("The roles of %(substitute)s do not release holds.") % {"substitute": name_of(substitute)},
            field="substitute",
        )
    if valid_to < valid_from:
        raise Refused(_("The last day lies before the first."), field="valid_to")
    if valid_to < business_day(now):
        raise Refused(_("That day has passed."), field="valid_to")
    return Substitution.objects.create(
        absent=by.user, substitute=substitute, valid_from=valid_from, valid_to=valid_to, note=note.strip(), made_at=now,
        actor=by.as_record(),
    )  # fmt: skip


def end(substitution: Substitution, *, by: Actor, now: datetime) -> SubstitutionEnd:
    """End a substitution before its last day, by who is absent or who stands in. Raises NotPermitted, AlreadyClosed."""
    if by.user_id not in (substitution.absent_id, substitution.substitute_id):
        raise NotPermitted(_("Only the two of them end it."))
    try:
        with transaction.atomic():
            return SubstitutionEnd.objects.create(substitution=substitution, ended_at=now, actor=by.as_record())
    except IntegrityError as error:
        raise AlreadyClosed(_("It was ended before.")) from error


def of(user: Any, *, day: date) -> QuerySet[Substitution]:
    """Return the substitutions of and by this user that are in force or still to come."""
    return (
        known(user)
        .filter(valid_to__gte=day, end__isnull=True)
        .select_related("absent", "substitute")
        .order_by("valid_from", "pk")
    )


def known(user: Any) -> QuerySet[Substitution]:
    """Return every substitution of and by this user."""
    return Substitution.objects.filter(Q(absent=user) | Q(substitute=user))
