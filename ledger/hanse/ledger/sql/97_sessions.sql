-- Sessions of the dashboard. Nobody reads the table: who has a secret asks for the row under its hash, and what is sealed
-- there opens with nothing else. Rows that have ended go when the next one comes, so there are never many.

-- Who opens more than some of a kind ends the oldest of its own: nobody can fill the table and keep the others out.
CREATE FUNCTION ledger.open_session(p_digest bytea, p_kind text, p_owner bytea, p_sealed bytea, p_seconds bigint, p_own bigint,
                                    p_most bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  DELETE FROM session WHERE ends_at_seconds <= clock_seconds();
  DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE owner = p_owner AND kind = p_kind
    ORDER BY ends_at_seconds DESC, digest OFFSET greatest(p_own - 1, 0));
  IF (SELECT count(*) FROM session) >= p_most THEN
    RAISE EXCEPTION 'there are % sessions already: log out somewhere, or wait until some end', p_most USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO session (digest, kind, owner, sealed, ends_at_seconds)
    VALUES (p_digest, p_kind, p_owner, p_sealed, clock_seconds() + p_seconds);
END $$;

-- A code is gone with its use, whichever process of the API service is asked, and however many at once.
CREATE FUNCTION ledger.take_code(p_digest bytea) RETURNS bytea
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  DELETE FROM session WHERE digest = p_digest AND kind = 'code' AND ends_at_seconds > clock_seconds() RETURNING sealed
$$;

CREATE FUNCTION ledger.read_session(p_digest bytea) RETURNS bytea
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  SELECT sealed FROM session WHERE digest = p_digest AND kind = 'session' AND ends_at_seconds > clock_seconds()
$$;

CREATE FUNCTION ledger.close_session(p_digest bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  DELETE FROM session WHERE digest = p_digest
$$;

REVOKE ALL ON ledger.session FROM hanse_operator, hanse_api, hanse_auditor;
REVOKE ALL ON FUNCTION ledger.open_session, ledger.take_code, ledger.read_session, ledger.close_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_session, ledger.take_code, ledger.read_session, ledger.close_session TO hanse_api;
