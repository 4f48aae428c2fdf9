-- What agents report beside leases and slots: themselves, their nodes, checkpoints of record.

-- A cluster has one agent. Which cluster it is stays as first seen: a credential that was carried elsewhere is refused for
-- good. Which process speaks for it may change, once the last one has been silent for p_silence seconds.
CREATE FUNCTION ledger.admit_agent(p_cluster text, p_cluster_uid uuid, p_instance uuid, p_version text, p_silence bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- Nodes of one cluster: those that changed, or all of them.
CREATE FUNCTION ledger.report_nodes(p_cluster text, p_whole boolean, p_nodes jsonb, p_gone text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
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

-- A checkpoint of record, only under the fence in force. The lock on the attempt makes expiring it wait, or this one fail.
CREATE FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_job uuid;
  v_is_stopped boolean;
BEGIN
  SELECT job, stopped_by IS NOT NULL INTO v_job, v_is_stopped FROM attempt WHERE id = p_attempt AND fence = p_fence AND cluster = p_cluster
    AND state IN ('leased', 'draining', 'suspect') FOR SHARE;
  IF NOT FOUND THEN
    RETURN 'refused: ' || refuse_lease(p_cluster, p_attempt, p_fence, 'checkpoint');
  END IF;
  INSERT INTO checkpoint (attempt, step, job, fence, uri) VALUES (p_attempt, p_step, v_job, p_fence, p_uri) ON CONFLICT DO NOTHING;
  -- Who saves after it was told to stop has lost nothing that anybody would be credited with.
  IF FOUND AND v_is_stopped THEN
    INSERT INTO fact (id, kind, at_seconds, cluster, attempt, fence, detail)
      VALUES (md5('SavedWhenStopped/' || p_attempt)::uuid, 'SavedWhenStopped', clock_seconds(), p_cluster, p_attempt, p_fence, '')
      ON CONFLICT DO NOTHING;
  END IF;
  PERFORM FROM checkpoint WHERE attempt = p_attempt AND step = p_step AND uri = p_uri;
  IF NOT FOUND THEN
    RETURN 'refused: another checkpoint of this step is committed';
  END IF;
  RETURN 'committed';
END $$;

-- How far attempts have come, as they say themselves; of one that is over, or another's, nothing is kept.
CREATE FUNCTION ledger.report_progress(p_cluster text, p_attempts uuid[], p_fences bigint[], p_step bigint[], p_steps bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO progress (attempt, step, steps, told_at_seconds)
    SELECT DISTINCT ON (a.id) a.id, g.step, g.steps, clock_seconds()
    FROM unnest(p_attempts, p_fences, p_step, p_steps) AS g (attempt, fence, step, steps)
      JOIN attempt a ON a.id = g.attempt AND a.fence = g.fence AND a.cluster = p_cluster AND a.ended_at_seconds IS NULL
    ORDER BY a.id, g.step DESC
    ON CONFLICT (attempt) DO UPDATE SET step = excluded.step, steps = excluded.steps, told_at_seconds = excluded.told_at_seconds
      WHERE (progress.step, progress.steps) IS DISTINCT FROM (excluded.step, excluded.steps);
END $$;

-- The newest checkpoint of the job that each attempt belongs to.
CREATE FUNCTION ledger.last_checkpoints(p_attempts uuid[])
RETURNS TABLE (attempt uuid, step bigint, uri text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT a.id, c.step, c.uri FROM attempt a
    JOIN LATERAL (SELECT step, uri FROM checkpoint WHERE job = a.job ORDER BY sequence DESC LIMIT 1) AS c ON true
    WHERE a.id = ANY (p_attempts)
$$;
