"""Snapshots: what is refused, what deltas and plans make of them, and that nobody can write to them."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from pools import LOW, MIDDLE, Option, job, nodes, organisation, pool, snapshot
from worlds import QUARTER

from hanse.quota.errors import QuotaError
from hanse.scheduler import Delta, Planner, SnapshotError, build, plan, reading, state_digest
from hanse.scheduler.decisions import AttemptId
from hanse.scheduler.pool import Contribution, Member, Rung
from hanse.scheduler.records import Attempt, Placed

NODES = nodes("a", 1)


def attempt(uid, number=1, gpus=1, node="a-h100-000", **rest):
    return Attempt(uid, number, "h100", Rung.HOME, 0, 0, 0, 9999, 1000, (Placed(node, 1, gpus),), **rest)


@pytest.mark.parametrize("given_", [{}, {"accelerators": ()}], ids=["with classes", "without"])
def test_a_pool_that_nobody_has_joined_yet_has_an_empty_plan(given_):
    assert () == tuple(plan(snapshot(pool(**given_), [], [])).decisions)


@pytest.mark.parametrize(
    ("message", "jobs", "attempts"),
    [
        pytest.param("organisation 'c' is not in the pool", [job("j", "c")], [], id="no such organisation"),
        pytest.param("tier 'x' is not in the pool", [job("j", "a", "x")], [], id="no such tier"),
        pytest.param("j is there twice", [job("j", "a"), job("j", "a")], [], id="one uid twice"),
        pytest.param("it must ask for a class", [job("j", "a", workers=0)], [], id="no workers"),
        pytest.param("it must ask for a class", [job("j", "a", memory_mib=-1)], [], id="negative memory"),
        pytest.param("there is no such job", [job("j", "a")], [attempt("k")], id="an attempt of no job"),
        pytest.param("is on b, which is not there", [job("j", "a")], [attempt("j", node="b")], id="on no node"),
        pytest.param(
            "two attempts: one must", [job("j", "a")], [attempt("j", draining=True), attempt("j", 2, 2)], id="two"
        ),
        pytest.param(
            "the same GPU of a-h100-000",
            [job("j", "a"), job("k", "a")],
            [attempt("j"), attempt("k")],
            id="one GPU twice",
        ),
        pytest.param("more than 36 characters", [job("j" * 37, "a")], [], id="a uid that is too long"),
    ],
)
def test_records_that_do_not_fit_together_are_refused(message, jobs, attempts):
    with pytest.raises(ValueError, match=message):
        snapshot(pool("a"), NODES, jobs, attempts)


@pytest.mark.parametrize(
    ("message", "made"),
    [
        pytest.param("more than one member is called a", pool("a", "a"), id="one name twice"),
        pytest.param(
            "not add up to more than 1000",
            pool("a", organisations=[organisation("x", "a", 600), organisation("y", "a", 401)]), id="shares",
        ),
        pytest.param("from 0 to 1000", pool(Member("a", levy=1001)), id="levy"),
        pytest.param("no accelerator class b200", pool(Member("a", grants={"b200": 1})), id="grant of no class"),
        pytest.param("which is no member", pool("a", organisations=[organisation("x", "b")]), id="below nobody"),
        pytest.param(
            "below itself", pool("a", organisations=[organisation("x", "y"), organisation("y", "x")]), id="in a circle"
        ),
    ],
)  # fmt: skip
def test_a_pool_that_cannot_hold_is_refused(message, made):
    given_to_all = replace(made, contributions=(Contribution("a", "a", "main", "north"),))
    with pytest.raises(QuotaError, match=message):
        plan(build(given_to_all, NODES, []))


def test_a_number_too_large_for_its_column_is_refused():
    with pytest.raises(OverflowError):
        snapshot(pool("a"), [replace(NODES[0], memory_mib=2**63)], [])


def test_a_job_belongs_to_a_leaf():
    made = pool("a", organisations=[organisation("x", "a")])
    with pytest.raises(SnapshotError, match="has organisations below it"):
        snapshot(made, NODES, [job("j", "a")])


@pytest.mark.parametrize("column", ["nodes", "jobs", "attempts", "holdings"])
def test_nobody_can_write_to_a_snapshot(column):
    planner = Planner(snapshot(pool("a"), NODES, [job("j", "a")]))
    planner.commit(planner.plan())
    planner.apply(
        Delta(as_of=1, jobs=(job("k", "a"),), nodes=tuple(nodes("a", 2)), checkpoints=((AttemptId("j", 1), 1),))
    )
    table = getattr(planner.snapshot, column)
    assert not table.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        table[0] = table[0]


@given(world=worlds.worlds(), data=st.data())
def test_a_snapshot_read_back_into_records_is_the_same(world, data):
    for _ in range(data.draw(st.integers(1, 4))):
        world.step()
        world.happen(data)
    now = world.snapshot
    again = build(
        replace(world.pool, caps=now.caps), reading.nodes(now), reading.jobs(now), reading.attempts(now), now.as_of
    )
    for name in ("nodes", "attempts", "holdings"):
        assert np.array_equal(getattr(now, name), getattr(again, name))
    assert reading.jobs(now) == reading.jobs(again)


@QUARTER
@given(world=worlds.worlds(caps=worlds.windows, policy=worlds.short_funding), data=st.data())
def test_a_pool_that_is_read_again_and_again_is_followed_by_its_differences(world, data):
    """Whoever reads all records each time, attempts too, and tells the differences, has the snapshot of a new build."""
    planner, seen = Planner(world.snapshot), world.snapshot
    for _ in range(data.draw(st.integers(1, 4), label="cycles")):
        world.step()
        world.happen_without_policy(data)
        now = world.snapshot
        planner.apply(
            Delta(
                as_of=now.as_of, nodes=tuple(reading.nodes(now)), jobs=tuple(reading.jobs(now)), caps=now.caps,
                jobs_gone=tuple(set(seen.jobs["uid"].tolist()) - set(now.jobs["uid"].tolist())),
                attempts=tuple(reading.attempts(now)),
            )
        )  # fmt: skip
        seen = now
        pool = replace(world.pool, caps=now.caps)
        cold = build(pool, reading.nodes(now), reading.jobs(now), reading.attempts(now), now.as_of)
        assert plan(cold).to_bytes() == planner.plan().to_bytes()
        assert state_digest(cold) == state_digest(planner.snapshot)


def test_the_digest_of_a_snapshot_changes_with_anything_in_it():
    jobs, roomy = [job("j", "a"), job("k", "a", gpus=1)], replace(NODES[0], memory_mib=1)
    every = [
        snapshot(pool("a"), NODES, jobs), snapshot(pool("a"), NODES, jobs, as_of=1), snapshot(pool("a"), [roomy], jobs),
        snapshot(pool("a"), NODES, jobs[:1]), snapshot(pool("a"), NODES, [jobs[0], job("k", "a", gpus=2)]),
        snapshot(pool(Member("a", levy=1)), NODES, jobs), snapshot(pool("a"), NODES, jobs, [attempt("j")]),
        snapshot(pool("a"), NODES, [job("j", "a", gpus=1), job("k", "a")]),
    ]  # fmt: skip
    assert len(every) == len({state_digest(each) for each in every})


def test_a_node_that_somebody_is_on_cannot_go():
    planner = Planner(snapshot(pool("a"), NODES, [job("j", "a")]))
    planner.commit(planner.plan())
    with pytest.raises(SnapshotError, match="end it first"):
        planner.apply(Delta(as_of=1, nodes_gone=("a-h100-000",)))


def test_an_attempt_that_is_not_there_cannot_end():
    planner = Planner(snapshot(pool("a"), NODES, [job("j", "a")]))
    with pytest.raises(KeyError, match="attempt 7 of j"):
        planner.apply(Delta(as_of=1, ended=(AttemptId("j", 7),)))


def test_a_job_that_goes_takes_its_attempts_along():
    planner = Planner(snapshot(pool("a"), NODES, [job("j", "a"), job("k", "a")]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs_gone=("j",)))
    assert (
        planner.snapshot.jobs["uid"].tolist(), len(planner.snapshot.attempts), len(planner.snapshot.holdings),
    ) == (["k"], 0, 0)  # fmt: skip


def test_a_late_checkpoint_makes_a_victim_cheaper():
    """Of two borrowers in the way the one that saved its work last is stopped, though it is the older one."""
    made = pool("a", "b", tiers=(LOW, MIDDLE))
    planner = Planner(snapshot(made, nodes("a", 2), [job("b1", "b"), job("b2", "b", submitted=1)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1000, checkpoints=((AttemptId("b1", 1), 990),), jobs=(job("a1", "a"),)))
    (admit,) = planner.plan().decisions
    assert [stop.attempt.job for stop in admit.stops] == ["b1"]
    assert admit.stops[0].lost_gpu_seconds == 8 * 10


def test_classes_are_taken_in_the_jobs_order_within_a_label():
    both = (Option("ascend", 2), Option("h100", 1))
    node_records = nodes("a", 1) + nodes("a", 2, accelerator="ascend")
    decided = plan(snapshot(pool("a"), node_records, [job("j", "a", options=both), job("k", "a", options=both)]))
    assert [
        (each.attempt.job, each.accelerator, sum(placed.workers for placed in each.placed))
        for each in decided.decisions
    ] == [("j", "ascend", 2), ("k", "h100", 1)]


def test_what_others_hold_on_a_node_is_not_there():
    node = replace(NODES[0], foreign_gpus=0b11, foreign_cpu_milli=100_000)
    asks = [job("j", "a", gpus=1, cpu_milli=14_000), job("k", "a", gpus=1, cpu_milli=14_001, submitted=1)]
    admit, *_ = plan(snapshot(pool("a"), [node], asks)).decisions
    assert (admit.attempt.job, admit.placed[0].gpus) == ("j", 0b100)
