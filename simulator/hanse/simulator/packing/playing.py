"""Plays arrivals under one policy: each pod is placed, or refused for ever.

In: arrivals of one seed, and a policy. Out: a `Curve`: after each arrival, what had been asked for and granted so far.
A GPU that is granted whole to a pod that asked for part of it is granted whole: *asked* says how much of that was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hanse.simulator.packing.arrivals import Arrivals
from hanse.simulator.packing.servers import Integers, Room

_HALF = 0.5


class Policy(Protocol):
    """Where pods go."""

    def choose(self, kind: int, able: Integers) -> tuple[int, Integers]:
        """Return a server for a pod of *kind* of those that are *able*, and the GPUs it gets there."""


@dataclass(frozen=True, slots=True)
class Curve:
    """After each arrival: what all arrivals asked for, what was granted, and what those asked for who got it."""

    arrived: Integers
    granted: Integers
    asked: Integers
    gpu_milli: int

    def at(self, percent: int) -> tuple[float, float]:
        """Return % granted and asked for, mean of all arrivals that make *percent* of all GPUs to half a point.

        That is how the published figures were reckoned. Where there is none, it is the nearest.
        """
        off = np.abs(self.arrived * 100 / self.gpu_milli - percent)
        rows = off <= max(_HALF, off.min())
        granted, asked = (float(each[rows].mean()) * 100 / self.gpu_milli for each in (self.granted, self.asked))
        return granted, asked

    def upto(self, percent: int) -> float:
        """Return % granted when the first that make *percent* have arrived."""
        last = int(np.searchsorted(self.arrived, percent * self.gpu_milli // 100, side="right")) - 1
        return float(self.granted[last]) * 100 / self.gpu_milli if last >= 0 else 0.0

    def first_refused_percent(self) -> float:
        """Return what had been asked for when the first pod with GPUs was refused; of all GPUs."""
        refused = np.flatnonzero(self.asked < self.arrived)
        return float(self.arrived[refused[0] if len(refused) else -1]) * 100 / self.gpu_milli


def play(arrivals: Arrivals, room: Room, policy: Policy, seen: Callable[[int], object]) -> Curve:
    """Return what became of *arrivals* in *room*, which has its kinds in the same order; *seen* hears of arrivals."""
    kinds = arrivals.trace.kinds
    totals = np.zeros((len(arrivals.pods), 3), dtype=np.int64)
    arrived = granted = asked = 0
    for at, pod in enumerate(arrivals.pods):
        arrived += kinds[pod].gpu_milli
        able = room.able(pod)
        if len(able):
            server, gpus = policy.choose(pod, able)
            room.take(pod, server, gpus)
            granted += room.kinds[pod].gpu_milli
            asked += kinds[pod].gpu_milli
        totals[at] = arrived, granted, asked
        seen(arrived)
    return Curve(totals[:, 0], totals[:, 1], totals[:, 2], arrivals.servers.gpu_milli)
