-- What came of released documents: every later document that took over from their lines, and which share of it is theirs.
-- Parameter: ids of the released documents. Lines are followed by amount, so collective invoices and part deliveries are
-- shared out. A delivery that was invoiced in advance has its invoice before it.
WITH RECURSIVE passed(root, line, fraction, goes_on) AS (
    SELECT l.document_id, l.id, 1::numeric, true FROM documents_line l WHERE l.document_id = ANY(%(documents)s)
    UNION ALL
    SELECT p.root, n.id, p.fraction * n.fraction, n.goes_on
      FROM passed p CROSS JOIN LATERAL (
        SELECT l.id, t.amount / l.amount AS fraction, true AS goes_on
          FROM documents_takeover t
          JOIN documents_line l ON l.id = t.later_id AND l.amount > 0
          JOIN documents_document d ON d.id = l.document_id AND d.kind IN ('DELIVERY', 'INVOICE') AND d.state <> 'CANCELLED'
         WHERE t.earlier_id = p.line AND NOT t.undone
        UNION ALL
        SELECT l.id, t.amount / l.amount, false
          FROM documents_line r
          JOIN documents_document o ON o.id = r.document_id AND o.id = p.root AND o.kind = 'DELIVERY'
          JOIN documents_takeover t ON t.later_id = r.id AND t.offsets AND NOT t.undone
          JOIN documents_line l ON l.id = t.earlier_id AND l.amount > 0
          JOIN documents_document d ON d.id = l.document_id AND d.kind = 'INVOICE' AND d.state <> 'CANCELLED'
         WHERE r.id = p.line
      ) n
     WHERE p.goes_on
)
SELECT p.root, n.document_id, d.kind = 'INVOICE' AS is_invoice, sum(p.fraction * n.amount) AS amount,
       least(sum(p.fraction * n.amount) / nullif(d.total, 0), 1) AS share
  FROM passed p
  JOIN documents_line n ON n.id = p.line
  JOIN documents_document d ON d.id = n.document_id
 WHERE d.state <> 'CANCELLED'
 GROUP BY p.root, n.document_id, d.kind, d.total
