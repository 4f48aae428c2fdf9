-- A database that was made before refuses two decisions of one cycle that keep an attempt.

CREATE OR REPLACE FUNCTION ledger.apply_cycle(p_term bigint, p_cycle bigint) RETURNS void
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

CREATE OR REPLACE FUNCTION ledger.expect_all(p_term bigint, p_cycle bigint, p_effect text) RETURNS void
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
