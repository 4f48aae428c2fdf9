"""A pool that lives, in memory: it is filled by the planner itself, and then jobs end, come and are withdrawn.

In: what :mod:`hanse.bench.crowds` made up. Out: timed cycles of a :class:`hanse.scheduler.Planner`. The world outside
is played here and not timed: victims have left by the next cycle, nodes are cordoned and come back, ended jobs go.
"""

import random
import time
from dataclasses import dataclass, replace

import numpy as np

from hanse import scheduler
from hanse.bench import crowds
from hanse.scheduler import reading
from hanse.scheduler.decisions import Admit, AttemptId
from hanse.scheduler.pool import NodeState
from hanse.scheduler.records import Node

CYCLE_SECONDS = 2
"""What a cycle moves the logical clock: funding is renewed meanwhile, credits stay."""


@dataclass(frozen=True)
class Churn:
    """What happens between two cycles: so many running jobs end, so many waiting ones are withdrawn, nodes flap."""

    ended: int
    withdrawn: int
    nodes: int = 1


@dataclass(frozen=True)
class Took:
    """How long something took, and how long a core worked on it: the same, unless others share the machine."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __add__(self, other: "Took") -> "Took":
        return Took(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds)


class Watch:
    """Measures from where it was last looked at."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()

    def lap(self) -> Took:
        """Return what it took since the last look."""
        seconds, cpu_seconds = self._seconds, self._cpu_seconds
        self._seconds, self._cpu_seconds = time.perf_counter(), time.process_time()
        return Took(self._seconds - seconds, self._cpu_seconds - cpu_seconds)


@dataclass(frozen=True)
class Cycle:
    """One cycle: how long each part took, and what it decided."""

    applied: Took
    planned: Took
    committed: Took
    plan: scheduler.Plan

    @property
    def took(self) -> Took:
        """The whole of it: to take up what happened, to plan, and to take up the plan."""
        return self.figures.took

    @property
    def admits(self) -> list[Admit]:
        """The gangs that start."""
        return [each for each in self.plan.decisions if isinstance(each, Admit)]

    @property
    def figures(self) -> "Figures":
        """What is kept of it: a plan's explanations are 40 MB in a large pool, and there are many cycles."""
        stopped = sum(len(each.stops) for each in self.admits)
        return Figures(self.applied, self.planned, self.committed, len(self.admits), stopped)


@dataclass(frozen=True)
class Figures:
    """What a cycle took, part by part, and how many gangs it admitted and stopped."""

    applied: Took
    planned: Took
    committed: Took
    admitted: int
    stopped: int

    @property
    def took(self) -> Took:
        """The whole of it."""
        return self.applied + self.planned + self.committed


def cycle(planner: scheduler.Planner, delta: scheduler.Delta) -> Cycle:
    """Take up *delta*, plan, and take up the plan."""
    watch = Watch()
    planner.apply(delta)
    applied = watch.lap()
    plan = planner.plan()
    planned = watch.lap()
    planner.commit(plan)
    return Cycle(applied, planned, watch.lap(), plan)


@dataclass
class Living:
    """A pool that lives; the same seed lets it live the same life."""

    made: crowds.Made
    seed: int

    def __post_init__(self) -> None:
        self.jobs = crowds.Jobs(self.made.kinds, self.seed + 1)
        self._chance = random.Random(self.seed + 2)  # noqa: S311  # the same life each time is the point
        self.planner = scheduler.Planner(scheduler.build(self.made.pool, self.made.nodes, ()))
        self._cordoned: list[Node] = []

    @property
    def running(self) -> int:
        """How many attempts run."""
        return int((~self.planner.snapshot.attempts["draining"]).sum())

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self.planner.snapshot.jobs) - self.running

    def gpus_idle(self) -> int:
        """Return how many GPUs no live gang holds; those of a victim are its successor's."""
        snapshot = self.planner.snapshot
        lives = ~snapshot.attempts["draining"][snapshot.holdings["attempt"]]
        held = np.bitwise_count(snapshot.holdings["gpus"][lives]).sum()
        return len(snapshot.nodes) * crowds.GPUS_PER_NODE - int(held)

    def fill(self, running: int) -> Cycle:
        """Submit so many jobs to the empty pool, and run a cycle."""
        return cycle(self.planner, scheduler.Delta(as_of=0, jobs=self.jobs.take(running, 0)))

    def spread_clocks(self) -> None:
        """Let attempts have started, saved and been funded at different times, as they would have."""
        as_of = self.planner.snapshot.as_of
        attempts = []
        for each in reading.attempts(self.planner.snapshot):
            ago = self._chance.randrange(24 * 3600)
            left = self._chance.randrange(1200, 5000)
            saved = as_of - self._chance.randrange(min(ago, 1800) + 1)
            attempts.append(
                replace(each, started_seconds=as_of - ago, checkpoint_seconds=saved, funded_until_seconds=as_of + left)
            )
        self.planner.apply(scheduler.Delta(as_of=as_of, attempts=tuple(attempts)))

    def live(self, churn: Churn, waiting: int) -> Cycle:
        """Let the world go on for a moment, top the waiting jobs up, and run a cycle."""
        snapshot = self.planner.snapshot
        draining = snapshot.attempts["draining"]
        uids = snapshot.jobs["uid"]
        is_waiting = np.ones(len(uids), dtype=np.bool_)
        is_waiting[snapshot.attempts["job"]] = False
        gone = [
            *self._some(uids[snapshot.attempts["job"][~draining]].tolist(), churn.ended),
            *self._some(uids[is_waiting].tolist(), churn.withdrawn),
        ]
        ended = snapshot.attempts[draining]
        came = max(0, waiting + churn.withdrawn - self.waiting)
        as_of = snapshot.as_of + CYCLE_SECONDS
        return cycle(
            self.planner,
            scheduler.Delta(
                as_of=as_of,
                nodes=self._flapping(churn.nodes),
                jobs=self.jobs.take(came, as_of),
                jobs_gone=tuple(gone),
                ended=tuple(AttemptId(str(uids[each["job"]]), int(each["number"])) for each in ended),
            ),
        )

    def _some(self, names: list[str], count: int) -> list[str]:
        return self._chance.sample(names, min(count, len(names)))

    def _flapping(self, count: int) -> tuple[Node, ...]:
        """Cordon *count* nodes; those that were cordoned before are back."""
        back = [replace(each, state=NodeState.READY) for each in self._cordoned]
        self._cordoned = [
            replace(each, state=NodeState.CORDONED) for each in self._chance.sample(self.made.nodes, count)
        ]
        return tuple({each.name: each for each in (*back, *self._cordoned)}.values())
