-- A database that was made before has the view and the function of before. Leaves that were sealed before have no parts: the
-- log of such a database does not verify any further, and is begun anew, which nobody needs today.

ALTER TABLE ledger.leaf ADD COLUMN parts BYTEA;
ALTER TABLE ledger.leaf ADD CONSTRAINT leaf_parts_check CHECK (octet_length(parts) % 32 = 0);
DROP VIEW IF EXISTS ledger.own_transfer;
DROP FUNCTION IF EXISTS ledger.append_leaves(bigint, bigint[], text[], bytea[], bytea[], bytea, bytea);
