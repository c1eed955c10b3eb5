-- Lock the credit accounts of these customers and of the heads above them, then their shared limits, in key order, and
-- return who stands with whom, read again after locking: where that changed meanwhile, the new ones are locked too.
-- Each statement in here sees what was committed before it began; in one statement the second reading would be the first.
CREATE FUNCTION credit_lock(ids bigint[])
RETURNS TABLE (relation text, root bigint, member bigint, depth integer)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    relations text[];
    roots bigint[];
    members bigint[];
    depths integer[];
    accounts bigint[];
    shared bigint[];
    locked_accounts bigint[] := '{}';
    locked_shared bigint[] := '{}';
BEGIN
    LOOP
        SELECT array_agg(f.relation ORDER BY f.depth), array_agg(f.root ORDER BY f.depth),
               array_agg(f.member ORDER BY f.depth), array_agg(f.depth ORDER BY f.depth),
               ids || COALESCE(array_agg(f.member) FILTER (WHERE f.relation = 'head'), '{}'),
               COALESCE(array_agg(f.member) FILTER (WHERE f.relation = 'shared'), '{}')
        INTO relations, roots, members, depths, accounts, shared
        FROM credit_family(ids) f;
        EXIT WHEN accounts <@ locked_accounts AND shared <@ locked_shared;
        PERFORM 1 FROM customers_creditaccount a WHERE a.customer_id = ANY (accounts) ORDER BY a.customer_id FOR UPDATE;
        IF shared <> '{}' THEN
            PERFORM 1 FROM customers_sharedlimit s WHERE s.id = ANY (shared) ORDER BY s.id FOR UPDATE;
        END IF;
        locked_accounts := locked_accounts || accounts;
        locked_shared := locked_shared || shared;
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(relations, roots, members, depths);
END
$$;
