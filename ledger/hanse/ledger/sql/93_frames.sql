-- Frames: what each cycle saw. A cycle's row, which is in the log, has the hash of its frame. They hold everybody's jobs, so
-- that only auditors read them: neither the API service nor the operator that writes them may.

CALL ledger.deny_on('ledger.frame', 'UPDATE OR DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.frame', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
-- It is compressed already.
ALTER TABLE ledger.frame ALTER COLUMN data SET STORAGE EXTERNAL;

-- In the transaction that records the cycle, so that neither is ever there alone.
CREATE FUNCTION ledger.record_frame(p_term bigint, p_cycle bigint, p_data bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_term(p_term);
  PERFORM FROM cycle c WHERE c.term = p_term AND c.cycle = p_cycle AND c.base_snapshot = sha256(p_data)
    AND c.xid = pg_current_xact_id();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'cycle % of term % is not recorded here with the hash of this frame', p_cycle, p_term USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO frame (term, cycle, data) VALUES (p_term, p_cycle, p_data);
END $$;

REVOKE ALL ON FUNCTION ledger.record_frame FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.record_frame TO hanse_operator;
REVOKE ALL ON ledger.frame FROM hanse_operator, hanse_api;
GRANT SELECT ON ledger.frame TO hanse_auditor;
