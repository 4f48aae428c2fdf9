"""B8: kube-scheduler's scores of resources, on whole GPUs or on shared ones.

Kubernetes gives a pod whole GPUs: a pod that asks for part of one gets all of it. The same scores are played with
GPUs that can be shared too, as with a device plugin that cuts them into parts. Scores are whole numbers up to 100.

Source: kube-scheduler's plugin NodeResourcesFit with the strategies LeastAllocated, its default, of processors and
memory, and MostAllocated, which its documentation names for packing, with GPUs weighing five times as much.
"""

import numpy as np

from hanse.simulator.packing.policies.simple import fullest
from hanse.simulator.packing.servers import MILLI, Integers, Room

_MOST, _GPU_WEIGHT = 100, 5


class Kube:
    """The highest score; what a server has is spread out, or filled up."""

    def __init__(self, room: Room, *, fills: bool) -> None:
        self._room = room
        self._fills = fills

    def choose(self, kind: int, able: Integers) -> tuple[int, Integers]:
        """Return the best of the servers that are *able*, and its fullest GPU that will do."""
        room, asked, has = self._room, self._room.kinds[kind], self._room.servers
        columns = [
            (room.cpu_milli[able] - asked.cpu_milli, has.cpu_milli[able], 1),
            (room.memory_mib[able] - asked.memory_mib, has.memory_mib[able], 1),
        ]
        if self._fills:
            left = room.gpu_milli[able].sum(axis=1) - asked.gpu_milli
            columns.append((left, has.gpus[able] * MILLI, _GPU_WEIGHT))
        scores = sum(weight * self._score(left, capacity) for left, capacity, weight in columns)
        server = int(able[np.argmax(scores // sum(weight for *_, weight in columns))])
        return server, fullest(room, server, asked)

    def _score(self, left: Integers, capacity: Integers) -> Integers:
        part: Integers = (capacity - left if self._fills else left) * _MOST // capacity
        return part
