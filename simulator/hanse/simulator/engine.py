"""Plays a workload on a cluster under one policy: a queue of events, and what follows from each.

In: a workload, a cluster, a policy, and the `Terms` that are the same for all policies. Out: `Run`s, what each job held
from when to when, and the work that it kept. The engine knows time, room and work; whom to start and whom to stop is
the policy's alone. At one second, ends come before arrivals, and the policy is asked once after all of them.

A job that is stopped keeps its work up to the last periodic checkpoint, loses the rest, and pays for a restart out of
its next run. Its GPUs change hands at once, and whoever takes them waits until it has left: that time is granted to
the newcomer and useful to nobody. All this is the same for every policy. Next: `metrics`.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hanse.simulator.cluster import Cluster, Place, Room
from hanse.simulator.workload import HOUR_SECONDS, Job, Seconds, Workload


@dataclass(frozen=True, slots=True)
class Terms:
    """What stopping costs: between checkpoints, for a restart, and until a stopped gang has left its GPUs."""

    checkpoint_seconds: Seconds = 30 * 60
    restart_seconds: Seconds = 5 * 60
    leave_seconds: Seconds = 60


@dataclass(slots=True)
class Run:
    """One run of a job: its GPUs are granted from the start to the end, and it works from `works_from` on.

    `kept_seconds` of its work count: all of it if it was not stopped. A run that goes on has no end yet.
    """

    job: Job
    place: Place
    start_seconds: Seconds
    works_from: Seconds
    due_seconds: Seconds
    end_seconds: Seconds | None = None
    kept_seconds: Seconds = 0

    @property
    def was_stopped(self) -> bool:
        """Whether it ended before its work was done."""
        return self.end_seconds is not None and self.end_seconds < self.due_seconds


class Policy(Protocol):
    """Whom to start and whom to stop. A job that was stopped arrives again at once, with its old submit time."""

    def arrived(self, job: Job) -> None:
        """Take up a job that waits from now on."""

    def ended(self, run: Run) -> None:
        """Hear that a run has ended by itself."""

    def schedule(self, world: "World") -> None:
        """Start and stop what is to be, through *world*."""


@dataclass
class World:
    """What a policy sees and may do: the time, the room, who runs; `start`, `stop` and `wake`."""

    policy: Policy
    room: Room
    terms: Terms
    now: Seconds = 0
    running: dict[int, Run] = field(default_factory=dict)
    """By the job's order."""
    runs: list[Run] = field(default_factory=list)
    done_seconds: dict[int, Seconds] = field(default_factory=dict)
    """The work that a job which was stopped has kept, by its order."""
    _ends: list[tuple[Seconds, int, Run]] = field(default_factory=list)
    _wakes: list[Seconds] = field(default_factory=list)

    def start(self, job: Job, place: Place, *, is_handed_over: bool = False) -> None:
        """Start *job* at *place*; if GPUs of it are handed over by somebody who was stopped, it waits for that."""
        self.room.take(place)
        works_from = self.now + (self.terms.leave_seconds if is_handed_over else 0)
        if job.order in self.done_seconds:
            works_from += self.terms.restart_seconds
        due = works_from + job.work_seconds - self.done_seconds.get(job.order, 0)
        run = Run(job, place, self.now, works_from, due)
        self.running[job.order] = run
        heapq.heappush(self._ends, (due, len(self.runs), run))
        self.runs.append(run)

    def stop(self, run: Run) -> None:
        """Stop *run* now; its job arrives again."""
        worked = max(self.now - run.works_from, 0)
        run.kept_seconds = worked // self.terms.checkpoint_seconds * self.terms.checkpoint_seconds
        self.done_seconds[run.job.order] = self.done_seconds.get(run.job.order, 0) + run.kept_seconds
        self._leaves(run)
        self.policy.arrived(run.job)

    def wake(self, at_seconds: Seconds) -> None:
        """Ask the policy again then, even if nothing else happens."""
        heapq.heappush(self._wakes, at_seconds)

    def next_seconds(self) -> Seconds | None:
        """Return when something happens next by itself."""
        return min([end[0] for end in self._ends[:1]] + self._wakes[:1], default=None)

    def end_due(self) -> None:
        """End what is due by now."""
        while self._wakes and self._wakes[0] <= self.now:
            heapq.heappop(self._wakes)
        while self._ends and self._ends[0][0] <= self.now:
            run = heapq.heappop(self._ends)[2]
            if run.end_seconds is None:
                run.kept_seconds = run.due_seconds - run.works_from
                self._leaves(run)
                self.policy.ended(run)

    def _leaves(self, run: Run) -> None:
        run.end_seconds = self.now
        self.room.give_back(run.place)
        del self.running[run.job.order]


def run(  # noqa: PLR0913, PLR0917  # what is played, how, and who hears of it
    workload: Workload,
    cluster: Cluster,
    policy: Policy,
    terms: Terms,
    until_seconds: Seconds,
    progressed: Callable[[Seconds], object] = lambda _: None,
) -> Sequence[Run]:
    """Return the runs of *workload* up to *until_seconds*, in the order of their starts; some may go on.

    *progressed* hears the time, about once an hour of it.
    """
    world = World(policy, Room(cluster), terms)
    jobs, at = workload.jobs, 0
    while True:
        upcoming = [jobs[at].submitted_seconds] if at < len(jobs) else []
        happening = world.next_seconds()
        upcoming += [] if happening is None else [happening]
        if not upcoming or min(upcoming) >= until_seconds:
            return world.runs
        if min(upcoming) // HOUR_SECONDS > world.now // HOUR_SECONDS:
            progressed(world.now)
        world.now = min(upcoming)
        world.end_due()
        while at < len(jobs) and jobs[at].submitted_seconds <= world.now:
            policy.arrived(jobs[at])
            at += 1
        policy.schedule(world)
