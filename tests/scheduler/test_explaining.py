"""Each waiting job has one primary reason, with the numbers that belong to it."""

from dataclasses import replace

import numpy as np
import pytest
from pools import MIDDLE, Option, job, nodes, organisation, pool, snapshot

from hanse.scheduler import estimating, plan
from hanse.scheduler.explaining import EXPLANATIONS
from hanse.scheduler.pool import CapAtOnce, Contribution, Member, NodeState, Trust
from hanse.scheduler.remedies import sentence

OTHERS = ("b", "c", "d", "e")
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
        pytest.param("WaitingForQuota", {"workers": 3}, id="how large a rival's cluster is may not be told"),
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
            "ExceedsLendingLimit", pool("a", *(Member(each, lending_limits={"h100": 7000}) for each in OTHERS)),
            [node for each in OTHERS for node in nodes(each, 2)], id="lending limit",
        ),
    ],
)  # fmt: skip
def test_the_reason_is_who_forbids_it(reason, made, node_records):
    decided = plan(snapshot(made, node_records, [job("j", "a")]))
    assert ([reason], ()) == (decided.explanations["reason"].tolist(), decided.decisions)


def test_a_gang_is_not_split_over_clusters():
    given = (Contribution("a", "a", "east", "north"), Contribution("more", "a", "west", "north"))
    made = pool("a", contributions=given)
    decided = plan(snapshot(made, nodes("a", 1) + nodes("more", 1), [job("j", "a", workers=2)]))
    assert ((), ["NoTopologyFit"]) == (decided.decisions, decided.explanations["reason"].tolist())


def test_a_job_that_only_waits_to_be_tried_again_is_told_so():
    given = (Contribution("b", "b", "east", "north"), Contribution("c", "c", "west", "north"))
    made, excluded = pool("a", "b", "c", contributions=given), frozenset({"east"})
    asked = {"small": {"gpus": 4}, "large": {}, "far": {"regions": frozenset({"south"})}}
    jobs = [job(uid, "a", excluded_clusters=excluded, **more) for uid, more in asked.items()]
    decided = plan(snapshot(made, nodes("b", 2) + nodes("c", 1, gpus=4), jobs))
    assert [("small", "west")] == [(each.attempt.job, each.cluster) for each in decided.decisions]
    reasons = {row["uid"]: row["reason"] for row in decided.explanations}
    assert {"far": "ResidencyLeavesNothing", "large": "RetryDelayed"} == reasons


def _explained(held, contributors=OTHERS, own=1, **asked):
    """Explain why a gang of four workers waits: its member's *own* nodes are in use, and of each contributor's four
    nodes, in a cluster of its own, *held* halves (four by default).
    """
    asked = {"workers": 4} | asked
    regions = {"f": "south"}
    given = [Contribution(each, each, f"{each}-cluster", regions.get(each, "north")) for each in ("a", *contributors)]
    made = pool("a", *contributors, contributions=tuple(given))
    found = [replace(each, foreign_gpus=0xFF) for each in nodes("a", own)]
    for each in contributors:
        found += nodes(each, 4)
    uses = [job(f"{each}{number}", each, gpus=4) for each in contributors for number in range(held.get(each, 4))]
    rows = plan(snapshot(made, found, [*uses, job("j", "a", submitted=9, **asked)])).explanations
    return next(row for row in rows if row["uid"] == "j")


@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("others", [OTHERS[:1], OTHERS[:3]], ids=len)
def test_what_few_others_have_idle_changes_nothing_that_a_member_is_told(others, own):
    told = {_explained({"b": held}, others, own).tobytes() for held in range(1, 9)}
    assert len(told) == 1
    told = np.frombuffer(told.pop(), dtype=EXPLANATIONS)[0]
    assert [-1 if not own else 0, 0] == [told["free_gpus"], told["workers_that_fit"]]


