"""Ours: the production planner, asked as the operator asks it: events as a delta, a plan, the plan committed.

In: what happened since it was asked last. Out: the starts and stops of its plan. Members own their nodes as
contributions; a filler is a job of a tier below all others. Jobs say how long they may run as users do (`estimates`).
The planner hears of checkpoints when they are due, and that a gang which it stopped has left at once: what that takes
is in the engine's terms. It is asked at most once in `CYCLE_SECONDS`, and again after each plan that decided something.

There are no caps here, no organisations below members, no residency: traces have none.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from hanse.scheduler import Delta, Planner, build
from hanse.scheduler.decisions import Admit, AttemptId, Plan
from hanse.scheduler.pool import AcceleratorClass, Contribution, Member, Option, Policy, Pool, Shape, Tier
from hanse.scheduler.records import Job as JobRecord
from hanse.scheduler.records import Node
from hanse.scheduler.runtimes import rounded_up
from hanse.simulator.cluster import Cluster
from hanse.simulator.engine import Run, Terms, World
from hanse.simulator.estimates import Estimates
from hanse.simulator.workload import Job, Seconds

CYCLE_SECONDS = 10
"""A trace's seconds are many jobs' submit times: planning after each of them would only take longer."""
_CLASS, _CLUSTER = "gpu", "trace"
_FOR_EVER: Seconds = 100 * 365 * 24 * 3600


class Hanse:
    """The planner of one pool, and which of its names are which of the trace's."""

    def __init__(self, cluster: Cluster, estimates: Estimates, terms: Terms) -> None:
        self._estimates = estimates
        self._terms = terms
        self._node = {f"node-{index:06}": index for index in range(len(cluster.gpus))}
        nodes = [_node(name, cluster, index) for name, index in self._node.items()]
        self._planner = Planner(build(_pool(cluster, terms), nodes, [], [], as_of=0))
        self._jobs: dict[str, Job] = {}
        self._new: dict[str, JobRecord] = {}
        self._gone: list[str] = []
        self._checkpointed: dict[AttemptId, Seconds] = {}
        self._attempt: dict[int, AttemptId] = {}
        self._next_seconds: Seconds = 0
        self._plan: Plan | None = None
        self.waited_gpu_seconds: Counter[str] = Counter()
        """How long gangs have waited, times their GPUs, by the reason that their owners were told meanwhile."""

    def arrived(self, job: Job) -> None:
        """Tell the planner of *job*; one that was stopped it knows already."""
        uid = f"job-{job.order:09}"
        if uid not in self._jobs:
            self._jobs[uid] = job
            self._new[uid] = self._record(uid, job)

    def ended(self, run: Run) -> None:
        """Tell the planner that a job is done."""
        uid = self._attempt.pop(run.job.order).job
        self._gone.append(uid)
        del self._jobs[uid]

    def schedule(self, world: World) -> None:
        """Ask the planner, and do what it decided."""
        if world.now < self._next_seconds:
            world.wake(self._next_seconds)
            return
        if not self._new and not self._gone and world.now != self._next_seconds:
            return
        self._count_waiting(world.now)
        self._planner.apply(self._delta(world))
        self._plan = plan = self._planner.plan()
        self._planner.commit(plan)
        self._next_seconds = world.now + CYCLE_SECONDS
        if plan.decisions:
            world.wake(self._next_seconds)
        self._act(world, plan)

    def _delta(self, world: World) -> Delta:
        """Return what happened since the last time, and forget it."""
        delta = Delta(
            world.now, jobs=tuple(self._new.values()), jobs_gone=tuple(self._gone),
            checkpoints=tuple(self._checkpoints(world)),
        )  # fmt: skip
        self._new, self._gone = {}, []
        return delta

    def _count_waiting(self, now: Seconds) -> None:
        if self._plan is not None and len(table := self._plan.explanations):
            reasons, which = np.unique(table["reason"], return_inverse=True)
            gpus = np.bincount(which, weights=table["asked_gpus"])
            for reason, asked in zip(reasons.tolist(), gpus.tolist(), strict=True):
                self.waited_gpu_seconds[reason] += int(asked) * (now - self._plan.as_of)

    def _checkpoints(self, world: World) -> Iterable[tuple[AttemptId, Seconds]]:
        every = self._terms.checkpoint_seconds
        for order, run in world.running.items():
            attempt, worked = self._attempt[order], max(world.now - run.works_from, 0)
            at = run.works_from + worked // every * every
            if worked >= every and self._checkpointed.get(attempt) != at:
                self._checkpointed[attempt] = at
                yield attempt, at

    def _act(self, world: World, plan: Plan) -> None:
        """Start and stop what the plan says, in its order: a gang may be admitted and stopped in one plan."""
        stopped: list[AttemptId] = []
        for decision in plan.decisions:
            if not isinstance(decision, Admit):
                continue
            for stop in decision.stops:
                world.stop(world.running[self._jobs[stop.attempt.job].order])
                stopped.append(stop.attempt)
            job = self._jobs[decision.attempt.job]
            place = tuple((self._node[each.node], each.gpus.bit_count()) for each in decision.placed)
            self._attempt[job.order] = decision.attempt
            world.start(job, place, is_handed_over=bool(decision.awaits))
        if stopped:
            self._planner.apply(Delta(world.now, ended=tuple(stopped)))

    def _record(self, uid: str, job: Job) -> JobRecord:
        shape = Shape(
            (Option(_CLASS, job.workers),), job.gpus_per_worker, run_seconds=rounded_up(self._estimates.seconds(job)),
            checkpoint_seconds=self._terms.checkpoint_seconds, grace_seconds=self._terms.leave_seconds,
        )  # fmt: skip
        return JobRecord(uid, job.member, "filler" if job.is_filler else "normal", shape, job.submitted_seconds)


def _pool(cluster: Cluster, terms: Terms) -> Pool:
    owners = sorted(set(cluster.owners))
    return Pool(
        accelerators=(AcceleratorClass(_CLASS, {"bf16": 1000}),),
        tiers=(Tier("normal", rank=1), Tier("filler", rank=0)),
        members=tuple(Member(name) for name in owners),
        contributions=tuple(Contribution(f"of-{name}", name, _CLUSTER, "anywhere") for name in owners),
        policy=Policy(restart_cost_seconds=terms.restart_seconds, funding_seconds_min=_FOR_EVER),
    )


def _node(name: str, cluster: Cluster, index: int) -> Node:
    gpus = cluster.gpus[index]
    return Node(
        name, f"of-{cluster.owners[index]}", _CLASS, (1 << gpus) - 1, gpus, cpu_milli=1, memory_mib=1, enrolled=index
    )  # fmt: skip
