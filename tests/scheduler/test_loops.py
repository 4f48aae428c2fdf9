"""Shapes in which other schedulers evicted jobs in turn for ever. Each must come to rest, and say what it decided."""

import pytest
from pools import HIGH, LOW, MIDDLE, job, nodes, organisation, pool, snapshot

from hanse.scheduler import Delta, Planner, reading
from hanse.scheduler.decisions import Admit, AttemptId

CYCLES_MAX = 5


def admitted(planner, cycles_max=CYCLES_MAX):
    """Plan until nothing is decided any more, and whoever is stopped leaves at once; return the admissions."""
    found = []
    for _ in range(cycles_max):
        decided = planner.plan()
        if not decided.decisions:
            return found
        found += [each for each in decided.decisions if isinstance(each, Admit)]
        planner.commit(decided)
        gone = [each for each in reading.attempts(planner.snapshot) if each.draining]
        planner.apply(Delta(planner.snapshot.as_of, ended=tuple(AttemptId(each.job, each.number) for each in gone)))
    raise AssertionError(f"still deciding after {cycles_max} cycles")


def settle(planner):
    """Plan until nothing is decided any more; return how many were stopped."""
    return sum(len(each.stops) for each in admitted(planner))


@pytest.mark.parametrize(
    ("entitled", "asked"),
    [
        # kueue#3779: two queues of equal quota and one without, jobs just larger than fits; here in whole GPUs.
        pytest.param({"a": 3, "b": 3, "rest": 0}, {"a": [5, 1, 1], "b": [5, 1, 1], "rest": [1, 1]}, id="kueue 3779"),
        # kueue#7101: four queues of two, pod groups of 6, 5, 4 and 3.
        pytest.param({"a": 2, "b": 2, "c": 2, "d": 2}, {"a": [6], "b": [5], "c": [4], "d": [3]}, id="kueue 7101"),
        # volcano#4947: deserved 3 and 5, one job of 4 against jobs of 1 and 4.
        pytest.param({"a": 3, "b": 5}, {"a": [4], "b": [1, 4]}, id="volcano 4947"),
        # kueue#14543: victims in one's own queue and in others', of which the pruning spares some.
        pytest.param({"a": 4, "b": 2, "c": 2}, {"c": [3], "b": [3], "a": [1, 1, 4]}, id="kueue 14543"),
        # yunikorn's "preemption storm": everybody has something guaranteed, and asks for more, again and again.
        pytest.param({"a": 3, "b": 3, "c": 2}, {"a": [2, 2, 2], "b": [2, 2, 2], "c": [2, 2, 2]}, id="yunikorn storm"),
    ],
)
@pytest.mark.parametrize("is_nested", [False, True], ids=["members", "organisations of one member"])
def test_it_comes_to_rest(entitled, asked, is_nested):
    total = sum(entitled.values())
    if is_nested:
        tree = [organisation(name, "m", 1000 * entitled.get(name, 0) // total) for name in asked]
        made, node_records = pool("m", organisations=tree), nodes("m", total, gpus=1)
    else:
        made = pool(*asked)
        node_records = [node for name, gpus in entitled.items() for node in nodes(name, gpus, gpus=1)]
    planner = Planner(snapshot(made, node_records, []))
    for name, sizes in asked.items():
        jobs = [job(f"{name}{index}", name, gpus=1, workers=size) for index, size in enumerate(sizes)]
        planner.apply(Delta(as_of=planner.snapshot.as_of + 1, jobs=tuple(jobs)))
        settle(planner)
    assert settle(planner) == 0


def test_three_levels_and_three_tiers_come_to_rest():
    tree = [organisation(f"m/{side}", "m") for side in "xy"]
    tree += [organisation(f"{parent.name}/{side}", parent.name) for parent in tree for side in "xy"]
    planner = Planner(snapshot(pool("m", "n", organisations=tree), nodes("m", 2) + nodes("n", 1), []))
    leaves = [each.name for each in tree if each.name.count("/") == 2]
    for index, tier in enumerate([LOW, HIGH, MIDDLE, HIGH, LOW, HIGH]):
        jobs = [job(f"{leaf}-{index}", leaf, tier.name, submitted=index, gpus=1, workers=3) for leaf in leaves]
        planner.apply(Delta(as_of=index, jobs=tuple(jobs)))
        settle(planner)
    assert settle(planner) == 0


# Three pools in which it does not do to count what a member uses altogether.


def comes(planner, *jobs):
    """Return who starts, at which label, and whom it stops, until nothing is decided any more."""
    planner.apply(Delta(as_of=planner.snapshot.as_of + 1, jobs=jobs))
    return [
        (each.attempt.job, each.label.rung.name, [stop.attempt.job for stop in each.stops])
        for each in admitted(planner)
    ]


def test_a_gang_larger_than_its_members_entitlement_borrows_whole_and_goes_whole():
    """Six GPUs with four of one's own: only two are others', but no part of a rigid gang can be given back."""
    planner = Planner(snapshot(pool("a", "b"), nodes("a", 4, gpus=1) + nodes("b", 4, gpus=1), []))
    assert comes(planner, job("gang", "a", gpus=1, workers=6)) == [("gang", "BORROW", [])]
    assert comes(planner, job("owner", "b", gpus=1, workers=3)) == [("owner", "HOME", ["gang"])]
    assert settle(planner) == 0
    assert comes(planner, job("small", "a", gpus=1, workers=4)) == [("small", "HOME", [])]
    planner.apply(Delta(planner.snapshot.as_of, jobs_gone=("owner", "small")))
    assert comes(planner) == [("gang", "BORROW", [])]


def test_tiers_do_not_fight_across_the_organisations_of_a_member():
    """A high tier beyond its leaf's part gives way to a low tier within its own, and does not come back against it."""
    tree = [organisation("m/x", "m"), organisation("m/y", "m")]
    planner = Planner(snapshot(pool("m", organisations=tree), nodes("m", 8, gpus=1), []))
    high = [job(f"x{index}", "m/x", "high", index, gpus=1, workers=2) for index in range(4)]
    assert [label for _, label, _ in comes(planner, *high)] == ["HOME", "HOME", "AWAY", "AWAY"]
    low = [job(f"y{index}", "m/y", "low", index, gpus=1, workers=2) for index in range(3)]
    assert comes(planner, *low) == [("y0", "HOME", ["x3"]), ("y1", "HOME", ["x2"])]
    assert settle(planner) == 0
    assert comes(planner, job("more", "m/x", "high", 9, gpus=1, workers=2)) == []


def test_what_is_covered_in_currency_and_not_in_kind_gives_way_to_what_is_in_kind():
    """Eight Ascend are worth almost five H100, but those are somebody's: their owner's job and it do not take turns."""
    planner = Planner(snapshot(pool("a", "b"), nodes("a", 1, accelerator="ascend") + nodes("b", 4, gpus=1), []))
    assert comes(planner, job("a1", "a", gpus=1, workers=4)) == [("a1", "EXCHANGE", [])]
    assert comes(planner, job("b1", "b", gpus=1, workers=2)) == [("b1", "HOME", ["a1"])]
    assert settle(planner) == 0
    assert comes(planner, job("a2", "a", gpus=1, workers=2)) == [("a2", "EXCHANGE", [])]
    assert comes(planner, job("b2", "b", gpus=1, workers=2)) == [("b2", "HOME", ["a2"])]
