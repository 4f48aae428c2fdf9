-- The tables of the log as they were when it came. Later migrations change them; this file stays as it is.

CREATE TABLE ledger.leaf (
  index BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  xid xid8 NOT NULL,
  salt BYTEA NOT NULL,
  entry BYTEA NOT NULL,
  CONSTRAINT leaf_pkey PRIMARY KEY (index),
  CONSTRAINT leaf_salt_check CHECK (octet_length(salt) = 32),
  CONSTRAINT leaf_entry_check CHECK (octet_length(entry) = 32),
  CONSTRAINT leaf_sequence_key UNIQUE (sequence)
);

CREATE TABLE ledger.tree_head (
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  frontier BYTEA NOT NULL,
  sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT tree_head_pkey PRIMARY KEY (size),
  CONSTRAINT tree_head_size_check CHECK (size > 0),
  CONSTRAINT tree_head_root_check CHECK (octet_length(root) = 32)
);

CREATE TABLE ledger.signed_head (
  size BIGINT NOT NULL,
  note BYTEA NOT NULL,
  CONSTRAINT signed_head_pkey PRIMARY KEY (size),
  CONSTRAINT signed_head_size_fkey FOREIGN KEY(size) REFERENCES ledger.tree_head (size)
);

CREATE TABLE ledger.cosignature (
  size BIGINT NOT NULL,
  key VARCHAR NOT NULL,
  line VARCHAR NOT NULL,
  CONSTRAINT cosignature_pkey PRIMARY KEY (size, key),
  CONSTRAINT cosignature_size_fkey FOREIGN KEY(size) REFERENCES ledger.signed_head (size)
);

CREATE INDEX checkpoint_xid_idx ON ledger.checkpoint (xid);
CREATE INDEX cutoff_xid_idx ON ledger.cutoff (xid);
CREATE INDEX cycle_xid_idx ON ledger.cycle (xid);
CREATE INDEX decision_xid_idx ON ledger.decision (xid);
CREATE INDEX effect_xid_idx ON ledger.effect (xid);
CREATE INDEX enrolment_xid_idx ON ledger.enrolment (xid);
CREATE INDEX fact_xid_idx ON ledger.fact (xid);
CREATE INDEX levy_xid_idx ON ledger.levy (xid);
CREATE INDEX member_key_xid_idx ON ledger.member_key (xid);
CREATE INDEX member_xid_idx ON ledger.member (xid);
CREATE INDEX placement_xid_idx ON ledger.placement (xid);
CREATE INDEX posting_xid_idx ON ledger.posting (xid);
CREATE INDEX rate_xid_idx ON ledger.rate (xid);
CREATE INDEX slot_xid_idx ON ledger.slot (xid);
CREATE INDEX transfer_xid_idx ON ledger.transfer (xid);
CREATE INDEX violation_xid_idx ON ledger.violation (xid);
