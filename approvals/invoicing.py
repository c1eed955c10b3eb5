"""Making the collective invoices: one submission of the gate each, so that one that is held or refused stops no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from approvals import gate
from creditrisk.facts import Verdict
from creditrisk.money import MissingRate
from creditrisk.refusal import Refused
from creditrisk.roles import Actor
from documents.collective import Waiting
from documents.drafts import NewDocument
from documents.models import Document


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
