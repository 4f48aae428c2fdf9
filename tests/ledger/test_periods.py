"""A period is closed pair by pair, disputes hold up their own; afterwards the books change in the open period only."""

import contextlib
import shutil
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from played import act, lines_of, rewrite

from hanse.api import books as members_books
from hanse.ledger import books, database, disputes, errors, export, periods, posting, transfers, verify
from hanse.ledger.periods import Books, Stage, Terms
from hanse.operator import closing
from hanse.resources.pool_policy import Settlement

PERIOD = "2026-11"
DAY = 86400
HOUR = 3600
TERMS = Terms(window_seconds=DAY, true_up_seconds=70 * DAY)
AGREED = Settlement(dispute_window=timedelta(days=1), true_up=timedelta(days=70))
MEMBERS = ("a", "b", "c", "d")
# How much of a hundred seconds is known of each.
KNOWN = st.fixed_dictionaries({name: st.sampled_from([0, 50, 89, 90, 95, 98, 99, 100]) for name in MEMBERS})


def standing(known, **more):
    return Books(
        end_seconds=0, members=MEMBERS, is_posted=True, initial_at_seconds=0,
        known={name: (came, 100) for name, came in known.items()}, **more,
    )  # fmt: skip


@given(KNOWN, st.sampled_from(MEMBERS))
def test_whoever_withholds_slots_holds_up_its_own_pairs_and_nobody_elses(known, withholds):
    """What is final without it is final also when it sends nothing at all."""
    now = TERMS.window_seconds
    without = {pair for pairs in periods.due(standing(known | {withholds: 0}), TERMS, now).values() for pair in pairs}
    assert not [pair for pair in without if withholds in pair.split("/")]
    ready = [name for name in MEMBERS if name != withholds and known[name] >= 90]
    enough = sum(known[name] for name in ready) >= 0.99 * 100 * len(ready)
    among = {"/".join(sorted((one, other))) for one in ready for other in ready}
    assert {pair for pair in without if "pool" not in pair} == (among if enough else set())


@given(KNOWN)
def test_what_a_member_owes_the_pool_is_final_after_all_that_it_owes_members(known):
    final = set(periods.due(standing(known), TERMS, TERMS.window_seconds).get(Stage.FINAL, ()))
    for name in MEMBERS:
        others = {pair for pair in periods.pairs(MEMBERS) if name in pair.split("/") and "pool" not in pair}
        assert (f"{name}/pool" in final) == (others <= final)


@pytest.mark.parametrize(
    ("now", "more", "stage"),
    [
        (TERMS.window_seconds - 1, {}, None),
        (TERMS.window_seconds, {}, Stage.FINAL),
        (TERMS.window_seconds, {"held": frozenset({"a", "b", "c", "d"})}, None),
        (TERMS.true_up_seconds, {}, Stage.TRUE_UP),
        (TERMS.true_up_seconds, {"trued_up": frozenset(periods.pairs(MEMBERS))}, None),
        (TERMS.window_seconds, {"final": frozenset(periods.pairs(MEMBERS))}, None),
    ],
    ids=["too early", "in time", "all is disputed", "trued up", "done", "final already"],
)
def test_stages_come_in_their_time(now, more, stage):
    due = periods.due(standing(dict.fromkeys(MEMBERS, 100), **more), TERMS, now)
    assert list(due) == ([stage] if stage else [])


def seconds(day, hour=0, month=12):
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module", name="made")
def _made(make_world):
    """A pool that ran in the last hour of November alone; tencent used all of alibaba's GPUs, and idled its own."""
    world = make_world()
    world.set_clock(seconds(30, 22, month=11))
    entry = world.admit("tencent", on="alibaba", funding=(world.funding(2 * HOUR, 10**9),))
    world.record(entry)
    world.grant(entry)
    last = seconds(30, 23, month=11)
    world.last = last
    world.set_clock(seconds(1))
    world.attempt = str(entry.attempt)
    world.meter("alibaba", last, {world.attempt: 1000})
    world.meter("tencent", last, {"idle": 1000})
    world.set_clock(seconds(2))
    posting.post(world.operator, world.term, last)
    act(world)
    yield world
    world.close()


def settle(world, at):
    """Close what is due, as the leader does; return what was settled now."""
    world.set_clock(at)
    before = settled(world)
    closing.Closer(world.operator, world.term).look(AGREED)
    found = settled(world)
    return {stage: its - before.get(stage, set()) for stage, its in found.items() if its - before.get(stage, set())}


def settled(world):
    rows = world.super.execute("SELECT stage, array_agg(pair) FROM ledger.settlement GROUP BY stage").fetchall()
    return {Stage(stage): set(pairs) for stage, pairs in rows}


def owed(world, stage):
    rows = world.super.execute("SELECT pair, owed FROM ledger.settlement WHERE stage = %s", [stage]).fetchall()
    return dict(rows)


ALL = {"alibaba/alibaba", "alibaba/pool", "alibaba/tencent", "pool/tencent", "tencent/tencent"}
USED = 2 * HOUR * 1000
TIER = USED // 5


