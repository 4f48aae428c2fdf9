"""Where a gang goes: which cluster, and how many workers on which of its nodes.

In: what each node could take (`capacity.fit`). Out: nodes and workers, or nothing: a gang goes to one cluster, whole or
not at all. Among clusters the one with the least room that is enough; among nodes those with the fewest GPUs free,
so that whole nodes stay whole; then in name order. Topology and the gradient of fragmentation replace this order in
`_preference`, and nothing else.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from hanse.quota import units
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Integers
from hanse.scheduler.ground import GPUS, ClusterNodes
from hanse.scheduler.rules import Claim

NO_GROUP = -1


@dataclass(frozen=True, slots=True)
class Rooms:
    """Limits on how many workers may stand on groups of nodes: levied ones (grants), or a lender's (lending limits)."""

    group: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    workers: dict[int, int] = field(default_factory=dict)

    def clip(self, nodes: Integers, fits: Integers) -> Integers:
        """Return *fits* with no more workers on a group's nodes than it has room for, the first nodes first."""
        if not self.workers:
            return fits
        clipped = fits.copy()
        group = self.group[nodes]
        for each, room in self.workers.items():
            rows = np.flatnonzero(group == each)
            before = np.cumsum(fits[rows]) - fits[rows]
            clipped[rows] = np.clip(room - before, 0, fits[rows])
        return clipped


class Kept(Protocol):
    """What is kept for others leaves less room than there is; see `holds`."""

    def limit(self, ask: "Ask", capacity: Capacity, nodes: Integers, fits: Integers) -> Integers:
        """Return *fits*, what each node could take, less what is kept."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A gang that looks for a place under one label: so many workers in one of these clusters."""

    claim: Claim
    member: int
    workers: int
    demand: Integers
    exclusive: bool
    clusters: ClusterNodes
    rooms: Rooms
    kept: Kept | None = None

    @property
    def gpus(self) -> int:
        """The GPUs of the whole gang."""
        return self.workers * int(self.demand[GPUS])


@dataclass(frozen=True, slots=True)
class Found:
    """A place, once *stops* have gone (none: it is there now). Nodes are in name order."""

    cluster: int
    nodes: Integers
    workers: Integers
    stops: tuple[int, ...] = ()


def fits(ask: Ask, capacity: Capacity, nodes: Integers) -> Integers:
    """Return how many of the gang's workers each node could take, before rooms."""
    free = capacity.fit(nodes, ask.demand, ask.member, exclusive=ask.exclusive)
    return ask.kept.limit(ask, capacity, nodes, free) if ask.kept else free


def room(ask: Ask, capacity: Capacity, nodes: Integers) -> int:
    """Return how many of the gang's workers *nodes* could take together."""
    return int(ask.rooms.clip(nodes, fits(ask, capacity, nodes)).sum())


def room_remembered(ask: Ask, capacity: Capacity, nodes: Integers) -> int:
    """Return the same as `room` for nodes of the ground, faster; or too little, if there is too little."""
    total = capacity.total(nodes, ask.demand, ask.member, exclusive=ask.exclusive, wanted=ask.workers)
    is_limited = ask.rooms.workers or ask.kept
    return room(ask, capacity, nodes) if is_limited and total >= ask.workers else total


def has_idle(ask: Ask, capacity: Capacity) -> bool:
    """Return whether `find_idle` finds a place."""
    return any(room_remembered(ask, capacity, nodes) >= ask.workers for _, nodes in ask.clusters)


def find_idle(ask: Ask, capacity: Capacity) -> Found | None:
    """Return the best place for the gang on what is free, or None."""
    rooms = [(room_remembered(ask, capacity, nodes), cluster, nodes) for cluster, nodes in ask.clusters]
    enough = [each for each in rooms if each[0] >= ask.workers]
    if not enough:
        return None
    _, cluster, nodes = min(enough, key=lambda each: each[:2])
    return spread(ask, capacity, cluster, nodes)


def spread(ask: Ask, capacity: Capacity, cluster: int, nodes: Integers, stops: tuple[int, ...] = ()) -> Found:
    """Return the best place for the gang on *nodes*, which have room for it."""
    by_node = fits(ask, capacity, nodes)
    able = np.flatnonzero(by_node)
    order = able[np.argsort(_preference(ask, capacity, nodes[able]), kind="stable")]
    ordered, taken = nodes[order], ask.rooms.clip(nodes[order], by_node[order])
    before = np.cumsum(taken) - taken
    taken = np.clip(ask.workers - before, 0, taken)
    used = np.flatnonzero(taken)
    used = used[np.argsort(ordered[used])]
    return Found(cluster, ordered[used], taken[used], stops)


def _preference(ask: Ask, capacity: Capacity, nodes: Integers) -> Integers:
    """Return smaller numbers for nodes to use first: those outside limited groups, then the fullest."""
    limited = np.zeros(len(nodes), dtype=np.int16)
    for group in ask.rooms.workers:
        limited[ask.rooms.group[nodes] == group] = 1
    order: Integers = limited * (units.MILLI) + capacity.free[GPUS, nodes].astype(np.int16)
    return order
