-- A plan is recorded before it acts: cycle, decisions, placements, attempts and outbox in the caller's transaction.

CREATE FUNCTION ledger.record_cycle(p_term bigint, p_cycle bigint, p_as_of bigint, p_base bytea, p_state bytea, p_policy bytea,
                                    p_code bytea, p_ids uuid[], p_bodies bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Stops and ends first, so that a job may be placed again in the cycle that gives its old attempt up.
CREATE FUNCTION ledger.apply_cycle(p_term bigint, p_cycle bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
  -- One admission may take workers of a gang and entitlement of its core: two decisions on one attempt.
  UPDATE attempt a SET last_decision = k.ids[cardinality(k.ids)], funded_until_seconds = coalesce(k.funded_until, a.funded_until_seconds)
    FROM (SELECT attempt, fence, array_agg(id ORDER BY index) AS ids,
                 max((convert_from(body, 'UTF8')::jsonb ->> 'fundedUntil')::bigint) AS funded_until
          FROM decision WHERE term = p_term AND cycle = p_cycle AND effect = 'keep' GROUP BY attempt, fence) k
    WHERE a.id = k.attempt AND a.fence = k.fence AND a.state IN ('admitted', 'leased', 'draining', 'suspect');
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

CREATE FUNCTION ledger.admit_all(p_term bigint, p_cycle bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO attempt (id, job, fence, member, cluster, accelerator_class, precision, tier, milli_h100e, tier_thousandths,
                       lease_seconds, grace_seconds, admitted_by, last_decision, state, funded_until_seconds)
    SELECT d.attempt, d.job, d.fence, d.member, j ->> 'cluster', j ->> 'class', j ->> 'precision', j ->> 'tier',
           (j ->> 'milliH100e')::bigint, (j ->> 'tierThousandths')::bigint, (j ->> 'leaseSeconds')::bigint,
           (j ->> 'graceSeconds')::bigint, d.id, d.id, 'admitted', (j ->> 'fundedUntil')::bigint
    FROM decision d, LATERAL (SELECT convert_from(d.body, 'UTF8')::jsonb) AS parsed (j)
    WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = 'admit'
      AND NOT EXISTS (SELECT FROM attempt older WHERE older.job = d.job AND older.fence >= d.fence)
$$;

-- Each decision of this effect must have found its attempt as it expected it, or nothing of the cycle is recorded.
CREATE FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_decision uuid;
  v_state text;
BEGIN
  SELECT d.id, coalesce(a.state || ' under fence ' || a.fence, 'not there') INTO v_decision, v_state
    FROM decision d LEFT JOIN attempt a ON a.id = d.attempt
    WHERE d.term = p_term AND d.cycle = p_cycle AND d.effect = p_effect AND a.last_decision IS DISTINCT FROM d.id
      AND NOT EXISTS (SELECT FROM decision later WHERE p_effect = 'keep' AND later.id = a.last_decision AND later.effect = 'keep'
                        AND later.term = p_term AND later.cycle = p_cycle AND later.fence = d.fence AND later.index > d.index)
    ORDER BY d.index LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'decision %: cannot %, the attempt is %', v_decision, p_effect, v_state USING ERRCODE = 'HN003';
  END IF;
END $$;

-- A repeated answer is the same answer: the first outcome stays.
CREATE FUNCTION ledger.record_effects(p_term bigint, p_decisions uuid[], p_outcomes text[], p_details text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO effect (decision, outcome, detail)
    SELECT * FROM unnest(p_decisions, p_outcomes, p_details) AS given (decision, outcome, detail) ORDER BY decision
    ON CONFLICT (decision) DO NOTHING;
  DELETE FROM outbox WHERE decision = ANY (p_decisions);
END $$;
