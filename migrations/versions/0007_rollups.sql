-- The table of rollups and the bound on logs as they were when they came. A database that is made today has the latter from an
-- earlier migration already. Later migrations change both; this file stays as it is.

CREATE TABLE ledger.rollup (
  account VARCHAR NOT NULL,
  period VARCHAR NOT NULL,
  hour_seconds BIGINT NOT NULL,
  purpose VARCHAR NOT NULL,
  is_correction BOOLEAN NOT NULL,
  is_own BOOLEAN NOT NULL,
  debits NUMERIC NOT NULL,
  credits NUMERIC NOT NULL,
  transfers BIGINT NOT NULL,
  digest NUMERIC NOT NULL,
  CONSTRAINT rollup_pkey PRIMARY KEY (account, period, hour_seconds, purpose, is_correction, is_own),
  CONSTRAINT rollup_account_fkey FOREIGN KEY (account) REFERENCES ledger.account (name)
);

-- Leave each hosting cluster its newest tails, so many bytes of them; return how many tails went. What is replaced meanwhile stays.
CREATE OR REPLACE FUNCTION ledger.trim_logs(p_bytes bigint) RETURNS bigint
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

REVOKE ALL ON FUNCTION ledger.trim_logs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.trim_logs TO hanse_api;
