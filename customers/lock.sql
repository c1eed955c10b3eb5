-- Lock the credit accounts of these customers and of the heads above them, then their shared limits, in key order, and
-- return who stands with whom, read again after locking: where that changed meanwhile, the new ones are locked too.
-- Most customers stand alone, which is quicker to see than to read from a family of one: before and after the lock, too.
-- Each statement in here sees what was committed before it began; in one statement the second reading would be the first.
CREATE OR REPLACE FUNCTION credit_lock(ids bigint[])
RETURNS TABLE (relation text, root bigint, member bigint, depth integer)
LANGUAGE plpgsql VOLATILE
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
    FOR reading IN 1 .. 2 LOOP
        EXIT WHEN cardinality(ids) <> 1;
        PERFORM 1 FROM customers_customer c
        WHERE c.id = ids[1] AND c.parent_id IS NULL
          AND NOT EXISTS (SELECT FROM customers_customer b WHERE b.parent_id = c.id)
          AND NOT EXISTS (SELECT FROM customers_sharedlimit_members m WHERE m.customer_id = c.id);
        EXIT WHEN NOT FOUND;
        IF reading = 2 THEN
            RETURN QUERY SELECT 'below', ids[1], ids[1], 0;
            RETURN;
        END IF;
        PERFORM 1 FROM customers_creditaccount a WHERE a.customer_id = ids[1] FOR UPDATE;
    END LOOP;
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
