"""Nodes and what is free on them.

In: how many GPUs each node has, whose it is, and what its GPUs are worth. Out: places for gangs, best fit first: the
nodes with the least room that is enough, ties by their order; a gang stands on GPUs of one worth, the best that has
room for it. A `Cluster` never changes; a `Room` belongs to one run of the engine.

A partition of which only the number of GPUs counts is one large node: that is how figures without topology are made.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hanse.simulator import workload
from hanse.simulator.workload import GPUS_PER_NODE, Job

Place: TypeAlias = tuple[tuple[int, int], ...]
"""(node, GPUs) of each node that holds workers of a gang."""
Nodes: TypeAlias = npt.NDArray[np.int64]
_NO_NODES = np.array([], dtype=np.int64)
WHOLE = 1000
"""What a GPU of the reference class is worth."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """*gpus* of each node, and its *owners*, a member each; nodes are named by their index.

    *worth* is what each node's GPUs are of the reference class, in thousandths; all are of it if none is said.
    """

    gpus: tuple[int, ...]
    owners: tuple[str, ...]
    worth: tuple[int, ...] = ()

    @property
    def worths(self) -> tuple[int, ...]:
        """What each node's GPUs are worth."""
        return self.worth or (WHOLE,) * len(self.gpus)

    @property
    def capacity(self) -> int:
        """All GPUs."""
        return sum(self.gpus)

    @property
    def worth_of_all(self) -> int:
        """All GPUs, in thousandths of the reference class."""
        return sum(gpus * worth for gpus, worth in zip(self.gpus, self.worths, strict=True))

    def owned(self) -> dict[str, int]:
        """Return each owner's GPUs."""
        shares = dict.fromkeys(self.owners, 0)
        for gpus, owner in zip(self.gpus, self.owners, strict=True):
            shares[owner] += gpus
        return shares


def of_nodes(gpus_by_member: Mapping[str, int]) -> Cluster:
    """Return a cluster of eight-GPU nodes: so many for each member as hold its GPUs."""
    owners = [name for name, gpus in sorted(gpus_by_member.items()) for _ in range(workload.nodes(gpus))]
    return Cluster((GPUS_PER_NODE,) * len(owners), tuple(owners))


def mixed(cluster: Cluster, part: float, worth: int) -> Cluster:
    """Return *cluster* with about *part* of each owner's nodes worth only so many thousandths; its last ones."""
    owned = {name: cluster.owners.count(name) for name in set(cluster.owners)}
    seen = dict.fromkeys(owned, 0)
    worths = []
    for name in cluster.owners:
        seen[name] += 1
        worths.append(worth if seen[name] > round(owned[name] * (1 - part)) else WHOLE)
    return Cluster(cluster.gpus, cluster.owners, tuple(worths))


def of_one(gpus: int) -> Cluster:
    """Return a cluster that is one node, of nobody."""
    return Cluster((gpus,), ("",))


class RoomError(Exception):
    """A place was taken that is not there, or given back twice: the run is worth nothing."""


class Room:
    """What is free on each node of a cluster while it is played. Nodes that are closed take nobody."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.free: Nodes = np.array(cluster.gpus, dtype=np.int64)
        self.idle_gpus, self.down_gpus = cluster.capacity, 0
        """What nobody holds on nodes that are there, closed or not, and what nodes have that are not there."""
        self._all = self.free.copy()
        self._closed: dict[int, int] = {}
        """What is free on each node that is closed."""
        self.worths = cluster.worths
        owners, worths = np.array(cluster.owners), np.array(self.worths)
        self._by_owner: dict[str, Nodes] = {name: np.flatnonzero(owners == name) for name in set(cluster.owners)}
        kinds = sorted(set(self.worths), reverse=True)
        self._kinds = [np.flatnonzero(worths == worth) for worth in kinds] if len(kinds) > 1 else []

    def copy(self) -> "Room":
        """Return a room that is as free as this one, to try things out in."""
        other = copy.copy(self)
        other.free, other._closed = self.free.copy(), dict(self._closed)  # noqa: SLF001  # its own class
        return other

    def nodes_of(self, owner: str) -> Nodes:
        """Return an owner's nodes."""
        return self._by_owner.get(owner, _NO_NODES)

    def find(self, job: Job, among: Nodes | None = None) -> Place | None:
        """Return where *job* fits best, whole, *among* these nodes or all of them; None if it fits nowhere."""
        if not self._kinds:
            return self._find(job, among)
        each = (kind if among is None else np.intersect1d(kind, among) for kind in self._kinds)
        return next((place for kind in each if (place := self._find(job, kind)) is not None), None)

    def _find(self, job: Job, among: Nodes | None) -> Place | None:
        free = self.free if among is None else self.free[among]
        workers = free // job.gpus_per_worker
        able = np.flatnonzero(workers)
        if int(workers.sum()) < job.workers:
            return None
        able = able[np.argsort(free[able], kind="stable")]
        if job.workers == 1:
            able = able[:1]
        taken = np.minimum(workers[able], job.workers)
        ends = np.cumsum(taken)
        last = int(np.searchsorted(ends, job.workers))
        taken[last] -= ends[last] - job.workers
        nodes = able if among is None else among[able]
        return tuple((int(nodes[i]), int(taken[i]) * job.gpus_per_worker) for i in range(last + 1))

    def take(self, place: Place) -> None:
        """Take *place*.

        Raises:
            RoomError: a node has not so much free.

        """
        for node, gpus in place:
            left = self._change(node, -gpus)
            if left < 0:
                raise RoomError(f"node {node}: {gpus} GPUs were taken where {left + gpus} were free")

    def give_back(self, place: Place) -> None:
        """Give *place* back.

        Raises:
            RoomError: a node would have more free than it has GPUs.

        """
        for node, gpus in place:
            if self._change(node, gpus) > self._all[node]:
                raise RoomError(f"node {node}: {gpus} GPUs were given back that nobody held")

    def _change(self, node: int, gpus: int) -> int:
        """Return what is free on *node* with *gpus* more of it."""
        self.idle_gpus += gpus
        if node in self._closed:
            self._closed[node] += gpus
            return self._closed[node]
        self.free[node] += gpus
        return int(self.free[node])

    def is_closed(self, node: int) -> bool:
        """Whether a node takes nobody."""
        return node in self._closed

    def close(self, node: int) -> None:
        """Let *node* take nobody from now on; who is there stays."""
        self._closed[node] = int(self.free[node])
        self.free[node] = 0

    def lose(self, node: int) -> None:
        """Take *node*, which is closed and which all have left, out of what there is."""
        if self._closed[node] != self._all[node]:
            raise RoomError(f"node {node} is lost, and somebody holds GPUs of it still")
        self.idle_gpus -= self.cluster.gpus[node]
        self.down_gpus += self.cluster.gpus[node]

    def bring_back(self, node: int) -> None:
        """Let *node*, which was lost, be there again, idle."""
        self.idle_gpus += self.cluster.gpus[node]
        self.down_gpus -= self.cluster.gpus[node]
        self.free[node] = self._closed.pop(node)
