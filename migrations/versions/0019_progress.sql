CREATE TABLE ledger.progress (
  attempt UUID NOT NULL,
  step BIGINT NOT NULL,
  steps BIGINT,
  told_at_seconds BIGINT NOT NULL,
  CONSTRAINT progress_pkey PRIMARY KEY (attempt),
  CONSTRAINT progress_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id)
);

-- A database that was made before has no such function yet.
CREATE OR REPLACE FUNCTION ledger.report_progress(p_cluster text, p_attempts uuid[], p_fences bigint[], p_step bigint[], p_steps bigint[]) RETURNS void
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

REVOKE ALL ON FUNCTION ledger.report_progress FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.report_progress TO hanse_api;
GRANT SELECT ON ledger.progress TO hanse_operator, hanse_api, hanse_auditor;
