"""Holds: what is kept for jobs that start later, and what that leaves to those that would start before them.

In: one plan's parts and the holds on nodes. Out: how many workers a node takes from one time to another. Whoever runs
leaves by its end (`parts.ends`), and nobody comes but at a hold's start, so what a node has free falls at the starts
of holds alone: a gang fits until its end if it fits now and at each of these. `reserving` decides what is held.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hanse.quota import units
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import GPUS, Ground
from hanse.scheduler.parts import Parts
from hanse.scheduler.placing import Ask


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Places of one waiting part from *start* to *end*; `is_covered` says that it will not borrow."""

    part: int
    member: int
    accelerator: int
    cluster: int
    start: int
    end: int
    nodes: Integers
    workers: Integers
    demand: Integers
    exclusive: bool
    is_covered: bool

    def milli_gpus(self) -> Integers:
        """Return what it counts as under limits, by node: whole GPUs, also for who will share them."""
        milli: Integers = self.workers * self.demand[GPUS] * units.MILLI
        return milli


@dataclass(frozen=True, slots=True)
class Window:
    """What the holds leave to a part from *start* to *end*; its own is not counted against it.

    If it `is_wary` it does without all that is held at any time after its start: a simpler question, whose answer only
    gets better with time.
    """

    holds: "Holds"
    part: int
    start: int
    end: int
    is_wary: bool = False

    def limit(self, ask: Ask, capacity: Capacity, nodes: Integers, fits: Integers) -> Integers:
        """Return *fits*, which *nodes* take at the start if nothing is held, less what is held."""
        return self.holds.limit(self, ask, capacity, nodes, fits)


