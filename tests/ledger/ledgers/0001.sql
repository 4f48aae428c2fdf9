SET check_function_bodies = false;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA ledger;
ALTER SCHEMA ledger OWNER TO hanse_owner;
CREATE FUNCTION ledger.add_member_key(p_member text, p_key bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO member_key (member, verify_key) VALUES (p_member, p_key) ON CONFLICT DO NOTHING
$$;
ALTER FUNCTION ledger.add_member_key(p_member text, p_key bytea) OWNER TO hanse_owner;
CREATE FUNCTION ledger.add_slot_day(p_day_seconds bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_start bigint := p_day_seconds - p_day_seconds % 86400;
  v_name text := 'slot_' || to_char(to_timestamp(v_start) AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  IF to_regclass('ledger.' || v_name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(1751215717, 0);
  IF to_regclass('ledger.' || v_name) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF slot FOR VALUES FROM (%s) TO (%s)', v_name, v_start, v_start + 86400);
  CALL deny_on(v_name::regclass, 'UPDATE OR DELETE', 'ROW', 'deny_change_here');
  CALL deny_on(v_name::regclass, 'TRUNCATE', 'STATEMENT', 'deny_truncate');
END $$;
ALTER FUNCTION ledger.add_slot_day(p_day_seconds bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
  v_agent agent%ROWTYPE;
  v_why text;
BEGIN
  INSERT INTO agent (cluster, cluster_uid, instance, version, seen_at_seconds)
    VALUES (p_cluster, p_cluster_uid, p_instance, p_version, v_now) ON CONFLICT (cluster) DO NOTHING;
  SELECT * INTO v_agent FROM agent WHERE cluster = p_cluster FOR UPDATE;
  IF v_agent.cluster_uid <> p_cluster_uid THEN
    v_why := 'another cluster';
  ELSIF v_agent.instance <> p_instance AND v_agent.seen_at_seconds + p_silence > v_now THEN
    v_why := 'another agent';
  END IF;
  IF v_why IS NOT NULL THEN
    INSERT INTO fact (id, kind, at_seconds, cluster, detail)
      VALUES (md5(concat_ws('/', 'AgentRefused', p_cluster, p_cluster_uid, p_instance))::uuid, 'AgentRefused', v_now, p_cluster, v_why)
      ON CONFLICT (id) DO NOTHING;
    RETURN v_why;
  END IF;
  UPDATE agent SET instance = p_instance, version = p_version, seen_at_seconds = v_now,
      inventory_at_seconds = CASE WHEN instance = p_instance THEN inventory_at_seconds END WHERE cluster = p_cluster;
  RETURN 'admitted';
END $$;
ALTER FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.admit_all(p_term bigint, p_cycle bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO attempt (id, job, fence, member, cluster, accelerator_class, precision, tier, milli_h100e, tier_thousandths,
                       lease_seconds, grace_seconds, admitted_by, last_decision, state, funded_until_seconds)
    SELECT d.attempt, d.job, d.fence, d.member, j ->> 'cluster', j ->> 'class', j ->> 'precision', j ->> 'tier',
           (j ->> 'milliH100e')::bigint, (j ->> 'tierThousandths')::bigint, (j ->> 'leaseSeconds')::bigint,
           (j ->> 'graceSeconds')::bigint, d.id, d.id, 'admitted', (j ->> 'fundedUntil')::bigint
    FROM decision d, LATERAL (SELECT convert_from(d.body, 'UTF8')::jsonb) AS parsed (j)
    WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = 'admit'
      AND NOT EXISTS (SELECT FROM attempt older WHERE older.job = d.job AND older.fence >= d.fence)
$$;
ALTER FUNCTION ledger.admit_all(p_term bigint, p_cycle bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.apply_cycle(p_term bigint, p_cycle bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
BEGIN
  UPDATE attempt a SET state = CASE a.state WHEN 'admitted' THEN 'withdrawn' WHEN 'leased' THEN 'draining' ELSE a.state END,
      ended_at_seconds = CASE a.state WHEN 'admitted' THEN v_now END, stopped_by = d.id, last_decision = d.id
    FROM decision d WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = 'stop' AND a.id = d.attempt AND a.fence = d.fence
      AND a.state IN ('admitted', 'leased', 'suspect') AND a.stopped_by IS NULL;
  PERFORM expect_all(p_term, p_cycle, 'stop');
  UPDATE attempt a SET state = 'expired', ended_at_seconds = v_now, last_decision = d.id
    FROM decision d WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = 'expire' AND a.id = d.attempt AND a.fence = d.fence
      AND a.state = 'suspect' AND a.lease_until_seconds + a.grace_seconds < v_now;
  PERFORM expect_all(p_term, p_cycle, 'expire');
  UPDATE attempt a SET last_decision = d.id, funded_until_seconds =
      coalesce((convert_from(d.body, 'UTF8')::jsonb ->> 'fundedUntil')::bigint, a.funded_until_seconds)
    FROM decision d WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = 'keep' AND a.id = d.attempt AND a.fence = d.fence
      AND a.state IN ('admitted', 'leased', 'draining', 'suspect');
  PERFORM expect_all(p_term, p_cycle, 'keep');
  PERFORM admit_all(p_term, p_cycle);
  PERFORM expect_all(p_term, p_cycle, 'admit');
  INSERT INTO placement (decision, attempt, node, milli_gpus)
    SELECT d.id, d.attempt, n.key, n.value::bigint FROM decision d,
      LATERAL jsonb_each_text(convert_from(d.body, 'UTF8')::jsonb -> 'nodes') AS n
    WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect IN ('admit', 'keep');
  INSERT INTO outbox (decision, sequence)
    SELECT d.id, d.sequence FROM decision d WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect <> 'none';
END $$;
ALTER FUNCTION ledger.apply_cycle(p_term bigint, p_cycle bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) RETURNS TABLE(transfer uuid, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
  v_new uuid[];
BEGIN
  PERFORM FROM account WHERE name IN (SELECT convert_from(body, 'UTF8')::jsonb ->> side
      FROM unnest(p_bodies) AS body, unnest(ARRAY['debit', 'credit']) AS side) ORDER BY name FOR UPDATE;
  WITH added AS (
    INSERT INTO transfer (id, payload_sha256, kind, purpose, debit, credit, amount, hour_seconds, period, run, attempt, decision,
                          pending, reverses, reason)
    SELECT id, sha256(body), j ->> 'kind', j ->> 'purpose', j ->> 'debit', j ->> 'credit', (j ->> 'amount')::bigint,
           (j ->> 'hour')::bigint, j ->> 'period', (j ->> 'run')::bigint, (j ->> 'attempt')::uuid, (j ->> 'decision')::uuid,
           (j ->> 'pending')::uuid, (j ->> 'reverses')::uuid, j ->> 'reason'
    FROM unnest(p_ids, p_bodies) WITH ORDINALITY AS given (id, body, i), LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS parsed (j)
    ORDER BY i ON CONFLICT (id) DO NOTHING RETURNING id)
  SELECT coalesce(array_agg(id), '{}') INTO v_new FROM added;
  PERFORM check_resolutions(v_new);
  PERFORM check_corrections(v_new);
  PERFORM move_balances(v_new);
  INSERT INTO violation (id, kind, at_seconds, account, amount, attempt, detail)
    SELECT md5('TransferConflict/' || t.id || '/' || encode(sha256(given.body), 'hex'))::uuid, 'TransferConflict', clock_seconds(),
           t.debit, t.amount, t.attempt, 'transfer ' || t.id || ' was sent again with other contents'
    FROM unnest(p_ids, p_bodies) AS given (id, body) JOIN transfer t USING (id) WHERE t.payload_sha256 <> sha256(given.body)
    ON CONFLICT (id) DO NOTHING;
  RETURN QUERY SELECT given.id, CASE WHEN t.payload_sha256 <> sha256(given.body) THEN 'conflict'
      WHEN given.id = ANY (v_new) THEN 'applied' ELSE 'duplicate' END
    FROM unnest(p_ids, p_bodies) WITH ORDINALITY AS given (id, body, i) JOIN transfer t USING (id) ORDER BY i;
END $$;
ALTER FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.attempt_may(p_from text, p_to text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
  SELECT p_from = p_to OR CASE p_from
    WHEN 'admitted' THEN p_to IN ('leased', 'withdrawn')
    WHEN 'leased' THEN p_to IN ('draining', 'suspect', 'released')
    WHEN 'draining' THEN p_to IN ('suspect', 'released')
    WHEN 'suspect' THEN p_to IN ('leased', 'draining', 'released', 'expired')
    ELSE false END
$$;
ALTER FUNCTION ledger.attempt_may(p_from text, p_to text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.await_leader() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$ SELECT FROM term FOR UPDATE $$;
ALTER FUNCTION ledger.await_leader() OWNER TO hanse_owner;
CREATE FUNCTION ledger.cap_room(p_account text) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  SELECT greatest(0, ceiling - debits_posted - debits_pending) FROM account WHERE name = p_account FOR UPDATE
$$;
ALTER FUNCTION ledger.cap_room(p_account text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.check_corrections(p_new uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_wrong uuid;
BEGIN
  SELECT t.id INTO v_wrong FROM transfer t LEFT JOIN transfer r ON r.id = t.reverses AND r.kind = 'single' AND r.purpose <> 'cap'
    WHERE t.id = ANY (p_new) AND t.kind = 'correction'
      AND (r.id IS NULL OR (t.debit, t.credit, t.hour_seconds) IS DISTINCT FROM (r.credit, r.debit, r.hour_seconds)
           OR r.amount < (SELECT sum(c.amount) FROM transfer c WHERE c.reverses = r.id))
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % corrects nothing that was posted, or more than it', v_wrong USING ERRCODE = 'HN006';
  END IF;
END $$;
ALTER FUNCTION ledger.check_corrections(p_new uuid[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.check_resolutions(p_new uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_wrong uuid;
BEGIN
  SELECT t.id INTO v_wrong FROM transfer t LEFT JOIN transfer p ON p.id = t.pending AND p.kind = 'pending'
    WHERE t.id = ANY (p_new) AND t.kind IN ('post', 'void')
      AND (p.id IS NULL OR (t.debit, t.credit, t.hour_seconds) IS DISTINCT FROM (p.debit, p.credit, p.hour_seconds) OR t.amount > p.amount)
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % resolves no reservation of these accounts and this hour, or more than it', v_wrong USING ERRCODE = 'HN006';
  END IF;
END $$;
ALTER FUNCTION ledger.check_resolutions(p_new uuid[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.check_term(p_term bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM FROM term WHERE term = p_term FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'term % is not the leader''s (which is %)', p_term, (SELECT term FROM term) USING ERRCODE = 'HN001';
  END IF;
END $$;
ALTER FUNCTION ledger.check_term(p_term bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.clock() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$ SELECT now FROM public.test_clock $$;
ALTER FUNCTION ledger.clock() OWNER TO hanse_owner;
CREATE FUNCTION ledger.clock_seconds() RETURNS bigint
    LANGUAGE sql
    AS $$ SELECT pg_catalog.floor(extract(epoch FROM ledger.clock()))::bigint $$;
ALTER FUNCTION ledger.clock_seconds() OWNER TO hanse_owner;
CREATE FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_job uuid;
BEGIN
  SELECT job INTO v_job FROM attempt WHERE id = p_attempt AND fence = p_fence AND cluster = p_cluster
    AND state IN ('leased', 'draining', 'suspect') FOR SHARE;
  IF NOT FOUND THEN
    RETURN 'refused: ' || refuse_lease(p_cluster, p_attempt, p_fence, 'checkpoint');
  END IF;
  INSERT INTO checkpoint (attempt, step, job, fence, uri) VALUES (p_attempt, p_step, v_job, p_fence, p_uri) ON CONFLICT DO NOTHING;
  PERFORM FROM checkpoint WHERE attempt = p_attempt AND step = p_step AND uri = p_uri;
  IF NOT FOUND THEN
    RETURN 'refused: another checkpoint of this step is committed';
  END IF;
  RETURN 'committed';
END $$;
ALTER FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.deny() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% on %: what is recorded is never changed; record a correction', TG_OP, TG_TABLE_NAME USING ERRCODE = 'HN007';
END $$;
ALTER FUNCTION ledger.deny() OWNER TO hanse_owner;
CREATE PROCEDURE ledger.deny_on(IN p_table regclass, IN p_operations text, IN p_level text, IN p_name text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH %s EXECUTE FUNCTION ledger.deny()',
                 p_name, p_operations, p_table, p_level);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', p_table, p_name);
END $$;
ALTER PROCEDURE ledger.deny_on(IN p_table regclass, IN p_operations text, IN p_level text, IN p_name text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  IF EXISTS (SELECT FROM setting WHERE p_start % slot_seconds <> 0) THEN
    RAISE EXCEPTION 'node % is enrolled from % on, which is within a slot', p_node, p_start USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO enrolment (node, start_seconds, member, member_key, gpus, body, body_sha256, signature)
    VALUES (p_node, p_start, p_member, p_member_key, p_gpus, p_body, sha256(p_body), p_signature)
    ON CONFLICT (node, start_seconds) DO NOTHING;
  IF (SELECT body <> p_body FROM enrolment WHERE node = p_node AND start_seconds = p_start) THEN
    RAISE EXCEPTION 'node % is enrolled otherwise from % on', p_node, p_start USING ERRCODE = 'HN005';
  END IF;
END $$;
ALTER FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) OWNER TO hanse_owner;
CREATE FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_decision uuid;
  v_state text;
BEGIN
  SELECT d.id, coalesce(a.state || ' under fence ' || a.fence, 'not there') INTO v_decision, v_state
    FROM decision d LEFT JOIN attempt a ON a.id = d.attempt
    WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = p_effect AND a.last_decision IS DISTINCT FROM d.id ORDER BY d.index LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'decision %: cannot %, the attempt is %', v_decision, p_effect, v_state USING ERRCODE = 'HN003';
  END IF;
END $$;
ALTER FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, OUT granted boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
  v_first boolean;
BEGIN
  SELECT a.granted_at_seconds IS NULL INTO v_first FROM attempt a WHERE a.id = p_attempt AND a.fence = p_fence AND a.cluster = p_cluster
    AND a.state IN ('admitted', 'leased') FOR UPDATE;
  granted := FOUND;
  IF NOT granted THEN
    reason := refuse_lease(p_cluster, p_attempt, p_fence, 'grant');
    RETURN;
  END IF;
  UPDATE attempt a SET state = 'leased', granted_at_seconds = coalesce(a.granted_at_seconds, v_now),
      lease_until_seconds = greatest(a.lease_until_seconds, v_now + a.lease_seconds + 1)
    WHERE a.id = p_attempt RETURNING a.lease_seconds, a.funded_until_seconds INTO grant_lease.lease_seconds, grant_lease.funded_until_seconds;
  IF v_first THEN
    INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
      VALUES (gen_random_uuid(), 'LeaseGranted', v_now, p_cluster, p_attempt, p_fence, '');
  END IF;
END $$;
ALTER FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, OUT granted boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.guard_attempt() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  v_moving CONSTANT text[] := ARRAY['state', 'stopped_by', 'last_decision', 'funded_until_seconds', 'granted_at_seconds',
                                    'lease_until_seconds', 'ended_at_seconds'];
BEGIN
  IF NOT ledger.attempt_may(OLD.state, NEW.state) THEN
    RAISE EXCEPTION 'attempt %: % to % is no legal transition', OLD.id, OLD.state, NEW.state USING ERRCODE = 'HN003';
  END IF;
  IF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving
     OR OLD.granted_at_seconds <> NEW.granted_at_seconds OR OLD.ended_at_seconds <> NEW.ended_at_seconds
     OR (OLD.stopped_by IS NOT NULL AND OLD.stopped_by IS DISTINCT FROM NEW.stopped_by) THEN
    RAISE EXCEPTION 'attempt %: what is fixed about it may not change', OLD.id USING ERRCODE = 'HN003';
  END IF;
  RETURN NEW;
END $$;
ALTER FUNCTION ledger.guard_attempt() OWNER TO hanse_owner;
CREATE FUNCTION ledger.guard_term() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NEW.term <= OLD.term THEN
    RAISE EXCEPTION 'term % after %: a term only rises', NEW.term, OLD.term USING ERRCODE = 'HN001';
  END IF;
  RETURN NEW;
END $$;
ALTER FUNCTION ledger.guard_term() OWNER TO hanse_owner;
CREATE FUNCTION ledger.ingest_slots(p_member text, p_nodes text[], p_starts bigint[], p_bodies bytea[], p_signatures bytea[]) RETURNS TABLE(node text, start_seconds bigint, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := clock_seconds();
  v_setting setting%ROWTYPE;
  v_added bigint[];
BEGIN
  SELECT * INTO v_setting FROM setting;
  IF EXISTS (SELECT FROM unnest(p_starts) AS s (at) WHERE s.at % v_setting.slot_seconds <> 0 OR s.at + v_setting.slot_seconds > v_now + 5) THEN
    RAISE EXCEPTION 'a slot does not start on a multiple of % s, or has not ended yet', v_setting.slot_seconds USING ERRCODE = 'HN006';
  END IF;
  PERFORM add_slot_day(day) FROM (SELECT DISTINCT s.at / 86400 * 86400 FROM unnest(p_starts) AS s (at)) AS days (day);
  PERFORM pg_advisory_xact_lock_shared(1751215718, hour)
    FROM (SELECT DISTINCT (s.at / 3600)::int FROM unnest(p_starts) AS s (at) ORDER BY 1) AS hours (hour);
  WITH added AS (
    INSERT INTO slot (start_seconds, node, member, late, body, body_sha256, signature)
    SELECT g.at, g.node, p_member, g.at + v_setting.slot_seconds + v_setting.slot_grace_seconds < v_now, g.body, sha256(g.body), g.signature
    FROM unnest(p_nodes, p_starts, p_bodies, p_signatures) WITH ORDINALITY AS g (node, at, body, signature, i) ORDER BY g.i
    ON CONFLICT DO NOTHING RETURNING sequence)
  SELECT coalesce(array_agg(sequence), '{}') INTO v_added FROM added;
  INSERT INTO violation (id, kind, at_seconds, member, node, amount, detail)
    SELECT md5('SlotConflict/' || g.node || '/' || g.at || '/' || encode(sha256(g.body), 'hex'))::uuid, 'SlotConflict', v_now,
           p_member, g.node, g.at, 'the node signed two bodies for the slot at ' || g.at
    FROM unnest(p_nodes, p_starts, p_bodies) AS g (node, at, body) JOIN slot s ON s.node = g.node AND s.start_seconds = g.at
    WHERE s.body <> g.body ON CONFLICT (id) DO NOTHING;
  RETURN QUERY
    SELECT g.node, g.at, CASE WHEN s.body <> g.body THEN 'conflict' WHEN s.sequence = ANY (v_added) THEN 'stored' ELSE 'duplicate' END
    FROM unnest(p_nodes, p_starts, p_bodies) WITH ORDINALITY AS g (node, at, body, i) JOIN slot s ON s.node = g.node AND s.start_seconds = g.at
    ORDER BY g.i;
END $$;
ALTER FUNCTION ledger.ingest_slots(p_member text, p_nodes text[], p_starts bigint[], p_bodies bytea[], p_signatures bytea[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.lapse_leases(p_term bigint) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
  v_lapsed uuid[];
BEGIN
  PERFORM check_term(p_term);
  WITH due AS (SELECT id FROM attempt WHERE state IN ('leased', 'draining') AND lease_until_seconds < v_now ORDER BY id FOR UPDATE),
  lapsed AS (UPDATE attempt a SET state = 'suspect' FROM due WHERE a.id = due.id RETURNING a.id, a.cluster, a.fence),
  told AS (INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
             SELECT gen_random_uuid(), 'LeaseLapsed', v_now, cluster, id, fence, '' FROM lapsed)
  SELECT array_agg(id ORDER BY id) INTO v_lapsed FROM lapsed;
  RETURN QUERY SELECT unnest(v_lapsed);
END $$;
ALTER FUNCTION ledger.lapse_leases(p_term bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.last_checkpoints(p_attempts uuid[]) RETURNS TABLE(attempt uuid, step bigint, uri text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  SELECT a.id, c.step, c.uri FROM attempt a
    JOIN LATERAL (SELECT step, uri FROM checkpoint WHERE job = a.job ORDER BY sequence DESC LIMIT 1) AS c ON true
    WHERE a.id = ANY (p_attempts)
$$;
ALTER FUNCTION ledger.last_checkpoints(p_attempts uuid[]) OWNER TO hanse_owner;
CREATE PROCEDURE ledger.make_append_only(IN p_table regclass)
    LANGUAGE plpgsql
    AS $$
BEGIN
  CALL ledger.deny_on(p_table, 'UPDATE OR DELETE', 'ROW', 'deny_change');
  CALL ledger.deny_on(p_table, 'TRUNCATE', 'STATEMENT', 'deny_truncate');
  EXECUTE format('CREATE TRIGGER stamp BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION ledger.stamp()', p_table);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER stamp', p_table);
END $$;
ALTER PROCEDURE ledger.make_append_only(IN p_table regclass) OWNER TO hanse_owner;
CREATE FUNCTION ledger.move_balances(p_new uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_moved text[];
  v_crossed text;
BEGIN
  WITH taken AS (
    UPDATE account a SET debits_posted = a.debits_posted + m.debits_posted, credits_posted = a.credits_posted + m.credits_posted,
        debits_pending = a.debits_pending + m.debits_pending, credits_pending = a.credits_pending + m.credits_pending
      FROM movements(p_new) m WHERE a.name = m.name AND (a.ceiling IS NULL OR m.debits_posted + m.debits_pending <= 0
        OR a.debits_posted + a.debits_pending + m.debits_posted + m.debits_pending <= a.ceiling)
      RETURNING a.name)
  SELECT coalesce(array_agg(name), '{}') INTO v_moved FROM taken;
  SELECT name INTO v_crossed FROM movements(p_new) WHERE name <> ALL (v_moved) ORDER BY name LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the cap % would be crossed', v_crossed USING ERRCODE = 'HN004';
  END IF;
END $$;
ALTER FUNCTION ledger.move_balances(p_new uuid[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.movements(p_transfers uuid[]) RETURNS TABLE(name text, debits_posted numeric, credits_posted numeric, debits_pending numeric, credits_pending numeric)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  SELECT name, sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending)
  FROM movement WHERE transfer = ANY (p_transfers) GROUP BY name
$$;
ALTER FUNCTION ledger.movements(p_transfers uuid[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.open_account(p_name text, p_kind text, p_member text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO account (name, kind, member) VALUES (p_name, p_kind, p_member) ON CONFLICT (name) DO NOTHING
$$;
ALTER FUNCTION ledger.open_account(p_name text, p_kind text, p_member text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO account (name, kind, member, ceiling, ceiling_max) VALUES (p_name, 'cap', p_member, p_ceiling, p_ceiling)
    ON CONFLICT (name) DO UPDATE SET ceiling = p_ceiling, ceiling_max = greatest(account.ceiling_max, p_ceiling)
    WHERE account.ceiling <> p_ceiling;
  IF FOUND THEN
    INSERT INTO fact (id, kind, at_seconds, member, account, amount, detail)
      VALUES (gen_random_uuid(), 'CapSet', clock_seconds(), p_member, p_name, p_ceiling, '');
  END IF;
END $$;
ALTER FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_last cutoff%ROWTYPE;
  v_grace bigint;
BEGIN
  PERFORM check_term(p_term);
  PERFORM pg_advisory_xact_lock(1751215718, (p_hour / 3600)::int);
  SELECT slot_grace_seconds INTO v_grace FROM setting;
  IF p_hour % 3600 <> 0 OR p_hour + 3600 + v_grace > clock_seconds() THEN
    RAISE EXCEPTION 'the hour % is none, or is not over for % s yet', p_hour, v_grace USING ERRCODE = 'HN006';
  END IF;
  SELECT * INTO v_last FROM cutoff WHERE hour_seconds = p_hour ORDER BY run DESC LIMIT 1;
  IF FOUND AND EXISTS (SELECT FROM member m WHERE m.sequence < v_last.sequence AND NOT EXISTS (
      SELECT FROM posting p WHERE p.hour_seconds = p_hour AND p.run = v_last.run AND p.member = m.name)) THEN
    RETURN v_last.run;
  END IF;
  IF v_last.run IS NOT NULL AND NOT EXISTS (SELECT FROM slot WHERE start_seconds >= p_hour AND start_seconds < p_hour + 3600
      AND sequence > v_last.sequence) THEN
    RETURN NULL;
  END IF;
  INSERT INTO cutoff (hour_seconds, run, slots, slots_sha256)
    SELECT p_hour, coalesce(v_last.run + 1, 0), count(*), sha256(coalesce(string_agg(body_sha256, '' ORDER BY start_seconds, node), ''))
    FROM slot WHERE start_seconds >= p_hour AND start_seconds < p_hour + 3600;
  RETURN coalesce(v_last.run + 1, 0);
END $$;
ALTER FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_last rate%ROWTYPE;
BEGIN
  SELECT * INTO v_last FROM rate WHERE subject = p_subject ORDER BY version DESC LIMIT 1;
  IF v_last.thousandths IS DISTINCT FROM p_thousandths THEN
    INSERT INTO rate (subject, version, thousandths) VALUES (p_subject, coalesce(v_last.version, 0) + 1, p_thousandths)
      RETURNING * INTO v_last;
  END IF;
  RETURN v_last.version;
END $$;
ALTER FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_last bigint;
BEGIN
  PERFORM check_term(p_term);
  SELECT coalesce(max(cycle), 0) INTO v_last FROM cycle WHERE term = p_term;
  IF p_cycle <> v_last + 1 THEN
    RAISE EXCEPTION 'cycle % of term % after cycle %', p_cycle, p_term, v_last USING ERRCODE = 'HN002';
  END IF;
  INSERT INTO cycle (term, cycle, as_of_seconds, decisions, decisions_sha256, base_snapshot, state_sha256, policy_sha256, code_sha256)
    SELECT p_term, p_cycle, p_as_of, cardinality(p_bodies), sha256(coalesce(string_agg(sha256(body), '' ORDER BY i), '')),
           p_base, p_state, p_policy, p_code
    FROM unnest(p_bodies) WITH ORDINALITY AS given (body, i);
  INSERT INTO decision (id, term, cycle, index, kind, effect, verdict, reason, job, member, attempt, fence, body, body_sha256)
    SELECT id, p_term, p_cycle, i - 1, j ->> 'kind', j ->> 'effect', j ->> 'verdict', j ->> 'reason', (j ->> 'job')::uuid,
           j ->> 'member', (j ->> 'attempt')::uuid, (j ->> 'fence')::bigint, body, sha256(body)
    FROM unnest(p_ids, p_bodies) WITH ORDINALITY AS given (id, body, i), LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS parsed (j)
    ORDER BY i;
  PERFORM apply_cycle(p_term, p_cycle);
END $$;
ALTER FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO effect (decision, outcome, detail)
    SELECT * FROM unnest(p_decisions, p_outcomes, p_details) AS given (decision, outcome, detail) ORDER BY decision
    ON CONFLICT (decision) DO NOTHING;
  DELETE FROM outbox WHERE decision = ANY (p_decisions);
END $$;
ALTER FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO fact (id, kind, at_seconds, member, cluster, node, attempt, fence, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_cluster, p_node, p_attempt, p_fence, p_account, p_amount, p_detail)
    ON CONFLICT (id) DO NOTHING
$$;
ALTER FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_posting(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint, p_down bigint, p_unknown bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO posting (hour_seconds, run, member, used, idle, down, unknown)
    VALUES (p_hour, p_run, p_member, p_used, p_idle, p_down, p_unknown) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;
ALTER FUNCTION ledger.record_posting(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint, p_down bigint, p_unknown bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid, p_account text, p_amount bigint, p_detail text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO violation (id, kind, at_seconds, member, node, attempt, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_node, p_attempt, p_account, p_amount, p_detail) ON CONFLICT (id) DO NOTHING
$$;
ALTER FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid, p_account text, p_amount bigint, p_detail text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.refuse_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_what text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_why text;
BEGIN
  SELECT CASE WHEN fence <> p_fence THEN 'another fence' WHEN cluster <> p_cluster THEN 'another cluster' ELSE state END INTO v_why
    FROM attempt WHERE id = p_attempt;
  -- What an agent makes up leaves no row: there is no end to it.
  IF NOT FOUND THEN
    RETURN 'no such attempt';
  END IF;
  -- The id follows from what is refused and not from the fence that was said, so that an agent that keeps asking, with
  -- whatever fences, leaves one row and not thousands.
  INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
    VALUES (md5(concat_ws('/', 'LeaseRefused', p_what, p_cluster, p_attempt, v_why))::uuid, 'LeaseRefused', clock_seconds(),
            p_cluster, p_attempt, p_fence, p_what || ': ' || v_why)
    ON CONFLICT (id) DO NOTHING;
  RETURN v_why;
END $$;
ALTER FUNCTION ledger.refuse_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_what text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.register_member(p_name text, p_login text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO member (name, login) VALUES (p_name, p_login) ON CONFLICT (name) DO NOTHING;
  IF (SELECT login IS DISTINCT FROM p_login FROM member WHERE name = p_name) THEN
    RAISE EXCEPTION 'member % is registered with another login', p_name USING ERRCODE = 'HN005';
  END IF;
  PERFORM open_account(p_name || '/' || kind, kind, p_name)
    FROM unnest(ARRAY['use', 'contribution-used', 'contribution-offered', 'adjustments']) AS kind;
END $$;
ALTER FUNCTION ledger.register_member(p_name text, p_login text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
BEGIN
  UPDATE attempt SET state = 'released', ended_at_seconds = v_now
    WHERE id = p_attempt AND fence = p_fence AND cluster = p_cluster AND state IN ('leased', 'draining', 'suspect');
  IF FOUND THEN
    INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
      VALUES (gen_random_uuid(), 'LeaseReleased', v_now, p_cluster, p_attempt, p_fence, p_outcome);
    RETURN 'released';
  END IF;
  PERFORM FROM attempt WHERE id = p_attempt AND fence = p_fence AND cluster = p_cluster AND state = 'released';
  IF FOUND THEN
    RETURN 'released';
  END IF;
  RETURN 'refused: ' || refuse_lease(p_cluster, p_attempt, p_fence, 'release');
END $$;
ALTER FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.renew_leases(p_cluster text, p_attempts uuid[], p_fences bigint[]) RETURNS TABLE(attempt uuid, fence bigint, verdict text, lease_seconds bigint, funded_until_seconds bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := clock_seconds();
BEGIN
  -- In the order of ids: two batches that hold the same attempts wait for one another and never deadlock.
  PERFORM FROM attempt a WHERE a.id = ANY (p_attempts) AND a.cluster = p_cluster ORDER BY a.id FOR UPDATE;
  RETURN QUERY
    WITH held AS (SELECT DISTINCT h.id, h.fence FROM unnest(p_attempts, p_fences) AS h (id, fence)),
    renewed AS (
      UPDATE attempt a SET lease_until_seconds = greatest(a.lease_until_seconds, v_now + a.lease_seconds + 1),
          state = CASE WHEN a.state <> 'suspect' THEN a.state WHEN a.stopped_by IS NULL THEN 'leased' ELSE 'draining' END
        FROM held h WHERE a.id = h.id AND a.fence = h.fence AND a.cluster = p_cluster AND a.state IN ('leased', 'draining', 'suspect')
        RETURNING a.id, a.fence, a.state, a.lease_seconds, a.funded_until_seconds)
    SELECT h.id, h.fence, CASE r.state WHEN 'leased' THEN 'keep' WHEN 'draining' THEN 'drain' ELSE 'cancel' END,
           r.lease_seconds, r.funded_until_seconds
    FROM held h LEFT JOIN renewed r ON r.id = h.id AND r.fence = h.fence ORDER BY h.id, h.fence;
  -- The statement's own snapshot does not show what it renewed: whether a row was refused is asked again here.
  PERFORM refuse_lease(p_cluster, h.id, h.fence, 'renew') FROM unnest(p_attempts, p_fences) AS h (id, fence)
    WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.id = h.id AND a.fence = h.fence AND a.cluster = p_cluster
                        AND a.state IN ('leased', 'draining'));
END $$;
ALTER FUNCTION ledger.renew_leases(p_cluster text, p_attempts uuid[], p_fences bigint[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.report_nodes(p_cluster text, p_whole boolean, p_nodes jsonb, p_gone text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
BEGIN
  INSERT INTO node (cluster, name, body, reported_at_seconds)
    SELECT p_cluster, given ->> 'name', given, v_now FROM jsonb_array_elements(p_nodes) AS given ORDER BY given ->> 'name'
    ON CONFLICT (cluster, name) DO UPDATE SET body = excluded.body, reported_at_seconds = v_now;
  DELETE FROM node n WHERE n.cluster = p_cluster AND (n.name = ANY (p_gone) OR (p_whole AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(p_nodes) AS given WHERE given ->> 'name' = n.name)));
  UPDATE agent SET inventory_at_seconds = v_now WHERE cluster = p_cluster AND (p_whole OR inventory_at_seconds IS NOT NULL);
END $$;
ALTER FUNCTION ledger.report_nodes(p_cluster text, p_whole boolean, p_nodes jsonb, p_gone text[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO levy (node, start_seconds, levied) VALUES (p_node, p_start, p_levied) ON CONFLICT DO NOTHING;
  IF (SELECT levied <> p_levied FROM levy WHERE node = p_node AND start_seconds = p_start) THEN
    RAISE EXCEPTION 'the levy of node % is set otherwise from % on', p_node, p_start USING ERRCODE = 'HN005';
  END IF;
END $$;
ALTER FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) OWNER TO hanse_owner;
CREATE FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  UPDATE setting SET slot_grace_seconds = p_grace_seconds, slot_seconds = p_slot_seconds
    WHERE slot_seconds = p_slot_seconds OR NOT EXISTS (SELECT FROM slot);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the metering interval cannot change once there are slots' USING ERRCODE = 'HN006';
  END IF;
END $$;
ALTER FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.stamp() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.sequence := pg_catalog.nextval('ledger.entry_sequence');
  NEW.recorded_at := ledger.clock();
  NEW.xid := pg_catalog.pg_current_xact_id();
  RETURN NEW;
END $$;
ALTER FUNCTION ledger.stamp() OWNER TO hanse_owner;
CREATE FUNCTION ledger.take_term(p_holder text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_term bigint;
BEGIN
  UPDATE term SET term = term + 1, holder = p_holder RETURNING term INTO v_term;
  INSERT INTO fact (id, kind, at_seconds, amount, detail)
    VALUES (gen_random_uuid(), 'TermTaken', clock_seconds(), v_term, p_holder);
  RETURN v_term;
END $$;
ALTER FUNCTION ledger.take_term(p_holder text) OWNER TO hanse_owner;
CREATE TABLE ledger.account (
    name character varying NOT NULL,
    kind character varying NOT NULL,
    member character varying,
    ceiling bigint,
    ceiling_max bigint,
    debits_posted bigint DEFAULT 0 NOT NULL,
    credits_posted bigint DEFAULT 0 NOT NULL,
    debits_pending bigint DEFAULT 0 NOT NULL,
    credits_pending bigint DEFAULT 0 NOT NULL,
    CONSTRAINT account_cap_check CHECK ((((kind)::text = 'cap'::text) = (ceiling IS NOT NULL))),
    CONSTRAINT account_ceiling_check CHECK ((((ceiling IS NULL) = (ceiling_max IS NULL)) AND (ceiling <= ceiling_max))),
    CONSTRAINT account_never_crossed_check CHECK (((ceiling_max IS NULL) OR ((debits_posted + debits_pending) <= ceiling_max))),
    CONSTRAINT account_positive_check CHECK ((LEAST(debits_posted, credits_posted, debits_pending, credits_pending) >= 0))
);
ALTER TABLE ledger.account OWNER TO hanse_owner;
CREATE TABLE ledger.agent (
    cluster character varying NOT NULL,
    cluster_uid uuid NOT NULL,
    instance uuid NOT NULL,
    version character varying NOT NULL,
    seen_at_seconds bigint NOT NULL,
    inventory_at_seconds bigint
);
ALTER TABLE ledger.agent OWNER TO hanse_owner;
CREATE TABLE ledger.alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE ledger.alembic_version OWNER TO hanse_owner;
CREATE TABLE ledger.attempt (
    id uuid NOT NULL,
    job uuid NOT NULL,
    fence bigint NOT NULL,
    member character varying NOT NULL,
    cluster character varying NOT NULL,
    accelerator_class character varying NOT NULL,
    "precision" character varying NOT NULL,
    tier character varying NOT NULL,
    milli_h100e bigint NOT NULL,
    tier_thousandths bigint NOT NULL,
    lease_seconds bigint NOT NULL,
    grace_seconds bigint NOT NULL,
    admitted_by uuid NOT NULL,
    stopped_by uuid,
    last_decision uuid NOT NULL,
    state character varying NOT NULL,
    funded_until_seconds bigint,
    granted_at_seconds bigint,
    lease_until_seconds bigint,
    ended_at_seconds bigint,
    CONSTRAINT attempt_ended_check CHECK ((((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[])) = (ended_at_seconds IS NULL))),
    CONSTRAINT attempt_granted_check CHECK (((granted_at_seconds IS NULL) = (lease_until_seconds IS NULL))),
    CONSTRAINT attempt_lease_check CHECK (((lease_seconds > 0) AND (grace_seconds >= 0))),
    CONSTRAINT attempt_positive_check CHECK (((fence > 0) AND (milli_h100e > 0) AND (tier_thousandths > 0)))
);
ALTER TABLE ledger.attempt OWNER TO hanse_owner;
CREATE TABLE ledger.checkpoint (
    attempt uuid NOT NULL,
    step bigint NOT NULL,
    job uuid NOT NULL,
    fence bigint NOT NULL,
    uri character varying NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT checkpoint_step_check CHECK ((step >= 0))
);
ALTER TABLE ledger.checkpoint OWNER TO hanse_owner;
CREATE TABLE ledger.cutoff (
    hour_seconds bigint NOT NULL,
    run bigint NOT NULL,
    slots bigint NOT NULL,
    slots_sha256 bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.cutoff OWNER TO hanse_owner;
CREATE TABLE ledger.cycle (
    term bigint NOT NULL,
    cycle bigint NOT NULL,
    as_of_seconds bigint NOT NULL,
    decisions bigint NOT NULL,
    decisions_sha256 bytea NOT NULL,
    base_snapshot bytea NOT NULL,
    state_sha256 bytea NOT NULL,
    policy_sha256 bytea NOT NULL,
    code_sha256 bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT cycle_counts_check CHECK (((cycle > 0) AND (decisions >= 0)))
);
ALTER TABLE ledger.cycle OWNER TO hanse_owner;
CREATE TABLE ledger.decision (
    id uuid NOT NULL,
    term bigint NOT NULL,
    cycle bigint NOT NULL,
    index bigint NOT NULL,
    kind character varying NOT NULL,
    effect character varying NOT NULL,
    verdict character varying NOT NULL,
    reason character varying NOT NULL,
    job uuid,
    member character varying,
    attempt uuid,
    fence bigint,
    body bytea NOT NULL,
    body_sha256 bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT decision_attempt_check CHECK ((((effect)::text = 'none'::text) OR ((attempt IS NOT NULL) AND (fence IS NOT NULL)))),
    CONSTRAINT decision_digest_check CHECK ((body_sha256 = sha256(body))),
    CONSTRAINT decision_effect_check CHECK (((effect)::text = ANY ((ARRAY['none'::character varying, 'admit'::character varying, 'keep'::character varying, 'stop'::character varying, 'expire'::character varying])::text[])))
);
ALTER TABLE ledger.decision OWNER TO hanse_owner;
CREATE TABLE ledger.effect (
    decision uuid NOT NULL,
    outcome character varying NOT NULL,
    detail character varying NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT effect_outcome_check CHECK (((outcome)::text = ANY ((ARRAY['done'::character varying, 'failed'::character varying])::text[])))
);
ALTER TABLE ledger.effect OWNER TO hanse_owner;
CREATE TABLE ledger.enrolment (
    node character varying NOT NULL,
    start_seconds bigint NOT NULL,
    member character varying NOT NULL,
    member_key bytea NOT NULL,
    gpus bigint NOT NULL,
    body bytea NOT NULL,
    body_sha256 bytea NOT NULL,
    signature bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT enrolment_digest_check CHECK ((body_sha256 = sha256(body))),
    CONSTRAINT enrolment_signature_check CHECK ((octet_length(signature) = 64))
);
ALTER TABLE ledger.enrolment OWNER TO hanse_owner;
CREATE SEQUENCE ledger.entry_sequence
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE ledger.entry_sequence OWNER TO hanse_owner;
CREATE TABLE ledger.fact (
    id uuid NOT NULL,
    kind character varying NOT NULL,
    at_seconds bigint NOT NULL,
    member character varying,
    cluster character varying,
    node character varying,
    attempt uuid,
    fence bigint,
    account character varying,
    amount bigint,
    detail character varying NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.fact OWNER TO hanse_owner;
CREATE TABLE ledger.levy (
    node character varying NOT NULL,
    start_seconds bigint NOT NULL,
    levied boolean NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.levy OWNER TO hanse_owner;
CREATE TABLE ledger.member (
    name character varying NOT NULL,
    login character varying,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT member_name_check CHECK ((((name)::text <> 'pool'::text) AND ((name)::text !~ '/'::text)))
);
ALTER TABLE ledger.member OWNER TO hanse_owner;
CREATE TABLE ledger.member_key (
    member character varying NOT NULL,
    verify_key bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT member_key_length_check CHECK ((octet_length(verify_key) = 32))
);
ALTER TABLE ledger.member_key OWNER TO hanse_owner;
CREATE TABLE ledger.transfer (
    id uuid NOT NULL,
    payload_sha256 bytea NOT NULL,
    kind character varying NOT NULL,
    purpose character varying NOT NULL,
    debit character varying NOT NULL,
    credit character varying NOT NULL,
    amount bigint NOT NULL,
    hour_seconds bigint NOT NULL,
    period character varying NOT NULL,
    run bigint,
    attempt uuid,
    decision uuid,
    pending uuid,
    reverses uuid,
    reason character varying,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT transfer_amount_check CHECK (((amount >= 0) AND ((amount = 0) = ((kind)::text = 'void'::text)))),
    CONSTRAINT transfer_corrections_leave_caps_alone_check CHECK ((((kind)::text <> 'correction'::text) OR ((purpose)::text <> 'cap'::text))),
    CONSTRAINT transfer_hour_check CHECK (((hour_seconds % (3600)::bigint) = 0)),
    CONSTRAINT transfer_kind_check CHECK (((kind)::text = ANY ((ARRAY['single'::character varying, 'pending'::character varying, 'post'::character varying, 'void'::character varying, 'correction'::character varying])::text[]))),
    CONSTRAINT transfer_pending_check CHECK (((pending IS NOT NULL) = ((kind)::text = ANY ((ARRAY['post'::character varying, 'void'::character varying])::text[])))),
    CONSTRAINT transfer_reverses_check CHECK (((reverses IS NOT NULL) = ((kind)::text = 'correction'::text))),
    CONSTRAINT transfer_two_accounts_check CHECK (((debit)::text <> (credit)::text))
);
ALTER TABLE ledger.transfer OWNER TO hanse_owner;
CREATE VIEW ledger.movement AS
 WITH moved AS (
         SELECT t.id,
            t.period,
            t.debit,
            t.credit,
                CASE
                    WHEN ((t.kind)::text = 'pending'::text) THEN (0)::bigint
                    ELSE t.amount
                END AS posted,
                CASE
                    WHEN ((t.kind)::text = 'pending'::text) THEN t.amount
                    ELSE COALESCE((- p.amount), (0)::bigint)
                END AS pending
           FROM (ledger.transfer t
             LEFT JOIN ledger.transfer p ON ((p.id = t.pending)))
        )
 SELECT moved.id AS transfer,
    moved.period,
    moved.debit AS name,
    moved.posted AS debits_posted,
    (0)::bigint AS credits_posted,
    moved.pending AS debits_pending,
    (0)::bigint AS credits_pending
   FROM moved
UNION ALL
 SELECT moved.id AS transfer,
    moved.period,
    moved.credit AS name,
    0 AS debits_posted,
    moved.posted AS credits_posted,
    0 AS debits_pending,
    moved.pending AS credits_pending
   FROM moved;
ALTER VIEW ledger.movement OWNER TO hanse_owner;
CREATE TABLE ledger.node (
    cluster character varying NOT NULL,
    name character varying NOT NULL,
    body jsonb NOT NULL,
    reported_at_seconds bigint NOT NULL
);
ALTER TABLE ledger.node OWNER TO hanse_owner;
CREATE TABLE ledger.outbox (
    decision uuid NOT NULL,
    sequence bigint NOT NULL
);
ALTER TABLE ledger.outbox OWNER TO hanse_owner;
CREATE VIEW ledger.own_account WITH (security_barrier='true') AS
 SELECT a.name,
    a.kind,
    a.ceiling,
    a.debits_posted,
    a.credits_posted,
    a.debits_pending,
    a.credits_pending
   FROM (ledger.account a
     JOIN ledger.member m ON (((m.name)::text = (a.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_account OWNER TO hanse_owner;
CREATE VIEW ledger.own_attempt WITH (security_barrier='true') AS
 SELECT a.id,
    a.job,
    a.fence,
    a.member,
    a.cluster,
    a.accelerator_class,
    a."precision",
    a.tier,
    a.milli_h100e,
    a.tier_thousandths,
    a.lease_seconds,
    a.grace_seconds,
    a.admitted_by,
    a.stopped_by,
    a.last_decision,
    a.state,
    a.funded_until_seconds,
    a.granted_at_seconds,
    a.lease_until_seconds,
    a.ended_at_seconds
   FROM (ledger.attempt a
     JOIN ledger.member m ON (((m.name)::text = (a.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_attempt OWNER TO hanse_owner;
CREATE VIEW ledger.own_decision WITH (security_barrier='true') AS
 SELECT d.id,
    d.term,
    d.cycle,
    d.index,
    d.kind,
    d.effect,
    d.verdict,
    d.reason,
    d.job,
    d.attempt,
    d.fence,
    d.recorded_at
   FROM (ledger.decision d
     JOIN ledger.member m ON (((m.name)::text = (d.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_decision OWNER TO hanse_owner;
CREATE TABLE ledger.posting (
    hour_seconds bigint NOT NULL,
    run bigint NOT NULL,
    member character varying NOT NULL,
    used bigint NOT NULL,
    idle bigint NOT NULL,
    down bigint NOT NULL,
    unknown bigint NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.posting OWNER TO hanse_owner;
CREATE VIEW ledger.own_posting WITH (security_barrier='true') AS
 SELECT p.hour_seconds,
    p.run,
    p.used,
    p.idle,
    p.down,
    p.unknown,
    p.recorded_at
   FROM (ledger.posting p
     JOIN ledger.member m ON (((m.name)::text = (p.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_posting OWNER TO hanse_owner;
CREATE TABLE ledger.slot (
    start_seconds bigint NOT NULL,
    node character varying NOT NULL,
    member character varying NOT NULL,
    late boolean NOT NULL,
    body bytea NOT NULL,
    body_sha256 bytea NOT NULL,
    signature bytea NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT slot_digest_check CHECK ((body_sha256 = sha256(body))),
    CONSTRAINT slot_signature_check CHECK ((octet_length(signature) = 64))
)
PARTITION BY RANGE (start_seconds);
ALTER TABLE ledger.slot OWNER TO hanse_owner;
CREATE VIEW ledger.own_slot WITH (security_barrier='true') AS
 SELECT s.start_seconds,
    s.node,
    s.late,
    s.body,
    s.body_sha256,
    s.signature,
    s.recorded_at
   FROM (ledger.slot s
     JOIN ledger.member m ON (((m.name)::text = (s.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_slot OWNER TO hanse_owner;
CREATE VIEW ledger.own_transfer WITH (security_barrier='true') AS
 SELECT t.id,
    t.kind,
    t.purpose,
    a.name AS account,
    sides.side,
    t.amount,
    t.hour_seconds,
    t.period,
    t.attempt,
    t.pending,
    t.reverses,
    t.recorded_at
   FROM (((ledger.transfer t
     CROSS JOIN LATERAL ( VALUES ('debit'::text,t.debit), ('credit'::text,t.credit)) sides(side, account))
     JOIN ledger.account a ON (((a.name)::text = (sides.account)::text)))
     JOIN ledger.member m ON (((m.name)::text = (a.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_transfer OWNER TO hanse_owner;
CREATE TABLE ledger.placement (
    decision uuid NOT NULL,
    node character varying NOT NULL,
    attempt uuid NOT NULL,
    milli_gpus bigint NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT placement_positive_check CHECK ((milli_gpus > 0))
);
ALTER TABLE ledger.placement OWNER TO hanse_owner;
CREATE TABLE ledger.rate (
    subject character varying NOT NULL,
    version bigint NOT NULL,
    thousandths bigint NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT rate_positive_check CHECK ((thousandths > 0))
);
ALTER TABLE ledger.rate OWNER TO hanse_owner;
CREATE TABLE ledger.setting (
    id bigint NOT NULL,
    slot_seconds bigint NOT NULL,
    slot_grace_seconds bigint NOT NULL,
    CONSTRAINT setting_grace_check CHECK ((slot_grace_seconds >= 0)),
    CONSTRAINT setting_one_row_check CHECK ((id = 1)),
    CONSTRAINT setting_whole_slots_an_hour_check CHECK (((slot_seconds > 0) AND (((3600)::bigint % slot_seconds) = 0)))
);
ALTER TABLE ledger.setting OWNER TO hanse_owner;
CREATE TABLE ledger.slot_20261101 (
    start_seconds bigint CONSTRAINT slot_start_seconds_not_null NOT NULL,
    node character varying CONSTRAINT slot_node_not_null NOT NULL,
    member character varying CONSTRAINT slot_member_not_null NOT NULL,
    late boolean CONSTRAINT slot_late_not_null NOT NULL,
    body bytea CONSTRAINT slot_body_not_null NOT NULL,
    body_sha256 bytea CONSTRAINT slot_body_sha256_not_null NOT NULL,
    signature bytea CONSTRAINT slot_signature_not_null NOT NULL,
    sequence bigint CONSTRAINT slot_sequence_not_null NOT NULL,
    recorded_at timestamp with time zone CONSTRAINT slot_recorded_at_not_null NOT NULL,
    xid xid8 CONSTRAINT slot_xid_not_null NOT NULL,
    CONSTRAINT slot_digest_check CHECK ((body_sha256 = sha256(body))),
    CONSTRAINT slot_signature_check CHECK ((octet_length(signature) = 64))
);
ALTER TABLE ledger.slot_20261101 OWNER TO hanse_owner;
CREATE TABLE ledger.term (
    id bigint NOT NULL,
    term bigint NOT NULL,
    holder character varying NOT NULL,
    CONSTRAINT term_one_row_check CHECK ((id = 1))
);
ALTER TABLE ledger.term OWNER TO hanse_owner;
CREATE TABLE ledger.violation (
    id uuid NOT NULL,
    kind character varying NOT NULL,
    at_seconds bigint NOT NULL,
    member character varying,
    cluster character varying,
    node character varying,
    attempt uuid,
    fence bigint,
    account character varying,
    amount bigint,
    detail character varying NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.violation OWNER TO hanse_owner;
CREATE TABLE public.test_clock (
    now timestamp with time zone
);
ALTER TABLE public.test_clock OWNER TO hanse;
ALTER TABLE ONLY ledger.slot ATTACH PARTITION ledger.slot_20261101 FOR VALUES FROM ('1793491200') TO ('1793577600');
INSERT INTO ledger.account VALUES
	('pool/adjustments', 'adjustments', NULL, NULL, NULL, 0, 0, 0, 0),
	('pool/levy', 'levy', NULL, NULL, NULL, 0, 0, 0, 0),
	('alibaba/adjustments', 'adjustments', 'alibaba', NULL, NULL, 0, 0, 0, 0),
	('tencent/adjustments', 'adjustments', 'tencent', NULL, NULL, 0, 0, 0, 0),
	('pool/overrun', 'overrun', NULL, NULL, NULL, 1340000, 0, 0, 0),
	('alibaba/use', 'use', 'alibaba', NULL, NULL, 2880000, 0, 0, 0),
	('alibaba/contribution-offered', 'contribution-offered', 'alibaba', NULL, NULL, 0, 13800000, 0, 0),
	('tencent/contribution-used', 'contribution-used', 'tencent', NULL, NULL, 0, 3600000, 0, 0),
	('tencent/contribution-offered', 'contribution-offered', 'tencent', NULL, NULL, 0, 7200000, 0, 0),
	('pool/offered', 'offered', NULL, NULL, NULL, 21000000, 0, 0, 0),
	('pool/tiers', 'tiers', NULL, NULL, NULL, 1080000, 2760000, 0, 0),
	('alibaba/contribution-used', 'contribution-used', 'alibaba', NULL, NULL, 1000, 13800000, 0, 0),
	('tencent/use', 'use', 'tencent', NULL, NULL, 17280000, 2421000, 0, 0),
	('pool/reserved', 'reserved', NULL, NULL, NULL, 0, 12340000, 0, 34560000),
	('tencent/cap/month/1793491200', 'cap', 'tencent', 58000000, 58000000, 12340000, 0, 34560000, 0);
INSERT INTO ledger.alembic_version VALUES
	('0001');
INSERT INTO ledger.attempt VALUES
	('116b2481-18ad-5f95-a392-1ef1e799426a', 'eb97d05f-7d3a-4b19-a238-f33fe75c7a9b', 1, 'tencent', 'tencent-cluster', 'h100-80g', 'bf16', 'spot', 1000, 700, 60, 30, '7e02a385-009c-5369-bd33-ce0cd02bf419', NULL, '7e02a385-009c-5369-bd33-ce0cd02bf419', 'leased', NULL, 1793491200, 1793496661, NULL),
	('313d5a34-4bf3-50de-8205-338c51c3993d', 'af28faec-4b8d-4ef4-a11b-22aad2f0d2ab', 1, 'tencent', 'alibaba-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', '62bd17bf-f468-5a85-9bdb-5001767b45d7', '62bd17bf-f468-5a85-9bdb-5001767b45d7', 'released', NULL, 1793491200, 1793491261, 1793496660),
	('5e93266c-3ee2-5f93-b052-0e98d0562482', '62012e3e-0c38-4edc-851b-a1dc3d7e201f', 1, 'alibaba', 'alibaba-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, '0fd98b23-4bca-59ba-a973-6f9a685b6c50', NULL, '0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'leased', NULL, 1793496660, 1793496721, NULL),
	('c2831465-4dea-5cd1-9827-8a065e613bd3', '65579ba3-af46-4842-851e-a07c1cf538e3', 1, 'tencent', 'tencent-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'leased', NULL, 1793509200, 1793509261, NULL);
INSERT INTO ledger.cutoff VALUES
	(1793491200, 0, 23, '\xbc465821ae219b3b75969134858c13a72f15ef55d8218ef49a062ea255b6e615', 79, '2026-11-01 02:16:40+00', '791'),
	(1793494800, 0, 23, '\x1d157e1d3dccd31928bc2c11eaa85e3620fc1ff2c8de0e65bfd4ef21ad7f553f', 92, '2026-11-01 02:16:40+00', '794'),
	(1793491200, 1, 24, '\x9e42c084fab1f87e0f23976d3d7aceaf3157e99b347d02740fe9f1041d8bf264', 102, '2026-11-01 02:16:40+00', '798');
INSERT INTO ledger.cycle VALUES
	(1, 1, 1793491200, 3, '\x05a5ceb64b072f2fb63f981e30c3e619410847d761697e8def522ad70fd62542', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 11, '2026-11-01 00:00:00+00', '775'),
	(1, 2, 1793496600, 2, '\x56fecd2fafe55d07bfd007663d6e4d5ea5ff5a433e8f1265f29c493c24d9e232', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 23, '2026-11-01 01:30:00+00', '780'),
	(1, 3, 1793509200, 1, '\xa6c0dbd757f238163194c176642b0cdb72d45e2be818bd4f18d279ccad761b61', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 109, '2026-11-01 05:00:00+00', '804');
INSERT INTO ledger.decision VALUES
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 1, 1, 0, 'Admit', 'admit', 'Admitted', 'Covered', 'af28faec-4b8d-4ef4-a11b-22aad2f0d2ab', 'tencent', '313d5a34-4bf3-50de-8205-338c51c3993d', 1, '\x7b22617474656d7074223a2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2266756e64696e67223a5b7b22636170223a226d6f6e7468222c226365696c696e67223a31343530303030302c22656e64223a313739333439383430302c2272617465223a323030302c227374617274223a313739333439313230302c2277696e646f775374617274223a313739333439313230307d5d2c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2261663238666165632d346238642d346566342d613131622d323261616432663064326162222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b22616c69626162612d6e6f6465223a323030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\xbf423e0b83b06173b50be47e851ffdb7e1d751d72d48c4b9699f5ae80ca35905', 12, '2026-11-01 00:00:00+00', '775'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 1, 1, 1, 'Admit', 'admit', 'Admitted', 'Covered', 'eb97d05f-7d3a-4b19-a238-f33fe75c7a9b', 'tencent', '116b2481-18ad-5f95-a392-1ef1e799426a', 1, '\x7b22617474656d7074223a2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2267726163655365636f6e6473223a33302c22696e646578223a312c226a6f62223a2265623937643035662d376433612d346231392d613233382d663333666537356337613962222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b2274656e63656e742d6e6f6465223a313030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a2273706f74222c227469657254686f7573616e64746873223a3730302c2276223a312c2276657264696374223a2241646d6974746564227d', '\xeae5c77b491da2e4dab1f8fba33258eaf9f0829bc8b9f16d02681d01d445fda8', 13, '2026-11-01 00:00:00+00', '775'),
	('b0c061d4-6ba2-5546-8c77-d3a1534b4555', 1, 1, 2, 'Reject', 'none', 'Waits', 'WaitingForQuota', NULL, 'alibaba', NULL, NULL, '\x7b226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a226e6f6e65222c22696e646578223a322c226b696e64223a2252656a656374222c226d656d626572223a22616c6962616261222c22726561736f6e223a2257616974696e67466f7251756f7461222c227465726d223a312c2276223a312c2276657264696374223a225761697473227d', '\xaf7cb79f352619355ef5c381f41fcd5adc1cfc50ecb3b9973f97cbfa67b18bc7', 14, '2026-11-01 00:00:00+00', '775'),
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 1, 2, 0, 'Admit', 'admit', 'Admitted', 'Covered', '62012e3e-0c38-4edc-851b-a1dc3d7e201f', 'alibaba', '5e93266c-3ee2-5f93-b052-0e98d0562482', 1, '\x7b22617474656d7074223a2235653933323636632d336565322d356639332d623035322d306539386430353632343832222c22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c226379636c65223a322c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2236323031326533652d306333382d346564632d383531622d613164633364376532303166222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a22616c6962616261222c226d696c6c694831303065223a313030302c226e6f646573223a7b22616c69626162612d6e6f6465223a323030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a312c226c6162656c223a22484f4d45222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\x245dcee344f8433d98caec50a4c75ba55d9b5451e81c90042db230a638442710', 24, '2026-11-01 01:30:00+00', '780'),
	('62bd17bf-f468-5a85-9bdb-5001767b45d7', 1, 2, 1, 'Preempt', 'stop', 'Stopped', 'Preempted', 'af28faec-4b8d-4ef4-a11b-22aad2f0d2ab', 'tencent', '313d5a34-4bf3-50de-8205-338c51c3993d', 1, '\x7b22617474656d7074223a2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c226361757365223a2230666439386232332d346263612d353962612d613937332d366639613638356236633530222c226379636c65223a322c2264657461696c223a7b226c6f73744770755365636f6e6473223a313830307d2c22656666656374223a2273746f70222c2266656e6365223a312c22696e646578223a312c226a6f62223a2261663238666165632d346238642d346566342d613131622d323261616432663064326162222c226b696e64223a22507265656d7074222c226d656d626572223a2274656e63656e74222c22726561736f6e223a22507265656d70746564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2276223a312c2276657264696374223a2253746f70706564227d', '\xe9adb2f831d1e159bc670012c58153ee64ee345f31ae7761a208afdffa382967', 25, '2026-11-01 01:30:00+00', '780'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 1, 3, 0, 'Admit', 'admit', 'Admitted', 'Covered', '65579ba3-af46-4842-851e-a07c1cf538e3', 'tencent', 'c2831465-4dea-5cd1-9827-8a065e613bd3', 1, '\x7b22617474656d7074223a2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c226379636c65223a332c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2266756e64696e67223a5b7b22636170223a226d6f6e7468222c226365696c696e67223a35383030303030302c22656e64223a313739333533383030302c2272617465223a313230302c227374617274223a313739333530393230302c2277696e646f775374617274223a313739333439313230307d5d2c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2236353537396261332d616634362d343834322d383531652d613037633163663533386533222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b2274656e63656e742d6e6f6465223a313030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\x92dd59466ad44ccfe99e73d990b0f0d726a5a363be455e2e39acd16e6292129c', 110, '2026-11-01 05:00:00+00', '804');
INSERT INTO ledger.effect VALUES
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'done', '', 29, '2026-11-01 01:31:00+00', '784'),
	('62bd17bf-f468-5a85-9bdb-5001767b45d7', 'done', '', 30, '2026-11-01 01:31:00+00', '784'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 'done', '', 31, '2026-11-01 01:31:00+00', '784'),
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 'done', '', 32, '2026-11-01 01:31:00+00', '784'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'done', '', 122, '2026-11-01 05:00:00+00', '806');
INSERT INTO ledger.enrolment VALUES
	('alibaba-node', 1793491200, 'alibaba', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '\x7b22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226b6579223a2265613461366336336532396335323061626566353530376231333265633566393935343737366165626562653762393234323165656136393134343664323263222c226d656d626572223a22616c6962616261222c226d696c6c694831303065223a313030302c226e6f6465223a22616c69626162612d6e6f6465222c227374617274223a313739333439313230302c2276223a317d', '\xeb005cdc0e4002fabf38b6a2f32c379c5fd8943cfaa79d016e0a71932a920e95', '\xfcee2ecbb07d769ba2fc2306d3458d3c29fd604ed28b0688e198c8c88c9c54f819123efd59fc3d39a5c34bcdc27adaa935dc158507181fc2422cef2ef6ba6d03', 3, '2026-11-01 00:00:00+00', '768'),
	('tencent-node', 1793491200, 'tencent', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '\x7b22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226b6579223a2265613461366336336532396335323061626566353530376231333265633566393935343737366165626562653762393234323165656136393134343664323263222c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f6465223a2274656e63656e742d6e6f6465222c227374617274223a313739333439313230302c2276223a317d', '\xfb07eb8a74a659b2192452eec502b74d143e5597422c0ea86699d847038eb0f3', '\xdaaecb651250124275de967f10ee2737fb97d0ac715353354ffe92089c1990eb13ae3b51fe1659f69808b7ff383d246329529b3a36a51fa28008037ca3e2760a', 6, '2026-11-01 00:00:00+00', '770');
INSERT INTO ledger.fact VALUES
	('94bf6898-b529-4baa-9dc4-533435df7098', 'TermTaken', 1793491200, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'leader-0', 10, '2026-11-01 00:00:00+00', '774'),
	('31aca98f-bd68-4ba3-a710-a063a5b79801', 'CapSet', 1793491200, 'tencent', NULL, NULL, NULL, NULL, 'tencent/cap/month/1793491200', 14500000, '', 17, '2026-11-01 00:00:00+00', '775'),
	('58e780ab-bbfb-4723-993f-39c242f89136', 'LeaseGranted', 1793491200, NULL, 'alibaba-cluster', NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', 1, NULL, NULL, '', 20, '2026-11-01 00:00:00+00', '776'),
	('eb9f9f8a-93f2-4cd4-9979-7bcf77a9abb3', 'LeaseGranted', 1793491200, NULL, 'tencent-cluster', NULL, '116b2481-18ad-5f95-a392-1ef1e799426a', 1, NULL, NULL, '', 21, '2026-11-01 00:00:00+00', '777'),
	('f28a5f06-123f-c8c2-3cd9-f53974c8fdeb', 'LeaseRefused', 1793496600, NULL, 'tencent-cluster', NULL, '116b2481-18ad-5f95-a392-1ef1e799426a', 7, NULL, NULL, 'renew: another fence', 22, '2026-11-01 01:30:00+00', '779'),
	('50e553b7-0583-41bf-8a45-3d449fd69d1b', 'LeaseReleased', 1793496660, NULL, 'alibaba-cluster', NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', 1, NULL, NULL, 'preempted', 27, '2026-11-01 01:31:00+00', '782'),
	('cfedc376-7df9-49c0-8a32-7d20a2173e26', 'LeaseGranted', 1793496660, NULL, 'alibaba-cluster', NULL, '5e93266c-3ee2-5f93-b052-0e98d0562482', 1, NULL, NULL, '', 28, '2026-11-01 01:31:00+00', '783'),
	('81d196c9-94ac-44da-8e11-6bc7a7691f4a', 'CapSet', 1793509200, 'tencent', NULL, NULL, NULL, NULL, 'tencent/cap/month/1793491200', 58000000, '', 112, '2026-11-01 05:00:00+00', '804'),
	('b5fb1dfd-37e3-468e-8c39-989bf67a5120', 'LeaseGranted', 1793509200, NULL, 'tencent-cluster', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 1, NULL, NULL, '', 121, '2026-11-01 05:00:00+00', '805');
INSERT INTO ledger.member VALUES
	('alibaba', 'login_alibaba', 1, '2026-11-01 00:00:00+00', '767'),
	('tencent', 'login_tencent', 4, '2026-11-01 00:00:00+00', '769');
INSERT INTO ledger.member_key VALUES
	('alibaba', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '2026-11-01 00:00:00+00', '767'),
	('tencent', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 5, '2026-11-01 00:00:00+00', '769');
INSERT INTO ledger.placement VALUES
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 'alibaba-node', '313d5a34-4bf3-50de-8205-338c51c3993d', 2000, 15, '2026-11-01 00:00:00+00', '775'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 'tencent-node', '116b2481-18ad-5f95-a392-1ef1e799426a', 1000, 16, '2026-11-01 00:00:00+00', '775'),
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'alibaba-node', '5e93266c-3ee2-5f93-b052-0e98d0562482', 2000, 26, '2026-11-01 01:30:00+00', '780'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'tencent-node', 'c2831465-4dea-5cd1-9827-8a065e613bd3', 1000, 111, '2026-11-01 05:00:00+00', '804');
INSERT INTO ledger.posting VALUES
	(1793491200, 0, 'alibaba', 7200000, 0, 0, 0, 80, '2026-11-01 02:16:40+00', '792'),
	(1793491200, 0, 'tencent', 3300000, 3300000, 0, 600000, 82, '2026-11-01 02:16:40+00', '793'),
	(1793494800, 0, 'alibaba', 6600000, 0, 0, 600000, 93, '2026-11-01 02:16:40+00', '795'),
	(1793494800, 0, 'tencent', 0, 0, 7200000, 0, 97, '2026-11-01 02:16:40+00', '796'),
	(1793491200, 1, 'alibaba', 7200000, 0, 0, 0, 103, '2026-11-01 02:16:40+00', '799'),
	(1793491200, 1, 'tencent', 3600000, 3600000, 0, 0, 104, '2026-11-01 02:16:40+00', '800');
INSERT INTO ledger.rate VALUES
	('class/h100-80g/bf16', 1, 1000, 7, '2026-11-01 00:00:00+00', '771'),
	('tier/standard', 1, 1200, 8, '2026-11-01 00:00:00+00', '772'),
	('tier/spot', 1, 700, 9, '2026-11-01 00:00:00+00', '773');
INSERT INTO ledger.setting VALUES
	(1, 300, 900);
INSERT INTO ledger.slot_20261101 VALUES
	(1793491200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439313230302c2276223a317d', '\x875140036b50dca009f1a5b383e21fc67271a360988c6b81ba3b867008ea0724', '\x66c17a89465b44172b957cd11822fc17ef09c5e58a380bac1f943b9da6c6cc6e8c662ca8d26526984b6de9079fc8910afff4db619a08ae433b2780eb7da86501', 33, '2026-11-01 02:16:40+00', '786'),
	(1793491500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2238373531343030333662353064636130303966316135623338336532316663363732373161333630393838633662383162613362383637303038656130373234222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439313530302c2276223a317d', '\xb8b0a8018b16a97a23abf81904face7a72cdf15db6b99267a2180b3b2f4fccf1', '\x0c79d9ed516fb92734f458d3b0d43e93bc77fa5ecb3d3193af215672c8574f32c519c3519ed72743fbc0a33d80fc7ddc9ee3482b6e7787afed28ae4f046ef20d', 34, '2026-11-01 02:16:40+00', '786'),
	(1793491800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2262386230613830313862313661393761323361626638313930346661636537613732636466313564623662393932363761323138306233623266346663636631222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439313830302c2276223a317d', '\x226d9cbb15614d45a29d39531760cb81e04f6b71e7a9272d8e2c696e8d0e7a6e', '\xbfdf2dfe6e36308cc84dadbac40cb41f8b211819cc50f414910337176945360784555cac9cea1f0607c77ae12251cc8084fc2ce554e0476328e45ace6d5a000e', 35, '2026-11-01 02:16:40+00', '786'),
	(1793492100, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232323664396362623135363134643435613239643339353331373630636238316530346636623731653761393237326438653263363936653864306537613665222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439323130302c2276223a317d', '\x20935c1211c593ca8e52eced5c977722360949259071129c0e949092c813c808', '\xca7843d2d587834230acf0954ebc5951bee35aab1deb579f7312199af458940646c30c5ebcf405dddad7cc9639e1878aaef83748f48ed2abf0a5ba21c0b76f03', 36, '2026-11-01 02:16:40+00', '786'),
	(1793492400, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232303933356331323131633539336361386535326563656435633937373732323336303934393235393037313132396330653934393039326338313363383038222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439323430302c2276223a317d', '\xbf13e24cda35f78b338efb93f1c11bff4fe7f79a16dabff91ccb619b667eb665', '\xfe05294b076ee35ab23acc85a07c1c74e64feedd40f79b5116164a93c71eb038d18f2650442247c79264f4658fdf6184ceb7a9ceda3cd738c10fb551057c2001', 37, '2026-11-01 02:16:40+00', '786'),
	(1793492700, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2262663133653234636461333566373862333338656662393366316331316266663466653766373961313664616266663931636362363139623636376562363635222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439323730302c2276223a317d', '\x3d9ef5491fd9280314d7ed20e9f671d0e085e18972e81ede53c2ba2a24252903', '\xccb0853743645c7a47e91736de23ac33cea08154990bccca67ab502cfd64d4d59e5cd101c6a3c17e3adbdd5c820dafcd957c742ab80a38ba8230ba8335472a0a', 38, '2026-11-01 02:16:40+00', '786'),
	(1793493000, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2233643965663534393166643932383033313464376564323065396636373164306530383565313839373265383165646535336332626132613234323532393033222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439333030302c2276223a317d', '\xe01e0837fa1134ad6e322c23e8c7179dfdcc1b947d04cca20f1dacbdf95d6089', '\xefbe115147843a9cb7dc7def5fbf66936c6e39ebb9b9a8e78459ca69d7c64ff4e24d95666591cce86aba4b34970b91edc216b8ab5553e04f4770607d79c99f02', 39, '2026-11-01 02:16:40+00', '786'),
	(1793493300, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2265303165303833376661313133346164366533323263323365386337313739646664636331623934376430346363613230663164616362646639356436303839222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439333330302c2276223a317d', '\xf1fd285edeaed90bf5630dda349d3d215c1bdba0d7113be6f5b832bc2ab3ac3a', '\xb74bb3688f30c730ae6bea5a79501c376af4ea17ef48c00e55eed7c32914486bb62819b4698912ec683e7938dc301e1087e44fcba68268bea59842d775866709', 40, '2026-11-01 02:16:40+00', '786'),
	(1793493600, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2266316664323835656465616564393062663536333064646133343964336432313563316264626130643731313362653666356238333262633261623361633361222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439333630302c2276223a317d', '\xed8def1bc135b187b3c8b9eccdab66ab5c8e931fb4a0b0643240887ac2735b35', '\x60a940882ee044a2c622d0a465c301f32b9607a69a40275c704c6e1f56da9d04d6478df6d0ceb0f6291f70d864a61416b14a8a335ff82fd8052c1b56b9ef580f', 41, '2026-11-01 02:16:40+00', '786'),
	(1793493900, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2265643864656631626331333562313837623363386239656363646162363661623563386539333166623461306230363433323430383837616332373335623335222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439333930302c2276223a317d', '\x1d602f492f90c387c94d168fedd67537f3d18044580cb39c41ec1e3ce782b57d', '\x59b87afe0688c39993cd6918b7298a6a1973279a15ed333cbb79d67a7def7c52bd37625c19fc155c2a8d46ffa7bab80a094faa5a29c1703d632a26b081119905', 42, '2026-11-01 02:16:40+00', '786'),
	(1793494200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2231643630326634393266393063333837633934643136386665646436373533376633643138303434353830636233396334316563316533636537383262353764222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439343230302c2276223a317d', '\x2267e0749e7e2db38c26373ae6cebbefb137ca0e351d5d2e0ff263379602ad77', '\xd458f08fc4a87605990b8ad593fc89e9a5d182193cccbeb3741c1e387fd70d1289de648bb691cd8186984fd646ed2de5c0f3346fbd39f22866066e3c989f5e0c', 43, '2026-11-01 02:16:40+00', '786'),
	(1793494500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232323637653037343965376532646233386332363337336165366365626265666231333763613065333531643564326530666632363333373936303261643737222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439343530302c2276223a317d', '\x55b72c64a8400af093ba0501e026b58b7655a832ec7f891034d989132765e356', '\x1fb5d4eb3bd3a8c8495e1a4b716983958fb92140dd1378459c1b8ca8403a1a4589dd396dff70b86ff4e196b824341d75b453516a9fbbd9faa0fc7a15b288150c', 44, '2026-11-01 02:16:40+00', '786'),
	(1793491200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313230302c2276223a317d', '\xdec06853c32a54080c76401d1d10c0fb80abb97c019584b42d44b381194d7ebd', '\x54791545896c1490b5edcb2cd08074313217fcbd1fa8eafb4e571279b9544525ad21676ec225f6e80d30e93a57e8a4dbb710fae4d639880c5bba82d6f6a01f0a', 45, '2026-11-01 02:16:40+00', '787'),
	(1793491500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264656330363835336333326135343038306337363430316431643130633066623830616262393763303139353834623432643434623338313139346437656264222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313530302c2276223a317d', '\xc297634faa7400977f9f71768b310fe4fd071b836973b74fcd5fb957f4e36fb1', '\x714db50ab8080f4c59abbe5b456acd3306b6ffe33be379eacbc76d3fb9b72cdf90afeb4855ab65278823d202f57f56b9735cb436ce3b97eb9dd0aacc56ac780b', 46, '2026-11-01 02:16:40+00', '787'),
	(1793491800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2263323937363334666161373430303937376639663731373638623331306665346664303731623833363937336237346663643566623935376634653336666231222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313830302c2276223a317d', '\xd35bfb4635c6b229539277ad512a187a261c8483bae627e52e515e6abcbc6970', '\x158d87a4457d2c507dd3ef7f218f90def17d45033ac4998001c0de4375b89ba2acd121cc64b5ab0dab5582606df024daaa3c7930719397dbb3ec183da5d83e07', 47, '2026-11-01 02:16:40+00', '787'),
	(1793492100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264333562666234363335633662323239353339323737616435313261313837613236316338343833626165363237653532653531356536616263626336393730222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323130302c2276223a317d', '\x826c4f835dd5ecccf2fe849a54ecf7e37e1c1915e4ceadd5d496d51a9de28bb7', '\x86d048b9ae3d2fc30c10c28b7301cacbc08c91cc2ae4ab85a7173cbf2ebd238a9cd75993a5b2c22865037f1a44046963a84859940e1aa9183132c88e5976a201', 48, '2026-11-01 02:16:40+00', '787'),
	(1793492400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238323663346638333564643565636363663266653834396135346563663765333765316331393135653463656164643564343936643531613964653238626237222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323430302c2276223a317d', '\xde38428278e3f7771df52f40942020d9108a083741049b20c6238ff8591b8334', '\x91535a7a5b160553e1b9225f3bea74ee75b28cb0317f673be7ad56fd1e7b6e447f9f36fd6457cda1277d3c57b85483fff48252b9a908518058efb0bed703e507', 49, '2026-11-01 02:16:40+00', '787'),
	(1793492700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264653338343238323738653366373737316466353266343039343230323064393130386130383337343130343962323063363233386666383539316238333334222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323730302c2276223a317d', '\x32b44c2e587d309e9de3f0f7842db8a6816d6605715485d1ef729d5973e1e375', '\xb2c6d65dd5d78a84a980ca556f2c6f6e099c19d6a10eb3f61600fa01bf31b53481b8c808808726c0d9137aab80651071ac24e326c29d7387604b254858e4210b', 50, '2026-11-01 02:16:40+00', '787'),
	(1793493000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233326234346332653538376433303965396465336630663738343264623861363831366436363035373135343835643165663732396435393733653165333735222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333030302c2276223a317d', '\x46c8f188a7095ea449f06cb6cb28705ebfd84992596b22b36fb3bcacca8267b9', '\x70b7780d6e5c1599e019ea501ed3d2dd5623bed22b9da06ca6a58cfad8a444d554f18461def945f68d9f6da7a53eaf2f2c57d901dc2e165b7ee44f0046773609', 51, '2026-11-01 02:16:40+00', '787'),
	(1793493300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2234366338663138386137303935656134343966303663623663623238373035656266643834393932353936623232623336666233626361636361383236376239222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333330302c2276223a317d', '\x692caf434dfd3958b4da1f2f1db387e2ae0fda29ba28fad1da1c0b24d95291f1', '\x19e565dd86b60ed699e1200c95b51329c54615c1da904725e72850917bf780e19b91bf1b708148f8a81cdf844dd5b2c0fe8210bf8b0b5af321647db9f3e61b0c', 52, '2026-11-01 02:16:40+00', '787'),
	(1793493600, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2236393263616634333464666433393538623464613166326631646233383765326165306664613239626132386661643164613163306232346439353239316631222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333630302c2276223a317d', '\x46482862df2f8af7da2879456260504dd0be4a0f5ab65b872b52c514bf246fdb', '\xcdb6eca75bca35ce7e34e2e8ca42fc4f69dd8d6b917f07b73c60aa896ae516c6123ae8431dbf416a933d16b620225c9fc0195d1247b9457ef0472facad76950c', 53, '2026-11-01 02:16:40+00', '787'),
	(1793493900, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2234363438323836326466326638616637646132383739343536323630353034646430626534613066356162363562383732623532633531346266323436666462222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333930302c2276223a317d', '\x2223ce98d6c1e382bcfdf52c2a8ca85a5666b8023c2a1cdb5e3c04fc0dd37c7d', '\x6a9b3374c0bd8e730e24a262d6ad3de78196f64ac6dd0501f8040f16a5c5ba44dc2291548b4ceb1b39ce241bd08387621e3c57ceecc627bb5f7e741ea2eafa02', 54, '2026-11-01 02:16:40+00', '787'),
	(1793494200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2232323233636539386436633165333832626366646635326332613863613835613536363662383032336332613163646235653363303466633064643337633764222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439343230302c2276223a317d', '\x88f216a04cda65b2d78b7731b74388168842f023db76b87b71fe82f2a94ba088', '\x7480785195703d2a5ce773ec292110e781a8127e95c6d4f9b78853d715ced2b2b20404a04f10f5556b70177c82c5b7ecc8512a8695fc50098387de0c9ad7bc07', 55, '2026-11-01 02:16:40+00', '787'),
	(1793494800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2235356237326336346138343030616630393362613035303165303236623538623736353561383332656337663839313033346439383931333237363565333536222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439343830302c2276223a317d', '\x3a4d36bed75d057a0760e6fffec64f2a37211cfcd007f76be66522e5d086440e', '\xa7fa4ea42998b9b666dfc91d57e6dec1b118eac20c5ee5c0dd3f6952713458c24a77ba74b8f38f517510456882b2e92c4e44865abd9309117a5f43a4eba84804', 56, '2026-11-01 02:16:40+00', '788'),
	(1793495100, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2233613464333662656437356430353761303736306536666666656336346632613337323131636663643030376637366265363635323265356430383634343065222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439353130302c2276223a317d', '\x2be69001e7414aa144a6debf326c2a779e9ed348630ac2fb9191dae844baed4f', '\x57f57261cb2777dc066ac8d264c29b1fea20f106bbb4fe877ef6f163bf3e459cf99ec0b993f56428913a740f13127ea5c9d01373cab1af962ea0afc62c7e500b', 57, '2026-11-01 02:16:40+00', '788'),
	(1793495400, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232626536393030316537343134616131343461366465626633323663326137373965396564333438363330616332666239313931646165383434626165643466222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439353430302c2276223a317d', '\x8a6eb8c22c5bca828423bac73a93fe7948af3a0d4e81dcff6158b648febcf9c5', '\x40a5ebf06b446595426c3348a7489f12eeb77f78c652add05e3670abf70bd4fca68aaa86a61323455cb5bbf1a04165452d467dd57592e55ee36c875a2be5ba07', 58, '2026-11-01 02:16:40+00', '788'),
	(1793495700, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2238613665623863323263356263613832383432336261633733613933666537393438616633613064346538316463666636313538623634386665626366396335222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439353730302c2276223a317d', '\x400c8f6fb0eccb52391bc047abb13fa569349a0d2d809491bb0dfff2b9965aa0', '\x413670e850df6cd21afdd65bc3176b47166f3dd784b3f6e6b78a7bf858e55b1dba9450add329705b53d678b1874dc6a20d9c4de806706b1979aff62749f65809', 59, '2026-11-01 02:16:40+00', '788'),
	(1793496000, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2234303063386636666230656363623532333931626330343761626231336661353639333439613064326438303934393162623064666666326239393635616130222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439363030302c2276223a317d', '\xb4f4629255d5d9417e162985f7fea276b679e4ad6cebfb5aa3c612a7f6ca466a', '\xcfdbe454c45b540f3afce9b80c7622ec564356cd56663ac1e725d4b75a7ee5715738ac5df9007a2f89c349f4ae137ca402b1a82ea173462b931882964966d901', 60, '2026-11-01 02:16:40+00', '788'),
	(1793496300, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2262346634363239323535643564393431376531363239383566376665613237366236373965346164366365626662356161336336313261376636636134363661222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439363330302c2276223a317d', '\xf7cc9ef0b9e7995adcda40920b0c58188ad154d2282f3b5ee988f97369ab280c', '\x9427797c03f4e36129fb2f51372c794c247faff00562d63c53bda7a93c1ebf41f9777f9ddcfc55e41ce560e16991ad45b6bfc1c3e4eaa53083d65812e634ce00', 61, '2026-11-01 02:16:40+00', '788'),
	(1793496600, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2266376363396566306239653739393561646364613430393230623063353831383861643135346432323832663362356565393838663937333639616232383063222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2233313364356133342d346266332d353064652d383230352d333338633531633339393364222c313030305d5d7d5d2c227374617274223a313739333439363630302c2276223a317d', '\xe7c4eddfdbb2728b40b2c95ed2fc857568518a455b2a6a2817bed89d437f6414', '\xc6474695cef2ab85198e4ad0651704e161762f95fd177a58bba0f322a794861c4b0b44e121fc2f377125d4eb1dd7d2cc3a5c8c334493290521fae8b5cbac7d07', 62, '2026-11-01 02:16:40+00', '788'),
	(1793496900, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2265376334656464666462623237323862343062326339356564326663383537353638353138613435356232613661323831376265643839643433376636343134222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2235653933323636632d336565322d356639332d623035322d306539386430353632343832222c313030305d5d7d5d2c227374617274223a313739333439363930302c2276223a317d', '\xcc1ba7f9a6b3c4eaef141f8804eea89bda84f2e44331f5db69919829cd9b87ef', '\x349713e8e2a2c9e8c090c24246c8b30ea14c3616de83220290502b2cbfb615b4895a779f646abd0f415597106fb7b51073931e7da7471e995306e053ff4f9204', 63, '2026-11-01 02:16:40+00', '789'),
	(1793497200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2263633162613766396136623363346561656631343166383830346565613839626461383466326534343333316635646236393931393832396364396238376566222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2235653933323636632d336565322d356639332d623035322d306539386430353632343832222c313030305d5d7d5d2c227374617274223a313739333439373230302c2276223a317d', '\x28319838b956f57fc105b1ebdb0bc0f4a54379f518ac7ab313160923b803b9d1', '\x6511f07e2ffbc6cb2be54d6cd4f5d19c21468b9e9ba9c20ac1443dce91d86ca3709f0518ca554ef264f336eb29b8000bbe330639b1e66ad7d48f8e2a96012f0d', 64, '2026-11-01 02:16:40+00', '789'),
	(1793497500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232383331393833386239353666353766633130356231656264623062633066346135343337396635313861633761623331333136303932336238303362396431222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2235653933323636632d336565322d356639332d623035322d306539386430353632343832222c313030305d5d7d5d2c227374617274223a313739333439373530302c2276223a317d', '\xf03ad6a5468a785574c40fe036a498ec17bf346fdeea91630971da735f6f2a64', '\x9267df683b2ee11615e0b08ab811bc4f09355526c7a8e2802902a9c66b648a50fd03d09cc6721ebaea4fcf2338765298c4cf39f2efa10d1ae6de0ec8a2995101', 65, '2026-11-01 02:16:40+00', '789'),
	(1793497800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2266303361643661353436386137383535373463343066653033366134393865633137626633343666646565613931363330393731646137333566366632613634222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2235653933323636632d336565322d356639332d623035322d306539386430353632343832222c313030305d5d7d5d2c227374617274223a313739333439373830302c2276223a317d', '\xd65b1787e9087dd098d05f5fde362c9e5365b2d80fcabd47706a7c4f9f82ed36', '\x5aafa338fa2e92b25423913201cd4a1db32dda72a939610a29d85bb7b2b02b37ce5529aaee991a69a50f5561fc936d95f1b4f4c6a6e73468b10eb51e0f288e09', 66, '2026-11-01 02:16:40+00', '789'),
	(1793494800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239323933323762356439323862333262313035386265316361386166353566383234616461643535653831643738373762663564326662343565636262653637222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439343830302c2276223a317d', '\x62e7537e6957f857b52f4864e29d8b77d99c80d42207acebce2431c6ae31cfe5', '\x0989ea57cc3ac1a64db504578a9bea47a2ef8682945f17aa35a1c4b4533c8c6238b49f74b2de1a67250534d1e797a79e020788ac53c02573a09fbb001b13f30e', 67, '2026-11-01 02:16:40+00', '790'),
	(1793495100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2236326537353337653639353766383537623532663438363465323964386237376439396338306434323230376163656263653234333163366165333163666535222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353130302c2276223a317d', '\x7c0904c863e52f3c63e0b592ed76414d51ceee9cf1a06371fa60d6bb338345fc', '\xeb2f1baf53d6e55aa07974ee10f74a0b28d9a87db0505b834fc28f362a7ca224db9364439c55d41febaac41373e27e99851e95f8d88f95aed2e8382ee9522204', 68, '2026-11-01 02:16:40+00', '790'),
	(1793495400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2237633039303463383633653532663363363365306235393265643736343134643531636565653963663161303633373166613630643662623333383334356663222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353430302c2276223a317d', '\x9b44fe67ba67f9ebe7e956d408cfa699b06ba02b94ff68a7b6951b2e58fb53ad', '\x0e43f285d4bcfda9db3a23cb1b723a3cbeda03537d9112e665d00c3d96472d0854a9e0cb3c1f7afff76cd57d89284fd011c7d563da319028d4c20fff198e760e', 69, '2026-11-01 02:16:40+00', '790'),
	(1793495700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239623434666536376261363766396562653765393536643430386366613639396230366261303262393466663638613762363935316232653538666235336164222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353730302c2276223a317d', '\x2817cfc9c5727b2308524207b0c64bb960cc927886556c87ac651447d8d67162', '\xa1ba5c8a533220229448488d3d116f1e6dd33be62cfd5a74140e118f1878f4af9ac0d23883486c2e7767ad956086478ce29ce808dede30243b0f706ac16f8509', 70, '2026-11-01 02:16:40+00', '790'),
	(1793496000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2232383137636663396335373237623233303835323432303762306336346262393630636339323738383635353663383761633635313434376438643637313632222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363030302c2276223a317d', '\xa6443eca397dea9cdb5916dc9016a2e7c476b2cc01cd36117bbcb94901fb5809', '\x180fdb29eebca2746ee770d786191305971d61512416f8c65ebf00e9e619c7cfb410b4e54923cce6bba6d19246943df4e8954c19198e2e6a32290c9b44c2550c', 71, '2026-11-01 02:16:40+00', '790'),
	(1793496300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2261363434336563613339376465613963646235393136646339303136613265376334373662326363303163643336313137626263623934393031666235383039222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363330302c2276223a317d', '\xf231ecdd9d0dd5f3036db34f1945a37efc35878733a588e04926559beeb4b70b', '\x5aa8b40c7e03a34ad118d2fc16d3f1bbc76855486a2740ba61344b12c36b866e5a178e76fc7611a9bb4138b39f38113288cab84463afe9541edd7f7b63b59e0b', 72, '2026-11-01 02:16:40+00', '790'),
	(1793496600, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266323331656364643964306464356633303336646233346631393435613337656663333538373837333361353838653034393236353539626565623462373062222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363630302c2276223a317d', '\xd903bf1f79b6aeacc0c024191854eed64d145e8166f4d854882aeab4747b4a00', '\x4501a5718a44f893e16a2785c092686399bd42e17c3e2320a687c28ccd0683b9a08222f6bb1d4d745b09e40af9d5e44790524515d2d6b8b79ae9e146d000f305', 73, '2026-11-01 02:16:40+00', '790'),
	(1793496900, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264393033626631663739623661656163633063303234313931383534656564363464313435653831363666346438353438383261656162343734376234613030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363930302c2276223a317d', '\xe8a6f84d97c5b0ad8802d7e9922d72d37f74068abf0147ccab8bc9082071a491', '\x0a49e69d759a222da4d165fd229da833df8f066fb4b75211400bd70cde7efead4cc30b96ec50b34f34b43356a978f2cdc516fba514303e2c0a83090463294b04', 74, '2026-11-01 02:16:40+00', '790'),
	(1793497200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2265386136663834643937633562306164383830326437653939323264373264333766373430363861626630313437636361623862633930383230373161343931222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373230302c2276223a317d', '\xc1283215dc4c8137830f7efbc67d0900f09dba6631be32d89736c37cab303eac', '\xe84103e4777c6a2d0d9ad20559b2bb46f4dcad47d98d29200550379aaf011093904d501773d3e62c6d0b41f8b70623131e1e5f3c13a90cc94e832d5019a5ab0f', 75, '2026-11-01 02:16:40+00', '790'),
	(1793497500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2263313238333231356463346338313337383330663765666263363764303930306630396462613636333162653332643839373336633337636162333033656163222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373530302c2276223a317d', '\x85b7663c645515a836e71aeff61a7863296975134a3afd342254f8c257218e93', '\xcea1695728b4f01297281febc0cefcd774eb1bcf09cca71747edddf81765b1b7a4514c1a79dd764cfb4ac5ed02685c024ce28baca3b7f978bdb31304c618d109', 76, '2026-11-01 02:16:40+00', '790'),
	(1793497800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238356237363633633634353531356138333665373161656666363161373836333239363937353133346133616664333432323534663863323537323138653933222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373830302c2276223a317d', '\x8013144f850d33b627269ea5669247f9aa428facdbfdfbeb4f2abfc9914456c3', '\xb499a9dd47e2b9d8b314f861a2b5354b11691392d0d98dbbc045018410bd8e6a29637ba0486299cc45564d8ac7355b7758c3d283cc4cad13155a2362821cb60d', 77, '2026-11-01 02:16:40+00', '790'),
	(1793498100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238303133313434663835306433336236323732363965613536363932343766396161343238666163646266646662656234663261626663393931343435366333222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439383130302c2276223a317d', '\x9322338b679fa0065d76dc1c65be69e54708235322e3a53a15bb19a1b8bd2585', '\x399b8b0da2dca07971a2b37fee7715ca825d0d42bb00cec1e71c845b83dd98f0a29616557235e99886cb650d7f7f56ff0e0be9d7377b10312cd8a24923de030f', 78, '2026-11-01 02:16:40+00', '790'),
	(1793494500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238386632313661303463646136356232643738623737333162373433383831363838343266303233646237366238376237316665383266326139346261303838222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231313662323438312d313861642d356639352d613339322d316566316537393934323661222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439343530302c2276223a317d', '\x929327b5d928b32b1058be1ca8af55f824adad55e81d7877bf5d2fb45ecbbe67', '\xa776a1edce0068a3960f0f1cd44f02dce531d889a07852fa982fb3e199d67a4564978352d8d277544d2ab6aa26226a387dd890662beab8bb2319bf12f49faf02', 101, '2026-11-01 02:16:40+00', '797'),
	(1793509200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239333232333338623637396661303036356437366463316336356265363965353437303832333533323265336135336131356262313961316238626432353835222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393230302c2276223a317d', '\x21a9d6ea5efed9b03ee21f0eba2759e91f526e23d68cf2dd65959ca619265e11', '\xa2ae0c46f915d2ec30be3bebf44185e6b7ba0fa2241d8bfe49f032991cc273b8951c78444c79fbfbc63a746d6646ce5331494df710ae98569ebde0751e6f080a', 123, '2026-11-01 06:00:00+00', '808'),
	(1793509500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2232316139643665613565666564396230336565323166306562613237353965393166353236653233643638636632646436353935396361363139323635653131222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393530302c2276223a317d', '\x7491a5405bbaf81546171606007db5a81f89ec275f6492a2f57154f86d23755b', '\x67b753ca454f6266c94b52d4a9a19043a95c4c495aceee1490033b9d4589cfd3621ae18776aa2ea0c6b6d2f91eef3f4d9419e44e41fd2b1cff6778eaa2c8e803', 124, '2026-11-01 06:00:00+00', '808'),
	(1793509800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2237343931613534303562626166383135343631373136303630303764623561383166383965633237356636343932613266353731353466383664323337353562222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393830302c2276223a317d', '\xff0dc46a4c0570e20578acfc2265cf60324a2f59768420ad866ec847736f092a', '\x08b3537e6d70487b65cd4121c89624e7913a6c5dfccff019cb9746117ccf87ffbcbc8777b6f5e5f73b701e039cffff768a4e3e36a85dc71d91341d15cdf98f02', 125, '2026-11-01 06:00:00+00', '808'),
	(1793510100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266663064633436613463303537306532303537386163666332323635636636303332346132663539373638343230616438363665633834373733366630393261222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303130302c2276223a317d', '\xe31438652aefda0f69cad0d33d2c127fadc9611fa2f82f883a8ca04ed67059a9', '\xcd98d8ec585dd28577fc77d440e169f520fc037db522c1d20b7c7b929df3415871208f02e2e81ffb2a370df809b9560b9a03f93c81a73e2abb98a60c30cac40b', 126, '2026-11-01 06:00:00+00', '808'),
	(1793510400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2265333134333836353261656664613066363963616430643333643263313237666164633936313166613266383266383833613863613034656436373035396139222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303430302c2276223a317d', '\xccb7b533a56e90867a9bb1957b400efda71c6f264bf20d2a6f386d5e76a8533f', '\xde920651f29e506ee773dd690e31fc0fa7d3e44471facc3b5df480619475408e607f5ad442bb8165fd8e74ee9e2442c045e0078626581a20a5ca55273a6fb80b', 127, '2026-11-01 06:00:00+00', '808'),
	(1793510700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2263636237623533336135366539303836376139626231393537623430306566646137316336663236346266323064326136663338366435653736613835333366222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303730302c2276223a317d', '\xa919d7cfe7aac69e914b095e10123866ba9b8eb720cef0488ebf358b99a483e4', '\xe096773f8a62841b8d3864d38d71ebb4a64835991d9fa757dfd758d0abefad1763ddc3901fd1e0b43bc0858e7de69d4f16c00378148d86d8b5f03a914c1f1305', 128, '2026-11-01 06:00:00+00', '808'),
	(1793511000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2261393139643763666537616163363965393134623039356531303132333836366261396238656237323063656630343838656266333538623939613438336534222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313030302c2276223a317d', '\xc163ce4c7c5428589da7f8e97270e0e864cf7a15beb0cabf3c29beb7a3aefaaf', '\xe6fd69b910643a902b5d210690185f0babf53bed1b10a1fac9f4b116c74c65088b24154642da7930637e686398456b6edc9e1a0ee65aa1780e8c9f4f881ba908', 129, '2026-11-01 06:00:00+00', '808'),
	(1793511300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2263313633636534633763353432383538396461376638653937323730653065383634636637613135626562306361626633633239626562376133616566616166222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313330302c2276223a317d', '\x43796badb8bdabab125465420ead6e3b317d3daad753e26c6d9cc53a2e7a7c00', '\x02766c5365448cfe521efc8d4f483f3e767cfe3a3bd8deadcbcc2f62effcb49b3a1fa73b5883b8f3a14bba8c2f5ad3e8c4357624b3ce72ef478163122e97670b', 130, '2026-11-01 06:00:00+00', '808'),
	(1793511600, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2234333739366261646238626461626162313235343635343230656164366533623331376433646161643735336532366336643963633533613265376137633030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313630302c2276223a317d', '\x22109868d4bf6cfa040b34fd13438f3b27ab91191212c6e378647dced515addb', '\x290b5f5db337d3a5f59bf35dd6c742272918ab35ea2bb2d1768add68716a3785d92d7cdada77c4aa25fa6ad98d746fd3881a500067f01b3a14054a0443fad600', 131, '2026-11-01 06:00:00+00', '808'),
	(1793511900, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2232323130393836386434626636636661303430623334666431333433386633623237616239313139313231326336653337383634376463656435313561646462222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313930302c2276223a317d', '\xb09388ad38cdd30234845ff0875e5bf6174cddc664fdee8f883a98022b13b2b9', '\xaaaa9ac40009eae7bc8db32a6e5753c6a87fdfe860095ae8254fee2750555d8e65c7468a99297d1f941eee937db77e7ae317b73609592b0199b2eacf8882c505', 132, '2026-11-01 06:00:00+00', '808'),
	(1793512200, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2262303933383861643338636464333032333438343566663038373565356266363137346364646336363466646565386638383361393830323262313362326239222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531323230302c2276223a317d', '\x1f97ebb69ae280e6090aa544315d363ac9321564df7b96b2a0afa9c4c4ec2b5c', '\xb099c7a48a84a6470235738aea29155097d55f8bf58f86524af4c6c40aad76d6663658422b9aa3b7feb6db9cb8528251282d0405767c26c6855b5f0302e26208', 133, '2026-11-01 06:00:00+00', '808'),
	(1793512500, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2231663937656262363961653238306536303930616135343433313564333633616339333231353634646637623936623261306166613963346334656332623563222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2263323833313436352d346465612d356364312d393832372d386130363565363133626433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531323530302c2276223a317d', '\x3913dbfbab912e3922244caf7e95cd11e378febebf1cf8975b42aba7cab30187', '\x18efa6126379cd7e87cc1859c5b28e4e9dea622e300d491f500307110fbf1dec802d0c5934fec121d0a4ec7dea4884b1af366dbfaf9e912762c16965bc34ba0d', 134, '2026-11-01 06:00:00+00', '808');
INSERT INTO ledger.term VALUES
	(1, 1, 'leader-0');
INSERT INTO ledger.transfer VALUES
	('fdbae269-9091-559b-a687-9182631d0713', '\xa8cfa3db74f9d5baacf2f0dea9de5fd821587a0a06bc82bec24a1c030e89c0a0', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793491200, '2026-11', NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', NULL, NULL, NULL, 18, '2026-11-01 00:00:00+00', '775'),
	('ef4387d3-7b47-5630-8b61-ced818286b04', '\x694ac24101e55b29f91af13bfe33ea7fdb7537e2c33bfcd064606613b406a6a1', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793494800, '2026-11', NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', NULL, NULL, NULL, 19, '2026-11-01 00:00:00+00', '775'),
	('d44c963e-805f-588c-abef-90be87f8a480', '\x45a12ddc43d6245c12b316c422be478f35a268fd3197e1767dee30e9890bdb8e', 'single', 'offered', 'pool/offered', 'alibaba/contribution-offered', 7200000, 1793491200, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 81, '2026-11-01 02:16:40+00', '792'),
	('c7f58301-f314-5fec-aa43-604bdbb9a174', '\x69fa9cdc93b2dbf6fcc99bb105ae3a80809af0768105f642b41310305054bc45', 'single', 'offered', 'pool/offered', 'tencent/contribution-offered', 6600000, 1793491200, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 84, '2026-11-01 02:16:40+00', '793'),
	('6336bff8-291b-5ef8-bbea-1997d7838ef0', '\x2b5f77fd7720de6f4536ca5b0049877a7925efd7aa377f68063b30a5d3161754', 'single', 'tier', 'pool/tiers', 'tencent/use', 990000, 1793491200, '2026-11', 0, '116b2481-18ad-5f95-a392-1ef1e799426a', NULL, NULL, NULL, NULL, 85, '2026-11-01 02:16:40+00', '793'),
	('d6070846-aeba-5129-82cc-40f7a5de182c', '\x3288d8a2217c5d19341c60966478b61fd09d828ff0c7c3326f25cb9d9689da9b', 'single', 'tier', 'tencent/use', 'pool/tiers', 1440000, 1793491200, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 86, '2026-11-01 02:16:40+00', '793'),
	('941b4e6f-5557-55be-adc8-b354b119cd79', '\xda4be4b559a0f79373ce2e78ee63e3eaf1bba4407efef3c0a9be1a72eaca299e', 'single', 'use', 'tencent/use', 'alibaba/contribution-used', 7200000, 1793491200, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 87, '2026-11-01 02:16:40+00', '793'),
	('c21f75d0-afe1-5e7c-9447-1f22d2dcc431', '\x50db951146a0f75d423138c595338b026c2af35ac4f261ae669d4b98e147fc98', 'single', 'use', 'tencent/use', 'tencent/contribution-used', 3300000, 1793491200, '2026-11', 0, '116b2481-18ad-5f95-a392-1ef1e799426a', NULL, NULL, NULL, NULL, 88, '2026-11-01 02:16:40+00', '793'),
	('01589b4d-6c49-5cec-8b43-a24165dc2c84', '\x44ac299dd067aa48f34bb6f3675b29e5b6c4be0f404a66afdbbcd73948f58988', 'post', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793491200, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, 'fdbae269-9091-559b-a687-9182631d0713', NULL, NULL, 89, '2026-11-01 02:16:40+00', '793'),
	('417aca55-2c9f-515b-bdb1-bc434368ce5f', '\x202d88d32f00ecda6941471b4b650b33b9e8f0e152e0db83ba21c8e0600e77a5', 'single', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 100000, 1793491200, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 90, '2026-11-01 02:16:40+00', '793'),
	('17b8b562-b38b-5145-9d6e-4363828a6bf6', '\x1c6d59b0829a84a6365039db61c6d8b4e1bd8d5f3f1424ba50450d0915df0372', 'single', 'overrun', 'pool/overrun', 'tencent/use', 1340000, 1793491200, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 91, '2026-11-01 02:16:40+00', '793'),
	('4daee9c0-880b-5849-b29b-1d60ff61d968', '\x6c0b7fd27e6f29780cac877fa67e48470a88390617378b9173bc3f3b4a5fdf47', 'single', 'offered', 'pool/offered', 'alibaba/contribution-offered', 6600000, 1793494800, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 94, '2026-11-01 02:16:40+00', '795'),
	('0d4ebc44-08a3-5469-919d-b7eaaa187207', '\x1b5da04ecbbfe65e2f54c3880dd1324f1e7e33aded1f5a958422fdccf18acf07', 'single', 'tier', 'alibaba/use', 'pool/tiers', 480000, 1793494800, '2026-11', 0, '5e93266c-3ee2-5f93-b052-0e98d0562482', NULL, NULL, NULL, NULL, 95, '2026-11-01 02:16:40+00', '795'),
	('5fe13b1f-d981-5749-93b4-1bf13a71a58a', '\xd993f776829abee272c25bc8b3b2df991fabc7637b72d93f05b5adc93bb4e14d', 'single', 'use', 'alibaba/use', 'alibaba/contribution-used', 2400000, 1793494800, '2026-11', 0, '5e93266c-3ee2-5f93-b052-0e98d0562482', NULL, NULL, NULL, NULL, 96, '2026-11-01 02:16:40+00', '795'),
	('919097e0-698d-5d0f-8408-b7e160653309', '\xe6d724bfe853b169e53bc7775f97214991a5b29cfdc5d86c46e1d83bf1bfe8fd', 'single', 'tier', 'tencent/use', 'pool/tiers', 840000, 1793494800, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 98, '2026-11-01 02:16:40+00', '796'),
	('6be310ea-da10-57a7-8315-02b087c559c9', '\xa95f671bb77cb2efe2ca01ca514d1a31b29c1a2c726c6f413b06ca4a5be712a4', 'single', 'use', 'tencent/use', 'alibaba/contribution-used', 4200000, 1793494800, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, NULL, NULL, 99, '2026-11-01 02:16:40+00', '796'),
	('e00c3510-18ee-5ac9-aa6f-88fb95334694', '\xed0c93cc04d938c7efa09e64a6827cf17d9173d594aa6833ae4a31cd0848fe86', 'post', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 5040000, 1793494800, '2026-11', 0, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, 'ef4387d3-7b47-5630-8b61-ced818286b04', NULL, NULL, 100, '2026-11-01 02:16:40+00', '796'),
	('7803695a-72fa-540d-8f2a-b7ced13f1cb2', '\xc68252756b896fc8db2b094bb5ce82db149211cbfdde548ea91e0e8a90cf4488', 'single', 'offered', 'pool/offered', 'tencent/contribution-offered', 600000, 1793491200, '2026-11', 1, NULL, NULL, NULL, NULL, NULL, 105, '2026-11-01 02:16:40+00', '800'),
	('fbe31d4d-0a20-5359-a9a7-a85a75d3b914', '\x47dff23f7f7076596b73204968d4402c7b3f97cd8e67d18dffd1a98bad46d72a', 'single', 'tier', 'pool/tiers', 'tencent/use', 90000, 1793491200, '2026-11', 1, '116b2481-18ad-5f95-a392-1ef1e799426a', NULL, NULL, NULL, NULL, 106, '2026-11-01 02:16:40+00', '800'),
	('66c839ba-8332-5d08-b6f1-e7edda7d4b08', '\x2a1cb379857798edc2a0fe81976f7aaa0570a3dcbc03442aa370fead9f637f2c', 'single', 'use', 'tencent/use', 'tencent/contribution-used', 300000, 1793491200, '2026-11', 1, '116b2481-18ad-5f95-a392-1ef1e799426a', NULL, NULL, NULL, NULL, 107, '2026-11-01 02:16:40+00', '800'),
	('51539bed-7420-5019-905b-455274cb5b57', '\x262f7554607f9b7c6e29e119bc30f193d0f5e1a50fe6baf35357453aed159815', 'correction', 'use', 'alibaba/contribution-used', 'tencent/use', 1000, 1793491200, '2026-11', NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, NULL, '941b4e6f-5557-55be-adc8-b354b119cd79', 'agreed in dispute 1', 108, '2026-11-01 02:16:40+00', '802'),
	('8755f4b4-b32d-5889-abbb-87026755881a', '\x618d05b4445685ecb1575e21469b331c037639af34de0e9bac8d3b98153b946f', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793509200, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 113, '2026-11-01 05:00:00+00', '804'),
	('5600493c-ce7b-5feb-bff8-bc2d521d9a3b', '\x44aef59e43f7ccb26db6e28cb7c0f63c98f94305632daea23f83db8c96ca96d8', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793512800, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 114, '2026-11-01 05:00:00+00', '804'),
	('163242dd-888f-56f4-8fc7-fd809a4cf534', '\x90042b77c5df8d3e76529edfad79842a2400b789464608aa6f102b27fbc558b1', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793516400, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 115, '2026-11-01 05:00:00+00', '804'),
	('f6e01fae-377b-52f5-bde1-2cdfcb43b457', '\xef97370b504222f0e0c7bf7c0142555d6335e323e811de36f83d394c2c40ac00', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793520000, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 116, '2026-11-01 05:00:00+00', '804'),
	('9860b515-3c21-5ddf-9ca8-bdc0350172a7', '\x18efd36387f443c2041d5842636fbde5b7a7d0471b737a0c8ed932b7f28e8b6c', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793523600, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 117, '2026-11-01 05:00:00+00', '804'),
	('7e31d41e-b3cc-520b-8a41-a522d2b2af1e', '\x29a75422d1febd2c71e3a138d7c0e0a857229b24fa5b34dd31366acf78b6e935', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793527200, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 118, '2026-11-01 05:00:00+00', '804'),
	('61d17681-3ae9-5116-af54-8392870cc215', '\x9d29e2e05b5480010a8af7c0bfafd41c74615a7b943db25f9ebbbf38c8812d64', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793530800, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 119, '2026-11-01 05:00:00+00', '804'),
	('f7d17a82-4f21-5c4f-9421-96367c0b7ae1', '\x43c161049ecc0c2c8ee7e4061ff5a26f323dbc88dfc4d6b099b4e8af67b7b5ed', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793534400, '2026-11', NULL, 'c2831465-4dea-5cd1-9827-8a065e613bd3', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 120, '2026-11-01 05:00:00+00', '804');
INSERT INTO ledger.violation VALUES
	('e739fbde-1731-5915-8f26-2840b9ef34a3', 'Overrun', 1793491200, 'tencent', NULL, NULL, '313d5a34-4bf3-50de-8205-338c51c3993d', NULL, 'pool/overrun', 1340000, 'ran beyond what its caps hold', 83, '2026-11-01 02:16:40+00', '793');
INSERT INTO public.test_clock VALUES
	('2026-11-01 06:00:00+00');
SELECT pg_catalog.setval('ledger.entry_sequence', 134, true);
ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (name);
ALTER TABLE ONLY ledger.agent
    ADD CONSTRAINT agent_pkey PRIMARY KEY (cluster);
ALTER TABLE ONLY ledger.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_job_fence_key UNIQUE (job, fence);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (attempt, step);
ALTER TABLE ONLY ledger.cutoff
    ADD CONSTRAINT cutoff_pkey PRIMARY KEY (hour_seconds, run);
ALTER TABLE ONLY ledger.cycle
    ADD CONSTRAINT cycle_pkey PRIMARY KEY (term, cycle);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_term_cycle_index_key UNIQUE (term, cycle, index);
ALTER TABLE ONLY ledger.effect
    ADD CONSTRAINT effect_pkey PRIMARY KEY (decision);
ALTER TABLE ONLY ledger.enrolment
    ADD CONSTRAINT enrolment_pkey PRIMARY KEY (node, start_seconds);
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.levy
    ADD CONSTRAINT levy_pkey PRIMARY KEY (node, start_seconds);
ALTER TABLE ONLY ledger.member_key
    ADD CONSTRAINT member_key_pkey PRIMARY KEY (member, verify_key);
ALTER TABLE ONLY ledger.member
    ADD CONSTRAINT member_login_key UNIQUE (login);
ALTER TABLE ONLY ledger.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (name);
ALTER TABLE ONLY ledger.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (cluster, name);
ALTER TABLE ONLY ledger.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (decision);
ALTER TABLE ONLY ledger.placement
    ADD CONSTRAINT placement_pkey PRIMARY KEY (decision, node);
ALTER TABLE ONLY ledger.posting
    ADD CONSTRAINT posting_pkey PRIMARY KEY (hour_seconds, run, member);
ALTER TABLE ONLY ledger.rate
    ADD CONSTRAINT rate_pkey PRIMARY KEY (subject, version);
ALTER TABLE ONLY ledger.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.slot
    ADD CONSTRAINT slot_pkey PRIMARY KEY (start_seconds, node);
ALTER TABLE ONLY ledger.slot_20261101
    ADD CONSTRAINT slot_20261101_pkey PRIMARY KEY (start_seconds, node);
ALTER TABLE ONLY ledger.term
    ADD CONSTRAINT term_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.violation
    ADD CONSTRAINT violation_pkey PRIMARY KEY (id);
CREATE INDEX attempt_live_cluster ON ledger.attempt USING btree (cluster) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE INDEX attempt_live_lease ON ledger.attempt USING btree (lease_until_seconds) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE UNIQUE INDEX attempt_one_live_a_job ON ledger.attempt USING btree (job) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE INDEX checkpoint_job_sequence_idx ON ledger.checkpoint USING btree (job, sequence);
CREATE INDEX decision_attempt_idx ON ledger.decision USING btree (attempt);
CREATE INDEX decision_job_idx ON ledger.decision USING btree (job);
CREATE INDEX decision_recorded_at_idx ON ledger.decision USING btree (recorded_at);
CREATE INDEX fact_attempt_idx ON ledger.fact USING btree (attempt);
CREATE INDEX fact_recorded_at_idx ON ledger.fact USING btree (recorded_at);
CREATE INDEX placement_attempt_idx ON ledger.placement USING btree (attempt);
CREATE INDEX slot_sequence_idx ON ONLY ledger.slot USING btree (sequence);
CREATE INDEX slot_20261101_sequence_idx ON ledger.slot_20261101 USING btree (sequence);
CREATE INDEX transfer_attempt_hour_seconds_idx ON ledger.transfer USING btree (attempt, hour_seconds);
CREATE UNIQUE INDEX transfer_one_resolution ON ledger.transfer USING btree (pending) WHERE (pending IS NOT NULL);
CREATE INDEX transfer_pending_hour ON ledger.transfer USING btree (hour_seconds) WHERE ((kind)::text = 'pending'::text);
CREATE INDEX transfer_period_sequence_idx ON ledger.transfer USING btree (period, sequence);
CREATE INDEX transfer_reverses_idx ON ledger.transfer USING btree (reverses) WHERE (reverses IS NOT NULL);
CREATE INDEX violation_recorded_at_idx ON ledger.violation USING btree (recorded_at);
ALTER INDEX ledger.slot_pkey ATTACH PARTITION ledger.slot_20261101_pkey;
ALTER INDEX ledger.slot_sequence_idx ATTACH PARTITION ledger.slot_20261101_sequence_idx;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.account FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.checkpoint FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.cutoff FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cutoff ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.cycle FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cycle ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.decision FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.decision ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.effect FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.effect ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.enrolment FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.enrolment ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.fact FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.levy FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.levy ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.member FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.member ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.member_key FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.member_key ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.placement FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.placement ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.posting FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.posting ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.rate FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.rate ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.slot FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.term FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.transfer FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.violation FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.violation ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change_here BEFORE DELETE OR UPDATE ON ledger.slot_20261101 FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot_20261101 ENABLE ALWAYS TRIGGER deny_change_here;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.account FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.attempt FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.cutoff FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cutoff ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.cycle FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cycle ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.decision FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.decision ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.effect FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.effect ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.enrolment FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.enrolment ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.fact FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.levy FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.levy ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.member FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.member ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.member_key FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.member_key ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.placement FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.placement ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.posting FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.posting ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.rate FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.rate ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.slot FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.slot_20261101 FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot_20261101 ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.term FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.violation FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.violation ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION ledger.guard_attempt();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.term FOR EACH ROW EXECUTE FUNCTION ledger.guard_term();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.checkpoint FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.cutoff FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.cutoff ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.cycle FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.cycle ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.decision FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.decision ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.effect FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.effect ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.enrolment FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.enrolment ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.fact FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.levy FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.levy ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.member FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.member ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.member_key FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.member_key ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.placement FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.placement ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.posting FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.posting ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.rate FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.rate ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.slot FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.slot ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.transfer FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER stamp;
CREATE TRIGGER stamp BEFORE INSERT ON ledger.violation FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.violation ENABLE ALWAYS TRIGGER stamp;
ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_admitted_by_fkey FOREIGN KEY (admitted_by) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_last_decision_fkey FOREIGN KEY (last_decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.attempt
    ADD CONSTRAINT attempt_stopped_by_fkey FOREIGN KEY (stopped_by) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.checkpoint
    ADD CONSTRAINT checkpoint_attempt_fkey FOREIGN KEY (attempt) REFERENCES ledger.attempt(id);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_term_cycle_fkey FOREIGN KEY (term, cycle) REFERENCES ledger.cycle(term, cycle);
ALTER TABLE ONLY ledger.effect
    ADD CONSTRAINT effect_decision_fkey FOREIGN KEY (decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.enrolment
    ADD CONSTRAINT enrolment_member_member_key_fkey FOREIGN KEY (member, member_key) REFERENCES ledger.member_key(member, verify_key);
ALTER TABLE ONLY ledger.member_key
    ADD CONSTRAINT member_key_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.outbox
    ADD CONSTRAINT outbox_decision_fkey FOREIGN KEY (decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.placement
    ADD CONSTRAINT placement_decision_fkey FOREIGN KEY (decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.posting
    ADD CONSTRAINT posting_hour_seconds_run_fkey FOREIGN KEY (hour_seconds, run) REFERENCES ledger.cutoff(hour_seconds, run);
ALTER TABLE ONLY ledger.posting
    ADD CONSTRAINT posting_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_attempt_fkey FOREIGN KEY (attempt) REFERENCES ledger.attempt(id);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_credit_fkey FOREIGN KEY (credit) REFERENCES ledger.account(name);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_debit_fkey FOREIGN KEY (debit) REFERENCES ledger.account(name);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_decision_fkey FOREIGN KEY (decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_pending_fkey FOREIGN KEY (pending) REFERENCES ledger.transfer(id);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_reverses_fkey FOREIGN KEY (reverses) REFERENCES ledger.transfer(id);
GRANT USAGE ON SCHEMA ledger TO hanse_operator;
GRANT USAGE ON SCHEMA ledger TO hanse_api;
GRANT USAGE ON SCHEMA ledger TO hanse_auditor;
GRANT USAGE ON SCHEMA ledger TO hanse_member;
REVOKE ALL ON FUNCTION ledger.add_member_key(p_member text, p_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_member_key(p_member text, p_key bytea) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.add_slot_day(p_day_seconds bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_slot_day(p_day_seconds bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.admit_all(p_term bigint, p_cycle bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.apply_cycle(p_term bigint, p_cycle bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.attempt_may(p_from text, p_to text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.await_leader() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.await_leader() TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.cap_room(p_account text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.cap_room(p_account text) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.check_corrections(p_new uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.check_resolutions(p_new uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.check_term(p_term bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.check_term(p_term bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.clock() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.clock() TO hanse_operator;
GRANT ALL ON FUNCTION ledger.clock() TO hanse_api;
GRANT ALL ON FUNCTION ledger.clock() TO hanse_auditor;
REVOKE ALL ON FUNCTION ledger.clock_seconds() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_operator;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_api;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_auditor;
REVOKE ALL ON FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.deny() FROM PUBLIC;
REVOKE ALL ON PROCEDURE ledger.deny_on(IN p_table regclass, IN p_operations text, IN p_level text, IN p_name text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, OUT granted boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, OUT granted boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.guard_attempt() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.guard_term() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.ingest_slots(p_member text, p_nodes text[], p_starts bigint[], p_bodies bytea[], p_signatures bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.ingest_slots(p_member text, p_nodes text[], p_starts bigint[], p_bodies bytea[], p_signatures bytea[]) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.lapse_leases(p_term bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.lapse_leases(p_term bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.last_checkpoints(p_attempts uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.last_checkpoints(p_attempts uuid[]) TO hanse_api;
REVOKE ALL ON PROCEDURE ledger.make_append_only(IN p_table regclass) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.move_balances(p_new uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.movements(p_transfers uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.open_account(p_name text, p_kind text, p_member text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) TO hanse_operator;
GRANT ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.record_posting(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint, p_down bigint, p_unknown bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_posting(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint, p_down bigint, p_unknown bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid, p_account text, p_amount bigint, p_detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid, p_account text, p_amount bigint, p_detail text) TO hanse_operator;
GRANT ALL ON FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid, p_account text, p_amount bigint, p_detail text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.refuse_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_what text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.register_member(p_name text, p_login text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.register_member(p_name text, p_login text) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.renew_leases(p_cluster text, p_attempts uuid[], p_fences bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.renew_leases(p_cluster text, p_attempts uuid[], p_fences bigint[]) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.report_nodes(p_cluster text, p_whole boolean, p_nodes jsonb, p_gone text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.report_nodes(p_cluster text, p_whole boolean, p_nodes jsonb, p_gone text[]) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.stamp() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.take_term(p_holder text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.take_term(p_holder text) TO hanse_operator;
GRANT SELECT ON TABLE ledger.account TO hanse_operator;
GRANT SELECT ON TABLE ledger.account TO hanse_api;
GRANT SELECT ON TABLE ledger.account TO hanse_auditor;
GRANT SELECT ON TABLE ledger.agent TO hanse_operator;
GRANT SELECT ON TABLE ledger.agent TO hanse_api;
GRANT SELECT ON TABLE ledger.agent TO hanse_auditor;
GRANT SELECT ON TABLE ledger.alembic_version TO hanse_operator;
GRANT SELECT ON TABLE ledger.alembic_version TO hanse_api;
GRANT SELECT ON TABLE ledger.alembic_version TO hanse_auditor;
GRANT SELECT ON TABLE ledger.attempt TO hanse_operator;
GRANT SELECT ON TABLE ledger.attempt TO hanse_api;
GRANT SELECT ON TABLE ledger.attempt TO hanse_auditor;
GRANT SELECT ON TABLE ledger.checkpoint TO hanse_operator;
GRANT SELECT ON TABLE ledger.checkpoint TO hanse_api;
GRANT SELECT ON TABLE ledger.checkpoint TO hanse_auditor;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_operator;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_api;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_auditor;
GRANT SELECT ON TABLE ledger.cycle TO hanse_operator;
GRANT SELECT ON TABLE ledger.cycle TO hanse_api;
GRANT SELECT ON TABLE ledger.cycle TO hanse_auditor;
GRANT SELECT ON TABLE ledger.decision TO hanse_operator;
GRANT SELECT ON TABLE ledger.decision TO hanse_api;
GRANT SELECT ON TABLE ledger.decision TO hanse_auditor;
GRANT SELECT ON TABLE ledger.effect TO hanse_operator;
GRANT SELECT ON TABLE ledger.effect TO hanse_api;
GRANT SELECT ON TABLE ledger.effect TO hanse_auditor;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_operator;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_api;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_auditor;
GRANT SELECT ON TABLE ledger.fact TO hanse_operator;
GRANT SELECT ON TABLE ledger.fact TO hanse_api;
GRANT SELECT ON TABLE ledger.fact TO hanse_auditor;
GRANT SELECT ON TABLE ledger.levy TO hanse_operator;
GRANT SELECT ON TABLE ledger.levy TO hanse_api;
GRANT SELECT ON TABLE ledger.levy TO hanse_auditor;
GRANT SELECT ON TABLE ledger.member TO hanse_operator;
GRANT SELECT ON TABLE ledger.member TO hanse_api;
GRANT SELECT ON TABLE ledger.member TO hanse_auditor;
GRANT SELECT ON TABLE ledger.member_key TO hanse_operator;
GRANT SELECT ON TABLE ledger.member_key TO hanse_api;
GRANT SELECT ON TABLE ledger.member_key TO hanse_auditor;
GRANT SELECT ON TABLE ledger.transfer TO hanse_operator;
GRANT SELECT ON TABLE ledger.transfer TO hanse_api;
GRANT SELECT ON TABLE ledger.transfer TO hanse_auditor;
GRANT SELECT ON TABLE ledger.movement TO hanse_operator;
GRANT SELECT ON TABLE ledger.movement TO hanse_api;
GRANT SELECT ON TABLE ledger.movement TO hanse_auditor;
GRANT SELECT ON TABLE ledger.node TO hanse_operator;
GRANT SELECT ON TABLE ledger.node TO hanse_api;
GRANT SELECT ON TABLE ledger.node TO hanse_auditor;
GRANT SELECT ON TABLE ledger.outbox TO hanse_operator;
GRANT SELECT ON TABLE ledger.outbox TO hanse_api;
GRANT SELECT ON TABLE ledger.outbox TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_account TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_account TO hanse_api;
GRANT SELECT ON TABLE ledger.own_account TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_account TO hanse_member;
GRANT SELECT ON TABLE ledger.own_attempt TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_attempt TO hanse_api;
GRANT SELECT ON TABLE ledger.own_attempt TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_attempt TO hanse_member;
GRANT SELECT ON TABLE ledger.own_decision TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_decision TO hanse_api;
GRANT SELECT ON TABLE ledger.own_decision TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_decision TO hanse_member;
GRANT SELECT ON TABLE ledger.posting TO hanse_operator;
GRANT SELECT ON TABLE ledger.posting TO hanse_api;
GRANT SELECT ON TABLE ledger.posting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_api;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_member;
GRANT SELECT ON TABLE ledger.slot TO hanse_operator;
GRANT SELECT ON TABLE ledger.slot TO hanse_api;
GRANT SELECT ON TABLE ledger.slot TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_api;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_member;
GRANT SELECT ON TABLE ledger.own_transfer TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_transfer TO hanse_api;
GRANT SELECT ON TABLE ledger.own_transfer TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_transfer TO hanse_member;
GRANT SELECT ON TABLE ledger.placement TO hanse_operator;
GRANT SELECT ON TABLE ledger.placement TO hanse_api;
GRANT SELECT ON TABLE ledger.placement TO hanse_auditor;
GRANT SELECT ON TABLE ledger.rate TO hanse_operator;
GRANT SELECT ON TABLE ledger.rate TO hanse_api;
GRANT SELECT ON TABLE ledger.rate TO hanse_auditor;
GRANT SELECT ON TABLE ledger.setting TO hanse_operator;
GRANT SELECT ON TABLE ledger.setting TO hanse_api;
GRANT SELECT ON TABLE ledger.setting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.term TO hanse_operator;
GRANT SELECT ON TABLE ledger.term TO hanse_api;
GRANT SELECT ON TABLE ledger.term TO hanse_auditor;
GRANT SELECT ON TABLE ledger.violation TO hanse_operator;
GRANT SELECT ON TABLE ledger.violation TO hanse_api;
GRANT SELECT ON TABLE ledger.violation TO hanse_auditor;
GRANT SELECT ON TABLE public.test_clock TO PUBLIC;
