"""Document numbers: a series a company, kind and year, or of a type with letters of its own.

An invoice takes its number when it is issued, in the transaction that issues it: a draft that is thrown away, or held,
leaves no hole. Until then it has a number that says draft.
"""

from datetime import date

from django.db import connection

from documents.models import Document, Kind

PREFIX = {
    Kind.ORDER: "SO",
    Kind.DELIVERY: "DN",
    Kind.RETURN: "RN",
    Kind.INVOICE: "IN",
    Kind.CREDIT_NOTE: "CN",
}
# Those in whose series the law wants no hole.
NUMBERED_AT_ISSUE = (Kind.INVOICE, Kind.CREDIT_NOTE)


def give(document: Document, typed: str, *, day: date) -> None:
    """Give a new document its number: the one typed, the next of its series, or a draft's until it is issued."""
    document.number = typed.strip()
    if document.number:
        return
    if document.kind in NUMBERED_AT_ISSUE:
        document.numbered, document.number = False, f"draft {_next_draft()}"
    else:
        document.number = _next(document, day)


def settle(document: Document, *, day: date) -> None:
    """Give a draft that is being issued the next number of its series; one that has its own keeps it."""
    if not document.numbered:
        document.numbered, document.number = True, _next(document, day)


def _next(document: Document, day: date) -> str:
    """Take the next number; the series stays locked until the transaction ends, and gives it back where it fails."""
    prefix = (document.type.prefix if document.type else "") or PREFIX[Kind(document.kind)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO documents_numberrange AS r (company_id, kind, prefix, year, last) VALUES (%s, %s, %s, %s, 1)"
            " ON CONFLICT (company_id, kind, prefix, year) DO UPDATE SET last = r.last + 1 RETURNING last",
            [document.company_id, document.kind, prefix, day.year],
        )
        last = cursor.fetchone()[0]
    return f"{document.company.code}-{prefix}-{day.year}-{last:05d}"


def _next_draft() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('documents_draft_number')")
        return int(cursor.fetchone()[0])
