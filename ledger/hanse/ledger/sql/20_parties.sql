-- Members, keys, nodes, levies, rates; the leader's term; facts.

CREATE FUNCTION ledger.open_account(p_name text, p_kind text, p_member text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO account (name, kind, member) VALUES (p_name, p_kind, p_member) ON CONFLICT (name) DO NOTHING
$$;

CREATE FUNCTION ledger.register_member(p_name text, p_login text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO member (name, login) VALUES (p_name, p_login) ON CONFLICT (name) DO NOTHING;
  IF (SELECT login IS DISTINCT FROM p_login FROM member WHERE name = p_name) THEN
    RAISE EXCEPTION 'member % is registered with another login', p_name USING ERRCODE = 'HN005';
  END IF;
  PERFORM open_account(p_name || '/' || kind, kind, p_name)
    FROM unnest(ARRAY['use', 'contribution-used', 'contribution-offered', 'adjustments']) AS kind;
END $$;

CREATE FUNCTION ledger.add_member_key(p_member text, p_key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO member_key (member, verify_key) VALUES (p_member, p_key) ON CONFLICT DO NOTHING
$$;

-- Each node has a key of its own, and one that was revoked does not come back.
CREATE FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_said jsonb := convert_from(p_body, 'UTF8');
  v_key bytea := decode(v_said ->> 'key', 'hex');
BEGIN
  IF EXISTS (SELECT FROM setting WHERE p_start % slot_seconds <> 0) THEN
    RAISE EXCEPTION 'node % is enrolled from % on, which is within a slot', p_node, p_start USING ERRCODE = 'HN006';
  END IF;
  PERFORM pg_advisory_xact_lock(1751215722, hashtext(encode(v_key, 'hex')));
  IF EXISTS (SELECT FROM enrolment WHERE node_key = v_key AND node <> p_node) THEN
    RAISE EXCEPTION 'the key of node % is that of another node: each has one of its own', p_node USING ERRCODE = 'HN006';
  END IF;
  IF EXISTS (SELECT FROM enrolment e JOIN enrolment r ON r.node = e.node AND r.revokes AND r.start_seconds > e.start_seconds
             AND r.node_key <> e.node_key WHERE e.node = p_node AND e.node_key = v_key AND r.start_seconds < p_start) THEN
    RAISE EXCEPTION 'the key of node % was revoked: take a new one', p_node USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO enrolment (node, start_seconds, member, member_key, gpus, body, body_sha256, signature, cluster, node_key, revokes)
    VALUES (p_node, p_start, p_member, p_member_key, p_gpus, p_body, sha256(p_body), p_signature, v_said ->> 'cluster', v_key, v_said ? 'revokes')
    ON CONFLICT (node, start_seconds) DO NOTHING;
  IF (SELECT body <> p_body FROM enrolment WHERE node = p_node AND start_seconds = p_start) THEN
    RAISE EXCEPTION 'node % is enrolled otherwise from % on', p_node, p_start USING ERRCODE = 'HN005';
  END IF;
END $$;

CREATE FUNCTION ledger.set_levy(p_node text, p_start bigint, p_levied boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO levy (node, start_seconds, levied) VALUES (p_node, p_start, p_levied) ON CONFLICT DO NOTHING;
  IF (SELECT levied <> p_levied FROM levy WHERE node = p_node AND start_seconds = p_start) THEN
    RAISE EXCEPTION 'the levy of node % is set otherwise from % on', p_node, p_start USING ERRCODE = 'HN005';
  END IF;
END $$;

CREATE FUNCTION ledger.publish_rate(p_subject text, p_thousandths bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_last rate%ROWTYPE;
BEGIN
  SELECT * INTO v_last FROM rate WHERE subject = p_subject ORDER BY version DESC LIMIT 1;
  IF v_last.thousandths IS DISTINCT FROM p_thousandths THEN
    INSERT INTO rate (subject, version, thousandths) VALUES (p_subject, coalesce(v_last.version, 0) + 1, p_thousandths)
      RETURNING * INTO v_last;
  END IF;
  RETURN v_last.version;
END $$;

-- Metering intervals of different lengths could overlap: the length is settled before the first slot.
CREATE FUNCTION ledger.set_metering(p_slot_seconds bigint, p_grace_seconds bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  UPDATE setting SET slot_grace_seconds = p_grace_seconds, slot_seconds = p_slot_seconds
    WHERE slot_seconds = p_slot_seconds OR NOT EXISTS (SELECT FROM slot);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the metering interval cannot change once there are slots' USING ERRCODE = 'HN006';
  END IF;
END $$;

-- A fact that is told again is the same fact, if it has the same id.
CREATE FUNCTION ledger.record_fact(p_id uuid, p_kind text, p_at bigint, p_member text, p_cluster text, p_node text,
                                   p_attempt uuid, p_fence bigint, p_account text, p_amount bigint, p_detail text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  IF p_kind IN ('SlotsArchived', 'RulesBegin') THEN
    RAISE EXCEPTION 'a fact % is recorded by the owner alone', p_kind USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO fact (id, kind, at_seconds, member, cluster, node, attempt, fence, account, amount, detail)
    VALUES (p_id, p_kind, p_at, p_member, p_cluster, p_node, p_attempt, p_fence, p_account, p_amount, p_detail)
    ON CONFLICT (id) DO NOTHING;
END $$;

CREATE FUNCTION ledger.take_term(p_holder text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_term bigint;
BEGIN
  UPDATE term SET term = term + 1, holder = p_holder RETURNING term INTO v_term;
  INSERT INTO fact (id, kind, at_seconds, amount, detail)
    VALUES (gen_random_uuid(), 'TermTaken', clock_seconds(), v_term, p_holder);
  RETURN v_term;
END $$;

-- Held until the transaction ends: a newer leader waits for it, and then this one's next transaction fails.
CREATE FUNCTION ledger.check_term(p_term bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM FROM term WHERE term = p_term FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'term % is not the leader''s (which is %)', p_term, (SELECT term FROM term) USING ERRCODE = 'HN001';
  END IF;
END $$;

-- Waits until no transaction of the leader is under way any more: then what cannot be seen was not recorded.
CREATE FUNCTION ledger.await_leader() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$ SELECT FROM term FOR UPDATE $$;
