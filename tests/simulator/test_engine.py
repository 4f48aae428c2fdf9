"""The engine against what must hold for every policy, over workloads at random."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.simulator import cluster, comparing, engine, incidents, metrics, runs, workload
from hanse.simulator.comparing import POLICIES, Setting
from hanse.simulator.estimates import Estimates
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
SCHEDULERS = sorted(name for name in POLICIES if not name.startswith("hanse-"))
"""All but ours with a part left out."""
workloads = st.lists(jobs, min_size=1, max_size=25).map(lambda drawn: workload.made("drawn", drawn))
CLUSTER = cluster.of_nodes({"east": 24, "north": 16, "west": 24})
ENOUGH = cluster.of_nodes({"east": 640, "north": 640, "west": 640})
LONG_AFTER = 100 * DAY
# Each example is a whole run, of each policy.
FEWER = settings(max_examples=max(25, settings().max_examples // 5))


def played(name, jobs, on=CLUSTER, until=LONG_AFTER):
    return comparing.play(name, Setting(jobs, on, metrics.Window(0, until)))


@pytest.mark.parametrize("name", SCHEDULERS)
@FEWER
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


@pytest.mark.parametrize("name", sorted({*SCHEDULERS} - {"static", "static-skip"}))
@FEWER
@given(workloads)
def test_every_job_that_fits_runs_in_the_end(name, drawn):
    ran = {run.job.order for run in played(name, drawn).runs}
    assert [] == [job for job in drawn.jobs if job.order not in ran]


@pytest.mark.parametrize("name", SCHEDULERS)
@FEWER
@given(workloads)
def test_nobody_waits_where_there_is_enough_for_all(name, drawn):
    longest = hanse.CYCLE_SECONDS if name.startswith("hanse") else 0
    result = played(name, drawn, ENOUGH)
    assert all(run.works_from - run.job.submitted_seconds <= longest for run in result.runs)
    assert len(result.runs) == len(drawn.jobs)


@pytest.mark.parametrize("name", SCHEDULERS)
@settings(deadline=None, max_examples=20)
@given(workloads)
def test_the_same_input_gives_the_same_runs(name, drawn):
    assert repr(played(name, drawn)) == repr(played(name, drawn))


@FEWER
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

        def nodes_changed(self, states):
            pass

    job = Job(0, "east", 1, 8, 9000, 0)
    terms = runs.Terms(checkpoint_seconds=1800, restart_seconds=300)
    first, second = engine.run(workload.made("one", [job]), cluster.of_one(8), Stops(), terms, DAY).runs
    assert (0, 6000, 5400) == (first.start_seconds, first.end_seconds, first.kept_seconds)
    assert (6000, 6300, 9900, 3600) == (
        second.start_seconds,
        second.works_from,
        second.end_seconds,
        second.kept_seconds,
    )
    window = metrics.Window(0, 9900)
    played_one = workload.made("one", [job])
    waits = metrics.Waited(played_one.waiting, [first, second], window, 9900)
    found = metrics.figures(played_one, [first, second], 8 * 9900, window, waits)
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


outages = st.builds(
    lambda begin, node, lasts, notice: incidents.Outage(begin + notice, node, begin + notice + lasts, notice),
    st.integers(0, 12 * HOUR), st.integers(0, 7), st.integers(60, 6 * HOUR), st.sampled_from([0, 600, HOUR]),
)  # fmt: skip


@pytest.mark.parametrize("name", sorted({*SCHEDULERS} - {"srtf-bound"}))
@FEWER
@given(workloads, st.lists(outages, max_size=6).map(lambda each: incidents.together(tuple(each))), st.integers(0, 99))
def test_whatever_fails_no_gpu_second_is_unaccounted_for_and_no_work_is_done_twice(name, drawn, lost, seed):
    happens = incidents.Incidents(incidents.failing(drawn, 0.5, seed), lost)
    setting = Setting(drawn, CLUSTER, metrics.Window(0, LONG_AFTER), incidents=happens)
    result = comparing.play(name, setting)
    assert 0 == result.played.unaccounted_gpu_seconds()
    assert sum(8 * (each.end_seconds - each.begin_seconds) for each in lost) == result.played.down_gpu_seconds
    kept, ended = {}, set()
    for run in result.runs:
        kept[run.job.order] = kept.get(run.job.order, 0) + run.kept_seconds
        ended |= set() if run.was_stopped else {run.job.order}
        for each in lost if run.end_seconds > run.start_seconds else ():
            is_there = any(node == each.node for node, _ in run.place)
            # Workers that come one by one are on all their nodes when the gang works.
            since = run.works_from if name.startswith("kube") else run.start_seconds
            assert not (is_there and since < each.end_seconds and each.begin_seconds < run.end_seconds)
            comes_then = each.begin_seconds - each.notice_seconds <= run.start_seconds < each.end_seconds
            assert not (is_there and comes_then and since == run.start_seconds)
    assert all(kept[job.order] == job.work_seconds for job in drawn.jobs if job.order in ended)
    if name not in {"static", "static-skip"}:
        assert {job.order for job in drawn.jobs} == ended


def test_a_job_that_fails_goes_on_from_its_checkpoint_and_one_that_is_recalled_loses_nothing():
    job = Job(0, "east", 1, 8, 9000, 0)
    jobs, on = workload.made("one", [job]), cluster.of_nodes({"east": 16})
    fails = incidents.Incidents({0: 8 * 4000}, (incidents.Outage(7000, 0, 8000, 600),))
    played = comparing.play("pool", Setting(jobs, on, metrics.Window(0, DAY), incidents=fails)).played
    assert [(0, 4000, 3600), (4000, 7000, 2700), (7000, 10000, 2700)] == [
        (run.start_seconds, run.end_seconds, run.kept_seconds) for run in played.runs
    ]
    assert [True, True, False] == [run.has_failed for run in played.runs]
    assert [0, 0, 1] == [run.place[0][0] for run in played.runs]


elastic = st.builds(
    lambda job, more: replace(job, workers_max=job.workers + more), jobs, st.integers(0, 4)
)  # fmt: skip


@FEWER
@given(st.lists(elastic, min_size=1, max_size=15), st.sampled_from([1000, 600]))
def test_elastic_gangs_on_mixed_nodes_do_just_their_work(drawn, worth):
    jobs = workload.made("drawn", drawn)
    setting = Setting(jobs, cluster.mixed(CLUSTER, 0.5, worth), metrics.Window(0, LONG_AFTER))
    result = comparing.play("hanse", setting)
    assert 0 == result.played.unaccounted_gpu_seconds()
    work = {}
    for run in result.runs:
        work[run.job.order] = work.get(run.job.order, 0) + run.work(run.works_from + run.kept_seconds)
        assert 1 == len({setting.cluster.worths[node] for node, _ in run.place}), "a gang stands on one class"
        assert all(
            step.gpus <= max(run.job.workers, run.job.workers_max) * run.job.gpus_per_worker for step in run.steps
        )
    assert all(0 <= work[job.order] - 1000 * job.gpu_seconds < 1000 * 64 for job in jobs.jobs)


def test_an_elastic_gang_uses_what_is_idle_and_is_done_sooner():
    jobs = workload.made("one", [Job(0, "east", 2, 4, 4 * HOUR, 0, workers_max=6)])
    setting = Setting(jobs, cluster.of_nodes({"east": 24}), metrics.Window(0, DAY))
    ends = {name: comparing.play(name, setting).runs[0].end_seconds for name in ("hanse", "hanse-rigid", "pool")}
    assert ends["hanse"] < 2 * HOUR < 4 * HOUR == ends["hanse-rigid"] == ends["pool"]


@pytest.mark.parametrize("name", sorted({*POLICIES} - {*SCHEDULERS}))
def test_ours_without_a_part_plays_on(name):
    jobs = workload.made("two", [Job(0, "east", 1, 8, HOUR, 0), Job(0, "west", 1, 8, HOUR, 0)])
    result = played(name, jobs)
    assert [HOUR, HOUR] == [run.kept_seconds for run in result.runs]


class Always(hanse.Hanse):
    """Ours, asked whenever anything happened."""

    def may_decide(self):
        return True


@FEWER
@given(workloads)
def test_asking_only_when_something_can_come_of_it_decides_the_same(drawn):
    def starts(kind):
        policy = kind(CLUSTER, Estimates(1), runs.Terms(), 1, hanse.Switches())
        ran = engine.run(drawn, CLUSTER, policy, runs.Terms(), LONG_AFTER).runs
        return policy.plans, [(run.job.order, run.place, run.start_seconds, run.end_seconds) for run in ran]

    (few, found), (many, expected) = starts(hanse.Hanse), starts(Always)
    assert expected == found
    assert few <= many


def test_workers_without_a_gang_hold_gpus_that_nobody_works_on_until_they_give_up():
    wide = Job(0, "east", 2, 8, HOUR, 10)
    drawn = workload.made("drawn", [Job(0, "east", 1, 8, 1000, 0), wide, Job(0, "east", 1, 8, 600, 20)])
    result = played("kube-most", drawn, cluster.of_nodes({"east": 16}))
    first, part, narrow, whole = result.runs
    assert (part.job.gpus, part.start_seconds, part.end_seconds, part.kept_seconds) == (16, 10, 610, 0)
    assert (narrow.start_seconds, whole.start_seconds) == (610, 1000)
    assert (first.end_seconds, narrow.end_seconds, whole.works_from) == (1000, 1210, 1210)
    assert [step.gpus for step in whole.steps] == [8, 16, 16]
    assert result.figures.wait_by_gang["9-64"].mean == 1200


@pytest.mark.parametrize("name", ["hanse", "kueue", "kueue-strict"])
@FEWER
@given(workloads)
def test_fillers_borrow_no_more_than_their_part_and_others_all_they_find(name, drawn):
    result = comparing.play(name, Setting(drawn, CLUSTER, metrics.Window(0, LONG_AFTER), fillers_part=0.25))
    fillers = [run for run in result.runs if run.job.is_filler]
    for run in fillers:
        at = run.start_seconds
        together = [each.job.gpus for each in fillers if each.start_seconds <= at < each.end_seconds]
        assert sum(together) <= CLUSTER.capacity // 4
    assert {job.order for job in drawn.jobs if not job.is_filler} <= {run.job.order for run in result.runs}


def test_backfilling_lets_a_short_gang_pass_though_a_longer_one_of_its_size_may_not():
    asked = ((1, 10 * HOUR), (2, HOUR), (1, 60 * HOUR), (1, 60))
    drawn = workload.made("drawn", [Job(0, "east", each, 8, work, at) for at, (each, work) in enumerate(asked)])
    starts = {run.job.order: run.start_seconds for run in played("easy", drawn, cluster.of_nodes({"east": 16})).runs}
    assert (0, 3) == (starts[0], starts[3])
    assert starts[1] == 10 * HOUR < starts[2]


@pytest.mark.parametrize(("name", "starts"), [("kueue", HOUR), ("kueue-stops", 20), ("kueue-strict-stops", 20)])
def test_who_borrows_has_fillers_stopped_only_if_the_cohort_lets_it_and_nobody_else_ever(name, starts):
    """East owns one node of two: its first job takes that back, its second would borrow, its third finds nothing."""
    fillers = [Job(at, "west", 1, 8, HOUR, 0, is_filler=True) for at in range(2)]
    gangs = [Job(at, "east", 1, 8, 2 * HOUR, at) for at in (10, 20, 30)]
    ran = played(name, workload.made("drawn", [*fillers, *gangs]), cluster.of_nodes({"east": 8, "west": 8})).runs
    first = {run.job.submitted_seconds: run.start_seconds for run in reversed(ran) if not run.job.is_filler}
    assert (10, starts) == (first[10], first[20])
    assert all(run.job.is_filler for run in ran if run.was_stopped)
    assert first[30] >= 2 * HOUR, "who borrows stops nobody of its own priority"
