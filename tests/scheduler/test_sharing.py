"""GPUs that workers share: what is promised of each one, who shares it, and what else depends on it."""

from dataclasses import replace

import pytest
from auditor import Audit
from pools import job, nodes, pool, snapshot
from sharers import ASCEND, H100

from hanse.scheduler import Planner, apply, plan, reading, remedies
from hanse.scheduler.building import SnapshotError
from hanse.scheduler.decisions import Admit, AttemptId
from hanse.scheduler.deltas import Delta
from hanse.scheduler.pool import CapAtOnce, CapWindow, Contribution, Option, Rung, Slices, Trust
from hanse.scheduler.records import Attempt, Placed

SHARED = {"mem_gib": 78, "limit_gib": 118, "tenants": 4}


def sharing(*members, count=1, gpus=1, mixes=False, **more):
    """Return a pool in which each member has nodes that share their GPUs, and these."""
    given_ = [Contribution(each, each, "main", "north", frozenset(Trust), mixes=mixes) for each in members]
    made = pool(*members, contributions=tuple(given_), accelerators=(H100, ASCEND), **more)
    return made, [node for each in members for node in nodes(each, count, gpus, **SHARED)]


def part(uid, member, guaranteed, limit=None, *, others=False, **more):
    """Return a job of which each worker has part of a GPU."""
    slices = Slices(guaranteed, limit or guaranteed, others)
    return job(uid, member, gpus=1, **{"slices": slices, **more})


def admitted(decided):
    return {each.attempt.job: each for each in decided.decisions if isinstance(each, Admit)}


def why(decided, uid):
    (row,) = decided.explanations[decided.explanations["uid"] == uid]
    return str(row["reason"])


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        pytest.param([part("a", "m", 39), part("b", "m", 39)], "ab", id="both guarantees fit"),
        pytest.param([part("a", "m", 39), part("b", "m", 40)], "a", id="one GiB too much is guaranteed"),
        pytest.param([part("a", "m", 10, 59), part("b", "m", 10, 59)], "ab", id="both limits fit"),
        pytest.param([part("a", "m", 10, 59), part("b", "m", 10, 60)], "a", id="one GiB too much is promised"),
        pytest.param([part(each, "m", 1) for each in "abcde"], "abcd", id="no more than four share one"),
        pytest.param([part("a", "m", 78), part("b", "m", 1)], "a", id="all of it"),
        pytest.param([part("a", "m", 1, 78), part("b", "m", 1, 40)], "ab", id="a limit of all of it"),
        pytest.param([part("a", "m", 1, 79)], "", id="a limit above what it has"),
        pytest.param([job("a", "m", gpus=1), part("b", "m", 1)], "a", id="a whole one is not shared"),
        pytest.param([part("a", "m", 1), job("b", "m", gpus=1)], "a", id="a shared one is not whole"),
        pytest.param([part("a", "m", 1, workers=2)], "", id="no two of a gang on one"),
    ],
)
def test_a_gpu_is_shared_as_far_as_its_slices_go(jobs, expected):
    records = [replace(each, submitted_seconds=index) for index, each in enumerate(jobs)]
    assert list(expected) == sorted(admitted(plan(snapshot(*sharing("m"), records))))


@pytest.mark.parametrize(
    ("mixes", "says", "expected"),
    [(True, (True, True), "ab"), (False, (True, True), "a"), (True, (True, False), "a"), (True, (False, True), "a")],
)
def test_members_share_a_gpu_only_where_its_owner_and_both_of_them_allow_it(mixes, says, expected):
    made, node_records = sharing("m", mixes=mixes)
    made = replace(made, members=(*made.members, replace(made.members[0], name="n")))
    records = [part("a", "m", 10, others=says[0]), part("b", "n", 10, others=says[1], submitted=1)]
    assert list(expected) == sorted(admitted(plan(snapshot(made, node_records, records))))


