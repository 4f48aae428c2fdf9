"""Where what is free stays most useful: the gradient that FGD goes down, for any notion of what is useful.

In: what is free, and a mix of demands. Out: the server, and the GPU on it, on which a pod of a kind makes the useful
free GPUs shrink least, in the steps of `rank`; the first of equals. What a subclass says is how much of a server is
useful to each demand. Nothing ever leaves, so that a server is looked at anew for a kind only when it has changed.
"""

import numpy as np

from hanse.simulator.packing.mixes import Mix
from hanse.simulator.packing.policies.simple import fullest
from hanse.simulator.packing.servers import MILLI, Integers, Kind, Room

_NEVER = np.iinfo(np.int64).max


class Gradient:
    """A policy, but for what is useful."""

    def __init__(self, room: Room, mix: Mix) -> None:
        self.mix = mix
        self._room = room
        self._now = 0
        self._changed = np.zeros(len(room.cpu_milli), dtype=np.int64)
        self._known: dict[Kind, tuple[Integers, Integers, Integers]] = {}
        """By what a pod asks for, of each server: when it was looked at, its rank, and its best GPU."""

    def choose(self, kind: int, able: Integers) -> tuple[int, Integers]:
        """Return the best of the servers that are *able*, and its best GPUs."""
        asked = self._room.kinds[kind]
        seen, ranks, gpus = self._of(asked)
        stale = able[seen[able] < self._changed[able]]
        if len(stale):
            shrinks, gpus[stale] = self._evaluate(asked, stale)
            ranks[stale] = self.rank(asked, shrinks, self._room.gpu_milli[stale, gpus[stale]])
            seen[stale] = self._now
        server = int(able[np.argmin(ranks[able])])
        self._now += 1
        self._changed[server] = self._now
        is_share = 0 < asked.milli < MILLI
        return server, gpus[[server]] if is_share else fullest(self._room, server, asked)

    def useful(self, weight: Integers, cpu_milli: Integers, fitting: Integers, kept: Integers) -> Integers:
        """Return what is useful of servers, weighed by the mix; the last axis is that of its demands.

        *fitting* is the number of GPUs that each demand fits on, *kept* what is free on these.
        """
        raise NotImplementedError

    def rank(self, asked: Kind, shrinks: Integers, free: Integers) -> Integers:
        """Return an order of places, the least is best: how much what is useful *shrinks*, and what the GPU has free.

        The GPU is the one that is shared; of whole GPUs it says nothing.
        """
        raise NotImplementedError

    def _of(self, asked: Kind) -> tuple[Integers, Integers, Integers]:
        if asked.bare not in self._known:
            seen, ranks, gpus = np.zeros((3, len(self._changed)), dtype=np.int64)
            self._known[asked.bare] = seen - 1, ranks, gpus
        return self._known[asked.bare]

    def _evaluate(self, asked: Kind, rows: Integers) -> tuple[Integers, Integers]:
        """Return by how much what is useful shrinks on each of these servers, and on which GPU it shrinks least."""
        free, cpu = self._room.gpu_milli[rows], self._room.cpu_milli[rows]
        weight = self.mix.weight[self._room.servers.model[rows]]
        fits = free[:, :, None] >= self.mix.milli
        fitting, kept = fits.sum(axis=1), (fits * free[:, :, None]).sum(axis=1)
        before = self.useful(weight, cpu, fitting, kept)
        cpu = cpu - asked.cpu_milli
        if not 0 < asked.milli < MILLI:
            idle = np.minimum((free == MILLI).sum(axis=1), asked.gpus)[:, None]
            after = self.useful(weight, cpu, fitting - idle, kept - MILLI * idle)
            return before - after, np.zeros(len(rows), dtype=np.int64)
        left = np.maximum(free - asked.milli, 0)[:, :, None]
        still = left >= self.mix.milli
        fitting = fitting[:, None, :] - fits + still
        kept = kept[:, None, :] - fits * free[:, :, None] + still * left
        after = self.useful(weight[:, None, :], cpu[:, None], fitting, kept)
        shrinks = np.where(free >= asked.milli, before[:, None] - after, _NEVER)
        best = shrinks.argmin(axis=1)
        return shrinks[np.arange(len(rows)), best], best
