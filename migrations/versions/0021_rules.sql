-- As it was when it came. Later migrations change it; this file stays as it is.

-- As a new leader: whoever leads now ends what it is posting before this, or fails after it. Its function would go on although it is
-- dropped below. Nobody leads a new ledger.
SELECT ledger.await_leader();
SELECT ledger.take_term('migration 0021') FROM ledger.term WHERE term > 0;

-- Verifying has rules that earlier versions did not follow: what attempts used is recorded, lost work is credited, nodes have keys of their
-- own. In a ledger that they have written, this says from which place on the rules hold. One in which use is recorded had them before.
INSERT INTO ledger.fact (id, kind, at_seconds, detail)
  SELECT md5('RulesBegin')::uuid, 'RulesBegin', ledger.clock_seconds(), 'use, lost work, keys of nodes, raised caps'
  WHERE (EXISTS (SELECT FROM ledger.enrolment) OR EXISTS (SELECT FROM ledger.cutoff)) AND NOT EXISTS (SELECT FROM ledger.usage);

CREATE OR REPLACE FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text,
                                   p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  IF p_kind IN ('SlotsArchived', 'RulesBegin') THEN
    RAISE EXCEPTION 'a fact % is recorded by the owner alone', p_kind USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO fact (id, kind, at_seconds, member, cluster, node, attempt, fence, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_cluster, p_node, p_attempt, p_fence, p_account, p_amount, p_detail)
    ON CONFLICT (id) DO NOTHING;
END $$;

