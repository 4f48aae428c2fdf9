CREATE TABLE ledger.inventory (
  cluster text NOT NULL,
  node text NOT NULL,
  report jsonb NOT NULL,
  reported_at_seconds bigint NOT NULL,
  CONSTRAINT inventory_pkey PRIMARY KEY (cluster, node)
);
CREATE SEQUENCE ledger.inventory_version;

-- The version is drawn only if something changed, so that a reader need not read twenty thousand rows each second.
CREATE FUNCTION ledger.report_nodes(p_cluster text, p_names text[], p_reports jsonb[], p_gone text[], p_whole boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_changed bigint;
  v_gone bigint;
BEGIN
  WITH changed AS (
    INSERT INTO inventory (cluster, node, report, reported_at_seconds)
      SELECT p_cluster, node, report, clock_seconds() FROM unnest(p_names, p_reports) AS given (node, report)
      ON CONFLICT (cluster, node) DO UPDATE SET report = excluded.report, reported_at_seconds = excluded.reported_at_seconds
      WHERE inventory.report <> excluded.report
      RETURNING 1)
  SELECT count(*) INTO v_changed FROM changed;
  WITH gone AS (
    DELETE FROM inventory WHERE cluster = p_cluster AND (node = ANY (p_gone) OR (p_whole AND node <> ALL (p_names)))
      RETURNING 1)
  SELECT count(*) INTO v_gone FROM gone;
  IF v_changed + v_gone > 0 THEN
    PERFORM nextval('inventory_version');
  END IF;
END $$;

REVOKE ALL ON FUNCTION ledger.report_nodes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.report_nodes TO hanse_api;
GRANT SELECT ON ledger.inventory TO hanse_operator, hanse_api;
GRANT SELECT ON SEQUENCE ledger.inventory_version TO hanse_operator;
