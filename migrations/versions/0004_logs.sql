-- The tables of sealed logs as they were when they came. Later migrations change them; this file stays as it is.

CREATE TABLE ledger.log_key (
  attempt UUID NOT NULL,
  recipient BYTEA NOT NULL,
  owner_key BYTEA NOT NULL,
  blind BYTEA NOT NULL,
  made_at_seconds BIGINT NOT NULL,
  CONSTRAINT log_key_pkey PRIMARY KEY (attempt, recipient),
  CONSTRAINT log_key_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id),
  CONSTRAINT log_key_recipient_check CHECK (octet_length(recipient) = 32),
  CONSTRAINT log_key_blind_check CHECK (octet_length(blind) = 32)
);

CREATE UNIQUE INDEX log_key_one_an_owner_key ON ledger.log_key (attempt, owner_key);
CREATE INDEX log_key_made_at_seconds_idx ON ledger.log_key (made_at_seconds);

CREATE TABLE ledger.log_tail (
  attempt UUID NOT NULL,
  rank BIGINT NOT NULL,
  recipient BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  version BIGINT NOT NULL,
  stored_at_seconds BIGINT NOT NULL,
  CONSTRAINT log_tail_pkey PRIMARY KEY (attempt, rank),
  CONSTRAINT log_tail_attempt_recipient_fkey FOREIGN KEY(attempt, recipient) REFERENCES ledger.log_key (attempt, recipient)
);

CREATE INDEX log_tail_attempt_version_idx ON ledger.log_tail (attempt, version);
CREATE INDEX log_tail_stored_at_seconds_idx ON ledger.log_tail (stored_at_seconds);
