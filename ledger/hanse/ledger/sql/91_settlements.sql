-- A period is settled pair by pair, and then its books are closed: what is found later is corrected in the open period. What
-- parties declare about money (disputes, trustees, caps that they raise) is an act, and each step of it a row.

CALL ledger.make_append_only('ledger.settlement');
CALL ledger.make_append_only('ledger.act');

CREATE FUNCTION ledger.period_of(p_seconds bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT to_char(to_timestamp(p_seconds) AT TIME ZONE 'UTC', 'YYYY-MM') $$;

-- The two parties of a transfer, in the order of their bytes; the pool is one.
CREATE FUNCTION ledger.pair_of(p_debit text, p_credit text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT least(split_part(p_debit, '/', 1) COLLATE "C", split_part(p_credit, '/', 1) COLLATE "C") || '/' ||
         greatest(split_part(p_debit, '/', 1) COLLATE "C", split_part(p_credit, '/', 1) COLLATE "C")
$$;

-- What an attempt has paid for the hours of a period, less all that came back to its member: overruns, credit for lost work, and what
-- rulings gave. A ruling on a whole hour counts for each attempt that was charged in it, as it may have been about any. Also as it was
-- without some transfers.
CREATE FUNCTION ledger.net_charged(p_attempt uuid, p_period text, p_without uuid[] DEFAULT '{}') RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  WITH own AS (SELECT ARRAY[member || '/use', member || '/adjustments'] AS accounts FROM attempt WHERE id = p_attempt),
  its AS (
    SELECT t.hour_seconds, t.purpose, t.debit, t.credit, t.amount FROM transfer t
      WHERE t.attempt = p_attempt AND t.kind IN ('single', 'correction') AND t.purpose IN ('use', 'tier', 'overrun', 'lost-work', 'adjustment')
        AND period_of(t.hour_seconds) = p_period AND t.id <> ALL (p_without)),
  moved AS (
    SELECT debit, credit, amount FROM its
    UNION ALL
    SELECT t.debit, t.credit, t.amount FROM transfer t WHERE t.attempt IS NULL AND t.purpose = 'adjustment' AND t.id <> ALL (p_without)
      AND t.hour_seconds IN (SELECT hour_seconds FROM its WHERE purpose = 'use'))
  SELECT coalesce(sum(CASE WHEN debit = ANY (accounts) THEN amount WHEN credit = ANY (accounts) THEN -amount ELSE 0 END), 0) FROM moved, own
$$;

-- What may still be booked where: corrections name what they take back and never more of it, are of its hour, and are booked in no
-- period before that nor in one that has not begun; nobody is given back what it was credited for lost work, nor the other way round;
-- and nothing is booked where the pair is settled.
CREATE OR REPLACE FUNCTION ledger.check_corrections(p_new uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_back CONSTANT uuid[] := ARRAY(SELECT id FROM transfer WHERE id = ANY (p_new) AND (kind = 'correction' OR purpose IN ('adjustment', 'lost-work')));
  v_wrong uuid;
  v_period text;
  v_pair text;
  v_over numeric;
BEGIN
  SELECT t.id INTO v_wrong FROM transfer t LEFT JOIN transfer r ON r.id = t.reverses AND r.kind = 'single' AND r.purpose <> 'cap'
    WHERE t.id = ANY (v_back) AND t.kind = 'correction'
      AND (r.id IS NULL OR (t.debit, t.credit, t.hour_seconds) IS DISTINCT FROM (r.credit, r.debit, r.hour_seconds)
           OR r.amount < (SELECT sum(c.amount) FROM transfer c WHERE c.reverses = r.id))
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % corrects nothing that was posted, or more than it', v_wrong USING ERRCODE = 'HN006';
  END IF;
  SELECT t.id, t.period INTO v_wrong, v_period FROM transfer t WHERE t.id = ANY (v_back) AND (t.kind = 'correction' OR t.purpose = 'adjustment')
    AND (t.period COLLATE "C" < period_of(t.hour_seconds) OR t.period COLLATE "C" > period_of(clock_seconds())) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % is booked in %, before what it is about or in a period that has not begun: book it in %',
      v_wrong, v_period, period_of(clock_seconds()) USING ERRCODE = 'HN006';
  END IF;
  SELECT g.attempt, -n.net INTO v_wrong, v_over
    FROM (SELECT t.attempt FROM transfer t WHERE t.id = ANY (v_back) UNION
          SELECT a.id FROM transfer t JOIN attempt a ON a.member = split_part(t.credit, '/', 1)
            WHERE t.id = ANY (v_back) AND t.attempt IS NULL AND coalesce(a.ended_at_seconds, t.hour_seconds) >= t.hour_seconds
              AND EXISTS (SELECT FROM transfer u WHERE u.attempt = a.id AND u.hour_seconds = t.hour_seconds AND u.purpose = 'use')) AS g
      -- Apart, so that it is asked of each of these few and not of all transfers.
      CROSS JOIN LATERAL (SELECT l.period FROM transfer l WHERE l.attempt = g.attempt AND l.purpose = 'lost-work' AND l.kind = 'single' OFFSET 0) AS l
      CROSS JOIN LATERAL net_charged(g.attempt, l.period) AS n (net)
    WHERE n.net < 0 AND n.net < net_charged(g.attempt, l.period, v_back) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'attempt % is credited for lost work: with that it would have % back that it never paid, so give back so much less', v_wrong, v_over
      USING ERRCODE = 'HN006';
  END IF;
  SELECT t.id, t.period, pair_of(t.debit, t.credit) INTO v_wrong, v_period, v_pair FROM transfer t
    WHERE t.id = ANY (p_new) AND EXISTS (SELECT FROM settlement s WHERE s.period = t.period AND s.pair = pair_of(t.debit, t.credit)
      AND s.stage <> 'initial') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % is booked in %, where the books of % are closed: correct it in the open period', v_wrong, v_period, v_pair
      USING ERRCODE = 'HN006';
  END IF;
END $$;

-- What each of the pairs comes to, as of now, at a stage of the period. All accounts of members are held meanwhile, so that a
-- transfer is in the sum or finds the books closed; and nothing that a party's nodes sent is left unposted.
CREATE FUNCTION ledger.settle(p_term bigint, p_period text, p_stage text, p_pairs text[], p_pool bigint, p_member bigint, p_window bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_count bigint;
  v_wrong text;
BEGIN
  PERFORM check_term(p_term);
  IF p_stage <> 'initial' THEN
    LOCK TABLE slot IN SHARE MODE;
  END IF;
  PERFORM FROM account WHERE member IS NOT NULL ORDER BY name FOR UPDATE;
  PERFORM check_stage(p_period, p_stage, p_pairs, p_window);
  INSERT INTO settlement (period, pair, stage, owed, pool_thousandths, member_thousandths, window_seconds)
    SELECT p_period, g.pair, p_stage, coalesce(sum(o.amount), 0), p_pool, p_member, p_window
    FROM (SELECT DISTINCT unnest(p_pairs) AS pair) AS g LEFT JOIN owed_in(p_period, p_stage = 'true-up') AS o USING (pair)
    GROUP BY g.pair ORDER BY g.pair COLLATE "C" ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- What the first of a pair owes the second by each transfer of a period; a true-up adds what was corrected of it since, elsewhere.
CREATE FUNCTION ledger.owed_in(p_period text, p_with_corrections boolean) RETURNS TABLE (pair text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  WITH counted AS (
    SELECT t.debit, t.credit, t.amount FROM transfer t WHERE t.period = p_period AND t.kind IN ('single', 'correction')
      AND t.purpose NOT IN ('cap', 'offered')
    UNION ALL
    SELECT t.debit, t.credit, t.amount FROM transfer t WHERE p_with_corrections AND t.kind = 'correction' AND t.period <> p_period
      AND t.hour_seconds >= extract(epoch FROM (p_period || '-01')::date)::bigint
      AND period_of(t.hour_seconds) = p_period)
  SELECT pair_of(debit, credit), CASE WHEN split_part(debit, '/', 1) = split_part(credit, '/', 1) THEN 0
    WHEN split_part(debit, '/', 1) = split_part(pair_of(debit, credit), '/', 1) THEN amount ELSE -amount END FROM counted
$$;

CREATE FUNCTION ledger.check_stage(p_period text, p_stage text, p_pairs text[], p_window bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_wrong text;
BEGIN
  IF p_stage = 'initial' THEN
    IF p_period COLLATE "C" >= period_of(clock_seconds()) THEN
      RAISE EXCEPTION 'the period % is not over', p_period USING ERRCODE = 'HN006';
    END IF;
    RETURN;
  END IF;
  SELECT g.pair INTO v_wrong FROM unnest(p_pairs) AS g (pair) LEFT JOIN settlement s ON (s.period, s.pair, s.stage) = (p_period, g.pair, 'initial')
    WHERE s.pair IS NULL OR s.recorded_at + make_interval(secs => p_window) > clock()
      OR (p_stage = 'final' AND EXISTS (SELECT FROM settlement t WHERE (t.period, t.pair, t.stage) = (p_period, g.pair, 'true-up'))) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% of % cannot be %: its initial statement is not there, may still be disputed, or was trued up', p_period, v_wrong, p_stage
      USING ERRCODE = 'HN006';
  END IF;
  SELECT s.node INTO v_wrong FROM slot s WHERE s.late AND period_of(s.start_seconds) = p_period
    AND s.start_seconds >= extract(epoch FROM (p_period || '-01')::date)::bigint
    AND EXISTS (SELECT FROM unnest(p_pairs) AS g (pair) WHERE s.member IN (split_part(g.pair, '/', 1), split_part(g.pair, '/', 2)))
    AND NOT EXISTS (SELECT FROM cutoff c WHERE c.hour_seconds = s.start_seconds / 3600 * 3600 AND c.sequence > s.sequence) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% cannot be % yet: late slots of % are not posted', p_period, p_stage, v_wrong USING ERRCODE = 'HN006';
  END IF;
END $$;

-- A late slot of a member whose books of the period are closed with anybody would be posted nowhere.
CREATE FUNCTION ledger.is_settled(p_member text, p_seconds bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT EXISTS (SELECT FROM settlement s WHERE s.period = period_of(p_seconds) AND s.stage <> 'initial'
    AND p_member IN (split_part(s.pair, '/', 1), split_part(s.pair, '/', 2)))
$$;

CREATE FUNCTION ledger.refuse_settled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  IF is_settled(NEW.member, NEW.start_seconds) THEN
    RAISE EXCEPTION 'the slot at % of % is of a period that is settled: dispute the hour instead', NEW.start_seconds, NEW.node
      USING ERRCODE = 'HN006';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER settled BEFORE INSERT ON ledger.slot FOR EACH ROW WHEN (NEW.late) EXECUTE FUNCTION ledger.refuse_settled();

-- One matter is disputed once: the same id again is the same dispute. True when it is new.
CREATE FUNCTION ledger.open_dispute(p_dispute uuid, p_id uuid, p_body bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  j jsonb := convert_from(p_body, 'UTF8')::jsonb;
  v_hour bigint := (j ->> 'hour')::bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM posting p WHERE p.hour_seconds = v_hour AND p.member = j ->> 'member') THEN
    RAISE EXCEPTION 'hour % is not posted for %: name the start of an hour that is', v_hour, j ->> 'member' USING ERRCODE = 'HN006';
  END IF;
  IF j ->> 'attempt' IS NOT NULL AND NOT EXISTS (SELECT FROM transfer t WHERE t.attempt = (j ->> 'attempt')::uuid AND t.hour_seconds = v_hour
      AND t.kind = 'single' AND j ->> 'member' IN (split_part(t.debit, '/', 1), split_part(t.credit, '/', 1))) THEN
    RAISE EXCEPTION 'nothing is posted for % of attempt % in hour %: name an attempt of that hour, or none', j ->> 'member', j ->> 'attempt', v_hour
      USING ERRCODE = 'HN006';
  END IF;
  IF EXISTS (SELECT FROM settlement s WHERE (s.period, s.stage) = (period_of(v_hour), 'true-up')
      AND s.pair = pair_of(j ->> 'member', j ->> 'member')) THEN
    RAISE EXCEPTION 'hour % is of %, which is trued up: it can be disputed no longer', v_hour, period_of(v_hour) USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO act (id, kind, subject, body, body_sha256) VALUES (p_id, 'Dispute', p_dispute::text, p_body, sha256(p_body))
    ON CONFLICT (id) DO NOTHING;
  RETURN FOUND;
END $$;

-- From open to one of its ends, once; who ends the same one at the same time waits and finds it ended.
CREATE FUNCTION ledger.end_dispute(p_dispute uuid, p_opened uuid, p_id uuid, p_body bytea, p_states text[], p_member text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  j jsonb := convert_from(p_body, 'UTF8')::jsonb;
  v_state text;
BEGIN
  PERFORM FROM act WHERE id = p_opened AND kind = 'Dispute' AND subject = p_dispute::text
    AND (p_member IS NULL OR convert_from(body, 'UTF8')::jsonb ->> 'member' = p_member) FOR UPDATE;
  IF NOT FOUND OR NOT j ->> 'state' = ANY (p_states) OR j ->> 'dispute' <> p_dispute::text THEN
    RAISE EXCEPTION 'there is no dispute % that could be % by this side: list them, and name one that is open', p_dispute, j ->> 'state'
      USING ERRCODE = 'HN006';
  END IF;
  SELECT convert_from(body, 'UTF8')::jsonb ->> 'state' INTO v_state FROM act WHERE kind = 'Dispute' AND subject = p_dispute::text AND id <> p_opened;
  IF FOUND THEN
    RAISE EXCEPTION 'dispute % is % already: that stands', p_dispute, v_state USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO act (id, kind, subject, body, body_sha256) VALUES (p_id, 'Dispute', p_dispute::text, p_body, sha256(p_body));
END $$;

CREATE FUNCTION ledger.withdraw_dispute(p_member text, p_dispute uuid, p_opened uuid, p_id uuid, p_body bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS
$$ SELECT end_dispute(p_dispute, p_opened, p_id, p_body, ARRAY['withdrawn'], p_member) $$;

CREATE FUNCTION ledger.expire_dispute(p_term bigint, p_dispute uuid, p_opened uuid, p_id uuid, p_body bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_term(p_term);
  PERFORM end_dispute(p_dispute, p_opened, p_id, p_body, ARRAY['expired'], NULL);
END $$;

-- What is given back is booked with the ruling or not at all: corrections, and what the pool's adjustments bear.
CREATE FUNCTION ledger.rule_dispute(p_dispute uuid, p_opened uuid, p_id uuid, p_body bytea, p_ids uuid[], p_bodies bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM end_dispute(p_dispute, p_opened, p_id, p_body, ARRAY['accepted', 'refused'], NULL);
  PERFORM book_corrections(p_ids, p_bodies);
END $$;

CREATE FUNCTION ledger.book_corrections(p_ids uuid[], p_bodies bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(p_bodies) AS g (body), LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS parsed (j)
      WHERE j ->> 'kind' <> 'correction' AND NOT (j ->> 'kind' = 'single' AND j ->> 'purpose' = 'adjustment' AND j ->> 'debit' = 'pool/adjustments')) THEN
    RAISE EXCEPTION 'only corrections, and what the pool''s adjustments bear, can be booked by hand' USING ERRCODE = 'HN006';
  END IF;
  IF EXISTS (SELECT FROM apply_transfers(p_ids, p_bodies) AS a WHERE a.outcome = 'conflict') THEN
    RAISE EXCEPTION 'a correction with this number is recorded already: try again' USING ERRCODE = 'HN005';
  END IF;
END $$;

-- Trustees follow one another: each deed names the one before, by the hash of its act. Who signs it is checked by who reads it.
CREATE FUNCTION ledger.record_trustees(p_id uuid, p_body bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_last text;
BEGIN
  PERFORM pg_advisory_xact_lock(1751215722, 0);
  SELECT encode(body_sha256, 'hex') INTO v_last FROM act WHERE kind = 'Trustees' ORDER BY sequence DESC LIMIT 1;
  IF convert_from(p_body, 'UTF8')::jsonb -> 'deed' ->> 'previous' IS DISTINCT FROM v_last THEN
    RAISE EXCEPTION 'the deed does not follow the one in force, which is %: make it anew', coalesce(v_last, 'none') USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO act (id, kind, subject, body, body_sha256) VALUES (p_id, 'Trustees', '', p_body, sha256(p_body));
END $$;

-- A cap that is raised is always a violation too. The deed, the window and the time bind a statement, and its id lets it count once.
CREATE FUNCTION ledger.record_override(p_account text, p_id uuid, p_body bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  j jsonb := convert_from(p_body, 'UTF8')::jsonb -> 'statement';
  v_cap account%ROWTYPE;
BEGIN
  SELECT * INTO v_cap FROM account WHERE name = p_account AND kind = 'cap' FOR UPDATE;
  IF NOT FOUND OR (j ->> 'ceiling')::bigint <= v_cap.ceiling_agreed THEN
    RAISE EXCEPTION 'the cap % is at % in this window: name a window that has begun to be used, and a higher ceiling', p_account,
      coalesce(v_cap.ceiling_agreed::text, 'nothing') USING ERRCODE = 'HN006';
  END IF;
  IF (j ->> 'until')::bigint <= clock_seconds() THEN
    RAISE EXCEPTION 'the statement was good until %, and it is %: have another one signed', j ->> 'until', clock_seconds() USING ERRCODE = 'HN006';
  END IF;
  IF j ->> 'deed' IS DISTINCT FROM (SELECT encode(body_sha256, 'hex') FROM act WHERE kind = 'Trustees' ORDER BY sequence DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the statement is of other trustees than those in force: have one signed by these' USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO act (id, kind, subject, body, body_sha256) VALUES (p_id, 'Override', p_account, p_body, sha256(p_body)) ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this statement is recorded already, and counts once: have another one signed' USING ERRCODE = 'HN005';
  END IF;
  INSERT INTO violation (id, kind, at_seconds, member, account, amount, detail) VALUES (md5('CapOverride/' || p_id)::uuid, 'CapOverride',
    clock_seconds(), v_cap.member, p_account, (j ->> 'ceiling')::bigint - v_cap.ceiling_agreed, 'act ' || p_id || ': ' || (j ->> 'reason'));
END $$;

-- What the ceiling of a window that has begun may be at most; nothing where there are no trustees who could raise it.
CREATE FUNCTION ledger.ceiling_most(p_account text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT greatest(a.ceiling_agreed, (SELECT max((j ->> 'ceiling')::bigint)
      FROM act o, LATERAL (SELECT convert_from(o.body, 'UTF8')::jsonb -> 'statement') AS parsed (j)
      WHERE o.kind = 'Override' AND o.subject = a.name AND (j ->> 'until')::bigint > clock_seconds()))
  FROM account a WHERE a.name = p_account AND EXISTS (SELECT FROM act WHERE kind = 'Trustees')
$$;

-- A cap's account for one window; a changed ceiling is a fact. One that nobody had to sign for, as there are no trustees, is a violation
-- too where it is above what was agreed before.
CREATE OR REPLACE FUNCTION ledger.open_cap(p_term bigint, p_name text, p_member text, p_ceiling bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_now CONSTANT bigint := clock_seconds();
  v_agreed bigint;
BEGIN
  PERFORM check_term(p_term);
  SELECT ceiling_agreed INTO v_agreed FROM account WHERE name = p_name FOR UPDATE;
  IF p_ceiling > ceiling_most(p_name) THEN
    RAISE EXCEPTION 'the cap % may be % at most in this window, not %: the trustees can raise it, or it rises with its next window', p_name,
      ceiling_most(p_name), p_ceiling USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO account (name, kind, member, ceiling, ceiling_max, ceiling_agreed) VALUES (p_name, 'cap', p_member, p_ceiling, p_ceiling, p_ceiling)
    ON CONFLICT (name) DO UPDATE SET ceiling = p_ceiling, ceiling_max = greatest(account.ceiling_max, p_ceiling),
      ceiling_agreed = CASE WHEN ceiling_most(p_name) IS NULL THEN greatest(account.ceiling_agreed, p_ceiling) ELSE account.ceiling_agreed END
    WHERE account.ceiling <> p_ceiling;
  IF FOUND THEN
    INSERT INTO fact (id, kind, at_seconds, member, account, amount, detail)
      VALUES (gen_random_uuid(), 'CapSet', v_now, p_member, p_name, p_ceiling, '');
  END IF;
  IF p_ceiling > v_agreed AND ceiling_most(p_name) IS NULL THEN
    INSERT INTO violation (id, kind, at_seconds, member, account, amount, detail) VALUES (md5('CapOverride/' || p_name || '/' || p_ceiling)::uuid,
      'CapOverride', v_now, p_member, p_name, p_ceiling - v_agreed, 'there are no trustees: raised from ' || v_agreed || ' to ' || p_ceiling);
  END IF;
END $$;

-- Without what a ruling names as given back: these ids follow from both accounts, so that a guess could be tried.
CREATE VIEW ledger.own_dispute WITH (security_barrier) AS
  SELECT a.subject AS dispute, (convert_from(a.body, 'UTF8')::jsonb - 'transfers')::text AS said, a.recorded_at FROM ledger.act a
    JOIN ledger.act opened ON opened.kind = 'Dispute' AND opened.subject = a.subject
    JOIN ledger.member m ON m.name = convert_from(opened.body, 'UTF8')::jsonb ->> 'member'
  WHERE a.kind = 'Dispute' AND m.login = current_user AND convert_from(opened.body, 'UTF8')::jsonb ->> 'state' = 'opened';

REVOKE ALL ON FUNCTION ledger.period_of, ledger.pair_of, ledger.net_charged, ledger.check_corrections, ledger.settle, ledger.owed_in, ledger.check_stage,
  ledger.is_settled, ledger.refuse_settled, ledger.open_dispute, ledger.end_dispute, ledger.withdraw_dispute, ledger.expire_dispute,
  ledger.rule_dispute, ledger.book_corrections, ledger.record_trustees, ledger.record_override, ledger.ceiling_most, ledger.open_cap FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO hanse_closer;
GRANT SELECT ON ledger.settlement, ledger.act TO hanse_operator, hanse_api, hanse_auditor, hanse_sealer, hanse_closer;
GRANT SELECT ON ledger.member, ledger.account, ledger.transfer, ledger.posting TO hanse_closer;
GRANT SELECT ON ledger.own_dispute TO hanse_member;
GRANT EXECUTE ON FUNCTION ledger.net_charged, ledger.settle, ledger.open_dispute, ledger.expire_dispute, ledger.open_cap, ledger.ceiling_most TO hanse_operator;
GRANT EXECUTE ON FUNCTION ledger.open_dispute, ledger.withdraw_dispute, ledger.is_settled TO hanse_api;
GRANT EXECUTE ON FUNCTION ledger.clock, ledger.clock_seconds, ledger.rule_dispute, ledger.book_corrections, ledger.record_trustees,
  ledger.record_override TO hanse_closer;

-- What opens a member's leaves of its own disputes, as own_leaf does for others. A ruling names what it gave back by ids that follow
-- from both accounts: of such a one the part without them is the member's, and nothing says whose jobs it hosted.
CREATE VIEW ledger.own_leaf_of_dispute WITH (security_barrier) AS
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
