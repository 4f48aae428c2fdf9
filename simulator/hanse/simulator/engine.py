"""Plays a workload on a cluster under one policy: a queue of events, and what follows from each.

In: a workload, a cluster, a policy, incidents, and the `Terms` that are the same for all policies. Out: `Played`: what
each job held from when to when, the work that it kept, and what nobody held. The engine knows time, room and work; whom
to start and whom to stop is the policy's alone. At one second, ends come before incidents, these before arrivals, and
the policy is asked once after all of them.

A job that is stopped, or fails, keeps its work up to the last periodic checkpoint, loses the rest, and pays for a
restart out of its next run. Its GPUs change hands at once, and whoever takes them waits until it has left: that time is
granted to the newcomer and useful to nobody. A gang that grows or shrinks keeps its work, and stands still while its
workers find one another. All this is the same for every policy. Next: `metrics`.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from hanse.scheduler.pool import NodeState
from hanse.simulator.cluster import WHOLE, Cluster, Place, Room, RoomError
from hanse.simulator.incidents import Incidents, Outage
from hanse.simulator.runs import NEVER, Played, Run, Step, Terms
from hanse.simulator.workload import Job, Seconds, Workload

States: TypeAlias = Mapping[int, NodeState]
"""By node: READY, RECALLED or DOWN."""
TOLD_EVERY_SECONDS: Seconds = 600


class Policy(Protocol):
    """Whom to start and whom to stop. A job that was stopped arrives again at once, with its old submit time."""

    def arrived(self, job: Job) -> None:
        """Take up a job that waits from now on."""

    def ended(self, run: Run) -> None:
        """Hear that a run has ended by itself, or failed, or lost its node: then its job arrives again."""

    def nodes_changed(self, states: States) -> None:
        """Hear that nodes take work again, or are recalled or lost."""

    def schedule(self, world: "World") -> None:
        """Start and stop what is to be, through *world*."""


@dataclass
class World:
    """What a policy sees and may do: the time, the room, who runs; `start`, `stop`, `grow`, `shrink` and `wake`.

    A policy that knows no gangs lets them `hold` what they get, `begin` when they have all of it, or `give_up`.
    """

    policy: Policy
    room: Room
    terms: Terms
    failures: dict[int, int]
    """By the job's order: the work, in thousandths of GPU-seconds, after which it fails."""
    now: Seconds = 0
    running: dict[int, Run] = field(default_factory=dict)
    """By the job's order."""
    runs: list[Run] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)
    """The work that a job which was stopped has kept, by its order, in thousandths of GPU-seconds."""
    _ends: list[tuple[Seconds, int, Run]] = field(default_factory=list)
    _wakes: list[Seconds] = field(default_factory=list)
    _pushed: int = 0

    def work_left(self, job: Job) -> int:
        """Return the work of *job* that is not done, in thousandths of GPU-seconds."""
        return WHOLE * job.gpu_seconds - self.done.get(job.order, 0)

    def start(self, job: Job, place: Place, *, is_handed_over: bool = False) -> None:
        """Start *job* at *place*; if GPUs of it are handed over by somebody who was stopped, it waits for that."""
        self._take(place)
        works_from = self.now + (self.terms.leave_seconds if is_handed_over else 0)
        if job.order in self.done:
            works_from += self.terms.restart_seconds
        worth = self.room.worths[place[0][0]]
        run = Run(job, place, self.now, works_from, works_from, worth=worth)
        run.steps = [] if works_from == self.now else [Step(self.now, job.gpus, 0)]
        run.steps.append(Step(works_from, job.gpus, job.gpus * worth))
        self.running[job.order] = run
        self.runs.append(run)
        self._expect(run, works_from, 0)

    def stop(self, run: Run) -> None:
        """Stop *run* now; its job arrives again."""
        self._interrupt(run)
        self.policy.arrived(run.job)

    def hold(self, job: Job, place: Place, run: Run | None = None) -> Run:
        """Let *job* have GPUs at *place* besides those of *run*, if it has some: it works when it has all."""
        self._take(place)
        if run is None:
            run = Run(job, (), self.now, NEVER, NEVER, worth=self.room.worths[place[0][0]])
            self.running[job.order] = run
            self.runs.append(run)
        run.place += place
        run.steps.append(Step(self.now, sum(gpus for _, gpus in run.place), 0))
        return run

    def begin(self, run: Run) -> None:
        """Let *run*, which holds all its GPUs now, work."""
        run.works_from = self.now + (self.terms.restart_seconds if run.job.order in self.done else 0)
        run.steps.append(Step(run.works_from, run.job.gpus, run.job.gpus * run.worth))
        self._expect(run, run.works_from, 0)

    def give_up(self, run: Run) -> None:
        """Let *run*, which does not work yet, go; its job does not arrive again by itself."""
        self._leaves(run)

    def grow(self, run: Run, extras: Mapping[int, Place]) -> None:
        """Let *run* have more workers, by number."""
        for place in extras.values():
            self._take(place)
        run.extras |= extras
        self._resized(run)

    def shrink(self, run: Run, numbers: Sequence[int]) -> None:
        """Let workers of *run* go, by number."""
        for number in numbers:
            self.room.give_back(run.extras.pop(number))
        self._resized(run)

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
            at, _, run = heapq.heappop(self._ends)
            if run.end_seconds is not None or at != run.next_seconds:
                continue
            if run.due_seconds <= self.now:
                run.kept_seconds = run.due_seconds - run.works_from
                self._leaves(run)
                self.policy.ended(run)
            else:
                del self.failures[run.job.order]
                self.fail(run)

    def fail(self, run: Run, *, has_saved: bool = False) -> None:
        """Let *run* end without its owner's wish, and its job arrive again; maybe it *has_saved* all its work."""
        run.has_failed = True
        self._interrupt(run, has_saved=has_saved)
        self.policy.ended(run)
        self.policy.arrived(run.job)

    def _take(self, place: Place) -> None:
        for node, _ in place:
            if self.room.is_closed(node):
                raise RoomError(f"node {node} was taken, and it is recalled or lost")
        self.room.take(place)

    def _interrupt(self, run: Run, *, has_saved: bool = False) -> None:
        worked, every = max(self.now - run.works_from, 0), self.terms.checkpoint_seconds
        run.kept_seconds = worked if has_saved else worked // every * every
        kept = run.work(run.works_from + run.kept_seconds)
        self.done[run.job.order] = self.done.get(run.job.order, 0) + kept
        self._leaves(run)

    def _resized(self, run: Run) -> None:
        """Let a gang of another size stand still, and then work as fast as its GPUs let it."""
        resumes = max(self.now + self.terms.resize_seconds, run.works_from)
        run.steps = [step for step in run.steps if step.at_seconds < self.now]
        gpus = run.job.gpus * (run.job.workers + len(run.extras)) // run.job.workers
        run.steps += [Step(self.now, gpus, 0), Step(resumes, gpus, gpus * run.worth)]
        self._expect(run, resumes, run.work(self.now))

    def _expect(self, run: Run, from_seconds: Seconds, worked: int) -> None:
        """Reckon when *run*, which has done so much since its start and works on from then, comes to its end."""
        rate, before = run.steps[-1].rate, self.done.get(run.job.order, 0)
        run.due_seconds = from_seconds + -(-(self.work_left(run.job) - worked) // rate)
        fails = self.failures.get(run.job.order)
        if fails is not None:
            run.fails_seconds = from_seconds + max(-(-(fails - before - worked) // rate), 0)
        heapq.heappush(self._ends, (run.next_seconds, self._pushed, run))
        self._pushed += 1

    def _leaves(self, run: Run) -> None:
        run.end_seconds = self.now
        for place in (run.place, *run.extras.values()):
            self.room.give_back(place)
        del self.running[run.job.order]


class _Outages:
    """Lets nodes go and come back when their time has come."""

    def __init__(self, outages: Sequence[Outage]) -> None:
        self._events = sorted(
            (at, state, outage)
            for outage in outages
            for at, state in (
                (outage.begin_seconds - outage.notice_seconds, NodeState.RECALLED),
                (outage.begin_seconds, NodeState.DOWN),
                (outage.end_seconds, NodeState.READY),
            )
        )
        self._at = 0

    def next_seconds(self) -> Seconds | None:
        return self._events[self._at][0] if self._at < len(self._events) else None

    def happen(self, world: World) -> None:
        """Let happen what is due by now."""
        states: dict[int, NodeState] = {}
        while self._at < len(self._events) and self._events[self._at][0] <= world.now:
            _, state, outage = self._events[self._at]
            self._at += 1
            self._one(world, state, outage)
            states[outage.node] = state
        if states:
            world.policy.nodes_changed(states)

    @staticmethod
    def _one(world: World, state: NodeState, outage: Outage) -> None:
        if state == NodeState.RECALLED:
            world.room.close(outage.node)
        elif state == NodeState.DOWN:
            for run in list(world.running.values()):
                places = (run.place, *run.extras.values())
                if any(node == outage.node for place in places for node, _ in place):
                    world.fail(run, has_saved=outage.notice_seconds > 0)
            world.room.lose(outage.node)
        else:
            world.room.bring_back(outage.node)


def run(  # noqa: PLR0913, PLR0917  # what is played, how, and who hears of it
    workload: Workload,
    cluster: Cluster,
    policy: Policy,
    terms: Terms,
    until_seconds: Seconds,
    progressed: Callable[[Seconds], object] = lambda _: None,
    incidents: Incidents | None = None,
) -> Played:
    """Return what became of *workload* until *until_seconds*; some runs may go on.

    *progressed* hears the time, about every ten minutes of it.
    """
    incidents = incidents or Incidents()
    room = Room(cluster)
    world = World(policy, room, terms, {order: WHOLE * work for order, work in incidents.failures.items()})
    outages = _Outages(incidents.outages)
    jobs, at, idle, down = workload.jobs, 0, 0, 0
    while True:
        arrives = jobs[at].submitted_seconds if at < len(jobs) else None
        upcoming = [each for each in (arrives, world.next_seconds(), outages.next_seconds()) if each is not None]
        to = min([*upcoming, until_seconds])
        idle += room.idle_gpus * (to - world.now)
        down += room.down_gpus * (to - world.now)
        if to == until_seconds:
            return Played(world.runs, until_seconds, cluster.capacity, idle, down)
        if to // TOLD_EVERY_SECONDS > world.now // TOLD_EVERY_SECONDS:
            progressed(world.now)
        world.now = to
        world.end_due()
        outages.happen(world)
        while at < len(jobs) and jobs[at].submitted_seconds <= world.now:
            policy.arrived(jobs[at])
            at += 1
        policy.schedule(world)
