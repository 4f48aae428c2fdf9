"""A ledger that earlier versions have filled is migrated: nothing in it is lost or changed, and it goes on.

In: tests/ledger/ledgers, which the code of those versions has written.
"""

import dataclasses
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic import command
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from played import HOME, HOUR, act, lines_of, rewrite
from sealed import POLICY, seal
from sqlalchemy.exc import ProgrammingError
from test_migrations import CATALOG

from hanse.devcluster import postgres
from hanse.ledger import attempts, database, export, fsck, posting, slots, verify
from hanse.ledger.errors import RefusedError
from hanse.ledger.publishing import Folder

LEDGERS = Path(__file__).parent / "ledgers"
RULES = Path(__file__).parents[2] / "migrations" / "versions" / "0021_rules.sql"
REVISIONS = sorted(path.stem for path in LEDGERS.glob("*.sql"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
LOST = 600
TABLES = """
    SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition AND relname <> 'alembic_version'"""


@pytest.fixture(scope="module", name="restored", params=REVISIONS)
def _restored(request, server, config_for):
    """The URL of a ledger that was migrated, what was in it as it was filled, and what was in it after that."""
    request.getfixturevalue("migrated")  # with the roles, which a server has once
    url = postgres.create_database(server, f"filled_{request.param}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((LEDGERS / f"{request.param}.sql").read_text())
        before = recorded(connection)
    count_on(url)
    command.upgrade(config_for(url), "head")
    with psycopg.connect(url) as connection:
        return url, before, recorded(connection)


def recorded(connection):
    """Return all rows of all tables, each as what its columns said."""
    tables = [name for (name,) in connection.execute(TABLES)]
    return {
        name: [row for (row,) in connection.execute(f"SELECT to_jsonb(t) FROM {name} AS t")]  # noqa: S608  # a table's
        for name in tables
    }


def count_on(url):
    """Have the server's numbers of transactions be above those in the rows, which come from another server."""
    with psycopg.connect(url, autocommit=True) as connection:
        (most,) = connection.execute("SELECT max(xid::text::bigint) FROM ledger.slot").fetchone()
        while connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0] <= most + 1000:
            pass


@pytest.fixture(scope="module", name="upgraded")
def _upgraded(restored, take_over):
    """The pool goes on: half an hour later somebody is stopped for somebody else, and the hours are over."""
    world = take_over(restored[0])
    world.node_keys = dict.fromkeys(world.MEMBERS, KEY)
    world.last = dict(world.super.execute("SELECT node, max(start_seconds) FROM ledger.slot GROUP BY node").fetchall())
    bodies = world.super.execute("SELECT node, start_seconds, body_sha256 FROM ledger.slot").fetchall()
    world.previous = {node: digest for node, start, digest in bodies if start == world.last[node]}
    go_on(world)
    yield world
    world.close()


def go_on(world):
    (hour,) = world.super.execute("SELECT extract(epoch FROM now)::bigint FROM public.test_clock").fetchone()
    victim = world.super.execute(
        "SELECT id, job, fence FROM ledger.attempt WHERE ended_at_seconds IS NULL AND cluster = 'tencent-cluster'"
        " AND tier = 'standard'"
    ).fetchone()
    entry = dataclasses.replace(world.admit("tencent", on="tencent"), job=victim[1], fence=victim[2])
    world.set_clock(hour + 1800)
    owner = dataclasses.replace(world.admit("alibaba", on="tencent"), strength=HOME)
    world.record(owner, world.stop(entry, cause_index=0, detail={"lostGpuSeconds": LOST}))
    attempts.release(world.api, "tencent-cluster", victim[0], victim[2], "preempted")
    act(world)
    world.set_clock(hour + HOUR + 1000)
    shares = {str(victim[0]): 500, "idle": 500}
    for start in range(hour, hour + 1800, 300):
        (answer,) = world.ingest("tencent", world.slot("tencent", start, shares))
        assert answer.outcome == slots.Outcome.STORED
    world.victim, world.hour = victim[0], hour
    while due := posting.due(world.operator):
        for each in due:
            assert posting.post(world.operator, world.term, each).failed == {}


def test_nothing_that_was_recorded_is_lost_or_changed(restored):
    """Balances neither. What the migration adds to the ledger is that today's rules begin here, in its own term."""
    _, before, after = restored
    assert sum(map(len, before.values())) > 100
    assert [row["term"] for row in after["ledger.term"]] == [row["term"] + 1 for row in before.pop("ledger.term")]
    for table, rows in before.items():
        names = set().union(*rows)
        kept = [said(row, names) for row in after[table]]
        its = [said(row, names) for row in rows]
        assert [each for each in its if each not in kept] == [], table
        assert len(kept) == len(its) + 2 * (table == "ledger.fact"), table
    assert [row["kind"] for row in after["ledger.fact"]].count("RulesBegin") == 1


@pytest.fixture(name="former")
def _former(request, server, config_for):
    """The URL of a ledger that is about to have today's rules, and what an operator of before posts there."""
    request.getfixturevalue("migrated")
    url = postgres.create_database(server, f"former_{request.node.name[-20:]}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((LEDGERS / f"{REVISIONS[-1]}.sql").read_text())
        command.upgrade(config_for(url), "0020")
        connection.execute(
            "INSERT INTO ledger.cutoff (hour_seconds, run, slots, slots_sha256)"
            " SELECT hour_seconds, 9, slots, slots_sha256 FROM ledger.cutoff LIMIT 1"
        )
        connection.execute("SET ROLE hanse_operator")
        part = (
            "SELECT ledger.record_posting(t.term, c.hour_seconds, c.run, %s, 0, 0, 0, 0)"
            " FROM ledger.term t, ledger.cutoff c WHERE c.run = 9"
        )
        with psycopg.connect(url, autocommit=True) as watching:
            yield url, part, connection, watching


def until_it_waits(watching, task):
    """Wait until somebody there waits for what somebody else holds, or the task is over."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not task.done() and watching.execute(query).fetchone()[0] == 0:
        time.sleep(0.01)


def test_what_an_operator_is_posting_as_rules_begin_comes_before_them(former, config_for):
    url, part, operator, watching = former
    with ThreadPoolExecutor(1) as threads, operator.transaction():
        operator.execute(part, ["tencent"])
        migration = threads.submit(command.upgrade, config_for(url), "head")
        until_it_waits(watching, migration)
        operator.execute(part, ["alibaba"])
    migration.result()
    (posted,) = operator.execute("SELECT max(sequence) FROM ledger.posting WHERE run = 9").fetchone()
    (begin,) = operator.execute("SELECT sequence FROM ledger.fact WHERE kind = 'RulesBegin'").fetchone()
    assert posted < begin


def test_what_an_operator_begins_to_post_meanwhile_is_refused(former):
    """Its function is there when it is called, and goes on when it is dropped."""
    url, part, operator, watching = former
    with psycopg.connect(url) as owner, ThreadPoolExecutor(1) as threads:
        owner.execute("SET ROLE hanse_owner")
        owner.execute(RULES.read_text())
        posted = threads.submit(operator.execute, part, ["tencent"])
        until_it_waits(watching, posted)
        owner.commit()
        with pytest.raises(psycopg.Error, match="is not the leader's"):
            posted.result()
    assert operator.execute("SELECT count(*) FROM ledger.posting WHERE run = 9").fetchone() == (0,)


def said(row, names):
    return json.dumps({name: row[name] for name in names}, sort_keys=True)


def test_rollups_are_those_of_all_transfers(restored):
    with psycopg.connect(restored[0]) as connection:
        columns = "account, period, hour_seconds, purpose, is_correction, is_own, debits, credits, transfers, digest"
        either = [f"SELECT {columns} FROM ledger.{name}" for name in ("summed", "rollup")]  # noqa: S608  # no input
        for one, other in (either, either[::-1]):
            assert connection.execute(f"{one} EXCEPT {other}").fetchall() == []


def in_one_form(row):
    """Return a row of the catalogue without what is added to it by a restore: casts, brackets, names of types."""
    text = re.sub(r"::(character varying|text)(\[\])?|[()]| AS (text|int4)\b", "", str(row))
    return text.replace("'{hanse_owner=arwdDxtm/hanse_owner}'", "None")  # an owner has all rights of what it owns


def test_it_has_all_that_one_has_that_is_made_today(restored, server, template):
    with psycopg.connect(restored[0]) as old, psycopg.connect(f"{server.rpartition('/')[0]}/{template}") as new:
        for what, query in CATALOG.items():
            found, wanted = (set(map(in_one_form, each.execute(query))) for each in (old, new))
            assert wanted - found == set(), what
            assert [each for each in found - wanted if "slot_2" not in each] == [], what


def test_posting_goes_on_with_what_came_before_and_after(upgraded):
    """The hour before was metered by the earlier version, in its form of slots; in the next lost work is credited."""
    booked = upgraded.super.execute(
        "SELECT hour_seconds, purpose, amount FROM ledger.transfer WHERE attempt = %s AND kind = 'single'",
        [upgraded.victim],
    ).fetchall()
    use = {hour: amount for hour, purpose, amount in booked if purpose == "use"}
    assert use == {upgraded.hour - HOUR: HOUR * 1000, upgraded.hour: 1800 * 1000}
    assert [amount for _, purpose, amount in booked if purpose == "lost-work"] == [LOST * 1200]


def test_an_export_verifies_with_the_log_and_says_what_was_not_known_before(upgraded, tmp_path):
    heads = dict(upgraded.super.execute("SELECT size, root FROM ledger.tree_head").fetchall())
    seal(upgraded, tmp_path / "log")
    sealed = dict(upgraded.super.execute("SELECT size, root FROM ledger.tree_head").fetchall())
    assert sealed.items() > heads.items()
    assert fsck.check(upgraded.auditor, Folder(tmp_path / "log"), POLICY).findings == []
    export.export(upgraded.auditor, "2026-11", tmp_path / "export")
    verdict = verify.verify(tmp_path / "export", policy=POLICY)
    assert [str(each) for each in verdict.findings] == []
    remarks = [str(each) for each in verdict.examined.remarks]
    assert any("C10 cutoffs.jsonl:1: 3 runs were posted by a version that" in each for each in remarks), remarks
    assert any("C7 enrolments.jsonl: 2 nodes share a key" in each for each in remarks), remarks


def test_what_is_missing_after_that_place_is_found_and_before_it_is_what_is_there(upgraded, tmp_path):
    export.export(upgraded.auditor, "2026-11", tmp_path / "export")
    facts = lines_of(tmp_path / "export", "facts")
    rules = next(line for line in facts if line["kind"] == "RulesBegin")
    last = upgraded.super.execute("SELECT max(sequence) FROM ledger.transfer").fetchone()[0]
    for other, check, wrong in (
        ({"kind": "Other"}, "C10", "was to be credited"), ({"kind": "Other"}, "C9", "is missing in run 0"),
        ({"sequence": last + 1}, "C10", "and 0 were due"), ({"sequence": last + 1}, "C9", "before the rules are said"),
    ):  # fmt: skip
        lines = [line | other if line is rules else line for line in facts]
        rewrite(tmp_path / "export", "facts", lines)
        findings = [str(each) for each in verify.verify(tmp_path / "export").findings]
        assert any(each.startswith(check) and wrong in each for each in findings), findings


def test_who_works_for_the_pool_cannot_say_that_rules_begin(upgraded):
    said_so = "SELECT ledger.record_fact(gen_random_uuid(), 'RulesBegin', 0, '', '', '', NULL, NULL, '', NULL, '')"
    for engine in (upgraded.operator, upgraded.api):
        with pytest.raises(RefusedError, match="by the owner alone"), database.transaction(engine) as connection:
            connection.exec_driver_sql(said_so)


def test_an_operator_of_before_posts_nothing_any_more(upgraded):
    """It goes on until it is replaced, and would record no use."""
    part = "SELECT ledger.record_posting(%s, 0, 0, 'tencent', 0, 0, 0, 0)"
    with pytest.raises(ProgrammingError, match="does not exist"), database.transaction(upgraded.operator) as connection:
        connection.exec_driver_sql(part, (upgraded.term,))
