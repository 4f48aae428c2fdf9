SET check_function_bodies = false;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA ledger;
ALTER SCHEMA ledger OWNER TO hanse_owner;
CREATE FUNCTION ledger.add_cosignatures(p_size bigint, p_keys text[], p_lines text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO cosignature (size, key, line)
    SELECT p_size, g.key, g.line FROM unnest(p_keys, p_lines) AS g (key, line) ON CONFLICT (size, key) DO NOTHING
$$;
ALTER FUNCTION ledger.add_cosignatures(p_size bigint, p_keys text[], p_lines text[]) OWNER TO hanse_owner;
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
  -- Asked of the catalogue itself: to_regclass answers from what this session remembers, which a lock does not renew.
  IF EXISTS (SELECT FROM pg_class WHERE relname = v_name AND relnamespace = 'ledger'::regnamespace) THEN
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
CREATE FUNCTION ledger.append_leaves(p_from bigint, p_sequences bigint[], p_xids text[], p_salts bytea[], p_entries bytea[], p_parts bytea[], p_root bytea, p_frontier bytea) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_size bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1751215720, 0);
  SELECT coalesce(max(size), 0) INTO v_size FROM tree_head;
  IF v_size <> p_from THEN
    RAISE EXCEPTION 'the log has % leaves, not %: another sealer is at work', v_size, p_from USING ERRCODE = 'HN005';
  END IF;
  INSERT INTO leaf (index, sequence, xid, salt, entry, parts)
    SELECT p_from + g.i - 1, g.sequence, g.xid::xid8, g.salt, g.entry, g.parts
    FROM unnest(p_sequences, p_xids, p_salts, p_entries, p_parts) WITH ORDINALITY AS g (sequence, xid, salt, entry, parts, i);
  INSERT INTO tree_head (size, root, frontier, sealed_at)
    VALUES (p_from + cardinality(p_sequences), p_root, p_frontier, clock());
  RETURN p_from + cardinality(p_sequences);
