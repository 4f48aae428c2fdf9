-- Functions as they were when this came. A database that is made today has them from the first migration already, and
-- one that was made before has the older ones: both end alike. What was granted before was granted to nobody known.

ALTER TABLE ledger.attempt ADD COLUMN granted_to UUID;
ALTER TABLE ledger.attempt ADD CONSTRAINT attempt_granted_to_check CHECK (granted_to IS NULL OR granted_at_seconds IS NOT NULL);
CREATE OR REPLACE VIEW ledger.own_attempt WITH (security_barrier) AS
  SELECT a.* FROM ledger.attempt a JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user;

CREATE OR REPLACE FUNCTION ledger.guard_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP FUNCTION IF EXISTS ledger.grant_lease(text, uuid, bigint);
-- A grant is the first if nobody had one before, or if the first one went to this very process: that knows by its own
-- memory whether it took it up. Whom the first one went to never changes: what others were told later was not the first.
CREATE OR REPLACE FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid,
                                   OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_now bigint := clock_seconds();
  v_is_new boolean;
BEGIN
  SELECT a.state IN ('admitted', 'leased'), a.granted_at_seconds IS NULL, a.granted_at_seconds IS NULL OR coalesce(a.granted_to = p_process, false)
    INTO granted, v_is_new, first FROM attempt a
    WHERE a.id = p_attempt AND a.fence = p_fence AND a.cluster = p_cluster AND a.ended_at_seconds IS NULL FOR UPDATE;
  granted := coalesce(granted, false);
  first := coalesce(first, false);
  IF NOT granted THEN
    reason := refuse_lease(p_cluster, p_attempt, p_fence, 'grant');
    RETURN;
  END IF;
  UPDATE attempt a SET state = 'leased', granted_at_seconds = coalesce(a.granted_at_seconds, v_now),
      granted_to = CASE WHEN v_is_new THEN p_process ELSE a.granted_to END,
      lease_until_seconds = greatest(a.lease_until_seconds, v_now + a.lease_seconds + 1)
    WHERE a.id = p_attempt RETURNING a.lease_seconds, a.funded_until_seconds INTO grant_lease.lease_seconds, grant_lease.funded_until_seconds;
  IF v_is_new THEN
    INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
      VALUES (gen_random_uuid(), 'LeaseGranted', v_now, p_cluster, p_attempt, p_fence, '');
  END IF;
END $$;

REVOKE ALL ON FUNCTION ledger.grant_lease FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.grant_lease TO hanse_api;
