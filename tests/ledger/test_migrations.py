"""The database is what the models and the SQL files say, however it came about."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from hanse.devcluster import postgres
from hanse.ledger import attempts, database, models, sql

CATALOG = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
        WHERE c.relnamespace = 'ledger'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
        AND c.relname NOT LIKE 'alembic_version%'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'ledger'::regnamespace AND conrelid::regclass::text <> 'ledger.alembic_version'""",
    "indexes": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'ledger' AND tablename <> 'alembic_version'""",
    "functions": """
        SELECT oid::regprocedure::text, prosrc, prosecdef, proconfig::text, proacl::text FROM pg_proc
        WHERE pronamespace = 'ledger'::regnamespace""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'ledger.%'""",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'ledger'",
    "owners and grants": """
        SELECT relname, relkind, pg_get_userbyid(relowner), relacl::text, reloptions::text FROM pg_class
        WHERE relnamespace = 'ledger'::regnamespace AND relname NOT LIKE 'alembic_version%'""",
}


def catalog(url):
    with psycopg.connect(url) as connection:
        return {what: sorted(map(str, connection.execute(query).fetchall())) for what, query in CATALOG.items()}


@pytest.fixture(scope="module", name="modelled")
def _modelled(server):
    """A database made from the models and the SQL files, without any migration."""
    url = postgres.create_database(server, "modelled")
    engine = sa.create_engine(database.driver_url(url))
    with engine.begin() as connection:
        sql.apply(connection, sql.bootstrap())
        connection.execute(sa.text("SET LOCAL ROLE hanse_owner"))
        models.METADATA.create_all(connection)
        for script in sql.scripts():
            sql.apply(connection, script)
    engine.dispose()
    return url


@pytest.mark.parametrize("what", CATALOG)
def test_migrations_lead_to_what_models_and_sql_files_say(migrated, modelled, what):
    migrated_to, described = catalog(migrated)[what], catalog(modelled)[what]
    assert described
    assert migrated_to == described


def test_a_database_that_was_made_before_ends_as_one_that_is_made_today(server, config_for, modelled):
    """Earlier migrations take functions as they are now; what has other arguments now was there all the same."""
    url = postgres.create_database(server, "older")
    command.upgrade(config_for(url), "0002")
    with psycopg.connect(url) as owner:
        owner.execute(
            "SET ROLE hanse_owner; DROP FUNCTION ledger.grant_lease;"
            " CREATE FUNCTION ledger.grant_lease(text, uuid, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'"
        )
    command.upgrade(config_for(url), "head")
    assert catalog(url) == catalog(modelled)


def test_alembic_sees_no_difference_also_with_partitions(migrated, config_for):
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("SELECT ledger.add_slot_day(1793491200)")
    command.check(config_for(migrated))


def test_migrations_that_run_at_once_wait_for_one_another(server, config_for):
    url = postgres.create_database(server, "twice")
    program = "import sys; from alembic.config import main; main(argv=sys.argv[1:])"
    arguments = ["-c", config_for(url).config_file_name, "upgrade", "head"]
    environment = {**os.environ, "HANSE_DATABASE_URL": url}
    running = [
        subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], env=environment) for _ in range(3)
    ]
    assert [each.wait() for each in running] == [0, 0, 0]


def test_one_waits_for_another_for_longer_than_it_waits_for_a_lock(server, config_for):
    """What goes on in the other may take minutes on a slow machine."""
    url = postgres.create_database(server, "waiting")
    with psycopg.connect(url, autocommit=True) as another, ThreadPoolExecutor(1) as threads:
        another.execute("SELECT pg_advisory_lock(1751215719)")
        waits = threads.submit(command.upgrade, config_for(url), "head")
        with pytest.raises(TimeoutError):
            waits.result(timeout=5)
        another.execute("SELECT pg_advisory_unlock(1751215719)")
        waits.result()


def test_a_migration_gives_up_soon_when_somebody_holds_a_lock(server, config_for):
    url = postgres.create_database(server, "locked")
    with psycopg.connect(url) as holder:
        holder.execute("CREATE SCHEMA ledger")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            command.upgrade(config_for(url), "head")


def test_the_state_machine_of_attempts_is_the_one_in_the_database(migrated):
    with psycopg.connect(migrated) as connection:
        for before in attempts.State:
            for after in attempts.State:
                (allowed,) = connection.execute("SELECT ledger.attempt_may(%s, %s)", [before, after]).fetchone()
                assert allowed == (before == after or after in attempts.TRANSITIONS[before]), (before, after)


def test_the_state_machine_of_attempts_is_the_one_in_its_docstring():
    rows = re.findall(r"^(\w+|\(none\)) +((?:\w+, )*\w+)  +\w.*$", attempts.__doc__, re.MULTILINE)
    listed = {(before, after) for before, afters in rows for after in afters.split(", ")}
    legal = {(str(before), str(after)) for before, afters in attempts.TRANSITIONS.items() for after in afters}
    assert listed - {("from", "to")} == legal | {("(none)", "admitted")}


def test_nothing_belongs_to_anybody_who_can_log_in(migrated):
    query = """
        SELECT relname, rolname FROM pg_class JOIN pg_roles r ON r.oid = relowner
        WHERE relnamespace = 'ledger'::regnamespace AND r.rolcanlogin
        UNION SELECT proname, rolname FROM pg_proc JOIN pg_roles r ON r.oid = proowner
        WHERE pronamespace = 'ledger'::regnamespace AND r.rolcanlogin"""
    with psycopg.connect(migrated) as connection:
        assert connection.execute(query).fetchall() == []


def test_each_function_that_acts_as_the_owner_looks_names_up_in_the_ledger_alone(migrated):
    query = """
        SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace AND prosecdef
        AND proconfig IS DISTINCT FROM ARRAY['search_path=ledger, pg_temp']"""
    with psycopg.connect(migrated) as connection:
        assert connection.execute(query).fetchall() == []


GRANTS = {
    "hanse_operator": {
        "add_member_key", "apply_transfers", "await_leader", "cap_room", "ceiling_most", "check_term", "clock",
        "clock_seconds", "expire_dispute", "lapse_leases", "net_charged", "open_cap", "open_dispute", "open_posting",
        "prepare_slot_days", "publish_rate", "record_cycle", "record_effects", "record_entitlements", "record_fact",
        "record_frame", "record_part", "record_usage", "record_violation", "register_member", "set_levy",
        "set_metering", "settle", "take_term",
    },
    "hanse_api": {
        "acknowledge", "add_slot_day", "admit_agent", "clock", "clock_seconds", "close_session", "commit_checkpoint",
        "enrol", "forget_logs", "grant_lease", "ingest_slots", "is_settled", "last_checkpoints", "open_dispute",
        "open_logs", "open_session", "read_session", "record_fact", "record_violation", "release_lease", "renew_leases",
        "report_nodes", "report_progress", "slot_days", "store_log_tails", "take_code", "trim_logs", "withdraw_dispute",
    },
    "hanse_auditor": {"clock", "clock_seconds", "slot_days"},
    "hanse_closer": {
        "book_corrections", "clock", "clock_seconds", "record_override", "record_trustees", "rule_dispute",
    },
    "hanse_member": set(),
    "hanse_sealer": {"add_cosignatures", "append_leaves", "clock", "clock_seconds", "sign_head"},
}  # fmt: skip


@pytest.mark.parametrize("role", GRANTS)
def test_each_role_may_call_what_it_needs_and_nothing_else(migrated, role):
    query = """
        SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace
        AND has_function_privilege(%s, oid, 'EXECUTE')"""
    with psycopg.connect(migrated) as connection:
        assert {name for (name,) in connection.execute(query, [role])} == GRANTS[role]


# Who may read what: each table, view and sequence once. What is new fails until it is written down here.
OPERATOR, API, AUDITOR, CLOSER, MEMBER, SEALER = GRANTS
READERS = {
    (OPERATOR, API, AUDITOR): (
        "agent", "alembic_version", "attempt", "checkpoint", "movement", "node", "outbox", "placement", "progress",
        "rollup", "setting", "summed", "term",
    ),
    # What is sealed.
    (OPERATOR, API, AUDITOR, SEALER): (
        "acknowledgement", "cutoff", "cycle", "decision", "effect", "enrolment", "entitlement", "fact", "levy",
        "member_key", "rate", "slot", "usage", "violation",
    ),
    (OPERATOR, API, AUDITOR, CLOSER): ("account",),
    (OPERATOR, API, AUDITOR, CLOSER, SEALER): ("act", "member", "posting", "settlement", "transfer"),
    # Salts are for who may read the rows, and for who makes them.
    (API, AUDITOR, SEALER): ("cosignature", "leaf", "signed_head", "tree_head"),
    (OPERATOR, API, AUDITOR, MEMBER): ("own_account", "own_attempt", "own_decision", "own_posting", "own_slot"),
    (MEMBER,): (
        "own_dispute", "own_entitlement", "own_leaf", "own_leaf_of_dispute", "own_leaf_of_use", "own_transfer",
        "own_usage",
    ),
    (AUDITOR,): ("frame",),
    (API,): ("log_key", "log_tail"),
    (): ("entry_sequence", "session"),
}  # fmt: skip
RELATIONS = "SELECT oid::regclass::text, relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace"


def may(connection, role, relation, *privileges):
    return [
        each
        for each in privileges
        if connection.execute("SELECT has_table_privilege(%s, %s, %s)", [role, relation, each]).fetchone()[0]
    ]


def test_each_role_reads_what_it_needs_and_nothing_else(migrated):
    wanted = {name: {*roles} for roles, names in READERS.items() for name in names}
    with psycopg.connect(migrated) as connection:
        kinds = "relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT relispartition"
        found = connection.execute(f"{RELATIONS} AND {kinds}").fetchall()
        reads = {name: {role for role in GRANTS if may(connection, role, full, "SELECT")} for full, name in found}
    assert reads == wanted


@pytest.mark.parametrize("role", [*GRANTS, "public"])
def test_no_role_may_write_anything_nor_make_anything_nor_become_another(migrated, role):
    """Not a table, a view, a partition of a day or a sequence, and in no schema."""
    with psycopg.connect(migrated) as connection:
        connection.execute("SELECT ledger.add_slot_day(1793491200)")
        found = connection.execute(f"{RELATIONS} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')").fetchall()
        assert {"slot_20261101", "transfer", "own_slot"} <= {name for _, name in found}
        writes = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
        assert [] == [name for full, name in found if may(connection, role, full, *writes)]
        makes = (
            "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE') AND nspname !~ '^pg_temp'"
        )
        assert connection.execute(makes, [role]).fetchall() == []
        if role != "public":
            others = "SELECT rolname FROM pg_roles WHERE rolname <> %s AND pg_has_role(%s, oid, 'MEMBER')"
            assert connection.execute(others, [role, role]).fetchall() == []
            can = "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s"
            assert not any(connection.execute(can, [role]).fetchone())


def test_each_append_only_table_has_its_three_triggers_always(migrated):
    query = """
        SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger
        WHERE tgrelid = %s::regclass AND tgenabled = 'A' AND NOT tgisinternal"""
    with psycopg.connect(migrated) as connection:
        for table in models.APPEND_ONLY:
            (found,) = connection.execute(query, [f"ledger.{table}"]).fetchone()
            assert found == ["deny_change", "deny_truncate", "stamp"], table
