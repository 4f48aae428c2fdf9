"""What is left of each node: free resources, GPUs by bit, and whose workers are there.

In: the ground and what live attempts hold. Out: how many workers of a shape fit on which nodes, now or after some
attempts have gone. A draining attempt counts nowhere here: its GPUs are promised to whoever is placed on them, who
starts when its release is confirmed (see `slots`). A `Capacity` is mutable and belongs to one plan; `victims` tries
things out on it, and takes them back.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.pool import Slices
from hanse.scheduler.sharing import Parted, Sharing

GPUS_MAX = 64
"""Of a node: what its mask has bits for."""
_ANYBODY = -1
_CHANGES_PER_NODE_MAX = 4
_FEW = 4
"""Only so small a part of some nodes is worth to be picked out of them."""


class Capacity:
    """Free resources (by resource and node), and workers' tenancy (by member and node)."""

    def __init__(self, ground: Ground) -> None:
        self.free = ground.whole.copy()
        self.sharing = Sharing(ground) if ground.shares else None
        shape = (len(ground.catalogue.members), len(ground.nodes))
        self.tenants = np.zeros(shape, dtype=np.int32)
        self.exclusive = np.zeros(shape, dtype=np.int32)
        self.tenants_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self.exclusive_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self._exclusives = 0
        self._free_gpus = int(self.free[GPUS].sum())
        clusters = ground.catalogue.contribution_cluster[ground.contribution]
        self._area: Integers = ground.accelerator * len(ground.catalogue.clusters) + clusters
        self._forget()

    def _forget(self) -> None:
        self._changes: Counter[int] = Counter()
        self._given_back: Counter[int] = Counter()
        self._totals: dict[tuple[object, ...], tuple[int, int, int]] = {}
        self._changed: list[Integers] = []
        self._changed_rows = 0
        self._fits: dict[bytes, tuple[Integers, int]] = {}
        self._open: dict[bytes, Integers] = {}
        self._is_of: dict[int, Flags] = {}

    def copy(self) -> "Capacity":
        """Return a copy to try things out on that are not taken back."""
        twin = object.__new__(Capacity)
        twin.free = self.free.copy()
        twin.sharing = self.sharing.copy() if self.sharing else None
        twin.tenants, twin.exclusive = self.tenants.copy(), self.exclusive.copy()
        twin.tenants_all, twin.exclusive_all = self.tenants_all.copy(), self.exclusive_all.copy()
        twin._exclusives, twin._free_gpus = self._exclusives, self._free_gpus
        twin._area = self._area
        twin._forget()
        return twin

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Let changes be made that are taken back again before the end: what is remembered holds on."""
        before, changed, noted = (self._changes.copy(), self._given_back.copy()), self._changed, len(self._changed)
        yield
        self._changes, self._given_back = before
        if changed is self._changed and all(seen <= noted for _, seen in self._fits.values()):
            # Nobody has looked meanwhile: it is as if nothing had changed.
            self._changed_rows -= sum(map(len, changed[noted:]))
            del changed[noted:]

    def change(self, use: "Use", sign: int) -> None:
        """Take (*sign* -1) or give back (+1) what *use* holds."""
        areas = np.flatnonzero(np.bincount(self._area[use.nodes])).tolist()
        self._changes.update(areas)
        if sign > 0:
            self._given_back.update(areas)
        self._note(use.nodes)
        taken = sign * use.workers * use.demand
        self._free_gpus += int(taken[GPUS].sum())
        if use.is_one:  # no node twice: plain indexing, which is several times as fast
            self.free[:, use.nodes] += taken
            self.tenants[use.members, use.nodes] -= sign
            self.tenants_all[use.nodes] -= sign
        else:
            for resource in range(len(self.free)):
                np.add.at(self.free[resource], use.nodes, taken[resource])
            np.add.at(self.tenants, (use.members, use.nodes), -sign)
            np.add.at(self.tenants_all, use.nodes, -sign)
        if self.sharing and use.parted:
            nodes = self.sharing.change(use.nodes, use.members, use.parted, sign, is_one=use.is_one)
            self.free[GPUS, nodes] = self.sharing.idle(nodes)
        if use.exclusive.any():
            alone = use.nodes[use.exclusive]
            np.add.at(self.exclusive, (use.members[use.exclusive], alone), -sign)
            np.add.at(self.exclusive_all, alone, -sign)
            self._exclusives -= sign * len(alone)

    def _note(self, nodes: Integers) -> None:
        """Remember which nodes changed, until it is less work to look at all of them."""
        self._changed.append(nodes)
        self._changed_rows += len(nodes)
        if self._changed_rows > _CHANGES_PER_NODE_MAX * len(self.tenants_all):
            self._changed = []
            self._fits.clear()
            self._open.clear()
            self._changed_rows = 0

    def fit(
        self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, slices: Slices | None = None
    ) -> Integers:
        """Return how many workers with this *demand* each of *nodes* could take; with *slices*, one a GPU."""
        workers = self._fit_anybody(_without_gpus(demand) if slices else demand)[nodes]
        return self._alone(self._parted(workers, nodes, member, slices), nodes, member, exclusive=exclusive)

    def fit_now(
        self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, slices: Slices | None = None
    ) -> Integers:
        """Return the same for a few nodes, without remembering it."""
        workers = _fit(self.free[:, nodes], _without_gpus(demand) if slices else demand)
        return self._alone(self._parted(workers, nodes, member, slices), nodes, member, exclusive=exclusive)

    def _parted(self, workers: Integers, nodes: Integers, member: int, slices: Slices | None) -> Integers:
        return workers if slices is None else np.minimum(workers, self.gpus_with(slices, nodes, member))

    def _alone(self, workers: Integers, nodes: Integers, member: int, *, exclusive: bool) -> Integers:
        """Take out of *workers* those of nodes that they may not share with who is there."""
        if exclusive:
            workers[self.tenants_all[nodes] > self.tenants[member, nodes]] = 0
        elif self._exclusives:
            workers[self.exclusive_all[nodes] > self.exclusive[member, nodes]] = 0
        return workers

    def gpus_with(self, slices: Slices, nodes: Integers, member: int) -> Integers:
        """Return how many GPUs of each of *nodes* have *slices* left for a worker of this member."""
        none = np.zeros(len(nodes), dtype=np.int64)
        return self.sharing.fit(nodes, slices, member) if self.sharing else none

    def _fit_anybody(self, demand: Integers) -> Integers:
        """Return how many such workers each node could take, whoever else is there.

        It is kept by demand, of which there are few, and only nodes that have changed since are looked at again.
        """
        key = demand.tobytes()
        known, seen = self._fits.get(key, (None, 0))
        if known is not None and seen == len(self._changed):
            return known
        if known is None:
            known = _fit(self.free, demand)
        else:
            later = self._changed[seen:]
            nodes = later[0] if len(later) == 1 else np.concatenate(later)
            known[nodes] = _fit(self.free[:, nodes], demand)
        self._fits[key] = known, len(self._changed)
        self._open.pop(key, None)
        return known

    @property
    def _is_full(self) -> bool:
        """Whether so little is free that it is worth to know where; it decides nothing."""
        return self._free_gpus * _FEW < len(self.tenants_all)

    def open_of(self, nodes: Integers, demand: Integers, slices: Slices | None = None) -> Integers:
        """Return those of *nodes*, see `total`, that could take a worker, if they are few: in a full pool they are."""
        if not self._is_full:
            return nodes
        demand = _without_gpus(demand) if slices else demand
        key = demand.tobytes()
        fits = self._fit_anybody(demand)
        if key not in self._open:
            self._open[key] = np.flatnonzero(fits)
        found = self._open[key]
        if len(found) * _FEW > len(nodes):
            return nodes
        if id(nodes) not in self._is_of:
            is_of = self._is_of[id(nodes)] = np.zeros(len(fits), dtype=np.bool_)
            is_of[nodes] = True
        return found[self._is_of[id(nodes)][found]]

    def total(  # noqa: PLR0913  # what a gang asks for, and of which nodes
        self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, wanted: int,
        slices: Slices | None = None,
    ) -> int:  # fmt: skip
        """Return how many such workers *nodes* could take together; exactly so if that is *wanted* or more.

        It remembers: what was too little once is still too little as long as nothing was given back, and in a full pool
        what is too little whoever is there is so for all members. *nodes* must be of one cluster and class, as what
        changes elsewhere is not asked, and an array that lives as long as the plan, which is told from others by its
        identity.
        """
        by_member = exclusive or self._exclusives > 0 or slices is not None
        if slices is None and (self._is_full or not by_member):
            bound = self._total(nodes, demand, _ANYBODY, exclusive=False, wanted=wanted, slices=None)
            if bound < wanted or not by_member:
                return bound
        return self._total(nodes, demand, member, exclusive=exclusive, wanted=wanted, slices=slices)

    def bound(self, nodes: Integers, demand: Integers) -> int:
        """Return how many such workers *nodes* could take together, whoever else is there."""
        return int(self._fit_anybody(demand)[self.open_of(nodes, demand)].sum())

    def _total(  # noqa: PLR0913  # as above
        self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, wanted: int, slices: Slices | None
    ) -> int:
        """Return the same for one member, or for anybody, whoever is there."""
        if not len(nodes):
            return 0
        key, area = (id(nodes), demand.tobytes(), exclusive, member, slices), int(self._area[nodes[0]])
        total, changes, given_back = self._totals.get(key, (0, -1, -1))
        if changes == self._changes[area] or (given_back == self._given_back[area] and total < wanted):
            return total
        few = self.open_of(nodes, demand, slices)
        if member == _ANYBODY:
            total = int(self._fit_anybody(demand)[few].sum())
        else:
            total = int(self.fit(few, demand, member, exclusive=exclusive, slices=slices).sum())
        self._totals[key] = total, self._changes[area], self._given_back[area]
        return total


def _without_gpus(demand: Integers) -> Integers:
    rest = demand.copy()
    rest[GPUS] = 0
    return rest


def _fit(free: Integers, demand: Integers) -> Integers:
    workers: Integers = free[GPUS] // demand[GPUS] if demand[GPUS] else np.full(free.shape[1], GPUS_MAX)
    for resource in np.flatnonzero(demand[1:]) + 1:
        np.minimum(workers, free[resource] // demand[resource], out=workers)
    np.maximum(workers, 0, out=workers)
    return workers


class Use:
    """What rows of workers hold; `demand` is by resource and row, the rest by row.

    `is_one` says that no node is in it twice, as it is the use of one part. `parted` is what they hold of shared GPUs,
    None where no node shares any.
    """

    __slots__ = ("demand", "exclusive", "is_one", "members", "nodes", "parted", "workers")

    def __init__(
        self, nodes: Integers, workers: Integers, demand: Integers, members: Integers, exclusive: Flags
    ) -> None:
        self.nodes, self.workers, self.demand, self.members, self.exclusive = nodes, workers, demand, members, exclusive
        self.is_one = False
        self.parted: Parted | None = None

    def some(self, rows: slice, *, is_one: bool) -> "Use":
        """Return some rows of it, as the use of one part if it *is_one*."""
        some = Use(self.nodes[rows], self.workers[rows], self.demand[:, rows], self.members[rows], self.exclusive[rows])
        some.is_one = is_one
        some.parted = self.parted.some(rows) if self.parted else None
        return some
