-- As it was when it came. Later migrations change it; this file stays as it is.

-- What was recorded before says nothing of how busy GPUs were.
ALTER TABLE ledger.usage ADD COLUMN busy_milliseconds BIGINT, ADD COLUMN busy_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger.usage ALTER COLUMN busy_of DROP DEFAULT, DROP CONSTRAINT usage_measured_check,
  ADD CONSTRAINT usage_busy_check CHECK ((busy_milliseconds IS NULL) = (busy_of = 0)),
  ADD CONSTRAINT usage_measured_check CHECK (memory_of <= milli_gpu_seconds AND energy_of <= milli_gpu_seconds AND busy_of <= milli_gpu_seconds);

-- They are made anew after this; a database that is made today has none of them yet.
DROP VIEW IF EXISTS ledger.own_usage, ledger.own_leaf_of_use;
DROP FUNCTION IF EXISTS ledger.record_usage(bigint, bigint, bigint, text, uuid[], bigint[], bigint[], bigint[], bigint[], bigint[]);
