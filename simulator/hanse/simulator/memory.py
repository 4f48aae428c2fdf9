"""GPUs that two jobs share: what is gained, and what running out of memory costs, at fixed ratios of oversubscription.

In: how much memory busy GPUs use (the distributions of Seren and Kalos), how fast models run in pairs (Gavel's
measurements on V100), a ratio, a seed. Out: work done, evictions, work lost. There is always another job that waits.

Nothing measured joins a job with its memory: what it uses is drawn from what GPUs were seen to use, and assumed to go
up and down by a tenth, with a peak now and then. It asks for a quarter more, its limit, which its peaks reach; half of
its limit is guaranteed. As many limits stand on one GPU as fit into the ratio times its memory. If what is used does
not fit, whoever is furthest above its guarantee goes, back to its last checkpoint and to the head of the queue, and
from then on it stands only where all limits fit. Three and more were never measured together: two share at most.
"""

import ast
import csv
import gzip
import json
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEMORY_MIB, RESERVE_MIB = 80 * 1024, 2 * 1024
STEP_SECONDS = 600
STEPS_PER_CHECKPOINT = 3
RESTART_SECONDS = 300
GPUS, DAYS = 64, 7
LOOKED_AT = 16
"""So many of those who wait are tried as the second on a GPU."""
_BUSY_PERCENT = 2.0
_SHARED_MAX = 2
_ASKED = 1.25
"""A limit, of what is used at most but for peaks."""
_PEAK_CHANCE = 0.01
"""That a step has a peak."""
_MEDIAN_SECONDS, _SPREAD = 2 * 3600, 1.2


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known: memory in use on busy GPUs, in hundredths of all, and speeds of pairs, of what each has alone."""

    memory_percent: Sequence[float]
    pairs: Sequence[tuple[float, float]]


def read(folder: Path) -> Measured:
    """Return what the public files say."""
    with gzip.open(folder / "acme" / "gpu_utilization_cdfs.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("seren_gpu_mem_used_pct", "kalos_gpu_mem_used_pct")
    busy = [float(row[name]) for name in columns for row in rows if float(row[name]) > _BUSY_PERCENT]
    with gzip.open(folder / "gavel" / "simulation_throughputs.json.gz", "rt") as file:
        speeds = json.load(file)["v100"]
    alone = {name: each["null"] for name, each in speeds.items() if ast.literal_eval(name)[1] == 1}
    pairs = [
        (pair[0] / alone[one], pair[1] / alone[other])
        for one in alone
        for other in alone
        if (pair := speeds[one].get(other)) and all(pair)
    ]
    return Measured(busy, pairs)


@dataclass(slots=True)
class _Job:
    limit_mib: float
    left_seconds: float
    saved_seconds: float
    """What was left at the last checkpoint."""
    is_wary: bool = False
    """It was evicted before."""
    steps: int = 0


@dataclass(slots=True)
class Shared:
    """What became of all GPUs together."""

    useful_gpu_hours: float = 0.0
    out_of_memory_events: int = 0
    lost_gpu_hours: float = 0.0
    jobs_per_gpu: float = 0.0


class _Waiting:
    """Jobs without end; those that were evicted come first."""

    def __init__(self, measured: Measured, seed: int) -> None:
        self._measured, self._chance = measured, random.Random(f"memory {seed}")  # noqa: S311  # the same each time
        self._jobs: deque[_Job] = deque(self._made() for _ in range(LOOKED_AT))

    def _made(self) -> _Job:
        used = self._chance.choice(self._measured.memory_percent)
        work = min(self._chance.lognormvariate(0, _SPREAD) * _MEDIAN_SECONDS, DAYS * 24 * 3600)
        limit = min(_ASKED * used * MEMORY_MIB / 100, MEMORY_MIB - RESERVE_MIB)
        return _Job(limit, work, work)

    def take(self, here: Sequence[_Job], ratio: float) -> _Job | None:
        """Take the first that has room beside who is *here*."""
        limits, wary = sum(each.limit_mib for each in here), any(each.is_wary for each in here)
        for at in range(LOOKED_AT):
            of_job = 1.0 if wary or self._jobs[at].is_wary else ratio
            if limits + self._jobs[at].limit_mib <= of_job * MEMORY_MIB - RESERVE_MIB:
                job = self._jobs[at]
                del self._jobs[at]
                self._jobs.append(self._made())
                return job
        return None

    def evicted(self, job: _Job) -> None:
        """Put *job* first in line."""
        self._jobs.appendleft(job)


def play(measured: Measured, ratio: float, seed: int) -> Shared:
    """Return what GPUs do in some days at *ratio*."""
    chance = random.Random(f"use {seed}")  # noqa: S311
    waiting, shared = _Waiting(measured, seed), Shared()
    gpus: list[list[_Job]] = [[] for _ in range(GPUS)]
    speeds: list[tuple[float, float]] = [(1.0, 1.0)] * GPUS
    steps = DAYS * 24 * 3600 // STEP_SECONDS
    for _ in range(steps):
        for at, here in enumerate(gpus):
            while len(here) < _SHARED_MAX and (job := waiting.take(here, ratio)):
                here.append(job)
                speeds[at] = chance.choice(measured.pairs)
            used = [each.limit_mib * _part_used(chance) for each in here]
            while sum(used) > MEMORY_MIB - RESERVE_MIB:
                most = max(range(len(here)), key=lambda each: used[each] - here[each].limit_mib / 2)
                used.pop(most)
                _evict(here.pop(most), waiting, shared)
            _work(here, speeds[at], shared)
            shared.jobs_per_gpu += len(here) / (steps * GPUS)
            gpus[at] = [each for each in here if each.left_seconds > 0]
    return shared


def _part_used(chance: random.Random) -> float:
    """Return what part of its limit a job uses in one step."""
    return 1.0 if chance.random() < _PEAK_CHANCE else chance.uniform(0.9, 1.0) / _ASKED


def _evict(job: _Job, waiting: _Waiting, shared: Shared) -> None:
    lost = job.saved_seconds - job.left_seconds
    shared.out_of_memory_events += 1
    shared.lost_gpu_hours += (lost + RESTART_SECONDS) / 3600
    shared.useful_gpu_hours -= lost / 3600
    left = job.saved_seconds + RESTART_SECONDS
    shared.useful_gpu_hours -= RESTART_SECONDS / 3600
    waiting.evicted(_Job(job.limit_mib, left, left, is_wary=True))


def _work(here: Sequence[_Job], speeds: tuple[float, float], shared: Shared) -> None:
    for job, speed in zip(here, speeds if len(here) == _SHARED_MAX else (1.0,), strict=False):
        done = min(speed * STEP_SECONDS, job.left_seconds)
        job.left_seconds -= done
        shared.useful_gpu_hours += done / 3600
        job.steps += 1
        if job.steps % STEPS_PER_CHECKPOINT == 0:
            job.saved_seconds = job.left_seconds
