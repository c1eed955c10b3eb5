"""What was paid in advance and is there for goods that have not left: on account, and on invoices in advance. Reads."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from creditrisk.money import ZERO, Rates


def advance_left(customer_id: int, *, but_document: int | None, currency: str, rates: Rates) -> Decimal:
    """Return what was paid in advance and is there for a prepaid document's goods, in the account's currency.

    Unallocated payments, less what prepaid goods that left before have used of them: each euro counts once. What was
    paid on an invoice in advance of the document's own orders, and has not left yet, is there too. Negative where more
    goods went than were paid for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE + _LEFT, {"c": customer_id, "d": but_document})
        found = dict(cursor.fetchall())
    return rates.convert(found, currency)


@dataclass(frozen=True)
class AdvanceInvoice:
    """An invoice in advance, in its currency: what of it has left, is open, is paid, and waits for a document's goods."""

    id: int
    gone: Decimal
    open: Decimal
    paid: Decimal
    waiting: Decimal

    def freed_by(self, amount: Decimal) -> Decimal:
        """Return how much more is there for the goods after so much of the invoice is paid, as `advance_left` counts it."""
        return self._there(self.open - amount, self.paid + amount) - self._there(self.open, self.paid)

    def _there(self, still_open: Decimal, paid: Decimal) -> Decimal:
        gone = self.gone
        return min(max(paid - gone, ZERO), self.waiting) - min(still_open, max(gone - paid, ZERO))


def advance_invoices(customer_id: int, *, document_id: int) -> dict[int, AdvanceInvoice]:
    """Return the open invoices in advance whose payment gives this document's goods their money, by id: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE + _OWN, {"c": customer_id, "d": document_id})
        return {row[0]: AdvanceInvoice(*row) for row in cursor.fetchall()}


# An invoice's goods have left but for what was invoiced in advance of its order and not delivered. What left uses money
# on account unless it was paid on the invoice; a credit note gives back what was paid.
_ADVANCE = """
    WITH invoice AS (
        SELECT d.id, d.currency, d.total, d.state,
               COALESCE(SUM(w.amount), 0) AS waiting, COALESCE(SUM(w.amount) FILTER (WHERE w.own), 0) AS waiting_own
        FROM documents_document d
        JOIN customers_paymentterms p ON p.id = d.terms_id AND p.prepaid
        LEFT JOIN documents_documenttype k ON k.id = d.type_id
        LEFT JOIN LATERAL (
            SELECT t.amount - COALESCE((
                       SELECT SUM(g.amount) FROM documents_takeover g JOIN documents_line n ON n.id = g.later_id
                       WHERE g.earlier_id = l.id AND g.offsets AND NOT g.undone
                         AND n.document_id IS DISTINCT FROM %(d)s), 0) AS amount,
                   EXISTS (SELECT 1 FROM documents_document_orders o
                           WHERE o.from_document_id = %(d)s AND o.to_document_id = s.document_id) AS own
            FROM documents_line l
            JOIN documents_takeover t ON t.later_id = l.id AND NOT t.undone
            JOIN documents_line s ON s.id = t.earlier_id
            JOIN documents_document e ON e.id = s.document_id AND e.kind = 'ORDER'
            WHERE l.document_id = d.id
        ) w ON TRUE
        WHERE d.debtor_id = %(c)s AND d.kind = 'INVOICE' AND d.state IN ('ISSUED', 'POSTED')
          AND COALESCE(k.sign, 1) > 0 AND d.id IS DISTINCT FROM %(d)s
        GROUP BY d.id
    ), settled AS (
        SELECT v.*, v.total - v.waiting AS gone,
               CASE v.state WHEN 'POSTED' THEN COALESCE((
                   SELECT SUM(i.open_amount) FROM ledger_openitem i WHERE i.document_id = v.id AND i.open_amount > 0
               ), 0) ELSE v.total END AS open,
               COALESCE((
                   SELECT SUM(a.amount) FROM ledger_openitem i
                   JOIN ledger_allocation a ON a.debit_id = i.id
                   JOIN ledger_openitem c ON c.id = a.credit_id AND c.kind = 'PAYMENT'
                   WHERE i.document_id = v.id), 0)
               - COALESCE((
                   SELECT SUM(n.total) FROM documents_document n
                   WHERE n.origin_id = v.id AND n.kind = 'CREDIT_NOTE' AND n.state IN ('ISSUED', 'POSTED')), 0) AS paid
        FROM invoice v
    )
"""
_OWN = "SELECT id, gone, open, paid, waiting_own FROM settled WHERE waiting_own > 0 AND open > 0"
_LEFT = """
    SELECT currency, SUM(amount) FROM (
        SELECT i.currency, -i.open_amount AS amount FROM ledger_openitem i
        WHERE i.customer_id = %(c)s AND i.kind = 'PAYMENT' AND i.open_amount < 0 AND NOT i.excluded
        UNION ALL
        SELECT d.currency, -(l.amount - l.settled) FROM documents_document d
        JOIN customers_paymentterms p ON p.id = d.terms_id AND p.prepaid
        JOIN documents_line l ON l.document_id = d.id
        WHERE d.debtor_id = %(c)s AND d.kind = 'DELIVERY' AND d.state = 'DELIVERED' AND d.id IS DISTINCT FROM %(d)s
        UNION ALL
        SELECT currency, -LEAST(open, GREATEST(gone - paid, 0)) + LEAST(GREATEST(paid - gone, 0), waiting_own)
        FROM settled
    ) moved GROUP BY currency
"""
