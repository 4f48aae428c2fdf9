"""Following: the planner's snapshot, kept from cycle to cycle instead of being built anew.

In: what a snapshot is made from. Out: a :class:`Situation`, and its plan. What the last cycle had and this one has are
compared record by record, and only the difference goes to the planner, which keeps what does not depend on it. Nothing
is followed that was not read: a plan that was recorded comes back as attempts of the mirror. A follower starts anew
when the pool has changed, after an error, and now and then, when it also compares what it has followed with what it
builds; it belongs to one leader.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from hanse import scheduler
from hanse.operator import candidates, capping, snapshot
from hanse.operator.fitness import Verdict
from hanse.operator.snapshot import Gathered, Inputs
from hanse.scheduler import pool as pools

FOLLOWED_MAX = 1000
"""Looks until a snapshot is built anew: the shapes of jobs that are gone stay in it until then."""
Record = TypeVar("Record")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a cycle decides on."""

    snapshot: scheduler.Snapshot
    plan: scheduler.Plan
    verdicts: Mapping[str, Verdict]
    windows: Mapping[tuple[str, str, int], capping.Opened]
    problem: str = ""
    """Why the settings are refused, if they are: it was planned with those before them."""
    credits_as_of: int = 0
    """The hour's end of the ledger's rows that the members' debits are from; 0 if there are none."""
    free_by: Mapping[str, int] = field(default_factory=dict)
    """By when nodes have to be free (Unix time)."""


def unplanned(now_seconds: int) -> Situation:
    """Return the situation in which nothing is known that could be planned for."""
    nothing = scheduler.build(pools.Pool((), (), ()), (), (), as_of=now_seconds)
    return Situation(nothing, scheduler.plan(nothing), {}, {})


class Follower:
    """Plans for the same pool again and again."""

    def __init__(self) -> None:
        self._memory = candidates.Memory()
        self._last: tuple[Gathered, scheduler.Planner] | None = None
        self._followed = 0

    def plan(self, inputs: Inputs) -> Situation:
        """Return the situation as of the mirror's time, with what is to be done.

        Raises:
            QuotaError: the members' and the alliance's settings contradict one another, and no good ones are known.

        """
        gathered = snapshot.gather(inputs, self._memory)
        planner = self._follow(gathered)
        decided = planner.plan()
        self._last = gathered, planner
        return Situation(
            planner.snapshot, decided, gathered.verdicts, gathered.windows, self._memory.problem,
            gathered.credits_as_of, gathered.free_by,
        )  # fmt: skip

    def _follow(self, gathered: Gathered) -> scheduler.Planner:
        """Return the last planner with what has changed since, or a new one where it is to start anew."""
        last, self._last = self._last, None  # after an error it stays None
        self._followed += 1
        if last is None or _settings(last[0]) != _settings(gathered):
            self._followed = 0
            return _started(gathered)
        before, planner = last
        planner.apply(_difference(before, gathered))
        return planner if self._followed <= FOLLOWED_MAX else self._started_anew(gathered, planner)

    def _started_anew(self, gathered: Gathered, followed: scheduler.Planner) -> scheduler.Planner:
        """Return a new planner, and say if the one that was *followed* so far has come to know something else."""
        self._followed = 0
        planner = _started(gathered)
        states = [scheduler.state_digest(each.snapshot) for each in (planner, followed)]
        if states[0] != states[1]:
            _log.error("followed_differs", state=states[0].hex(), followed=states[1].hex())
        return planner


def _started(gathered: Gathered) -> scheduler.Planner:
    return scheduler.Planner(
        scheduler.build(
            gathered.pool,
            gathered.nodes.values(),
            gathered.jobs.values(),
            gathered.attempts,
            gathered.as_of,
            gathered.reservations,
        )
    )


def _settings(gathered: Gathered) -> pools.Pool:
    """Return the pool without what its caps have left, which changes with each plan."""
    return dataclasses.replace(gathered.pool, caps=())


def _difference(before: Gathered, after: Gathered) -> scheduler.Delta:
    return scheduler.Delta(
        as_of=after.as_of,
        nodes=_changed(before.nodes, after.nodes),
        nodes_gone=_gone(before.nodes, after.nodes),
        jobs=_changed(before.jobs, after.jobs),
        jobs_gone=_gone(before.jobs, after.jobs),
        caps=after.pool.caps,
        attempts=None if before.attempts == after.attempts else after.attempts,
        reservations=None if before.reservations == after.reservations else after.reservations,
    )


def _changed(before: Mapping[str, Record], after: Mapping[str, Record]) -> tuple[Record, ...]:
    # Most are the very same objects, and comparing those would take the longest.
    return tuple(
        record for name, record in after.items() if (known := before.get(name)) is not record and known != record
    )


def _gone(before: Mapping[str, Record], after: Mapping[str, Record]) -> tuple[str, ...]:
    return tuple(sorted(before.keys() - after.keys()))
