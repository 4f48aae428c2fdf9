"""Ours: the production planner, asked as the operator asks it: events as a delta, a plan, the plan committed.

In: what happened since it was asked last. Out: the starts, stops and sizes of its plan. Members own their nodes as
contributions; fillers are of a tier below all others, and of a member of their own that contributes nothing, so that no
entitlement covers them. Jobs say how long they may run as users do (`estimates`). The planner hears of checkpoints when
they are due, and that who is stopped has left at once: what that takes is in the engine's terms. It is asked at most
once in so many seconds, only if something could come of it, and again after each plan that left something to the next
one. Traces have no caps, no organisations below members, no residency: nor has this.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from hanse.scheduler import Delta, Planner, build
from hanse.scheduler.decisions import Admit, AttemptId, Plan, Release, Reserve, Resize, WorkerId
from hanse.scheduler.pool import AcceleratorClass, Contribution, Member, NodeState, Option, Policy, Pool, Shape, Tier
from hanse.scheduler.records import Job as JobRecord
from hanse.scheduler.records import Node
from hanse.scheduler.runtimes import rounded_up
from hanse.simulator.cluster import WHOLE, Cluster, Place
from hanse.simulator.engine import States, World
from hanse.simulator.estimates import Estimates
from hanse.simulator.runs import Run, Terms
from hanse.simulator.workload import DAY_SECONDS, Job, Seconds

CYCLE_SECONDS = 10
"""A trace's seconds are many jobs' submit times: planning after each of them would only take longer."""
_CLUSTER, _FILLERS = "trace", "fillers of all"
MILLI_GPUS = 1000
_FOR_EVER: Seconds = 100 * 365 * 24 * 3600
_Kind: TypeAlias = tuple[str, str, Shape]
"""Member, tier and shape."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Parts of it that can be left out, to see what each is good for: settings of a pool, or what it is told."""

    borrows: bool = True
    """Members' borrowing limits are none, or zero."""
    reserves: bool = True
    """The policy's depth of reservations is as it is by default, or zero."""
    hears_run_times: bool = True
    """Jobs say how long they may run, or all say a day."""
    hears_checkpoints: bool = True
    """The planner hears of checkpoints, or of none."""
    resizes: bool = True
    """Elastic gangs say so, or ask for what they need at the least."""
    fillers_part: float = 1.0
    """The borrowing limit of the fillers' member: this part of all GPUs, of each class; no limit if it is all."""


