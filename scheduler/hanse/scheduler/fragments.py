"""Fragments: GPUs that are free and of no use to what waits, since the rest of their node is too small for it.

In: what waits, as demands of single workers and how many ask for each, by class. Out: by how much a placement on a node
changes its fragments, for `placing` to order nodes by: the gradient of fragmentation of FGD (Weng et al., "Beware of
Fragmentation", ATC '23). A node's fragments are its free GPUs, once for each worker that waits and does not fit on it.
Bounded in kinds here and in nodes in `placing`, and integers only, so that the same plan comes out everywhere.
"""

from collections import Counter, defaultdict
from functools import cached_property

import numpy as np

from hanse.scheduler.columns import Integers
from hanse.scheduler.ground import GPUS
from hanse.scheduler.parts import Parts
from hanse.scheduler.snapshot import Snapshot

KINDS_MAX = 16
"""Demands of a class that are looked at: those of which most workers wait."""
_SCALE = 720_720
"""Is divided by all numbers of workers up to 16, so that gradients a worker compare exactly."""


class Mix:
    """What waited at the start of one plan."""

    def __init__(self, snapshot: Snapshot, parts: Parts) -> None:
        self._snapshot, self._parts = snapshot, parts
        jobs = len(snapshot.jobs)
        self._shape_of_waiting = parts.shape[:jobs][~parts.live[:jobs] & ~snapshot.jobs["suspended"]]

    @cached_property
    def _kinds(self) -> dict[int, tuple[Integers, Integers]]:
        """Demands by resource and kind, and how many workers ask for each, by class."""
        snapshot, demand_of = self._snapshot, self._parts.holdings.demand_of
        workers: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
        jobs = np.bincount(self._shape_of_waiting, minlength=len(snapshot.shapes)).tolist()
        for row, (shape, count) in enumerate(zip(snapshot.shapes, jobs, strict=True)):
            for option in shape.options if count else ():
                if (accelerator := snapshot.catalogue.accelerator.get(option.accelerator)) is not None:
                    workers[accelerator][tuple(demand_of[:, row].tolist())] += count * option.workers
        found = {}
        for accelerator, counted in workers.items():
            most = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:KINDS_MAX]
            demands = np.array([demand for demand, _ in most], dtype=np.int64).T
            found[accelerator] = demands, np.array([count for _, count in most], dtype=np.int64)
        return found

    def gradient(self, accelerator: int, free: Integers, demand: Integers, workers: Integers) -> Integers:
        """Return by how much fragments grow, a worker, on nodes with so much *free*, by resource and node.

        *workers* with this *demand* start on each of them.
        """
        if accelerator not in self._kinds:
            return np.zeros(free.shape[1], dtype=np.int64)
        before = self._fragments(accelerator, free)
        after = self._fragments(accelerator, free - demand[:, None] * workers)
        grows: Integers = (after - before) * _SCALE // workers
        return grows

    def _fragments(self, accelerator: int, free: Integers) -> Integers:
        demands, counts = self._kinds[accelerator]
        too_small = (free[:, None, :] < demands[:, :, None]).any(axis=0)
        fragments: Integers = counts @ too_small * free[GPUS]
        return fragments
