"""What a run of the engine is worth: utilization, waits, waste, reckoned from the runs alone.

In: a workload, its runs, the capacity, and a window of time: after the warm-up and before arrivals end. Out: figures.
Runs are cut at the window; what still goes on at its end counts as if nothing stopped it later. The definitions:

- allocation: GPU-seconds granted, over capacity; useful utilization: GPU-seconds of work that was kept, over capacity.
  Capacity is what was there, without nodes that were down; GPUs count by what they are worth.
- waste: GPU-seconds granted for work that was lost, for restarts and hand-overs, over all granted; lost GPU-hours are
  the first part of it alone, and those lost by failures the part of that which no policy is to blame for.
- wait: from submission until it first works, of jobs submitted in the window; who has not started by the end of the
  whole simulation has waited until then, and is counted as never started.
- bounded slowdown: (end - submission) / max(work, 10 minutes), and never below one.

Fillers are in utilization and waste; their waits are told apart from all others'. Floats are for people here: nothing
is decided by them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hanse.simulator.cluster import WHOLE
from hanse.simulator.runs import Run
from hanse.simulator.workload import HOUR_SECONDS, Job, Seconds, Workload

SLOWDOWN_WORK_SECONDS_MIN = 600
BUCKETS = ((1, 1), (2, 8), (9, 64), (65, 256), (257, 512), (513, 1_000_000))
"""Gang sizes in GPUs, from and to, as waits are told."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when things are measured."""

    begin_seconds: Seconds
    end_seconds: Seconds

    @property
    def seconds(self) -> Seconds:
        """How long it is."""
        return self.end_seconds - self.begin_seconds

    def cut(self, begin: Seconds, end: Seconds | None) -> Seconds:
        """Return how much of a stretch of time, which may have no end yet, lies in the window."""
        last = self.end_seconds if end is None else min(end, self.end_seconds)
        return max(last - max(begin, self.begin_seconds), 0)


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits of some jobs, in seconds, and how many of these jobs never started."""

    jobs: int
    never_started: int
    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What one policy made of one workload on one cluster."""

    allocation_fraction: float
    useful_utilization: float
    waste_fraction: float
    preemptions: int
    failures: int
    lost_gpu_hours: float
    lost_gpu_hours_by_failures: float
    wait: Waits
    wait_by_gang: dict[str, Waits]
    wait_by_member: dict[str, Waits]
    bounded_slowdown_mean: float
    bounded_slowdown_p95: float


def figures(workload: Workload, runs: Sequence[Run], gpu_seconds: int, window: Window, waits: "Waited") -> Figures:
    """Return the figures of *runs*, of which *waits* are the waits, on so many GPU-seconds of the window."""
    granted = sum(_gpu_time(run, window, run.start_seconds, run.end_seconds) for run in runs)
    useful = sum(_gpu_time(run, window, run.works_from, _kept_until(run), is_working=True) for run in runs)
    lost = [(run, _lost(run, window)) for run in runs if run.was_stopped]
    return Figures(
        allocation_fraction=granted / WHOLE / gpu_seconds,
        useful_utilization=useful / WHOLE / gpu_seconds,
        waste_fraction=(granted - useful) / max(granted, 1),
        preemptions=sum(run.was_stopped and not run.has_failed for run in runs),
        failures=sum(run.has_failed for run in runs),
        lost_gpu_hours=sum(each for _, each in lost) / WHOLE / HOUR_SECONDS,
        lost_gpu_hours_by_failures=sum(each for run, each in lost if run.has_failed) / WHOLE / HOUR_SECONDS,
        wait=waits.of_all(),
        wait_by_gang={
            bucket_name(*bucket): waits.of(waits.rows_of(bucket)) for bucket in BUCKETS
        },
        wait_by_member={
            name: waits.of([at for at, job in enumerate(waits.jobs) if job.member == name])
            for name in workload.members
        },
        bounded_slowdown_mean=float(np.mean(waits.slowdowns)) if waits.jobs else 0.0,
        bounded_slowdown_p95=float(np.percentile(waits.slowdowns, 95)) if waits.jobs else 0.0,
    )  # fmt: skip


def _gpu_time(run: Run, window: Window, begin: Seconds, end: Seconds | None, *, is_working: bool = False) -> int:
    """Return the GPU time of *run* between two times in the window, in thousandths of GPU-seconds of the reference."""
    total = 0
    for step, until in run.spans():
        if step.rate or not is_working:
            last = end if until is None or (end is not None and end < until) else until
            total += step.gpus * window.cut(max(step.at_seconds, begin), last)
    return total * run.worth


def _lost(run: Run, window: Window) -> int:
    return _gpu_time(run, window, run.works_from + run.kept_seconds, run.end_seconds, is_working=True)


def bucket_name(low: int, high: int) -> str:
    """Return how a bucket of `BUCKETS` is called."""
    if low == high:
        return str(low)
    return f"{low}-{high}" if (low, high) != BUCKETS[-1] else f"{low} and more"


def _kept_until(run: Run) -> Seconds | None:
    """Return until when what a run did counts: all of it, or up to the last checkpoint that it kept."""
    return run.works_from + run.kept_seconds if run.was_stopped else run.end_seconds


class Waited:
    """Waits and slowdowns of those of *jobs* that were submitted in a window, of a simulation until *end_seconds*."""

    def __init__(self, jobs: Iterable[Job], runs: Sequence[Run], window: Window, end_seconds: Seconds) -> None:
        first: dict[int, Seconds] = {}
        last: dict[int, Seconds] = {}
        for run in runs:
            ended = end_seconds if run.end_seconds is None else run.end_seconds
            last[run.job.order] = ended
            if run.works_from < ended:
                first.setdefault(run.job.order, run.works_from)
        begin, end = window.begin_seconds, window.end_seconds
        self.jobs = [job for job in jobs if begin <= job.submitted_seconds < end]
        self.seconds = np.array([first.get(job.order, end_seconds) - job.submitted_seconds for job in self.jobs])
        self._never = np.array([job.order not in first for job in self.jobs], dtype=np.bool_)
        self.slowdowns = [
            max((last.get(job.order, end_seconds) - job.submitted_seconds)
                / max(job.work_seconds, SLOWDOWN_WORK_SECONDS_MIN), 1.0)
            for job in self.jobs
        ]  # fmt: skip

    def rows_of(self, bucket: tuple[int, int]) -> list[int]:
        """Return which of the jobs are gangs of a size of `BUCKETS`."""
        low, high = bucket
        return [at for at, job in enumerate(self.jobs) if low <= job.gpus <= high]

    def of_all(self) -> Waits:
        """Return the waits of all of them."""
        return self.of(range(len(self.jobs)))

    def of(self, rows: Iterable[int]) -> Waits:
        """Return the waits of some jobs; of none, zeros."""
        at = np.fromiter(rows, dtype=np.int64)
        if not len(at):
            return Waits(0, 0, 0.0, 0.0, 0.0, 0.0)
        waits = self.seconds[at]
        p50, p95, p99 = (float(each) for each in np.percentile(waits, [50, 95, 99]))
        return Waits(len(at), int(self._never[at].sum()), float(waits.mean()), p50, p95, p99)
