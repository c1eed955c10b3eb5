-- THE formula: every open source row in its bucket. One SELECT an origin, joined by UNION ALL.
--
-- (origin, source_id, customer_id, company_id, bucket, day, currency, amount); `day` is the day that policy asks
-- about: the ship date of an order, the due date of an item or effect. Whether a bucket counts, and on which days, is
-- not said here: that is policy (creditrisk/exposure/read.py). Buckets are finer than those people see.

CREATE VIEW exposure_formula AS

-- Documents: what has not gone on to a later document. A draft invoice's share of its source is kept apart, so that
-- policy can say whether the draft or its source weighs. Of an order that was closed short that share alone is left: it
-- goes on weighing until the draft is issued or cancelled, so that issuing it asks for no credit that nobody looked at.
SELECT 'D'::text AS origin, d.id AS source_id, d.debtor_id AS customer_id, d.company_id,
       b.bucket, COALESCE(d.ship_date, d.document_date) AS day, d.currency::text AS currency,
       SUM(b.amount) * CASE WHEN d.kind IN ('RETURN', 'CREDIT_NOTE') THEN -1 ELSE 1 END * COALESCE(t.sign, 1) AS amount
FROM documents_document d
LEFT JOIN documents_documenttype t ON t.id = d.type_id
LEFT JOIN customers_paymentterms p ON p.id = d.terms_id
JOIN documents_line l ON l.document_id = d.id
CROSS JOIN LATERAL (VALUES
    (CASE WHEN d.kind = 'ORDER' AND p.prepaid            THEN 'ORDERS_PREPAID'
          WHEN d.kind = 'ORDER' AND d.state = 'DRAFT'    THEN 'ORDERS_ENTERED'
          WHEN d.kind = 'ORDER'                          THEN 'ORDERS_CONFIRMED'
          WHEN d.kind IN ('DELIVERY', 'RETURN')          THEN 'DELIVERED'
          WHEN d.state = 'DRAFT'                         THEN 'INVOICES_DRAFT'
          ELSE                                                'INVOICES_ISSUED' END,
     CASE WHEN d.state = 'CLOSED' THEN 0 ELSE l.amount - l.settled - l.drafted END),
    (CASE WHEN d.kind = 'ORDER' AND p.prepaid            THEN 'ORDERS_PREPAID'
          WHEN d.kind = 'ORDER'                          THEN 'ORDERS_DRAFTED'
          ELSE                                                'DELIVERED_DRAFTED' END,
     l.drafted)
) AS b (bucket, amount)
WHERE b.amount <> 0
  AND COALESCE(t.counts, TRUE)
  AND ((d.kind = 'ORDER' AND d.state IN ('DRAFT', 'CONFIRMED', 'PICKED', 'PART_DELIVERED', 'DELIVERED', 'CLOSED'))
    OR (d.kind IN ('DELIVERY', 'RETURN') AND d.state = 'DELIVERED')
    OR (d.kind IN ('INVOICE', 'CREDIT_NOTE') AND d.state IN ('DRAFT', 'ISSUED')))
GROUP BY d.id, d.debtor_id, d.company_id, b.bucket, d.ship_date, d.document_date, d.currency, d.kind, t.sign

UNION ALL

-- Open items: what is not settled. Those left out of credit control are nowhere.
SELECT 'I', i.id, i.customer_id, i.company_id,
       CASE WHEN i.amount < 0 AND i.provisional THEN 'CREDITS_PROVISIONAL'
            WHEN i.amount < 0                   THEN 'CREDITS'
            WHEN i.provisional                  THEN 'ITEMS_PROVISIONAL'
            WHEN i.disputed                     THEN 'ITEMS_DISPUTED'
            ELSE                                     'ITEMS' END,
       i.due, i.currency::text, i.open_amount
FROM ledger_openitem i
WHERE i.open_amount <> 0 AND NOT i.excluded

UNION ALL

-- Beside the sum: what came back unpaid and stands in the ledger again.
SELECT 'I', i.id, i.customer_id, i.company_id, 'POSTED_UNPAID', i.due, i.currency::text, i.open_amount
FROM ledger_openitem i
WHERE i.open_amount <> 0 AND NOT i.excluded AND i.kind = 'RETURNED'

UNION ALL

-- Effects: in the portfolio, with the bank (by way of presentation), or back unpaid and not posted yet.
SELECT 'E', e.id, e.customer_id, e.company_id,
       CASE e.state WHEN 'ISSUED' THEN 'EFFECTS_ISSUED'
                    WHEN 'UNPAID' THEN 'EFFECTS_UNPAID'
                    ELSE               'EFFECTS_' || r.mode END,
       e.due, e.currency::text, e.amount
FROM ledger_effect e
LEFT JOIN ledger_presentation r ON r.id = e.presentation_id
WHERE e.state IN ('ISSUED', 'UNPAID') OR (e.state = 'PRESENTED' AND NOT e.swept);
