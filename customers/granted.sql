-- What was granted to these customers and shared limits on a day: one row each, as JSON with amounts as text.
CREATE OR REPLACE FUNCTION credit_granted(ids bigint[], shared_ids bigint[], on_day date)
RETURNS TABLE (owner text, id bigint, facts jsonb)
LANGUAGE sql STABLE
AS $$
    WITH newest AS (
        SELECT DISTINCT ON (l.customer_id, l.kind) l.customer_id, l.kind, l.state, l.amount, l.currency, l.valid_to
        FROM customers_limit l
        WHERE l.customer_id = ANY (ids) AND l.valid_from <= on_day AND (l.kind = 'BASE' OR l.valid_to >= on_day)
        ORDER BY l.customer_id, l.kind, CASE WHEN l.kind = 'BASE' THEN l.valid_from END DESC, l.id DESC
    )
    SELECT 'customer', c.id, jsonb_build_object(
        'code', c.code, 'name', c.name, 'currency', c.currency, 'company', c.company_id, 'parent', c.parent_id,
        'control', a.control, 'group_control', a.group_control, 'summed', a.companies_summed, 'excluded', a.excluded,
        'authorise_orders', a.authorise_orders, 'authorise_deliveries', a.authorise_deliveries,
        'suspended', a.suspended AND COALESCE(on_day <= a.suspended_until, true), 'next_review', a.next_review,
        'awaits_approval', y.first_limit_approved AND NOT EXISTS (
            SELECT 1 FROM customers_limit f WHERE f.customer_id = c.id AND f.valid_from <= on_day),
        'status', s.code, 'stops', s.stops, 'group', g.code, 'risk_class', r.code,
        'terms', t.code, 'terms_rank', t.rank,
        'discount', d.code, 'discount_rank', d.rank,
        'segment', m.code, 'segment_state', m.state, 'segment_amount', m.amount::text,
        'segment_currency', NULLIF(m.currency, ''), 'segment_control', NULLIF(m.control, ''),
        'base', (SELECT jsonb_build_object('state', n.state, 'amount', n.amount::text, 'currency', n.currency,
                                           'last_day', n.valid_to)
                 FROM newest n WHERE n.customer_id = c.id AND n.kind = 'BASE'),
        'temporary', (SELECT jsonb_build_object('amount', n.amount::text, 'currency', n.currency, 'last_day', n.valid_to)
                      FROM newest n WHERE n.customer_id = c.id AND n.kind = 'TEMPORARY'),
        'securities', (SELECT jsonb_agg(jsonb_build_object('kind', z.kind, 'amount', z.amount::text,
                                                           'currency', z.currency, 'percent', z.percent::text))
                       FROM customers_security z
                       WHERE z.customer_id = c.id AND (z.valid_from IS NULL OR z.valid_from <= on_day)
                         AND (z.valid_to IS NULL OR z.valid_to >= on_day)),
        'sub_limits', (SELECT jsonb_object_agg(u.component, u.amount::text)
                       FROM customers_sublimit u WHERE u.account_id = c.id),
        'blocks', (SELECT jsonb_build_object('orders', bool_or(b.orders), 'deliveries', bool_or(b.deliveries))
                   FROM customers_customerblock b LEFT JOIN customers_customerblockend e ON e.block_id = b.id
                   WHERE b.customer_id = c.id AND e.id IS NULL
                     AND (b.valid_from IS NULL OR b.valid_from <= on_day)
                     AND (b.valid_to IS NULL OR b.valid_to >= on_day)))
    FROM customers_customer c
    JOIN customers_creditaccount a ON a.customer_id = c.id
    JOIN customers_company y ON y.id = c.company_id
    LEFT JOIN customers_accountstatus s ON s.id = c.account_status_id
    LEFT JOIN customers_creditgroup g ON g.id = a.credit_group_id
    LEFT JOIN customers_riskclass r ON r.id = a.risk_class_id
    LEFT JOIN customers_segment m ON m.id = c.segment_id
    LEFT JOIN customers_region o ON o.id = c.region_id
    LEFT JOIN customers_paymentterms t ON t.id = COALESCE(c.terms_id, o.terms_id, m.terms_id)
    LEFT JOIN customers_settlementdiscount d ON d.id = c.settlement_discount_id
    WHERE c.id = ANY (ids)
    UNION ALL
    SELECT 'shared', h.id, jsonb_build_object(
        'code', h.code, 'name', h.name, 'currency', h.currency, 'mandatory', h.mandatory,
        'answer', h.count_member_overdue,
        'base', (SELECT jsonb_build_object('state', l.state, 'amount', l.amount::text, 'currency', l.currency,
                                           'last_day', l.valid_to)
                 FROM customers_limit l WHERE l.shared_id = h.id AND l.kind = 'BASE' AND l.valid_from <= on_day
                 ORDER BY l.valid_from DESC, l.id DESC LIMIT 1),
        'temporary', (SELECT jsonb_build_object('amount', l.amount::text, 'currency', l.currency,
                                                'last_day', l.valid_to)
                      FROM customers_limit l
                      WHERE l.shared_id = h.id AND l.kind = 'TEMPORARY' AND l.valid_from <= on_day
                        AND l.valid_to >= on_day
                      ORDER BY l.id DESC LIMIT 1))
    FROM customers_sharedlimit h WHERE h.id = ANY (shared_ids)
$$;
