"""Writing a note about a talk with a customer: once, whole."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from creditrisk.clock import business_day
from creditrisk.contacts.models import Note
from creditrisk.refusal import Duplicate, Refused
from creditrisk.roles import Actor
from customers.models import Customer


def write(
    customer: Customer, *, text: str, way: str, by: Actor, now: datetime, source_key: str, person: str = "",
    next_contact: date | None = None, promised_on: date | None = None, promised: Decimal | None = None,
) -> Note:  # fmt: skip
    """Keep what was said. `promised` is in the customer's currency.

    Raises Refused for days that are over and for a promise without a day, Duplicate where the same form was sent before.
    """
    today = business_day(now)
    if next_contact and next_contact < today:
        raise Refused(_("This day is over. The next contact lies ahead."), field="next_contact")
    if promised_on and promised_on < today:
        raise Refused(_("This day is over. A promise is for a day that comes."), field="promised_on")
    if promised is not None and promised_on is None:
        raise Refused(_("Say by when it was promised."), field="promised_on")
    try:
        with transaction.atomic():
            return Note.objects.create(
                customer=customer, text=text, way=way, person=person, next_contact=next_contact, promised_on=promised_on,
                promised=promised, currency=customer.currency if promised is not None else "", made_at=now, made_by=by.user,
                actor=by.as_record(), source_key=source_key,
            )  # fmt: skip
    except IntegrityError as error:
        if Note.objects.filter(source_key=source_key).exists():
            raise Duplicate(_("This form was sent before. Nothing was done twice.")) from error
        raise
