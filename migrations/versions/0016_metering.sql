-- What metering has had since: as it was when it came. Later migrations change it; this file stays as it is.

-- A change of the type fills the columns of what was enrolled before, which no UPDATE may.
ALTER TABLE ledger.enrolment ADD COLUMN cluster VARCHAR, ADD COLUMN node_key BYTEA, ADD COLUMN revokes BOOLEAN;
ALTER TABLE ledger.enrolment
  ALTER COLUMN cluster TYPE VARCHAR USING convert_from(body, 'UTF8')::jsonb ->> 'cluster',
  ALTER COLUMN node_key TYPE BYTEA USING decode(convert_from(body, 'UTF8')::jsonb ->> 'key', 'hex'),
  ALTER COLUMN revokes TYPE BOOLEAN USING convert_from(body, 'UTF8')::jsonb ? 'revokes';
ALTER TABLE ledger.enrolment ALTER COLUMN cluster SET NOT NULL, ALTER COLUMN node_key SET NOT NULL, ALTER COLUMN revokes SET NOT NULL;
CREATE INDEX enrolment_node_key_idx ON ledger.enrolment (node_key);
CREATE INDEX enrolment_cluster_sequence_idx ON ledger.enrolment (cluster, sequence);

CREATE OR REPLACE FUNCTION ledger.enrol(p_member text, p_member_key bytea, p_node text, p_start bigint, p_gpus bigint, p_body bytea, p_signature bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
  v_said jsonb := convert_from(p_body, 'UTF8');
  v_key bytea := decode(v_said ->> 'key', 'hex');
BEGIN
  IF EXISTS (SELECT FROM setting WHERE p_start % slot_seconds <> 0) THEN
    RAISE EXCEPTION 'node % is enrolled from % on, which is within a slot', p_node, p_start USING ERRCODE = 'HN006';
  END IF;
  PERFORM pg_advisory_xact_lock(1751215722, hashtext(encode(v_key, 'hex')));
  IF EXISTS (SELECT FROM enrolment WHERE node_key = v_key AND node <> p_node) THEN
    RAISE EXCEPTION 'the key of node % is that of another node: each has one of its own', p_node USING ERRCODE = 'HN006';
  END IF;
  IF EXISTS (SELECT FROM enrolment e JOIN enrolment r ON r.node = e.node AND r.revokes AND r.start_seconds > e.start_seconds
             AND r.node_key <> e.node_key WHERE e.node = p_node AND e.node_key = v_key AND r.start_seconds < p_start) THEN
    RAISE EXCEPTION 'the key of node % was revoked: take a new one', p_node USING ERRCODE = 'HN006';
  END IF;
  INSERT INTO enrolment (node, start_seconds, member, member_key, gpus, body, body_sha256, signature, cluster, node_key, revokes)
    VALUES (p_node, p_start, p_member, p_member_key, p_gpus, p_body, sha256(p_body), p_signature, v_said ->> 'cluster', v_key, v_said ? 'revokes')
    ON CONFLICT (node, start_seconds) DO NOTHING;
  IF (SELECT body <> p_body FROM enrolment WHERE node = p_node AND start_seconds = p_start) THEN
    RAISE EXCEPTION 'node % is enrolled otherwise from % on', p_node, p_start USING ERRCODE = 'HN005';
  END IF;
END $$;

CREATE TABLE ledger.usage (
  hour_seconds BIGINT NOT NULL,
  run BIGINT NOT NULL,
  attempt UUID NOT NULL,
  member VARCHAR NOT NULL,
  milli_gpu_seconds BIGINT NOT NULL,
  memory_mib_seconds BIGINT,
  memory_of BIGINT NOT NULL,
  energy_millijoules BIGINT,
  energy_of BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT usage_pkey PRIMARY KEY (hour_seconds, run, attempt),
  CONSTRAINT usage_hour_seconds_run_fkey FOREIGN KEY(hour_seconds, run) REFERENCES ledger.cutoff (hour_seconds, run),
  CONSTRAINT usage_memory_check CHECK ((memory_mib_seconds IS NULL) = (memory_of = 0)),
  CONSTRAINT usage_energy_check CHECK ((energy_millijoules IS NULL) = (energy_of = 0)),
  CONSTRAINT usage_measured_check CHECK (memory_of <= milli_gpu_seconds AND energy_of <= milli_gpu_seconds),
  CONSTRAINT usage_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id),
  CONSTRAINT usage_member_fkey FOREIGN KEY(member) REFERENCES ledger.member (name)
);

CREATE INDEX usage_attempt_hour_seconds_idx ON ledger.usage (attempt, hour_seconds);
CREATE INDEX usage_member_hour_seconds_idx ON ledger.usage (member, hour_seconds);
CREATE INDEX usage_xid_idx ON ledger.usage (xid);

CREATE TABLE ledger.acknowledgement (
  attempt UUID NOT NULL,
  hour_seconds BIGINT NOT NULL,
  member VARCHAR NOT NULL,
  member_key BYTEA NOT NULL,
  milli_gpu_seconds BIGINT NOT NULL,
  body BYTEA NOT NULL,
  body_sha256 BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT acknowledgement_pkey PRIMARY KEY (attempt, hour_seconds),
  CONSTRAINT acknowledgement_member_member_key_fkey FOREIGN KEY(member, member_key) REFERENCES ledger.member_key (member, verify_key),
  CONSTRAINT acknowledgement_digest_check CHECK (body_sha256 = sha256(body)),
  CONSTRAINT acknowledgement_signature_check CHECK (octet_length(signature) = 64),
  CONSTRAINT acknowledgement_attempt_fkey FOREIGN KEY(attempt) REFERENCES ledger.attempt (id)
);

CREATE INDEX acknowledgement_hour_seconds_idx ON ledger.acknowledgement (hour_seconds);
CREATE INDEX acknowledgement_xid_idx ON ledger.acknowledgement (xid);
