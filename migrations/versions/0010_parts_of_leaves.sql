-- A database that was made before has the view and the functions of before. What was sealed before has no parts: exports with
-- such leaves of transfers and decisions do not verify any more.

ALTER TABLE ledger.leaf ADD COLUMN parts BYTEA;
ALTER TABLE ledger.leaf ADD CONSTRAINT leaf_parts_check CHECK (octet_length(parts) % 32 = 0);
DROP VIEW IF EXISTS ledger.own_transfer;
DROP FUNCTION IF EXISTS ledger.append_leaves(bigint, bigint[], text[], bytea[], bytea[], bytea, bytea);

CREATE OR REPLACE FUNCTION ledger.add_slot_day(p_day_seconds bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_start bigint := p_day_seconds - p_day_seconds % 86400;
  v_name text := 'slot_' || to_char(to_timestamp(v_start) AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
  IF to_regclass('ledger.' || v_name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(1751215717, 0);
  -- Asked of the catalogue itself: to_regclass answers from what this session remembers, which a lock does not renew.
  IF EXISTS (SELECT FROM pg_class WHERE relname = v_name AND relnamespace = 'ledger'::regnamespace) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF slot FOR VALUES FROM (%s) TO (%s)', v_name, v_start, v_start + 86400);
  CALL deny_on(v_name::regclass, 'UPDATE OR DELETE', 'ROW', 'deny_change_here');
  CALL deny_on(v_name::regclass, 'TRUNCATE', 'STATEMENT', 'deny_truncate');
END $$;
