"""Where a gang goes: which domain of which cluster, and how many workers on which of its nodes.

In: what each node could take (`capacity.fit`). Out: nodes and workers, or nothing: a gang goes to one cluster, whole or
not at all. It goes to the narrowest domain that has room for it (`domains`), and among those to the one with the least
room that is enough. Nodes are lined up by the fewest GPUs free, so that whole nodes stay whole, then by the fewest free
in their rack, then by name; the first of that line are put in order of how much fragments grow there (`fragments`).
"""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from hanse.scheduler.capacity import GPUS_MAX, Capacity
from hanse.scheduler.columns import Integers
from hanse.scheduler.domains import Near
from hanse.scheduler.fragments import Mix
from hanse.scheduler.ground import GPUS, ClusterNodes
from hanse.scheduler.pool import Level, Slices
from hanse.scheduler.rules import Claim

NO_GROUP = -1
_RACK, _CLUSTER = Level.RACK, Level.CLUSTER
CANDIDATES_MAX = 64
"""Nodes whose fragments are looked at for one gang."""


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
    """A gang that looks for a place under one label: so many workers in one of these clusters.

    With *slices* each has part of one GPU, no two of them of the same.
    """

    claim: Claim
    member: int
    workers: int
    demand: Integers
    exclusive: bool
    clusters: ClusterNodes
    rooms: Rooms
    near: Near
    mix: Mix
    kept: Kept | None = None
    slices: Slices | None = None

    @property
    def gpus(self) -> int:
        """The GPUs of the whole gang."""
        return self.workers * int(self.demand[GPUS])

    def levels(self) -> tuple[Level, ...]:
        """Return the levels of domains in which a place is looked for; a worker alone is near to itself anywhere."""
        return self.near.levels() if self.workers > 1 else (_CLUSTER,)

    @property
    def anywhere(self) -> "Ask":
        """The same, however far its workers are from one another."""
        return replace(self, near=Near(self.near.domains))


@dataclass(frozen=True, slots=True)
class Found:
    """A place. Nodes are in name order."""

    cluster: int
    nodes: Integers
    workers: Integers


def fits(ask: Ask, capacity: Capacity, nodes: Integers) -> Integers:
    """Return how many of the gang's workers each node could take, before rooms."""
    free = capacity.fit(nodes, ask.demand, ask.member, exclusive=ask.exclusive, slices=ask.slices)
    return ask.kept.limit(ask, capacity, nodes, free) if ask.kept else free


def room(ask: Ask, capacity: Capacity, nodes: Integers) -> int:
    """Return how many of the gang's workers *nodes* could take together: those of one domain, if it needs one."""
    return room_of(ask, nodes, fits(ask, capacity, nodes))


def room_of(ask: Ask, nodes: Integers, by_node: Integers) -> int:
    """Return the same where each of *nodes* could take so many."""
    if ask.near.is_needed and ask.near.level < _CLUSTER:
        return int(_by_domain(ask, nodes, by_node, ask.near.level).max(initial=0))
    return int(ask.rooms.clip(nodes, by_node).sum())


def room_remembered(ask: Ask, capacity: Capacity, nodes: Integers) -> int:
    """Return the same as `room` for nodes of the ground, faster; or too little, if there is too little."""
    workers = total(ask, capacity, nodes, wanted=ask.workers)
    is_limited = ask.rooms.workers or ask.kept or ask.near.is_needed
    is_close = is_limited and workers >= ask.workers
    return room(ask, capacity, capacity.open_of(nodes, ask.demand, ask.slices)) if is_close else workers


def total(ask: Ask, capacity: Capacity, nodes: Integers, *, wanted: int) -> int:
    """Return how many of the gang's workers nodes of the ground could take, before all that limits them.

    It is exactly so if that is *wanted* or more.
    """
    return capacity.total(nodes, ask.demand, ask.member, exclusive=ask.exclusive, wanted=wanted, slices=ask.slices)


def has_idle(ask: Ask, capacity: Capacity) -> bool:
    """Return whether `find_idle` finds a place."""
    return any(room_remembered(ask, capacity, nodes) >= ask.workers for _, nodes in ask.clusters)


def find_idle(ask: Ask, capacity: Capacity) -> Found | None:
    """Return the best place for the gang on what is free, or None."""
    rooms = [(room_remembered(ask, capacity, nodes), cluster, nodes) for cluster, nodes in ask.clusters]
    enough = [each for each in rooms if each[0] >= ask.workers]
    if not enough:
        return None
    if ask.levels() == (_CLUSTER,):
        _, cluster, nodes = min(enough, key=lambda each: each[:2])
        return _spread(ask, capacity, cluster, nodes)
    areas = [(area(ask, capacity, nodes), cluster) for _, cluster, nodes in enough]
    (_, _, nodes), cluster = min(areas, key=lambda each: (*each[0][:2], each[1]))
    return _spread(ask, capacity, cluster, nodes)


