"""Nothing recorded is ever changed or dropped (I9), and if an owner of the machine does it, the verifier says so."""

import psycopg
import pytest

from hanse.ledger import database, errors, export, models, posting, verify


@pytest.fixture(name="lived")
def _lived(world):
    """A pool with an hour posted: rows in most tables."""
    entry = world.admit(funding=(world.funding(3600, 10**9),))
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 4500)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000})
    posting.post(world.operator, world.term, world.START)
    world.super.execute(
        "INSERT INTO ledger.effect (decision, outcome, detail) SELECT decision, 'done', '' FROM ledger.outbox"
    )
    return world


HAS_ROWS = "SELECT EXISTS (SELECT FROM ledger.{})"
SET_COLUMN = "UPDATE ledger.attempt SET {}"
ALL_OF = "SELECT * FROM ledger.{}"
CHANGES = {
    "UPDATE": "UPDATE ledger.{} SET recorded_at = recorded_at",
    "DELETE": "DELETE FROM ledger.{}",
    "TRUNCATE": "TRUNCATE ledger.{} CASCADE",
}


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("change", CHANGES)
def test_even_a_superuser_is_refused_whatever_role_the_session_replicates_in(lived, change, role):
    """The first way around triggers: session_replication_role. ENABLE ALWAYS closes it."""
    lived.super.execute(f"SET session_replication_role = {role}")
    for table in models.APPEND_ONLY:
        (has_rows,) = lived.super.execute(HAS_ROWS.format(table)).fetchone()
        if has_rows or change == "TRUNCATE":
            with pytest.raises(psycopg.errors.Error) as refused:
                lived.super.execute(CHANGES[change].format(table))
            assert refused.value.sqlstate == "HN007", table


@pytest.mark.parametrize("change", ["TRUNCATE ledger.{}", "DELETE FROM ledger.{}", "UPDATE ledger.{} SET node = 'x'"])
def test_a_partition_is_as_closed_as_its_table(lived, change):
    """The second way: TRUNCATE of a partition fires no trigger of its parent. Each partition has its own."""
    with pytest.raises(psycopg.errors.Error, match="never changed"):
        lived.super.execute(change.format("slot_20261101"))


def test_a_detached_partition_stays_closed(lived):
    """The third way: DETACH drops the cloned triggers. The partition's own stay."""
    lived.super.execute("ALTER TABLE ledger.slot DETACH PARTITION ledger.slot_20261101")
    for change in ("UPDATE ledger.slot_20261101 SET node = 'x'", "TRUNCATE ledger.slot_20261101"):
        with pytest.raises(psycopg.errors.Error, match="never changed"):
            lived.super.execute(change)


# In the body's hexadecimal digits, 2000 milli-GPUs become 1000.
PLACED_LESS = """
UPDATE ledger.decision SET body = replace(body::text, '32303030', '31303030')::bytea,
       body_sha256 = sha256(replace(body::text, '32303030', '31303030')::bytea)"""
IDLE_INSTEAD = "UPDATE ledger.posting SET used = used - 1, idle = idle + 1 WHERE member = 'alibaba'"
OWES_LESS = "UPDATE ledger.account SET debits_posted = debits_posted - 1 WHERE name = 'tencent/use'"
FOURTH_WAY = [
    ("transfer", "UPDATE ledger.transfer SET amount = amount + 1 WHERE purpose = 'use'", "transfers.jsonl"),
    ("transfer", "DELETE FROM ledger.transfer WHERE purpose = 'tier'", ""),
    ("slot_20261101", "DELETE FROM ledger.slot_20261101 WHERE start_seconds % 3600 = 900", ""),
    ("decision", PLACED_LESS, "decisions.jsonl"),
    ("decision", "UPDATE ledger.decision SET recorded_at = recorded_at - interval '1 day'", "decisions.jsonl"),
    ("posting", IDLE_INSTEAD, "postings.jsonl"),
    ("account", OWES_LESS, "accounts.jsonl"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "change", "named"), FOURTH_WAY)
