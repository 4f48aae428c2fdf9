-- What keeps rows as they were written: the stamp, the refusals, the legal transitions of an attempt.

CREATE SEQUENCE ledger.entry_sequence;

-- The only clock of the ledger.
CREATE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT pg_catalog.clock_timestamp() $$;

CREATE FUNCTION ledger.clock_seconds() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT pg_catalog.floor(extract(epoch FROM ledger.clock()))::bigint $$;

-- Sequence, time and transaction are the server's: what a client sends for them is overwritten.
CREATE FUNCTION ledger.stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.sequence := pg_catalog.nextval('ledger.entry_sequence');
  NEW.recorded_at := ledger.clock();
  NEW.xid := pg_catalog.pg_current_xact_id();
  RETURN NEW;
END $$;

CREATE FUNCTION ledger.deny() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on %: what is recorded is never changed; record a correction', TG_OP, TG_TABLE_NAME USING ERRCODE = 'HN007';
END $$;

-- ENABLE ALWAYS, or session_replication_role = replica would pass by.
CREATE PROCEDURE ledger.deny_on(p_table regclass, p_operations text, p_level text, p_name text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH %s EXECUTE FUNCTION ledger.deny()',
                 p_name, p_operations, p_table, p_level);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', p_table, p_name);
END $$;

CREATE PROCEDURE ledger.make_append_only(p_table regclass) LANGUAGE plpgsql AS $$
BEGIN
  CALL ledger.deny_on(p_table, 'UPDATE OR DELETE', 'ROW', 'deny_change');
  CALL ledger.deny_on(p_table, 'TRUNCATE', 'STATEMENT', 'deny_truncate');
  EXECUTE format('CREATE TRIGGER stamp BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION ledger.stamp()', p_table);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER stamp', p_table);
END $$;

-- The legal transitions are listed in hanse.ledger.attempts; a test compares the two.
CREATE FUNCTION ledger.attempt_may(p_from text, p_to text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT p_from = p_to OR CASE p_from
    WHEN 'admitted' THEN p_to IN ('leased', 'withdrawn')
    WHEN 'leased' THEN p_to IN ('draining', 'suspect', 'released')
    WHEN 'draining' THEN p_to IN ('suspect', 'released')
    WHEN 'suspect' THEN p_to IN ('leased', 'draining', 'released', 'expired')
    ELSE false END
$$;

CREATE FUNCTION ledger.guard_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_moving CONSTANT text[] := ARRAY['state', 'stopped_by', 'last_decision', 'funded_until_seconds', 'granted_at_seconds',
                                    'granted_to', 'lease_until_seconds', 'ended_at_seconds'];
BEGIN
  IF NOT ledger.attempt_may(OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'attempt %: % to % is no legal transition', OLD.id, OLD.state, NEW.state USING ERRCODE = 'HN003';
  END IF;
  IF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving
     OR (OLD.granted_at_seconds IS NOT NULL AND OLD.granted_to IS DISTINCT FROM NEW.granted_to)
     OR OLD.granted_at_seconds <> NEW.granted_at_seconds OR OLD.ended_at_seconds <> NEW.ended_at_seconds
     OR (OLD.stopped_by IS NOT NULL AND OLD.stopped_by IS DISTINCT FROM NEW.stopped_by) THEN
    RAISE EXCEPTION 'attempt %: what is fixed about it may not change', OLD.id USING ERRCODE = 'HN003';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION ledger.guard_term() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.term <= OLD.term THEN
    RAISE EXCEPTION 'term % after %: a term only rises', NEW.term, OLD.term USING ERRCODE = 'HN001';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER guard BEFORE UPDATE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION ledger.guard_attempt();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.term FOR EACH ROW EXECUTE FUNCTION ledger.guard_term();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER guard;
CALL ledger.deny_on('ledger.attempt', 'DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.attempt', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.deny_on('ledger.term', 'DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.term', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.deny_on('ledger.account', 'DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.account', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.make_append_only('ledger.checkpoint');
CALL ledger.make_append_only('ledger.cutoff');
CALL ledger.make_append_only('ledger.cycle');
CALL ledger.make_append_only('ledger.decision');
CALL ledger.make_append_only('ledger.effect');
CALL ledger.make_append_only('ledger.enrolment');
CALL ledger.make_append_only('ledger.fact');
CALL ledger.make_append_only('ledger.levy');
CALL ledger.make_append_only('ledger.member');
CALL ledger.make_append_only('ledger.member_key');
CALL ledger.make_append_only('ledger.placement');
CALL ledger.make_append_only('ledger.posting');
CALL ledger.make_append_only('ledger.rate');
CALL ledger.make_append_only('ledger.slot');
CALL ledger.make_append_only('ledger.transfer');
CALL ledger.make_append_only('ledger.violation');
