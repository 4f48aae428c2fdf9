-- The tables as they were at the first release. Later migrations change them; this file stays as it is.

CREATE TABLE ledger.cutoff (
  hour_seconds BIGINT NOT NULL,
  run BIGINT NOT NULL,
  slots BIGINT NOT NULL,
  slots_sha256 BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT cutoff_pkey PRIMARY KEY (hour_seconds, run)
);

CREATE TABLE ledger.term (
  id BIGINT NOT NULL,
  term BIGINT NOT NULL,
  holder VARCHAR NOT NULL,
  CONSTRAINT term_pkey PRIMARY KEY (id),
  CONSTRAINT term_one_row_check CHECK (id = 1)
);

CREATE TABLE ledger.cycle (
  term BIGINT NOT NULL,
  cycle BIGINT NOT NULL,
  as_of_seconds BIGINT NOT NULL,
  decisions BIGINT NOT NULL,
  decisions_sha256 BYTEA NOT NULL,
  base_snapshot BYTEA NOT NULL,
  state_sha256 BYTEA NOT NULL,
  policy_sha256 BYTEA NOT NULL,
  code_sha256 BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT cycle_pkey PRIMARY KEY (term, cycle),
  CONSTRAINT cycle_counts_check CHECK (cycle > 0 AND decisions >= 0)
);

CREATE TABLE ledger.fact (
  id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  at_seconds BIGINT NOT NULL,
  member VARCHAR,
  cluster VARCHAR,
  node VARCHAR,
  attempt UUID,
  fence BIGINT,
  account VARCHAR,
  amount BIGINT,
  detail VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT fact_pkey PRIMARY KEY (id)
);

CREATE INDEX fact_attempt_idx ON ledger.fact (attempt);
CREATE INDEX fact_recorded_at_idx ON ledger.fact (recorded_at);
CREATE TABLE ledger.violation (
  id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  at_seconds BIGINT NOT NULL,
  member VARCHAR,
  cluster VARCHAR,
  node VARCHAR,
  attempt UUID,
  fence BIGINT,
  account VARCHAR,
  amount BIGINT,
  detail VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT violation_pkey PRIMARY KEY (id)
);

CREATE INDEX violation_recorded_at_idx ON ledger.violation (recorded_at);
CREATE TABLE ledger.setting (
  id BIGINT NOT NULL,
  slot_seconds BIGINT NOT NULL,
  slot_grace_seconds BIGINT NOT NULL,
  CONSTRAINT setting_pkey PRIMARY KEY (id),
  CONSTRAINT setting_one_row_check CHECK (id = 1),
  CONSTRAINT setting_whole_slots_an_hour_check CHECK (slot_seconds > 0 AND 3600 % slot_seconds = 0),
  CONSTRAINT setting_grace_check CHECK (slot_grace_seconds >= 0)
);

CREATE TABLE ledger.member (
  name VARCHAR NOT NULL,
  login VARCHAR,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT member_pkey PRIMARY KEY (name),
  CONSTRAINT member_name_check CHECK (name <> 'pool' AND name !~ '/'),
  CONSTRAINT member_login_key UNIQUE (login)
);

CREATE TABLE ledger.levy (
  node VARCHAR NOT NULL,
  start_seconds BIGINT NOT NULL,
  levied BOOLEAN NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT levy_pkey PRIMARY KEY (node, start_seconds)
);

CREATE TABLE ledger.rate (
  subject VARCHAR NOT NULL,
  version BIGINT NOT NULL,
  thousandths BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT rate_pkey PRIMARY KEY (subject, version),
  CONSTRAINT rate_positive_check CHECK (thousandths > 0)
);

