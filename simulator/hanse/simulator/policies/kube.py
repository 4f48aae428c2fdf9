"""B8: kube-scheduler alone, which knows workers and no gangs: each goes to a node with room, one after another.

Workers of a gang that has not all of them hold their GPUs and do nothing. Who is not whole after ten minutes gives all
up and tries again five minutes later, as whoever submits such jobs makes them do. Nobody is stopped; fillers come last,
by priority. Traces say nothing of processors and memory, so both are taken to go with GPUs: then LeastAllocated, the
default, is the node with the most GPUs free, and MostAllocated the one with the fewest.

Source: Kubernetes' documentation of NodeResourcesFit and its scoring strategies; written from its description. The ten
minutes are what schedulers of gangs wait at the most (Volcano, Coscheduling); kube-scheduler itself waits for ever.
"""

from collections import Counter

import numpy as np

from hanse.simulator.cluster import Nodes, Place, Room
from hanse.simulator.engine import States, World
from hanse.simulator.policies.queueing import DEPTH
from hanse.simulator.queues import Queue
from hanse.simulator.runs import Run
from hanse.simulator.workload import Job, Seconds

WHOLE_WITHIN_SECONDS: Seconds = 600
BACK_OFF_SECONDS: Seconds = 300


class Kube:
    """One queue of workers over all nodes; *packs* is MostAllocated, else LeastAllocated."""

    def __init__(self, *, packs: bool) -> None:
        self._packs = packs
        self._queue = Queue(fillers_last=True)
        self._parts: dict[int, Run] = {}
        """Gangs that hold some of their GPUs, by the job's order."""
        self._resting: dict[int, tuple[Seconds, Job]] = {}
        """Gangs that gave up, and until when they rest."""
        self._has_changed = False

    def arrived(self, job: Job) -> None:
        """Put *job*'s workers at the end of the queue."""
        self._queue.add(job)
        self._has_changed = True

    def ended(self, run: Run) -> None:
        """Look again."""
        self._parts.pop(run.job.order, None)
        self._has_changed = True

    def nodes_changed(self, states: States) -> None:
        """Look again."""
        del states
        self._has_changed = True

    def schedule(self, world: World) -> None:
        """Bind as many workers as find room: first of gangs that hold some, then of others in their turn."""
        self._look_at_the_time(world)
        if not self._has_changed:
            return
        self._has_changed = False
        for order, run in sorted(self._parts.items()):
            if self._bind(world, run.job, run):
                del self._parts[order]
        for job in self._queue.heads(DEPTH):
            if self._bind(world, job, None):
                self._queue.remove(job)

    def _look_at_the_time(self, world: World) -> None:
        """Let who is not whole in time give up, and who has rested try again."""
        for order, run in sorted(self._parts.items()):
            if world.now >= run.start_seconds + WHOLE_WITHIN_SECONDS:
                world.give_up(run)
                del self._parts[order]
                self._resting[order] = world.now + BACK_OFF_SECONDS, run.job
                world.wake(world.now + BACK_OFF_SECONDS)
                self._has_changed = True
        for order, (until, job) in sorted(self._resting.items()):
            if world.now >= until:
                del self._resting[order]
                self.arrived(job)

    def _bind(self, world: World, job: Job, run: Run | None) -> bool:
        """Bind what workers of *job* find room; return whether it is out of where it stood."""
        has = 0 if run is None else sum(gpus for _, gpus in run.place) // job.gpus_per_worker
        place = self._place(world.room, job, job.workers - has, None if run is None else run.worth)
        is_whole = sum(gpus for _, gpus in place) == (job.workers - has) * job.gpus_per_worker
        if run is None and is_whole:
            world.start(job, place)
            return True
        if place:
            held = world.hold(job, place, run)
            if is_whole:
                world.begin(held)
            elif run is None:
                self._parts[job.order] = held
                world.wake(world.now + WHOLE_WITHIN_SECONDS)
        return is_whole or (run is None and bool(place))

    def _place(self, room: Room, job: Job, workers: int, worth: int | None) -> Place:
        """Return where so many workers of *job* go, or as many of them as have room; a gang stands on one kind."""
        free: Nodes = room.free.copy()
        worths = np.array(room.worths)
        found: Counter[int] = Counter()
        for _ in range(workers):
            able = np.flatnonzero(free >= job.gpus_per_worker)
            if worth is not None:
                able = able[worths[able] == worth]
            if not len(able):
                break
            scores = free[able] if self._packs else -free[able]
            node = int(able[np.argmin(scores)])
            worth = room.worths[node]
            free[node] -= job.gpus_per_worker
            found[node] += job.gpus_per_worker
        return tuple(sorted(found.items()))
