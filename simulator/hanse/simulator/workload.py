"""What is to be run: jobs with their submit times and run times, as a trace says, and who submits them.

In: rows of `traces`. Out: jobs in the order of their submit times, jobs of one second as they stood in the file. A run
time is what the trace recorded: the work that a job has to do, whatever the policy does to it meanwhile. Next:
`engine` plays it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

Seconds: TypeAlias = int

HOUR_SECONDS: Seconds = 3600
DAY_SECONDS: Seconds = 24 * HOUR_SECONDS
GPUS_PER_NODE = 8


class WorkloadError(Exception):
    """A workload, or a row of a trace, that cannot be."""


@dataclass(frozen=True, slots=True)
class Job:
    """One gang: *workers* of *gpus_per_worker* each, that has to run for *work_seconds* on the reference class.

    *order* is its place among all jobs. A *filler* is work that its owner lets anybody stop, and that counts in
    utilization, never in waits. An elastic gang can use up to *workers_max*, with work done in proportion; who does not
    know of that gives it *workers*.
    """

    order: int
    member: str
    workers: int
    gpus_per_worker: int
    work_seconds: Seconds
    submitted_seconds: Seconds
    is_filler: bool = False
    workers_max: int = 0

    def __post_init__(self) -> None:
        for field in ("workers", "gpus_per_worker", "work_seconds"):
            if getattr(self, field) < 1:
                raise WorkloadError(f"job {self.order}: {field} is {getattr(self, field)}, and must be 1 or more")
        if self.submitted_seconds < 0:
            raise WorkloadError(f"job {self.order}: submitted_seconds is {self.submitted_seconds}, before the start")

    @property
    def gpus(self) -> int:
        """GPUs of the whole gang."""
        return self.workers * self.gpus_per_worker

    @property
    def gpu_seconds(self) -> int:
        """The work of the whole gang."""
        return self.gpus * self.work_seconds


@dataclass(frozen=True, slots=True)
class Workload:
    """Jobs by submit time. *source* says where they come from, for reports."""

    source: str
    jobs: tuple[Job, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """Who submits, in name order."""
        return tuple(sorted({job.member for job in self.jobs}))

    @property
    def waiting(self) -> list[Job]:
        """Those whose waits count: all but fillers."""
        return [job for job in self.jobs if not job.is_filler]

    @property
    def gpu_seconds(self) -> int:
        """All the work there is."""
        return sum(job.gpu_seconds for job in self.jobs)


def made(source: str, jobs: Iterable[Job]) -> Workload:
    """Return the workload of *jobs*, numbered anew by submit time; those of one second keep their order."""
    by_time = sorted(jobs, key=lambda job: job.submitted_seconds)
    return Workload(source, tuple(replace(job, order=order) for order, job in enumerate(by_time)))


def merged(source: str, workloads: Sequence[Workload]) -> Workload:
    """Return one workload of the jobs of several; at the same second the first one's go first."""
    return made(source, (job for each in workloads for job in each.jobs))


def nodes(gpus: float) -> int:
    """Return how many nodes have so many GPUs, at the least."""
    return math.ceil(gpus / GPUS_PER_NODE)


def gang(gpus: int) -> tuple[int, int]:
    """Return (workers, GPUs per worker) of a gang of which a trace only says how many GPUs it had.

    Up to one node's GPUs are one worker; more are as few equal workers as nodes allow.
    """
    per_worker = next(each for each in range(min(gpus, GPUS_PER_NODE), 0, -1) if gpus % each == 0)
    return (1, gpus) if gpus <= GPUS_PER_NODE else (gpus // per_worker, per_worker)
