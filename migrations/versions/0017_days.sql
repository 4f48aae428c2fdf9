-- A database that was made before has the functions of before: a day's partition is attached, and facts about archives are nobody's
-- but the owner's.

CREATE OR REPLACE FUNCTION ledger.add_slot_day(p_day_seconds bigint) RETURNS void
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

CREATE OR REPLACE FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text,
                                   p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  IF p_kind = 'SlotsArchived' THEN
    RAISE EXCEPTION 'a fact % is recorded by archive_slot_day alone', p_kind USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO fact (id, kind, at_seconds, member, cluster, node, attempt, fence, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_cluster, p_node, p_attempt, p_fence, p_account, p_amount, p_detail)
    ON CONFLICT (id) DO NOTHING;
END $$;
