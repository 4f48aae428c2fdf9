"""Gangs stand as near to one another as they ask to, in the narrowest domain that has room for them."""

from dataclasses import replace

import pytest
from pools import job, nodes, pool, snapshot

from hanse.scheduler import Delta, Planner, plan
from hanse.scheduler.decisions import Admit, Release, Reserve
from hanse.scheduler.pool import Contribution, Level, Member, NodeState
from hanse.scheduler.remedies import sentence

RACK, BLOCK, NODE = Level.RACK, Level.BLOCK, Level.NODE


def standing(member, *places, **rest):
    """Nodes of eight GPUs; a place is "block/rack", with either left out."""
    made = nodes(member, len(places), **rest)
    return [
        replace(node, block=place.partition("/")[0], rack=place.partition("/")[2])
        for node, place in zip(made, places, strict=True)
    ]


def rows(planned, uid="j"):
    return next(row for row in planned.explanations if row["uid"] == uid)


def placed(planned, uid="j"):
    found = [each for each in planned.decisions if isinstance(each, Admit) and each.attempt.job == uid]
    return [int(each.node.rpartition("-")[2]) for admit in found for each in admit.placed]


def filled(made, jobs):
    """Return a planner of a and b whose *jobs* stand one after another, wherever the racks are."""
    planner = Planner(snapshot(pool("a", "b"), [replace(each, rack="", block="") for each in made], jobs))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=planner.snapshot.as_of, nodes=tuple(made)))
    return planner


TWO_BLOCKS = ("a/1", "a/1", "a/2", "a/2", "a/2", "b/1", "b/1")


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        pytest.param(2, [0, 1], id="the first of the racks that it fills"),
        pytest.param(3, [2, 3, 4], id="the only rack with room"),
        pytest.param(4, [0, 1, 2, 3], id="the only block with room"),
        pytest.param(6, [0, 1, 2, 3, 5, 6], id="more than one block, the smallest racks whole"),
    ],
)
@pytest.mark.parametrize("asked", [{}, {"level": RACK}, {"level": BLOCK}], ids=["nothing", "rack", "block"])
def test_a_gang_goes_to_the_narrowest_domain_that_has_room_whatever_it_prefers(workers, expected, asked):
    planned = plan(snapshot(pool("a"), standing("a", *TWO_BLOCKS), [job("j", "a", workers=workers, **asked)]))
    assert expected == placed(planned)


def test_of_the_domains_of_a_level_it_takes_the_one_with_the_least_room_that_is_enough():
    made = standing("a", "a/1", "a/1", "a/1", "a/2", "a/2")
    assert [3, 4] == placed(plan(snapshot(pool("a"), made, [job("j", "a", workers=2)])))


def test_one_worker_leaves_racks_out_of_account():
    made = [*standing("a", "a/1"), *nodes("a", 1, gpus=4, first=1)]
    assert [1] == placed(plan(snapshot(pool("a"), made, [job("j", "a", gpus=4, level=RACK, needs_level=True)])))


@pytest.mark.parametrize(
    ("level", "workers", "gpus", "is_placed"),
    [
        (NODE, 2, 4, True), (NODE, 2, 8, False), (RACK, 2, 8, True), (RACK, 4, 8, False), (BLOCK, 5, 8, True),
        (BLOCK, 6, 8, False),
    ],
)  # fmt: skip
def test_what_needs_a_domain_starts_in_one_or_waits(level, workers, gpus, is_placed):
    asked = job("j", "a", workers=workers, gpus=gpus, level=level, needs_level=True)
    planned = plan(snapshot(pool("a"), standing("a", *TWO_BLOCKS), [asked]))
    assert is_placed == bool(placed(planned))
    if not is_placed:
        row, name = rows(planned), level.name.lower()
        assert ("NoTopologyFit", name, True) == (row["reason"], row["level"], row["is_too_large"])
        assert f"; no {name} that it may use holds so many, however empty it is" in sentence(row)


def test_a_node_of_which_nobody_says_where_it_stands_is_a_rack_of_its_own():
    made = standing("a", "", "", "/1", "/1")
    needs = {"level": RACK, "needs_level": True}
    assert [2, 3] == placed(plan(snapshot(pool("a"), made, [job("j", "a", workers=2, **needs)])))
    assert [0] == placed(plan(snapshot(pool("a"), made[:2], [job("j", "a", workers=2, gpus=4, **needs)])))
    assert [] == placed(plan(snapshot(pool("a"), made[:2], [job("j", "a", workers=2, **needs)])))


def test_racks_of_one_name_in_two_blocks_or_clusters_are_two():
    given = (Contribution("a", "a", "east", "north"), Contribution("more", "a", "west", "north"))
    made = standing("a", "a/1", "b/1") + standing("a", "a/1", contribution="more")
    asked = job("j", "a", workers=2, level=RACK, needs_level=True)
    assert [] == placed(plan(snapshot(pool("a", contributions=given), made, [asked])))


