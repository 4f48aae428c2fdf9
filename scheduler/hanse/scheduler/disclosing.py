"""What an explanation may know of idle capacity: a member never learns how much of a rival stands idle.

In: what a waiting gang asks for, and what is free. Out: figures that its owner may be told; `explaining` draws reasons
and numbers from these alone, since a reason that went by exact figures would tell them to whoever asks often enough.
Figures of the member's own nodes are exact. What others have idle counts only as a sum over four or more of them,
rounded down; where fewer contribute what the job may use, it counts as nothing. A job that leaves out members, regions
or nodes by its own wish is told nothing of others either: two jobs that differ by one member would tell that member's
part. What the best cluster has room for is one member's figure however many contribute, so it is told of the member's
own clusters alone; that a gang is too large for every cluster, only when it is by a step. From when on places are kept
for a job follows from what others run: it is told to the hour, and only where four or more others contribute.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hanse.scheduler import placing
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Integers
from hanse.scheduler.ground import GPUS, ClusterNodes, Ground
from hanse.scheduler.placing import Ask, Rooms
from hanse.scheduler.pool import Shape

UNKNOWN = -1
OTHERS_MIN = 4
"""So many members besides the job's own must contribute, since a member can subtract its own part."""
STEP_GPUS = 64
"""What others have is told in multiples of this."""
_ANYWHERE = Shape(())
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Seen:
    """Figures that the owner of a gang may be told; -1 is one that it may not, or that there is not."""

    free: int
    """GPUs that nobody holds: the member's own, and others' as coarsely as may be."""
    lent: int
    """Those of them that lenders' limits leave, if they are enough for the gang without limits."""
    fit_own: int
    """Workers that the member's own best cluster could take."""


@dataclass(frozen=True, slots=True)
class _Split:
    clusters: ClusterNodes
    member: int
    own: ClusterNodes
    is_told: bool
    """Whether enough others contribute, and none was left out by wish."""
    free_own: int
    free_others: int


class Disclosing:
    """Looks at one plan's capacity, for one member after another."""

    def __init__(self, ground: Ground, capacity: Capacity) -> None:
        self._ground, self._capacity = ground, capacity
        self._splits: dict[tuple[int, int], _Split] = {}
        self._owners: dict[int, tuple[Integers, Integers]] = {}
        self._others_of: dict[int, ClusterNodes] = {}

    def seen(self, ask: Ask) -> Seen:
        """Return what may be told of the nodes that *ask* may use, within its rooms."""
        split = self._split(ask)
        own, others = split.free_own, split.free_others
        if ask.slices:
            own, others = (self._with_slices(ask, each) for each in (split.own, self._others(split)))
        # No lender limits what its own member takes of it.
        fit_own = most(ask, split.own, self._capacity) if split.own else UNKNOWN
        if not split.is_told:
            free = own if split.own else UNKNOWN
            return Seen(free, free, fit_own)
        free = own + _coarse(others)
        if not ask.rooms.workers or free < ask.gpus:
            return Seen(free, free, fit_own)
        return Seen(free, own + _coarse(min(others, self._room(ask, self._others(split)))), fit_own)

    def may_fit(self, ask: Ask, empty: Capacity) -> bool:
        """Return whether some cluster could take the gang if it were *empty*, or may not be told to be too small."""
        split, gpus = self._split(ask), int(ask.demand[GPUS])
        if most(ask, split.own, empty) >= ask.workers:
            return True
        fit = most(ask, self._others(split), empty)
        return fit > 0 and (not split.is_told or fit * gpus > _coarse(ask.gpus - 1))

    def start(self, member: int, accelerator: int, clusters: ClusterNodes, kept: Integers, seconds: int) -> int:
        """Return from when on places are *kept*: exactly on own nodes; on others' to the hour, if it may be told."""
        if (self._ground.owner[kept] == member).all():
            return seconds
        return -(-seconds // _HOUR) * _HOUR if self._split_of(member, accelerator, clusters).is_told else UNKNOWN

    def _split(self, ask: Ask) -> _Split:
        return self._split_of(ask.member, ask.claim.accelerator, ask.clusters)

    def _split_of(self, member: int, accelerator: int, clusters: ClusterNodes) -> _Split:
        # The ground keeps these lists for as long as the plan, so they are known by their identity.
        key = member, id(clusters)
        if key not in self._splits:
            is_whole = clusters is self._ground.nodes_for(member, _ANYWHERE, accelerator)
            owners, free = self._by_owner(clusters)
            others = int(np.count_nonzero(owners)) - bool(owners[member])
            own: ClusterNodes = []
            if owners[member]:
                own = _filled((each, nodes[self._ground.owner[nodes] == member]) for each, nodes in clusters)
            free_own = int(free[member])
            self._splits[key] = _Split(
                clusters, member, own, is_whole and others >= OTHERS_MIN, free_own, int(free.sum()) - free_own
            )
        return self._splits[key]

    def _by_owner(self, clusters: ClusterNodes) -> tuple[Integers, Integers]:
        """Return how many nodes each member has there, and how many GPUs are free on them."""
        key = id(clusters)
        if key not in self._owners:
            nodes = np.concatenate([np.zeros(0, dtype=np.int64), *(nodes for _, nodes in clusters)])
            owner, free = self._ground.owner[nodes], np.zeros(len(self._ground.catalogue.members), dtype=np.int64)
            np.add.at(free, owner, self._capacity.free[GPUS, nodes])
            self._owners[key] = np.bincount(owner, minlength=len(free)), free
        return self._owners[key]

    def _others(self, split: _Split) -> ClusterNodes:
        """Return the nodes of a split that are others'."""
        if not split.own:
            return split.clusters
        if id(split) not in self._others_of:
            owner = self._ground.owner
            others = _filled((each, nodes[owner[nodes] != split.member]) for each, nodes in split.clusters)
            self._others_of[id(split)] = others
        return self._others_of[id(split)]

    def _with_slices(self, ask: Ask, clusters: ClusterNodes) -> int:
        """Return how many GPUs have as much memory left as a worker asks for."""
        gpus = (self._capacity.gpus_with(ask.slices, nodes, ask.member) for _, nodes in clusters if ask.slices)
        return sum(int(each.sum()) for each in gpus)

    def _room(self, ask: Ask, clusters: ClusterNodes) -> int:
        workers = sum(placing.room(ask.anywhere, self._capacity, nodes) for _, nodes in clusters)
        return workers * int(ask.demand[GPUS])


def most(ask: Ask, clusters: ClusterNodes, capacity: Capacity) -> int:
    """Return how many of the gang's workers the one of *clusters* that takes most could take, without its rooms."""
    if not ask.near.is_needed:
        return max((placing.total(ask, capacity, nodes, wanted=0) for _, nodes in clusters), default=0)
    anyhow = replace(ask, workers=0, rooms=Rooms())
    return max((placing.room_remembered(anyhow, capacity, nodes) for _, nodes in clusters), default=0)


def _coarse(gpus: int) -> int:
    return gpus // STEP_GPUS * STEP_GPUS


def _filled(clusters: Iterable[tuple[int, Integers]]) -> ClusterNodes:
    return [(each, nodes) for each, nodes in clusters if len(nodes)]
