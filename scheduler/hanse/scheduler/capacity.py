"""What is left of each node: free resources, GPUs by bit, and whose workers are there.

In: the ground and what live attempts hold. Out: how many workers of a shape fit on which nodes, now or after some
attempts have gone. A draining attempt counts nowhere here: its GPUs are promised to whoever is placed on them, who
starts when its release is confirmed (see `slots`). A `Capacity` is mutable and belongs to one plan; `victims` tries
things out on it, and takes them back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import GPUS, Ground

_CHANGES_PER_NODE_MAX = 4


class Capacity:
    """Free resources (by resource and node), and workers' tenancy (by member and node)."""

    def __init__(self, ground: Ground) -> None:
        self.free = ground.whole.copy()
        shape = (len(ground.catalogue.members), len(ground.nodes))
        self.tenants = np.zeros(shape, dtype=np.int32)
        self.exclusive = np.zeros(shape, dtype=np.int32)
        self.tenants_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self.exclusive_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self._exclusives = 0
        self._forget()

    def _forget(self) -> None:
        self._changes = 0
        self._given_back = 0
        self._totals: dict[tuple[object, ...], tuple[int, int, int]] = {}
        self._changed: list[Integers] = []
        self._changed_rows = 0
        self._fits: dict[bytes, tuple[Integers, int]] = {}

    def copy(self) -> "Capacity":
        """Return a copy to try things out on that are not taken back."""
        twin = object.__new__(Capacity)
        twin.free = self.free.copy()
        twin.tenants, twin.exclusive = self.tenants.copy(), self.exclusive.copy()
        twin.tenants_all, twin.exclusive_all = self.tenants_all.copy(), self.exclusive_all.copy()
        twin._exclusives = self._exclusives
        twin._forget()
        return twin

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Let changes be made that are taken back again before the end: what is remembered holds on."""
        before = self._changes, self._given_back
        yield
        self._changes, self._given_back = before

    def change(self, use: "Use", sign: int) -> None:
        """Take (*sign* -1) or give back (+1) what *use* holds."""
        self._changes += 1
        self._given_back += sign > 0
        self._note(use.nodes)
        taken = sign * use.workers * use.demand
        if use.is_one:  # no node twice: plain indexing, which is several times as fast
            self.free[:, use.nodes] += taken
            self.tenants[use.members, use.nodes] -= sign
            self.tenants_all[use.nodes] -= sign
        else:
            for resource in range(len(self.free)):
                np.add.at(self.free[resource], use.nodes, taken[resource])
            np.add.at(self.tenants, (use.members, use.nodes), -sign)
            np.add.at(self.tenants_all, use.nodes, -sign)
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
            self._changed.clear()
            self._fits.clear()
            self._changed_rows = 0

    def fit(self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool) -> Integers:
        """Return how many workers with this *demand* each of *nodes* could take."""
        workers = self._fit_anybody(demand)[nodes]
        if exclusive:
            workers[self.tenants_all[nodes] > self.tenants[member, nodes]] = 0
        elif self._exclusives:
            workers[self.exclusive_all[nodes] > self.exclusive[member, nodes]] = 0
        return workers

    def _fit_anybody(self, demand: Integers) -> Integers:
        """Return how many such workers each node could take, whoever else is there.

        It is kept by demand, of which there are few, and only nodes that have changed since are looked at again.
        """
        key = demand.tobytes()
        known, seen = self._fits.get(key, (None, 0))
        if known is not None and seen == len(self._changed):
            return known
        if known is None:
            fits = _fit(self.free, demand)
        else:
            later = self._changed[seen:]
            nodes = later[0] if len(later) == 1 else np.concatenate(later)
            fits = known.copy()
            fits[nodes] = _fit(self.free[:, nodes], demand)
        self._fits[key] = fits, len(self._changed)
        return fits

    def total(self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, wanted: int) -> int:
        """Return how many such workers *nodes* could take together; exactly so if that is *wanted* or more.

        It remembers: what was too little once is still too little as long as nothing was given back. *nodes* must be an
        array that lives as long as the plan, since it is told from others by its identity.
        """
        alone = member if exclusive or self._exclusives else -1
        key = (id(nodes), demand.tobytes(), exclusive, alone)
        total, changes, given_back = self._totals.get(key, (0, -1, -1))
        if changes == self._changes or (given_back == self._given_back and total < wanted):
            return total
        total = int(self.fit(nodes, demand, member, exclusive=exclusive).sum())
        self._totals[key] = total, self._changes, self._given_back
        return total


def _fit(free: Integers, demand: Integers) -> Integers:
    workers: Integers = free[GPUS] // demand[GPUS]
    for resource in np.flatnonzero(demand[1:]) + 1:
        np.minimum(workers, free[resource] // demand[resource], out=workers)
    np.maximum(workers, 0, out=workers)
    return workers


class Use:
    """What rows of workers hold; `demand` is by resource and row, the rest by row.

    `is_one` says that no node is in it twice, as it is the use of one part.
    """

    __slots__ = ("demand", "exclusive", "is_one", "members", "nodes", "workers")

    def __init__(
        self, nodes: Integers, workers: Integers, demand: Integers, members: Integers, exclusive: Flags
    ) -> None:
        self.nodes, self.workers, self.demand, self.members, self.exclusive = nodes, workers, demand, members, exclusive
        self.is_one = False
