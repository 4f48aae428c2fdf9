-- What is credited for lost work depends on a checkpoint that is committed after a stop: it is a fact.

CREATE OR REPLACE FUNCTION ledger.commit_checkpoint(p_cluster text, p_attempt uuid, p_fence bigint, p_step bigint, p_uri text) RETURNS text
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

-- Without what a ruling names as given back: these ids follow from both accounts, so that a guess could be tried.
CREATE OR REPLACE VIEW ledger.own_dispute WITH (security_barrier) AS
  SELECT a.subject AS dispute, (convert_from(a.body, 'UTF8')::jsonb - 'transfers')::text AS said, a.recorded_at FROM ledger.act a
    JOIN ledger.act opened ON opened.kind = 'Dispute' AND opened.subject = a.subject
    JOIN ledger.member m ON m.name = convert_from(opened.body, 'UTF8')::jsonb ->> 'member'
  WHERE a.kind = 'Dispute' AND m.login = current_user AND convert_from(opened.body, 'UTF8')::jsonb ->> 'state' = 'opened';

-- What opens a member's leaves of its own disputes, as own_leaf does for others. A ruling names what it gave back by ids that follow
-- from both accounts: of such a one the part without them is the member's, and nothing says whose jobs it hosted.
CREATE OR REPLACE VIEW ledger.own_leaf_of_dispute WITH (security_barrier) AS
  WITH step (sequence, recorded_at, id, subject, said, sha256) AS (
    SELECT a.sequence, a.recorded_at, a.id, a.subject, convert_from(a.body, 'UTF8')::jsonb, a.body_sha256
      FROM ledger.act a WHERE a.kind = 'Dispute'),
  own (part, sequence, said) AS (
    SELECT CASE WHEN s.said ? 'transfers' THEN 1 END, s.sequence,
           jsonb_build_object('recorded', (extract(epoch FROM s.recorded_at) * 1000000)::bigint, 'id', s.id, 'kind', 'Dispute',
             'subject', s.subject, 'body', s.said - 'transfers')
           || CASE WHEN s.said ? 'transfers' THEN '{}' ELSE jsonb_build_object('sequence', s.sequence, 'sha256', encode(s.sha256, 'hex')) END
      FROM step s JOIN step opened ON opened.subject = s.subject AND opened.said ->> 'state' = 'opened'
        JOIN ledger.member m ON m.name = opened.said ->> 'member' WHERE m.login = current_user)
  SELECT l.index, 'acts' AS file, own.part, own.said,
         CASE WHEN own.part IS NULL THEN l.salt
              ELSE sha256('hanse.dev/salt/v1\012'::bytea || l.salt || set_byte('\x00'::bytea, 0, own.part)) END AS salt,
         l.parts
  FROM own JOIN ledger.leaf l ON l.sequence = own.sequence;
GRANT SELECT ON ledger.own_leaf_of_dispute TO hanse_member;
