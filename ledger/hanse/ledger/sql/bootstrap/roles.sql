-- The roles are groups without login; a deployment grants them to its users. The owner is nobody's login: migrations take its
-- part with SET ROLE.
DO $$
DECLARE
  v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY['hanse_owner', 'hanse_operator', 'hanse_api', 'hanse_auditor', 'hanse_member',
                             'hanse_sealer', 'hanse_closer'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;  -- another database of this server was first
    END;
  END LOOP;
  IF NOT pg_has_role(current_user, 'hanse_owner', 'MEMBER') THEN
    EXECUTE format('GRANT hanse_owner TO %I', current_user);
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS ledger AUTHORIZATION hanse_owner;
