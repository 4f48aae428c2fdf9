"""What is played, as it is written down: runs of jobs, step by step, and all that became of a workload.

In: what `engine` does. Out: who held how many GPUs from when to when, and how much work that was. Only facts: `metrics`
and `series` reckon from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hanse.simulator.cluster import WHOLE, Place
from hanse.simulator.workload import Job, Seconds

NEVER: Seconds = 10**12
"""When a gang works that holds only a part of its GPUs."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What stopping costs: between checkpoints, for a restart, until a stopped gang has left; what resizing costs."""

    checkpoint_seconds: Seconds = 30 * 60
    restart_seconds: Seconds = 5 * 60
    leave_seconds: Seconds = 60
    resize_seconds: Seconds = 60


class Step(NamedTuple):
    """From when on a run holds so many GPUs and does so much work in a second: GPU-seconds, in thousandths."""

    at_seconds: Seconds
    gpus: int
    rate: int


@dataclass(slots=True)
class Run:
    """One run of a job: its GPUs are granted from the start to the end, and it works from `works_from` on.

    `kept_seconds` after that count: all if it was not stopped. A run that goes on has no end yet. *worth* is that of
    its GPUs, in thousandths. `due_seconds` is when its work would be done, `fails_seconds` when it fails before.
    """

    job: Job
    place: Place
    start_seconds: Seconds
    works_from: Seconds
    due_seconds: Seconds
    end_seconds: Seconds | None = None
    kept_seconds: Seconds = 0
    worth: int = WHOLE
    steps: list[Step] = field(default_factory=list)
    fails_seconds: Seconds | None = None
    has_failed: bool = False
    extras: dict[int, Place] = field(default_factory=dict)
    """Workers beyond the core, by number."""

    @property
    def was_stopped(self) -> bool:
        """Whether it ended before its work was done."""
        return self.end_seconds is not None and self.end_seconds < self.due_seconds

    @property
    def next_seconds(self) -> Seconds:
        """When it ends, one way or another, if nobody stops it."""
        return self.due_seconds if self.fails_seconds is None else min(self.due_seconds, self.fails_seconds)

    def spans(self, until: Seconds | None = None) -> Iterator[tuple[Step, Seconds | None]]:
        """Yield the steps of it that came to be, with their ends: of the last one None if that has not come."""
        last = self.end_seconds if until is None else until
        for at, step in enumerate(self.steps):
            end = self.steps[at + 1].at_seconds if at + 1 < len(self.steps) else None
            if end is None or (last is not None and end > last):
                end = last
            if end is None or end > step.at_seconds:
                yield step, end

    def work(self, until: Seconds) -> int:
        """Return what it has done until then, in thousandths of GPU-seconds."""
        return sum(step.rate * (end - step.at_seconds) for step, end in self.spans(until) if end is not None)


@dataclass(frozen=True, slots=True)
class Played:
    """What was played until *end_seconds*: runs in the order of their starts, and the GPU time that nobody had."""

    runs: Sequence[Run]
    end_seconds: Seconds
    capacity: int
    idle_gpu_seconds: int
    down_gpu_seconds: int

    def unaccounted_gpu_seconds(self) -> int:
        """Return the GPU time that is neither granted to a run nor idle nor down: none, or something is wrong."""
        granted = sum(granted_gpu_seconds(run, self.end_seconds) for run in self.runs)
        return self.capacity * self.end_seconds - granted - self.idle_gpu_seconds - self.down_gpu_seconds


def granted_gpu_seconds(run: Run, until: Seconds) -> int:
    """Return the GPU time that *run* held until then."""
    last = until if run.end_seconds is None else min(run.end_seconds, until)
    return sum(step.gpus * (end - step.at_seconds) for step, end in run.spans(last) if end is not None)
