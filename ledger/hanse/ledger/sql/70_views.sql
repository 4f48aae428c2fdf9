-- What a member may read: its own side of everything. The role that asks decides, by ledger.member.login; a counterparty is
-- never shown, nor whose an attempt is that ran on one's nodes.

CREATE VIEW ledger.own_account WITH (security_barrier) AS
  SELECT a.name, a.kind, a.ceiling, a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending
  FROM ledger.account a JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user;

CREATE VIEW ledger.own_decision WITH (security_barrier) AS
  SELECT d.id, d.term, d.cycle, d.index, d.kind, d.effect, d.verdict, d.reason, d.job, d.attempt, d.fence, d.recorded_at
  FROM ledger.decision d JOIN ledger.member m ON m.name = d.member WHERE m.login = current_user;

CREATE VIEW ledger.own_attempt WITH (security_barrier) AS
  SELECT a.* FROM ledger.attempt a JOIN ledger.member m ON m.name = a.member WHERE m.login = current_user;

CREATE VIEW ledger.own_slot WITH (security_barrier) AS
  SELECT s.start_seconds, s.node, s.late, s.body, s.body_sha256, s.signature, s.recorded_at
  FROM ledger.slot s JOIN ledger.member m ON m.name = s.member WHERE m.login = current_user;

CREATE VIEW ledger.own_posting WITH (security_barrier) AS
  SELECT p.hour_seconds, p.run, p.used, p.idle, p.down, p.unknown, p.recorded_at
  FROM ledger.posting p JOIN ledger.member m ON m.name = p.member WHERE m.login = current_user;
