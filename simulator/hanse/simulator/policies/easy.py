"""B5: EASY backfilling: who passes the head of the queue may not delay it.

The head that does not fit is promised the earliest time at which enough will have ended, by estimates; others start
now if they end by then, or leave it its place all the same.

Who is too long to pass holds up nobody behind it, not even those that ask for the same GPUs.

Source: Lifka, "The ANL/IBM SP scheduling system" (JSSPP '95).
"""

import numpy as np

from hanse.simulator.cluster import WHOLE, Nodes, Place, Room
from hanse.simulator.engine import States, World
from hanse.simulator.estimates import Estimates
from hanse.simulator.policies.queueing import DEPTH
from hanse.simulator.queues import Queue
from hanse.simulator.runs import Run
from hanse.simulator.workload import Job, Seconds


class Easy:
    """One queue over all nodes."""

    def __init__(self, estimates: Estimates) -> None:
        self._estimates = estimates
        self._queue = Queue()
        self._has_changed = False

    def arrived(self, job: Job) -> None:
        """Put *job* at the end of the queue."""
        self._queue.add(job)
        self._has_changed = True

    def ended(self, run: Run) -> None:
        """Look again."""
        del run
        self._has_changed = True

    def nodes_changed(self, states: States) -> None:
        """Look again."""
        del states
        self._has_changed = True

    def schedule(self, world: World) -> None:
        """Start whoever is first, then whoever does not delay the first that cannot."""
        if not self._has_changed:
            return
        self._has_changed = False
        promised: _Promised | None = None
        full: set[tuple[int, int]] = set()
        for job in self._queue.first(DEPTH):
            if (shape := (job.workers, job.gpus_per_worker)) in full:
                continue
            place = world.room.find(job)
            if place is None:
                full.add(shape)
                promised = promised or self._promise(world, job)
            elif promised is None or promised.leaves_room(place, world.now + self._lasts(world, job, place)):
                world.start(job, place)
                self._queue.remove(job)

    def _lasts(self, world: World, job: Job, place: Place) -> Seconds:
        return self._estimates.seconds(job) * WHOLE // world.room.worths[place[0][0]]

    def _promise(self, world: World, job: Job) -> "_Promised | None":
        """Return what is promised to *job*: room, by estimates, at the earliest time at which it fits."""
        room = world.room.copy()
        ends = sorted(
            (run.start_seconds + self._lasts(world, run.job, run.place), run.job.order, run.place)
            for run in world.running.values()
        )
        for at, _, place in ends:
            room.give_back(place)
            if room.find(job) is not None:
                return _Promised(job, at, room)
        return None


class _Promised:
    """What the head of the queue will find free, and from when on."""

    def __init__(self, job: Job, at_seconds: Seconds, room: Room) -> None:
        self._job = job
        self._at = at_seconds
        self._room = room

    def leaves_room(self, place: Place, ends_by: Seconds) -> bool:
        """Whether a gang may start at *place* now; if it stays beyond the promise, its GPUs are gone from that."""
        if ends_by <= self._at:
            return True
        before: Nodes = self._room.free.copy()
        for node, gpus in place:
            self._room.free[node] -= gpus
        if np.all(self._room.free >= 0) and self._room.find(self._job) is not None:
            return True
        self._room.free = before
        return False
