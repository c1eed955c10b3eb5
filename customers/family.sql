-- Who stands with whom: for each customer the heads above it, all that roll up to it and to them, and the members of
-- its shared limits. UNION, not UNION ALL: a circle of parents ends.
CREATE OR REPLACE FUNCTION credit_family(ids bigint[])
RETURNS TABLE (relation text, root bigint, member bigint, depth integer)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE up AS (
        SELECT c.id AS of, c.id, c.parent_id, 0 AS depth FROM customers_customer c WHERE c.id = ANY (ids)
        UNION
        SELECT up.of, c.id, c.parent_id, up.depth + 1
        FROM customers_customer c JOIN up ON c.id = up.parent_id WHERE up.depth < 20
    ), down AS (
        SELECT DISTINCT up.id AS root, up.id AS member FROM up
        UNION
        SELECT down.root, c.id FROM customers_customer c JOIN down ON c.parent_id = down.member
    )
    SELECT 'head', up.of, up.id, up.depth FROM up WHERE up.depth > 0
    UNION ALL
    SELECT 'below', down.root, down.member, 0 FROM down
    UNION ALL
    SELECT 'shared', s.customer_id, s.sharedlimit_id, 0 FROM customers_sharedlimit_members s WHERE s.customer_id = ANY (ids)
    UNION ALL
    SELECT 'member', m.sharedlimit_id, m.customer_id, 0
    FROM customers_sharedlimit_members m
    WHERE m.sharedlimit_id IN
        (SELECT s.sharedlimit_id FROM customers_sharedlimit_members s WHERE s.customer_id = ANY (ids))
$$;
