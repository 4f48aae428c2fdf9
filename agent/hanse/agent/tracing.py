"""What the agent tells of gangs to who traces them: from its Placement to the start of all workers.

In: what is there, whenever the gangs that are remembered change. Out: spans (:mod:`hanse.evidence.traces`) with the
opaque attempt and its fence alone: the member that runs the agent reads them. All times but a Placement's creation are
this process's, when it saw what it tells of. Of what was there when it began it tells nothing: it did not see it come.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from hanse.agent.gangs import Gang, Worker
from hanse.evidence import traces
from hanse.evidence.traces import Step
from hanse.resources import Placement

_AFTER = {
    Step.PLACEMENT_SEEN: Step.LEASE_GRANTED,
    Step.LEASE_GRANTED: Step.PODS_CREATED,
    Step.PODS_CREATED: Step.PODS_BOUND,
    Step.PODS_BOUND: Step.WORKERS_STARTED,
}


class Tracer:
    """One process's."""

    def __init__(self) -> None:
        self._last: dict[UUID, tuple[Step, int] | None] = {}
        """The last step of each attempt and when it was over; None once there is nothing more to tell."""

    def look(
        self,
        placements: Mapping[UUID, Placement],
        gangs: Mapping[UUID, Gang],
        workers: Iterable[Worker],
        made: Mapping[UUID, Collection[int]],
    ) -> None:
        """Tell of all steps that are over since the last look."""
        now = time.time_ns()
        there: dict[UUID, list[Worker]] = {}
        for worker in workers:
            there.setdefault(worker.attempt, []).append(worker)
        self._last = {key: last for key, last in self._last.items() if key in placements or key in gangs}
        for attempt, placement in placements.items():
            if attempt not in self._last:
                self._last[attempt] = None if attempt in gangs else self._seen(placement, now)
        for attempt, gang in gangs.items():
            has_been_made = set(made.get(attempt, ())) | {each.rank for each in there.get(attempt, ())}
            self._go_on(gang, has_been_made, there.get(attempt, []), now)

    def _seen(self, placement: Placement, now: int) -> tuple[Step, int]:
        created = placement.metadata.creation_timestamp
        since = traces.nanoseconds(created) if created else now
        traces.tell(UUID(placement.spec.attempt), Step.PLACEMENT_SEEN, since, now, fence=placement.spec.fence)
        return Step.PLACEMENT_SEEN, now

    def _go_on(self, gang: Gang, has_been_made: Collection[int], workers: list[Worker], now: int) -> None:
        is_over = {
            Step.LEASE_GRANTED: True,
            Step.PODS_CREATED: gang.ranks <= set(has_been_made),
            Step.PODS_BOUND: gang.ranks <= {each.rank for each in workers if each.node},
            Step.WORKERS_STARTED: gang.ran,
        }
        while last := self._last.get(gang.attempt):
            step, since = last
            following = _AFTER[step]
            if not is_over[following]:
                break
            traces.tell(gang.attempt, following, since, now, fence=gang.fence)
            self._last[gang.attempt] = (following, now) if following in _AFTER else None
        if gang.stop is not None:
            self._last[gang.attempt] = None