class Hanse:
    """The planner of one pool, and which of its names are which of the trace's."""

    def __init__(
        self, cluster: Cluster, estimates: Estimates, terms: Terms, every_seconds: Seconds, switches: Switches
    ) -> None:
        self._estimates, self._terms = estimates, terms
        self._every_seconds, self._switches = every_seconds, switches
        self._node = {f"node-{index:06}": index for index in range(len(cluster.gpus))}
        self._records = [_node(name, cluster, index) for name, index in self._node.items()]
        self._worths = sorted(set(cluster.worths), reverse=True)
        self._planner = Planner(build(_pool(cluster, terms, switches), self._records, [], [], as_of=0))
        self._jobs: dict[str, Job] = {}
        self._new: dict[str, JobRecord] = {}
        self._gone: list[str] = []
        self._ended: list[AttemptId] = []
        self._states: dict[int, NodeState] = {}
        self._attempt: dict[int, AttemptId] = {}
        self._checkpoint_due: list[tuple[Seconds, int, AttemptId]] = []
        """When who runs has its next checkpoint; a heap, in which those are still that have ended meanwhile."""
        self._next_seconds: Seconds = 0
        self._plan: Plan | None = None
        self._woken_for: Seconds = -1
        self._kinds: dict[_Kind, int] = {}
        self._kind: dict[str, int] = {}
        """By job: what the planner tells it by, numbered. Where one of a kind has no place, no other has."""
        self._waiting: Counter[int] = Counter()
        """How many of each kind have been told of and do not run."""
        self._elastic: set[int] = set()
        """Who runs and may have more workers, by the job's order."""
        self.waited_gpu_seconds: Counter[str] = Counter()
        """How long gangs have waited, times their GPUs, by the reason that their owners were told meanwhile.

        Fillers are left out: their owners do not mind.
        """
        self._fillers: set[str] = set()
        self.plans = 0

    def arrived(self, job: Job) -> None:
        """Tell the planner of *job*; one that was stopped it knows already."""
        uid = f"job-{job.order:09}"
        if uid not in self._jobs:
            self._jobs[uid] = job
            self._new[uid] = self._record(uid, job)
            if job.is_filler:
                self._fillers.add(uid)

    def ended(self, run: Run) -> None:
        """Tell the planner that a job is done, or that its attempt has failed."""
        attempt = self._left(run)
        if run.was_stopped:
            self._ended.append(attempt)
            return
        self._gone.append(attempt.job)
        self._waits(attempt.job, -1)
        del self._jobs[attempt.job], self._kind[attempt.job]

    def nodes_changed(self, states: States) -> None:
        """Tell the planner of nodes."""
        self._states.update(states)

    def schedule(self, world: World) -> None:
        """Ask the planner, and do what it decided."""
        if not self.may_decide() and world.now != self._woken_for:
            return
        if world.now < self._next_seconds:
            self._wake(world)
            return
        self._count_waiting(world.now)
        self._planner.apply(self._delta(world))
        self._plan = plan = self._planner.plan()
        self.plans += 1
        self._planner.commit(plan)
        self._next_seconds = world.now + self._every_seconds
        self._act(world, plan)
        if _has_more_to_say(plan, is_elastic=bool(self._elastic)):
            self._wake(world)

    def may_decide(self) -> bool:
        """Whether a plan could start, stop or resize anybody: not if all that is new is more of what waits already.

        Nor if GPUs came free and nobody is there who could use them. What happened is told with the next plan.
        """
        has_room = bool(self._gone or self._ended or self._states)
        if has_room and (self._waiting or self._elastic):
            return True
        return any(self._kind[uid] not in self._waiting for uid in self._new)

    def _waits(self, uid: str, more: int) -> None:
        """Count one *more* of the job's kind among those who wait, or one less."""
        kind = self._kind[uid]
        self._waiting[kind] += more
        if not self._waiting[kind]:
            del self._waiting[kind]

    def _left(self, run: Run) -> AttemptId:
        """Forget that *run* runs: its job waits, unless it is done."""
        attempt = self._attempt.pop(run.job.order)
        self._elastic.discard(run.job.order)
        self._waits(attempt.job, +1)
        return attempt

    def _wake(self, world: World) -> None:
        self._woken_for = self._next_seconds
        world.wake(self._next_seconds)

    def _delta(self, world: World) -> Delta:
        """Return what happened since the last time, and forget it."""
        for index, state in self._states.items():
            self._records[index] = replace(self._records[index], state=state)
        for uid in self._new:
            self._waits(uid, +1)
        delta = Delta(
            world.now, jobs=tuple(self._new.values()), jobs_gone=tuple(self._gone), ended=tuple(self._ended),
            nodes=tuple(self._records[index] for index in sorted(self._states)),
            checkpoints=tuple(self._checkpoints(world)) if self._switches.hears_checkpoints else (),
        )  # fmt: skip
        self._new, self._gone, self._ended, self._states = {}, [], [], {}
        return delta

    def _count_waiting(self, now: Seconds) -> None:
        if self._plan is not None and len(table := self._plan.explanations):
            table = table[[uid not in self._fillers for uid in table["uid"].tolist()]]
            reasons, which = np.unique(table["reason"], return_inverse=True)
            gpus = np.bincount(which, weights=table["asked_gpus"])
            for reason, asked in zip(reasons.tolist(), gpus.tolist(), strict=True):
                self.waited_gpu_seconds[reason] += int(asked) * (now - self._plan.as_of)

    def _checkpoints(self, world: World) -> Iterable[tuple[AttemptId, Seconds]]:
        due, every = self._checkpoint_due, self._terms.checkpoint_seconds
        while due and due[0][0] <= world.now:
            at, order, attempt = heapq.heappop(due)
            if self._attempt.get(order) == attempt:
                last = at + (world.now - at) // every * every
                heapq.heappush(due, (last + every, order, attempt))
                yield attempt, last

    def _act(self, world: World, plan: Plan) -> None:
        """Do what the plan says, in its order: a gang may be admitted and stopped in one plan."""
        stopped: list[AttemptId] = []
        left: list[WorkerId] = []
        for decision in plan.decisions:
            if isinstance(decision, Admit):
                for stop in decision.stops:
                    run = world.running[self._jobs[stop.attempt.job].order]
                    world.stop(run)
                    stopped.append(self._left(run))
                for shrink in decision.shrinks:
                    left += self._shrink(world, shrink.attempt, shrink.workers)
                self._start(world, decision)
            elif isinstance(decision, Resize):
                left += self._shrink(world, decision.attempt, decision.leaving)
                grown = {each.worker: self._place(each.node, each.gpus) for each in decision.grown}
                if grown:
                    world.grow(world.running[self._jobs[decision.attempt.job].order], grown)
        gone = set(stopped)
        if stopped or left:
            staying = tuple(each for each in left if each.attempt not in gone)
            self._planner.apply(Delta(world.now, ended=tuple(stopped), left=staying))

    def _start(self, world: World, decision: Admit) -> None:
        job = self._jobs[decision.attempt.job]
        place = tuple(each for placed in decision.placed for each in self._place(placed.node, placed.gpus))
        self._attempt[job.order] = decision.attempt
        self._waits(decision.attempt.job, -1)
        if job.workers_max > job.workers:
            self._elastic.add(job.order)
        world.start(job, place, is_handed_over=bool(decision.awaits or decision.awaits_workers))
        first = world.running[job.order].works_from + self._terms.checkpoint_seconds
        heapq.heappush(self._checkpoint_due, (first, job.order, decision.attempt))

    def _shrink(self, world: World, attempt: AttemptId, workers: tuple[int, ...]) -> list[WorkerId]:
        if workers:
            world.shrink(world.running[self._jobs[attempt.job].order], workers)
        return [WorkerId(attempt, worker) for worker in workers]

    def _place(self, node: str, gpus: int) -> Place:
        return ((self._node[node], gpus.bit_count()),)

    def _record(self, uid: str, job: Job) -> JobRecord:
        said = self._estimates.seconds(job) if self._switches.hears_run_times else DAY_SECONDS
        most = job.workers_max if self._switches.resizes else 0
        shape = Shape(
            tuple(Option(_class(worth), job.workers, most) for worth in self._worths), job.gpus_per_worker,
            run_seconds=rounded_up(said * WHOLE // self._worths[-1]),
            checkpoint_seconds=self._terms.checkpoint_seconds, grace_seconds=self._terms.leave_seconds,
        )  # fmt: skip
        member, tier = (_FILLERS, "filler") if job.is_filler else (job.member, "normal")
        self._kind[uid] = self._kinds.setdefault((member, tier, shape), len(self._kinds))
        return JobRecord(uid, member, tier, shape, job.submitted_seconds)


def _has_more_to_say(plan: Plan, *, is_elastic: bool) -> bool:
    """Whether the next plan may decide more though nothing happens: of who was stopped, what is kept, who may grow."""
    return any(
        isinstance(each, Resize | Reserve | Release)
        or (isinstance(each, Admit) and (is_elastic or each.stops or each.shrinks))
        for each in plan.decisions
    )


def _pool(cluster: Cluster, terms: Terms, switches: Switches) -> Pool:
    owners, classes = sorted(set(cluster.owners)), sorted(set(cluster.worths))
    limits = {} if switches.borrows else {_class(worth): 0 for worth in classes}
    depth = Policy().reservation_depth if switches.reserves else 0
    policy = Policy(
        restart_cost_seconds=terms.restart_seconds, funding_seconds_min=_FOR_EVER, reservation_depth=depth
    )  # fmt: skip
    return Pool(
        accelerators=tuple(AcceleratorClass(_class(worth), {"bf16": worth}) for worth in classes),
        tiers=(Tier("normal", rank=1), Tier("filler", rank=0)),
        members=(
            Member(_FILLERS, borrowing_limits=_of_fillers(cluster, switches.fillers_part)),
            *(Member(name, borrowing_limits=limits) for name in owners),
        ),
        contributions=tuple(Contribution(f"of-{name}", name, _CLUSTER, "anywhere") for name in owners),
        policy=policy,
    )


def _of_fillers(cluster: Cluster, part: float) -> dict[str, int]:
    if part == 1:
        return {}
    gpus: Counter[str] = Counter()
    for each, worth in zip(cluster.gpus, cluster.worths, strict=True):
        gpus[_class(worth)] += each
    return {name: MILLI_GPUS * int(part * each) for name, each in gpus.items()}


def _class(worth: int) -> str:
    return f"gpu-{worth}"


def _node(name: str, cluster: Cluster, index: int) -> Node:
    gpus = cluster.gpus[index]
    return Node(
        name, f"of-{cluster.owners[index]}", _class(cluster.worths[index]), (1 << gpus) - 1, gpus, cpu_milli=1,
        memory_mib=1, enrolled=index,
    )  # fmt: skip