-- Under another name: an operator of the version before, which goes on until it is replaced, posts nothing any more.
DROP FUNCTION IF EXISTS ledger.record_posting(bigint, bigint, bigint, text, bigint, bigint, bigint, bigint);
CREATE OR REPLACE FUNCTION ledger.record_part(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_used bigint, p_idle bigint,
                                      p_down bigint, p_unknown bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO posting (hour_seconds, run, member, used, idle, down, unknown)
    VALUES (p_hour, p_run, p_member, p_used, p_idle, p_down, p_unknown) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- What follows is that of the files: a database that was made with the first migrations alone tells no leader that GPUs are free.
CREATE OR REPLACE FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

CREATE OR REPLACE FUNCTION ledger.net_charged(p_attempt uuid, p_period text, p_without uuid[] DEFAULT '{}') RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  WITH own AS (SELECT ARRAY[member || '/use', member || '/adjustments'] AS accounts FROM attempt WHERE id = p_attempt),
  its AS (
    SELECT t.hour_seconds, t.purpose, t.debit, t.credit, t.amount FROM transfer t
      WHERE t.attempt = p_attempt AND t.kind IN ('single', 'correction') AND t.purpose IN ('use', 'tier', 'overrun', 'lost-work', 'adjustment')
        AND period_of(t.hour_seconds) = p_period AND t.id <> ALL (p_without)),
  moved AS (
    SELECT debit, credit, amount FROM its
    UNION ALL
    SELECT t.debit, t.credit, t.amount FROM transfer t WHERE t.attempt IS NULL AND t.purpose = 'adjustment' AND t.id <> ALL (p_without)
      AND t.hour_seconds IN (SELECT hour_seconds FROM its WHERE purpose = 'use'))
  SELECT coalesce(sum(CASE WHEN debit = ANY (accounts) THEN amount WHEN credit = ANY (accounts) THEN -amount ELSE 0 END), 0) FROM moved, own
$$;

CREATE OR REPLACE FUNCTION ledger.apply_transfers(p_ids uuid[], p_bodies bytea[]) RETURNS TABLE (transfer uuid, outcome text)
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

CREATE OR REPLACE FUNCTION ledger.check_corrections(p_new uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_back CONSTANT uuid[] := ARRAY(SELECT id FROM transfer WHERE id = ANY (p_new) AND (kind = 'correction' OR purpose IN ('adjustment', 'lost-work')));
  v_wrong uuid;
  v_period text;
  v_pair text;
  v_over numeric;
BEGIN
  SELECT t.id INTO v_wrong FROM transfer t LEFT JOIN transfer r ON r.id = t.reverses AND r.kind = 'single' AND r.purpose <> 'cap'
    WHERE t.id = ANY (v_back) AND t.kind = 'correction'
      AND (r.id IS NULL OR (t.debit, t.credit, t.hour_seconds) IS DISTINCT FROM (r.credit, r.debit, r.hour_seconds)
           OR r.amount < (SELECT sum(c.amount) FROM transfer c WHERE c.reverses = r.id))
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % corrects nothing that was posted, or more than it', v_wrong USING ERRCODE = 'HN006';
  END IF;
  SELECT t.id, t.period INTO v_wrong, v_period FROM transfer t WHERE t.id = ANY (v_back) AND (t.kind = 'correction' OR t.purpose = 'adjustment')
    AND (t.period COLLATE "C" < period_of(t.hour_seconds) OR t.period COLLATE "C" > period_of(clock_seconds())) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % is booked in %, before what it is about or in a period that has not begun: book it in %',
      v_wrong, v_period, period_of(clock_seconds()) USING ERRCODE = 'HN006';
  END IF;
  SELECT g.attempt, -n.net INTO v_wrong, v_over
    FROM (SELECT t.attempt FROM transfer t WHERE t.id = ANY (v_back) UNION
          SELECT a.id FROM transfer t JOIN attempt a ON a.member = split_part(t.credit, '/', 1)
            WHERE t.id = ANY (v_back) AND t.attempt IS NULL AND coalesce(a.ended_at_seconds, t.hour_seconds) >= t.hour_seconds
              AND EXISTS (SELECT FROM transfer u WHERE u.attempt = a.id AND u.hour_seconds = t.hour_seconds AND u.purpose = 'use')) AS g
      -- Apart, so that it is asked of each of these few and not of all transfers.
      CROSS JOIN LATERAL (SELECT l.period FROM transfer l WHERE l.attempt = g.attempt AND l.purpose = 'lost-work' AND l.kind = 'single' OFFSET 0) AS l
      CROSS JOIN LATERAL net_charged(g.attempt, l.period) AS n (net)
    WHERE n.net < 0 AND n.net < net_charged(g.attempt, l.period, v_back) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'attempt % is credited for lost work: with that it would have % back that it never paid, so give back so much less', v_wrong, v_over
      USING ERRCODE = 'HN006';
  END IF;
  SELECT t.id, t.period, pair_of(t.debit, t.credit) INTO v_wrong, v_period, v_pair FROM transfer t
    WHERE t.id = ANY (p_new) AND EXISTS (SELECT FROM settlement s WHERE s.period = t.period AND s.pair = pair_of(t.debit, t.credit)
      AND s.stage <> 'initial') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % is booked in %, where the books of % are closed: correct it in the open period', v_wrong, v_period, v_pair
      USING ERRCODE = 'HN006';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_now CONSTANT bigint := clock_seconds();
  v_agreed bigint;
BEGIN
  PERFORM check_term(p_term);
  SELECT ceiling_agreed INTO v_agreed FROM account WHERE name = p_name FOR UPDATE;
  IF p_ceiling > ceiling_most(p_name) THEN
    RAISE EXCEPTION 'the cap % may be % at most in this window, not %: the trustees can raise it, or it rises with its next window', p_name,
      ceiling_most(p_name), p_ceiling USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO account (name, kind, member, ceiling, ceiling_max, ceiling_agreed) VALUES (p_name, 'cap', p_member, p_ceiling, p_ceiling, p_ceiling)
    ON CONFLICT (name) DO UPDATE SET ceiling = p_ceiling, ceiling_max = greatest(account.ceiling_max, p_ceiling),
      ceiling_agreed = CASE WHEN ceiling_most(p_name) IS NULL THEN greatest(account.ceiling_agreed, p_ceiling) ELSE account.ceiling_agreed END
    WHERE account.ceiling <> p_ceiling;
  IF FOUND THEN
    INSERT INTO fact (id, kind, at_seconds, member, account, amount, detail)
      VALUES (gen_random_uuid(), 'CapSet', v_now, p_member, p_name, p_ceiling, '');
  END IF;
  IF p_ceiling > v_agreed AND ceiling_most(p_name) IS NULL THEN
    INSERT INTO violation (id, kind, at_seconds, member, account, amount, detail) VALUES (md5('CapOverride/' || p_name || '/' || p_ceiling)::uuid,
      'CapOverride', v_now, p_member, p_name, p_ceiling - v_agreed, 'there are no trustees: raised from ' || v_agreed || ' to ' || p_ceiling);
  END IF;
END $$;

REVOKE ALL ON FUNCTION ledger.record_part, ledger.net_charged FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.record_part, ledger.net_charged TO hanse_operator;
