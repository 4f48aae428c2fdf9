-- Leases: the real fence. An old fence, another cluster or an ended attempt changes nothing, is refused and recorded.
-- The hub's deadline counts from its own clock after the holder sent its request, so the holder always gives up first.

CREATE FUNCTION ledger.refuse_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_what text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- A grant is the first if nobody had one before, or if the first one went to this very process: that knows by its own
-- memory whether it took it up. Whom the first one went to never changes: what others were told later was not the first.
CREATE FUNCTION ledger.grant_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_process uuid,
                                   OUT granted boolean, OUT first boolean, OUT lease_seconds bigint, OUT funded_until_seconds bigint, OUT reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

CREATE FUNCTION ledger.renew_leases(p_cluster text, p_attempts uuid[], p_fences bigint[])
RETURNS TABLE (attempt uuid, fence bigint, verdict text, lease_seconds bigint, funded_until_seconds bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- The agent confirms that nothing of the attempt runs any more. A repeated confirmation is the same one.
CREATE FUNCTION ledger.release_lease(p_cluster text, p_attempt uuid, p_fence bigint, p_outcome text) RETURNS text
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

-- Leases that ran out: their attempts are suspect, and still counted, until a decision expires them.
CREATE FUNCTION ledger.lapse_leases(p_term bigint) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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
