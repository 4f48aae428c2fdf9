-- Days of slots: made ahead of time; archived as a file, announced by a fact that is sealed, and only then taken out. What archives and
-- takes out is the owner's alone: no role that works from day to day may call it.

-- Today and the days after it, so that no slot has to wait at midnight. Slots of other days make theirs as they come.
CREATE FUNCTION ledger.prepare_slot_days(p_days bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT add_slot_day(at) FROM generate_series(clock_seconds(), clock_seconds() + p_days * 86400, 86400) AS days (at)
$$;

-- How many slots a day has, how many of them are in the log as it was signed last, and a hash over their leaves: over those of its hours,
-- each over the entries in the order of start and node.
CREATE FUNCTION ledger.slot_day(p_day bigint, OUT slots bigint, OUT sealed bigint, OUT entries_sha256 bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT coalesce(sum(hours.slots), 0), coalesce(sum(hours.sealed), 0), sha256(coalesce(string_agg(hours.digest, '' ORDER BY hours.hour), ''))
  FROM (
    SELECT s.start_seconds / 3600 AS hour, count(*) AS slots, count(l.index) AS sealed,
           sha256(coalesce(string_agg(l.entry, '' ORDER BY s.start_seconds, s.node COLLATE "C"), '')) AS digest
    FROM slot s LEFT JOIN leaf l ON l.sequence = s.sequence AND l.index < (SELECT max(size) FROM signed_head)
    WHERE s.start_seconds >= p_day AND s.start_seconds < p_day + 86400 GROUP BY 1) AS hours
$$;

-- The first hour of a day that is not posted with all its slots, for every member; NULL if there is none.
CREATE FUNCTION ledger.hour_not_posted(p_day bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT min(h.hour) FROM (
    SELECT start_seconds / 3600 * 3600 AS hour, max(sequence) AS newest FROM slot
    WHERE start_seconds >= p_day AND start_seconds < p_day + 86400 GROUP BY 1) AS h
  WHERE NOT EXISTS (SELECT FROM cutoff c WHERE c.hour_seconds = h.hour AND c.sequence > h.newest AND NOT EXISTS (
    SELECT FROM member m WHERE m.sequence < c.sequence AND NOT EXISTS (
      SELECT FROM posting p WHERE (p.hour_seconds, p.run, p.member) = (c.hour_seconds, c.run, m.name))))
$$;

-- The days that have a partition, in order.
CREATE FUNCTION ledger.slot_days() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT extract(epoch FROM to_date(right(c.relname, 8), 'YYYYMMDD'))::bigint
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'ledger.slot'::regclass ORDER BY 1
$$;

-- Refuses a day that may not be archived yet, with the reason. Days go in their order, 62 days after their end: a month, and a month in
-- which it may be disputed.
CREATE FUNCTION ledger.check_slot_day(p_day bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_day date := to_timestamp(p_day) AT TIME ZONE 'UTC';
  v_older bigint;
  v_hour bigint := hour_not_posted(p_day);
  v_its record;
BEGIN
  SELECT day INTO v_older FROM slot_days() AS days (day)
    WHERE day < p_day AND NOT EXISTS (SELECT FROM fact WHERE kind = 'SlotsArchived' AND at_seconds = day) LIMIT 1;
  IF v_older IS NOT NULL THEN
    RAISE EXCEPTION 'the slots of % are to be archived before those of %', to_timestamp(v_older)::date, v_day USING ERRCODE = 'HN006';
  END IF;
  IF p_day % 86400 <> 0 OR p_day + 63 * 86400 > clock_seconds() THEN
    RAISE EXCEPTION 'the slots of % stay for 62 days after its end', v_day USING ERRCODE = 'HN006';
  END IF;
  IF v_hour IS NOT NULL THEN
    RAISE EXCEPTION 'the hour % of % is not posted with all its slots for every member: post it first', v_hour, v_day USING ERRCODE = 'HN006';
  END IF;
  SELECT * INTO v_its FROM slot_day(p_day);
  IF v_its.sealed <> v_its.slots THEN
    RAISE EXCEPTION 'of the % slots of % only % are in the log as it was signed last: let the sealer run first', v_its.slots, v_day, v_its.sealed
      USING ERRCODE = 'HN006';
  END IF;
END $$;

-- Announces that a file holds a day's slots: the file was read back, and its rows make these leaves.
CREATE FUNCTION ledger.archive_slot_day(p_day bigint, p_entries_sha256 bytea, p_file_sha256 bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_day date := to_timestamp(p_day) AT TIME ZONE 'UTC';
  v_its record;
BEGIN
  PERFORM check_slot_day(p_day);
  SELECT * INTO v_its FROM slot_day(p_day);
  IF v_its.entries_sha256 <> p_entries_sha256 THEN
    RAISE EXCEPTION 'the archive of % does not hold the slots that were sealed', v_day USING ERRCODE = 'HN005';
  END IF;
  INSERT INTO fact (id, kind, at_seconds, amount, detail)
    VALUES (md5('SlotsArchived/' || p_day)::uuid, 'SlotsArchived', p_day, v_its.slots,
            encode(p_file_sha256, 'hex') || ' ' || encode(p_entries_sha256, 'hex'));
END $$;

-- Takes a day's slots out of the database, if the fact that announces it is in the log as it was signed last, and nothing has changed since.
CREATE FUNCTION ledger.drop_slot_day(p_day bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_day date := to_timestamp(p_day) AT TIME ZONE 'UTC';
  v_name text := 'slot_' || to_char(v_day, 'YYYYMMDD');
  v_fact fact%ROWTYPE;
  v_its record;
BEGIN
  SELECT * INTO v_fact FROM fact WHERE kind = 'SlotsArchived' AND at_seconds = p_day;
  IF NOT EXISTS (SELECT FROM leaf WHERE sequence = v_fact.sequence AND index < (SELECT max(size) FROM signed_head)) THEN
    RAISE EXCEPTION 'that the slots of % are archived is not in the log as it was signed last', v_day USING ERRCODE = 'HN006';
  END IF;
  -- Who waits for a reader lets everybody else wait: better it is tried again. The partition first: nothing comes after it was looked at.
  SET LOCAL lock_timeout = '4s';
  EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', v_name);
  SELECT * INTO v_its FROM slot_day(p_day);
  IF v_its.slots <> v_fact.amount OR encode(v_its.entries_sha256, 'hex') <> split_part(v_fact.detail, ' ', 2) THEN
    RAISE EXCEPTION 'the slots of % are not those that were archived', v_day USING ERRCODE = 'HN005';
  END IF;
  EXECUTE format('ALTER TABLE slot DETACH PARTITION %I', v_name);
  EXECUTE format('DROP TABLE %I', v_name);
END $$;

REVOKE ALL ON FUNCTION ledger.prepare_slot_days, ledger.slot_day, ledger.hour_not_posted, ledger.slot_days, ledger.check_slot_day,
  ledger.archive_slot_day, ledger.drop_slot_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.prepare_slot_days TO hanse_operator;
GRANT EXECUTE ON FUNCTION ledger.slot_days TO hanse_auditor, hanse_api;
