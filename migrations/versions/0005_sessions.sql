-- The table of sessions as it was when it came. Later migrations change it; this file stays as it is.

CREATE TABLE ledger.session (
  digest BYTEA NOT NULL,
  kind VARCHAR NOT NULL,
  owner BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  ends_at_seconds BIGINT NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (digest),
  CONSTRAINT session_digest_check CHECK (octet_length(digest) = 32),
  CONSTRAINT session_kind_check CHECK (kind IN ('code', 'session')),
  CONSTRAINT session_owner_check CHECK (octet_length(owner) = 32),
  CONSTRAINT session_sealed_check CHECK (octet_length(sealed) <= 32768)
);
