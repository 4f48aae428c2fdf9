-- The tables of settlements and acts as they were when they came. Later migrations change them; this file stays as it is.

ALTER TABLE ledger.account ADD COLUMN ceiling_agreed BIGINT;
UPDATE ledger.account SET ceiling_agreed = ceiling_max WHERE kind = 'cap';
ALTER TABLE ledger.account ADD CONSTRAINT account_agreed_check CHECK ((ceiling IS NULL) = (ceiling_agreed IS NULL));
CREATE INDEX transfer_correction_hour ON ledger.transfer (hour_seconds) WHERE kind = 'correction';
CREATE INDEX slot_late ON ledger.slot (start_seconds) WHERE late;

CREATE TABLE ledger.settlement (
  period VARCHAR NOT NULL,
  pair VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  owed BIGINT NOT NULL,
  pool_thousandths BIGINT NOT NULL,
  member_thousandths BIGINT NOT NULL,
  window_seconds BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT settlement_pkey PRIMARY KEY (period, pair, stage),
  CONSTRAINT settlement_stage_check CHECK (stage IN ('initial', 'final', 'true-up')),
  CONSTRAINT settlement_period_check CHECK (period ~ '^[0-9]{4}-[0-9]{2}$')
);

CREATE TABLE ledger.act (
  id UUID NOT NULL,
  kind VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  body BYTEA NOT NULL,
  body_sha256 BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT act_pkey PRIMARY KEY (id),
  CONSTRAINT act_kind_check CHECK (kind IN ('Dispute', 'Trustees', 'Override')),
  CONSTRAINT act_digest_check CHECK (body_sha256 = sha256(body))
);

CREATE INDEX settlement_xid_idx ON ledger.settlement (xid);
CREATE INDEX act_xid_idx ON ledger.act (xid);
CREATE INDEX act_kind_subject_idx ON ledger.act (kind, subject);
