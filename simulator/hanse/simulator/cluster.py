"""Nodes and what is free on them.

In: how many GPUs each node has and whose it is. Out: places for gangs, best fit first: the nodes with the least room
that is enough, ties by their order. A `Cluster` never changes; a `Room` belongs to one run of the engine.

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


@dataclass(frozen=True, slots=True)
class Cluster:
    """*gpus* of each node, and its *owners*, a member each; nodes are named by their index."""

    gpus: tuple[int, ...]
    owners: tuple[str, ...]

    @property
    def capacity(self) -> int:
        """All GPUs."""
        return sum(self.gpus)

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


def of_one(gpus: int) -> Cluster:
    """Return a cluster that is one node, of nobody."""
    return Cluster((gpus,), ("",))


class RoomError(Exception):
    """A place was taken that is not there, or given back twice: the run is worth nothing."""


class Room:
    """What is free on each node of a cluster while it is played."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.free: Nodes = np.array(cluster.gpus, dtype=np.int64)
        self._all = self.free.copy()
        owners = np.array(cluster.owners)
        self._by_owner: dict[str, Nodes] = {name: np.flatnonzero(owners == name) for name in set(cluster.owners)}

    def copy(self) -> "Room":
        """Return a room that is as free as this one, to try things out in."""
        other = copy.copy(self)
        other.free = self.free.copy()
        return other

    def nodes_of(self, owner: str) -> Nodes:
        """Return an owner's nodes."""
        return self._by_owner.get(owner, _NO_NODES)

    def find(self, job: Job, among: Nodes | None = None) -> Place | None:
        """Return where *job* fits best, whole, *among* these nodes or all of them; None if it fits nowhere."""
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
            self.free[node] -= gpus
            if self.free[node] < 0:
                raise RoomError(f"node {node}: {gpus} GPUs were taken where {self.free[node] + gpus} were free")

    def give_back(self, place: Place) -> None:
        """Give *place* back.

        Raises:
            RoomError: a node would have more free than it has GPUs.

        """
        for node, gpus in place:
            self.free[node] += gpus
            if self.free[node] > self._all[node]:
                raise RoomError(f"node {node}: {gpus} GPUs were given back that nobody held")
