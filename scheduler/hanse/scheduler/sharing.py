"""Shared GPUs: what is left of each one's memory, in slices of 1 GiB, and whose workers share it.

In: the ground, and what parts hold. Out: how many workers that ask for slices each node could take, one a GPU, and
which of its GPUs they get. Slices are counted as the kubelet counts those that the node offers: some may be guaranteed,
some promised as limits, and so many workers may share one GPU; a worker with a whole one takes all that may be
guaranteed, so that nobody shares it. A GPU is shared by workers of one member, or by such as want to share with others
where who contributes the node allows it. `capacity` keeps this beside the other resources of nodes, if any node shares.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hanse.quota import units
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.ground import Ground
from hanse.scheduler.pool import Slices

NOT_SHARED = -1
_GUARANTEED, _LIMIT, _WORKERS = range(3)
_COUNT, _SUM, _SQUARES, _ALONE, _WHOLE = range(5)


@dataclass(frozen=True, slots=True)
class Parted:
    """What rows of workers hold of shared GPUs: their masks, and slices guaranteed and limited; 0 is whole GPUs."""

    masks: npt.NDArray[np.uint64]
    guaranteed: Integers
    limit: Integers
    with_others: Flags

    def some(self, rows: slice) -> "Parted":
        """Return some rows of it."""
        return Parted(self.masks[rows], self.guaranteed[rows], self.limit[rows], self.with_others[rows])


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs of some nodes: what is left of each, by resource, node and GPU, what a whole one has, who has none."""

    left: Integers
    whole: Integers
    is_idle: Flags

    def milli_left(self) -> Integers:
        """Return how much of each GPU's memory may still be guaranteed, in thousandths."""
        milli: Integers = (
            self.left[_GUARANTEED].clip(min=0) * units.MILLI // self.whole[_GUARANTEED, :, None].clip(min=1)
        )
        return milli

    def have(self, slices: Slices) -> Flags:
        """Return which GPUs have these *slices* left."""
        enough = (self.left[_GUARANTEED] >= slices.guaranteed_gib) & (self.left[_LIMIT] >= slices.limit_gib)
        have: Flags = enough & (self.left[_WORKERS] > 0) & (self.whole[_GUARANTEED, :, None] >= slices.limit_gib)
        return have

    def less(self, taken: Flags, slices: Slices | None) -> "Gpus":
        """Return the same once each GPU that is *taken* has one worker more, with *slices* or, without, the whole."""
        one = [slices.guaranteed_gib, slices.limit_gib, 1] if slices else None
        asked = integers(one)[:, None] if one else self.whole
        return Gpus(self.left - asked[:, :, None] * taken, self.whole, self.is_idle & ~taken)


