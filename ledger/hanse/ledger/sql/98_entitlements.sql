-- What members are entitled to, as it changes. A row says what holds from then on; what is as it was is not said again.

CALL ledger.make_append_only('ledger.entitlement');

-- All that is there now, of all members: what is not among it has ended, and gets a row of nought.
CREATE FUNCTION ledger.record_entitlements(p_members text[], p_classes text[], p_milli_gpus bigint[], p_milli_h100e bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_count bigint;
BEGIN
  WITH RECURSIVE given AS (
    SELECT g.member, g.class, g.gpus, g.h100e
      FROM unnest(p_members, p_classes, p_milli_gpus, p_milli_h100e) AS g (member, class, gpus, h100e) JOIN member m ON m.name = g.member),
  -- From one pair to the next by the index: there are few pairs, and in time very many rows of each.
  pair AS (
    (SELECT member, accelerator_class AS class FROM entitlement ORDER BY member, accelerator_class LIMIT 1)
    UNION ALL
    SELECT n.member, n.accelerator_class FROM pair p CROSS JOIN LATERAL (
      SELECT member, accelerator_class FROM entitlement WHERE (member, accelerator_class) > (p.member, p.class)
        ORDER BY member, accelerator_class LIMIT 1) AS n),
  latest AS (
    SELECT p.member, p.class, l.gpus, l.h100e FROM pair p CROSS JOIN LATERAL (
      SELECT milli_gpus AS gpus, milli_h100e AS h100e FROM entitlement
        WHERE member = p.member AND accelerator_class = p.class ORDER BY sequence DESC LIMIT 1) AS l),
  now_is AS (
    SELECT member, class, coalesce(g.gpus, 0) AS gpus, coalesce(g.h100e, 0) AS h100e,
           coalesce(l.gpus, 0) AS gpus_before, coalesce(l.h100e, 0) AS h100e_before
      FROM given g FULL JOIN latest l USING (member, class))
  INSERT INTO entitlement (member, accelerator_class, at_seconds, milli_gpus, milli_h100e)
    SELECT member, class, clock_seconds(), gpus, h100e FROM now_is
      WHERE (gpus, h100e) <> (gpus_before, h100e_before) ORDER BY member, class;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

CREATE VIEW ledger.own_entitlement WITH (security_barrier) AS
  SELECT e.accelerator_class, e.at_seconds, e.milli_gpus, e.milli_h100e, e.recorded_at
  FROM ledger.entitlement e JOIN ledger.member m ON m.name = e.member WHERE m.login = current_user;

REVOKE ALL ON FUNCTION ledger.record_entitlements FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.record_entitlements TO hanse_operator;
GRANT SELECT ON ledger.entitlement TO hanse_operator, hanse_api, hanse_auditor, hanse_sealer;
GRANT SELECT ON ledger.own_entitlement TO hanse_member;