def use_of(world):
    query = "SELECT id FROM ledger.transfer WHERE purpose = 'use' AND kind = 'single'"
    return world.super.execute(query).fetchone()[0]


def stage_of(world, member):
    return members_books.statement(world.api, frozenset({member}), PERIOD).stage


@pytest.fixture(scope="module", name="told")
def _told(made, tmp_path_factory):
    """The story of a period from beginning to end, checked at each step; return its export."""
    world = made
    assert settle(world, seconds(2)) == {}  # late slots are waited for
    assert stage_of(world, "tencent") == "open"
    assert settle(world, seconds(3)) == {Stage.INITIAL: ALL}
    assert owed(world, "initial") == dict.fromkeys(ALL, 0) | {"alibaba/tencent": -USED, "pool/tencent": -TIER}
    dispute_and_settle(world)
    correct_afterwards(world)
    assert settle(world, seconds(10)) == {}
    true_up = seconds(1) + 70 * DAY
    assert settle(world, true_up - 1) == {}
    assert settle(world, true_up) == {Stage.TRUE_UP: ALL}
    assert owed(world, "true-up")["alibaba/tencent"] == -USED + 1070
    assert settle(world, true_up + DAY) == {}
    with pytest.raises(errors.RefusedError, match="disputed no longer"):
        disputes.open_(world.api, disputes.Matter("alibaba", world.last), claimed=1, reason="more")
    folder = tmp_path_factory.mktemp("export") / "told"
    export.export(world.auditor, PERIOD, folder)
    return folder


def dispute_and_settle(world):
    world.set_clock(seconds(3, 12))
    matter = disputes.Matter("tencent", world.last, world.attempt)
    dispute = disputes.open_(world.api, matter, claimed=0, reason="it had stopped")
    assert dispute == disputes.open_(world.api, matter, claimed=0, reason="it had stopped")
    # What the attempt was posted for waits, and what alibaba owes the pool, as that comes after all of its others.
    assert settle(world, seconds(4)) == {Stage.FINAL: {"alibaba/alibaba", "tencent/tencent"}}
    with closer(world) as engine:
        disputes.accept(engine, dispute, [(use_of(world), 1000)], 500, "agreed")
        with pytest.raises(errors.RefusedError, match="is accepted already: that stands"):
            disputes.refuse(engine, dispute, "too late")
    assert settle(world, seconds(4, 3)) == {Stage.FINAL: ALL - {"alibaba/alibaba", "tencent/tencent"}}
    assert owed(world, "final")["alibaba/tencent"] == -USED + 1000
    assert owed(world, "final")["pool/tencent"] == -TIER + 500
    assert (stage_of(world, "tencent"), stage_of(world, "alibaba")) == ("final", "final")


def correct_afterwards(world):
    """Nothing is booked in a closed period any more, and no late slot is taken; corrections are booked in December."""
    with closer(world) as engine:
        entry = books.correct_by_hand(engine, books.Correction(use_of(world), 70, "found later"))
    assert (entry.period, entry.hour_seconds) == ("2026-12", world.last)
    run = transfers.Run(world.last, 7)
    sides = ("tencent/use", "alibaba/contribution-used")
    with pytest.raises(errors.RefusedError, match="are closed: correct it in the open period"):
        books.post(world.operator, world.term, [transfers.single(run, transfers.Purpose.USE, sides, 1, None)])
    late = world.slot("tencent", world.last - HOUR, {"idle": 1000})
    statement = "SELECT * FROM ledger.ingest_slots('tencent', ARRAY['tencent-node'], ARRAY[%s], ARRAY[%s], ARRAY[%s])"
    with pytest.raises(psycopg.errors.Error, match="is of a period that is settled"):
        world.super.execute(statement, [world.last - HOUR, late.body, late.signature])


@contextlib.contextmanager
def closer(world):
    engine = database.engine(world.url, role="hanse_closer")
    try:
        yield engine
    finally:
        engine.dispose()


def test_the_verifier_agrees_with_the_story(told):
    assert [str(each) for each in verify.verify(told).findings] == []


def test_nothing_is_settled_before_its_time_nor_by_an_old_leader(made, told):
    assert told
    wanted = {"pairs": ["alibaba/tencent"], "window": DAY}
    statement = sa.text("SELECT ledger.settle(:term, :period, :stage, CAST(:pairs AS text[]), 990, 900, :window)")
    for term, period, stage, kind in (
        (made.term, "2027-03", "initial", errors.RefusedError),
        (made.term, "2027-03", "final", errors.RefusedError),
        (made.term, PERIOD, "final", errors.RefusedError),
        (made.term - 1, PERIOD, "true-up", errors.StaleTermError),
    ):
        with pytest.raises(kind), database.transaction(made.operator) as connection:
            connection.execute(statement, {**wanted, "term": term, "period": period, "stage": stage})


def more_owed(lines):
    lines[-1]["owed"] += 1


def longer_window(lines):
    for line in lines:
        line["window"] = 9 * DAY


def no_initial(lines):
    lines.remove(next(line for line in lines if line["pair"] == "alibaba/tencent"))


