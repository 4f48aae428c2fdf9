-- Nobody who logs in owns anything, and nobody may write but through the functions.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO hanse_operator, hanse_api, hanse_auditor, hanse_member;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO hanse_operator, hanse_api, hanse_auditor;
GRANT SELECT ON ledger.own_account, ledger.own_decision, ledger.own_attempt, ledger.own_slot, ledger.own_posting
  TO hanse_member;

GRANT EXECUTE ON FUNCTION ledger.clock, ledger.clock_seconds TO hanse_operator, hanse_api, hanse_auditor;
GRANT EXECUTE ON FUNCTION ledger.record_fact TO hanse_operator, hanse_api;
GRANT EXECUTE ON FUNCTION ledger.register_member, ledger.add_member_key, ledger.set_levy, ledger.publish_rate,
  ledger.set_metering, ledger.take_term, ledger.check_term, ledger.await_leader, ledger.record_cycle, ledger.record_effects, ledger.lapse_leases,
  ledger.cap_room, ledger.apply_transfers, ledger.open_posting, ledger.record_part, ledger.record_violation
  TO hanse_operator;
GRANT EXECUTE ON FUNCTION ledger.enrol, ledger.grant_lease, ledger.renew_leases, ledger.release_lease, ledger.add_slot_day, ledger.ingest_slots,
  ledger.record_violation, ledger.admit_agent, ledger.report_nodes, ledger.report_progress, ledger.commit_checkpoint,
  ledger.last_checkpoints TO hanse_api;

INSERT INTO ledger.term (id, term, holder) VALUES (1, 0, '');
INSERT INTO ledger.setting (id, slot_seconds, slot_grace_seconds) VALUES (1, 300, 900);
SELECT ledger.open_account('pool/' || kind, kind)
  FROM unnest(ARRAY['tiers', 'overrun', 'adjustments', 'levy', 'offered', 'reserved']) AS kind;
