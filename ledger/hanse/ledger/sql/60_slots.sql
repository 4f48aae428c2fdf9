-- Signed slots, and the postings made from them.

-- A day's partition. Each has triggers of its own: TRUNCATE of a partition fires none of its parent's, and DETACH drops
-- those that were cloned from it.
CREATE FUNCTION ledger.add_slot_day(p_day_seconds bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_start bigint := p_day_seconds - p_day_seconds % 86400;
  v_name text := 'slot_' || to_char(to_timestamp(v_start) AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  IF EXISTS (SELECT FROM fact WHERE id = md5('SlotsArchived/' || v_start)::uuid) THEN
    RAISE EXCEPTION 'the slots of % are archived: none is added to them', to_timestamp(v_start)::date USING ERRCODE = 'HN006';
  END IF;
  IF to_regclass('ledger.' || v_name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(1751215717, 0);
  -- Asked of the catalogue itself: to_regclass answers from what this session remembers, which a lock does not renew.
  IF EXISTS (SELECT FROM pg_class WHERE relname = v_name AND relnamespace = 'ledger'::regnamespace) THEN
    RETURN;
  END IF;
  -- Made aside and then attached, which lets readers and writers of other days go on; CREATE ... PARTITION OF waits for the last
  -- of them, an export for instance, and everybody else behind it.
  EXECUTE format('CREATE TABLE %I (LIKE slot INCLUDING CONSTRAINTS INCLUDING INDEXES)', v_name);
  EXECUTE format('ALTER TABLE slot ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', v_name, v_start, v_start + 86400);
  CALL deny_on(v_name::regclass, 'UPDATE OR DELETE', 'ROW', 'deny_change_here');
  CALL deny_on(v_name::regclass, 'TRUNCATE', 'STATEMENT', 'deny_truncate');
END $$;

-- The caller has checked signature and form. A slot is stored once; another body for it is refused and a violation.
-- The shared lock on the hour makes a posting, which locks it alone, see either all of this or none.
CREATE FUNCTION ledger.ingest_slots(p_member text, p_nodes text[], p_starts bigint[], p_bodies bytea[], p_signatures bytea[])
RETURNS TABLE (node text, start_seconds bigint, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- The run of an hour that is to be posted now: the last one if a member's part of it is missing, a new one if slots came since,
-- else none. Waits for slots of the hour that are being stored, so that the cut-off's sequence says exactly which are in.
CREATE FUNCTION ledger.open_posting(p_term bigint, p_hour bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- The row that makes a member's part of a run happen once; false if it has.
CREATE FUNCTION ledger.record_part(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint,
                                      p_down bigint, p_unknown bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO posting (hour_seconds, run, member, used, idle, down, unknown)
    VALUES (p_hour, p_run, p_member, p_used, p_idle, p_down, p_unknown) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

CREATE FUNCTION ledger.record_violation(p_id uuid, p_kind text, p_at bigint, p_member text, p_node text, p_attempt uuid,
                                        p_account text, p_amount bigint, p_detail text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO violation (id, kind, at_seconds, member, node, attempt, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_node, p_attempt, p_account, p_amount, p_detail) ON CONFLICT (id) DO NOTHING
$$;