def no_pool_known(lines):
    for line in lines:
        line["pool"] = 1001


def not_accepted(lines):
    lines.pop()


def another_attempt(lines):
    lines[0]["body"]["attempt"] = "3f6c1b0e-5d7a-4f3e-9c55-0a4f5d1c2b7e"


def opened_twice(lines):
    lines.append({**lines[0], "sequence": lines[-1]["sequence"] + 1})


def booked_when_closed(lines):
    corrections = [line for line in lines if line["body"]["kind"] == "correction"]
    corrections[-1]["body"]["period"] = PERIOD
    corrections[-1]["carried"] = 0


def nothing_given_back(lines):
    lines[:] = [line for line in lines if line["body"]["purpose"] != "adjustment"]


LIES = {
    "settlements": (more_owed, longer_window, no_initial, no_pool_known),
    "acts": (not_accepted, another_attempt, opened_twice),
    "transfers": (booked_when_closed, nothing_given_back),
}


@pytest.mark.parametrize(("name", "lie"), [(name, lie) for name, lies in LIES.items() for lie in lies])
def test_a_statement_or_a_dispute_that_was_other_is_named(told, tmp_path, name, lie):
    shutil.copytree(told, tmp_path / "copy")
    lines = lines_of(tmp_path / "copy", name)
    lie(lines)
    rewrite(tmp_path / "copy", name, lines)
    assert "C14" in {finding.check for finding in verify.verify(tmp_path / "copy").findings}


@pytest.fixture(name="posted")
def _posted(world):
    """An hour that is posted, with a dispute of tencent's about its attempt."""
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 4500)
    world.meter("alibaba", world.START, {str(entry.attempt): 1000})
    posting.post(world.operator, world.term, world.START)
    world.matter = disputes.Matter("tencent", world.START, str(entry.attempt))
    disputes.open_(world.api, world.matter, claimed=0, reason="not mine")
    return world


def standings(world):
    with database.transaction(world.operator) as connection:
        return {each.matter.member: each.state for each in disputes.listed(connection)}


def test_a_dispute_ends_once_by_whoever_may(posted):
    dispute = posted.matter.id
    with pytest.raises(errors.RefusedError, match="could be withdrawn by this side"):
        disputes.withdraw(posted.api, "alibaba", dispute)
    assert disputes.expire(posted.operator, posted.term, 1000) == []
    disputes.withdraw(posted.api, "tencent", dispute)
    assert standings(posted) == {"tencent": "withdrawn"}
    posted.set_clock(posted.now + 10_000)
    assert disputes.expire(posted.operator, posted.term, 1000) == []
    with closer(posted) as engine, pytest.raises(errors.RefusedError, match="no open dispute"):
        disputes.accept(engine, dispute, [], 5, "yes")
    assert disputes.open_(posted.api, posted.matter, claimed=0, reason="not mine") == dispute
    assert standings(posted) == {"tencent": "withdrawn"}


def test_a_dispute_that_nobody_ruled_on_expires(posted):
    posted.set_clock(posted.now + 1001)
    assert disputes.expire(posted.operator, posted.term, 1000) == [posted.matter.id]
    assert standings(posted) == {"tencent": "expired"}


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        (("tencent", 7200, ""), "is not posted for tencent"),
        (("tencent", 5, ""), "is no hour's start"),
        (("tencent", 0, "3f6c1b0e-5d7a-4f3e-9c55-0a4f5d1c2b7e"), "nothing is posted for tencent of attempt"),
    ],
)
def test_what_cannot_be_disputed_is_refused_with_what_to_do(posted, matter, said):
    member, hour, attempt = matter
    with pytest.raises(errors.RefusedError, match=said):
        disputes.open_(posted.api, disputes.Matter(member, posted.START + hour, attempt), claimed=0, reason="x")


def test_a_ruling_gives_back_what_was_posted_in_the_hour_and_no_more(posted):
    with closer(posted) as engine:
        for back, said in (([(use_of(posted), 10**12)], "or more than it"), ([], "nothing is given back")):
            with pytest.raises(errors.RefusedError, match=said):
                disputes.accept(engine, posted.matter.id, back, 0, "agreed")
        assert standings(posted) == {"tencent": "opened"}
        run = transfers.Run(posted.START, 3)
        entry = transfers.single(run, transfers.Purpose.USE, ("tencent/use", "pool/tiers"), 1, None)
        given = {"ids": [entry.id], "bodies": [transfers.body(entry)]}
        statement = sa.text("SELECT ledger.book_corrections(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))")
        with pytest.raises(errors.RefusedError, match="only corrections"), database.transaction(engine) as connection:
            connection.execute(statement, given)


def test_who_closes_the_books_may_do_nothing_else(posted):
    with closer(posted) as engine:
        for call in ("take_term('x')", "apply_transfers('{}', '{}')", "settle(1, '2026-10', 'initial', '{}', 1, 1, 1)"):
            with pytest.raises(Exception, match="permission denied"), database.transaction(engine) as connection:
                connection.exec_driver_sql(f"SELECT ledger.{call}")
