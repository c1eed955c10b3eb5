"""Documents under their locks: taken after the accounts, in key order, before anything of them is read."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import models

from creditrisk.language import sentence as _
from creditrisk.prepared import Prepared, Query, ask
from creditrisk.refusal import Refused
from customers.models import PaymentTerms, SettlementDiscount
from documents.drafts import NewDocument
from documents.models import Document, DocumentType, Kind, Line

# What every step asks of a document comes with it. Parties and company are fetched where a step wants them: joining
# those to a locked row costs more than the rest of a confirm.
_BESIDE: dict[str, tuple[type[models.Model], str]] = {
    "type": (DocumentType, "y"),
    "terms": (PaymentTerms, "p"),
    "settlement_discount": (SettlementDiscount, "s"),
}


def document(pk: int) -> Document:
    """Return the document, locked, with `held`: whether a hold of it is open. Raises Refused where it is gone."""
    return the_one(pk, documents([pk]))


def the_one(pk: int, found: Mapping[int, Document]) -> Document:
    """Return the document of this id. Raises Refused where it is gone."""
    if pk not in found:
        raise Refused(_("This document does not exist any more."))
    return found[pk]


def documents(pks: Iterable[int]) -> dict[int, Document]:
    """Return these documents by id, locked in key order, each with `held`."""
    wanted = sorted(set(pks))
    return ask(locking(wanted))[0] if wanted else {}


def locking(pks: Sequence[int]) -> Query[dict[int, Document]]:
    """Return the query that locks and reads these documents; to be asked after their accounts are locked."""
    return Query(_statement(), [sorted(pks)], lambda rows: {row[0]: _made_of(row) for row in rows})


def sources_of(new: NewDocument) -> NewDocument:
    """Return the new document with what it is made from locked and read again."""
    fresh = documents(d.pk for d in (*new.sources, *([new.origin] if new.origin else [])))
    values = dict(new.__dict__)
    values["sources"] = tuple(fresh[s.pk] for s in new.sources)
    values["origin"] = fresh[new.origin.pk] if new.origin else None
    return NewDocument(**values)


def upstream(later: Document) -> None:
    """Lock the documents that a step of this one may change too."""
    if later.kind == Kind.ORDER:
        return
    sources = Line.objects.filter(document=later, source__isnull=False).values_list("source__document_id", flat=True)
    ids = {*sources, later.pk}
    if len(ids) > 1:
        list(Document.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


@cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.column for field in model._meta.concrete_fields)


@cache
def _statement() -> Prepared:
    """One statement that is always the same: building it anew from a query costs more than running it."""
    wanted = [f'd."{column}"' for column in _columns(Document)]
    for model, alias in _BESIDE.values():
        wanted += [f'{alias}."{column}"' for column in _columns(model)]
    return Prepared(
        f"SELECT {', '.join(wanted)},"
        " EXISTS (SELECT 1 FROM approvals_hold h WHERE h.document_id = d.id AND h.open)"
        " FROM documents_document d"
        " LEFT JOIN documents_documenttype y ON y.id = d.type_id"
        " LEFT JOIN customers_paymentterms p ON p.id = d.terms_id"
        " LEFT JOIN customers_settlementdiscount s ON s.id = d.settlement_discount_id"
        " WHERE d.id = ANY (%s::bigint[]) ORDER BY d.id FOR UPDATE OF d"
    )


def _made_of(row: tuple[Any, ...]) -> Document:
    end = len(_columns(Document))
    found = Document.from_db("default", _names(Document), row[:end])
    for name, (model, _alias) in _BESIDE.items():
        begin, end = end, end + len(_columns(model))
        if row[begin] is not None:  # the key: without one there is no such row
            setattr(found, name, model.from_db("default", _names(model), row[begin:end]))
    found.held = row[end]
    return found


@cache
def _names(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)
