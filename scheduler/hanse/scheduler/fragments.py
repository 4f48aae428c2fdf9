"""Fragments: GPUs that are free and of no use to what waits, since the rest of their node is too small for it.

In: what waits, as demands of single workers and how many ask for each, by class. Out: by how much a placement on a node
changes its fragments, for `placing` to order nodes by: the gradient of fragmentation of FGD (Weng et al., "Beware of
Fragmentation", ATC '23). A node's fragments are its free GPUs, once for each worker that waits and does not fit on it.
Where GPUs are shared, parts of them that are too small for a worker are fragments for it, and all parts for one that
wants whole ones. Bounded in kinds here and in nodes in `placing`, and integers only, so that the same plan comes out
everywhere.
"""

from collections import Counter, defaultdict
from functools import cached_property

import numpy as np

from hanse.quota import units
from hanse.scheduler.capacity import GPUS_MAX
from hanse.scheduler.columns import Integers
from hanse.scheduler.ground import GPUS
from hanse.scheduler.parts import Parts
from hanse.scheduler.pool import Slices
from hanse.scheduler.sharing import Gpus
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
    def _kinds(self) -> dict[int, tuple[Integers, Integers, list[Slices | None]]]:
        """Demands by resource and kind, how many workers ask for each, and for which slices of a GPU, by class."""
        snapshot, demand_of = self._snapshot, self._parts.holdings.demand_of
        workers: dict[int, Counter[tuple[tuple[int, ...], tuple[int, int]]]] = defaultdict(Counter)
        jobs = np.bincount(self._shape_of_waiting, minlength=len(snapshot.shapes)).tolist()
        for row, (shape, count) in enumerate(zip(snapshot.shapes, jobs, strict=True)):
            for option in shape.options if count else ():
                if (accelerator := snapshot.catalogue.accelerator.get(option.accelerator)) is not None:
                    slices = (shape.slices.guaranteed_gib, shape.slices.limit_gib) if shape.slices else (0, 0)
                    workers[accelerator][tuple(demand_of[:, row].tolist()), slices] += count * option.workers
        found = {}
        for accelerator, counted in workers.items():
            most = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:KINDS_MAX]
            demands = np.array([demand for (demand, _), _ in most], dtype=np.int64).T
            slices_of = [Slices(*slices) if any(slices) else None for (_, slices), _ in most]
            # Of a node that shares none no GPU is of use to who asks for part of one.
            demands[GPUS, [each is not None for each in slices_of]] = GPUS_MAX + 1
            found[accelerator] = demands, np.array([count for _, count in most], dtype=np.int64), slices_of
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
        demands, counts, _ = self._kinds[accelerator]
        too_small = (free[:, None, :] < demands[:, :, None]).any(axis=0)
        fragments: Integers = counts @ too_small * free[GPUS]
        return fragments

    def gradient_shared(
        self, accelerator: int, before: tuple[Integers, Gpus], after: tuple[Integers, Gpus], workers: Integers
    ) -> Integers:
        """Return the same on nodes of which some share their GPUs: *before* and *after* the *workers* have started."""
        if accelerator not in self._kinds:
            return np.zeros(len(workers), dtype=np.int64)
        grows: Integers = self._fragments_shared(accelerator, *after) - self._fragments_shared(accelerator, *before)
        return grows * _SCALE // workers

    def _fragments_shared(self, accelerator: int, free: Integers, gpus: Gpus) -> Integers:
        """Return fragments in thousandths of a GPU."""
        left = gpus.milli_left()
        parts = (left * ~gpus.is_idle).sum(axis=1)
        total = parts + free[GPUS].clip(min=0) * units.MILLI
        fragments = np.zeros(len(total), dtype=np.int64)
        for demand, count, slices in zip(*self._by_kind(accelerator), strict=True):
            is_short = (free[1:] < demand[1:, None]).any(axis=0)
            if slices is None:
                of_kind = np.where(is_short | (free[GPUS] < demand[GPUS]), total, parts)
            else:
                of_kind = np.where(is_short, total, total - (left * gpus.have(slices)).sum(axis=1))
            fragments += count * of_kind
        return fragments

    def _by_kind(self, accelerator: int) -> tuple[Integers, list[int], list[Slices | None]]:
        demands, counts, slices_of = self._kinds[accelerator]
        return demands.T, counts.tolist(), slices_of