END $$;
ALTER FUNCTION ledger.append_leaves(p_from bigint, p_sequences bigint[], p_xids text[], p_salts bytea[], p_entries bytea[], p_parts bytea[], p_root bytea, p_frontier bytea) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.close_session(p_digest bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  DELETE FROM session WHERE digest = p_digest
$$;
ALTER FUNCTION ledger.close_session(p_digest bytea) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.forget_logs(p_kept bigint, p_most bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_until bigint := clock_seconds() - p_kept;
BEGIN
  DELETE FROM log_tail t USING (SELECT attempt, rank FROM log_tail WHERE stored_at_seconds < v_until
      ORDER BY stored_at_seconds LIMIT p_most FOR UPDATE SKIP LOCKED) AS old
    WHERE t.attempt = old.attempt AND t.rank = old.rank;
  DELETE FROM log_key k USING (SELECT l.attempt, l.recipient FROM log_key l JOIN attempt a ON a.id = l.attempt
      WHERE l.made_at_seconds < v_until AND a.ended_at_seconds < v_until
      AND NOT EXISTS (SELECT FROM log_tail t WHERE t.attempt = l.attempt)
      ORDER BY l.made_at_seconds LIMIT p_most FOR UPDATE OF l SKIP LOCKED) AS old
    WHERE k.attempt = old.attempt AND k.recipient = old.recipient;
END $$;
ALTER FUNCTION ledger.forget_logs(p_kept bigint, p_most bigint) OWNER TO hanse_owner;
CREATE FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid, OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
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
ALTER FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid, OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.guard_attempt() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION ledger.open_logs(p_cluster text, p_attempts uuid[], p_owner_keys bytea[], p_blinds bytea[], p_recipients bytea[]) RETURNS TABLE(attempt uuid, recipient bytea)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO log_key (attempt, owner_key, blind, recipient, made_at_seconds)
    SELECT a.id, g.owner_key, g.blind, g.recipient, clock_seconds()
    FROM unnest(p_attempts, p_owner_keys, p_blinds, p_recipients) AS g (attempt, owner_key, blind, recipient)
    JOIN attempt a ON a.id = g.attempt AND a.cluster = p_cluster ORDER BY a.id ON CONFLICT DO NOTHING;
  SELECT k.attempt, k.recipient FROM unnest(p_attempts, p_owner_keys) AS g (attempt, owner_key)
    JOIN attempt a ON a.id = g.attempt AND a.cluster = p_cluster
    JOIN log_key k ON k.attempt = g.attempt AND k.owner_key = g.owner_key;
$$;
ALTER FUNCTION ledger.open_logs(p_cluster text, p_attempts uuid[], p_owner_keys bytea[], p_blinds bytea[], p_recipients bytea[]) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.open_session(p_digest bytea, p_kind text, p_owner bytea, p_sealed bytea, p_seconds bigint, p_own bigint, p_most bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  DELETE FROM session WHERE ends_at_seconds <= clock_seconds();
  DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE owner = p_owner AND kind = p_kind
    ORDER BY ends_at_seconds DESC, digest OFFSET greatest(p_own - 1, 0));
  IF (SELECT count(*) FROM session) >= p_most THEN
    RAISE EXCEPTION 'there are % sessions already: log out somewhere, or wait until some end', p_most USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO session (digest, kind, owner, sealed, ends_at_seconds)
    VALUES (p_digest, p_kind, p_owner, p_sealed, clock_seconds() + p_seconds);
END $$;
ALTER FUNCTION ledger.open_session(p_digest bytea, p_kind text, p_owner bytea, p_sealed bytea, p_seconds bigint, p_own bigint, p_most bigint) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.read_session(p_digest bytea) RETURNS bytea
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  SELECT sealed FROM session WHERE digest = p_digest AND kind = 'session' AND ends_at_seconds > clock_seconds()
$$;
ALTER FUNCTION ledger.read_session(p_digest bytea) OWNER TO hanse_owner;
CREATE FUNCTION ledger.rebuild_rollups() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_wrong bigint;
BEGIN
  LOCK TABLE transfer IN SHARE ROW EXCLUSIVE MODE;
  SELECT count(*) INTO v_wrong FROM (
    (TABLE rollup EXCEPT TABLE summed) UNION (TABLE summed EXCEPT TABLE rollup)) AS differing;
  DELETE FROM rollup;
  INSERT INTO rollup TABLE summed;
  RETURN v_wrong;
END $$;
ALTER FUNCTION ledger.rebuild_rollups() OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.record_entitlements(p_members text[], p_classes text[], p_milli_gpus bigint[], p_milli_h100e bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_count bigint;
BEGIN
  WITH RECURSIVE given AS (
    SELECT g.member, g.class, g.gpus, g.h100e
      FROM unnest(p_members, p_classes, p_milli_gpus, p_milli_h100e) AS g (member, class, gpus, h100e) JOIN member m ON m.name = g.member),
  -- From one pair to the next by the index: there are few pairs, and in time very many rows of each.
  pair AS (
    (SELECT member, accelerator_class AS class FROM entitlement ORDER BY member, accelerator_class LIMIT 1)
    UNION ALL
    SELECT n.member, n.accelerator_class FROM pair p CROSS JOIN LATERAL (
      SELECT member, accelerator_class FROM entitlement WHERE (member, accelerator_class) > (p.member, p.class)
        ORDER BY member, accelerator_class LIMIT 1) AS n),
  latest AS (
    SELECT p.member, p.class, l.gpus, l.h100e FROM pair p CROSS JOIN LATERAL (
      SELECT milli_gpus AS gpus, milli_h100e AS h100e FROM entitlement
        WHERE member = p.member AND accelerator_class = p.class ORDER BY sequence DESC LIMIT 1) AS l),
  now_is AS (
    SELECT member, class, coalesce(g.gpus, 0) AS gpus, coalesce(g.h100e, 0) AS h100e,
           coalesce(l.gpus, 0) AS gpus_before, coalesce(l.h100e, 0) AS h100e_before
      FROM given g FULL JOIN latest l USING (member, class))
  INSERT INTO entitlement (member, accelerator_class, at_seconds, milli_gpus, milli_h100e)
    SELECT member, class, clock_seconds(), gpus, h100e FROM now_is
      WHERE (gpus, h100e) <> (gpus_before, h100e_before) ORDER BY member, class;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
ALTER FUNCTION ledger.record_entitlements(p_members text[], p_classes text[], p_milli_gpus bigint[], p_milli_h100e bigint[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  INSERT INTO fact (id, kind, at_seconds, member, cluster, node, attempt, fence, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_cluster, p_node, p_attempt, p_fence, p_account, p_amount, p_detail)
    ON CONFLICT (id) DO NOTHING
$$;
ALTER FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) OWNER TO hanse_owner;
CREATE FUNCTION ledger.record_frame(p_term bigint, p_cycle bigint, p_data bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  PERFORM check_term(p_term);
  PERFORM FROM cycle c WHERE c.term = p_term AND c.cycle = p_cycle AND c.base_snapshot = sha256(p_data)
    AND c.xid = pg_current_xact_id();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'cycle % of term % is not recorded here with the hash of this frame', p_cycle, p_term USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO frame (term, cycle, data) VALUES (p_term, p_cycle, p_data);
END $$;
ALTER FUNCTION ledger.record_frame(p_term bigint, p_cycle bigint, p_data bytea) OWNER TO hanse_owner;
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
    -- For a leader that listens, once this is committed: GPUs are free. Without anything in it, as anybody may listen.
    PERFORM pg_notify('hanse_attempt_ended', '');
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
CREATE FUNCTION ledger.roll_up() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO rollup AS r (account, period, hour_seconds, purpose, is_correction, is_own, debits, credits, transfers, digest)
    SELECT a.name, t.period, t.hour_seconds, t.purpose, t.kind = 'correction', coalesce(a.member = other.member, false),
           sum(CASE WHEN t.debit = a.name THEN t.amount ELSE 0 END), sum(CASE WHEN t.credit = a.name THEN t.amount ELSE 0 END),
           count(*), sum(('x' || left(encode(t.payload_sha256, 'hex'), 15))::bit(60)::bigint)
    FROM added t CROSS JOIN LATERAL (VALUES (t.debit, t.credit), (t.credit, t.debit)) AS sides (own, counter)
      JOIN account a ON a.name = sides.own JOIN account other ON other.name = sides.counter
    WHERE t.kind IN ('single', 'correction') GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account, period, hour_seconds, purpose, is_correction, is_own) DO UPDATE SET
      debits = r.debits + excluded.debits, credits = r.credits + excluded.credits,
      transfers = r.transfers + excluded.transfers, digest = r.digest + excluded.digest;
  RETURN NULL;
END $$;
ALTER FUNCTION ledger.roll_up() OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.sign_head(p_size bigint, p_note bytea) RETURNS bytea
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
BEGIN
  INSERT INTO signed_head (size, note) VALUES (p_size, p_note) ON CONFLICT (size) DO NOTHING;
  RETURN (SELECT note FROM signed_head WHERE size = p_size);
END $$;
ALTER FUNCTION ledger.sign_head(p_size bigint, p_note bytea) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.store_log_tails(p_cluster text, p_late bigint, p_bytes bigint, p_attempts uuid[], p_fences bigint[], p_ranks bigint[], p_recipients bytea[], p_sealed bytea[]) RETURNS boolean[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_now bigint := clock_seconds();
  v_taken boolean[] := ARRAY[]::boolean[];
  v_others bigint;
  v_attempt uuid;
BEGIN
  FOR v_attempt IN SELECT DISTINCT g.id FROM unnest(p_attempts) AS g (id) ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(v_attempt::text, 0));
  END LOOP;
  FOR i IN 1 .. cardinality(p_attempts) LOOP
    PERFORM FROM attempt a JOIN log_key k ON k.attempt = a.id AND k.recipient = p_recipients[i]
      WHERE a.id = p_attempts[i] AND a.cluster = p_cluster AND a.fence = p_fences[i] AND a.granted_at_seconds IS NOT NULL
      AND coalesce(a.ended_at_seconds, v_now) > v_now - p_late;
    IF FOUND THEN
      SELECT coalesce(sum(octet_length(sealed)), 0) INTO v_others FROM log_tail
        WHERE attempt = p_attempts[i] AND rank <> p_ranks[i];
    END IF;
    IF NOT FOUND OR v_others + octet_length(p_sealed[i]) > p_bytes THEN
      v_taken := v_taken || false;
      CONTINUE;
    END IF;
    INSERT INTO log_tail (attempt, rank, recipient, sealed, version, stored_at_seconds)
      VALUES (p_attempts[i], p_ranks[i], p_recipients[i], p_sealed[i], greatest(v_now * 1000,
        (SELECT 1 + max(version) FROM log_tail WHERE attempt = p_attempts[i])), v_now)
      ON CONFLICT (attempt, rank) DO UPDATE SET recipient = excluded.recipient, sealed = excluded.sealed,
        version = excluded.version, stored_at_seconds = excluded.stored_at_seconds;
    v_taken := v_taken || true;
  END LOOP;
  RETURN v_taken;
END $$;
ALTER FUNCTION ledger.store_log_tails(p_cluster text, p_late bigint, p_bytes bigint, p_attempts uuid[], p_fences bigint[], p_ranks bigint[], p_recipients bytea[], p_sealed bytea[]) OWNER TO hanse_owner;
CREATE FUNCTION ledger.take_code(p_digest bytea) RETURNS bytea
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
  DELETE FROM session WHERE digest = p_digest AND kind = 'code' AND ends_at_seconds > clock_seconds() RETURNING sealed
$$;
ALTER FUNCTION ledger.take_code(p_digest bytea) OWNER TO hanse_owner;
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
CREATE FUNCTION ledger.trim_logs(p_bytes bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'ledger', 'pg_temp'
    AS $$
DECLARE
  v_count bigint;
BEGIN
  WITH summed AS (
    SELECT t.attempt, t.rank, t.version, sum(octet_length(t.sealed))
        OVER (PARTITION BY a.cluster ORDER BY t.stored_at_seconds DESC, t.version DESC, t.attempt, t.rank) AS bytes
    FROM log_tail t JOIN attempt a ON a.id = t.attempt),
  old AS (
    SELECT t.attempt, t.rank FROM log_tail t JOIN summed s USING (attempt, rank)
    WHERE s.bytes > p_bytes AND t.version = s.version FOR UPDATE OF t SKIP LOCKED)
  DELETE FROM log_tail t USING old WHERE t.attempt = old.attempt AND t.rank = old.rank;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
ALTER FUNCTION ledger.trim_logs(p_bytes bigint) OWNER TO hanse_owner;
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
    granted_to uuid,
    CONSTRAINT attempt_ended_check CHECK ((((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[])) = (ended_at_seconds IS NULL))),
    CONSTRAINT attempt_granted_check CHECK (((granted_at_seconds IS NULL) = (lease_until_seconds IS NULL))),
    CONSTRAINT attempt_granted_to_check CHECK (((granted_to IS NULL) OR (granted_at_seconds IS NOT NULL))),
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
CREATE TABLE ledger.cosignature (
    size bigint NOT NULL,
    key character varying NOT NULL,
    line character varying NOT NULL
);
ALTER TABLE ledger.cosignature OWNER TO hanse_owner;
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
CREATE TABLE ledger.entitlement (
    member character varying NOT NULL,
    accelerator_class character varying NOT NULL,
    sequence bigint NOT NULL,
    at_seconds bigint NOT NULL,
    milli_gpus bigint NOT NULL,
    milli_h100e bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL,
    CONSTRAINT entitlement_milli_gpus_check CHECK ((milli_gpus >= 0)),
    CONSTRAINT entitlement_milli_h100e_check CHECK ((milli_h100e >= 0))
);
ALTER TABLE ledger.entitlement OWNER TO hanse_owner;
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
CREATE TABLE ledger.frame (
    term bigint NOT NULL,
    cycle bigint NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY ledger.frame ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE ledger.frame OWNER TO hanse_owner;
CREATE TABLE ledger.leaf (
    index bigint NOT NULL,
    sequence bigint NOT NULL,
    xid xid8 NOT NULL,
    salt bytea NOT NULL,
    entry bytea NOT NULL,
    parts bytea,
    CONSTRAINT leaf_entry_check CHECK ((octet_length(entry) = 32)),
    CONSTRAINT leaf_parts_check CHECK (((octet_length(parts) % 32) = 0)),
    CONSTRAINT leaf_salt_check CHECK ((octet_length(salt) = 32))
);
ALTER TABLE ledger.leaf OWNER TO hanse_owner;
CREATE TABLE ledger.levy (
    node character varying NOT NULL,
    start_seconds bigint NOT NULL,
    levied boolean NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    xid xid8 NOT NULL
);
ALTER TABLE ledger.levy OWNER TO hanse_owner;
CREATE TABLE ledger.log_key (
    attempt uuid NOT NULL,
    recipient bytea NOT NULL,
    owner_key bytea NOT NULL,
    blind bytea NOT NULL,
    made_at_seconds bigint NOT NULL,
    CONSTRAINT log_key_blind_check CHECK ((octet_length(blind) = 32)),
    CONSTRAINT log_key_recipient_check CHECK ((octet_length(recipient) = 32))
);
ALTER TABLE ledger.log_key OWNER TO hanse_owner;
CREATE TABLE ledger.log_tail (
    attempt uuid NOT NULL,
    rank bigint NOT NULL,
    recipient bytea NOT NULL,
    sealed bytea NOT NULL,
    version bigint NOT NULL,
    stored_at_seconds bigint NOT NULL
);
ALTER TABLE ledger.log_tail OWNER TO hanse_owner;
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
    a.ended_at_seconds,
    a.granted_to
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
CREATE VIEW ledger.own_entitlement WITH (security_barrier='true') AS
 SELECT e.accelerator_class,
    e.at_seconds,
    e.milli_gpus,
    e.milli_h100e,
    e.recorded_at
   FROM (ledger.entitlement e
     JOIN ledger.member m ON (((m.name)::text = (e.member)::text)))
  WHERE ((m.login)::text = CURRENT_USER);
ALTER VIEW ledger.own_entitlement OWNER TO hanse_owner;
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
CREATE VIEW ledger.own_leaf WITH (security_barrier='true') AS
 WITH own(file, part, sequence, said) AS (
         SELECT 'slots'::text AS "?column?",
            NULL::integer AS int4,
            s.sequence,
            jsonb_build_object('sequence', s.sequence, 'recorded', ((EXTRACT(epoch FROM s.recorded_at) * (1000000)::numeric))::bigint, 'member', s.member, 'body', (convert_from(s.body, 'UTF8'::name))::jsonb, 'signature', encode(s.signature, 'hex'::text)) AS jsonb_build_object
           FROM (ledger.slot s
             JOIN ledger.member m ON (((m.name)::text = (s.member)::text)))
          WHERE ((m.login)::text = CURRENT_USER)
        UNION ALL
         SELECT 'postings'::text,
            NULL::integer,
            p.sequence,
            jsonb_build_object('sequence', p.sequence, 'recorded', ((EXTRACT(epoch FROM p.recorded_at) * (1000000)::numeric))::bigint, 'run', p.run, 'member', p.member, 'used', p.used, 'idle', p.idle, 'down', p.down, 'unknown', p.unknown, 'hour', p.hour_seconds) AS jsonb_build_object
           FROM (ledger.posting p
             JOIN ledger.member m ON (((m.name)::text = (p.member)::text)))
          WHERE ((m.login)::text = CURRENT_USER)
        UNION ALL
         SELECT 'decisions'::text,
            1,
            d.sequence,
            jsonb_strip_nulls(jsonb_build_object('recorded', ((EXTRACT(epoch FROM d.recorded_at) * (1000000)::numeric))::bigint, 'id', d.id, 'term', d.term, 'cycle', d.cycle, 'index', d.index, 'kind', d.kind, 'effect', d.effect, 'verdict', d.verdict, 'reason', d.reason, 'job', d.job, 'attempt', d.attempt, 'fence', d.fence)) AS jsonb_strip_nulls
           FROM (ledger.decision d
             JOIN ledger.member m ON (((m.name)::text = (d.member)::text)))
          WHERE ((m.login)::text = CURRENT_USER)
        UNION ALL
         SELECT 'transfers'::text,
            sides.part,
            t.sequence,
            jsonb_strip_nulls(jsonb_build_object('recorded', ((EXTRACT(epoch FROM t.recorded_at) * (1000000)::numeric))::bigint, 'kind', t.kind, 'purpose', t.purpose, 'amount', t.amount, 'hour', t.hour_seconds, 'period', t.period, 'run', t.run, 'attempt', t.attempt, 'side', sides.side, 'account', a.name)) AS jsonb_strip_nulls
           FROM (((ledger.transfer t
             CROSS JOIN LATERAL ( VALUES (1,'debit'::text,t.debit), (2,'credit'::text,t.credit)) sides(part, side, account))
             JOIN ledger.account a ON (((a.name)::text = (sides.account)::text)))
             JOIN ledger.member m ON (((m.name)::text = (a.member)::text)))
          WHERE ((m.login)::text = CURRENT_USER)
        )
 SELECT l.index,
    own.file,
    own.part,
    own.said,
        CASE
            WHEN (own.part IS NULL) THEN l.salt
            ELSE sha256((('\x68616e73652e6465762f73616c742f76310a'::bytea || l.salt) || set_byte('\x00'::bytea, 0, own.part)))
        END AS salt,
    l.parts
   FROM (own
     JOIN ledger.leaf l ON ((l.sequence = own.sequence)));
ALTER VIEW ledger.own_leaf OWNER TO hanse_owner;
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
 SELECT t.kind,
    t.purpose,
    a.name AS account,
    sides.side,
    t.amount,
    t.hour_seconds,
    t.period,
    t.run,
    t.attempt,
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
CREATE TABLE ledger.rollup (
    account character varying NOT NULL,
    period character varying NOT NULL,
    hour_seconds bigint NOT NULL,
    purpose character varying NOT NULL,
    is_correction boolean NOT NULL,
    is_own boolean NOT NULL,
    debits numeric NOT NULL,
    credits numeric NOT NULL,
    transfers bigint NOT NULL,
    digest numeric NOT NULL
);
ALTER TABLE ledger.rollup OWNER TO hanse_owner;
CREATE TABLE ledger.session (
    digest bytea NOT NULL,
    kind character varying NOT NULL,
    owner bytea NOT NULL,
    sealed bytea NOT NULL,
    ends_at_seconds bigint NOT NULL,
    CONSTRAINT session_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT session_kind_check CHECK (((kind)::text = ANY ((ARRAY['code'::character varying, 'session'::character varying])::text[]))),
    CONSTRAINT session_owner_check CHECK ((octet_length(owner) = 32)),
    CONSTRAINT session_sealed_check CHECK ((octet_length(sealed) <= 32768))
);
ALTER TABLE ledger.session OWNER TO hanse_owner;
CREATE TABLE ledger.setting (
    id bigint NOT NULL,
    slot_seconds bigint NOT NULL,
    slot_grace_seconds bigint NOT NULL,
    CONSTRAINT setting_grace_check CHECK ((slot_grace_seconds >= 0)),
    CONSTRAINT setting_one_row_check CHECK ((id = 1)),
    CONSTRAINT setting_whole_slots_an_hour_check CHECK (((slot_seconds > 0) AND (((3600)::bigint % slot_seconds) = 0)))
);
ALTER TABLE ledger.setting OWNER TO hanse_owner;
CREATE TABLE ledger.signed_head (
    size bigint NOT NULL,
    note bytea NOT NULL
);
ALTER TABLE ledger.signed_head OWNER TO hanse_owner;
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
CREATE VIEW ledger.summed AS
 SELECT a.name AS account,
    t.period,
    t.hour_seconds,
    t.purpose,
    ((t.kind)::text = 'correction'::text) AS is_correction,
    COALESCE(((a.member)::text = (other.member)::text), false) AS is_own,
    sum(
        CASE
            WHEN ((t.debit)::text = (a.name)::text) THEN t.amount
            ELSE (0)::bigint
        END) AS debits,
    sum(
        CASE
            WHEN ((t.credit)::text = (a.name)::text) THEN t.amount
            ELSE (0)::bigint
        END) AS credits,
    count(*) AS transfers,
    sum(((('x'::text || "left"(encode(t.payload_sha256, 'hex'::text), 15)))::bit(60))::bigint) AS digest
   FROM (((ledger.transfer t
     CROSS JOIN LATERAL ( VALUES (t.debit,t.credit), (t.credit,t.debit)) sides(own, counter))
     JOIN ledger.account a ON (((a.name)::text = (sides.own)::text)))
     JOIN ledger.account other ON (((other.name)::text = (sides.counter)::text)))
  WHERE ((t.kind)::text = ANY ((ARRAY['single'::character varying, 'correction'::character varying])::text[]))
  GROUP BY a.name, t.period, t.hour_seconds, t.purpose, ((t.kind)::text = 'correction'::text), COALESCE(((a.member)::text = (other.member)::text), false);
ALTER VIEW ledger.summed OWNER TO hanse_owner;
CREATE TABLE ledger.term (
    id bigint NOT NULL,
    term bigint NOT NULL,
    holder character varying NOT NULL,
    CONSTRAINT term_one_row_check CHECK ((id = 1))
);
ALTER TABLE ledger.term OWNER TO hanse_owner;
CREATE TABLE ledger.tree_head (
    size bigint NOT NULL,
    root bytea NOT NULL,
    frontier bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT tree_head_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT tree_head_size_check CHECK ((size > 0))
);
ALTER TABLE ledger.tree_head OWNER TO hanse_owner;
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
	('0010');
INSERT INTO ledger.attempt VALUES
	('2a41be33-7c93-5742-b69b-a3d4130250d3', '7d48d95a-d85b-4d1f-9019-e39eff0ee13f', 1, 'tencent', 'tencent-cluster', 'h100-80g', 'bf16', 'spot', 1000, 700, 60, 30, '7e02a385-009c-5369-bd33-ce0cd02bf419', NULL, '7e02a385-009c-5369-bd33-ce0cd02bf419', 'leased', NULL, 1793491200, 1793496661, NULL, '00000000-0000-0000-0000-000000000007'),
	('aaa6fce8-5696-585c-b438-cb6d44a59116', 'c1e892ed-4bc9-4093-82d0-b53f737850c4', 1, 'tencent', 'alibaba-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', '62bd17bf-f468-5a85-9bdb-5001767b45d7', '62bd17bf-f468-5a85-9bdb-5001767b45d7', 'released', NULL, 1793491200, 1793491261, 1793496660, '00000000-0000-0000-0000-000000000007'),
	('19221e74-5b17-5cdc-94bc-b82111afa6e6', 'f8bd1ffb-e84a-41dd-94cd-f1ba6a6e027a', 1, 'alibaba', 'alibaba-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, '0fd98b23-4bca-59ba-a973-6f9a685b6c50', NULL, '0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'leased', NULL, 1793496660, 1793496721, NULL, '00000000-0000-0000-0000-000000000007'),
	('dc65bf70-e79c-5194-a65d-185ef2df5ed2', '298e1a59-d03d-4277-8f7a-f81d8081d16e', 1, 'tencent', 'tencent-cluster', 'h100-80g', 'bf16', 'standard', 1000, 1200, 60, 30, 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'leased', NULL, 1793509200, 1793509261, NULL, '00000000-0000-0000-0000-000000000007');
INSERT INTO ledger.cutoff VALUES
	(1793491200, 0, 23, '\xd5c426d6f040502695e2ad3013ed3899681d6091cb3e457d0a58229fb9b0aebf', 82, '2026-11-01 02:16:40+00', '803'),
	(1793494800, 0, 23, '\xa87d435d0935ac77e359932501041d26e2e69ca7bbab6f2df60f13d709c953f0', 95, '2026-11-01 02:16:40+00', '806'),
	(1793491200, 1, 24, '\xde451655f071bc8999702828962a43c1d1685d04ddbe98cd1ac5abb2c4fe3445', 105, '2026-11-01 02:16:40+00', '810');
INSERT INTO ledger.cycle VALUES
	(1, 1, 1793491200, 3, '\x162d878cc34c117347f163384865d97ca7977300d29eb2189a9b38dd982d1268', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 13, '2026-11-01 00:00:00+00', '786'),
	(1, 2, 1793496600, 2, '\x959f5de5089756da6582a3b9f86d3c1c02ed5808b796cbc76d439d314f91a4ff', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 26, '2026-11-01 01:30:00+00', '792'),
	(1, 3, 1793509200, 1, '\xd3b59f7b6cb1fbd0d761a2050b01255ee3023d223649c3bf45522a511409152e', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000', 114, '2026-11-01 05:00:00+00', '817');
INSERT INTO ledger.decision VALUES
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 1, 1, 0, 'Admit', 'admit', 'Admitted', 'Covered', 'c1e892ed-4bc9-4093-82d0-b53f737850c4', 'tencent', 'aaa6fce8-5696-585c-b438-cb6d44a59116', 1, '\x7b22617474656d7074223a2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2266756e64696e67223a5b7b22636170223a226d6f6e7468222c226365696c696e67223a31343530303030302c22656e64223a313739333439383430302c2272617465223a323030302c227374617274223a313739333439313230302c2277696e646f775374617274223a313739333439313230307d5d2c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2263316538393265642d346263392d343039332d383264302d623533663733373835306334222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b22616c69626162612d6e6f6465223a323030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\x101e26d0f420e097aeb47c043cd359a9e9fee54abfb9eda49f83206e78ec640b', 14, '2026-11-01 00:00:00+00', '786'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 1, 1, 1, 'Admit', 'admit', 'Admitted', 'Covered', '7d48d95a-d85b-4d1f-9019-e39eff0ee13f', 'tencent', '2a41be33-7c93-5742-b69b-a3d4130250d3', 1, '\x7b22617474656d7074223a2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2267726163655365636f6e6473223a33302c22696e646578223a312c226a6f62223a2237643438643935612d643835622d346431662d393031392d653339656666306565313366222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b2274656e63656e742d6e6f6465223a313030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a2273706f74222c227469657254686f7573616e64746873223a3730302c2276223a312c2276657264696374223a2241646d6974746564227d', '\xf231446a5b06062bc54cee78e18256b75a7f5ebc580f7b20b94619a0fdba1158', 15, '2026-11-01 00:00:00+00', '786'),
	('b0c061d4-6ba2-5546-8c77-d3a1534b4555', 1, 1, 2, 'Reject', 'none', 'Waits', 'WaitingForQuota', NULL, 'alibaba', NULL, NULL, '\x7b226379636c65223a312c2264657461696c223a7b7d2c22656666656374223a226e6f6e65222c22696e646578223a322c226b696e64223a2252656a656374222c226d656d626572223a22616c6962616261222c22726561736f6e223a2257616974696e67466f7251756f7461222c227465726d223a312c2276223a312c2276657264696374223a225761697473227d', '\xaf7cb79f352619355ef5c381f41fcd5adc1cfc50ecb3b9973f97cbfa67b18bc7', 16, '2026-11-01 00:00:00+00', '786'),
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 1, 2, 0, 'Admit', 'admit', 'Admitted', 'Covered', 'f8bd1ffb-e84a-41dd-94cd-f1ba6a6e027a', 'alibaba', '19221e74-5b17-5cdc-94bc-b82111afa6e6', 1, '\x7b22617474656d7074223a2231393232316537342d356231372d356364632d393462632d623832313131616661366536222c22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c226379636c65223a322c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2266386264316666622d653834612d343164642d393463642d663162613661366530323761222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a22616c6962616261222c226d696c6c694831303065223a313030302c226e6f646573223a7b22616c69626162612d6e6f6465223a323030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a312c226c6162656c223a22484f4d45222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\x55c7c54649d9aa248cff8e081b54cdca51f8304ea257e9224d9bc0a0979d19f8', 27, '2026-11-01 01:30:00+00', '792'),
	('62bd17bf-f468-5a85-9bdb-5001767b45d7', 1, 2, 1, 'Preempt', 'stop', 'Stopped', 'Preempted', 'c1e892ed-4bc9-4093-82d0-b53f737850c4', 'tencent', 'aaa6fce8-5696-585c-b438-cb6d44a59116', 1, '\x7b22617474656d7074223a2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c226361757365223a2230666439386232332d346263612d353962612d613937332d366639613638356236633530222c226379636c65223a322c2264657461696c223a7b226c6f73744770755365636f6e6473223a313830307d2c22656666656374223a2273746f70222c2266656e6365223a312c22696e646578223a312c226a6f62223a2263316538393265642d346263392d343039332d383264302d623533663733373835306334222c226b696e64223a22507265656d7074222c226d656d626572223a2274656e63656e74222c22726561736f6e223a22507265656d70746564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2276223a312c2276657264696374223a2253746f70706564227d', '\xa2c76ff4e8e2f59a33eccbbceba17c851e6d217a8bb0720bad4bf3f3fd8ce6ea', 28, '2026-11-01 01:30:00+00', '792'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 1, 3, 0, 'Admit', 'admit', 'Admitted', 'Covered', '298e1a59-d03d-4277-8f7a-f81d8081d16e', 'tencent', 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 1, '\x7b22617474656d7074223a2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c226379636c65223a332c2264657461696c223a7b7d2c22656666656374223a2261646d6974222c2266656e6365223a312c2266756e64696e67223a5b7b22636170223a226d6f6e7468222c226365696c696e67223a35383030303030302c22656e64223a313739333533383030302c2272617465223a313230302c227374617274223a313739333530393230302c2277696e646f775374617274223a313739333439313230307d5d2c2267726163655365636f6e6473223a33302c22696e646578223a302c226a6f62223a2232393865316135392d643033642d343237372d386637612d663831643830383164313665222c226b696e64223a2241646d6974222c226c656173655365636f6e6473223a36302c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f646573223a7b2274656e63656e742d6e6f6465223a313030307d2c22707265636973696f6e223a2262663136222c22726561736f6e223a22436f7665726564222c22737472656e677468223a7b22636f766572223a302c226c6162656c223a2241574159222c227469657252616e6b223a31307d2c227465726d223a312c2274696572223a227374616e64617264222c227469657254686f7573616e64746873223a313230302c2276223a312c2276657264696374223a2241646d6974746564227d', '\x000cc9816aa93a2adfde173d9047f9d36dfd33d30d2ecf6e8dfee4c7d20c0987', 115, '2026-11-01 05:00:00+00', '817');
INSERT INTO ledger.effect VALUES
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'done', '', 32, '2026-11-01 01:31:00+00', '796'),
	('62bd17bf-f468-5a85-9bdb-5001767b45d7', 'done', '', 33, '2026-11-01 01:31:00+00', '796'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 'done', '', 34, '2026-11-01 01:31:00+00', '796'),
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 'done', '', 35, '2026-11-01 01:31:00+00', '796'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'done', '', 127, '2026-11-01 05:00:00+00', '819');
INSERT INTO ledger.enrolment VALUES
	('alibaba-node', 1793491200, 'alibaba', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '\x7b22636c617373223a22683130302d383067222c22636c7573746572223a22616c69626162612d636c7573746572222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226b6579223a2265613461366336336532396335323061626566353530376231333265633566393935343737366165626562653762393234323165656136393134343664323263222c226d656d626572223a22616c6962616261222c226d696c6c694831303065223a313030302c226e6f6465223a22616c69626162612d6e6f6465222c227374617274223a313739333439313230302c2276223a317d', '\xeb005cdc0e4002fabf38b6a2f32c379c5fd8943cfaa79d016e0a71932a920e95', '\xfcee2ecbb07d769ba2fc2306d3458d3c29fd604ed28b0688e198c8c88c9c54f819123efd59fc3d39a5c34bcdc27adaa935dc158507181fc2422cef2ef6ba6d03', 3, '2026-11-01 00:00:00+00', '778'),
	('tencent-node', 1793491200, 'tencent', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '\x7b22636c617373223a22683130302d383067222c22636c7573746572223a2274656e63656e742d636c7573746572222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226b6579223a2265613461366336336532396335323061626566353530376231333265633566393935343737366165626562653762393234323165656136393134343664323263222c226d656d626572223a2274656e63656e74222c226d696c6c694831303065223a313030302c226e6f6465223a2274656e63656e742d6e6f6465222c227374617274223a313739333439313230302c2276223a317d', '\xfb07eb8a74a659b2192452eec502b74d143e5597422c0ea86699d847038eb0f3', '\xdaaecb651250124275de967f10ee2737fb97d0ac715353354ffe92089c1990eb13ae3b51fe1659f69808b7ff383d246329529b3a36a51fa28008037ca3e2760a', 6, '2026-11-01 00:00:00+00', '780');
INSERT INTO ledger.entitlement VALUES
	('alibaba', 'h100-80g', 11, 1793491200, 8000, 8000, '2026-11-01 00:00:00+00', '785'),
	('tencent', 'h100-80g', 12, 1793491200, 8000, 8000, '2026-11-01 00:00:00+00', '785'),
	('tencent', 'h100-80g', 24, 1793496600, 0, 0, '2026-11-01 01:30:00+00', '790');
INSERT INTO ledger.fact VALUES
	('e840d9d8-c041-48ce-92ee-e559883418e8', 'TermTaken', 1793491200, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'leader-0', 10, '2026-11-01 00:00:00+00', '784'),
	('a848e8f5-0f73-415f-93cb-94160375355a', 'CapSet', 1793491200, 'tencent', NULL, NULL, NULL, NULL, 'tencent/cap/month/1793491200', 14500000, '', 19, '2026-11-01 00:00:00+00', '786'),
	('9c0ab4e2-af9c-4610-a73f-2c7839f83c85', 'LeaseGranted', 1793491200, NULL, 'alibaba-cluster', NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', 1, NULL, NULL, '', 22, '2026-11-01 00:00:00+00', '787'),
	('b079d15f-f107-4669-ba85-0bfd418f1c6f', 'LeaseGranted', 1793491200, NULL, 'tencent-cluster', NULL, '2a41be33-7c93-5742-b69b-a3d4130250d3', 1, NULL, NULL, '', 23, '2026-11-01 00:00:00+00', '788'),
	('6c79a537-b981-e25a-aab4-eb12cf0a0bb9', 'LeaseRefused', 1793496600, NULL, 'tencent-cluster', NULL, '2a41be33-7c93-5742-b69b-a3d4130250d3', 7, NULL, NULL, 'renew: another fence', 25, '2026-11-01 01:30:00+00', '791'),
	('875b78e5-5cf3-48ba-8138-2a729c698f08', 'LeaseReleased', 1793496660, NULL, 'alibaba-cluster', NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', 1, NULL, NULL, 'preempted', 30, '2026-11-01 01:31:00+00', '794'),
	('f31865ad-44e3-4e68-9a3d-014ae7dd5bac', 'LeaseGranted', 1793496660, NULL, 'alibaba-cluster', NULL, '19221e74-5b17-5cdc-94bc-b82111afa6e6', 1, NULL, NULL, '', 31, '2026-11-01 01:31:00+00', '795'),
	('297941ba-528a-582c-acf9-1c27311cb8b0', 'Credit', 1793498400, 'alibaba', NULL, NULL, NULL, NULL, NULL, -11194058, '{"counted":"815"}', 112, '2026-11-01 02:16:40+00', '815'),
	('407950bf-2be6-541e-8a10-ddc89d25e764', 'Credit', 1793498400, 'tencent', NULL, NULL, NULL, NULL, NULL, 11194058, '{"counted":"815"}', 113, '2026-11-01 02:16:40+00', '815'),
	('a7022059-fe87-4c23-9a80-bf836c58b5ed', 'CapSet', 1793509200, 'tencent', NULL, NULL, NULL, NULL, 'tencent/cap/month/1793491200', 58000000, '', 117, '2026-11-01 05:00:00+00', '817'),
	('80cad003-d836-43c5-8441-68cf93d28053', 'LeaseGranted', 1793509200, NULL, 'tencent-cluster', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 1, NULL, NULL, '', 126, '2026-11-01 05:00:00+00', '818');
INSERT INTO ledger.leaf VALUES
	(0, 1, '777', '\x5d4f5ea4a0eec6e7c9a03efbac526102ee251a32520e7b22ba3542c589d93140', '\xf5956ac8618b7132ad06f959edb8445dd4f693fdc10c908519daf2e7ad8ddd99', NULL),
	(1, 2, '777', '\xd1a23fd9bca02bd854fb3f32b4300216fcd01cc6da1a965a6be458ed85674a46', '\xfef380d4bdb9de759e0c637186170de6c12b67581df6e2b33ddbd597f57fc3a7', NULL),
	(2, 3, '778', '\x86636cdd176bf4b5680b627bdf65f073a9ba0a28389c32979fd0f9b90c1744d6', '\x501f01254b5300ac2aaf8d926a73f32f69396520c197c6076dc34d083795c850', NULL),
	(3, 4, '779', '\xaa7de63c43cc13aaf084022f05f5950927b508d394fc8f4f5fae4d263762b7f2', '\x5573efefd4dead79459396230aef8148c7343d51f40fd1accde494584b950797', NULL),
	(4, 5, '779', '\x164692370c0a284ce140381fd04fc1aa0cddcead6a034e8982357c39510e15f1', '\xa0941df1c1e2851002527cd4424b4964fac75fcedda58a51f6b8055fddb84d13', NULL),
	(5, 6, '780', '\xf42a4f5aa97292be8073d95ca6aeab940aebd21607114dcadc3e01f58e8dec32', '\x7634d83c6ecbf4d9285f88360d05cfbf95c9cff2650de7457e1ca761704bc4bd', NULL),
	(6, 7, '781', '\x16052b53e5322b76158c7b5bbd059c9caefadcbd2128dd3c2517259fcafc487a', '\xde6cd8293c9fdb7d9db4b83d33a90595c59a342afa877b9f9e09be701217391e', NULL),
	(7, 8, '782', '\x3a73cb947355adbf446c756c6e49a01654ea4272525bca8b3c0161f510e60f5b', '\x393ec50f943bb0355ebbfc23458bb89e9f11c49107ccfde81737722bbf8e5ff2', NULL),
	(8, 9, '783', '\x03010180f7f44eff80e41ed134afb63d12cb1491b50630a22d52d223feb5f870', '\x9e426bbd770c8bbe765c42f75f2ecc0c80930fc6d12b04bfc0671311a77a629d', NULL),
	(9, 10, '784', '\xa75f122f930325a48f2295e432575fa10a9304a271f7edd9028ac5172d2617f2', '\x34fde8192d481132f1c29df2a52b12b162b665ed6c7811582d011a66cde92c62', NULL),
	(10, 11, '785', '\x4ee305343066bd8799bb2db4feb5f5a524d66f9ba9ee5be7adb5d0c09d81ef44', '\x45ab567b893f9a026f65dfd0bc4b3f8acbd8dffde00598591561b4cded226309', NULL),
	(11, 12, '785', '\xe79c7816556d1db6058236d287cc6947489a218e2b1d2bd283bf4f1010742f97', '\x3a8c25779d0ad4252aa1d54f66b328f3772a8c04e9fc40cbdd311625dae83365', NULL),
	(12, 13, '786', '\xa1c1e38827aef6c137db05ade3d21e9b211bdeaa83d2ddba129f7fdee3caac85', '\xee7aaf00ee2592914b7e52a17e1d18904b2a40790adcc10b70edda990b6df503', NULL),
	(13, 14, '786', '\xb9fc4069cdcd2637c9e6573e8c8004242ec4680426b64824a0378ed2ae2df764', '\x45c18ab9295c7b9d3e1e6830a32211cd3a5cc2eb9a17c6d7588b18ea2fe61296', '\xb3a865c75e386d930fbc640c5fcc3bf59f445088d41f39b4af5fdbd391b471f9b6722c8aeb8d89e4adea427a99e287fda943c3c69de418ad7ec966f8842e905e'),
	(14, 15, '786', '\xf274235dafd6fdf792c9471acfe2f18c9bf6c8cc3ce091f9e2ae2886b3150aa5', '\x45651298e7811bb58419fed477a632ef85281f6d61f5ddb13ac133b3f477ad2f', '\x7e36b1c9746b573698cd75428d1f55d22e1b2bad1307b93df029088410d5092048f15d056ac5ac2d39d37c34c80918b86914a4cf68d0725a4dc2a9f665fc18ad'),
	(15, 16, '786', '\x99912173c2582ab5c857985a1f800e5728ecc77a3317bf2bcfb5428fc52513ff', '\xb53de5943533242891298ffca78701c408a4376d931f55b74145866b9d4efcef', '\xb5545e4407d958c481b8d5ce4941bdfee224bcc6c00883e956ef19212811b1f2d116157d78dc3116bf111d93ebe866b663dcb78c2a0d149d5635285bb66990df'),
	(16, 19, '786', '\x36c619c8bb38403571a45efe7cebc5b7435f1916f2b1b7d7bff7d65b957c4cda', '\x54731f2aba146626d96546c70c25e1965d558534624d5d8f164f8ba504fcb1c8', NULL),
	(17, 20, '786', '\xf6a9d1a18f4c3c36473cb4eb62ec458a44544f930f6e2d0e181f355695733549', '\xc454fde2446de991d9eda9e4d46c88b2a39f8edb8b885042aeaea61f77e224ba', '\x6c02f7648b0f4f7959ce1165bbe93e81d37892f29a307db22334ac9893372b5aa2a668f78a63dfb5774fa39c40dcd16e30fe40c65bf1dc538b4e9100d2e05634f3498a94a8cb19888255787ba35b6fa5e3d9a937db4a97c0d8d4a17bb7570896'),
	(18, 21, '786', '\xff92e0a56f7ff864e1090c176652b82d0104fd1184644c7d73970737ed648973', '\x27254a47b647d55edfb019e405a693bdcf1c46516c13b44197819468478c63f0', '\x7a673cdfe64fff123d7eb8873f864e6331dfce1eeabcfa95a41a7f1bb6bee980b506ce7f7c9c952bce3c9cf27653f85d0303dbe72b8f9b9a030f61e221ccf5bd664adcf0ee32891461df3dea6b6378ca134ae50b6e9d3073e752bbbd7e5a6ee3'),
	(19, 22, '787', '\x2f77d351e55c43c9745bf1480f86eabdf10903dc6661833e0e2d0c6ee0cd68d5', '\xfa31d1150d38725e331eecaa8bf71273bff00f3c256691431c52b3e8400e7110', NULL),
	(20, 23, '788', '\x8fbbb8903db5e35dfd1337baf03ecc944202a728d39db0dceea7e448483231a2', '\xded054fb5933ea6e9cca1b638be27e7bfe3c5c282cfe1ed11fe3a684048bf036', NULL),
	(21, 24, '790', '\x85586d500c1f77127c4931471391fda4c1f79a3e5a5578593895790b093103b5', '\x5377d3bb9963a48235ec401789078095857781826f338de31999d159b09aa1ba', NULL),
	(22, 25, '791', '\xb1a93f6d07ab3a474ec0ffda60e11dcb75ef3b172cb4638dec8cb663caa770ba', '\x502ba3082921286d931ea29517130a415799d5e93ce50a6744651dffd77024e5', NULL),
	(23, 26, '792', '\x9145f2b9e094677baee310c13b27f7ee6265cf154ead1ca4731175ffbc5581c6', '\x9caf67bb538751a63eee5f729989f9c0977bfdb2baa4efeafb36df20312bcf21', NULL),
	(24, 27, '792', '\xd12568107312cc200885ba49afe628b18fd7065224e2330fd6ffe539bb836fc8', '\x5c70974c0154943d156aa90a6731612a02ea2acd32146dad11442d347c2aab49', '\x91945d6d3436ea5bd45ae317feb0badce0b0a4c7c227101bbc35cfa583082e7c74ee90d6bb09858a2206b7685d4cc401cac3afa87b10888def01dfa5b482082c'),
	(25, 28, '792', '\xe5181468be1d1ed8bcad1abac1b2c3092a850c6791882e3b8ab7940b4f66d5e9', '\x460990498f2370a6049ca5aa43d2a1c621f1b31d2b44f65b410d52448107c2a8', '\x734370a10d6a7838fa7b6c8bd3d9735261b5f73d0f6900e74109b500bc2c71e8dff3a9de13ac6f4acd65243459bd246c9cc4c70f8af989780f00f4f7afbbee7a'),
	(26, 30, '794', '\x6679885d909e603f53ca6d503c1517436e52598efb0f1040e2d4284a14fab32e', '\x5a48e94813a8ef0a6d02a169be72f6efa110f8c46935e950583e69a68adfdf6b', NULL),
	(27, 31, '795', '\x1b892d96c6140a4e49a2ffdf8120d240cfc0f64c75db56b2f901ff3332ace5b3', '\xaf772900b8e3caaee26b383ddd3449a01253e908a8f41ea351915ae59bcd5404', NULL),
	(28, 32, '796', '\xa2fe4762f4e5f4f755e9dbe878da8116bc7f1c149a4f5565c4042f04c72a6d0d', '\x964b177f35902011497b8ec6f30ca838efcd75da834bcb7fc43ed726c8d61318', NULL),
	(29, 33, '796', '\xa876ccb7513631d6d92a567cebd199b18abe34e78c7ca3b920141954aed62963', '\xf2fa80a180104b96f211a351e9b316e1257067cde7f0686df47e1e189c558528', NULL),
	(30, 34, '796', '\xb6d0a65d3616e45893ff514f5b95c21b8f0d70c1f632ec02ccc1861716943a41', '\xa47ec32288036cccadca01dabfd5ccaddf939a9522197e277a036764f8198d11', NULL),
	(31, 35, '796', '\x0f49ab7f9c4288cde47f702d6ef1ebc478b9394a309f681f3e0abad557c2f944', '\xefe0d920dc7f98a2d5f8e1e166c1152353eb922c1628867c224d3a4e9584cebb', NULL),
	(32, 36, '798', '\xbbbb54bef1d2af368ffc5307ab6bc8eb9c23623674c3fb1f8f970cc86edbc0c5', '\x86d079ac2d5c339c44b75e5753a61e84fc0a0c019823d97a1ff8e79202547229', NULL),
	(33, 37, '798', '\x8accc535898a029db91d52753237cd52b28f238db2b4427c7134f90318de2570', '\xa6405fcd3752315d85b22e344cb3b624445086e30a166b2cd42d99a36cd8b3f8', NULL),
	(34, 38, '798', '\x51bd616479b009676a57ef58a49cff3b2fb13131f1294607aad2cd24f0cf6b93', '\x20726dee406b674f3d5aaf11be7926125223c938e465401675b11d510601432d', NULL),
	(35, 39, '798', '\x4fbcc80acbde21388bf63c986ec3973929d44f337aa1749826333ae594cd26dc', '\x695b49da938bc216318adbb7f0c0f024b110fede545a58e83574bec0b66a6322', NULL),
	(36, 40, '798', '\xc1d658bccde3fc04b42a39644d548daa1b7a48debf4d92b9f6abb287db9bf7dd', '\x7d1a935019016179bbfdeeb31f461822228399ced3a087c1c5ab68fb788037e7', NULL),
	(37, 41, '798', '\x164c034ed1a9f7818e56e7b949c74572782fce695aea2100b040c01f25b30dee', '\xa04cc158f852ffca0236347a1e646e18791118730da2c819c8cbb22666497657', NULL),
	(38, 42, '798', '\x0d4e9efcfdcbdb76057ca86ce2b566c9d3f42d5c4bfb59132ba1e96222982687', '\x7715a056016ca13582524e0ccb8a147c46ea9ce144638e7ad05d058ad03231d5', NULL),
	(39, 43, '798', '\x0c2431df900955745b12c063cc9b177f21900b1178df8aaca1e314678a697367', '\xe9b705101e1478a7dce6c9885db6966f871bf46ec07cd82e8ed3dfdec58701b8', NULL),
	(40, 44, '798', '\xb925b7737ae94e3d35baa7400209c9de027136a453939fa0875de1878b17be77', '\x62aac22995581ead9ad0c7d2eb6e2cacbac748ad3d0720837de80cb11a90c0af', NULL),
	(41, 45, '798', '\x4b7cea9654df2d80c5261a13ff95356fc237c4a3c38c005dcec54714f474b6b5', '\x79f636bd222815a0da55fc26f49f515c9d6786bd02f65be54dd4ed38a93b0bd0', NULL),
	(42, 46, '798', '\xfe2f61371bf6a1616ac10107e830848c96c7be209a281739893daa1c19e4b62a', '\xf3237dc1da75ceda3fba5dd6934b2d9f0750c704abbdb95eedf32e11c8e07f17', NULL),
	(43, 47, '798', '\xcfd94478a030260c83e791d0dd4427a3aab7d4d34bbe117b8d88e0ce710c9f86', '\x61139e0e53fd365b90ea93a7e5125f4d1a766cb754ab07d25dc7a1722d410821', NULL),
	(44, 48, '799', '\x58c1eb0ec7532d27bccdf7d6382a7c95a1bf97397c24ddc174d2d24c1322edfd', '\x9c877a0a285563d9f227d216ab60d66502f298465d7f999a2d8be4f9adc93cae', NULL),
	(45, 49, '799', '\xc7713257329ed44a0d98744e6a2ccc3dae8dfc845bedb5fb7485fe5a2f08d059', '\xccad24a862806c31997fb7e2083b9893b577b3b26fdf5e09244c190eba5c0d11', NULL),
	(46, 50, '799', '\x4f61c3310fea955b040796e5cdf2b76fb784c551e0db343ed38810c063a04e4f', '\xa10b5e6e47345819eb1056bc1c8ce0b01105fe4725b4c046993d3fff45f5b521', NULL),
	(47, 51, '799', '\x90f5ae94baa7bc574a57f42acaf716d5d1e8c9486ecda126de49e0c9095af4da', '\xc6f7bf070a8506a78b99a52127a919da6a377ccdfd051dd11a588f75f74ef2c8', NULL),
	(48, 52, '799', '\xc756ff21e18e30e1da2ab8c6794bdcfd053bf11c23bed7c8b7e4ae13ee5595c7', '\xef77c5148bbdbf9e516f149435dcec6fc43d73404a03816182a67243cecdb420', NULL),
	(49, 53, '799', '\x0491d0eb2a851ce135a2314824618e88e8a94f26d8976e804e16b2165b014a36', '\xe7654fdddad6e2dddd566b8741e65bfbcf95072b83d6cccb52478855caf1e454', NULL),
	(50, 54, '799', '\x1fda31fa4c047cbab733ae60704159d08ff09c4be2e7f2d83cda2706a3f52437', '\x3ec71d81c839727876cc87775cd765abe0031c44c1f19d1a65a90de26b245373', NULL),
	(51, 55, '799', '\x472e5c2409288bab1a2a7404bc984ddc1a39478caef3efb22fd592d2fa733484', '\x0ff46e13266bdaa8f297056efc01d32443c59587d3f16ee8704350b26e353329', NULL),
	(52, 56, '799', '\x2fc89ea99f3a43df5d7fe511b91488195747de8d066c36d6d97422a083cee355', '\xcfd0396b4bdfc36eee00787afba24bc289ac407f92ce05cea08c22ddf8740803', NULL),
	(53, 57, '799', '\x0d89428da933caa80b8a25ddcdb32fb1718a62e72764e2f4906544d26e2e6476', '\x68ac30b59b09cda72e85e1303b05917017f21de6606a2dcc01e0cdb2c41d8d37', NULL),
	(54, 58, '799', '\x332d3df47794848d35044cda2c7749d7eacf37c5d87a9390b2d37f34ce167419', '\x58fd94a3d9c2542445739d32d4c52d8a195636fd76ab41f736d512d29f78bad2', NULL),
	(55, 59, '800', '\x431a03db3d38b5a2e815b393956273852cdf91d7049a059117473cbb0a02ed8b', '\xacfaabc69631e8bccc670628d39eeaaaeba20ca6951f67a1f7d0d26dc45a0ea2', NULL),
	(56, 60, '800', '\x8a6222973e334c2d6956c538d84e3e17ca74862f3fb8940254143ace4ec58587', '\x21b3210848f1b4f3b93f3be4caac822e0aafe29162152aad6eafa8a702616520', NULL),
	(57, 61, '800', '\xe0103b6fd00cf8b950d9773ec3c30db9e1a445539677b585dfa8febb511563c6', '\x94abe498bcf48af5bac908d8d5df1de7d4eae2351a6c953b91acd63c4b7f43c9', NULL),
	(58, 62, '800', '\xd4857952a7cb13053b5f05cf80cb4e45e399bf4bfcc370e7ebc0ffce45d9cccf', '\x47094acf7683cc56bdd0e98bcffc67ae72cd95e0bcae3f4265840f80717ddeff', NULL),
	(59, 63, '800', '\xf2c52ccd62c16bed850a89ba06d6cc84ce6133c20edd853e869d3b402fd7aef3', '\xf62dcd76bf06496114939ba98255cee27c85921a9c6046c1e7b3429e2b764328', NULL),
	(60, 64, '800', '\x6b23852e0786b461ecceb9eae4345541efaa252524d37ec97728770c8d40708a', '\x69bc5e65e5ffdd4f71a62aa42542982fcef65153ab33506ea49af14834e12684', NULL),
	(61, 65, '800', '\x17ac7d3974afd77510075da6a059cb264e32ab436ca19425851af9804e20de8d', '\x6834946fb811e614e2336999b513f90d5e25f3a0f21dd7829c8906ccc5e94925', NULL),
	(62, 66, '801', '\xfdae67bdb7f4bde57b652e0abf28735c688cb20c1a691f5c8574deb062655956', '\x7f549a28f2e2076a3dff50a660594da6797ff2e703868446186546807b16f564', NULL),
	(63, 67, '801', '\x2a9e4bab35c8ae0f96840fbd8af8da18513da93b3490e032ccfa00576ee970ed', '\x6b2b0bdfa4695e99232cea31f1c01068ddcd14bb7097db072a69d48dcafb05ca', NULL),
	(64, 68, '801', '\x1965d896b8163c4816ee1bc3814832cfc17e3bc32fbcf97b37fe81700ea928a2', '\x321fa57fa90eb1895faefaf7faeb4db53afae967c6d95f15ccd12dcdb77d919a', NULL),
	(65, 69, '801', '\xbbdef95c1bab48e13b3ad279c752f79658c822702b0e8b6c63764a2634b4cc14', '\xedf9705e0b38599f73a60385bb63c0d47846a2d7a97c3ee13ef31081536c701b', NULL),
	(66, 70, '802', '\x35bf6a6cf37b1012c3a53298896d412fd9c9b8d3b7ee5a73a4d04d26b9df38eb', '\x603915e31b12309061989f7e559bb6720164fc3518e8b2e9a11e8ae55df5bca6', NULL),
	(67, 71, '802', '\x2b7b0d61b719f22bb7a82fbcd17b8cb3e7a9dfc3d6d94aed1b79cbb952e04935', '\x1345885ff31ed0de87503f2d0af6dd06561b33651ac0b2b735e3bffe34b78576', NULL),
	(68, 72, '802', '\xd61de301d5e947791e4566b2af5d3c03ba10fad15290d03876663052c22c2de2', '\xe39c5d49cb6112764e03bccb994dfee3e7c1e51e04dcf934173dcd41727b3f32', NULL),
	(69, 73, '802', '\xed7f7fdfc554c260303628e4b00eb884f5105238416602b0a4287713c8c30353', '\x95799b0c67ddd77ca2f09fec35a260576a32285b710bdc7b9699c3aa64598a3d', NULL),
	(70, 74, '802', '\x6d9d69a17870085a28518f2d5888d26d94b30964de9abbedaab6a0a6f39227f8', '\x37c8e57ce0f3038159ee6a65cf3335a07e96b198ad43dd69e8a7fff85446bd92', NULL),
	(71, 75, '802', '\x9db94936c15df634b56026c20790cca0aea6ed8252ba021dba78f77d239fc2b8', '\x3c582d6f97a8aa1b619784cb3fc50da334f8c0b763f01f1b7996a66273055e74', NULL),
	(72, 76, '802', '\x69e7537610544d69e8a530b11ab1c9500c7f1dad3fa759e122a3d99be3ff66cc', '\x0f86932caf19395082782f1ab267db5457a983128ca7073d21c1c273cfc625b7', NULL),
	(73, 77, '802', '\x70132a3f13c413f3973a6a3e28cff9b9c33e619b05d78128eb0603e8bd792d4e', '\xeb45179971653dfb11464b3254a016085fd089146092d869b0cf5cb7b4246772', NULL),
	(74, 78, '802', '\xf2f8538401f153100663da193844b9d08fb55a23c5f39e2dff2d3ecc76226170', '\x787ab6c869e396deffb9afd6a3152a0c976199962ce35e65742690dbd035ad56', NULL),
	(75, 79, '802', '\x59903add8d2c78a4dcf10746de3440122d3bcd56bcae2cea3af6152a60bcb83c', '\xe0a0b91a311373e85af6553afdc0e877e2ef58ebacc7a32c0d84d3d6ea4b1bd4', NULL),
	(76, 80, '802', '\x041003f28fecf819daf69bef122d5bb9f470ca45fd06f953ad125cc26967683f', '\x32b96ebefe79a4f2a927d1370244f3853a57bc2e456e72d31731e70cd848fc33', NULL),
	(77, 81, '802', '\x7db9647542e322464a60f729930184f3cce4c6fac0db4f1bc8f0373987aba6ba', '\xc3f1eb93ad3fc50608471cb980de2af193fbdb6519f55d4e54b421da23644cdb', NULL),
	(78, 82, '803', '\x12ba18e79b2577fd59794c9f6f03799b89fab938db7e5ac29558b4a2d482e22d', '\xa87f7fb44873acbb1a9022cc57b26882f2ff046104ee80c9840f443682d534c4', NULL),
	(79, 83, '804', '\x0ebb2de3ec503c8a9b21c909af82736a4467a66064b9fa94d56bcbbc533a06df', '\xfd61517216ea79dfc20068330d473748bebee058baef5ef864c8bb3498fc7003', NULL),
	(80, 84, '804', '\x8755340e43eba5d6d82afd8a14f576caa86a68ead4a8653247f2e2d831268b32', '\x747b496c73b289da7329bc49e9a4d4f4cea676f0abed94982510fb5a85675575', '\x50956c9f4f4b35898ef7d513992cea46d7caac9b5f424a287cfdcca26134f434a11959e43b6788cef1b2fa040b427d4d7e42f1efb1c975c709a18f16e61c0e10434aa3639fdb452f95f5b871077a9bcf93d2a6191587e43649ba9bb554033651'),
	(81, 85, '805', '\x6e61cab98d626950b0ae0312d4b1e7a78a432a99cd951f3b91f3461cf7ef177b', '\xbb8c47ff1e5c1cc33e5c05d4805b560fb18c8bae6d5f3102ee486fe0fd6a4c45', NULL),
	(82, 86, '805', '\xf7549b9142ed18586d7751b60cce429190a6434dc1e83e9272749711fe94ca27', '\x7877906fa6ecfc7e702f87f0bc357d94d4778816722441868ea7b3d09862fd5a', NULL),
	(83, 87, '805', '\xcf59e871e2c11f341014cce05ac9ab2e11eec3bb37b91bbfef87f074c1313ebb', '\xcb3ecb735c4b8a45e335e785811dcbe61d1f333afe1c0a2e5a88b4e8605deece', '\x5b6e7cbacd496b7859d86cc410d5079938499eaaddc18a0b1f419fe3789d623fead03f6d5810f0cbdc2d225450471507a48cf856128ca3a9efad3e7c6d8a81f51e98b7fa4568dcab8c284d91f49e50bd0d92fa9755d4bfedce873d6b3314da89'),
	(84, 88, '805', '\x2c168406708138c3b66d381415732653dc3ca805e22eb244896a083fd2e54fe1', '\xcd082b2f3a1f2040046cd476117d03914ddb859d2ecc51ed97190ae19221c261', '\x355e1b4f1ce4eccaa877f7427336a38304a408b07efbd4a3622d0dc72c7cbb82d81491c9f97833863bf302b4e4e766a2f3710ce8e079503d7f6b1ebcb46d39c34082ad22814ba27019a147c4ca84d37c0dac24335a272d085cf4cc8704afe1fb'),
	(85, 89, '805', '\xbabd12d5b420da3a82440d2e3e7ec72612b30a3d854dabc321e754ac5267ba53', '\xfeeae0260fff07d6cc5eb6f7a04ba53d038cc3a63e3d206d1fd2a0051c1d3756', '\x897f437601f726bf8dcf1825181d493523939d157b620c1bd4f7b47ade49da4e7db590a55dcb7098918dcc143dcf30fba5191b32b44c80d8543fcc6dc4068fa21f8c9ef3e4d27ee0f3d5cab38736d219e1a91129f153d917dfd003d728826a42'),
	(86, 90, '805', '\xf5839a0bcc7539c540903056a6fa385c08fbc1f396a5ce4a2ff2e9312fe3e9e9', '\xeb38c6a345d6c531f50343a902374eaf519d27a4ce8930c3fe4a1da63aa70a36', '\xc785514a273f880f9a86c7a2b27aaa17c66e1b5ebac4b0a17f595d4f284225e44ee07fbfc9178dd7b169a5a2b5b76f39eede76ee218399721ae29e22eafcd5e40a5d1d7e993fbfbc98acb7748ecd94f3b6434dfe87fac43332e42eab4951f885'),
	(87, 91, '805', '\xabc5476686668775647f4ca7d6c6efda214b77dc9bc69522a67f1e5f32bb7ff4', '\x14594770c3ec7a5695d0ea0076fe15fe2b9bd83b8ca66572927ae98e374cc8cd', '\x0d141b2fb542e03b301f5a19e8a05abe7b66265e41b242032008ac6ab399898ffc17d11c2c5145c78f017996e0d7764a4470aa1301357c929d7c5c9c35bf2cd7cf0bc545e4d32c3e1b76296d1248c9cf0ad6494ebb5efae5b4d79369289c6e8b'),
	(88, 92, '805', '\x57adfcca7fbabf90ed07e0adda5334662536517e9280eee3399cafd795ab8639', '\x4912addcfd8a4a12deb48cacaca5ba3ffb66566d89d3c052927caeebfb08426e', '\xa3440365d70c4e34248b51f6bca0aa836b99252ae1a6bd89ed88ec3425c21399fb870d730cc15ebb07da5fb56096cba6cf5451ce925d91a031b7e2c8e5fde0012a21472b537e139812b976dc1e06824236ab61e55ff4d8c40d04e8c71d668705'),
	(89, 93, '805', '\x265e33119a91bd60f7f5479509d85a33375728d6010907033b9e4b6c81696096', '\x13d789464c9f241096e4dc1ee5ce6c097ed4f27d60d4ad12ab0553c238b87441', '\xb8cc87e8ddb1bf0a08c0ccae8a5664f8009757967e6dd758f3116facd232409739a4c03c8632cde1d1a329e6d6f0273f8832509b33dba786028df3b66eabe8c9cc6434bf3e71d75277be6406dd4b910e0ac03fafc17b09b4c50589ffa66ae126'),
	(90, 94, '805', '\x2851ac32ae72e49b2147033c4fa138b19ce86f5815baa31891e131ab83f8bddb', '\x5a32f694dc2b619067e06068fd3380131465129ae0f2dacd6d3d0bc0d3e43696', '\x02f70d8cca0837d2a0c311a9e1e55c0b230cb7bb4c17b79ad12ad846f92407e298f790a592c8f5c72fcd302c0213ef1b4082a8727330d9f0ffc6ed8f30a8a690ed64657d5123eccdef9df5e4b7fe6d12f5a7fcdd67004304733b38fe3e62eefa'),
	(91, 95, '806', '\xbc6e2239474f08657d364b0ebd029d8a1451dfac14fd2420955a045f42017cf6', '\xd7fde04b317eda3f3264c3a1be680d1a2837ca805d503b46e88c525ea8ddd42e', NULL),
	(92, 96, '807', '\x79152a1596d46230acd49a755a7bab5fcbbc364da0ccbbd2c4b119421f95aad9', '\xaf62b6437014a8a8b1961932a4ece81fe07cf4c890e9955055d89def41ba1ffd', NULL),
	(93, 97, '807', '\x3f890e3595c1305c5767e837421d8f8d3be8a25661bc5d3869e48a3d9169d05e', '\xdd2f71cf789549d6d81ab360a6416189e665fe81b8d473889ce9f6ab5c1ed775', '\x545db5a1087488522684ee773e4c7011b34235d1c44b99a3b2ec49c9e826b755dfe0e4ca8c8f92d102be3c7c59ca6c503e6689c6d368febbc051923113806a7ff488c4bc9c3ad729b28f1a00a362cd2c319989eff4767bc7141f4ae2f663d1ff'),
	(94, 98, '807', '\x982db97b6964fc6688c0b293aff65911cca1764e07312fe9e111237989726728', '\x6ffa0a93938b78bc25e40a10dcf6e32b250fb81a626db2a8a0959a2b55859012', '\x26bbfe50640b6fc2b0e8723778a4ddbbdfa595aaae7199d9408c070066cf63a781be49632064fa3438a8d86d13d74c246f071a0b808a003e06b5ee60975384c5e7213be3a373c7b1c673b3157b6d2a4648d0b655868cd9946b0d799b1099655e'),
	(95, 99, '807', '\x3204a416620ab8ff26486bf869b73705a5857050d707fcb51f48b2ba24248fd3', '\x8d8e97affc60642bfdfec8ba07e8ad4cfa0071f4101b19d82e6086a319a91557', '\x8b0f98830bf4a1fe0402fbabcf1c736819982838b92acb4d7e37029eb5d4672a88c3101f4ebf4cb06e40125505ff977af8f9578b1dc5d1d5a48607d9a24f787ef7b353d583fbc11d139d2eaae1942c1a2e1f6d0a71c03b15da36d5d8be2e285e'),
	(96, 100, '808', '\xc1fe89599ac98f1fe782966f33dde6ba667ceec98dfb7775d728d295db162404', '\x04990450d1d7e4b4d6a3ca7fe306852717d1c52471e4db7e5037095c13a1102a', NULL),
	(97, 101, '808', '\x0bb58c796b5e6679913eb1c761717cee2b6a38d03ed5b94b13d832b18d593be3', '\xf1a1de277fb1e4d6b5e574e475d02131ff19622e291d1d016f03dbfafd52d97d', '\x1626cc7048be0c16462c02f04a012d745b416b3005f5582a1f36bf4524ff42efd189bf5d2a7a07634c1a25ae755b958ddf82a4fd12f7fc9ea79f2f2bc482c53b5c122d5e116d2bf1f54966ddecaa998392209eeb7d4d79d45e46d9468c30fded'),
	(98, 102, '808', '\xc976dfd3f832f2ee773aea9cd3a6d58106ac36ba3e27221b6ff4b45910da365b', '\xfa67f67d770993d8a19b448c2c38ea8fff330d22a3b5fd8e52c450958634cc2e', '\x3d23bf7546c1ea49e40587e14a9acdf67232dea298066932f15f926e77fd4c8b9f135908f3ba1c966398612df0f9b5e781345cde451d98530d3a29952f54f891eae72cb0edb384f1f660504a6a3eaac65a1cef175c7464d73fde477c16087184'),
	(99, 103, '808', '\xde6c22b36f50719a12b6783869dc4122b574d5b54a1f323a3d498a5f2b0be19d', '\x8e022b2018ca7e88b6f81a76d61076fbc107d691bd3dc0b07dc390fea4e300e3', '\x13b97d3abba41cb4734d5aa35e1ff01afb425db2fbc3ece63b17a982f33735778969927b822b11444553841e910807a1114e793b42754c6b4b41035284949549960490e5b8f56865b74179e1739d7800b6e68d748910c3edb2df55477e8c5bde');
INSERT INTO ledger.leaf VALUES
	(100, 104, '809', '\x9ce5656adcb6a9d81ef5cc99cc97bc0c83f33e8db616728876b5c87c06681ab6', '\xaf7ca0096882e7afef72b8c2fb04432fa84a060c6460a5f15f07c71a1758a2d8', NULL),
	(101, 105, '810', '\x7b5028aa3aae920ff9f29d4577a79e164cc0f90393aa520224a0bb61de52e80a', '\xf050f6f43804ee32235ccec353ca02a94c3fb6787e0a8b87cb93b5a63549e0d3', NULL),
	(102, 106, '811', '\x951b1278a2ec30a2bcfef7d6d137783614f679911d51b73a2410b93620ab1630', '\xf67eab2f25e5443a9888b4a2b9a5f3135fb1bc8bbf3e204e0248b35c77f473fa', NULL),
	(103, 107, '812', '\x60b54e23b743fe7cf5567117ca1d682e092dcd7dadb07fb80c45cad21301aec5', '\x11ea6d9dd8cac3f5e4521a1ceaebcf26548dd5aa5e35da48fae8358c8aec2443', NULL),
	(104, 108, '812', '\xc2bf43894e4b25daa5291ddbc0091980afa797f9622322c6fcfa0617d61a3261', '\x624f86bbb9deee2ba923a53fbc4a4533db8cf410451a59d1958f3b0e9057a598', '\x4a4cb367cd31db764457f829356f5d08b10575840bf68171f1ef5c0983f48e87b130ced47be73c20cce2fd0217927819e03d126cfe4d754d9c11417a6383deef6155749e8ae086b2d3d982857096627548e8a11c333961ce5c560d8abd6b5bcc'),
	(105, 109, '812', '\x9a435373cc73c2773683eb7004ec90c690bac0664b72072a8db9ab1202f5e750', '\x538b022cc4ba1bca9ecaf21240c8177dc1fb58e3218ac7c3a50f66bcd15126f6', '\x20651726256b3bc14435ac53b228a6b0a2fd19681bddd7fc41b2e832c680390b85a9c63467e6807a0e21e90b233fb0d03b9de867eca2e45e3e95773d05fbb3e672afbb0e28dcf8971e544e1f32b64bae58c3b2af2161756eecdc56bb6de3f98c'),
	(106, 110, '812', '\xb4e0484910065d6e1c7515bb170837b46eef8fa5b345bbfd5ee9f83ebb2e4a7b', '\x2982ce86cb17969c9d086d0c672c0617cbbe17ee5837b412740b1b1ef5de58f4', '\xcf38e68b252954fb46f3a656ae721317eb14325ff8b37b234d1c58c66205be6cf89f3837443db402fb8a0afae7bd90eb9b33d5e04191949d9f28b81fe98c35a25ad5776fc3f4287d261822ad25ed7544a656fc6714f99bf1653df6936f85255f'),
	(107, 111, '814', '\x6c425bdda8f89d59951b190952226e57cb7fb294a43619e27ca22f07aab72149', '\x2714504fa5a10e328bfb0b31fc306442868fef4334eff59490a26dbf019383ac', '\xd64eb5ab94485686c68f07ec69394d8cac4353eabd87b42e7131128bad91d13bf526f7218ff9fb888556603491ca9b502eae7f9f662aa3ffc7fba18fa2adba6385de7d4e558c0d65a145a3237856cb6e1af2c17889e3beaef6e6972313617c4d'),
	(108, 112, '815', '\x1921d6eff0b79bb524daace5ec2dc7c5a282d3132a966eebad2471da77d0c467', '\x644a27c8159c48dbcd499ceb6ce88d2f298a1e16909cbdf00dcf8cda6198ceb2', NULL),
	(109, 113, '815', '\x60267a6f27d3ed67a1a0000bdade71c34a9260819e40b52cc3ee6ec686dbd34e', '\x71bfee7d76db048a1397996b0a772b430b707cfdb5e27a62c93dce6593d9a0bf', NULL),
	(110, 114, '817', '\x93c6bbab57982501caa2a59c100645bca0c9999205e57a0aa21b1d98431bf61f', '\x38fbf159fd43e760f3d8bf948c703aafeae89abede25af8745db0bf16c0b2548', NULL),
	(111, 115, '817', '\x91d93287365368f938c49c5d1337bcf2985b62f521fc453ec18beb4418e56945', '\x5ae67dd0abed08493afde3ffc0b6e44fa379f387ef90f6feb17356775f09ea67', '\xdcdebeb7f0ca89d5df234cdc4efa66bebd577fda01d99d0113af53862d01102e93a420b9655842e62e206e61f98d65b9b7b8911c75bb9a903846e76fa969ac31'),
	(112, 117, '817', '\x22890b481b3a9d7172b74eda6babc7db0d980856ebf91c1c61677e3cb56fb232', '\x3b5d9daad4be09d38863d4e8aee53e3d0852b9b719a413c9a8a276129cef3dec', NULL),
	(113, 118, '817', '\x0b52f9023e1c7d73a10deedd406a12be34a01c11372c9ef483137f16c08da0b3', '\x724e9f9f2d22d91d7ea93d24608605bf70984461c07c75c19e9ef11080e5ddd8', '\x1ad5a93272167d77185fa56f1398f87219a7a7bc53ae052475e486d47cb39fb8011226265ee40a4e34f9648da47b5060058cc970a025b6a1380b4d40a11565aff2ed046d526af2ee545b56e67582b50e1c58d46352e1b658f1566afedd907522'),
	(114, 119, '817', '\x7e318ecf3e07d0eba3194061c8e8a385903e9edc55cdaa3ea01308529d7d413e', '\xd32db9d612bdaa1c06c4d13bca5c3b7f72869c5e603277ba8522709bf278da3c', '\x5f79dbed59c1746258da23e55994bab09812a957c280f6c88b55bb03d56641735454c66cde66ab94b32747e8befcede15f8c5115e14fbb23f44fc6bca1ecd164144995d0093813e7beb075542356e7a519feee5e2dfa3bf13cdc0787c4596f65'),
	(115, 120, '817', '\xdbac79b350067ef86da90a9d86e460930e1cac19bdc8e54b435c6153fb12cda8', '\xf1abc05d3223a45b9daa616e8dbc290587c86a0d4471f17bebdc3a8d12c36c0c', '\x6e16469e5ba6c10d8e107c907acd58d25c347ef1a38706d0a2766957459e7fdf34349d3f3341aa65ec3c406b4d8f5abdf1ea9f25661257c04039b00b176009d85e8cd47bfe8d2b8a00ef14d592977c94e4a5afe23d422a3de6f9e37d80f3aad4'),
	(116, 121, '817', '\x20466745e448a69d7a31c7c0d985f730890c6a612d813931703155a6fbab1ac0', '\x9374a4a9b700839ffa0319d4682a778f8e5aa394602c52658627f45f63c5838d', '\xd962ecad96cae15fce6bcd6aca705c45d54d6d70fc4d166d8914f529cd416615081b6ecd98662e6288c9027200dc0954893f7cd23eb8aa6b3d0a40ff5a46c6fad17a0855b608871bd62fbe85550b6ecbb695a0e9daffa8d4fe3e709b176afb83'),
	(117, 122, '817', '\x9723a3a712bfa035a1882ed049fd23ec946505f401c3f875741c6fb524cca5b9', '\x2d3196e4097b69cb88f413426eea9b02a89b1d00ce75ea628cdec52a00afd233', '\x662fa69be742e898eb079e69d8bfe8b711b5b30e552a1f8ac5cbfcae25e3c348e1971f199bdd6a7235656166f0376fc725505675dfd3350d6258037a34112802f7c7e1eeee86164334826bd124ce4e6835fb5fc1872e4a94200216e6fd54cf07'),
	(118, 123, '817', '\x9747969af4dcb989e21ef5b04aa99d730b5700589c19a9a6ad1f5d8f28531f23', '\x8b4786eaa70a551d35707a27ccefd382c1fa1e65b1bc6f81738fa3f69aff96d3', '\x247b78fc7ac5f36dcb12a8db7975e05682aea13ed75cfef31ba7a6f69cd9b50adba6b9fd26206a75d156d77cae77d643662a2a2d08de88b5bd5c6416d2ae656a94e4bb0a0f50f2dd29c7364131b984f7a807f7f6771ab856cd3ec5f3231ad954'),
	(119, 124, '817', '\x62c8fce96115f19f8fa3c9e130d8412f370f515754982b499a14e984e76fc6d1', '\xfa0624cc6adcf22392b574d6e92fbbd70300797c53e6af1a82642634318aa3f9', '\xbf1171c9086a6964c1ae4ca484368e10df1a72ecae33924eec60e00733fd92df694a81d28e372c519d1674d52fc615fd6f8b7099d965db37fb3a9170772fa6719bdee08c4db001170353b345a3f11294df8635734593772a1f42c19fb4c858e2'),
	(120, 125, '817', '\x93f37d54b2f0f46347f983b1a82095190c924c0280279e78c9b9dcb8f04203d9', '\x91ddf40a8e123cf0549949bfc77935945748279833563ebbd0457c03f110c439', '\x73e1e548290cd82255137acb1ceac5c7d190f4c8d634a4654937eab1f610b09ce92d9570c4d6832ba2657bc1ca0c67fb7fb3d1a1124a34f9965994e130933f16bac034f5461d1b43ba70b02026b54e0ca4842d237e89e6f3549f475d841a9fe9'),
	(121, 126, '818', '\xb359ebc2605c120ec4978ace4fda0d4cd7ad740a24e9f36a68a55c57b6effebd', '\xa2435d1669fb3b4b8992ba4b3d9129cc58166344fe2384e9c790bf50ac74009c', NULL),
	(122, 127, '819', '\xf74899683f897c1027bcc7a0c27a236cac10b9b4f92b64760206733b3a86047c', '\x7f539cdef6a1938644084feef106f5a4c3c792dd1c5a39f763148b1397059579', NULL),
	(123, 128, '821', '\x050ab3eebeb06b2fd6b1a8b5b75e3bada7e5a7e12705f4df3265fbd69dba65cd', '\x9fd795906d34c702adf7efecda5ab6d792549acaa2004bebfc53643ce205d118', NULL),
	(124, 129, '821', '\x3cf04717b8d3e84f59fe44557a3eeebbd04467b7b06af7851d0c008557af359b', '\x0f06c555e52d13e6a138071be1c1073c2cc2ec8538b2309454e73875189f5a8d', NULL),
	(125, 130, '821', '\xb07f681fb5bdf89d951e3a879dc4b2f137f49db0231a19abd0b2446cbfe54d42', '\x8cd1902db2d88441bf4dd65768d2fd285cea734b995da5888daff7a62942211c', NULL),
	(126, 131, '821', '\xd3f2f02ce90883a5bd67d63872f093d102161a6553911ff989091e8f45c0cf62', '\x9f7f75a27bb566b82362018a5e23c4fbf455d415f033bf237487d1b529e5c874', NULL),
	(127, 132, '821', '\x5448c929837df5ae72bf086f94da251a40e453a51ccfe9f72a8df165f9f4c2ab', '\x5a0f14824fb159974eb3c2417f68c2c45c44472f4bd935e5a98dc1206b6cb004', NULL),
	(128, 133, '821', '\xf2aedf8dc3e7e1fdaf2e462ed8130e466d62b731394129c5630ecdcba1b5f9df', '\x0b0082bf3661d3a207a5fb83ed08bb5e6cf0d5af9168d2f821adde32167eaba0', NULL),
	(129, 134, '821', '\x1c392e15206f6b9b224021df396574368344a43d7ba754e8fa80bf0bf1de3042', '\x796f085fc3075de3d508532a0f7e7108fb73eec2b3b59e005ed1ef5508fbe8d9', NULL),
	(130, 135, '821', '\xedc5a033c8db3ddb887a31c0efddd989b81358c32e9ce29e1a1cfa3a0ebcb791', '\x38270aa1124ec354be3fc146144f414dea7803e16b75527a94acffd623ad6fe1', NULL),
	(131, 136, '821', '\x650c5131a541f24b05142debf6c2ea89935ae0eddc51b0f4d050d6eb1c47b0fb', '\xef349b61e07f94c91546d47f61ab260ababb4ce1c4276f331a1a2f921038f79a', NULL),
	(132, 137, '821', '\x67dd643c5ded14858f9f842e8996c5f930a1c09158e63f685a89e1930083e5d2', '\x0b696e8835d5197f4388198939b57e97f26c53e3a944c38901fade843137236d', NULL),
	(133, 138, '821', '\x2b2e03400432b6df3ac4cbfe8a371293c8124fcb1111ebc74d83dcd29b944292', '\xa0e5ab71f5fa7f47d393ee3f4557c5679d59c1a9b93b3ffa21015a65a1e8f857', NULL),
	(134, 139, '821', '\xe6ea352a2b12f5df9ee9fdc15ca302e6ff55c29cb56bf77b7597c4a21aa2bc46', '\xbc905eca268fbded1dc8f1d4e7dbe38da5f34d1d1a88283860c272cf5994c62c', NULL);
INSERT INTO ledger.member VALUES
	('alibaba', 'login_alibaba', 1, '2026-11-01 00:00:00+00', '777'),
	('tencent', 'login_tencent', 4, '2026-11-01 00:00:00+00', '779');
INSERT INTO ledger.member_key VALUES
	('alibaba', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 2, '2026-11-01 00:00:00+00', '777'),
	('tencent', '\xea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 5, '2026-11-01 00:00:00+00', '779');
INSERT INTO ledger.placement VALUES
	('da2a8324-2979-5d48-83a0-9b9b7ff13c5f', 'alibaba-node', 'aaa6fce8-5696-585c-b438-cb6d44a59116', 2000, 17, '2026-11-01 00:00:00+00', '786'),
	('7e02a385-009c-5369-bd33-ce0cd02bf419', 'tencent-node', '2a41be33-7c93-5742-b69b-a3d4130250d3', 1000, 18, '2026-11-01 00:00:00+00', '786'),
	('0fd98b23-4bca-59ba-a973-6f9a685b6c50', 'alibaba-node', '19221e74-5b17-5cdc-94bc-b82111afa6e6', 2000, 29, '2026-11-01 01:30:00+00', '792'),
	('a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', 'tencent-node', 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 1000, 116, '2026-11-01 05:00:00+00', '817');
INSERT INTO ledger.posting VALUES
	(1793491200, 0, 'alibaba', 7200000, 0, 0, 0, 83, '2026-11-01 02:16:40+00', '804'),
	(1793491200, 0, 'tencent', 3300000, 3300000, 0, 600000, 85, '2026-11-01 02:16:40+00', '805'),
	(1793494800, 0, 'alibaba', 6600000, 0, 0, 600000, 96, '2026-11-01 02:16:40+00', '807'),
	(1793494800, 0, 'tencent', 0, 0, 7200000, 0, 100, '2026-11-01 02:16:40+00', '808'),
	(1793491200, 1, 'alibaba', 7200000, 0, 0, 0, 106, '2026-11-01 02:16:40+00', '811'),
	(1793491200, 1, 'tencent', 3600000, 3600000, 0, 0, 107, '2026-11-01 02:16:40+00', '812');
INSERT INTO ledger.rate VALUES
	('class/h100-80g/bf16', 1, 1000, 7, '2026-11-01 00:00:00+00', '781'),
	('tier/standard', 1, 1200, 8, '2026-11-01 00:00:00+00', '782'),
	('tier/spot', 1, 700, 9, '2026-11-01 00:00:00+00', '783');
INSERT INTO ledger.rollup VALUES
	('alibaba/contribution-offered', '2026-11', 1793491200, 'offered', false, false, 0, 7200000, 1, 313583867745100357),
	('alibaba/contribution-used', '2026-11', 1793491200, 'use', false, false, 0, 7200000, 1, 490208850534982709),
	('pool/overrun', '2026-11', 1793491200, 'overrun', false, false, 1340000, 0, 1, 1045139720718950054),
	('pool/reserved', '2026-11', 1793491200, 'cap', false, false, 0, 100000, 1, 433850297272743651),
	('tencent/cap/month/1793491200', '2026-11', 1793491200, 'cap', false, false, 100000, 0, 1, 433850297272743651),
	('tencent/use', '2026-11', 1793491200, 'overrun', false, false, 0, 1340000, 1, 1045139720718950054),
	('tencent/use', '2026-11', 1793491200, 'use', false, false, 7200000, 0, 1, 490208850534982709),
	('alibaba/contribution-offered', '2026-11', 1793494800, 'offered', false, false, 0, 6600000, 1, 486591057680069271),
	('alibaba/contribution-used', '2026-11', 1793494800, 'use', false, true, 0, 2400000, 1, 302813470422106132),
	('alibaba/use', '2026-11', 1793494800, 'tier', false, false, 480000, 0, 1, 745975451584694624),
	('alibaba/use', '2026-11', 1793494800, 'use', false, true, 2400000, 0, 1, 302813470422106132),
	('pool/offered', '2026-11', 1793494800, 'offered', false, false, 6600000, 0, 1, 486591057680069271),
	('alibaba/contribution-used', '2026-11', 1793494800, 'use', false, false, 0, 4200000, 1, 214706490967367990),
	('pool/tiers', '2026-11', 1793494800, 'tier', false, false, 0, 1320000, 2, 813913013644137022),
	('tencent/use', '2026-11', 1793494800, 'tier', false, false, 840000, 0, 1, 67937562059442398),
	('tencent/use', '2026-11', 1793494800, 'use', false, false, 4200000, 0, 1, 214706490967367990),
	('pool/offered', '2026-11', 1793491200, 'offered', false, false, 14400000, 0, 3, 1684876031501084416),
	('pool/tiers', '2026-11', 1793491200, 'tier', false, false, 1080000, 1440000, 3, 2339683865754163351),
	('tencent/contribution-offered', '2026-11', 1793491200, 'offered', false, false, 0, 7200000, 2, 1371292163755984059),
	('tencent/contribution-used', '2026-11', 1793491200, 'use', false, true, 0, 3600000, 2, 154781235500121897),
	('tencent/use', '2026-11', 1793491200, 'tier', false, false, 1440000, 1080000, 3, 2339683865754163351),
	('tencent/use', '2026-11', 1793491200, 'use', false, true, 3600000, 0, 2, 154781235500121897),
	('alibaba/contribution-used', '2026-11', 1793491200, 'use', true, false, 1000, 0, 1, 974244769910855900),
	('tencent/use', '2026-11', 1793491200, 'use', true, false, 0, 1000, 1, 974244769910855900);
INSERT INTO ledger.setting VALUES
	(1, 300, 900);
INSERT INTO ledger.signed_head VALUES
	(135, '\x706f6f6c2e6578616d706c652f6c65646765720a3133350a384873762b704c33457963377a62543244376569774558666239354c5366394a5a5174463165612f4156413d0a0ae2809420706f6f6c2e6578616d706c652f6c6564676572203069526d595a334d70614e3866636a494c49674c663149387a514a585434376270436e4d6752735156597461446d41665954597a77663248564c6467797268503251347a655633692f3836627073752f55653539534478484c676b3d0ae2809420706f6f6c2e6578616d706c652f6c65646765722053774c304677414141414272424a4d59696267506e6f48767170422f366b6559746f37324957503857587361302b55706f776a304664376f33537a6759414734546a6b486f566b322b72597746372b44675869366f474d48366e62627852766434554d53365853732b5a2b4746616d434e7438454d4f5666685244712f6e736b4957556f454c6e664f714a712b76365a2f794c69326f526b7936303571617456514d39707a644b31414b666d6f4956454472316b74777967374557784e63395541715144414f4d39442b6b347958526869734169436841317673445449463630567937416676552b5758335434446b573537443835746b2b49786b496f5555777269483743493666392b6a39652b2b42595562642b572f3464512b4a6d59592b47786e7538385a6d6845336a4e334e58444253476b4464752f64745244387a4e694c33664e6e6a676f536e7237724d4275567674706b6962316d44636346652b3573633752532f75757a6f4c4f38487a62566b7a3748654559452b79497a716d6a6e364a4f5931524d43662f316d366a304f51724a6f576f42563653334e6d484e4841794e63385a6c44664539504a50784936536d4a73397366444e6e5a737a665a44384d44772b4a424a7a65374c6343784e7a614c51483470574d7458687472596e646d7a523477666641503347486f624e656a656531756e4e62504d61544b37656942462b4545513079663874624632764273526a444869385a6b464246446d6667424e67743032453955346c6e573978482f52394f5a672b4433484c49764d63624c4d70344c664372346f79514f6334797770587749582b543246584e7a6849486f2b4e36764930433674424b4c62317673306d4739654d393853516c4232646769784e6d55495735644b476d71795852354b466a544779534b61443864302f48757072424b66566d75362f4a4664583639664e45577879507a7834736f63736748526672447450476437774943344178626531504757392f61784a78496b66494769756d38345048784f7531694e4e7446544b334130576c436730472b3859514e4634702b5034455958754971457173656d63493148436e5630463453313248724e6d334a397145786c53715051632f717a6f7637322b314e736378304d3650752b476c4358673947444765732b53485555684549593948674b333059715476486752544168733472307567464b596276426e7a4273564139765057566e69756f7872596a55614358526c68613452506768787144767076486f67376934676d4f51564976303630334d4e4d79432b326f3866705433466b76494471366b72737178366f537a70784156477732536662457578622b355331667652674f64516275686b5a59527167476350496a2b5771536c78574c5a6958352f7937716d4d45434733513451367a50546a5935337854424d3264576e644543746462686e6b346c796f64764a6b744d5145637132764743456e6a692b71546a5832553272374a505779514d6958577364366f58456a33756537754269774c365479536a3349783747623851435353627a73696b70696d624778795542456553445a664b51644a68443774346e4f52314d47346b5152736a4b4a4b58472b654a486d3458626b646f2b663143546c79326a5847446552785165437546692f704c776d494b537a6d67654f5634547468343959304b566a5168353079683152464553726756616a512b4c7871474274675934686748686d6e57435057565a6462766d586631356a7a796b416455394877314b72347447656d6375424f4e6a734a344c6c545a66674b5a5a4e6e754163392f584265432f4356464958677763724251437079434b4b794e344731436545715834582b457865546f64324569316335315549675037683461594758344d344f65794142486f7a536778713641366f647233625430744c434352536c4a70667333357444564e7449375936375961484964736371726175455269334255446a55734f74584d3352684b722b75416f7645366765306e486d696a59626837594d514c4744435363457776465a4f2f484c5456793969626d7968727155664876393337623567735275752b636d4e4d395963547a68756961436542335773573078637a37647a6e3759724f762f764d33564177526447314a6c414f654c4c736c35626a4c624136727770724f69634156714f4333346c41506959396e30335762306d2f4c785a723542356172753959454f53754342782f31596676717a4c5461547775354b776e7379534a4862314759486c69637945434a63587445787958626c5365655634787766657a7975656e6e4731615654334d39794b303931694a4638675370364f61386b4e51516f42687a323930797153465161356e6635666b5544764676303161534c556d6534524c473770327a4d3339706b7a68645343395130564b4635416a5a416e69352f6f44332b525632483457763656336a676644354a335875753876317953713444512f484e385752456c476e3766366d6d336e44345562424643335a5533477979796a2b594a70502f79413130377043477674706f726b693235314d6e6d4758435a54697533724679495645782f327878792b4d6c6b6d374d706f59725946515a494e58753638716a596934793163386e703952774e303377495a766f426f596b4f684b59737153706a6c5966694b4d724f4c492b53564f7654354b48326b667234624e6439364451423962336d4966775a43334c6578543254512f65366d596e58367a62494932652f6442693431767242435435624f444a576b67747966427576354746433830376853306163736f382f716c5877315459796953494742503662676c6c4c5652397142445061416841685a684953674e59575375645679516d46644469686b75736e3134472f6442704639625a647870616f4157674e507646716a496f73625764504e674f4e4749754a745232567963705964792b377a787a396b59527a6b5a6b364c5452654b717a42637237736831675564656565456668323348456a7674746a58754f4d364a394e6f6f58464558426279544243346f5254323338626f594452467a3632512f4c72785544776d6745536a6a4e4934522b656d5a7830634e63776431364a674a4e51457136484148653861632f6163484a5076706d67366e386c7730436f3048456b716a6b326f4352426c726f55724234705a6732496759567a7352614465785a45762b385863716d544575356b61656c6c5652436145516f6b7133683971566f67434c70385264566353717a725339772b59344e3632684a626533656864773564744a696b74697a526371434b7738774b2b55794e7759483855734578435678527878465a6c42554631494d492f6f6a68394b55705867675a4e586d473169464633767946435852453776346236737638635577306c3064684333344e6b702f45525a4844366b77444f7a493851455037586e7041357130673775684c6474392f6d78534a4d737337314b786d6744674c643650324b55486c6b4e475447366c734a306d555537536a6d4643775430767670613232426c646647496c5230334e49596e347245394a392b376d376e544c5261755631504a564136353747776c454d565a387338506e75474d5a516a744a2b45337333494c344a6e61713162585351744a576574354a526a50756d7878447a71462b74657366372b2b4d2f3855534f4c61635442544f4b436e333661416962472b322b7445793639677155677471377a576c5549456a36622b7a534e7451744449724b516f537038545339316d565948576835684b67327054456f69746a6d43684e70586d514830704d334d754732506934726e6363456f3145706c5142473031395963423055482b642f346c3977534b63574b72612f2f794c55502f2f6e5365592f347a496d51576d4f46567462634d5152666f59316348387249567a52594a48696c425637307a4b625169416230534d497a58326a34387978515a6442442f506f4f6844494d4e514f49615363522f7355547170376373412f6d6d7a416b4654353170314c356a334f6c576c6e6c744f356c72574148796e4932454d4b4b674175544a7836426e42767268794247386b54635069555139595459506a37626643552b6b325175374a67676e416b4b5776303367324e703853532b64383872444130376846717572366a50485a4d4e30734a6876464862646f684d79744f51727673626c3165694974434b314d5969766b67325933666a6c4d4337337044302f5a783566523639674933725a6a73484e7452677653424a38527578515a572f4855414367383852464e5863484630646e703868705338763844693752556e53464268596d392b6b5a4b592f7834714f6b6c5957326837675a4b586d4b6d72724b3275763833712f41414d4478455446795246533257466d5a7532312b5470386741414141414141414141414251674e55633d0a');
INSERT INTO ledger.slot_20261101 VALUES
	(1793491200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439313230302c2276223a317d', '\x96ea5832b41da7aab2dd18032021144394e3a89425e2fc4ef14c17d03a55eb85', '\xf60661228efdb03195e5994ac5a108c95c8c83b554cda1d620459b202d7372847823dbf6b27cffeded65c53491490a6a3f653d7f9c1c89c3be4b00f430848400', 36, '2026-11-01 02:16:40+00', '798'),
	(1793491500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2239366561353833326234316461376161623264643138303332303231313434333934653361383934323565326663346566313463313764303361353565623835222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439313530302c2276223a317d', '\x38fc64c484bd7da42b30193d3d7f8e06f7b6857cbf0ff9a8b5adcf4caf9b90e3', '\x0395a4a3e8d4e9752425e18def4ed98638fc9d33a880a67d9b887b1fa080825e1c4019e24f0394fdb4ce9173df1f7992f28ab387b2a5aa9ad47fc794fe2c1809', 37, '2026-11-01 02:16:40+00', '798'),
	(1793491800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2233386663363463343834626437646134326233303139336433643766386530366637623638353763626630666639613862356164636634636166396239306533222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439313830302c2276223a317d', '\x2f2270cd4f31819550695f4bc78b921df7f9237b13e497337726558da0ac7ab5', '\x22da4e6ecae3814631cc25be22bc37835ce701446e59ad715272a67c537953365ab74a4ad7260c1b4a507892be66d4b6866f1a1bfc5fea1f2680edaa2f70ac0e', 38, '2026-11-01 02:16:40+00', '798'),
	(1793492100, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232663232373063643466333138313935353036393566346263373862393231646637663932333762313365343937333337373236353538646130616337616235222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439323130302c2276223a317d', '\xcfef37188992dd857e41f1fdac716a1ebb6670629a62939680bf40b61eff541c', '\x180e0c37215c744125766e88dd0e721a397f81089402b1edaa707a976abeb535a08b28bf4847df80debf4e4523551b1eee92ceff35e7f4c16d18af349c813405', 39, '2026-11-01 02:16:40+00', '798'),
	(1793492400, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2263666566333731383839393264643835376534316631666461633731366131656262363637303632396136323933393638306266343062363165666635343163222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439323430302c2276223a317d', '\x1756fcd44a0593e808c2342e103131ab99ca3a7aa8576cb3b61baa8f6d1c735e', '\x554d2224adafca2d3bb2b656bc837e34eea43a2f80325c87831466271134d0c29bfc37300475e2fa564edb04a614ffdadfaace144751d7cf1d3058e6753f5b0c', 40, '2026-11-01 02:16:40+00', '798'),
	(1793492700, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2231373536666364343461303539336538303863323334326531303331333161623939636133613761613835373663623362363162616138663664316337333565222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439323730302c2276223a317d', '\xd90af58af146a551d19269fd0b2e8fdc11831d76494ab0fbd67214e30a59b3b7', '\x8172fe0629b33032d1b01c260c14f2e51e550302ed71b7b1230ef8e4b83ad48b7001bc39f91f189c6bee1e9fa78026c15acfd56e411aac3d348e79af9aaa0803', 41, '2026-11-01 02:16:40+00', '798'),
	(1793493000, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2264393061663538616631343661353531643139323639666430623265386664633131383331643736343934616230666264363732313465333061353962336237222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439333030302c2276223a317d', '\x889fad7fc4f15fe515ac078b2d146194efbcdf263683db17f65314f82e7bd7eb', '\xc0b3beab8a079ca9fe6b9486a41d02cc17e00ac49de4680f9029333837ce71caac72b46253359e8033d03ba09ed3e3711c6007c4f8ba7f1bdfcab83f84af1507', 42, '2026-11-01 02:16:40+00', '798'),
	(1793493300, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2238383966616437666334663135666535313561633037386232643134363139346566626364663236333638336462313766363533313466383265376264376562222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439333330302c2276223a317d', '\x7de86799b574ea72ee6cf0d91ca3f75bfc15b35ca5019b769d5b0af758cea655', '\xb33d341398983d002d208251b3649749a45ade96d02545ed20660b16445b2023fcc97af0d6e9dd542dbf02e89d9a8a12f3137774a5042970d164ec432bbebd04', 43, '2026-11-01 02:16:40+00', '798'),
	(1793493600, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2237646538363739396235373465613732656536636630643931636133663735626663313562333563613530313962373639643562306166373538636561363535222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439333630302c2276223a317d', '\xafb8578693ffe5a6c28b3419e072f31bbd9071a205d3266c333d6054e896b9e9', '\x5a215d30e3eaf6fb9d624a7568799371733c49b882f06725ea1207df8b63297be3d63ff59ff24a59fff929cc929c690082be8564df1cbbca19a9529d111f6608', 44, '2026-11-01 02:16:40+00', '798'),
	(1793493900, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2261666238353738363933666665356136633238623334313965303732663331626264393037316132303564333236366333333364363035346538393662396539222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439333930302c2276223a317d', '\x93dd5b42a462ce0f2d44efabcc6be18a0de9af191044b56f2edc48ee5f874262', '\x9b941fd678eb9bfe12ecd6f409ebe519da2f0dfcae864cf9ba5b2d176d31180672f9e98656972aff758893a48ff5a052f8b13e654dfc2ad5372ee92e3525fd04', 45, '2026-11-01 02:16:40+00', '798'),
	(1793494200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2239336464356234326134363263653066326434346566616263633662653138613064653961663139313034346235366632656463343865653566383734323632222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439343230302c2276223a317d', '\xcc51e1419b3ed5767430e26b9de35ff4f76601b41bf4546b74468bc7bfd6e0f4', '\xa26717b367262444f0de9fac936d5a391478015b8f6d82d7483ee21af8cdaeda48dada04a4db36dc0fac97e991b22d0317d1f24b6c0407a06c3501335425a605', 46, '2026-11-01 02:16:40+00', '798'),
	(1793494500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2263633531653134313962336564353736373433306532366239646533356666346637363630316234316266343534366237343436386263376266643665306634222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439343530302c2276223a317d', '\xccf0b009ba699a6484d7b1cbf6761d85d4fecdf50e6d1acfac4ba4702df4c2ed', '\x1a441be57e84561d8d34b42ca76cda003c6c2ca0c4ee493bc6c3ceaee017d6d6a4cea9e51c361763618d3268bed548d564112e67a2a9fee9f4a1900da1560001', 47, '2026-11-01 02:16:40+00', '798'),
	(1793491200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313230302c2276223a317d', '\x61c952458fde077a843579c9367d4355f7abfced784266d18a1fc58ce9016769', '\x03d0e16ab4bd402bd251dd7df647903803caad3f82f3392686ee338428a1e71c5d7865420d1d951c27a4e18862155e9963977256b405bcc9842d00fdf16d980d', 48, '2026-11-01 02:16:40+00', '799'),
	(1793491500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2236316339353234353866646530373761383433353739633933363764343335356637616266636564373834323636643138613166633538636539303136373639222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313530302c2276223a317d', '\x912d1fa18e09a2518ba4d1a48610a84d57088f72f7de125bef70b2440d34d343', '\x2d11f94ce25d67982a8441cdac94b5c55ab9e2c1d90d6fc9918a648105c465a8d820b28d2e7216e9adb681a06e67e52359071b3ff4d674ea0f40a5d728dec301', 49, '2026-11-01 02:16:40+00', '799'),
	(1793491800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239313264316661313865303961323531386261346431613438363130613834643537303838663732663764653132356265663730623234343064333464333433222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439313830302c2276223a317d', '\x08c015559d31a30aab5d6910af8a2846efc0abc44dbb36bf35206e515a10b249', '\x25ff6f3e57091cf7792fa3df2dfce8be544e5244a1b7bb3fbcada5bfc879bf345fd4213a1323dcc22723a6fd45e73c00f64ff2fbf0a199b67c7c93134661fc06', 50, '2026-11-01 02:16:40+00', '799'),
	(1793492100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2230386330313535353964333161333061616235643639313061663861323834366566633061626334346462623336626633353230366535313561313062323439222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323130302c2276223a317d', '\x64d0b973a3fc99776b29ff1487c6f6e666b98a74c61beeca2274ef07f2cd885d', '\x7010fc100ab97a29e39dc84f52b16f76d93c5965707fb258667db8697d5ab8aaa9d89de36f4affff63e47c17bce379ac1d234abff93fb5fa55116b50f9f2f20a', 51, '2026-11-01 02:16:40+00', '799'),
	(1793492400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2236346430623937336133666339393737366232396666313438376336663665363636623938613734633631626565636132323734656630376632636438383564222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323430302c2276223a317d', '\x89d2c4e95bd1f88a7b6c80dc13f9cd4c3da3d7d3264dd4ced01ae50cb3d6d57b', '\xc673a63d13c0d02ae1c2a9e9a591b0979f43cf0d61b8fa52ab8c8eba4ef66607bee37cd787ed73249327496e0301405eb3869f1155930e1a4ebc55947afb390a', 52, '2026-11-01 02:16:40+00', '799'),
	(1793492700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238396432633465393562643166383861376236633830646331336639636434633364613364376433323634646434636564303161653530636233643664353762222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439323730302c2276223a317d', '\x9f63521cb61c7003c08aa9df50327997d68b6da787948d1ca50e489b67edbd95', '\x9212ba013e437d93df7e2f08d78fde368fa3f8259615d04b5ae8169aeab47aea0d1949e62096626f035bf47b4b188157769da26834939cd6cf899a6abcfe9f0f', 53, '2026-11-01 02:16:40+00', '799'),
	(1793493000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239663633353231636236316337303033633038616139646635303332373939376436386236646137383739343864316361353065343839623637656462643935222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333030302c2276223a317d', '\xfeb57b1933918d45039057010e689acf0f4923c317604e12d38cdc7d3accb7b6', '\x42990f6e9594dfba8daef278c5670fb51b8d1976325e4a116d8c2de9465635834cb59342111dfacbb9cdbc59be47cbec1b54e3b4422d1afad2aed515b8028609', 54, '2026-11-01 02:16:40+00', '799'),
	(1793493300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266656235376231393333393138643435303339303537303130653638396163663066343932336333313736303465313264333863646337643361636362376236222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333330302c2276223a317d', '\x7eb03c10e10f0c626ef66b1ab6730830604f6aea5eb46fe2f02b9667a5a93715', '\xaa9a90eb53d4662c2dfb2feaf0562426f4ae3c47388c4a69ae37b3ee7938de78ec0cd4457fe2805e211c3126374e92469cd461f759e81f9af0503afbade83c00', 55, '2026-11-01 02:16:40+00', '799'),
	(1793493600, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2237656230336331306531306630633632366566363662316162363733303833303630346636616561356562343666653266303262393636376135613933373135222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333630302c2276223a317d', '\x283c301cf5e73cdaf4551653dc24254fed6d715f89727b3c107d67a02ca13f90', '\x41063c3429634665bc9fc41e1aa9ef1d9f4a17e444aef29b14dd54cbd6afd615b3db1640603009dd73d391e83038f14d1af8740458a4ba1470f2b97c4e304204', 56, '2026-11-01 02:16:40+00', '799'),
	(1793493900, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2232383363333031636635653733636461663435353136353364633234323534666564366437313566383937323762336331303764363761303263613133663930222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439333930302c2276223a317d', '\x4f1a1b88f396bb738d9be227e3d99427625c821d2dbde48b33851f72d10aa2f2', '\x0efadd361f3fdd83764aa99483b6a103a4099cff8445c3aa94628d6c1434b4d2013d24d2b06a72008e76b519c7f266c5f37307bd2a1cc48e36fc9a2be02c3305', 57, '2026-11-01 02:16:40+00', '799'),
	(1793494200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2234663161316238386633393662623733386439626532323765336439393432373632356338323164326462646534386233333835316637326431306161326632222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439343230302c2276223a317d', '\xd38a747aa2218dcdb50b91dc76572d8bc83b6e94c1f6bee0717ee81f7437cf7f', '\xe38cbb0125f671fed91c4a7debb34d68f86c465185c78b735a06843097adaf8d9f5fc0ce64c98fb1a2a2e7daa66cd575d068fc4cc2cc0b2f1e37c7ac3b803905', 58, '2026-11-01 02:16:40+00', '799'),
	(1793494800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2263636630623030396261363939613634383464376231636266363736316438356434666563646635306536643161636661633462613437303264663463326564222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439343830302c2276223a317d', '\xf58efb51fa04beb264d8da4477f9af8759bd6d97a4bedd1898b092705d181c81', '\x679cbaa8748db742febd322c40613e1a78ccc866e1926326e8eb06f8f5370fd94269e535db3f22482eb369bb27a7713f7d013aecc1ed7b3618c5cf666d2dbc0d', 59, '2026-11-01 02:16:40+00', '800'),
	(1793495100, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2266353865666235316661303462656232363464386461343437376639616638373539626436643937613462656464313839386230393237303564313831633831222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439353130302c2276223a317d', '\x14ad479e42119dc689bd33c2d01679bcbd69b7ce3b4d0bd73c9c73541b07e88d', '\x41dd9f45dd80a87c17f42fa0029b68b0481131714db4c90e2b4251b6fa6f381176b962834257111f28eb14d1d141bda888056c7ef7e5a21691d9f7b357982e0d', 60, '2026-11-01 02:16:40+00', '800'),
	(1793495400, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2231346164343739653432313139646336383962643333633264303136373962636264363962376365336234643062643733633963373335343162303765383864222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439353430302c2276223a317d', '\xdb7890d41361717cb316de06231fdae901fcb8be3014b43539a59c5a0b474609', '\x8e63761e619a6fa5f7df1accc204dc938aa812ac89e18efe9dfb68aedc471d2c9777df64e9c34a5ab416c16996a3dc72a4b1ab69a5039f9d807cf8c85857ab0d', 61, '2026-11-01 02:16:40+00', '800'),
	(1793495700, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2264623738393064343133363137313763623331366465303632333166646165393031666362386265333031346234333533396135396335613062343734363039222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439353730302c2276223a317d', '\x175736b6444d904dfdf1c27aa5e676b9a9d5a761ee16b21efec28a4fbe8cf689', '\xa9e1c7b9d813de6a56e976777ef9d728c24c029f8399ac6386d5af82787b044ae12ef7672bc093dcd2ce2344a421b760f6b8fe613924ce262e3a82100a71df04', 62, '2026-11-01 02:16:40+00', '800'),
	(1793496000, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2231373537333662363434346439303464666466316332376161356536373662396139643561373631656531366232316566656332386134666265386366363839222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439363030302c2276223a317d', '\x5d280c4fdc13219e758bf48a611480c626201d88546bd9e612f2ddb127a9d391', '\x5747c5a7fa3941ed4a4f3dbf638aa157a7a73a5bdfe845e77b84b2fadc4ebddb52476f5eab35537db77762a4b63f8f85afad5f373868d7c4e3c7147260abdc05', 63, '2026-11-01 02:16:40+00', '800'),
	(1793496300, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2235643238306334666463313332313965373538626634386136313134383063363236323031643838353436626439653631326632646462313237613964333931222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439363330302c2276223a317d', '\x761135a4ec1d48f4b81c5af3a010b711bfb6071366707e30583846942cfef5c0', '\x4257005671b2f34bb1f0872a11b7d6605b2c5c64e481bd2c47b74bf2fdb28e3d883718377c53d8ec0db77c6c7db1a20cda397807eb6aeaa9c603eaec11310f0a', 64, '2026-11-01 02:16:40+00', '800'),
	(1793496600, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2237363131333561346563316434386634623831633561663361303130623731316266623630373133363637303765333035383338343639343263666566356330222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2261616136666365382d353639362d353835632d623433382d636236643434613539313136222c313030305d5d7d5d2c227374617274223a313739333439363630302c2276223a317d', '\x00a60dcc5fafc693ac1017ef34b2b7bc1715b9141f9d6c2567ebe56776578db6', '\xfc8e549a08ec0ebcdf27fc10db20fe93cdd7c14dbcd37190f85a0b445f1a7ecc56dd1d2d9bd156c00d307672f8b7372f28688466f872d96ce3f30fc10afe2401', 65, '2026-11-01 02:16:40+00', '800'),
	(1793496900, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2230306136306463633566616663363933616331303137656633346232623762633137313562393134316639643663323536376562653536373736353738646236222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231393232316537342d356231372d356364632d393462632d623832313131616661366536222c313030305d5d7d5d2c227374617274223a313739333439363930302c2276223a317d', '\xd03813498e97c1892525e71ca4818aeffd4df2bdfd4f3da24472994d81c638a3', '\x3b824b5e9ada0aaaf5b359abcd43d27c8ac781800ff3c7027430a4e4bc5893701a963a5ff7c7fe0622d26dac05456da1857d70e806d47088712f8e2aafd7360e', 66, '2026-11-01 02:16:40+00', '801'),
	(1793497200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2264303338313334393865393763313839323532356537316361343831386165666664346466326264666434663364613234343732393934643831633633386133222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231393232316537342d356231372d356364632d393462632d623832313131616661366536222c313030305d5d7d5d2c227374617274223a313739333439373230302c2276223a317d', '\xea3bd92561a0ff2b4be3f93c48586bcb994dcdd71bf4acec477c9ef76c3233d6', '\x3e5faac7c250e4a5b51f72b40d61a4bb45594968134eeb42b466031fe07e0258fc2f5b7b0baea26f1cde5787a60f2552912012ae68a5718f0c2e4b08738a2703', 67, '2026-11-01 02:16:40+00', '801'),
	(1793497500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2265613362643932353631613066663262346265336639336334383538366263623939346463646437316266346163656334373763396566373663333233336436222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231393232316537342d356231372d356364632d393462632d623832313131616661366536222c313030305d5d7d5d2c227374617274223a313739333439373530302c2276223a317d', '\x71c78a7e0bba7011ee31b08d5e9278e3684dbe533ed5a19e12b7c01b5d21e16c', '\xe4b96666ebe31b84ede671645a80add4f1c8b6f0e7bc29c77e05af69269d03cec4a15bfc1527aa5636e77e04e44566c7230371a18fd563636c9bbee22ca85b09', 68, '2026-11-01 02:16:40+00', '801'),
	(1793497800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2237316337386137653062626137303131656533316230386435653932373865333638346462653533336564356131396531326237633031623564323165313663222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2231393232316537342d356231372d356364632d393462632d623832313131616661366536222c313030305d5d7d5d2c227374617274223a313739333439373830302c2276223a317d', '\x336cd5c2617ded7a504786307ef1022f0e85fa350d24ae67af48a023862e929d', '\xb99d55ccadba71d1bb2117b85e47903a22aaa77f9c88a84c70f6a3a8c69aa5cd5be9d81e6d364db00ecc2c47f17ab67d615ba736999482a44d9fe2d04164650b', 69, '2026-11-01 02:16:40+00', '801'),
	(1793494800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2231643936333131623064383538633566326336343836383165353636653965336437323736316662396263623731326661636463396539363262343734376635222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439343830302c2276223a317d', '\x05109b3f828487af52308ef6b6bc55db3908a62cbadbf1dbcfd27ae9b93cc034', '\x98c2110bfc81a6609373af110d3f4edf7cc61f586b2c3382ffd1b490e713984721dfaba95d2ad15398369cee960091c544fbee523ef27c5d411fbd203e6fe004', 70, '2026-11-01 02:16:40+00', '802'),
	(1793495100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2230353130396233663832383438376166353233303865663662366263353564623339303861363263626164626631646263666432376165396239336363303334222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353130302c2276223a317d', '\x0d6077e46b6fde8a72f0b687cc0615fe7796d711347d7a14135b7a777de55999', '\xddec8aca2f3038dd25fc97f07f30c02a441d7381ce986c937d3fa5ca431d952cd13bb85902589e992bba30695f7133c7f0a83280a7b8aa76d0586b3bc5ee9700', 71, '2026-11-01 02:16:40+00', '802'),
	(1793495400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2230643630373765343662366664653861373266306236383763633036313566653737393664373131333437643761313431333562376137373764653535393939222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353430302c2276223a317d', '\xa0eb68348264416c2da775227cbf210a70ac31d9818b4b6bde9104511dc62e8c', '\x9d3d66703dab30e0003ecb216932926101813eea440fd67867cc0926fd2ba4294344d68bcfdf7a2372c39e44880449d8f2311a252bb77c29f8d5318983f0a000', 72, '2026-11-01 02:16:40+00', '802'),
	(1793495700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2261306562363833343832363434313663326461373735323237636266323130613730616333316439383138623462366264653931303435313164633632653863222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439353730302c2276223a317d', '\x4768895923c5c28b96c5626a44e878329f7d87028d64d66e4d368f746310e46c', '\x901f3c967888a1e67af8b8e831dc524cd23292ec39e48e96909d089e2914be88138222ac508105f8493c1f6c6b1f37dd427f89ea1fd945398b9393faffaa5e03', 73, '2026-11-01 02:16:40+00', '802'),
	(1793496000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2234373638383935393233633563323862393663353632366134346538373833323966376438373032386436346436366534643336386637343633313065343663222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363030302c2276223a317d', '\x1caf1e8a25108e96c040506b30d307eed5919cf5dcee768d5a0973e6fe6ab07d', '\x7d0ef97e64c777e0e26ab6a1e5665f7e2f4f1e97a962f95992471137619ddde80c926e76b807c658310a8d707b927433438ab4679c5dcf718f61b50ec5c5780d', 74, '2026-11-01 02:16:40+00', '802'),
	(1793496300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2231636166316538613235313038653936633034303530366233306433303765656435393139636635646365653736386435613039373365366665366162303764222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363330302c2276223a317d', '\x8495a50059bd729ade605efd41ea68fefa9a69aa94b59589dc82f43bd9f27a95', '\xafb25970cded9d2a9e011229b038ca17a5cf20412446892e5fb1a4614d0f09be660ab6cd5db9fdd1c5d15173453d44efde1153d47e7fe5d324d396529d5f6204', 75, '2026-11-01 02:16:40+00', '802'),
	(1793496600, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238343935613530303539626437323961646536303565666434316561363866656661396136396161393462353935383964633832663433626439663237613935222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363630302c2276223a317d', '\xdc1e18036afaacc1c2a51df5d4f52082c4b545713b800820a4e502acf6231fae', '\xc0125832b7e6bf37237c79918d072a9f79a5bf8e9c4d28cb178d4f87bcb8921149c90917e27603863a266024b09b9d018bffdb1957da656b77320a918fbcde0e', 76, '2026-11-01 02:16:40+00', '802'),
	(1793496900, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264633165313830333661666161636331633261353164663564346635323038326334623534353731336238303038323061346535303261636636323331666165222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439363930302c2276223a317d', '\x3a4dcd2dc1afe9491365f4f4e234612b8ff546464cc1c17f9f68cd563e9e8324', '\x5b580186e7c19a1675814efbbd2b8b91191b55164482ed869e4d1280bc74076843fb171bbff7e472cd0de27cb49b59fcd7b59bb4cb83b68e54ed87827a3b590d', 77, '2026-11-01 02:16:40+00', '802'),
	(1793497200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233613464636432646331616665393439313336356634663465323334363132623866663534363436346363316331376639663638636435363365396538333234222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373230302c2276223a317d', '\x3c63ffc4067c90b88fa4ad66d408da20a9bb015e56ac470e344ff4daf51ff2a2', '\x598ef3e461e665d3388eb7e25fc269f3967602dfce2875f194ac77763d18c3835d2f7dc3a03906a2973ea0d9bee2c76387c1441c09d97e7098d37cf012247d04', 78, '2026-11-01 02:16:40+00', '802'),
	(1793497500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233633633666663343036376339306238386661346164363664343038646132306139626230313565353661633437306533343466663464616635316666326132222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373530302c2276223a317d', '\xdddaeb74444bdf07d7000ef1f4ba7189b3359570c9907c8c79a33efc8dcbe888', '\xc0df1c3d60578f7ed51e864ab4cd28c7b0a6c6136a38fd895abfbebf28b621c321112e81027b24a573ac5ab57f6a4e88c40dd03c785e7278b4beea345945af03', 79, '2026-11-01 02:16:40+00', '802'),
	(1793497800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264646461656237343434346264663037643730303065663166346261373138396233333539353730633939303763386337396133336566633864636265383838222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439373830302c2276223a317d', '\xca3e36e4bbe00d7e622fe052695cc533ec7317a58a08259060d5bd3395272f51', '\x350e6cf5b2b5ba61eea48f538234e71ef249853b258fc13d1176991ad9d9359a2f3f08bad2674b7c8c987ba9e809d5218ae73cb797cc79c370c7b0ef8e5c3709', 80, '2026-11-01 02:16:40+00', '802'),
	(1793498100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2263613365333665346262653030643765363232666530353236393563633533336563373331376135386130383235393036306435626433333935323732663531222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b22646f776e222c313030305d5d7d5d2c227374617274223a313739333439383130302c2276223a317d', '\xf7bcc4c4026294243796c1bc8ca58c0665f3719a2951b19efa35a545ff57aa82', '\xdaed0925193acab3e5f8174ecfe553c7bb2d1f429fc2260909cb70607e16d7d518b8284fcce43e4b9efdf30079a6e42afb2949f2f9f268ef6e3fb24fbfe3090f', 81, '2026-11-01 02:16:40+00', '802'),
	(1793494500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2264333861373437616132323138646364623530623931646337363537326438626338336236653934633166366265653037313765653831663734333763663766222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2232613431626533332d376339332d353734322d623639622d613364343133303235306433222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333439343530302c2276223a317d', '\x1d96311b0d858c5f2c648681e566e9e3d72761fb9bcb712facdc9e962b4747f5', '\xec1f97f7c1b1a76ca10507d6439da3b9cb2d875503fa7359d288d91bb2ec7b63158073c8e95dc28f87b8878a8d79c0076a9d6d98155e4dc85580d88b8252cc0c', 104, '2026-11-01 02:16:40+00', '809'),
	(1793509200, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266376263633463343032363239343234333739366331626338636135386330363635663337313961323935316231396566613335613534356666353761613832222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393230302c2276223a317d', '\x8731f90c7d276e2a65328b9c806665797f1962a0463ed372a9d815d2d2c5fdd2', '\x1c4cc4017eb0241306edb0ec6087dcb4c21dd62da641b4bd188851a7b0911c6e92486868438cfb24f3a9354617a671dc5525e11722e9de67509454287ad43206', 128, '2026-11-01 06:00:00+00', '821'),
	(1793509500, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238373331663930633764323736653261363533323862396338303636363537393766313936326130343633656433373261396438313564326432633566646432222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393530302c2276223a317d', '\x33f0635e9e64b495bcb1d91a804f0377d25126cee7a23ec4ab09dc89b601ed61', '\x867acab86d7ed2e5e693e8764c036a293bd38af24502d1affb24b2f91245cd301913561bede10975eaddaa63e4a47f2934ba0e073249118031cca4519de4d807', 129, '2026-11-01 06:00:00+00', '821'),
	(1793509800, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233336630363335653965363462343935626362316439316138303466303337376432353132366365653761323365633461623039646338396236303165643631222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333530393830302c2276223a317d', '\xa4f37d8aa47caed41b9b9a9322c016af7a8b7bb15df22d1b24ba86afe3010584', '\xb239cd0416f7f3b43df8ec16341645a6d86676a308872c426d4390a3af74bcf2bfb105d4ccd6479b4bb1ced1977bf046ea3d1d7460a3790cafb29aadded8540f', 130, '2026-11-01 06:00:00+00', '821'),
	(1793510100, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2261346633376438616134376361656434316239623961393332326330313661663761386237626231356466323264316232346261383661666533303130353834222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303130302c2276223a317d', '\x9579726805b22e659921e3d297eb242c51a3675267af80723b97bc5ebf56833d', '\x1377ed1d7febb745e2646bc387bb2ee7643d2a53008ee63130df2283acb8e9af21ba7cf684b1554b189046c002a575efb879cce5a8405f20acaecd25ccbbb605', 131, '2026-11-01 06:00:00+00', '821'),
	(1793510400, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239353739373236383035623232653635393932316533643239376562323432633531613336373532363761663830373233623937626335656266353638333364222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303430302c2276223a317d', '\x8c28da3724a3d3135093da69063f5d87fe8a5b0f272d731f56c7b8dfab23b8d4', '\xadfe4254cebe17a7a79aabba3e0f01adaa391ea5bbb26ddbd6084c99c3923a82ab5d293bc6f6b301d6b70b23936747170ba087e9c02746281f698fae9f09210c', 132, '2026-11-01 06:00:00+00', '821'),
	(1793510700, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2238633238646133373234613364333133353039336461363930363366356438376665386135623066323732643733316635366337623864666162323362386434222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531303730302c2276223a317d', '\xf9fe0c9b6304e4c61b283a6cdb7c7ffc7da42c1fcd64b5ec1144be7f7da78bb7', '\x77d207107b3ca8e61a1f03f0d03ef1b8d84999df5efb0cc2a07b7259ba4e45d1b19ddb5021d47291eaf867578fff3a1f6a17c7e531815c2fd9859f67c6cb2f04', 133, '2026-11-01 06:00:00+00', '821'),
	(1793511000, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266396665306339623633303465346336316232383361366364623763376666633764613432633166636436346235656331313434626537663764613738626237222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313030302c2276223a317d', '\xaa4bdd0e648b6040b052e641caa9bb92ae2ed1da1ebd04a32c52150564487b07', '\x2bce35015215b609f28a2bcae18f00a3902a109ee11157051a346cb4352ea5381a8f4f4236ad61f891fd58752ff507083fc6bae8df6f9cd9b7a462575eef1e0b', 134, '2026-11-01 06:00:00+00', '821'),
	(1793511300, 'tencent-node', 'tencent', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2261613462646430653634386236303430623035326536343163616139626239326165326564316461316562643034613332633532313530353634343837623037222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313330302c2276223a317d', '\x95ccf2333c7247d70220c26b1c9197bd62c58235abed6edf747c9bb468d7f820', '\x2962a839d02dbc54cb908a1c528988b197b609f64cc882ac5c3c80fd2ccefdaff6a81daf2624ef630715b93a8ca53231627e92cfce564d9d991cad6e76c80101', 135, '2026-11-01 06:00:00+00', '821'),
	(1793511600, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2239356363663233333363373234376437303232306332366231633931393762643632633538323335616265643665646637343763396262343638643766383230222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313630302c2276223a317d', '\xf41961970931107a9f32a1ca7f4365351b027aed520acf1783982e84f9452bdd', '\x9d6e24d8f040b115d95dce0679cf4b5dd9be99f4aa7cdc7aa3bae4367dffb05f6ab104fdf3df5444769ed611aabe4e7d7ef004f98f8eb6675529cb9b310f6e02', 136, '2026-11-01 06:00:00+00', '821'),
	(1793511900, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2266343139363139373039333131303761396633326131636137663433363533353162303237616564353230616366313738333938326538346639343532626464222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531313930302c2276223a317d', '\x351bcbfbba98c4029caad7daae53ecdc932c91c7f5e560e224814009eb15fd1f', '\xbb7740e192fd9fa37e5933a4c806cdcf419a329d29570c42e5c7c81553b8c0c67ed1c69f2fc411a599b6ad37ef802f4d7710ead497b2a846fc2de62ade6c670a', 137, '2026-11-01 06:00:00+00', '821'),
	(1793512200, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233353162636266626261393863343032396361616437646161653533656364633933326339316337663565353630653232343831343030396562313566643166222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531323230302c2276223a317d', '\x34098fed64e3823a047bbd3f7e2a3ec069bf0af7c59b5a2f1654ef447bc00f6e', '\x79aba7bcd7d9545623da2023e2fdeb6c58d6495e284e1d5ce55ab37310a0ac947d5b6846aa0d05b7be0d991260077566d295ee4ac465eec03362dd54d9860004', 138, '2026-11-01 06:00:00+00', '821'),
	(1793512500, 'tencent-node', 'tencent', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b2274656e63656e742d6770752d30222c2274656e63656e742d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a2274656e63656e742d6e6f6465222c2270726576696f7573223a2233343039386665643634653338323361303437626264336637653261336563303639626630616637633539623561326631363534656634343762633030663665222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2264633635626637302d653739632d353139342d613635642d313835656632646635656432222c3530305d2c5b2269646c65222c3530305d5d7d5d2c227374617274223a313739333531323530302c2276223a317d', '\x0f5cbbcfbdd8f6306da280f7b848ea855a8a5e70b5cd449890f8f98c4adab894', '\xd8f63715585f281793d1e00425c9ad8d8cf90511e8fea766be9835867fa5cd5218ab0dde1cf98e64ae6fdb26412464f11e76f221737f91146c9cc27c5bebdb04', 139, '2026-11-01 06:00:00+00', '821'),
	(1793509200, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2233333663643563323631376465643761353034373836333037656631303232663065383566613335306432346165363761663438613032333836326539323964222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333530393230302c2276223a317d', '\xcdbe10d6ad94224c6ae2dd94e81f1932ffb95d53400f77fb453ddc2ade7e5605', '\x5be62609eb27a940d4134e3226d2444cfbcbbf0634426d069c1054a3eec6157c5c20f14e26253606c811fa924a90609ce5fa64f7ff0493626d80d9c1d3a3c10f', 140, '2026-11-01 06:00:00+00', '824'),
	(1793509500, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2263646265313064366164393432323463366165326464393465383166313933326666623935643533343030663737666234353364646332616465376535363035222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333530393530302c2276223a317d', '\x4ffd589ff18cfefa4ea2044e6e127d92de24790f1b33e828ece4bf488f4555bf', '\x6b6025008aac407f40c861890f4c111ff61cc098d9f64723042f39787233e7a27cda988a4cb1c4863cdf73712ca291bc2c09162bf28e3b154e7fbb7cbb13cd04', 141, '2026-11-01 06:00:00+00', '824'),
	(1793509800, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2234666664353839666631386366656661346561323034346536653132376439326465323437393066316233336538323865636534626634383866343535356266222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333530393830302c2276223a317d', '\x5e9c86a75538f46a2c7a69237c0ffc766aff3a86c46d4786985038a71e19fd18', '\x95350c32e031d63bc7540a9ac725fe1151044919a79b34cc51bd0392371638c0b8ad9614e64e40e492b81f12e8646e1a292fb0aa21ce27d35e842dd738961409', 142, '2026-11-01 06:00:00+00', '824'),
	(1793510100, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2235653963383661373535333866343661326337613639323337633066666337363661666633613836633436643437383639383530333861373165313966643138222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531303130302c2276223a317d', '\x744efb5005bd0c9a3b735840361efdc22cad6e6eb66907618dc99f1d7df29c77', '\x18917467e2e3b163ac9fdead13047f2b81900dfb79365ff43b4c87a6df6ac7b05e877754f6766e6fa8cc00750b0340817658a94817fc5fa1558e14212ec2c501', 143, '2026-11-01 06:00:00+00', '824'),
	(1793510400, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2237343465666235303035626430633961336237333538343033363165666463323263616436653665623636393037363138646339396631643764663239633737222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531303430302c2276223a317d', '\xaceaa60c3329d24f1826663a45ce00a99ffaa907f68ccabcd20f15eb365645e4', '\x18bd5c39d57827c4ed04ef8e336f024c9a878ccd609bdef0bc48a2340cdf5532e509a24a082160027ddcc25b29f187f27f28984bb35d3fd1b4bd6a740405ca03', 144, '2026-11-01 06:00:00+00', '824'),
	(1793510700, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2261636561613630633333323964323466313832363636336134356365303061393966666161393037663638636361626364323066313565623336353634356534222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531303730302c2276223a317d', '\x14238d6aab35d78ed86661e85475579e7452db2562fab322ae6670921f26d2f0', '\x9c58f019d40600771cd07910fafc8f80becd3ac0de4dcf823cdc191af3008f1ece440e2b6f62079ea0b4ad254558b01e0d6b1020d071555b7fd32b044de17c04', 145, '2026-11-01 06:00:00+00', '824'),
	(1793511000, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2231343233386436616162333564373865643836363631653835343735353739653734353264623235363266616233323261653636373039323166323664326630222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531313030302c2276223a317d', '\xb97dd0db48f65ea2ac9ef661e0256a4d69297a71734fdd3ebc6441350e477642', '\x38091591820f52cdaaca8cab048b40165cdfae741bc6a1260c1121814a2dba04f768fbf9b77ecd2e71ab94d4aa1d6dd10964e0aae321080fa9f5bc377922f306', 146, '2026-11-01 06:00:00+00', '824'),
	(1793511300, 'alibaba-node', 'alibaba', true, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2262393764643064623438663635656132616339656636363165303235366134643639323937613731373334666464336562633634343133353065343737363432222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531313330302c2276223a317d', '\x7f3f7eddd18e5ce02be8553b0a7f4bcd2e0c0df64f6c1e69bd1927e4d34452ed', '\xa48c967fdc525d0d58c1e481310d49f891299dc0abe5897113798ab866db734559e848dcdda5356b347ca7bfd58990cc8eac267e70d3db9c8ada2ad51687530f', 147, '2026-11-01 06:00:00+00', '824'),
	(1793511600, 'alibaba-node', 'alibaba', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2237663366376564646431386535636530326265383535336230613766346263643265306330646636346636633165363962643139323765346433343435326564222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531313630302c2276223a317d', '\xbef5200bdf75262045b6b2f8322d6840643de919be5362decce1d8d416beb177', '\x375d299da53365dc7f5cf16130e7832b1cdb900c8d7c706b0380ffa7e2c27620c7c1e54026596903af2da3edba3aa64b3cf3eb8c190e4520b61b88129d3c250c', 148, '2026-11-01 06:00:00+00', '824'),
	(1793511900, 'alibaba-node', 'alibaba', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2262656635323030626466373532363230343562366232663833323264363834303634336465393139626535333632646563636531643864343136626562313737222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531313930302c2276223a317d', '\x825f8c0352f4cd63769ce3a27b56264066913a457a1bae6c34d9709961a8ab0e', '\x69fc70fac55c6d2181a24cdc7273cb3159291b7a5b2bb3ac9ddd49bfae0a0bc1a3c67738b588bf262f8d2818ff1df298470a51d98c61151449bb3d60d285350b', 149, '2026-11-01 06:00:00+00', '824'),
	(1793512200, 'alibaba-node', 'alibaba', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2238323566386330333532663463643633373639636533613237623536323634303636393133613435376131626165366333346439373039393631613861623065222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531323230302c2276223a317d', '\x24c853b97423cd6d29e131089f68e61d0060f808c796607e34c42b4f547e9600', '\x1f9aadfae52ce58b37fb6bd0ec094fd9ec29304fcab778df3722688a2cbaa4cabeb52c6f30c8ae25f011dbd931d81ea9931ed67d8049109b5b23191f9c232e09', 150, '2026-11-01 06:00:00+00', '824'),
	(1793512500, 'alibaba-node', 'alibaba', false, '\x7b22626f6f74223a2230303030303030302d303030302d303030302d303030302d303030303030303030303037222c2267707573223a5b22616c69626162612d6770752d30222c22616c69626162612d6770752d31225d2c226c656e677468223a3330302c226e6f6465223a22616c69626162612d6e6f6465222c2270726576696f7573223a2232346338353362393734323363643664323965313331303839663638653631643030363066383038633739363630376533346334326234663534376539363030222c227365676d656e7473223a5b7b22656e65726779223a313030303030302c226c656e677468223a3330302c226d61736b223a332c226d656d6f7279223a313030302c226f6666736574223a302c22736861726573223a5b5b2269646c65222c313030305d5d7d5d2c227374617274223a313739333531323530302c2276223a317d', '\x2c6ac7d6bec34c8ae318c9015cd8a89c1720dd3a25aa7eabfd2e3da8c5b3d182', '\x5243000883575abdf819760494fa82c09eb02e048b934dc45f2e8ed3a360004bb46e6a4c516dae8c32d79387654c8384bd8421a604ca780fe1dd92147e73840c', 151, '2026-11-01 06:00:00+00', '824');
INSERT INTO ledger.term VALUES
	(1, 1, 'leader-0');
INSERT INTO ledger.transfer VALUES
	('fdbae269-9091-559b-a687-9182631d0713', '\x13fff5af2777650bd83fac2f077c05e6c3e5d4ed3ee03f704ee80ac5d7b7f696', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793491200, '2026-11', NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', NULL, NULL, NULL, 20, '2026-11-01 00:00:00+00', '786'),
	('ef4387d3-7b47-5630-8b61-ced818286b04', '\xb7c8c6c2ad90702d1f74035743227158dbf7bebe88d087bb66dc4506c63319dc', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793494800, '2026-11', NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', 'da2a8324-2979-5d48-83a0-9b9b7ff13c5f', NULL, NULL, NULL, 21, '2026-11-01 00:00:00+00', '786'),
	('d44c963e-805f-588c-abef-90be87f8a480', '\x45a12ddc43d6245c12b316c422be478f35a268fd3197e1767dee30e9890bdb8e', 'single', 'offered', 'pool/offered', 'alibaba/contribution-offered', 7200000, 1793491200, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 84, '2026-11-01 02:16:40+00', '804'),
	('c7f58301-f314-5fec-aa43-604bdbb9a174', '\x69fa9cdc93b2dbf6fcc99bb105ae3a80809af0768105f642b41310305054bc45', 'single', 'offered', 'pool/offered', 'tencent/contribution-offered', 6600000, 1793491200, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 87, '2026-11-01 02:16:40+00', '805'),
	('aaadd3c5-3043-54dd-9f4a-a34a71e59b1e', '\xd991bd846b1c9e60caa427aacefc27c59eb7202a441b887f9038d42fb983e779', 'single', 'tier', 'pool/tiers', 'tencent/use', 990000, 1793491200, '2026-11', 0, '2a41be33-7c93-5742-b69b-a3d4130250d3', NULL, NULL, NULL, NULL, 88, '2026-11-01 02:16:40+00', '805'),
	('63062f41-b705-59fb-b77a-bff20b6834ef', '\xa0ae5df2dd38de441765582aaa72b4240055844f6eefd0add9b09dc3d4ba0eba', 'single', 'tier', 'tencent/use', 'pool/tiers', 1440000, 1793491200, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 89, '2026-11-01 02:16:40+00', '805'),
	('9fb44cb7-d984-5166-808b-1831c06d1fac', '\x6cd925a31e3e435e817f2d5ac76dbed6600b05efb750a097bf670d16432cced5', 'single', 'use', 'tencent/use', 'alibaba/contribution-used', 7200000, 1793491200, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 90, '2026-11-01 02:16:40+00', '805'),
	('a0de0b39-afbe-5091-8295-0083fe92704e', '\x21cc285e20e5faa9d44e4447578019855ef953620b071c0a82649cd571a9cf48', 'single', 'use', 'tencent/use', 'tencent/contribution-used', 3300000, 1793491200, '2026-11', 0, '2a41be33-7c93-5742-b69b-a3d4130250d3', NULL, NULL, NULL, NULL, 91, '2026-11-01 02:16:40+00', '805'),
	('01589b4d-6c49-5cec-8b43-a24165dc2c84', '\x450b742d5034e5a59ea1573ebe70ed0e930afed8b7653b29610fe714c1a5007d', 'post', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 7200000, 1793491200, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, 'fdbae269-9091-559b-a687-9182631d0713', NULL, NULL, 92, '2026-11-01 02:16:40+00', '805'),
	('6f72c95d-896f-5a8f-8637-fbb75d785bbf', '\x605588bf6a3b6e37eb5d55de07a3a9539326d21bfd50e2b9d7485dd37e67ead5', 'single', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 100000, 1793491200, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 93, '2026-11-01 02:16:40+00', '805'),
	('ffc3d29b-cec3-568f-b7e6-c37bd8eefa4a', '\xe811509e21a9ea6226258f6e5c014ff31ee7a3175cf1667b44a7006c9517b5b8', 'single', 'overrun', 'pool/overrun', 'tencent/use', 1340000, 1793491200, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 94, '2026-11-01 02:16:40+00', '805'),
	('4daee9c0-880b-5849-b29b-1d60ff61d968', '\x6c0b7fd27e6f29780cac877fa67e48470a88390617378b9173bc3f3b4a5fdf47', 'single', 'offered', 'pool/offered', 'alibaba/contribution-offered', 6600000, 1793494800, '2026-11', 0, NULL, NULL, NULL, NULL, NULL, 97, '2026-11-01 02:16:40+00', '807'),
	('65ac0ae9-8834-5754-8e89-8b63473818f4', '\xa5a3cb88ade09606a969b9d9834230385ec5a0c7d4f40d6971cdee0900b458b2', 'single', 'tier', 'alibaba/use', 'pool/tiers', 480000, 1793494800, '2026-11', 0, '19221e74-5b17-5cdc-94bc-b82111afa6e6', NULL, NULL, NULL, NULL, 98, '2026-11-01 02:16:40+00', '807'),
	('c7820ea4-a669-515b-b3cf-ef4177f95a54', '\x433cf3f39b6801469b68a3cbe6ac1ab66d46421d421279650a83f181aeeb60c4', 'single', 'use', 'alibaba/use', 'alibaba/contribution-used', 2400000, 1793494800, '2026-11', 0, '19221e74-5b17-5cdc-94bc-b82111afa6e6', NULL, NULL, NULL, NULL, 99, '2026-11-01 02:16:40+00', '807'),
	('6a165a9d-3c30-5a8f-9065-3e415dee65bf', '\x0f15cda4d7588ded9134d487a0fb06515d2835c7f951ab4c5d2e313ab4a476be', 'single', 'tier', 'tencent/use', 'pool/tiers', 840000, 1793494800, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 101, '2026-11-01 02:16:40+00', '808'),
	('5f7ffa02-c249-5cc4-bedb-aabe224345a2', '\x2faca6a7d14a136084e733e66c9737bbcc9b9cfb62314680cb3c7ea054cdd3c4', 'single', 'use', 'tencent/use', 'alibaba/contribution-used', 4200000, 1793494800, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, NULL, NULL, 102, '2026-11-01 02:16:40+00', '808'),
	('e00c3510-18ee-5ac9-aa6f-88fb95334694', '\x8e29df78b3dd65062487c4aa5e80a8a76cf26d398b9035b4898b9dfda5a75a78', 'post', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 5040000, 1793494800, '2026-11', 0, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, 'ef4387d3-7b47-5630-8b61-ced818286b04', NULL, NULL, 103, '2026-11-01 02:16:40+00', '808'),
	('7803695a-72fa-540d-8f2a-b7ced13f1cb2', '\xc68252756b896fc8db2b094bb5ce82db149211cbfdde548ea91e0e8a90cf4488', 'single', 'offered', 'pool/offered', 'tencent/contribution-offered', 600000, 1793491200, '2026-11', 1, NULL, NULL, NULL, NULL, NULL, 108, '2026-11-01 02:16:40+00', '812'),
	('65efa0c8-7995-5cae-8136-c5f8544195d7', '\x8d4385cf47800cd55813bb364ede87a55cfdbff9a7e1e812c80490521e320b2f', 'single', 'tier', 'pool/tiers', 'tencent/use', 90000, 1793491200, '2026-11', 1, '2a41be33-7c93-5742-b69b-a3d4130250d3', NULL, NULL, NULL, NULL, 109, '2026-11-01 02:16:40+00', '812'),
	('180c2490-22c4-5e06-90a9-27af24e65420', '\x0092230cdd31f7f790ffdad00aa0e3a156d30a9ac0a0a076ae3fb7609f57ab1f', 'single', 'use', 'tencent/use', 'tencent/contribution-used', 300000, 1793491200, '2026-11', 1, '2a41be33-7c93-5742-b69b-a3d4130250d3', NULL, NULL, NULL, NULL, 110, '2026-11-01 02:16:40+00', '812'),
	('db18b819-7876-5143-b571-15fb90f11f1a', '\xd853674dad198dcfa66fb3a234a23b767ca6f011c98e1e691898befaf3070cda', 'correction', 'use', 'alibaba/contribution-used', 'tencent/use', 1000, 1793491200, '2026-11', NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, NULL, '9fb44cb7-d984-5166-808b-1831c06d1fac', 'agreed in dispute 1', 111, '2026-11-01 02:16:40+00', '814'),
	('8755f4b4-b32d-5889-abbb-87026755881a', '\x1f1610764a430579cdaf0553be1b7ae7e506e5e28601352b71e848ec3605c909', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793509200, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 118, '2026-11-01 05:00:00+00', '817'),
	('5600493c-ce7b-5feb-bff8-bc2d521d9a3b', '\x1b5e81794d0d456543b543110730ff2682c6a5dd5b468d8bc0c99a20685ce6fb', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793512800, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 119, '2026-11-01 05:00:00+00', '817'),
	('163242dd-888f-56f4-8fc7-fd809a4cf534', '\x3b7b9f7d7648664baea17b1de6b83540093ed5f527dae23351dfbfb0077df5af', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793516400, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 120, '2026-11-01 05:00:00+00', '817'),
	('f6e01fae-377b-52f5-bde1-2cdfcb43b457', '\x5b574e87c34694a1d171c936895e4d0e1bbabdc8f58066a65b3ffc1ac77c7c89', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793520000, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 121, '2026-11-01 05:00:00+00', '817'),
	('9860b515-3c21-5ddf-9ca8-bdc0350172a7', '\xd4f31e9e74b97c73aee681a1b98024cad909a6f5f09d3601b2895974175edfe3', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793523600, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 122, '2026-11-01 05:00:00+00', '817'),
	('7e31d41e-b3cc-520b-8a41-a522d2b2af1e', '\x59a0c8274c97c2b9a2e29185d420c7764113c263367fd3e99a606fe4bb4c7295', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793527200, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 123, '2026-11-01 05:00:00+00', '817'),
	('61d17681-3ae9-5116-af54-8392870cc215', '\x631290fd0369075275bb1d1f241b8e8928615a795e9216e999303aa8ae440cd1', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793530800, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 124, '2026-11-01 05:00:00+00', '817'),
	('f7d17a82-4f21-5c4f-9421-96367c0b7ae1', '\xfb361dae5932c799d8eef68c1a0f47bc22bb1deefa113fdf5ab18d7ca72b4228', 'pending', 'cap', 'tencent/cap/month/1793491200', 'pool/reserved', 4320000, 1793534400, '2026-11', NULL, 'dc65bf70-e79c-5194-a65d-185ef2df5ed2', 'a0b9d4c7-1b12-5983-96af-8c6dbaf3bceb', NULL, NULL, NULL, 125, '2026-11-01 05:00:00+00', '817');
INSERT INTO ledger.tree_head VALUES
	(135, '\xf07b2ffa92f713273bcdb4f60fb7a2c045df6fde4b49ff49650b45d5e6bf0150', '\xae6b3d214cafcdfdfcbe9dcbdc88a0e2ed7b382ef651f83a0e3b722bd40c0f4b7c14b9ecf597eaa00382b9656ea0d8d88131e4cf32c5935720876642a9e1a0e19f71e53a76009ebeac038bce27129532eda163d9eb02aa609edde603ef7522cd3eca260cdfb4f3a46524bb8420c0e07388611990b99592fe99dc53ae0feba3fd', '2026-11-01 06:00:00+00');
INSERT INTO ledger.violation VALUES
	('2201fdc4-3659-5479-a0d6-62219d847b71', 'Overrun', 1793491200, 'tencent', NULL, NULL, 'aaa6fce8-5696-585c-b438-cb6d44a59116', NULL, 'pool/overrun', 1340000, 'ran beyond what its caps hold', 86, '2026-11-01 02:16:40+00', '805');
INSERT INTO public.test_clock VALUES
	('2026-11-01 06:00:00+00');
SELECT pg_catalog.setval('ledger.entry_sequence', 151, true);
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
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_pkey PRIMARY KEY (size, key);
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
ALTER TABLE ONLY ledger.entitlement
    ADD CONSTRAINT entitlement_pkey PRIMARY KEY (member, accelerator_class, sequence);
ALTER TABLE ONLY ledger.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.frame
    ADD CONSTRAINT frame_pkey PRIMARY KEY (term, cycle);
ALTER TABLE ONLY ledger.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (index);
ALTER TABLE ONLY ledger.leaf
    ADD CONSTRAINT leaf_sequence_key UNIQUE (sequence);
ALTER TABLE ONLY ledger.levy
    ADD CONSTRAINT levy_pkey PRIMARY KEY (node, start_seconds);
ALTER TABLE ONLY ledger.log_key
    ADD CONSTRAINT log_key_pkey PRIMARY KEY (attempt, recipient);
ALTER TABLE ONLY ledger.log_tail
    ADD CONSTRAINT log_tail_pkey PRIMARY KEY (attempt, rank);
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
ALTER TABLE ONLY ledger.rollup
    ADD CONSTRAINT rollup_pkey PRIMARY KEY (account, period, hour_seconds, purpose, is_correction, is_own);
ALTER TABLE ONLY ledger.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY ledger.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.signed_head
    ADD CONSTRAINT signed_head_pkey PRIMARY KEY (size);
ALTER TABLE ONLY ledger.slot
    ADD CONSTRAINT slot_pkey PRIMARY KEY (start_seconds, node);
ALTER TABLE ONLY ledger.slot_20261101
    ADD CONSTRAINT slot_20261101_pkey PRIMARY KEY (start_seconds, node);
ALTER TABLE ONLY ledger.term
    ADD CONSTRAINT term_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.tree_head
    ADD CONSTRAINT tree_head_pkey PRIMARY KEY (size);
ALTER TABLE ONLY ledger.violation
    ADD CONSTRAINT violation_pkey PRIMARY KEY (id);
CREATE INDEX attempt_live_cluster ON ledger.attempt USING btree (cluster) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE INDEX attempt_live_lease ON ledger.attempt USING btree (lease_until_seconds) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE UNIQUE INDEX attempt_one_live_a_job ON ledger.attempt USING btree (job) WHERE ((state)::text = ANY ((ARRAY['admitted'::character varying, 'leased'::character varying, 'draining'::character varying, 'suspect'::character varying])::text[]));
CREATE INDEX checkpoint_job_sequence_idx ON ledger.checkpoint USING btree (job, sequence);
CREATE INDEX checkpoint_xid_idx ON ledger.checkpoint USING btree (xid);
CREATE INDEX cutoff_xid_idx ON ledger.cutoff USING btree (xid);
CREATE INDEX cycle_xid_idx ON ledger.cycle USING btree (xid);
CREATE INDEX decision_attempt_idx ON ledger.decision USING btree (attempt);
CREATE INDEX decision_job_idx ON ledger.decision USING btree (job);
CREATE INDEX decision_recorded_at_idx ON ledger.decision USING btree (recorded_at);
CREATE INDEX decision_xid_idx ON ledger.decision USING btree (xid);
CREATE INDEX effect_xid_idx ON ledger.effect USING btree (xid);
CREATE INDEX enrolment_xid_idx ON ledger.enrolment USING btree (xid);
CREATE INDEX entitlement_member_at_seconds_idx ON ledger.entitlement USING btree (member, at_seconds);
CREATE INDEX entitlement_xid_idx ON ledger.entitlement USING btree (xid);
CREATE INDEX fact_attempt_idx ON ledger.fact USING btree (attempt);
CREATE INDEX fact_credit ON ledger.fact USING btree (at_seconds) WHERE ((kind)::text = 'Credit'::text);
CREATE INDEX fact_recorded_at_idx ON ledger.fact USING btree (recorded_at);
CREATE INDEX fact_xid_idx ON ledger.fact USING btree (xid);
CREATE INDEX levy_xid_idx ON ledger.levy USING btree (xid);
CREATE INDEX log_key_made_at_seconds_idx ON ledger.log_key USING btree (made_at_seconds);
CREATE UNIQUE INDEX log_key_one_an_owner_key ON ledger.log_key USING btree (attempt, owner_key);
CREATE INDEX log_tail_attempt_version_idx ON ledger.log_tail USING btree (attempt, version);
CREATE INDEX log_tail_stored_at_seconds_idx ON ledger.log_tail USING btree (stored_at_seconds);
CREATE INDEX member_key_xid_idx ON ledger.member_key USING btree (xid);
CREATE INDEX member_xid_idx ON ledger.member USING btree (xid);
CREATE INDEX placement_attempt_idx ON ledger.placement USING btree (attempt);
CREATE INDEX placement_xid_idx ON ledger.placement USING btree (xid);
CREATE INDEX posting_xid_idx ON ledger.posting USING btree (xid);
CREATE INDEX rate_xid_idx ON ledger.rate USING btree (xid);
CREATE INDEX slot_sequence_idx ON ONLY ledger.slot USING btree (sequence);
CREATE INDEX slot_20261101_sequence_idx ON ledger.slot_20261101 USING btree (sequence);
CREATE INDEX slot_xid_idx ON ONLY ledger.slot USING btree (xid);
CREATE INDEX slot_20261101_xid_idx ON ledger.slot_20261101 USING btree (xid);
CREATE INDEX transfer_attempt_hour_seconds_idx ON ledger.transfer USING btree (attempt, hour_seconds);
CREATE UNIQUE INDEX transfer_one_resolution ON ledger.transfer USING btree (pending) WHERE (pending IS NOT NULL);
CREATE INDEX transfer_pending_hour ON ledger.transfer USING btree (hour_seconds) WHERE ((kind)::text = 'pending'::text);
CREATE INDEX transfer_period_sequence_idx ON ledger.transfer USING btree (period, sequence);
CREATE INDEX transfer_reverses_idx ON ledger.transfer USING btree (reverses) WHERE (reverses IS NOT NULL);
CREATE INDEX transfer_xid_idx ON ledger.transfer USING btree (xid);
CREATE INDEX violation_recorded_at_idx ON ledger.violation USING btree (recorded_at);
CREATE INDEX violation_xid_idx ON ledger.violation USING btree (xid);
ALTER INDEX ledger.slot_pkey ATTACH PARTITION ledger.slot_20261101_pkey;
ALTER INDEX ledger.slot_sequence_idx ATTACH PARTITION ledger.slot_20261101_sequence_idx;
ALTER INDEX ledger.slot_xid_idx ATTACH PARTITION ledger.slot_20261101_xid_idx;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.account FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.checkpoint FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.checkpoint ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.cosignature FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER deny_change;
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
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.entitlement FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.entitlement ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.fact FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.frame FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.frame ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.leaf FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER deny_change;
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
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.signed_head FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.signed_head ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.slot FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE ON ledger.term FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.transfer FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER deny_change;
CREATE TRIGGER deny_change BEFORE DELETE OR UPDATE ON ledger.tree_head FOR EACH ROW EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.tree_head ENABLE ALWAYS TRIGGER deny_change;
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
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.cosignature FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.cosignature ENABLE ALWAYS TRIGGER deny_truncate;
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
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.entitlement FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.entitlement ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.fact FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.fact ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.frame FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.frame ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.leaf FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER deny_truncate;
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
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.signed_head FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.signed_head ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.slot FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.slot_20261101 FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.slot_20261101 ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.term FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.tree_head FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.tree_head ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER deny_truncate BEFORE TRUNCATE ON ledger.violation FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny();
ALTER TABLE ledger.violation ENABLE ALWAYS TRIGGER deny_truncate;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION ledger.guard_attempt();
ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.term FOR EACH ROW EXECUTE FUNCTION ledger.guard_term();
ALTER TABLE ledger.term ENABLE ALWAYS TRIGGER guard;
CREATE TRIGGER roll_up AFTER INSERT ON ledger.transfer REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.roll_up();
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
CREATE TRIGGER stamp BEFORE INSERT ON ledger.entitlement FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.entitlement ENABLE ALWAYS TRIGGER stamp;
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
ALTER TABLE ONLY ledger.cosignature
    ADD CONSTRAINT cosignature_size_fkey FOREIGN KEY (size) REFERENCES ledger.signed_head(size);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.decision
    ADD CONSTRAINT decision_term_cycle_fkey FOREIGN KEY (term, cycle) REFERENCES ledger.cycle(term, cycle);
ALTER TABLE ONLY ledger.effect
    ADD CONSTRAINT effect_decision_fkey FOREIGN KEY (decision) REFERENCES ledger.decision(id);
ALTER TABLE ONLY ledger.enrolment
    ADD CONSTRAINT enrolment_member_member_key_fkey FOREIGN KEY (member, member_key) REFERENCES ledger.member_key(member, verify_key);
ALTER TABLE ONLY ledger.entitlement
    ADD CONSTRAINT entitlement_member_fkey FOREIGN KEY (member) REFERENCES ledger.member(name);
ALTER TABLE ONLY ledger.frame
    ADD CONSTRAINT frame_term_cycle_fkey FOREIGN KEY (term, cycle) REFERENCES ledger.cycle(term, cycle);
ALTER TABLE ONLY ledger.log_key
    ADD CONSTRAINT log_key_attempt_fkey FOREIGN KEY (attempt) REFERENCES ledger.attempt(id);
ALTER TABLE ONLY ledger.log_tail
    ADD CONSTRAINT log_tail_attempt_recipient_fkey FOREIGN KEY (attempt, recipient) REFERENCES ledger.log_key(attempt, recipient);
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
ALTER TABLE ONLY ledger.rollup
    ADD CONSTRAINT rollup_account_fkey FOREIGN KEY (account) REFERENCES ledger.account(name);
ALTER TABLE ONLY ledger.signed_head
    ADD CONSTRAINT signed_head_size_fkey FOREIGN KEY (size) REFERENCES ledger.tree_head(size);
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
GRANT USAGE ON SCHEMA ledger TO hanse_sealer;
REVOKE ALL ON FUNCTION ledger.add_cosignatures(p_size bigint, p_keys text[], p_lines text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_cosignatures(p_size bigint, p_keys text[], p_lines text[]) TO hanse_sealer;
REVOKE ALL ON FUNCTION ledger.add_member_key(p_member text, p_key bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_member_key(p_member text, p_key bytea) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.add_slot_day(p_day_seconds bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.add_slot_day(p_day_seconds bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.admit_all(p_term bigint, p_cycle bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.append_leaves(p_from bigint, p_sequences bigint[], p_xids text[], p_salts bytea[], p_entries bytea[], p_parts bytea[], p_root bytea, p_frontier bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.append_leaves(p_from bigint, p_sequences bigint[], p_xids text[], p_salts bytea[], p_entries bytea[], p_parts bytea[], p_root bytea, p_frontier bytea) TO hanse_sealer;
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
GRANT ALL ON FUNCTION ledger.clock() TO hanse_sealer;
REVOKE ALL ON FUNCTION ledger.clock_seconds() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_operator;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_api;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_auditor;
GRANT ALL ON FUNCTION ledger.clock_seconds() TO hanse_sealer;
REVOKE ALL ON FUNCTION ledger.close_session(p_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.close_session(p_digest bytea) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.deny() FROM PUBLIC;
REVOKE ALL ON PROCEDURE ledger.deny_on(IN p_table regclass, IN p_operations text, IN p_level text, IN p_name text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.forget_logs(p_kept bigint, p_most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.forget_logs(p_kept bigint, p_most bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid, OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid, OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text) TO hanse_api;
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
REVOKE ALL ON FUNCTION ledger.open_logs(p_cluster text, p_attempts uuid[], p_owner_keys bytea[], p_blinds bytea[], p_recipients bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_logs(p_cluster text, p_attempts uuid[], p_owner_keys bytea[], p_blinds bytea[], p_recipients bytea[]) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.open_session(p_digest bytea, p_kind text, p_owner bytea, p_sealed bytea, p_seconds bigint, p_own bigint, p_most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.open_session(p_digest bytea, p_kind text, p_owner bytea, p_sealed bytea, p_seconds bigint, p_own bigint, p_most bigint) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.read_session(p_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.read_session(p_digest bytea) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.rebuild_rollups() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea, p_code bytea, p_ids uuid[], p_bodies bytea[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_entitlements(p_members text[], p_classes text[], p_milli_gpus bigint[], p_milli_h100e bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_entitlements(p_members text[], p_classes text[], p_milli_gpus bigint[], p_milli_h100e bigint[]) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) TO hanse_operator;
GRANT ALL ON FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text, p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.record_frame(p_term bigint, p_cycle bigint, p_data bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.record_frame(p_term bigint, p_cycle bigint, p_data bytea) TO hanse_operator;
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
REVOKE ALL ON FUNCTION ledger.roll_up() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.sign_head(p_size bigint, p_note bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.sign_head(p_size bigint, p_note bytea) TO hanse_sealer;
REVOKE ALL ON FUNCTION ledger.stamp() FROM PUBLIC;
REVOKE ALL ON FUNCTION ledger.store_log_tails(p_cluster text, p_late bigint, p_bytes bigint, p_attempts uuid[], p_fences bigint[], p_ranks bigint[], p_recipients bytea[], p_sealed bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.store_log_tails(p_cluster text, p_late bigint, p_bytes bigint, p_attempts uuid[], p_fences bigint[], p_ranks bigint[], p_recipients bytea[], p_sealed bytea[]) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.take_code(p_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.take_code(p_digest bytea) TO hanse_api;
REVOKE ALL ON FUNCTION ledger.take_term(p_holder text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.take_term(p_holder text) TO hanse_operator;
REVOKE ALL ON FUNCTION ledger.trim_logs(p_bytes bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.trim_logs(p_bytes bigint) TO hanse_api;
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
GRANT SELECT ON TABLE ledger.cosignature TO hanse_api;
GRANT SELECT ON TABLE ledger.cosignature TO hanse_auditor;
GRANT SELECT ON TABLE ledger.cosignature TO hanse_sealer;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_operator;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_api;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_auditor;
GRANT SELECT ON TABLE ledger.cutoff TO hanse_sealer;
GRANT SELECT ON TABLE ledger.cycle TO hanse_operator;
GRANT SELECT ON TABLE ledger.cycle TO hanse_api;
GRANT SELECT ON TABLE ledger.cycle TO hanse_auditor;
GRANT SELECT ON TABLE ledger.cycle TO hanse_sealer;
GRANT SELECT ON TABLE ledger.decision TO hanse_operator;
GRANT SELECT ON TABLE ledger.decision TO hanse_api;
GRANT SELECT ON TABLE ledger.decision TO hanse_auditor;
GRANT SELECT ON TABLE ledger.decision TO hanse_sealer;
GRANT SELECT ON TABLE ledger.effect TO hanse_operator;
GRANT SELECT ON TABLE ledger.effect TO hanse_api;
GRANT SELECT ON TABLE ledger.effect TO hanse_auditor;
GRANT SELECT ON TABLE ledger.effect TO hanse_sealer;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_operator;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_api;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_auditor;
GRANT SELECT ON TABLE ledger.enrolment TO hanse_sealer;
GRANT SELECT ON TABLE ledger.entitlement TO hanse_operator;
GRANT SELECT ON TABLE ledger.entitlement TO hanse_api;
GRANT SELECT ON TABLE ledger.entitlement TO hanse_auditor;
GRANT SELECT ON TABLE ledger.entitlement TO hanse_sealer;
GRANT SELECT ON TABLE ledger.fact TO hanse_operator;
GRANT SELECT ON TABLE ledger.fact TO hanse_api;
GRANT SELECT ON TABLE ledger.fact TO hanse_auditor;
GRANT SELECT ON TABLE ledger.fact TO hanse_sealer;
GRANT SELECT ON TABLE ledger.frame TO hanse_auditor;
GRANT SELECT ON TABLE ledger.leaf TO hanse_api;
GRANT SELECT ON TABLE ledger.leaf TO hanse_auditor;
GRANT SELECT ON TABLE ledger.leaf TO hanse_sealer;
GRANT SELECT ON TABLE ledger.levy TO hanse_operator;
GRANT SELECT ON TABLE ledger.levy TO hanse_api;
GRANT SELECT ON TABLE ledger.levy TO hanse_auditor;
GRANT SELECT ON TABLE ledger.levy TO hanse_sealer;
GRANT SELECT ON TABLE ledger.log_key TO hanse_api;
GRANT SELECT ON TABLE ledger.log_tail TO hanse_api;
GRANT SELECT ON TABLE ledger.member TO hanse_operator;
GRANT SELECT ON TABLE ledger.member TO hanse_api;
GRANT SELECT ON TABLE ledger.member TO hanse_auditor;
GRANT SELECT ON TABLE ledger.member TO hanse_sealer;
GRANT SELECT ON TABLE ledger.member_key TO hanse_operator;
GRANT SELECT ON TABLE ledger.member_key TO hanse_api;
GRANT SELECT ON TABLE ledger.member_key TO hanse_auditor;
GRANT SELECT ON TABLE ledger.member_key TO hanse_sealer;
GRANT SELECT ON TABLE ledger.transfer TO hanse_operator;
GRANT SELECT ON TABLE ledger.transfer TO hanse_api;
GRANT SELECT ON TABLE ledger.transfer TO hanse_auditor;
GRANT SELECT ON TABLE ledger.transfer TO hanse_sealer;
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
GRANT SELECT ON TABLE ledger.own_entitlement TO hanse_member;
GRANT SELECT ON TABLE ledger.posting TO hanse_operator;
GRANT SELECT ON TABLE ledger.posting TO hanse_api;
GRANT SELECT ON TABLE ledger.posting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.posting TO hanse_sealer;
GRANT SELECT ON TABLE ledger.slot TO hanse_operator;
GRANT SELECT ON TABLE ledger.slot TO hanse_api;
GRANT SELECT ON TABLE ledger.slot TO hanse_auditor;
GRANT SELECT ON TABLE ledger.slot TO hanse_sealer;
GRANT SELECT ON TABLE ledger.own_leaf TO hanse_member;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_api;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_posting TO hanse_member;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_operator;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_api;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_auditor;
GRANT SELECT ON TABLE ledger.own_slot TO hanse_member;
GRANT SELECT ON TABLE ledger.own_transfer TO hanse_member;
GRANT SELECT ON TABLE ledger.placement TO hanse_operator;
GRANT SELECT ON TABLE ledger.placement TO hanse_api;
GRANT SELECT ON TABLE ledger.placement TO hanse_auditor;
GRANT SELECT ON TABLE ledger.rate TO hanse_operator;
GRANT SELECT ON TABLE ledger.rate TO hanse_api;
GRANT SELECT ON TABLE ledger.rate TO hanse_auditor;
GRANT SELECT ON TABLE ledger.rate TO hanse_sealer;
GRANT SELECT ON TABLE ledger.rollup TO hanse_operator;
GRANT SELECT ON TABLE ledger.rollup TO hanse_auditor;
GRANT SELECT ON TABLE ledger.rollup TO hanse_api;
GRANT SELECT ON TABLE ledger.setting TO hanse_operator;
GRANT SELECT ON TABLE ledger.setting TO hanse_api;
GRANT SELECT ON TABLE ledger.setting TO hanse_auditor;
GRANT SELECT ON TABLE ledger.signed_head TO hanse_api;
GRANT SELECT ON TABLE ledger.signed_head TO hanse_auditor;
GRANT SELECT ON TABLE ledger.signed_head TO hanse_sealer;
GRANT SELECT ON TABLE ledger.summed TO hanse_operator;
GRANT SELECT ON TABLE ledger.summed TO hanse_auditor;
GRANT SELECT ON TABLE ledger.summed TO hanse_api;
GRANT SELECT ON TABLE ledger.term TO hanse_operator;
GRANT SELECT ON TABLE ledger.term TO hanse_api;
GRANT SELECT ON TABLE ledger.term TO hanse_auditor;
GRANT SELECT ON TABLE ledger.tree_head TO hanse_api;
GRANT SELECT ON TABLE ledger.tree_head TO hanse_auditor;
GRANT SELECT ON TABLE ledger.tree_head TO hanse_sealer;
GRANT SELECT ON TABLE ledger.violation TO hanse_operator;
GRANT SELECT ON TABLE ledger.violation TO hanse_api;
GRANT SELECT ON TABLE ledger.violation TO hanse_auditor;
GRANT SELECT ON TABLE ledger.violation TO hanse_sealer;
GRANT SELECT ON TABLE public.test_clock TO PUBLIC;
