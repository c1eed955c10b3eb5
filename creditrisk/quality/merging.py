"""Two customers are one: what is owed and promised goes over to the one who stays, and history stays where it was made.

Documents, items, effects, holds and securities change their customer, and the exposure ledger posts the difference: out
of one account, into the other, on the day of the merge. Decisions, grants, entries and alerts are append-only: they stay
under the number that they were made for, which is known from then on as another number of the one who stayed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Left
from django.utils.translation import gettext as _

from approvals import context, evaluation_requests, holds
from approvals.models import Hold, HoldChange, LimitRequest, RequestEvent, RequestStep
from creditrisk.clock import business_day
from creditrisk.exposure import ledger as exposure
from creditrisk.exposure.ledger import Touched
from creditrisk.language import marked, say
from creditrisk.quality.models import Finding, Merge
from creditrisk.refusal import InvalidState, Refused
from creditrisk.roles import Actor
from customers.models import Customer, Security
from documents.intake.models import PartyKey
from documents.models import Document
from ledger.bank.models import DrawnOn, Entry
from ledger.models import Effect, OpenItem

type Mover = Callable[[Any, str, Customer, Actor, datetime], int]

# What changes its customer. Everything else that names one is history, policy, or the account itself.
_MOVES: tuple[tuple[type[models.Model], str, str], ...] = (
    (Document, "customer", marked("documents")),
    (Document, "debtor", marked("documents owed")),
    (OpenItem, "customer", marked("items")),
    (Effect, "customer", marked("effects")),
    (Hold, "customer", marked("holds")),
    (LimitRequest, "customer", marked("limit requests")),
    (Security, "customer", marked("securities")),
    (PartyKey, "customer", marked("numbers in messages")),
    (Entry, "customer", marked("bank entries")),
)


@dataclass(frozen=True)
class Preview:
    """What a merge would do."""

    moves: list[tuple[str, int]]
    open_amounts: list[tuple[str, Decimal]]
    clashes: list[str]
    grants: int


def preview(duplicate: Customer, into: Customer) -> Preview:
    """Count what would go over. Raises Refused where the two cannot be merged."""
    _check(duplicate, into)
    moves = [(label, model._default_manager.filter(**{field: duplicate}).count()) for model, field, label in _MOVES]
    sums = (
        OpenItem.objects.filter(customer=duplicate).exclude(open_amount=0)
        .values_list("currency").annotate(total=models.Sum("open_amount")).order_by("currency")
    )  # fmt: skip
    return Preview(
        moves=[(say(label), count) for label, count in moves if count], open_amounts=list(sums),
        clashes=[i.reference for i in _clashing(duplicate, into).order_by("reference")[:20]],
        grants=duplicate.limits.count(),
    )  # fmt: skip


def _check(duplicate: Customer, into: Customer) -> None:
    if duplicate.pk == into.pk:
        raise Refused(_("That is the same customer."), field="into")
    for customer in (duplicate, into):
        if customer.merged_into_id is not None:
            raise InvalidState(_("%(customer)s was merged before.") % {"customer": customer})
    if duplicate.currency != into.currency:
        raise Refused(
            _(
                "%(one)s is kept in %(currency)s, %(other)s in %(other_currency)s: accounts of two currencies cannot be merged."
            )
            % {
                "one": duplicate.code,
                "currency": duplicate.currency,
                "other": into.code,
                "other_currency": into.currency,
            }
        )


def _clashing(duplicate: Customer, into: Customer) -> models.QuerySet[OpenItem]:
    """Return the duplicate's items whose reference the other has too: the same debt twice, or chance."""
    same = OpenItem.objects.filter(
        customer=into, company=models.OuterRef("company"), kind=models.OuterRef("kind"),
        reference=models.OuterRef("reference"), instalment=models.OuterRef("instalment"),
    )  # fmt: skip
    return OpenItem.objects.filter(models.Exists(same), customer=duplicate)


