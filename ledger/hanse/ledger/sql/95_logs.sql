-- Tails of workers' logs: sealed to the job's owner, replaced as they come, deleted after days. Nobody but the API service reads
-- them, and it cannot open them.

-- The keys to which logs of these attempts are sealed: one for each of the owner's keys, which stays as it was first made.
CREATE FUNCTION ledger.open_logs(p_cluster text, p_attempts uuid[], p_owner_keys bytea[], p_blinds bytea[], p_recipients bytea[])
RETURNS TABLE (attempt uuid, recipient bytea) LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO log_key (attempt, owner_key, blind, recipient, made_at_seconds)
    SELECT a.id, g.owner_key, g.blind, g.recipient, clock_seconds()
    FROM unnest(p_attempts, p_owner_keys, p_blinds, p_recipients) AS g (attempt, owner_key, blind, recipient)
    JOIN attempt a ON a.id = g.attempt AND a.cluster = p_cluster ORDER BY a.id ON CONFLICT DO NOTHING;
  SELECT k.attempt, k.recipient FROM unnest(p_attempts, p_owner_keys) AS g (attempt, owner_key)
    JOIN attempt a ON a.id = g.attempt AND a.cluster = p_cluster
    JOIN log_key k ON k.attempt = g.attempt AND k.owner_key = g.owner_key;
$$;

-- Store tails, each in place of the worker's last one, and say of each whether it was taken. An attempt must have had its lease
-- here, and not have ended more than p_late seconds ago; p_bytes is what all its tails may come to. Versions are counted for each
-- attempt alone, as whoever reads one's could count the others' by them, and under a lock, so that none is committed after a
-- higher one was read.
CREATE FUNCTION ledger.store_log_tails(p_cluster text, p_late bigint, p_bytes bigint, p_attempts uuid[], p_fences bigint[],
  p_ranks bigint[], p_recipients bytea[], p_sealed bytea[]) RETURNS boolean[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Delete what is older than p_kept seconds, so much at a time that nobody waits for it. A key goes after what is sealed to it.
CREATE FUNCTION ledger.forget_logs(p_kept bigint, p_most bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Leave each hosting cluster its newest tails, so many bytes of them; return how many tails went. What is replaced meanwhile stays.
CREATE FUNCTION ledger.trim_logs(p_bytes bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

REVOKE ALL ON FUNCTION ledger.open_logs, ledger.store_log_tails, ledger.forget_logs, ledger.trim_logs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_logs, ledger.store_log_tails, ledger.forget_logs, ledger.trim_logs TO hanse_api;
-- Not even that somebody logs is an auditor's or the operator's to know.
REVOKE ALL ON ledger.log_key, ledger.log_tail FROM hanse_operator, hanse_auditor, hanse_api;
GRANT SELECT ON ledger.log_key, ledger.log_tail TO hanse_api;
