-- How instalments of invoices ended: each part of each, with the day on which it was paid.
-- {{key}} is what the parts are grouped by, {{whose}} which instalments. An effect in place of a debt is followed to its
-- end, and so is what came back of it.
WITH RECURSIVE debt(invoice, item, effect, fraction, due) AS (
    SELECT {key}, i.id, NULL::bigint, 1::numeric, i.due
      FROM ledger_openitem i
     WHERE {whose} AND i.kind = 'INVOICE'
    UNION ALL
    SELECT d.invoice, n.item, n.effect, d.fraction * n.fraction, d.due
      FROM debt d CROSS JOIN LATERAL (
        SELECT NULL::bigint AS item, c.effect_id AS effect, c.amount / e.amount AS fraction
          FROM ledger_effectitem c JOIN ledger_effect e ON e.id = c.effect_id WHERE c.item_id = d.item
        UNION ALL
        SELECT r.id, NULL, 1 FROM ledger_openitem r WHERE r.effect_id = d.effect AND r.kind = 'RETURNED'
        UNION ALL
        SELECT NULL, e.id, 1 FROM ledger_effect e
         WHERE e.replaces_id = d.effect
           AND NOT EXISTS (SELECT FROM ledger_openitem r WHERE r.effect_id = d.effect AND r.kind = 'RETURNED')
      ) n
)
-- Settled by a payment, a credit note, a write-off; what was undone has gone again.
SELECT d.invoice, d.due, 'SETTLED' AS how, c.kind AS by, c.item_date AS day, sum(a.amount) * d.fraction AS amount
  FROM debt d
  JOIN ledger_allocation a ON a.debit_id = d.item
  JOIN ledger_openitem c ON c.id = a.credit_id
 GROUP BY d.invoice, d.item, d.due, d.fraction, c.id, c.kind, c.item_date
HAVING sum(a.amount) <> 0
UNION ALL
SELECT d.invoice, d.due, 'OPEN', '', NULL, i.open_amount * d.fraction
  FROM debt d JOIN ledger_openitem i ON i.id = d.item WHERE i.open_amount > 0
UNION ALL
SELECT d.invoice, d.due, 'EFFECT', e.state, coalesce(e.collected_on, e.due), e.amount * d.fraction
  FROM debt d JOIN ledger_effect e ON e.id = d.effect WHERE e.state IN ('ISSUED', 'PRESENTED', 'COLLECTED', 'UNPAID')