def spread(ask: Ask, capacity: Capacity, cluster: int, nodes: Integers) -> Found:
    """Return the best place for the gang on *nodes*, which have room for it."""
    _, _, nodes = area(ask, capacity, nodes)
    return _spread(ask, capacity, cluster, nodes)


def area(ask: Ask, capacity: Capacity, nodes: Integers) -> tuple[Level, int, Integers]:
    """Return the domain where the gang goes if it goes to *nodes*, which have room: its level, room and nodes."""
    by_node = fits(ask, capacity, nodes)
    for level in ask.levels():
        if level == _CLUSTER:
            break
        totals = _by_domain(ask, nodes, by_node, level)
        enough = np.flatnonzero(totals >= ask.workers)
        if len(enough):
            best = enough[np.argmin(totals[enough])]
            return level, int(totals[best]), nodes[ask.near.domains.of(level, nodes) == best]
    return _CLUSTER, int(ask.rooms.clip(nodes, by_node).sum()), nodes


def _by_domain(ask: Ask, nodes: Integers, by_node: Integers, level: Level) -> Integers:
    """Return how many of the gang's workers each domain of *nodes* could take, within its rooms."""
    domains = ask.near.domains
    if not ask.rooms.workers:
        return domains.totals(level, nodes, by_node)
    group = ask.rooms.group[nodes]
    free = ~np.isin(group, list(ask.rooms.workers))
    totals = domains.totals(level, nodes[free], by_node[free])
    for each, most in ask.rooms.workers.items():
        rows = group == each
        totals += np.minimum(domains.totals(level, nodes[rows], by_node[rows]), most)
    return totals


def _spread(ask: Ask, capacity: Capacity, cluster: int, nodes: Integers) -> Found:
    by_node = fits(ask, capacity, nodes)
    able = np.flatnonzero(by_node)
    order = able[_order(ask, capacity, nodes[able], by_node[able])]
    ordered, taken = nodes[order], ask.rooms.clip(nodes[order], by_node[order])
    before = np.cumsum(taken) - taken
    taken = np.clip(ask.workers - before, 0, taken)
    used = np.flatnonzero(taken)
    used = used[np.argsort(ordered[used])]
    return Found(cluster, ordered[used], taken[used])


def _order(ask: Ask, capacity: Capacity, nodes: Integers, by_node: Integers) -> Integers:
    """Return the order in which *nodes* are used: those in limited groups last, then see the module's first lines."""
    limited = np.zeros(len(nodes), dtype=np.int64)
    for group in ask.rooms.workers:
        limited[ask.rooms.group[nodes] == group] = 1
    if ask.slices and capacity.sharing:  # GPUs that are in use already are shared first, so that others stay whole
        joined = capacity.sharing.joined(nodes, ask.slices, ask.member)
        limited = limited * (GPUS_MAX + 1) + np.maximum(0, np.minimum(by_node, ask.workers) - joined)
    free = capacity.free[GPUS, nodes]
    key = limited * (GPUS_MAX + 1) + free
    if ask.near.domains.has_racks:
        in_rack = ask.near.domains.totals(_RACK, nodes, free)[ask.near.domains.of(_RACK, nodes)]
        key = key * (1 + int(in_rack.max(initial=0))) + in_rack
        line = np.argsort(key, kind="stable")
    else:
        line = np.argsort(key.astype(np.int16), kind="stable")  # short integers sort several times as fast
    first = line[:CANDIDATES_MAX]
    workers = np.minimum(by_node[first], ask.workers)
    growth = _growth(ask, capacity, nodes[first], workers)
    if growth is not None:
        line[:CANDIDATES_MAX] = first[np.lexsort((growth, limited[first]))]
    return line


def _growth(ask: Ask, capacity: Capacity, nodes: Integers, workers: Integers) -> Integers | None:
    """Return how much fragments grow, or None if that is the same everywhere, as on nodes that are all idle."""
    free, sharing = capacity.free[:, nodes], capacity.sharing
    if sharing and (sharing.row[nodes] >= 0).any():
        gpus = sharing.gpus(nodes)
        taken = sharing.taken(nodes, workers * int(ask.demand[GPUS]), ask.slices, ask.member)
        after = free - ask.demand[:, None] * workers
        if ask.slices:
            after[GPUS] = free[GPUS] - (taken & gpus.is_idle).sum(axis=1)
        left = gpus.less(taken & (sharing.row[nodes] >= 0)[:, None], ask.slices)
        return ask.mix.gradient_shared(ask.claim.accelerator, (free, gpus), (after, left), workers)
    if not len(workers) or ((free == free[:, :1]).all() and (workers == workers[0]).all()):
        return None
    return ask.mix.gradient(ask.claim.accelerator, free, ask.demand, workers)
