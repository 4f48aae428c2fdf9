-- The log: leaves in the order of sealing, and tree heads. One sealer at a time appends; nobody who inserts waits for it.

CALL ledger.deny_on('ledger.leaf', 'UPDATE OR DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.leaf', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.deny_on('ledger.tree_head', 'UPDATE OR DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.tree_head', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.deny_on('ledger.signed_head', 'UPDATE OR DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.signed_head', 'TRUNCATE', 'STATEMENT', 'deny_truncate');
CALL ledger.deny_on('ledger.cosignature', 'UPDATE OR DELETE', 'ROW', 'deny_change');
CALL ledger.deny_on('ledger.cosignature', 'TRUNCATE', 'STATEMENT', 'deny_truncate');

-- The first note of a size stands: who signs again after a crash is given what was signed before.
CREATE FUNCTION ledger.sign_head(p_size bigint, p_note bytea) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO signed_head (size, note) VALUES (p_size, p_note) ON CONFLICT (size) DO NOTHING;
  RETURN (SELECT note FROM signed_head WHERE size = p_size);
END $$;

CREATE FUNCTION ledger.add_cosignatures(p_size bigint, p_keys text[], p_lines text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO cosignature (size, key, line)
    SELECT p_size, g.key, g.line FROM unnest(p_keys, p_lines) AS g (key, line) ON CONFLICT (size, key) DO NOTHING
$$;

REVOKE ALL ON FUNCTION ledger.sign_head, ledger.add_cosignatures FROM PUBLIC;
-- Salts open leaves: only who exports the rows anyway (auditors, also through the API service), and the sealer that
-- makes them, may read them.
REVOKE ALL ON ledger.leaf, ledger.tree_head, ledger.signed_head, ledger.cosignature FROM hanse_operator;
GRANT SELECT ON ledger.leaf, ledger.tree_head, ledger.signed_head, ledger.cosignature
  TO hanse_api, hanse_auditor, hanse_sealer;
GRANT USAGE ON SCHEMA ledger TO hanse_sealer;
GRANT SELECT ON ledger.member, ledger.member_key, ledger.enrolment, ledger.levy, ledger.rate, ledger.cycle, ledger.decision,
  ledger.effect, ledger.fact, ledger.violation, ledger.slot, ledger.cutoff, ledger.posting, ledger.transfer TO hanse_sealer;
GRANT EXECUTE ON FUNCTION ledger.clock, ledger.clock_seconds, ledger.sign_head, ledger.add_cosignatures
  TO hanse_sealer;
