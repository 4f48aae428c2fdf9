"""What is left of each node: free resources, GPUs by bit, and whose workers are there.

In: the ground and what live attempts hold. Out: how many workers of a shape fit on which nodes, now or after some
attempts have gone. A draining attempt counts nowhere here: its GPUs are promised to whoever is placed on them, who
starts when its release is confirmed (see `slots`). A `Capacity` is mutable and belongs to one plan; `victims` tries
things out on copies.
"""

import numpy as np

from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import GPUS, Ground


class Capacity:
    """Free resources (by resource and node), and workers' tenancy (by member and node)."""

    def __init__(self, ground: Ground) -> None:
        self.free = ground.whole.copy()
        shape = (len(ground.catalogue.members), len(ground.nodes))
        self.tenants = np.zeros(shape, dtype=np.int32)
        self.exclusive = np.zeros(shape, dtype=np.int32)
        self.tenants_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self.exclusive_all = np.zeros(len(ground.nodes), dtype=np.int32)
        self._forget()

    def _forget(self) -> None:
        self._changes = 0
        self._given_back = 0
        self._totals: dict[tuple[object, ...], tuple[int, int, int]] = {}

    def copy(self) -> "Capacity":
        """Return a copy to try things out on."""
        twin = object.__new__(Capacity)
        twin.free = self.free.copy()
        twin.tenants, twin.exclusive = self.tenants.copy(), self.exclusive.copy()
        twin.tenants_all, twin.exclusive_all = self.tenants_all.copy(), self.exclusive_all.copy()
        twin._forget()
        return twin

    def change(self, use: "Use", sign: int) -> None:
        """Take (*sign* -1) or give back (+1) what *use* holds."""
        self._changes += 1
        self._given_back += sign > 0
        for resource in range(len(self.free)):
            np.add.at(self.free[resource], use.nodes, sign * use.workers * use.demand[resource])
        np.add.at(self.tenants, (use.members, use.nodes), -sign)
        np.add.at(self.tenants_all, use.nodes, -sign)
        alone = use.nodes[use.exclusive]
        np.add.at(self.exclusive, (use.members[use.exclusive], alone), -sign)
        np.add.at(self.exclusive_all, alone, -sign)

    def fit(self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool) -> Integers:
        """Return how many workers with this *demand* each of *nodes* could take."""
        workers: Integers = self.free[GPUS, nodes] // demand[GPUS]
        for resource in np.flatnonzero(demand[1:]) + 1:
            np.minimum(workers, self.free[resource, nodes] // demand[resource], out=workers)
        if exclusive:
            rivals = self.tenants_all[nodes] - self.tenants[member, nodes]
        else:
            rivals = self.exclusive_all[nodes] - self.exclusive[member, nodes]
        workers[rivals > 0] = 0
        np.maximum(workers, 0, out=workers)
        return workers

    def total(self, nodes: Integers, demand: Integers, member: int, *, exclusive: bool, wanted: int) -> int:
        """Return how many such workers *nodes* could take together; exactly so if that is *wanted* or more.

        It remembers: what was too little once is still too little as long as nothing was given back. *nodes* must be an
        array that lives as long as the plan, since it is told from others by its identity.
        """
        alone = member if exclusive or self.exclusive_all.any() else -1
        key = (id(nodes), demand.tobytes(), exclusive, alone)
        total, changes, given_back = self._totals.get(key, (0, -1, -1))
        if changes == self._changes or (given_back == self._given_back and total < wanted):
            return total
        total = int(self.fit(nodes, demand, member, exclusive=exclusive).sum())
        self._totals[key] = total, self._changes, self._given_back
        return total


class Use:
    """What rows of workers hold; `demand` is by resource and row, the rest by row."""

    __slots__ = ("demand", "exclusive", "members", "nodes", "workers")

    def __init__(
        self, nodes: Integers, workers: Integers, demand: Integers, members: Integers, exclusive: Flags
    ) -> None:
        self.nodes, self.workers, self.demand, self.members, self.exclusive = nodes, workers, demand, members, exclusive
