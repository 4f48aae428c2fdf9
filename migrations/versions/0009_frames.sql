-- The table of frames as it was when it came. Later migrations change it; this file stays as it is.

CREATE TABLE ledger.frame (
  term BIGINT NOT NULL,
  cycle BIGINT NOT NULL,
  data BYTEA NOT NULL,
  CONSTRAINT frame_pkey PRIMARY KEY (term, cycle),
  CONSTRAINT frame_term_cycle_fkey FOREIGN KEY (term, cycle) REFERENCES ledger.cycle (term, cycle)
);
