"""Each waiting job has one primary reason, with the numbers that belong to it."""

from dataclasses import replace

import pytest
from pools import MIDDLE, Option, job, nodes, pool, snapshot

from hanse.scheduler import plan
from hanse.scheduler.explaining import sentence
from hanse.scheduler.pool import CapAtOnce, Contribution, Member, NodeState, Trust

BUSY = [job("z", "b", submitted=-9), job("y", "b", submitted=-8)]
DOWN = [replace(each, state=NodeState.DOWN) for each in nodes("b", 2)]


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        pytest.param("NoSuchAccelerator", {"accelerator": "b200"}, id="no such class"),
        pytest.param("NoSuchAccelerator", {"accelerator": "ascend", "precision": "fp8"}, id="not at this precision"),
        pytest.param("ResidencyLeavesNothing", {"regions": frozenset({"south"})}, id="region"),
        pytest.param("ResidencyLeavesNothing", {"excluded_members": frozenset({"b"})}, id="exclusion"),
        pytest.param("TrustLeavesNothing", {"trust": Trust.KATA}, id="trust"),
        pytest.param("NodeResourcesDoNotFit", {"gpus": 16}, id="no node has so many GPUs"),
        pytest.param("NodeResourcesDoNotFit", {"memory_mib": 2_000_000}, id="no node has so much memory"),
        pytest.param("NoTopologyFit", {"workers": 3}, id="the gang is larger than any cluster"),
        pytest.param("WaitingForQuota", {"workers": 2}, id="the GPUs are in use"),
    ],
)
def test_the_reason_is_what_keeps_it_waiting(reason, asked):
    decided = plan(snapshot(pool("a", "b"), nodes("b", 2), [job("j", "a", **asked), *BUSY]))
    assert [("j", reason)] == [(row["uid"], row["reason"]) for row in decided.explanations]


@pytest.mark.parametrize(
    ("reason", "made", "node_records"),
    [
        pytest.param("ClusterUnreachable", pool("a", "b"), DOWN, id="all nodes down"),
        pytest.param("MemberSuspended", pool(Member("a", suspended=True), "b"), nodes("b", 2), id="suspended"),
        pytest.param(
            "ExceedsCap", pool("a", "b", caps_at_once=(CapAtOnce("most", "a", 7999),)), nodes("b", 2), id="cap"
        ),
        pytest.param(
            "ExceedsBorrowingLimit", pool(Member("a", borrowing_limits={"h100": 7000}), "b"), nodes("b", 2),
            id="borrowing limit",
        ),
        pytest.param(
            "ExceedsLendingLimit", pool("a", Member("b", lending_limits={"h100": 7000})), nodes("b", 2),
            id="lending limit",
        ),
    ],
)  # fmt: skip
def test_the_reason_is_who_forbids_it(reason, made, node_records):
    decided = plan(snapshot(made, node_records, [job("j", "a")]))
    assert ([reason], ()) == (decided.explanations["reason"].tolist(), decided.decisions)


def test_a_gang_is_not_split_over_clusters():
    given = (Contribution("b", "b", "east", "north"), Contribution("c", "c", "west", "north"))
    made = pool("a", "b", "c", contributions=given)
    decided = plan(snapshot(made, nodes("b", 1) + nodes("c", 1), [job("j", "a", workers=2)]))
    assert decided.explanations["reason"].tolist() == ["NoTopologyFit"]


def test_the_option_that_comes_furthest_speaks_for_the_job():
    options = (Option("b200", 1), Option("h100", 2))
    (row,) = plan(snapshot(pool("a", "b"), nodes("b", 2), [job("j", "a", options=options), *BUSY])).explanations
    assert (row["reason"], row["accelerator"], row["asked_gpus"]) == ("WaitingForQuota", "h100", 16)


def test_the_numbers_say_what_is_asked_free_lacking_and_who_is_ahead():
    limited = Member("a", borrowing_limits={"h100": 32_000})
    jobs = [
        job("b0", "b"), job("a1", "a", workers=2, submitted=1), job("a2", "a", "high", workers=2, submitted=2),
        job("c1", "c", workers=3), job("a3", "a", workers=2, submitted=9),
    ]  # fmt: skip
    rows = {row["uid"]: row for row in plan(snapshot(pool(limited, "b", "c"), nodes("b", 2), jobs)).explanations}
    numbers = ("asked_gpus", "free_gpus", "borrowable_gpus", "lacking_gpus", "workers_that_fit")
    assert [rows["a1"][name] for name in numbers] == [16, 8, 32, 8, 1]
    assert [rows[uid]["ahead_in_leaf"] for uid in ("a1", "a2", "a3")] == [1, 0, 2]
    assert [rows[uid]["ahead_elsewhere"] for uid in ("a1", "a2", "a3")] == [1, 1, 1]
    assert sentence(rows["a1"]) == (
        "WaitingForQuota: asks for 16 h100, 8 free; starts when 8 more are free in one cluster, or with 1 worker"
    )


def test_a_covered_job_waits_for_its_gpus_whatever_its_borrowing_limit():
    made = pool(Member("a", borrowing_limits={"h100": 0}), "b")
    recalled = [replace(each, state=NodeState.RECALLED) for each in nodes("a", 1)]
    decided = plan(snapshot(made, recalled + nodes("b", 1), [job("a1", "a", submitted=1), job("b1", "b")]))
    assert decided.explanations["reason"].tolist() == ["WaitingForReclaim"]


def test_a_victim_is_told_that_it_was_preempted():
    from hanse.scheduler import Delta, Planner

    planner = Planner(snapshot(pool("a", "b", tiers=(MIDDLE,)), nodes("a", 1), [job("b1", "b")]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=5, jobs=(job("a1", "a"),)))
    assert [(row["uid"], row["reason"]) for row in planner.plan().explanations] == [("b1", "Preempted")]