def test_what_an_owner_does_with_triggers_off_is_found_in_the_next_export(lived, tmp_path, table, change, named):
    """The fourth way cannot be closed from within: DISABLE TRIGGER. The verifier names what was changed."""
    export.export(lived.auditor, "2026-11", tmp_path / "before")
    assert verify.verify(tmp_path / "before").findings == ()
    lived.super.execute(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL")
    lived.super.execute(change)
    lived.super.execute(f"ALTER TABLE ledger.{table} ENABLE TRIGGER ALL")
    export.export(lived.auditor, "2026-11", tmp_path / "after")
    findings = verify.verify(tmp_path / "after").findings
    assert findings
    assert findings[0].where.startswith(named)


def test_what_a_client_sends_for_time_sequence_and_transaction_is_overwritten(lived):
    lived.super.execute(
        "INSERT INTO ledger.levy (node, start_seconds, levied, sequence, recorded_at, xid) "
        "VALUES ('n', 0, true, 1, '2020-01-01', '1')"
    )
    row = lived.super.execute("SELECT sequence, extract(year FROM recorded_at), xid::text FROM ledger.levy").fetchone()
    assert row[0] > 1
    assert row[1] == 2026
    assert row[2] != "1"


def test_a_term_never_falls(lived):
    with pytest.raises(psycopg.errors.Error, match="only rises"):
        lived.super.execute("UPDATE ledger.term SET term = 0")


@pytest.mark.parametrize("column", ["job = gen_random_uuid()", "fence = 9", "member = 'alibaba'", "milli_h100e = 1"])
def test_what_is_fixed_about_an_attempt_does_not_change(lived, column):
    with pytest.raises(psycopg.errors.Error, match="may not change"):
        lived.super.execute(SET_COLUMN.format(column))


READS = ["transfer", "decision", "account", "slot", "attempt", "member", "fact"]


@pytest.fixture(name="member")
def _member(lived):
    """An engine of the member tencent's own login."""
    lived.super.execute(
        "DO $$ BEGIN CREATE ROLE login_tencent LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
        "GRANT hanse_member TO login_tencent"
    )
    engine = database.engine(lived.url, role="login_tencent")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("table", READS)
def test_a_member_reads_no_table(lived, member, table):
    assert lived
    with pytest.raises(Exception, match="permission denied"), database.transaction(member) as connection:
        connection.exec_driver_sql(ALL_OF.format(table))


def test_a_member_sees_its_own_side_and_no_name_of_another(lived, member):
    """I11: whose nodes it ran on is not shown, and what others own is not there."""
    assert lived
    views = ["own_account", "own_transfer", "own_decision", "own_attempt", "own_slot", "own_posting"]
    seen = {}
    with database.transaction(member) as connection:
        for view in views:
            seen[view] = connection.exec_driver_sql(ALL_OF.format(view)).mappings().all()
    assert {row["account"] for row in seen["own_transfer"]} == {"tencent/use", f"tencent/cap/month/{lived.START}"}
    assert len(seen["own_account"]) == 5
    assert len(seen["own_attempt"]) == len(seen["own_decision"]) == len(seen["own_posting"]) == 1
    assert seen["own_slot"] == []
    shown = [row for view in views for row in seen[view] if view != "own_attempt"]
    assert "alibaba" not in str(shown)


@pytest.mark.parametrize("call", ["take_term('x')", "apply_transfers('{}', '{}')", "cap_room('x')"])
def test_who_may_not_decide_cannot(lived, call):
    for engine in (lived.api, lived.auditor):
        with pytest.raises(Exception, match="permission denied"), database.transaction(engine) as connection:
            connection.exec_driver_sql(f"SELECT ledger.{call}")


def test_the_refusals_are_the_ledgers_own_errors(lived):
    engine = database.engine(lived.url)
    with pytest.raises(errors.AppendOnlyError), database.transaction(engine) as connection:
        connection.exec_driver_sql("DELETE FROM ledger.transfer")
    engine.dispose()
