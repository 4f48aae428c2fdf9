-- Leaves with the hashes of their parts, and what a member may open of the log: its own rows, and its part of shared ones.

-- All leaves and the head in one transaction, or none. Who began at another size than the log's is another sealer, or one
-- that was overtaken, and appends nothing.
CREATE FUNCTION ledger.append_leaves(p_from bigint, p_sequences bigint[], p_xids text[], p_salts bytea[], p_entries bytea[],
                                     p_parts bytea[], p_root bytea, p_frontier bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_size bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1751215720, 0);
  SELECT coalesce(max(size), 0) INTO v_size FROM tree_head;
  IF v_size <> p_from THEN
    RAISE EXCEPTION 'the log has % leaves, not %: another sealer is at work', v_size, p_from USING ERRCODE = 'HN005';
  END IF;
  INSERT INTO leaf (index, sequence, xid, salt, entry, parts)
    SELECT p_from + g.i - 1, g.sequence, g.xid::xid8, g.salt, g.entry, g.parts
    FROM unnest(p_sequences, p_xids, p_salts, p_entries, p_parts) WITH ORDINALITY AS g (sequence, xid, salt, entry, parts, i);
  INSERT INTO tree_head (size, root, frontier, sealed_at)
    VALUES (p_from + cardinality(p_sequences), p_root, p_frontier, clock());
  RETURN p_from + cardinality(p_sequences);
END $$;

REVOKE ALL ON FUNCTION ledger.append_leaves FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.append_leaves TO hanse_sealer;

-- Without the transfer's id, nor that of what it takes back: they follow from both accounts, so that a guess at the other side
-- could be tried.
CREATE VIEW ledger.own_transfer WITH (security_barrier) AS
  SELECT t.kind, t.purpose, a.name AS account, side, t.amount, t.hour_seconds, t.period, t.run, t.attempt, t.recorded_at
  FROM ledger.transfer t CROSS JOIN LATERAL (VALUES ('debit', t.debit), ('credit', t.credit)) AS sides (side, account)
    JOIN ledger.account a ON a.name = sides.account JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user;

-- What opens a member's leaves. The salt is that of the row where all of it is the member's, else that of its part alone, with the
-- hashes of the other parts; what the part says is as in hanse.ledger.leaves.
CREATE VIEW ledger.own_leaf WITH (security_barrier) AS
  WITH own (file, part, sequence, said) AS (
    SELECT 'slots', NULL::int, s.sequence, jsonb_build_object('sequence', s.sequence, 'recorded', (extract(epoch FROM s.recorded_at) * 1000000)::bigint,
             'member', s.member, 'body', convert_from(s.body, 'UTF8')::jsonb, 'signature', encode(s.signature, 'hex'))
      FROM ledger.slot s JOIN ledger.member m ON m.name = s.member WHERE m.login = current_user
    UNION ALL
    SELECT 'postings', NULL, p.sequence, jsonb_build_object('sequence', p.sequence, 'recorded', (extract(epoch FROM p.recorded_at) * 1000000)::bigint,
             'run', p.run, 'member', p.member, 'used', p.used, 'idle', p.idle, 'down', p.down, 'unknown', p.unknown, 'hour', p.hour_seconds)
      FROM ledger.posting p JOIN ledger.member m ON m.name = p.member WHERE m.login = current_user
    UNION ALL
    SELECT 'decisions', 1, d.sequence, jsonb_strip_nulls(jsonb_build_object('recorded', (extract(epoch FROM d.recorded_at) * 1000000)::bigint, 'id', d.id,
             'term', d.term, 'cycle', d.cycle, 'index', d.index, 'kind', d.kind, 'effect', d.effect, 'verdict', d.verdict,
             'reason', d.reason, 'job', d.job, 'attempt', d.attempt, 'fence', d.fence))
      FROM ledger.decision d JOIN ledger.member m ON m.name = d.member WHERE m.login = current_user
    UNION ALL
    SELECT 'transfers', sides.part, t.sequence, jsonb_strip_nulls(jsonb_build_object('recorded', (extract(epoch FROM t.recorded_at) * 1000000)::bigint,
             'kind', t.kind, 'purpose', t.purpose, 'amount', t.amount, 'hour', t.hour_seconds, 'period', t.period, 'run', t.run,
             'attempt', t.attempt, 'side', sides.side, 'account', a.name))
      FROM ledger.transfer t CROSS JOIN LATERAL (VALUES (1, 'debit', t.debit), (2, 'credit', t.credit)) AS sides (part, side, account)
        JOIN ledger.account a ON a.name = sides.account JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user)
  SELECT l.index, own.file, own.part, own.said,
         CASE WHEN own.part IS NULL THEN l.salt
              ELSE sha256('hanse.dev/salt/v1\012'::bytea || l.salt || set_byte('\x00'::bytea, 0, own.part)) END AS salt,
         l.parts
  FROM own JOIN ledger.leaf l ON l.sequence = own.sequence;
GRANT SELECT ON ledger.own_transfer, ledger.own_leaf TO hanse_member;
