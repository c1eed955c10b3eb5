-- How every customer stands on a day, in one statement, whatever their number: exposure by bucket with all below it, its limit,
-- what is free. What balances mean under the policy comes as a table (bucket, slot, visible, late), worked out by the code that
-- a check asks too (creditrisk/exposure/read.py); limits follow customers/limits.py. A test holds all of it against them.
WITH RECURSIVE meaning (bucket, slot, visible, late) AS MATERIALIZED (
    SELECT * FROM unnest(%(m_bucket)s::text[], %(m_slot)s::int[], %(m_visible)s::int[], %(m_late)s::bool[])
), unit (source, target, rate) AS MATERIALIZED (
    SELECT * FROM unnest(%(u_source)s::text[], %(u_target)s::text[], %(u_rate)s::numeric[])
), places (currency, n) AS MATERIALIZED (
    SELECT * FROM unnest(%(p_currency)s::text[], %(p_n)s::int[])
), up (id, head, depth) AS (
    SELECT c.id, c.parent_id, 1 FROM customers_customer c WHERE c.parent_id IS NOT NULL
    UNION
    SELECT up.id, c.parent_id, up.depth + 1 FROM up JOIN customers_customer c ON c.id = up.head
    WHERE c.parent_id IS NOT NULL AND up.depth < 20
), headed AS MATERIALIZED (
    SELECT up.id, array_agg(up.head) AS heads FROM up GROUP BY up.id
), wanted AS MATERIALIZED (
    SELECT c.id FROM customers_customer c
    JOIN customers_creditaccount a ON a.customer_id = c.id
    JOIN customers_company y ON y.id = c.company_id
    LEFT JOIN customers_segment g ON g.id = c.segment_id
    LEFT JOIN customers_riskclass r ON r.id = a.risk_class_id
    LEFT JOIN auth_user u ON u.id = c.salesperson_id
    WHERE {wanted}
), scope (root, member, whole) AS MATERIALIZED (
    SELECT w.id, w.id, true FROM wanted w
    UNION ALL
    SELECT DISTINCT up.head, up.id, true FROM up JOIN wanted w ON w.id = up.head
    UNION ALL
    SELECT DISTINCT up.head, up.head, false FROM up JOIN wanted w ON w.id = up.head
), summed AS MATERIALIZED (
    SELECT b.customer_id, b.company_id, b.currency,
           {buckets},
           SUM(b.amount) FILTER (WHERE m.late) AS late,
           MIN(b.day) FILTER (WHERE m.late AND b.amount > 0) AS oldest
    FROM {balances} b
    JOIN meaning m ON m.bucket = b.bucket AND m.slot = width_bucket(b.day, %(cuts)s::date[])
    WHERE {whose}
    GROUP BY b.customer_id, b.company_id, b.currency
), owed AS MATERIALIZED (
    SELECT s.root, s.whole,
           {rounded},
           ROUND(SUM(x.late * u.rate), MIN(p.n)) AS late, MIN(x.oldest) AS oldest,
           MIN(x.currency) FILTER (WHERE u.rate IS NULL) AS lacks
    FROM scope s
    JOIN customers_customer c ON c.id = s.root
    JOIN customers_creditaccount a ON a.customer_id = c.id
    JOIN summed x ON x.customer_id = s.member
     AND CASE WHEN %(company)s::bigint IS NOT NULL THEN x.company_id = %(company)s
              ELSE a.companies_summed OR x.company_id = c.company_id END
    JOIN places p ON p.currency = c.currency
    LEFT JOIN unit u ON u.source = x.currency AND u.target = c.currency
    GROUP BY s.root, s.whole
), netted AS (
    {netted}
), base AS (
    SELECT DISTINCT ON (l.customer_id) l.customer_id, l.state, l.amount, l.currency
    FROM customers_limit l
    WHERE l.customer_id IN (SELECT id FROM wanted) AND l.kind = 'BASE' AND l.valid_from <= %(day)s
    ORDER BY l.customer_id, l.valid_from DESC, l.id DESC
), temporary AS (
    SELECT DISTINCT ON (l.customer_id) l.customer_id, l.amount, l.currency
    FROM customers_limit l
    WHERE l.customer_id IN (SELECT id FROM wanted) AND l.kind = 'TEMPORARY' AND l.valid_from <= %(day)s AND l.valid_to >= %(day)s
    ORDER BY l.customer_id, l.id DESC
), secured AS (
    SELECT z.customer_id, SUM(z.amount * z.percent / 100 * u.rate) AS amount, MIN(z.currency) FILTER (WHERE u.rate IS NULL) AS lacks
    FROM customers_security z JOIN customers_customer c ON c.id = z.customer_id
    LEFT JOIN unit u ON u.source = z.currency AND u.target = c.currency
    WHERE (z.valid_from IS NULL OR z.valid_from <= %(day)s) AND (z.valid_to IS NULL OR z.valid_to >= %(day)s)
    GROUP BY z.customer_id
), stated AS (
    SELECT c.id, c.currency, z.amount AS security, z.lacks AS security_lacks,
           CASE WHEN y.first_limit_approved AND NOT EXISTS (
                    SELECT FROM customers_limit f WHERE f.customer_id = c.id AND f.valid_from <= %(day)s) THEN 'AWAITS'
                WHEN t.customer_id IS NOT NULL THEN 'AMOUNT'
                WHEN b.state IN ('UNLIMITED', 'AMOUNT') THEN b.state
                WHEN m.state IN ('UNLIMITED', 'AMOUNT') THEN m.state
                WHEN c.parent_id IS NOT NULL OR EXISTS (
                    SELECT FROM customers_sharedlimit_members k JOIN customers_sharedlimit h ON h.id = k.sharedlimit_id
                    WHERE k.customer_id = c.id AND NOT h.mandatory) THEN 'DEFERRED'
                WHEN z.customer_id IS NOT NULL THEN 'AMOUNT'
                ELSE 'NONE' END AS state,
           CASE WHEN t.customer_id IS NOT NULL THEN t.amount WHEN b.state IN ('UNLIMITED', 'AMOUNT') THEN b.amount ELSE m.amount END AS amount,
           CASE WHEN t.customer_id IS NOT NULL THEN t.currency WHEN b.state IN ('UNLIMITED', 'AMOUNT') THEN b.currency
                ELSE COALESCE(NULLIF(m.currency, ''), c.currency) END AS granted_in
    FROM wanted v JOIN customers_customer c ON c.id = v.id
    JOIN customers_company y ON y.id = c.company_id
    LEFT JOIN base b ON b.customer_id = c.id
    LEFT JOIN temporary t ON t.customer_id = c.id
    LEFT JOIN secured z ON z.customer_id = c.id
    LEFT JOIN customers_segment m ON m.id = c.segment_id
), limited AS (
    SELECT s.id, CASE s.state WHEN 'AWAITS' THEN 'NONE' ELSE s.state END AS state,
           CASE s.state WHEN 'AMOUNT' THEN ROUND(COALESCE(s.amount * u.rate, 0) + COALESCE(s.security, 0), p.n)
                        WHEN 'NONE' THEN 0 WHEN 'AWAITS' THEN 0 END AS amount,
           CASE WHEN s.state <> 'AMOUNT' THEN NULL WHEN s.amount IS NOT NULL AND u.rate IS NULL THEN s.granted_in
                ELSE s.security_lacks END AS lacks
    FROM stated s JOIN places p ON p.currency = s.currency
    LEFT JOIN unit u ON u.source = s.granted_in AND u.target = s.currency
), counted AS MATERIALIZED (
    SELECT o.root, o.whole, o.lacks, {names}, {total} AS total,
           CASE WHEN n.late > 0 AND n.late >= %(ignored)s THEN n.late ELSE 0 END AS overdue,
           CASE WHEN n.late > 0 AND n.late >= %(ignored)s THEN n.oldest END AS oldest
    FROM owed o JOIN netted n ON n.root = o.root AND n.whole = o.whole
), stood AS MATERIALIZED (
    SELECT c.id, c.code, c.name, c.currency, c.country, y.code AS company, COALESCE(g.code, '') AS segment,
           COALESCE(r.code, '') AS risk_class,
           COALESCE(NULLIF(CONCAT_WS(' ', NULLIF(u.first_name, ''), NULLIF(u.last_name, '')), ''), u.username, '') AS salesperson,
           COALESCE(u.username, '') AS seller, a.next_review,
           {whole}, COALESCE(w.total, 0) AS total, COALESCE(w.overdue, 0) AS overdue,
           COALESCE(%(day)s::date - w.oldest, 0) AS days_overdue,
           COALESCE(al.total, w.total, 0) AS alone, COALESCE(al.overdue, w.overdue, 0) AS alone_overdue,
           {alone},
           l.state AS limit_state, l.amount AS limit, l.amount - COALESCE(w.total, 0) AS available,
           CASE WHEN l.state = 'AMOUNT' AND l.amount > 0 THEN COALESCE(w.total, 0) / l.amount * 100 END AS used_percent,
           CASE WHEN l.state = 'AMOUNT' AND l.amount > 0 THEN COALESCE(w.total, 0) / l.amount * 100
                WHEN l.amount = 0 AND COALESCE(w.total, 0) > 0 THEN 1e12 ELSE 0 END AS rank,
           GREATEST(COALESCE(w.total, 0) - l.amount, 0) AS over,
           COALESCE(w.lacks, l.lacks) AS lacks, hs.heads
    FROM customers_customer c
    JOIN customers_creditaccount a ON a.customer_id = c.id
    JOIN customers_company y ON y.id = c.company_id
    JOIN limited l ON l.id = c.id
    LEFT JOIN customers_segment g ON g.id = c.segment_id
    LEFT JOIN customers_riskclass r ON r.id = a.risk_class_id
    LEFT JOIN auth_user u ON u.id = c.salesperson_id
    LEFT JOIN counted w ON w.root = c.id AND w.whole
    LEFT JOIN counted al ON al.root = c.id AND NOT al.whole
    LEFT JOIN headed hs ON hs.id = c.id
), p AS MATERIALIZED (SELECT * FROM stood WHERE lacks IS NULL AND {narrowed}), above AS (
    SELECT DISTINCT unnest(heads) AS id FROM p WHERE heads IS NOT NULL
), f AS MATERIALIZED (
    SELECT p.*, CASE WHEN h.id IS NULL THEN total ELSE alone END AS own_total,
           CASE WHEN h.id IS NULL THEN overdue ELSE alone_overdue END AS own_overdue,
           {own}
    FROM p LEFT JOIN above h ON h.id = p.id
)
{parts}