def test_who_is_stopped_stands_in_the_domain_that_is_cleared():
    """Borrowers fill all racks; the cheapest of them stand in different ones."""
    made, needs = standing("a", "a/1", "a/2", "a/1", "a/2"), {"level": RACK, "needs_level": True}
    planner = filled(made, [job(f"b{index}", "b", submitted=index) for index in range(4)])
    planner.apply(Delta(as_of=900, jobs=(job("j", "a", workers=2, **needs),)))
    (admit,) = [each for each in planner.plan().decisions if isinstance(each, Admit)]
    # The youngest go first: b3 and b2, on two racks; with b1 gone too the rack of b3 is free, and b2 is spared.
    assert ["b1", "b3"] == sorted(stop.attempt.job for stop in admit.stops)
    assert [1, 3] == [int(each.node.rpartition("-")[2]) for each in admit.placed]


@pytest.mark.parametrize(
    ("needs", "stopped"), [(False, ["b0", "b1"]), (True, ["a1", "b1"])], ids=["preferred", "required"]
)
def test_a_preference_stops_nobody_stronger(needs, stopped):
    """In each rack runs a borrower beside a job of its own member's lower tier: a rack costs one of those."""
    made = standing("a", "a/1", "a/1", "a/2", "a/2")
    first = [job("a0", "a", "low"), job("b0", "b", submitted=1), job("a1", "a", "low", submitted=2)]
    planner = Planner(snapshot(pool("a", "b"), made, first[:1]))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=1, jobs=(first[1],)))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=2, jobs=(first[2], job("b1", "b", submitted=3))))
    planner.commit(planner.plan())
    before = {name: place for name in ("a0", "b0", "a1", "b1") for place in where(planner.snapshot, name)}
    assert {"a0": 0, "b0": 1, "a1": 2, "b1": 3} == before
    planner.apply(Delta(as_of=3, jobs=(job("j", "a", "high", workers=2, level=RACK, needs_level=needs),)))
    (admit,) = [each for each in planner.plan().decisions if isinstance(each, Admit)]
    assert stopped == sorted(stop.attempt.job for stop in admit.stops)


def where(snapshot, uid):
    from hanse.scheduler import reading

    (found,) = [each for each in reading.attempts(snapshot) if each.job == uid]
    return [int(each.node.rpartition("-")[2]) for each in found.placed]


def test_a_rack_is_kept_for_who_needs_one():
    made, needs = standing("b", "a/1", "a/2", "a/2", "a/1"), {"level": RACK, "needs_level": True}
    runs = [job(f"b{index}", "b", run_seconds=seconds) for index, seconds in enumerate((600, 60, 3600, 7200))]
    planner = filled(made, runs)
    planner.apply(Delta(as_of=30, jobs=(job("j", "a", workers=2, **needs),)))
    (kept,) = [each for each in planner.plan().decisions if isinstance(each, Reserve)]
    # Two nodes are free after 600 seconds, but a whole rack after 3600.
    assert (3600, [1, 2]) == (kept.start_seconds, [int(each.node.rpartition("-")[2]) for each in kept.kept])
    planner.commit(planner.plan())
    moved = replace(made[2], rack="3")
    planner.apply(Delta(as_of=31, nodes=(moved,)))
    (again,) = [each for each in planner.plan().decisions if isinstance(each, Reserve | Release)]
    assert ("NodesLost", [0, 3]) == (again.cause, [int(each.node.rpartition("-")[2]) for each in again.kept])


def test_what_the_own_racks_lack_is_told_exactly():
    made = standing("a", "a/1", "a/1", "a/2", "a/2")
    half = job("h", "a", gpus=4, submitted=-3)
    runs = [half, job("i", "a", workers=1, gpus=4, submitted=-2), job("k", "a", workers=2, submitted=-2)]
    asked = job("j", "a", workers=2, level=RACK, needs_level=True)
    row = rows(plan(snapshot(pool("a"), made, [*runs, asked])))
    assert ("rack", 8, 1) == (row["level"], row["lacking_gpus"], row["workers_that_fit"])
    assert "starts when 8 more h100 are free in one rack of its member's own clusters" in sentence(row)


@pytest.mark.parametrize("others", [("b",), ("b", "c", "d")], ids=len)
def test_how_rivals_racks_are_used_changes_nothing_that_a_member_is_told(others):
    told = set()
    for first in range(1, 4):
        given = [Contribution(each, each, f"{each}-cluster", "north") for each in ("a", *others)]
        made = [replace(each, foreign_gpus=0xFF) for each in nodes("a", 1)]
        made += [node for each in others for node in standing(each, "a/1", "a/1", "a/2", "a/2")]
        busy = [job(f"{each}{index}", each, gpus=4) for each in others for index in range(2 * first, 9)]
        asked = job("j", "a", workers=4, submitted=9, level=RACK, needs_level=True)
        told.add(rows(plan(snapshot(pool("a", *others, contributions=given), made, [*busy, asked]))).tobytes())
    assert 1 == len(told)


@pytest.mark.parametrize("state", [each for each in NodeState if each != NodeState.READY], ids=lambda each: each.name)
def test_a_node_that_is_not_ready_takes_nothing_though_it_would_fill_a_rack(state):
    made = standing("a", "a/1", "a/1", "a/2", "a/2", "a/2")
    made[0] = replace(made[0], state=state)
    assert [2, 3] == placed(plan(snapshot(pool(Member("a")), made, [job("j", "a", workers=2)])))
    planned = plan(snapshot(pool(Member("a")), made[:1], [job("j", "a"), job("k", "b")][:1]))
    assert [] == placed(planned)
