-- What attempts used, by the hour, and what those who used it say.

CALL ledger.make_append_only('ledger.usage');
CALL ledger.make_append_only('ledger.acknowledgement');

CREATE FUNCTION ledger.use_disputed_id(p_attempt uuid, p_hour bigint, p_run bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT md5('UseDisputed/' || p_attempt || '/' || p_hour || '/' || p_run)::uuid $$;

-- A minute of all its GPUs in an hour is what clocks and the moments of starting and stopping explain. What the provider's slots say
-- beyond that is a violation. What they say less is not: it may be unknown, and nobody is charged for it.
CREATE FUNCTION ledger.compare_acknowledged(p_hour bigint, p_attempts uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO violation (id, kind, at_seconds, member, attempt, amount, detail)
    SELECT use_disputed_id(a.attempt, p_hour, u.run), 'UseDisputed', p_hour, a.member, a.attempt, u.milli_gpu_seconds - a.milli_gpu_seconds,
           'slots say ' || u.milli_gpu_seconds || ' milli-GPU-seconds, the consumer ' || a.milli_gpu_seconds
    FROM acknowledgement a
      CROSS JOIN LATERAL (SELECT run, milli_gpu_seconds FROM usage
        WHERE hour_seconds = a.hour_seconds AND attempt = a.attempt ORDER BY run DESC LIMIT 1) AS u
    WHERE a.hour_seconds = p_hour AND a.attempt = ANY (p_attempts) AND u.milli_gpu_seconds - a.milli_gpu_seconds >
      60 * (SELECT sum(milli_gpus) FROM (SELECT max(milli_gpus) AS milli_gpus FROM placement WHERE attempt = a.attempt GROUP BY node) AS placed)
    ON CONFLICT (id) DO NOTHING
$$;

-- What a member says that its attempts used; the caller has checked form and signature. The first word on an attempt's hour stands.
CREATE FUNCTION ledger.acknowledge(p_member text, p_key bytea, p_attempts uuid[], p_hours bigint[], p_used bigint[], p_bodies bytea[],
                                   p_signatures bytea[]) RETURNS TABLE (outcome text, differs bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_added bigint[];
BEGIN
  WITH added AS (
    INSERT INTO acknowledgement (attempt, hour_seconds, member, member_key, milli_gpu_seconds, body, body_sha256, signature)
      SELECT g.attempt, g.hour, p_member, p_key, g.used, g.body, sha256(g.body), g.signature
      FROM unnest(p_attempts, p_hours, p_used, p_bodies, p_signatures) WITH ORDINALITY AS g (attempt, hour, used, body, signature, i)
        JOIN attempt t ON t.id = g.attempt AND t.member = p_member
      WHERE EXISTS (SELECT FROM usage u WHERE u.hour_seconds = g.hour AND u.attempt = g.attempt)
      ORDER BY g.i ON CONFLICT DO NOTHING RETURNING sequence)
  SELECT coalesce(array_agg(sequence), '{}') INTO v_added FROM added;
  PERFORM compare_acknowledged(h.hour, h.attempts)
    FROM (SELECT g.hour, array_agg(g.attempt) FROM unnest(p_attempts, p_hours) AS g (attempt, hour) GROUP BY g.hour) AS h (hour, attempts);
  RETURN QUERY
    SELECT CASE WHEN t.member IS DISTINCT FROM p_member THEN 'foreign' WHEN a.attempt IS NULL THEN 'unposted'
                WHEN a.body <> g.body THEN 'contradiction' WHEN a.sequence = ANY (v_added) THEN 'recorded' ELSE 'duplicate' END,
           v.amount
    FROM unnest(p_attempts, p_hours, p_bodies) WITH ORDINALITY AS g (attempt, hour, body, i)
      LEFT JOIN attempt t ON t.id = g.attempt
      LEFT JOIN acknowledgement a ON a.attempt = g.attempt AND a.hour_seconds = g.hour AND a.member = p_member
      LEFT JOIN LATERAL (SELECT max(run) AS run FROM usage WHERE hour_seconds = g.hour AND attempt = g.attempt) AS u ON true
      LEFT JOIN violation v ON t.member = p_member AND v.id = use_disputed_id(g.attempt, g.hour, u.run)
    ORDER BY g.i;
END $$;

REVOKE ALL ON FUNCTION ledger.compare_acknowledged, ledger.use_disputed_id, ledger.acknowledge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.acknowledge TO hanse_api;
GRANT SELECT ON ledger.usage, ledger.acknowledgement TO hanse_operator, hanse_api, hanse_auditor, hanse_sealer;
