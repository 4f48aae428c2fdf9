"""Shapes in which other schedulers evicted jobs in turn for ever. Each must come to rest, and say what it decided."""

import pytest
from pools import HIGH, LOW, MIDDLE, job, nodes, organisation, pool, snapshot

from hanse.scheduler import Delta, Planner, reading
from hanse.scheduler.decisions import Admit, AttemptId

CYCLES_MAX = 5


def settle(planner):
    """Plan until nothing is decided any more; return the stops."""
    stops = 0
    for _ in range(CYCLES_MAX):
        decided = planner.plan()
        if not decided.decisions:
            return stops
        stops += sum(len(each.stops) for each in decided.decisions if isinstance(each, Admit))
        planner.commit(decided)
        gone = [each for each in reading.attempts(planner.snapshot) if each.draining]
        planner.apply(Delta(planner.snapshot.as_of, ended=tuple(AttemptId(each.job, each.number) for each in gone)))
    raise AssertionError(f"still deciding after {CYCLES_MAX} cycles")


@pytest.mark.parametrize(
    ("entitled", "asked"),
    [
        # kueue#3779: two queues of equal quota and one without, jobs just larger than fits; here in whole GPUs.
        pytest.param({"a": 3, "b": 3, "rest": 0}, {"a": [5, 1, 1], "b": [5, 1, 1], "rest": [1, 1]}, id="kueue 3779"),
        # kueue#7101: four queues of two, pod groups of 6, 5, 4 and 3.
        pytest.param({"a": 2, "b": 2, "c": 2, "d": 2}, {"a": [6], "b": [5], "c": [4], "d": [3]}, id="kueue 7101"),
        # volcano#4947: deserved 3 and 5, one job of 4 against jobs of 1 and 4.
        pytest.param({"a": 3, "b": 5}, {"a": [4], "b": [1, 4]}, id="volcano 4947"),
    ],
)
@pytest.mark.parametrize("is_nested", [False, True], ids=["members", "organisations of one member"])
def test_it_comes_to_rest(entitled, asked, is_nested):
    total = sum(entitled.values())
    if is_nested:
        tree = [organisation(name, "m", 1000 * gpus // total) for name, gpus in entitled.items()]
        made, node_records = pool("m", organisations=tree), nodes("m", total, gpus=1)
    else:
        made = pool(*entitled)
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