CREATE TABLE ledger.slot (
  start_seconds BIGINT NOT NULL,
  node VARCHAR NOT NULL,
  member VARCHAR NOT NULL,
  late BOOLEAN NOT NULL,
  body BYTEA NOT NULL,
  body_sha256 BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT slot_pkey PRIMARY KEY (start_seconds, node),
  CONSTRAINT slot_digest_check CHECK (body_sha256 = sha256(body)),
  CONSTRAINT slot_signature_check CHECK (octet_length(signature) = 64)
)
 PARTITION BY RANGE (start_seconds);

CREATE INDEX slot_sequence_idx ON ledger.slot (sequence);
CREATE TABLE ledger.account (
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  member VARCHAR,
  ceiling BIGINT,
  ceiling_max BIGINT,
  debits_posted BIGINT DEFAULT 0 NOT NULL,
  credits_posted BIGINT DEFAULT 0 NOT NULL,
  debits_pending BIGINT DEFAULT 0 NOT NULL,
  credits_pending BIGINT DEFAULT 0 NOT NULL,
  CONSTRAINT account_pkey PRIMARY KEY (name),
  CONSTRAINT account_cap_check CHECK ((kind = 'cap') = (ceiling IS NOT NULL)),
  CONSTRAINT account_ceiling_check CHECK ((ceiling IS NULL) = (ceiling_max IS NULL) AND ceiling <= ceiling_max),
  CONSTRAINT account_never_crossed_check CHECK (ceiling_max IS NULL OR debits_posted + debits_pending <= ceiling_max),
  CONSTRAINT account_positive_check CHECK (least(debits_posted, credits_posted, debits_pending, credits_pending) >= 0),
  CONSTRAINT account_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE TABLE ledger.posting (
  hour_seconds BIGINT NOT NULL,
  run BIGINT NOT NULL,
  member VARCHAR NOT NULL,
  used BIGINT NOT NULL,
  idle BIGINT NOT NULL,
  down BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT posting_pkey PRIMARY KEY (hour_seconds, run, member),
  CONSTRAINT posting_hour_seconds_run_fkey FOREIGN KEY(hour_seconds, run) REFERENCES ledger.cutoff (hour_seconds, run),
  CONSTRAINT posting_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE TABLE ledger.decision (
  id UUID NOT NULL,
  term BIGINT NOT NULL,
  cycle BIGINT NOT NULL,
  index BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  effect VARCHAR NOT NULL,
  verdict VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  job UUID,
  member VARCHAR,
  attempt UUID,
  fence BIGINT,
  body BYTEA NOT NULL,
  body_sha256 BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT decision_pkey PRIMARY KEY (id),
  CONSTRAINT decision_term_cycle_fkey FOREIGN KEY(term, cycle) REFERENCES ledger.cycle (term, cycle),
  CONSTRAINT decision_term_cycle_index_key UNIQUE (term, cycle, index),
  CONSTRAINT decision_digest_check CHECK (body_sha256 = sha256(body)),
  CONSTRAINT decision_effect_check CHECK (effect IN ('none', 'admit', 'keep', 'stop', 'expire')),
  CONSTRAINT decision_attempt_check CHECK (effect = 'none' OR (attempt IS NOT NULL AND fence IS NOT NULL)),
  CONSTRAINT decision_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE INDEX decision_job_idx ON ledger.decision (job);
CREATE INDEX decision_attempt_idx ON ledger.decision (attempt);
CREATE INDEX decision_recorded_at_idx ON ledger.decision (recorded_at);
CREATE TABLE ledger.member_key (
  member VARCHAR NOT NULL,
  verify_key BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT member_key_pkey PRIMARY KEY (member, verify_key),
  CONSTRAINT member_key_length_check CHECK (octet_length(verify_key) = 32),
  CONSTRAINT member_key_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE TABLE ledger.placement (
  decision UUID NOT NULL,
  node VARCHAR NOT NULL,
  attempt UUID NOT NULL,
  milli_gpus BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT placement_pkey PRIMARY KEY (decision, node),
  CONSTRAINT placement_positive_check CHECK (milli_gpus > 0),
  CONSTRAINT placement_decision_fkey FOREIGN KEY(decision) REFERENCES ledger.decision (id)
);

CREATE INDEX placement_attempt_idx ON ledger.placement (attempt);
CREATE TABLE ledger.attempt (
  id UUID NOT NULL,
  job UUID NOT NULL,
  fence BIGINT NOT NULL,
  member VARCHAR NOT NULL,
  cluster VARCHAR NOT NULL,
  accelerator_class VARCHAR NOT NULL,
  precision VARCHAR NOT NULL,
  tier VARCHAR NOT NULL,
  milli_h100e BIGINT NOT NULL,
  tier_thousandths BIGINT NOT NULL,
  lease_seconds BIGINT NOT NULL,
  grace_seconds BIGINT NOT NULL,
  admitted_by UUID NOT NULL,
  stopped_by UUID,
  last_decision UUID NOT NULL,
  state VARCHAR NOT NULL,
  funded_until_seconds BIGINT,
  granted_at_seconds BIGINT,
  lease_until_seconds BIGINT,
  ended_at_seconds BIGINT,
  CONSTRAINT attempt_pkey PRIMARY KEY (id),
  CONSTRAINT attempt_job_fence_key UNIQUE (job, fence),
  CONSTRAINT attempt_positive_check CHECK (fence > 0 AND milli_h100e > 0 AND tier_thousandths > 0),
  CONSTRAINT attempt_lease_check CHECK (lease_seconds > 0 AND grace_seconds >= 0),
  CONSTRAINT attempt_ended_check CHECK ((state IN ('admitted', 'leased', 'draining', 'suspect')) = (ended_at_seconds IS NULL)),
  CONSTRAINT attempt_granted_check CHECK ((granted_at_seconds IS NULL) = (lease_until_seconds IS NULL)),
  CONSTRAINT attempt_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name),
  CONSTRAINT attempt_admitted_by_fkey FOREIGN KEY(admitted_by) REFERENCES ledger.decision (id),
  CONSTRAINT attempt_stopped_by_fkey FOREIGN KEY(stopped_by) REFERENCES ledger.decision (id),
  CONSTRAINT attempt_last_decision_fkey FOREIGN KEY(last_decision) REFERENCES ledger.decision (id)
);

CREATE INDEX attempt_live_lease ON ledger.attempt (lease_until_seconds) WHERE state IN ('admitted', 'leased', 'draining', 'suspect');
CREATE INDEX attempt_live_cluster ON ledger.attempt (cluster) WHERE state IN ('admitted', 'leased', 'draining', 'suspect');
CREATE UNIQUE INDEX attempt_one_live_a_job ON ledger.attempt (job) WHERE state IN ('admitted', 'leased', 'draining', 'suspect');
CREATE TABLE ledger.outbox (
  decision UUID NOT NULL,
  sequence BIGINT NOT NULL,
  CONSTRAINT outbox_pkey PRIMARY KEY (decision),
  CONSTRAINT outbox_decision_fkey FOREIGN KEY(decision) REFERENCES ledger.decision (id)
);

CREATE TABLE ledger.effect (
  decision UUID NOT NULL,
  outcome VARCHAR NOT NULL,
  detail VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT effect_pkey PRIMARY KEY (decision),
  CONSTRAINT effect_outcome_check CHECK (outcome IN ('done', 'failed')),
  CONSTRAINT effect_decision_fkey FOREIGN KEY(decision) REFERENCES ledger.decision (id)
);

CREATE TABLE ledger.enrolment (
  node VARCHAR NOT NULL,
  start_seconds BIGINT NOT NULL,
  member VARCHAR NOT NULL,
  member_key BYTEA NOT NULL,
  gpus BIGINT NOT NULL,
  body BYTEA NOT NULL,
  body_sha256 BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT enrolment_pkey PRIMARY KEY (node, start_seconds),
  CONSTRAINT enrolment_member_member_key_fkey FOREIGN KEY(member, member_key) REFERENCES ledger.member_key (member, verify_key),
  CONSTRAINT enrolment_digest_check CHECK (body_sha256 = sha256(body)),
  CONSTRAINT enrolment_signature_check CHECK (octet_length(signature) = 64)
);

CREATE TABLE ledger.transfer (
  id UUID NOT NULL,
  payload_sha256 BYTEA NOT NULL,
  kind VARCHAR NOT NULL,
  purpose VARCHAR NOT NULL,
  debit VARCHAR NOT NULL,
  credit VARCHAR NOT NULL,
  amount BIGINT NOT NULL,
  hour_seconds BIGINT NOT NULL,
  period VARCHAR NOT NULL,
  run BIGINT,
  attempt UUID,
  decision UUID,
  pending UUID,
  reverses UUID,
  reason VARCHAR,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT transfer_pkey PRIMARY KEY (id),
  CONSTRAINT transfer_two_accounts_check CHECK (debit <> credit),
  CONSTRAINT transfer_kind_check CHECK (kind IN ('single', 'pending', 'post', 'void', 'correction')),
  CONSTRAINT transfer_amount_check CHECK (amount >= 0 AND (amount = 0) = (kind = 'void')),
  CONSTRAINT transfer_pending_check CHECK ((pending IS NOT NULL) = (kind IN ('post', 'void'))),
  CONSTRAINT transfer_reverses_check CHECK ((reverses IS NOT NULL) = (kind = 'correction')),
  CONSTRAINT transfer_corrections_leave_caps_alone_check CHECK (kind <> 'correction' OR purpose <> 'cap'),
  CONSTRAINT transfer_hour_check CHECK (hour_seconds % 3600 = 0),
  CONSTRAINT transfer_debit_fkey FOREIGN KEY(debit) REFERENCES ledger.account (name),
  CONSTRAINT transfer_credit_fkey FOREIGN KEY(credit) REFERENCES ledger.account (name),
  CONSTRAINT transfer_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id),
  CONSTRAINT transfer_decision_fkey FOREIGN KEY(decision) REFERENCES ledger.decision (id),
  CONSTRAINT transfer_pending_fkey FOREIGN KEY(pending) REFERENCES ledger.transfer (id),
  CONSTRAINT transfer_reverses_fkey FOREIGN KEY(reverses) REFERENCES ledger.transfer (id)
);

CREATE INDEX transfer_pending_hour ON ledger.transfer (hour_seconds) WHERE kind = 'pending';
CREATE UNIQUE INDEX transfer_one_resolution ON ledger.transfer (pending) WHERE pending IS NOT NULL;
CREATE INDEX transfer_attempt_hour_seconds_idx ON ledger.transfer (attempt, hour_seconds);
CREATE INDEX transfer_reverses_idx ON ledger.transfer (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX transfer_period_sequence_idx ON ledger.transfer (period, sequence);

CREATE TABLE ledger.agent (
  cluster VARCHAR NOT NULL,
  cluster_uid UUID NOT NULL,
  instance UUID NOT NULL,
  version VARCHAR NOT NULL,
  seen_at_seconds BIGINT NOT NULL,
  inventory_at_seconds BIGINT,
  CONSTRAINT agent_pkey PRIMARY KEY (cluster)
);

CREATE TABLE ledger.node (
  cluster VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  body JSONB NOT NULL,
  reported_at_seconds BIGINT NOT NULL,
  CONSTRAINT node_pkey PRIMARY KEY (cluster, name)
);

CREATE TABLE ledger.checkpoint (
  attempt UUID NOT NULL,
  step BIGINT NOT NULL,
  job UUID NOT NULL,
  fence BIGINT NOT NULL,
  uri VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT checkpoint_pkey PRIMARY KEY (attempt, step),
  CONSTRAINT checkpoint_step_check CHECK (step >= 0),
  CONSTRAINT checkpoint_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id)
);
CREATE INDEX checkpoint_job_sequence_idx ON ledger.checkpoint (job, sequence);
