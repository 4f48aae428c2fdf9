-- What attempts used, recorded and shown to whose they are.

-- What a member's attempts used, as a run of an hour finds it; only what no earlier run found the same. What was acknowledged of it is
-- compared again; returned are the attempts of which slots say more than was.
CREATE FUNCTION ledger.record_usage(p_term bigint, p_hour bigint, p_run bigint, p_member text, p_attempts uuid[], p_used bigint[],
                                    p_memory bigint[], p_memory_of bigint[], p_energy bigint[], p_energy_of bigint[], p_busy bigint[],
                                    p_busy_of bigint[])
RETURNS TABLE (attempt uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM check_term(p_term);
  INSERT INTO usage (hour_seconds, run, attempt, member, milli_gpu_seconds, memory_mib_seconds, memory_of, energy_millijoules, energy_of,
                     busy_milliseconds, busy_of)
    SELECT p_hour, p_run, g.attempt, p_member, g.used, g.memory, g.memory_of, g.energy, g.energy_of, g.busy, g.busy_of
    FROM unnest(p_attempts, p_used, p_memory, p_memory_of, p_energy, p_energy_of, p_busy, p_busy_of)
        AS g (attempt, used, memory, memory_of, energy, energy_of, busy, busy_of)
      LEFT JOIN LATERAL (SELECT * FROM usage WHERE hour_seconds = p_hour AND attempt = g.attempt AND run < p_run ORDER BY run DESC LIMIT 1) AS u
        ON true
    WHERE (u.milli_gpu_seconds, u.memory_mib_seconds, u.memory_of, u.energy_millijoules, u.energy_of, u.busy_milliseconds, u.busy_of)
      IS DISTINCT FROM (g.used, g.memory, g.memory_of, g.energy, g.energy_of, g.busy, g.busy_of)
    ORDER BY g.attempt;
  PERFORM compare_acknowledged(p_hour, p_attempts);
  RETURN QUERY SELECT v.attempt
    FROM unnest(p_attempts) AS g (attempt) CROSS JOIN LATERAL (SELECT max(run) AS run FROM usage WHERE hour_seconds = p_hour AND attempt = g.attempt) AS u
      JOIN violation v ON v.id = use_disputed_id(g.attempt, p_hour, u.run);
END $$;

CREATE VIEW ledger.own_usage WITH (security_barrier) AS
  SELECT u.hour_seconds, u.run, u.attempt, u.milli_gpu_seconds, u.memory_mib_seconds, u.memory_of, u.energy_millijoules, u.energy_of,
         u.busy_milliseconds, u.busy_of, u.recorded_at
  FROM ledger.usage u JOIN ledger.member m ON m.name = u.member WHERE m.login = current_user;

-- What opens a member's leaves of these tables, as own_leaf does for others: all of each row is the member's.
CREATE VIEW ledger.own_leaf_of_use WITH (security_barrier) AS
  WITH own (file, sequence, said) AS (
    SELECT 'usage', u.sequence, jsonb_strip_nulls(jsonb_build_object('sequence', u.sequence, 'recorded', (extract(epoch FROM u.recorded_at) * 1000000)::bigint,
             'hour', u.hour_seconds, 'run', u.run, 'attempt', u.attempt, 'member', u.member, 'used', u.milli_gpu_seconds,
             'mibSeconds', u.memory_mib_seconds, 'mibSecondsOf', u.memory_of, 'millijoules', u.energy_millijoules, 'millijoulesOf', u.energy_of,
             'busyMilliseconds', u.busy_milliseconds, 'busyMillisecondsOf', NULLIF(u.busy_of, 0)))
      FROM ledger.usage u JOIN ledger.member m ON m.name = u.member WHERE m.login = current_user
    UNION ALL
    SELECT 'acknowledgements', a.sequence, jsonb_build_object('sequence', a.sequence, 'recorded', (extract(epoch FROM a.recorded_at) * 1000000)::bigint,
             'body', convert_from(a.body, 'UTF8')::jsonb, 'signature', encode(a.signature, 'hex'), 'memberKey', encode(a.member_key, 'hex'))
      FROM ledger.acknowledgement a JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user)
  SELECT l.index, own.file, NULL::int AS part, own.said, l.salt, l.parts FROM own JOIN ledger.leaf l ON l.sequence = own.sequence;

REVOKE ALL ON FUNCTION ledger.record_usage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.record_usage TO hanse_operator;
GRANT SELECT ON ledger.own_usage, ledger.own_leaf_of_use TO hanse_member;
