-- Posting: compare what the formula says of the touched sources with what the ledger holds, and add the difference.
-- posting.py fills in its name, whose keys it takes, and what is said of them.
--
-- One statement, because two would see two snapshots and post wrongly. The sources are locked by the caller; balances
-- are touched in key order. Returns the entries added, so that the gate knows what the step did.
-- A function keeps its plan; a statement would be planned anew, which costs more than running it.

CREATE OR REPLACE FUNCTION {name}(
    {keys}, on_day date, at_moment timestamptz
) RETURNS TABLE (id bigint, customer_id bigint, company_id bigint, bucket varchar, day date, currency varchar,
                 amount numeric)
LANGUAGE sql
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
    WITH said AS (
        {said}
    ), difference AS (
        SELECT s.origin, s.source_id, s.customer_id, s.company_id, s.bucket, s.day, s.currency, SUM(s.amount) AS amount
        FROM said s
        GROUP BY s.origin, s.source_id, s.customer_id, s.company_id, s.bucket, s.day, s.currency
        HAVING SUM(s.amount) <> 0
    ), added AS (
        INSERT INTO exposure_entry
            (origin, source_id, customer_id, company_id, bucket, day, currency, amount, effective_on, recorded_at)
        SELECT d.origin, d.source_id, d.customer_id, d.company_id, d.bucket, d.day, d.currency, d.amount,
               on_day, at_moment
        FROM difference d
        RETURNING *
    ), summed AS (
        INSERT INTO exposure_balance AS b (customer_id, company_id, bucket, day, currency, amount)
        SELECT d.customer_id, d.company_id, d.bucket, d.day, d.currency, SUM(d.amount)
        FROM difference d
        GROUP BY d.customer_id, d.company_id, d.bucket, d.day, d.currency
        ORDER BY d.customer_id, d.company_id, d.bucket, d.day, d.currency
        ON CONFLICT (customer_id, company_id, bucket, day, currency)
        DO UPDATE SET amount = b.amount + EXCLUDED.amount
    )
    SELECT a.id, a.customer_id, a.company_id, a.bucket, a.day, a.currency, a.amount FROM added a
$$;