def test_what_four_others_have_idle_is_told_together_and_coarsely():
    told = {held: int(_explained({"b": held})["free_gpus"]) for held in (1, 4, 5, 8)}
    # 32 GPUs of each of the four, less four for each worker in use.
    assert {1: 64, 4: 64, 5: 0, 8: 0} == told


def test_a_job_that_leaves_somebody_out_is_told_nothing_by_which_to_subtract():
    five = (*OTHERS, "f")
    assert 64 == _explained({}, five)["free_gpus"]
    assert 0 == _explained({}, five, excluded_members=frozenset({"f"}))["free_gpus"]
    assert 0 == _explained({}, five, regions=frozenset({"north"}))["free_gpus"]
    assert 64 == _explained({}, five, regions=frozenset({"north", "south"}))["free_gpus"]


def test_how_large_others_clusters_are_is_told_coarsely_if_they_are_four():
    busy = dict.fromkeys(OTHERS, 8)
    reasons = {workers: str(_explained(busy, workers=workers)["reason"]) for workers in (4, 5, 8, 9)}
    # Each of the four has 32 GPUs.
    assert {4: "WaitingForQuota", 5: "WaitingForQuota", 8: "WaitingForQuota", 9: "NoTopologyFit"} == reasons
    assert "WaitingForQuota" == _explained(busy, OTHERS[:3], workers=9)["reason"]


def test_a_members_own_figures_are_exact():
    given = (Contribution("a", "a", "east", "north"), Contribution("b", "b", "west", "north"))
    jobs = [job("a0", "a", gpus=5), job("j", "a", workers=2, submitted=1)]
    (row,) = plan(snapshot(pool("a", "b", contributions=given), nodes("a", 2) + nodes("b", 1), jobs)).explanations
    assert (row["free_gpus"], row["lacking_gpus"], row["workers_that_fit"]) == (11, 8, 1)
    assert sentence(row) == (
        "WaitingForQuota: asks for 16 h100, 11 free; starts when 8 more h100 are free in one of its member's own"
        " clusters, or with minReplicas <= 1; places are kept for it from 1970-01-02 00:00:00 UTC on, if those who run"
        " there end when they said"
    )


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
    assert [rows["a1"][name] for name in numbers] == [16, -1, 16, -1, 0]  # as much is kept for a2
    assert [rows[uid]["ahead_in_leaf"] for uid in ("a1", "a2", "a3")] == [1, 0, 2]
    assert sentence(rows["a1"]) == (
        "WaitingForQuota: asks for 16 h100; starts when 16 h100 are free for it in one cluster"
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


def test_ahead_are_older_jobs_of_its_own_member_alone():
    made = pool("a", "b", organisations=[organisation("a/one", "a"), organisation("a/two", "a")])
    jobs = [job(uid, leaf, workers=2, submitted=at) for uid, leaf, at in (
        ("x", "a/one", 1), ("y", "a/two", 2), ("z", "a/one", 3), ("w", "a/two", 4))]  # fmt: skip
    for rivals in ([], [job(f"b{number}", "b", workers=2) for number in range(9)]):
        rows = {row["uid"]: row for row in plan(snapshot(made, nodes("a", 1), [*jobs, *rivals])).explanations}
        assert [rows[uid]["ahead_in_leaf"] for uid in "xyzw"] == [0, 0, 1, 1]
        assert [rows[uid]["ahead_in_member"] for uid in "xyzw"] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        *((each, "not known: a time is told to the oldest") for each in ("WaitingForQuota", "NoTopologyFit")),
        ("ExceedsCap", "not known: it starts when its caps"), ("NoSuchAccelerator", "never as things are"),
    ],
)  # fmt: skip
def test_without_a_reservation_no_time_is_told_and_it_is_said_why(reason, said):
    start = estimating.start({"starts_by": -1, "reason": reason})
    assert (None, True) == (start.seconds, start.rests_on.startswith(said))


def test_a_start_is_the_reservations_and_says_so():
    start = estimating.start({"starts_by": 7200, "reason": "WaitingForQuota"})
    assert (7200, True) == (start.seconds, start.rests_on.startswith("places are kept for it"))
