"""`simulate-pool`: how many hours of a pool of 20,000 nodes the simulator plays in a minute.

In: a seed. Out: a report. The pool begins as one that has run for a day and a half: what would run by then is submitted
first, with the work that it would have left. The first ten minutes, in which all that starts, are not timed; ours is
asked once a minute of the pool's time, if there is something to decide.
"""

import time
from dataclasses import replace

from hanse.bench import reports
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.simulator import cluster, comparing, metrics, workload
from hanse.simulator.comparing import Setting
from hanse.simulator.traces import generated
from hanse.simulator.workload import GPUS_PER_NODE, HOUR_SECONDS, Seconds, Workload

LARGE = "simulate-pool"
NODES, MEMBERS, SEED, LOAD = 20_000, 30, 1, 0.9
CYCLE_SECONDS: Seconds = 60
BEGIN_SECONDS: Seconds = 36 * HOUR_SECONDS
"""Noon of the second day of what is generated: then most is submitted."""
UNTIMED_SECONDS, TIMED_SECONDS = 10 * 60, 30 * 60


def run(scale: float) -> Report:
    """Play a pool of *scale* of the nodes for forty minutes, and time the last thirty."""
    place, nodes = reports.Place(), max(MEMBERS, round(NODES * scale))
    gpus = {f"member-{index + 1}": nodes // MEMBERS * GPUS_PER_NODE for index in range(MEMBERS)}
    until = UNTIMED_SECONDS + TIMED_SECONDS
    with Line(LARGE) as line:
        line.update(f"making two days of jobs for {nodes} nodes")
        jobs = going_on(generated.generate(generated.Made(2, sum(gpus.values()), LOAD, (1,) * MEMBERS, SEED)), until)
    window = metrics.Window(UNTIMED_SECONDS, until)
    setting = Setting(jobs, cluster.of_nodes(gpus), window, seed=SEED, cycle_seconds=CYCLE_SECONDS)
    clock = _Clock()
    with Line(LARGE) as line:

        def progressed(now: Seconds) -> None:
            clock.look(now)
            line.update(f"{nodes} nodes, minute {now // 60} of {until // 60}")

        result = comparing.play("hanse", setting, progressed)
    wall, cpu = clock.since()
    figures: dict[str, float | int | None] = {
        "pool_hours_per_wall_minute": TIMED_SECONDS / HOUR_SECONDS / (wall / 60),
        "pool_hours_per_cpu_minute": TIMED_SECONDS / HOUR_SECONDS / (cpu / 60),
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "plans": result.plans,
        "allocation_fraction": result.figures.allocation_fraction,
        "gangs_started": sum(run.start_seconds >= UNTIMED_SECONDS for run in result.runs),
    }
    inputs = {
        "scale": scale, "nodes": len(setting.cluster.gpus), "gpus": setting.cluster.capacity, "members": MEMBERS,
        "jobs": len(jobs.jobs), "jobs_at_the_begin": sum(not job.submitted_seconds for job in jobs.jobs),
        "cycle_seconds": CYCLE_SECONDS,
    }  # fmt: skip
    gates = {"all GPU time is accounted for": result.played.unaccounted_gpu_seconds() == 0}
    return Report(LARGE, figures, {}, inputs, SEED, gates, place)


def going_on(made: Workload, until: Seconds) -> Workload:
    """Return *made* from its noon on: who would run by then comes first, with what it would have left to do."""
    jobs = []
    for job in made.jobs:
        at, ends = job.submitted_seconds - BEGIN_SECONDS, job.submitted_seconds + job.work_seconds - BEGIN_SECONDS
        if ends > 0 and at < until:
            jobs.append(replace(job, submitted_seconds=max(at, 0), work_seconds=ends - max(at, 0)))
    return workload.made(f"{made.source}, from second {BEGIN_SECONDS} on", jobs)


class _Clock:
    """Wall and processor time from when all that begins has started."""

    def __init__(self) -> None:
        self._wall, self._cpu, self._has_begun = time.perf_counter(), time.process_time(), False

    def look(self, now: Seconds) -> None:
        """Begin to count when the untimed minutes are over, or in the last of them."""
        if now >= UNTIMED_SECONDS - 60 and not self._has_begun:
            self._wall, self._cpu, self._has_begun = time.perf_counter(), time.process_time(), True

    def since(self) -> tuple[float, float]:
        """Return what it took since."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu
