"""What the operator tells of attempts to who traces them: from a job's creation to its Placement.

In: changed documents, and what was recorded. Out: spans (:mod:`hanse.evidence.traces`), with opaque ids and the
cluster's name alone. When a job was first seen is kept in memory, and only while spans are wanted; a leader that has
just begun says when it saw it itself. Nothing here decides anything.
"""

import time
import uuid
from collections.abc import Mapping

from hanse.evidence import identity, traces
from hanse.evidence.traces import Step
from hanse.ledger.decisions import Cycle, Entry
from hanse.operator.cache import Document
from hanse.operator.mirror import ADMIT, Live
from hanse.operator.world import World


class Tracer:
    """One leader's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[str, int] = {}

    def see(self, jobs: Mapping[str, Document | None]) -> None:
        """Take note of jobs that are seen for the first time; to be called with what changed."""
        if not traces.are_wanted():
            return
        now = time.time_ns()
        for uid, document in jobs.items():
            if document is None:
                self._seen.pop(uid, None)
            else:
                self._seen.setdefault(uid, now)

    def committed(self, cycle: Cycle, begun_at: int) -> None:
        """Tell of the admissions of a cycle that was recorded just now; its plan was begun at *begun_at*."""
        if not traces.are_wanted():
            return
        now = time.time_ns()
        for index, entry in enumerate(cycle.entries):
            if entry.kind == ADMIT and entry.attempt is not None:
                decision = identity.decision_id(cycle.term, cycle.cycle, index)
                self._admitted(entry, entry.attempt, decision, begun_at, now)

    def _admitted(self, entry: Entry, attempt: uuid.UUID, decision: uuid.UUID, begun_at: int, now: int) -> None:
        uid = str(entry.job)
        since = begun_at
        named: dict[str, traces.Attribute] = {"fence": entry.fence or 0}
        job = self._world.jobs.get(uid)
        # Of a job that ran before, its creation says nothing about this attempt.
        if entry.fence == 1 and job is not None and job.metadata.creation_timestamp is not None:
            since, seen = traces.nanoseconds(job.metadata.creation_timestamp), self._seen.get(uid, begun_at)
            traces.tell(attempt, Step.JOB_SEEN, since, seen, **named)
            traces.tell(attempt, Step.JOB_WAITED, seen, begun_at, **named)
        traces.tell(attempt, Step.DECISION_COMMITTED, begun_at, now, decision=str(decision), **named)
        traces.tell(attempt, Step.ATTEMPT, since, now, **named)


def written(live: Live, begun_at: int) -> None:
    """Tell that an attempt's Placement is there; to write it was begun at *begun_at*."""
    now = time.time_ns()
    traces.tell(live.id, Step.PLACEMENT_WRITTEN, begun_at, now, fence=live.fence, cluster=live.cluster)
