-- Sums of what is posted, by account and hour, kept with each transfer and in its transaction: what pages and statements read
-- instead of millions of rows. They are derived: an auditor adds the transfers up, and no export has them.

-- What transfers add up to. The digest is the sum of parts of their hashes: it is that of just these transfers, in whatever order
-- they came. It finds mistakes; who means to deceive finds another set with the same sum, and is found by the log.
CREATE VIEW ledger.summed AS
  SELECT a.name AS account, t.period, t.hour_seconds, t.purpose, t.kind = 'correction' AS is_correction,
         coalesce(a.member = other.member, false) AS is_own,
         sum(CASE WHEN t.debit = a.name THEN t.amount ELSE 0 END) AS debits,
         sum(CASE WHEN t.credit = a.name THEN t.amount ELSE 0 END) AS credits, count(*) AS transfers,
         sum(('x' || left(encode(t.payload_sha256, 'hex'), 15))::bit(60)::bigint) AS digest
  FROM ledger.transfer t CROSS JOIN LATERAL (VALUES (t.debit, t.credit), (t.credit, t.debit)) AS sides (own, counter)
    JOIN ledger.account a ON a.name = sides.own JOIN ledger.account other ON other.name = sides.counter
  WHERE t.kind IN ('single', 'correction') GROUP BY 1, 2, 3, 4, 5, 6;

-- Not ENABLE ALWAYS: a replica gets both tables. Whoever adds transfers holds the rows of their accounts, so nobody waits for anybody here who did not wait there.
CREATE FUNCTION ledger.roll_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO rollup AS r (account, period, hour_seconds, purpose, is_correction, is_own, debits, credits, transfers, digest)
    SELECT a.name, t.period, t.hour_seconds, t.purpose, t.kind = 'correction', coalesce(a.member = other.member, false),
           sum(CASE WHEN t.debit = a.name THEN t.amount ELSE 0 END), sum(CASE WHEN t.credit = a.name THEN t.amount ELSE 0 END),
           count(*), sum(('x' || left(encode(t.payload_sha256, 'hex'), 15))::bit(60)::bigint)
    FROM added t CROSS JOIN LATERAL (VALUES (t.debit, t.credit), (t.credit, t.debit)) AS sides (own, counter)
      JOIN account a ON a.name = sides.own JOIN account other ON other.name = sides.counter
    WHERE t.kind IN ('single', 'correction') GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account, period, hour_seconds, purpose, is_correction, is_own) DO UPDATE SET
      debits = r.debits + excluded.debits, credits = r.credits + excluded.credits,
      transfers = r.transfers + excluded.transfers, digest = r.digest + excluded.digest;
  RETURN NULL;
END $$;

CREATE TRIGGER roll_up AFTER INSERT ON ledger.transfer REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.roll_up();

-- Make all of them again; return how many were other than they should be. Nothing is posted meanwhile.
CREATE FUNCTION ledger.rebuild_rollups() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_wrong bigint;
BEGIN
  LOCK TABLE transfer IN SHARE ROW EXCLUSIVE MODE;
  SELECT count(*) INTO v_wrong FROM (
    (TABLE rollup EXCEPT TABLE summed) UNION (TABLE summed EXCEPT TABLE rollup)) AS differing;
  DELETE FROM rollup;
  INSERT INTO rollup TABLE summed;
  RETURN v_wrong;
END $$;

REVOKE ALL ON FUNCTION ledger.roll_up, ledger.rebuild_rollups FROM PUBLIC;
REVOKE ALL ON ledger.rollup, ledger.summed FROM hanse_operator, hanse_auditor, hanse_api;
GRANT SELECT ON ledger.rollup, ledger.summed TO hanse_operator, hanse_auditor, hanse_api;
