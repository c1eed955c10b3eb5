-- Notes what happened to a row of a watched table: who, from where, which columns, from what to what.
--
-- Runs as the owner, so that the application can add to audit_change in no other way. The first argument names columns
-- that are not looked at, the second those whose values are never written down (only that they changed).
CREATE OR REPLACE FUNCTION audit_note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    hidden text[] := TG_ARGV[0]::text[];
    secret text[] := TG_ARGV[1]::text[];
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    -- What names the row: as it is, or as it was.
    named jsonb := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
    was jsonb := old_row - hidden;
    becomes jsonb := new_row - hidden;
    actor jsonb := coalesce(nullif(current_setting('creditrisk.actor', true), ''), '{}')::jsonb;
    name text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}'), coalesce(jsonb_object_agg(o.key, n.value), '{}')
          INTO was, becomes
          FROM jsonb_each(was) o JOIN jsonb_each(becomes) n USING (key)
         WHERE o.value IS DISTINCT FROM n.value;
        IF becomes = '{}' THEN
            RETURN NULL;
        END IF;
    END IF;
    FOREACH name IN ARRAY secret LOOP
        was := CASE WHEN was ? name THEN was || jsonb_build_object(name, '(not shown)') ELSE was END;
        becomes := CASE WHEN becomes ? name THEN becomes || jsonb_build_object(name, '(not shown)') ELSE becomes END;
    END LOOP;
    INSERT INTO public.audit_change (
        at, table_name, row_id, action, subject, customer_id, was, becomes,
        user_id, who, address, channel, on_behalf_of, reason, database_role
    ) VALUES (
        clock_timestamp(), TG_TABLE_NAME, coalesce(named->>'id', named->>'customer_id'), TG_OP,
        left(coalesce(named->>'code', named->>'username', named->>'name', ''), 150),
        CASE TG_TABLE_NAME WHEN 'customers_customer' THEN named->>'id'
                           WHEN 'customers_sublimit' THEN named->>'account_id'
                           ELSE named->>'customer_id' END::bigint,
        was, becomes,
        (actor->>'user_id')::bigint, coalesce(actor->>'user', ''),
        left(coalesce(actor->>'address', host(inet_client_addr()), ''), 60),
        left(coalesce(actor->>'channel', current_setting('application_name', true), ''), 60),
        coalesce(actor->>'on_behalf_of', ''), left(coalesce(actor->>'reason', ''), 300),
        coalesce(nullif(current_setting('role', true), 'none'), session_user)
    );
    RETURN NULL;
END $$;
