"""B9: Random and BestFit, two baselines of FGD's paper, and which GPUs a pod gets where a policy does not say.

Random takes any server that can, and any GPU on it that can. BestFit takes the server with the least left over, as a
sum of processors and GPUs over the most that a server has of each, in hundredths, rounded up, as kube-scheduler's
scores are whole numbers up to 100.

Source: Weng et al. (ATC '23), section 6.1, and for the best fit in several resources Panigrahy et al., "Heuristics for
Vector Bin Packing" (2011), whose norms it cites.
"""

import random

import numpy as np

from hanse.simulator.packing.servers import MILLI, SLOTS, Integers, Kind, Room

_NONE = np.array([], dtype=np.int64)
_STEPS = 100


class Random:
    """Any server, any GPU."""

    def __init__(self, room: Room, seed: int) -> None:
        self._room = room
        self._chance = random.Random(f"random {seed}")  # noqa: S311

    def choose(self, kind: int, able: Integers) -> tuple[int, Integers]:
        """Return a server of those that are *able*, and its GPUs."""
        server = int(self._chance.choice(able))
        asked = self._room.kinds[kind]
        if not 0 < asked.milli < MILLI:
            return server, fullest(self._room, server, asked)
        fits = np.flatnonzero(self._room.gpu_milli[server] >= asked.milli)
        return server, np.array([self._chance.choice(fits)])


class BestFit:
    """The server with the least left over."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._cpu_milli_max = int(room.servers.cpu_milli.max())

    def choose(self, kind: int, able: Integers) -> tuple[int, Integers]:
        """Return the best of the servers that are *able*, and its fullest GPU that will do."""
        room, asked = self._room, self._room.kinds[kind]
        cpu = (room.cpu_milli[able] - asked.cpu_milli) / self._cpu_milli_max
        gpu = (room.gpu_milli[able].sum(axis=1) - asked.gpu_milli) / (SLOTS * MILLI)
        left = np.ceil((cpu + gpu) / 2 * _STEPS)
        server = int(able[np.argmin(left)])
        return server, fullest(room, server, asked)


def fullest(room: Room, server: int, asked: Kind) -> Integers:
    """Return the GPUs with the least free that will do."""
    if not asked.gpus:
        return _NONE
    free = room.gpu_milli[server]
    line = np.argsort(np.where(free >= asked.milli, free, MILLI + 1), kind="stable")
    return line[: asked.gpus]