class Holds:
    """The holds of one plan."""

    def __init__(self, parts: Parts, ground: Ground) -> None:
        self._parts, self._ground = parts, ground
        self.by_part: dict[int, Hold] = {}
        self._column = np.full(len(ground.nodes), -1, dtype=np.int64)
        self._nodes: Integers = np.zeros(0, dtype=np.int64)
        self._free_at: dict[int, Integers] = {}
        self._shared_at: dict[int, npt.NDArray[np.uint64]] = {}  # which GPUs of each node are shared by those who stay
        self._tightest: dict[tuple[int, int], Integers | None] = {}

    def put(self, hold: Hold) -> None:
        """Hold places for a part."""
        self.by_part[hold.part] = hold
        self._rebuild()

    def started(self, part: int) -> None:
        """Take up that a part has started now; nothing is held for it any more."""
        if self.by_part.pop(part, None):
            self._rebuild()
            return
        held = self._parts.holdings
        rows = held.rows(np.array([part]))
        rows = rows[self._column[held.node[rows]] >= 0]
        self._tightest.clear()
        for start, free in self._free_at.items():
            if start < self._parts.ends[part]:
                self._take(free, self._shared_at[start], rows)

    def _rebuild(self) -> None:
        holds, held = self.by_part.values(), self._parts.holdings
        self._nodes = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(hold.nodes for hold in holds)]))
        self._column[:] = -1
        self._column[self._nodes] = np.arange(len(self._nodes))
        rows = held.rows(np.flatnonzero(self._parts.live)) if holds else np.zeros(0, dtype=np.int64)
        rows = rows[self._column[held.node[rows]] >= 0]
        self._tightest.clear()
        self._free_at, self._shared_at = {}, {}
        for start in {hold.start for hold in holds}:
            free = self._free_at[start] = self._ground.whole[:, self._nodes].copy()
            shared = self._shared_at[start] = np.zeros(len(self._nodes), dtype=np.uint64)
            self._take(free, shared, rows[self._parts.ends[held.part[rows]] > start])
            for hold in holds:
                if hold.start <= start < hold.end:
                    free -= self._use(hold)

    def _take(self, free: Integers, shared: npt.NDArray[np.uint64], rows: Integers) -> None:
        """Take what some hold from what is *free* at a time, and note the GPUs that they share."""
        held = self._parts.holdings
        shape, column = self._parts.shape[held.part[rows]], self._column[held.node[rows]]
        demand, is_shared = held.demand_of[:, shape], held.is_shared_of[shape]
        if is_shared.any():  # however many share a GPU, it is one, where it is shared still
            is_shared &= self._ground.nodes["mem_gib"][held.node[rows]] > 0
            demand[GPUS, is_shared] = 0
            before = shared.copy()
            np.bitwise_or.at(shared, column[is_shared], held.gpus[rows[is_shared]])
            free[GPUS] -= np.bitwise_count(shared & ~before)
        for resource in range(len(free)):
            np.subtract.at(free[resource], column, held.workers[rows] * demand[resource])

    def _use(self, hold: Hold) -> Integers:
        use = np.zeros((len(hold.demand), len(self._nodes)), dtype=np.int64)
        use[:, self._column[hold.nodes]] = hold.demand[:, None] * hold.workers
        return use

    def limit(self, window: Window, ask: Ask, capacity: Capacity, nodes: Integers, fits: Integers) -> Integers:
        """Return *fits* less what is held; see `Window`."""
        column = self._column[nodes]
        at = np.flatnonzero(column >= 0)
        if ask.slices:  # it may stand on GPUs that are in use: nodes where nothing is held meanwhile are no less free
            at = at[self._are_held(window)[column[at]]]
        if not len(at):
            return fits
        limited = fits.copy()
        for index, table in enumerate(self._tables(window, capacity)):
            free = table[:, column[at]]
            if index == 0 and ask.slices and capacity.sharing:  # who joins others takes no other GPU until they leave
                free[GPUS] += capacity.sharing.joined(nodes[at], ask.slices, ask.member)
            limited[at] = np.minimum(limited[at], _workers(free, ask.demand))
        limited[at[self._has_rival(window, ask)[column[at]]]] = 0
        return limited

    def _are_held(self, window: Window) -> Flags:
        """Return on which held nodes something is held for others in the window."""
        held = np.zeros(len(self._nodes), dtype=np.bool_)
        for hold in self.by_part.values():
            if hold.part != window.part and hold.start < window.end and window.start < hold.end:
                held[self._column[hold.nodes]] = True
        return held

    def _tables(self, window: Window, capacity: Capacity) -> Iterator[Integers]:
        """Yield what is free on the held nodes at each time in the window at which it may be least."""
        others = [hold for hold in self.by_part.values() if hold.part != window.part]
        if window.is_wary:
            yield self._less(capacity, [hold for hold in others if hold.end > window.start])
            return
        yield self._less(capacity, [hold for hold in others if hold.start <= window.start < hold.end])
        own = self.by_part.get(window.part)
        if own is None:
            tightest = self._between(window.start, window.end)
            if tightest is not None:
                yield tightest
            return
        for start, free in self._free_at.items():
            if window.start < start < window.end:
                yield free + self._use(own) if own.start <= start < own.end else free

    def _between(self, start: int, end: int) -> Integers | None:
        """Return the least that is free at any start of a hold between two times, or None if none starts there."""
        if (start, end) not in self._tightest:
            tables = [free for at, free in self._free_at.items() if start < at < end]
            self._tightest[start, end] = np.min(tables, axis=0) if tables else None
        return self._tightest[start, end]

    def _less(self, capacity: Capacity, holds: list[Hold]) -> Integers:
        free = capacity.free[:, self._nodes]
        for hold in holds:
            free = free - self._use(hold)
        return free

    def _has_rival(self, window: Window, ask: Ask) -> Flags:
        """Return on which held nodes somebody is to run with whom the gang may not share a node."""
        rival = np.zeros(len(self._nodes), dtype=np.bool_)
        for hold in self.by_part.values():
            is_there = window.start < hold.end and (window.is_wary or hold.start < window.end)
            if is_there and hold.member != ask.member and (hold.exclusive or ask.exclusive):
                rival[self._column[hold.nodes]] = True
        return rival


def _workers(free: Integers, demand: Integers) -> Integers:
    """Return how many workers with this *demand* fit into what is *free*, by node."""
    asked = np.flatnonzero(demand)
    workers: Integers = np.maximum(0, np.min(free[asked] // demand[asked, None], axis=0))
    return workers
