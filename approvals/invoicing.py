"""Invoices in one go: the collective ones, and the credit note that takes a whole invoice back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from approvals import context, gate, locking
from creditrisk.facts import Verdict
from creditrisk.money import MissingRate
from creditrisk.refusal import InvalidState, Refused, Stale
from creditrisk.roles import Actor
from documents.collective import Waiting
from documents.drafts import NewDocument
from documents.models import Document, Kind, State


@dataclass(frozen=True)
class Made:
    """What became of one: the invoice, or the sentence that says why there is none. A held one is there as a draft."""

    waiting: Waiting
    invoice: Document | None = None
    held: bool = False
    refused: str = ""


def produce(
    chosen: Iterable[Waiting], *, post: bool, by: Actor, now: datetime, each: Callable[[Made], object] | None = None
) -> list[Made]:
    """Issue an invoice for each, and post it where asked to; `each` hears of every one as it comes.

    Each is a submission of its own, so that one that is held or refused stops no other.
    Goods that were invoiced meanwhile are refused: nothing is invoiced twice.
    """
    found = []
    for waiting in chosen:
        made = _one(waiting, post=post, by=by, now=now)
        found.append(made)
        if each is not None:
            each(made)
    return found


def _one(waiting: Waiting, *, post: bool, by: Actor, now: datetime) -> Made:
    try:
        with transaction.atomic():
            new = NewDocument(kind="INVOICE", sources=waiting.notes)
            result = gate.submit(new, "invoice", by=by, now=now)
            if result.outcome.verdict == Verdict.HELD:
                return Made(waiting, result.document, held=True)
            if post:
                result = gate.submit(result.document, "post", by=by, now=now)
            return Made(waiting, result.document)
    except (Refused, MissingRate) as error:
        return Made(waiting, refused=str(error))


@transaction.atomic
def reverse(invoice: Document, *, by: Actor, now: datetime, revision: int | None = None) -> Document:
    """Take an issued invoice back by a credit note over all that is not credited yet; return the credit note.

    It is posted, and so settled with the invoice, where the invoice is. What was invoiced does not become open again: a
    credit note reopens no order. Raises Refused, InvalidState and Stale.
    """
    if invoice.kind != Kind.INVOICE:
        raise InvalidState(_("%(invoice)s is no invoice.") % {"invoice": invoice})
    context.lock([invoice.debtor_id])
    fresh = locking.document(invoice.pk)
    if revision is not None and revision != fresh.revision:
        raise Stale(_("%(invoice)s was changed meanwhile; look at it again.") % {"invoice": invoice})
    credit = gate.submit(NewDocument(kind=Kind.CREDIT_NOTE, origin=invoice), "invoice", by=by, now=now).document
    if fresh.state == State.POSTED:
        credit = gate.submit(credit, "post", by=by, now=now).document
    return credit
