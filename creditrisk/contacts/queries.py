"""Reading notes: of one customer, those that are due, and whether what was promised came."""

from datetime import date
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from creditrisk.contacts.models import Note
from creditrisk.money import ZERO
from customers import queries as customer_queries
from ledger.models import ItemKind, OpenItem

_MONEY: DecimalField = DecimalField(max_digits=24, decimal_places=4)


def visible(user: Any) -> QuerySet[Note]:
    """Return the notes about customers that the reader may see."""
    return Note.objects.filter(customer__in=customer_queries.visible(user).values("pk"))


def told(notes: QuerySet[Note], *, today: date) -> Any:
    """Add to notes whether they are the customer's `newest`, and how a promise ended: `kept`, else None while its day comes.

    A promise is kept when as much was paid, in its currency, from the day of the note to the day promised; without an amount,
    when anything was.
    """
    later = Note.objects.filter(customer=OuterRef("customer"), pk__gt=OuterRef("pk"))
    came = (
        OpenItem.objects.filter(
            customer=OuterRef("customer"), kind=ItemKind.PAYMENT, item_date__gte=OuterRef("made_at__date"),
            item_date__lte=OuterRef("promised_on"), currency=OuterRef("customer__currency"),
        )
        .order_by().values("customer").annotate(sum=-Sum("amount")).values("sum")
    )  # fmt: skip
    found = notes.annotate(
        newest=~Exists(later), came=Coalesce(Subquery(came, output_field=_MONEY), ZERO, output_field=_MONEY)
    )
    enough = Q(promised__isnull=False, came__gte=F("promised")) | Q(promised__isnull=True, came__gt=0)
    return found.annotate(
        kept=Case(
            When(promised_on__isnull=True, then=None), When(enough, then=Value(True)),
            When(promised_on__lt=today, then=Value(False)), default=None, output_field=BooleanField(null=True),
        )
    )  # fmt: skip


def of_customer(customer_id: int, *, today: date, limit: int) -> list[Note]:
    """Return the newest notes about a customer."""
    found = told(Note.objects.filter(customer_id=customer_id), today=today)
    return list(found.select_related("made_by").order_by("-pk")[:limit])


def listed(user: Any, *, today: date) -> Any:
    """Return the notes that the reader may see, told, the newest first."""
    return told(visible(user), today=today).select_related("customer", "made_by").order_by("-pk")


def due_count(user: Any, *, today: date) -> int:
    """Return how many customers are to be contacted today or earlier; at most 100 are counted."""
    later = Note.objects.filter(customer=OuterRef("customer"), pk__gt=OuterRef("pk"))
    return visible(user).filter(~Exists(later), next_contact__lte=today)[:100].count()