def test_workers_go_where_gpus_are_shared_already_and_the_fullest_first():
    made, node_records = sharing("m", count=2, gpus=2)
    planner = Planner(snapshot(made, node_records, [part("a", "m", 40, submitted=0), part("b", "m", 50, submitted=1)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(part("c", "m", 20), part("d", "m", 20, submitted=1), part("e", "m", 79))))
    found = admitted(planner.plan())
    (a, b), (c, d) = ([found_[0] for found_ in _places(planner)], [found[uid].placed[0] for uid in "cd"])
    assert a.node == b.node == c.node == d.node
    assert (b.gpus, a.gpus) == (c.gpus, d.gpus)


def _places(planner):
    return [each.placed for each in reading.attempts(planner.snapshot)]


def test_a_worker_counts_as_what_it_is_guaranteed_and_is_held_to_caps_by_its_limit():
    """26 GiB of 78 are a third, rounded up; 40 GiB are 513 thousandths."""
    windows = (CapWindow("hourly", "m", 0, 10**6, 10**9),)
    made, node_records = sharing("m", caps=windows, caps_at_once=(CapAtOnce("most", "m", 1026),))
    (admit,) = plan(snapshot(made, node_records, [part("a", "m", 26, 40)])).decisions
    assert admit.reserved[0].amount == 513 * admit.funded_until_seconds
    crowd = [part(uid, "m", 26, 40, submitted=index) for index, uid in enumerate("abc")]
    assert list("ab") == sorted(admitted(plan(snapshot(made, node_records, crowd))))


def test_a_share_of_a_gpu_is_covered_by_entitlement_to_as_much():
    """Of one GPU three workers may have 26 GiB each, but three times 334 thousandths are more than one GPU."""
    made, node_records = sharing("m", gpus=1)
    records = [part(uid, "m", 26, submitted=index) for index, uid in enumerate("abc")]
    labels = [each.label.rung for each in admitted(plan(snapshot(made, node_records, records))).values()]
    assert labels == [Rung.HOME, Rung.HOME, Rung.BORROW]


def test_somebody_covered_takes_shares_back_and_starts_when_their_holder_has_left():
    made, node_records = sharing("m", "n", count=1)
    planner = Planner(snapshot(made, node_records, [part(f"b{each}", "n", 39, submitted=each) for each in range(4)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(part("a", "m", 60),)))
    decided = planner.plan()
    admit = admitted(decided)["a"]
    assert [stop.attempt.job for stop in admit.stops] == [each.job for each in admit.awaits]
    assert (Rung.HOME, 2) == (admit.label.rung, len(admit.stops))
    assert admit.stops[0].lost_gpu_seconds == 0
    planner.commit(decided)
    planner.apply(Delta(as_of=2, jobs=(part("c", "m", 18),)))
    second = admitted(planner.plan())["c"]
    assert (admit.placed[0].node, admit.awaits) == (second.placed[0].node, second.awaits)


def test_a_lowered_ratio_stops_nobody_and_lets_nobody_in_until_there_is_room_again():
    made, node_records = sharing("m")
    planner = Planner(snapshot(made, node_records, [part("a", "m", 10, 59), part("b", "m", 10, 59, submitted=1)]))
    planner.commit(planner.plan())
    lower = replace(node_records[0], limit_gib=78)
    planner.apply(Delta(as_of=1, nodes=(lower,), jobs=(part("c", "m", 10),)))
    assert {} == admitted(planner.plan())
    planner.apply(Delta(as_of=2, ended=(AttemptId("a", 1),), jobs_gone=("a",)))
    assert ["c"] == list(admitted(planner.plan()))


def test_who_leaves_a_shared_gpu_leaves_it_to_those_who_stay():
    """The whole GPU is free only when the last has gone."""
    made, node_records = sharing("m", gpus=2)
    planner = Planner(snapshot(made, node_records, [part("a", "m", 39), part("b", "m", 39, submitted=1)]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, ended=(AttemptId("a", 1),), jobs_gone=("a",), jobs=(job("c", "m", gpus=2),)))
    assert {} == admitted(planner.plan())
    planner.apply(Delta(as_of=2, jobs=(job("c", "m", gpus=1),)))
    assert [0b10] == [each.placed[0].gpus for each in admitted(planner.plan()).values()]


def test_nodes_that_do_not_share_take_whole_gpus_only():
    made, node_records = sharing("m")
    record = replace(node_records[0], mem_gib=0, limit_gib=0, tenants=0)
    decided = plan(snapshot(made, [record], [part("a", "m", 1)]))
    assert ((), "MemoryDoesNotFit") == (decided.decisions, why(decided, "a"))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(part("a", "m", 1, 79), "MemoryDoesNotFit", id="more than a GPU has"),
        pytest.param(part("a", "m", 1, workers=3), "NoTopologyFit", id="more workers than GPUs"),
        pytest.param(part("a", "m", 1, cpu_milli=10**9), "NodeResourcesDoNotFit", id="more processors than there are"),
    ],
)
def test_what_never_fits_is_said_to_be_memory_only_if_it_is(asked, reason):
    assert reason == why(plan(snapshot(*sharing("m", gpus=2), [asked])), "a")


def test_what_a_worker_asks_of_a_gpu_is_in_its_explanation():
    made, node_records = sharing("m")
    decided = plan(snapshot(made, node_records, [part("a", "m", 60), part("b", "m", 20, 30, submitted=1)]))
    (row,) = decided.explanations
    assert remedies.sentence(row) == (
        "WaitingForQuota: asks for 1 h100, of each 20 GiB guaranteed and 30 GiB at most, 0 free; starts when 1 more"
        " h100 have 20 GiB to guarantee and 30 GiB to promise in one cluster of its member's own;"
        " places are kept for it from 1970-01-02 00:00:00 UTC on, if those who run there end when they said"
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"gpus": 2, "slices": Slices(1, 1)}, "each has part of one"),
        ({"gpus": 1, "slices": Slices(2, 1)}, "not from 1 to their limit"),
        ({"gpus": 1, "slices": Slices(0, 1)}, "not from 1 to their limit"),
    ],
)
def test_slices_that_cannot_be_are_refused(shape, message):
    with pytest.raises(SnapshotError, match=message):
        snapshot(*sharing("m"), [job("a", "m", **shape)])


def test_a_gpu_that_is_shared_is_not_held_whole_beside_that():
    made, node_records = sharing("m")
    records = [part("a", "m", 1), part("b", "m", 1), job("c", "m", gpus=1)]
    placed = (Placed(node_records[0].name, 1, 1),)
    runs = [Attempt(uid, 1, "h100", Rung.BORROW, -1, 0, 0, 60, 1000, placed) for uid in "abc"]
    assert len(snapshot(made, node_records, records, runs[:2]).attempts) == 2
    with pytest.raises(SnapshotError, match="hold the same GPU"):
        snapshot(made, node_records, records, runs[1:])


def test_an_elastic_gang_grows_on_shared_gpus_one_worker_each():
    made, node_records = sharing("m", gpus=1, count=4)
    asked = part("a", "m", 26, 30, options=[Option("h100", 1, 3)])
    planner = Planner(snapshot(made, node_records, [asked]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1))
    before = planner.snapshot
    decided = planner.plan()
    (resize,) = decided.decisions
    held = {each.node for each in resize.grown} | {each.node for placed in _places(planner) for each in placed}
    assert (2, 3) == (len(resize.grown), len(held))
    Audit(made, before, decided, apply(before, decided)).memory_is_promised_once()