class Sharing:
    """What is left of each GPU of the nodes that share theirs, by row of such a node and GPU; `row` is by node."""

    def __init__(self, ground: Ground) -> None:
        nodes = ground.nodes
        sharing = np.flatnonzero(nodes["mem_gib"] > 0)
        self.nodes = sharing
        self.row = np.full(len(nodes), NOT_SHARED, dtype=np.int64)
        self.row[sharing] = np.arange(len(sharing))
        usable = ground.usable_gpus[sharing]
        self._bits = np.arange(max((each.bit_length() for each in usable.tolist()), default=0), dtype=np.uint64)
        self.is_there = self._spread(usable).astype(np.bool_)
        mem, limit, most = (integers(nodes[name][sharing]) for name in ("mem_gib", "limit_gib", "tenants"))
        self.whole = np.stack([mem, mem, most])
        self.mixes: Flags = ground.catalogue.contribution_mixes[ground.contribution[sharing]]
        rows, gpus = self.is_there.shape
        self._show(np.zeros((rows, 3 + 5, gpus), dtype=np.int64))
        self.left[:] = np.stack([mem, limit, most])[:, :, None] * self.is_there

    def _spread(self, masks: npt.NDArray[np.uint64]) -> Integers:
        """Return 1 for each GPU that is in a mask, by mask and GPU."""
        return ((masks[:, None] >> self._bits) & np.uint64(1)).astype(np.int64)

    def copy(self) -> "Sharing":
        """Return a copy that changes by itself."""
        twin = object.__new__(Sharing)
        vars(twin).update(vars(self))
        twin._show(self._state.copy())
        return twin

    def _show(self, state: Integers) -> None:
        """Keep *state*, by row, number and GPU, and show what is left and who holds it by number first."""
        self._state, by_number = state, state.transpose(1, 0, 2)
        self.left, self._held = by_number[:3], by_number[3:]

    def change(self, nodes: Integers, members: Integers, held: Parted, sign: int, *, is_one: bool) -> Integers:
        """Take (*sign* -1) or give back (+1) what workers hold; return the nodes that it touches.

        *is_one* says that no node is in it twice.
        """
        rows = np.flatnonzero(self.row[nodes] >= 0)
        if not len(rows):
            return rows
        at, member, is_whole = self.row[nodes[rows]], members[rows], held.guaranteed[rows] == 0
        one = np.ones(len(rows), dtype=np.int64)
        asked = np.stack([held.guaranteed[rows], held.limit[rows], one])
        sums = np.stack([one, member, member * member, ~held.with_others[rows]]) * ~is_whole
        taken = np.concatenate([np.where(is_whole, self.whole[:, at], asked), -sums, -is_whole[None].astype(np.int64)])
        change = sign * taken.T[:, :, None] * self._spread(held.masks[rows])[:, None, :]
        if is_one:  # plain indexing, which is several times as fast
            self._state[at] += change
            return nodes[rows]
        np.add.at(self._state, at, change)
        return np.unique(nodes[rows])

    def idle(self, nodes: Integers) -> Integers:
        """Return how many GPUs nobody holds on each of *nodes*, which share theirs."""
        free: Integers = self.is_idle(self.row[nodes]).sum(axis=1)
        return free

    def is_idle(self, rows: Integers) -> Flags:
        """Return which GPUs nobody holds, by *rows* and GPU."""
        idle: Flags = self.is_there[rows] & (self._held[_COUNT, rows] + self._held[_WHOLE, rows] == 0)
        return idle

    def fit(self, nodes: Integers, slices: Slices, member: int) -> Integers:
        """Return how many GPUs of each of *nodes* have these *slices* left for a worker of this member."""
        row = self.row[nodes]
        workers = np.zeros(len(nodes), dtype=np.int64)
        able = np.flatnonzero(row >= 0)
        workers[able] = self._able(row[able], slices, member).sum(axis=1)
        return workers

    def _able(self, rows: Integers, slices: Slices, member: int) -> Flags:
        held = self._held[:, rows]
        # Of numbers that are all the same the squares of the differences add up to nothing.
        strangers = held[_SQUARES] - 2 * member * held[_SUM] + member * member * held[_COUNT]
        together = strangers == 0
        if slices.with_others:
            together |= self.mixes[rows, None] & (held[_ALONE] == 0)
        able: Flags = together & self._gpus(rows).have(slices)
        return able

    def _gpus(self, rows: Integers) -> Gpus:
        return Gpus(self.left[:, rows], self.whole[:, rows], self.is_idle(rows))

    def gpus(self, nodes: Integers) -> Gpus:
        """Return the GPUs of *nodes*; those of nodes that do not share theirs are not there."""
        rows = self.row[nodes]
        found, shares = self._gpus(rows), rows >= 0
        return Gpus(found.left * shares[:, None], found.whole * shares, found.is_idle & shares[:, None])

    def joined(self, nodes: Integers, slices: Slices, member: int) -> Integers:
        """Return how many of the GPUs that `fit` counts are in use already."""
        rows = self.row[nodes]
        joined: Integers = (self._able(rows, slices, member) & (self._held[_COUNT, rows] > 0)).sum(axis=1)
        return joined

    def chosen(self, nodes: Integers, workers: Integers, slices: Slices, member: int) -> list[int]:
        """Return the masks of the GPUs that so many *workers* get on each of *nodes*.

        First those that are in use already, and of these the fullest, so that others stay whole.
        """
        taken = self.taken(nodes, workers, slices, member)
        return [sum(1 << gpu for gpu in np.flatnonzero(each).tolist()) for each in taken]

    def taken(self, nodes: Integers, workers: Integers, slices: Slices | None, member: int) -> Flags:
        """Return which GPUs so many *workers* get on each of *nodes*; without slices, so many that nobody has."""
        rows = self.row[nodes]
        is_idle = self.is_idle(rows)
        able = self._able(rows, slices, member) if slices else is_idle
        line = np.lexsort((self.left[_GUARANTEED, rows], is_idle, ~able), axis=-1)
        taken: Flags = able & (np.argsort(line, axis=-1) < workers[:, None])
        return taken
