"""The engine against what must hold for every policy, over workloads at random."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.simulator import cluster, comparing, engine, metrics, workload
from hanse.simulator.comparing import POLICIES, Setting
from hanse.simulator.policies import hanse
from hanse.simulator.workload import Job

HOUR = 3600
DAY = 24 * HOUR

jobs = st.builds(
    Job,
    order=st.just(0),
    member=st.sampled_from(["east", "north", "west"]),
    workers=st.integers(1, 3),
    gpus_per_worker=st.sampled_from([1, 2, 4, 8]),
    work_seconds=st.integers(1, 8 * HOUR),
    submitted_seconds=st.integers(0, 12 * HOUR),
    is_filler=st.booleans(),
)
workloads = st.lists(jobs, min_size=1, max_size=25).map(lambda drawn: workload.made("drawn", drawn))
CLUSTER = cluster.of_nodes({"east": 24, "north": 16, "west": 24})
ENOUGH = cluster.of_nodes({"east": 640, "north": 640, "west": 640})
LONG_AFTER = 100 * DAY


def played(name, jobs, on=CLUSTER, until=LONG_AFTER):
    return comparing.play(name, Setting(jobs, on, metrics.Window(0, until)))


@pytest.mark.parametrize("name", sorted(POLICIES))
@settings(deadline=None)
@given(workloads)
def test_what_was_granted_and_kept_is_what_the_jobs_are_and_what_was_lost(name, drawn):
    result = played(name, drawn)
    kept, granted, most = {}, {}, {}
    for run in result.runs:
        assert run.end_seconds is not None, "with time enough every run ends"
        assert run.job.submitted_seconds <= run.start_seconds <= run.end_seconds
        order = run.job.order
        kept[order] = kept.get(order, 0) + run.kept_seconds
        granted[order] = granted.get(order, 0) + run.end_seconds - run.start_seconds
        most[order] = max(most.get(order, 0), run.start_seconds)
    assert {job.order: job.work_seconds for job in drawn.jobs if job.order in kept} == kept
    assert all(granted[order] >= kept[order] for order in kept)


@pytest.mark.parametrize("name", sorted(POLICIES.keys() - {"static", "static-skip"}))
@settings(deadline=None)
@given(workloads)
def test_every_job_that_fits_runs_in_the_end(name, drawn):
    ran = {run.job.order for run in played(name, drawn).runs}
    assert [] == [job for job in drawn.jobs if job.order not in ran]


@pytest.mark.parametrize("name", sorted(POLICIES))
@settings(deadline=None)
@given(workloads)
def test_nobody_waits_where_there_is_enough_for_all(name, drawn):
    longest = hanse.CYCLE_SECONDS if name == "hanse" else 0
    result = played(name, drawn, ENOUGH)
    assert all(run.works_from - run.job.submitted_seconds <= longest for run in result.runs)
    assert len(result.runs) == len(drawn.jobs)


@pytest.mark.parametrize("name", sorted(POLICIES))
@settings(deadline=None, max_examples=20)
@given(workloads)
def test_the_same_input_gives_the_same_runs(name, drawn):
    assert repr(played(name, drawn)) == repr(played(name, drawn))


@settings(deadline=None)
@given(workloads, st.integers(1, 2 * DAY))
def test_figures_of_a_window_never_count_more_than_there_is(drawn, until):
    for name in ("pool-skip", "kueue"):
        found = played(name, drawn, until=until).figures
        assert 0 <= found.useful_utilization <= found.allocation_fraction <= 1
        assert 0 <= found.waste_fraction <= 1


def test_a_stopped_job_keeps_its_last_checkpoint_and_pays_for_its_restart():
    class Stops:
        """Runs a job, stops it after 100 minutes, and runs it again."""

        def __init__(self):
            self.waiting = []

        def arrived(self, job):
            self.waiting.append(job)

        def ended(self, run):
            pass

        def schedule(self, world):
            for run in list(world.running.values()):
                if world.now == 6000:
                    world.stop(run)
            while self.waiting:
                world.start(self.waiting.pop(), ((0, 8),))
            world.wake(6000) if world.now < 6000 else None

    job = Job(0, "east", 1, 8, 9000, 0)
    terms = engine.Terms(checkpoint_seconds=1800, restart_seconds=300)
    first, second = engine.run(workload.made("one", [job]), cluster.of_one(8), Stops(), terms, DAY)
    assert (0, 6000, 5400) == (first.start_seconds, first.end_seconds, first.kept_seconds)
    assert (6000, 6300, 9900, 3600) == (
        second.start_seconds,
        second.works_from,
        second.end_seconds,
        second.kept_seconds,
    )
    window = metrics.Window(0, 9900)
    played_one = workload.made("one", [job])
    waits = metrics.Waited(played_one, [first, second], window, 9900)
    found = metrics.figures(played_one, [first, second], 8, window, waits)
    assert 9000 / 9900 == found.useful_utilization
    assert 1 == found.preemptions


def test_a_place_that_is_not_there_ends_the_run():
    room = cluster.Room(cluster.of_one(4))
    with pytest.raises(cluster.RoomError, match="node 0: 8 GPUs were taken where 4 were free"):
        room.take(((0, 8),))


@settings(deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=12), st.integers(1, 6), st.sampled_from([1, 2, 4, 8]))
def test_a_place_is_found_just_where_there_is_one_and_on_the_fullest_nodes(free, workers, per_worker):
    room = cluster.Room(cluster.Cluster((8,) * len(free), ("east",) * len(free)))
    room.free[:] = free
    place = room.find(Job(0, "east", workers, per_worker, 1, 0))
    assert (place is not None) == (sum(gpus // per_worker for gpus in free) >= workers)
    if place is not None:
        assert workers * per_worker == sum(gpus for _, gpus in place)
        assert all(gpus <= free[node] and gpus % per_worker == 0 for node, gpus in place)
        spared = [free[node] for node in range(len(free)) if node not in dict(place) and free[node] >= per_worker]
        assert max((free[node] for node, _ in place)) <= min(spared, default=8)
