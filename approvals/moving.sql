-- Holds, limit requests and journals move by rows that are added to their histories, and in no other way.
--
-- The application may lock their rows (that is why it has UPDATE on their key) and change nothing in them: what a row
-- of a history says is carried over here, as the owner, and kept with what stood there before.

CREATE FUNCTION approvals_refuse_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('permission denied for table %s: it moves by what is added to its history', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_change_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    held public.approvals_hold;
BEGIN
    SELECT * INTO STRICT held FROM public.approvals_hold WHERE id = NEW.hold_id FOR UPDATE;
    -- Merging two customers moves decided holds as well; what was decided stays.
    IF NOT held.open AND (held.step, held.checkpoint, held.payload, held.amount, held.currency)
            IS DISTINCT FROM (NEW.step, NEW.checkpoint, NEW.payload, NEW.amount, NEW.currency) THEN
        RAISE check_violation USING MESSAGE = 'this hold was decided: what it stopped stays as it was';
    END IF;
    NEW.was := (
        SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}')
          FROM jsonb_each(to_jsonb(held)) o JOIN jsonb_each(to_jsonb(NEW)) n USING (key)
         WHERE key IN ('step', 'checkpoint', 'payload', 'amount', 'currency', 'customer_id') AND o.value <> n.value
    );
    UPDATE public.approvals_hold
       SET step = NEW.step, checkpoint = NEW.checkpoint, payload = NEW.payload, amount = NEW.amount,
           currency = NEW.currency, customer_id = NEW.customer_id
     WHERE id = NEW.hold_id;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_close_hold() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE public.approvals_hold SET open = false WHERE id = NEW.hold_id AND open;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_move_request() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    asked public.approvals_limitrequest;
    becomes public.approvals_limitrequest;
BEGIN
    SELECT * INTO STRICT asked FROM public.approvals_limitrequest WHERE id = NEW.request_id FOR UPDATE;
    IF NEW.state = '' OR NEW.step IN ('ASKED', 'ATTACHED', 'MOVED') AND NEW.state <> asked.state THEN
        RAISE check_violation USING MESSAGE = 'a step of a request says in which state the request is after it';
    END IF;
    IF asked.state IN ('APPLIED', 'REJECTED', 'WITHDRAWN') AND NEW.step <> 'MOVED' THEN
        RAISE check_violation USING MESSAGE = 'this request was decided: nothing follows';
    END IF;
    becomes := asked;
    IF NEW.step IN ('CHANGED', 'MOVED') THEN
        becomes := jsonb_populate_record(asked, NEW.wanted);
        NEW.was := (
            SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}')
              FROM jsonb_each(to_jsonb(asked)) o JOIN jsonb_each(to_jsonb(becomes)) n USING (key) WHERE o.value <> n.value
        );
        NEW.wanted := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(becomes)) WHERE NEW.wanted ? key);
    END IF;
    IF NEW.step = 'CHANGED' THEN
        UPDATE public.approvals_limitrequest
           SET kind = becomes.kind, state_wanted = becomes.state_wanted, amount = becomes.amount,
               valid_from = becomes.valid_from, valid_to = becomes.valid_to, terms_id = becomes.terms_id,
               settlement_discount_id = becomes.settlement_discount_id, reason = becomes.reason
         WHERE id = NEW.request_id;
    ELSIF NEW.step = 'MOVED' THEN
        UPDATE public.approvals_limitrequest SET customer_id = becomes.customer_id WHERE id = NEW.request_id;
    END IF;
    UPDATE public.approvals_limitrequest
       SET state = NEW.state,
           assigned_to_id = CASE
               WHEN NEW.step = 'DELEGATED' THEN NEW.to_id
               WHEN NEW.step IN ('ATTACHED', 'MOVED', 'CHANGE_WANTED') THEN assigned_to_id
           END
     WHERE id = NEW.request_id;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_move_journal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE public.approvals_limitjournal
       SET state = CASE WHEN NEW.step IN ('SENT', 'POSTED', 'WITHDRAWN') THEN NEW.step ELSE state END
     WHERE id = NEW.journal_id AND state NOT IN ('POSTED', 'WITHDRAWN');
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'this journal was posted or withdrawn: nothing follows';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_keep_sent_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_journal bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.journal_id ELSE OLD.journal_id END;
BEGIN
    IF EXISTS (SELECT FROM approvals_limitjournal j WHERE j.id = of_journal AND j.state <> 'DRAFT') THEN
        RAISE check_violation USING MESSAGE = 'this journal was sent for approval: its lines stay as they are';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER approvals_refuse_hand BEFORE UPDATE ON approvals_hold
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_hand();
CREATE TRIGGER approvals_refuse_hand BEFORE UPDATE ON approvals_limitrequest
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_hand();
CREATE TRIGGER approvals_refuse_hand BEFORE UPDATE ON approvals_limitjournal
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_refuse_hand();
CREATE TRIGGER approvals_change_hold BEFORE INSERT ON approvals_holdchange
    FOR EACH ROW EXECUTE FUNCTION approvals_change_hold();
CREATE TRIGGER approvals_close_hold AFTER INSERT ON approvals_holdclosing
    FOR EACH ROW EXECUTE FUNCTION approvals_close_hold();
CREATE TRIGGER approvals_move_request BEFORE INSERT ON approvals_requestevent
    FOR EACH ROW EXECUTE FUNCTION approvals_move_request();
CREATE TRIGGER approvals_move_journal AFTER INSERT ON approvals_journalevent
    FOR EACH ROW EXECUTE FUNCTION approvals_move_journal();
CREATE TRIGGER approvals_keep_sent_lines BEFORE INSERT OR UPDATE OR DELETE ON approvals_journalline
    FOR EACH ROW EXECUTE FUNCTION approvals_keep_sent_lines();
