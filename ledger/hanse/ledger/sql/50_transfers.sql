-- Double entry. Each row lock is taken in the order of account names, so writers wait for one another and never deadlock.

-- How much a cap's account still takes; the row stays locked until the transaction ends.
CREATE FUNCTION ledger.cap_room(p_account text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT greatest(0, ceiling - debits_posted - debits_pending) FROM account WHERE name = p_account FOR UPDATE
$$;

-- The bodies are canonical JSON; the columns are what they say, and the hash is theirs. The same id with the same hash is a
-- duplicate; with another one it is refused and a violation. All others are applied, or none.
CREATE FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) RETURNS TABLE (transfer uuid, outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_new uuid[];
BEGIN
  -- With what is granted to a member also its use is held: what an attempt has paid is asked of both, and two that have none of their
  -- accounts in common would both find enough of it left.
  PERFORM FROM account WHERE name IN (SELECT s.name FROM unnest(p_bodies) AS body, unnest(ARRAY['debit', 'credit']) AS side,
      LATERAL (SELECT convert_from(body, 'UTF8')::jsonb ->> side) AS j (name),
      LATERAL (VALUES (j.name), (CASE WHEN j.name LIKE '%/adjustments' THEN split_part(j.name, '/', 1) || '/use' END)) AS s (name))
    ORDER BY name FOR UPDATE;
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

CREATE FUNCTION ledger.check_resolutions(p_new uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- What each transfer adds to its two accounts.
CREATE VIEW ledger.movement AS
  WITH moved AS (
    SELECT t.id, t.period, t.debit, t.credit, CASE WHEN t.kind = 'pending' THEN 0 ELSE t.amount END AS posted,
           CASE WHEN t.kind = 'pending' THEN t.amount ELSE coalesce(-p.amount, 0) END AS pending
    FROM ledger.transfer t LEFT JOIN ledger.transfer p ON p.id = t.pending)
  SELECT id AS transfer, period, debit AS name, posted AS debits_posted, 0::bigint AS credits_posted, pending AS debits_pending,
         0::bigint AS credits_pending FROM moved
  UNION ALL SELECT id, period, credit, 0, posted, 0, pending FROM moved;

CREATE FUNCTION ledger.movements(p_transfers uuid[])
RETURNS TABLE (name text, debits_posted numeric, credits_posted numeric, debits_pending numeric, credits_pending numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT name, sum(debits_posted), sum(credits_posted), sum(debits_pending), sum(credits_pending)
  FROM movement WHERE transfer = ANY (p_transfers) GROUP BY name
$$;

-- One conditional UPDATE takes all caps: who comes second waits for the row and then sees what is left of it.
CREATE FUNCTION ledger.move_balances(p_new uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
