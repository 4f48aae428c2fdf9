"""What-if: what a member is answered about a job that it has not submitted.

In: a namespace, the spec of a TrainingJob, the situation that was planned for last. Out: plain data: what the job's
status would say, and what it would cost. The production planner decides, on a snapshot of its own
(:mod:`hanse.scheduler.asking`); nothing is recorded, written or kept, and the leader's planner never hears of it.

Who asks often learns what comes and goes in the pool, and each answer costs the leader a plan. So each member may ask a
few times a minute, whoever of its people asks and through whichever API service, all together not too often either,
plans are made one after the other, and only so many may wait for theirs.
"""

import asyncio
import dataclasses
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hanse import resources
from hanse.operator import candidates, statuses
from hanse.operator.fitness import Fitness
from hanse.operator.following import Situation
from hanse.operator.standing import Standing
from hanse.operator.statuses import Known, Why
from hanse.operator.world import World
from hanse.scheduler import asking, estimating
from hanse.scheduler.asking import Outcome, Starts, Waits
from hanse.scheduler.estimating import Start
from hanse.scheduler.phrases import phrase

PER_MINUTE = 6
ALL_PER_MINUTE = 60
"""Of all members together: each question is a plan from cold, on the processor of the leader's own."""
WAITING_MAX = 8
_MINUTE = 60.0
_ADMITTED = phrase("whatif.admitted", "it would be admitted now")
_FREE_NOW = phrase("start.free", "its places are free now")
_BOUND = phrase(
    "start.bound", "at once, or when those who are there have left: at the latest after reclaimBound of the PoolPolicy"
)


class TooOftenError(Exception):
    """The member has asked too often, or too many ask; *retry_seconds* says when to ask again."""

    def __init__(self, said: str, retry_seconds: int) -> None:
        super().__init__(said)
        self.retry_seconds = retry_seconds


class Asking:
    """Answers for one process, within limits."""

    def __init__(self, world: World, clock: Callable[[], float] = time.monotonic) -> None:
        self._world, self._clock = world, clock
        self._asked: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()
        self._turn, self._waiting = asyncio.Lock(), 0

    async def answer(self, of: tuple[str, str], spec: Mapping[str, Any], situation: Situation) -> dict[str, Any] | None:
        """Return what would become of such a job of a member in a namespace, or None if that is not its namespace.

        Whoever asks was found to act for the member; here the namespace may still be, or be already, another's.

        Raises:
            TooOftenError: its member, or all together, ask too often.

        """
        member, namespace = of
        leaf = self._world.leaves.get(namespace)
        if leaf is None or leaf.member != member:
            return None
        self._count(member)
        job = _parsed(namespace, spec)
        verdict = Fitness(self._world, situation.snapshot.catalogue.pool).unfit(job)
        if verdict is not None:
            return _refused(Known(job, leaf, None, verdict=verdict), situation)
        record = candidates.newcomer(self._world, job, asking.last(situation.snapshot))
        bound = self._world.policy().reclaim_bound
        self._waiting += 1
        try:
            async with self._turn:
                outcome = await asyncio.to_thread(asking.asked, situation.snapshot, record)
                return await asyncio.to_thread(said, Known(job, leaf, None), outcome, situation, bound)
        finally:
            self._waiting -= 1

    def _count(self, member: str) -> None:
        if self._waiting >= WAITING_MAX:
            raise TooOftenError("too many ask the leading operator now: ask again in a minute", int(_MINUTE))
        now, times = self._clock(), self._asked.setdefault(member, deque())
        for counted in (times, self._all):
            while counted and now - counted[0] >= _MINUTE:
                counted.popleft()
        if len(times) >= PER_MINUTE:
            seconds = max(1, math.ceil(times[0] + _MINUTE - now))
            raise TooOftenError(
                f"member {member} has asked what-if {PER_MINUTE} times within a minute: wait {seconds} s", seconds
            )
        if len(self._all) >= ALL_PER_MINUTE:
            seconds = max(1, math.ceil(self._all[0] + _MINUTE - now))
            raise TooOftenError(f"all members together ask too often: wait {seconds} s", seconds)
        times.append(now)
        self._all.append(now)


def said(known: Known, outcome: Starts | Waits, situation: Situation, reclaim_bound: timedelta) -> dict[str, Any]:
    """Return what the owner of a job is told of what would become of it."""
    now = situation.snapshot.as_of
    answer: dict[str, Any] = {"asOfSeconds": now, "admitted": isinstance(outcome, Starts)}
    if outcome.gpus:
        answer |= {"class": outcome.accelerator, "gpus": outcome.gpus, "cost": _cost(known, outcome, situation)}
    if isinstance(outcome, Waits):
        return answer | {"now": _waiting(known, outcome, now)}
    start = Start(now, _FREE_NOW) if outcome.is_free_now else Start(now + int(reclaim_bound.total_seconds()), _BOUND)
    return answer | {
        "cluster": outcome.admit.cluster,
        "strength": outcome.admit.label.rung.name,
        "victims": {"own": outcome.victims.own, "others": outcome.victims.others},
        "now": {"message": _ADMITTED.english, "said": Why(message=(_ADMITTED,)).said, "start": _plain(start)},
    }


def place(waiting: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a waiting job is in its member's queues, and when it may start."""
    return {
        "position": waiting["ahead_in_leaf"] + 1,
        "aheadInMember": waiting["ahead_in_member"],
        "start": _plain(estimating.start(waiting)),
    }


def _plain(start: Start) -> dict[str, Any]:
    at = None if start.seconds is None else datetime.fromtimestamp(start.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"at": at, "seconds": start.seconds, "restsOn": start.rests_on, "said": start.why.coded}


def _parsed(namespace: str, spec: Mapping[str, Any]) -> resources.TrainingJob:
    """Return the job as it would be.

    Raises:
        MisconfiguredError: the spec breaks a rule of the API.

    """
    metadata = {"name": "what-if", "namespace": namespace, "uid": asking.UID}
    return resources.TrainingJob.parse(
        {"apiVersion": resources.API_VERSION, "kind": "TrainingJob", "metadata": metadata, "spec": spec}
    )


def _refused(known: Known, situation: Situation) -> dict[str, Any]:
    as_of = situation.snapshot.as_of
    start = _plain(Start(None, estimating.NEVER))
    return {"asOfSeconds": as_of, "admitted": False, "now": {**_explained(known, as_of), "start": start}}


def _waiting(known: Known, outcome: Waits, now_seconds: int) -> dict[str, Any]:
    """Return what its status would say, in the same words, and its place."""
    waiting = dict(zip(outcome.row.dtype.names or (), outcome.row.item(), strict=True))
    return {**_explained(dataclasses.replace(known, waiting=waiting), now_seconds), **place(waiting)}


def _explained(known: Known, now_seconds: int) -> dict[str, Any]:
    status = statuses.project(known, now_seconds)
    message = status["explanation"]["message"]
    return {"message": message, "said": statuses.why(known).said, "status": _told(status)}


def _told(status: Mapping[str, Any]) -> dict[str, Any]:
    return {name: status[name] for name in ("phase", "reason", "explanation")}


def _cost(known: Known, outcome: Outcome, situation: Situation) -> dict[str, Any]:
    """Return what the job would be charged if it ran for as long as it may, and the caps that it would run under."""
    return {
        "rateMilliH100e": outcome.rate,
        "milliH100eSeconds": outcome.rate * int(known.job.spec.max_runtime.total_seconds()),
        **(Standing(situation).caps_above(known.leaf) if known.leaf else {}),
    }
