-- Lock the credit accounts of these customers and of the heads above them, then their shared limits, in key order, and
-- return who stands with whom, read again after locking: where that changed meanwhile, all is let go and locked anew, for
-- what is locked out of turn may be waited for in a circle. Rows that only name an account do not wait for the lock.
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
    locked_accounts bigint[];
    locked_shared bigint[];
BEGIN
    LOOP
        BEGIN
            locked_accounts := '{}';
            locked_shared := '{}';
            FOR reading IN 1 .. 2 LOOP
                EXIT WHEN cardinality(ids) <> 1;
                PERFORM 1 FROM customers_customer c
                WHERE c.id = ids[1] AND c.parent_id IS NULL
                  AND NOT EXISTS (SELECT FROM customers_customer b WHERE b.parent_id = c.id)
                  AND NOT EXISTS (SELECT FROM customers_sharedlimit_members m WHERE m.customer_id = c.id);
                IF NOT FOUND THEN
                    EXIT WHEN reading = 1;
                    RAISE SQLSTATE 'FAMLY';
                ELSIF reading = 2 THEN
                    RETURN QUERY SELECT 'below', ids[1], ids[1], 0;
                    RETURN;
                END IF;
                PERFORM 1 FROM customers_creditaccount a WHERE a.customer_id = ids[1] FOR NO KEY UPDATE;
            END LOOP;
            FOR reading IN 1 .. 2 LOOP
                SELECT array_agg(f.relation ORDER BY f.depth), array_agg(f.root ORDER BY f.depth),
                       array_agg(f.member ORDER BY f.depth), array_agg(f.depth ORDER BY f.depth),
                       ids || COALESCE(array_agg(f.member) FILTER (WHERE f.relation = 'head'), '{}'),
                       COALESCE(array_agg(f.member) FILTER (WHERE f.relation = 'shared'), '{}')
                INTO relations, roots, members, depths, accounts, shared
                FROM credit_family(ids) f;
                IF reading = 2 AND accounts <@ locked_accounts AND shared <@ locked_shared THEN
                    RETURN QUERY SELECT * FROM unnest(relations, roots, members, depths);
                    RETURN;
                ELSIF reading = 2 THEN
                    RAISE SQLSTATE 'FAMLY';
                END IF;
                PERFORM 1 FROM customers_creditaccount a
                WHERE a.customer_id = ANY (accounts) ORDER BY a.customer_id FOR NO KEY UPDATE;
                IF shared <> '{}' THEN
                    PERFORM 1 FROM customers_sharedlimit s WHERE s.id = ANY (shared) ORDER BY s.id FOR NO KEY UPDATE;
                END IF;
                locked_accounts := accounts;
                locked_shared := shared;
            END LOOP;
        EXCEPTION WHEN SQLSTATE 'FAMLY' THEN -- a savepoint taken back lets its locks go
        END;
    END LOOP;
END
$$;