@transaction.atomic
def merge(duplicate: Customer, into: Customer, *, reason: str, by: Actor, now: datetime) -> Merge:
    """Merge a customer into another. Raises Refused and InvalidState; nothing stays where the audit finds a cent."""
    if not reason.strip():
        raise Refused(_("Say why they are one."), field="reason")
    context.lock([duplicate.pk, into.pk])
    rows = Customer.objects.select_for_update(of=("self",)).in_bulk([duplicate.pk, into.pk])
    duplicate, into = rows[duplicate.pk], rows[into.pk]
    _check(duplicate, into)
    touched = _sources(duplicate)
    # A reference that both have tells afterwards whose it was.
    _clashing(duplicate, into).update(
        reference=Concat(Left(F("reference"), 58 - min(len(duplicate.code), 30)), Value(f"/{duplicate.code[:30]}"))
    )
    moved = {}
    for model, field, label in _MOVES:
        move: Mover = _MOVERS.get(model, _update)
        moved[label] = move(model._default_manager.filter(**{field: duplicate}), field, into, by, now)
    _relatives(duplicate, into, moved)
    exposure.post(touched, day=business_day(now), now=now)
    audit = exposure.audit([duplicate.pk, into.pk])
    if audit.total:
        raise Refused(
            _("The exposure ledger would differ from the formula by %(amount)s; nothing was merged.")
            % {"amount": audit.total}
        )
    evaluation_requests.ask([into.pk], cause="merge", now=now)
    Finding.objects.filter(models.Q(customer=duplicate) | models.Q(other=duplicate)).delete()
    return Merge.objects.create(
        duplicate=duplicate, into=into, reason=reason.strip()[:300], moved={k: v for k, v in moved.items() if v},
        made_by=by.user, made_at=now,
    )  # fmt: skip


def _update(rows: models.QuerySet[Any], field: str, into: Customer, by: Actor, now: datetime) -> int:
    return rows.update(**{field: into})


def _move_holds(rows: models.QuerySet[Hold], field: str, into: Customer, by: Actor, now: datetime) -> int:
    found = list(rows.order_by("pk"))
    for hold in found:
        hold.customer = into
    HoldChange.objects.bulk_create((holds.changed(hold, by=by, now=now) for hold in found), batch_size=500)
    return len(found)


def _move_requests(rows: models.QuerySet[LimitRequest], field: str, into: Customer, by: Actor, now: datetime) -> int:
    found = list(rows.order_by("pk"))
    RequestEvent.objects.bulk_create(
        (
            RequestEvent(
                request=request, step=RequestStep.MOVED, state=request.state, wanted={"customer_id": into.pk},
                made_at=now, made_by=by.user, actor=by.as_record(),
            )
            for request in found
        ),
        batch_size=500,
    )  # fmt: skip
    return len(found)


# What is moved by rows that are added to its history.
_MOVERS: dict[type[models.Model], Mover] = {
    Hold: _move_holds,
    LimitRequest: _move_requests,
}


def _sources(duplicate: Customer) -> Touched:
    def ids(rows: Any) -> frozenset[int]:
        return frozenset(rows.values_list("pk", flat=True))

    return Touched(
        documents=ids(Document.objects.filter(debtor=duplicate)),
        items=ids(OpenItem.objects.filter(customer=duplicate).exclude(open_amount=0)),
        effects=ids(Effect.objects.filter(customer=duplicate)),
    )


def _relatives(duplicate: Customer, into: Customer, moved: dict[str, int]) -> None:
    """Let branches, bill-to customers, shared limits and the bank of RiBa follow; the number becomes another of `into`."""
    if into.parent_id == duplicate.pk:
        into.parent_id = duplicate.parent_id if duplicate.parent_id != into.pk else None
        into.save(update_fields=["parent"])
    children = Customer.objects.filter(parent=duplicate).exclude(pk=into.pk)
    moved["branches"] = children.update(parent=into)
    Customer.objects.filter(bill_to=duplicate).exclude(pk=into.pk).update(bill_to=into)
    if into.bill_to_id == duplicate.pk:
        into.bill_to = None
        into.save(update_fields=["bill_to"])
    Customer.objects.filter(merged_into=duplicate).update(merged_into=into)
    for shared in duplicate.shared_limits.all():
        shared.members.remove(duplicate)
        shared.members.add(into)
    if not DrawnOn.objects.filter(customer=into).exists():
        DrawnOn.objects.filter(customer=duplicate).update(customer=into)
    duplicate.parent, duplicate.bill_to, duplicate.merged_into = None, None, into
    duplicate.save(update_fields=["parent", "bill_to", "merged_into"])
