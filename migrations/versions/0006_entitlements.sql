-- The table of entitlements as it was when it came. Later migrations change it; this file stays as it is.

CREATE TABLE ledger.entitlement (
  member VARCHAR NOT NULL,
  accelerator_class VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  at_seconds BIGINT NOT NULL,
  milli_gpus BIGINT NOT NULL,
  milli_h100e BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT entitlement_pkey PRIMARY KEY (member, accelerator_class, sequence),
  CONSTRAINT entitlement_milli_gpus_check CHECK (milli_gpus >= 0),
  CONSTRAINT entitlement_milli_h100e_check CHECK (milli_h100e >= 0),
  CONSTRAINT entitlement_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE INDEX entitlement_xid_idx ON ledger.entitlement (xid);
CREATE INDEX entitlement_member_at_seconds_idx ON ledger.entitlement (member, at_seconds);
