"""Turns: whose turn it is among a member's classes of waiting jobs, and under which label on which of their options.

In: the member's classes, and up to how much each label covers (`ceilings`). Out: the class that goes first, at its
first chance that it has not failed yet in this pass and that is covered. All of a member's classes are compared at
once: that costs little more than to look at one of them, so nothing has to be remembered but what failed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hanse.scheduler.ceilings import Ceilings
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.pool import Rung
from hanse.scheduler.waiting import JobClass

_NEVER = np.iinfo(np.int64).max
_AGES = 2**40
"""More than there are jobs."""


class Turn(NamedTuple):
    """A class's turn at one of its chances: a label on one of its options, counted in turn."""

    minus_rung: int
    age: int
    row: int
    chance: int


class Chances:
    """What each shape's options ask for: the class of each, and milli-GPUs, `_NEVER` where it has fewer options."""

    def __init__(self, cycle: Cycle, shapes: Sequence[int]) -> None:
        choices = {shape: cycle.choices(shape) for shape in sorted(set(shapes))}
        self.options = max(map(len, choices.values()), default=0)
        count = len(cycle.snapshot.shapes)
        self.accelerator = np.zeros((count, self.options), dtype=np.int64)
        self.milli_gpus = np.full((count, self.options), _NEVER, dtype=np.int64)
        for shape, options in choices.items():
            for index, (option, each) in enumerate(options):
                self.accelerator[shape, index] = each
                self.milli_gpus[shape, index] = option.workers * int(cycle.parts.milli_of[each, shape])


class Turns:
    """One member's. Chances are by class, label (strongest first) and option."""

    def __init__(self, cycle: Cycle, classes: list[JobClass], chances: Chances, ceilings: Ceilings) -> None:
        self.classes, self._ceilings = classes, ceilings
        ladders, tier_rank = ceilings.ladders, cycle.catalogue.tier_rank
        shape, leaf, tier = (integers([each.key[at] for each in classes]) for at in (2, 0, 1))
        first = integers([ladders.first[each.leaf, each.tier] for each in classes])
        steps = np.arange(ladders.depth_max + 3)
        is_label = steps <= ladders.depth[first][:, None] + 2
        row = np.where(is_label, first[:, None] + steps, 0)[:, :, None]
        accelerator = chances.accelerator[shape][:, None, :]
        milli_gpus = np.where(is_label[:, :, None], chances.milli_gpus[shape][:, None, :], _NEVER)
        count, classes_of_gpus = len(classes), len(cycle.catalogue.accelerators)
        self._milli_gpus = milli_gpus.reshape(count, -1)
        self._where = (row * classes_of_gpus + accelerator).reshape(count, -1)
        strength = (int(Rung.HOME) - ladders.rung) * (ladders.depth_max + 1) + ladders.depth_max - ladders.cover
        self._rung, self._strength = ladders.rung, strength
        self._row_of = np.broadcast_to(row, (count, len(steps), chances.options)).reshape(count, -1)
        lower_tiers = np.unique(-tier_rank, return_inverse=True)[1]
        self._rank, self._tier = np.arange(count), lower_tiers[tier]
        # Classes are in order of their leaves.
        self._leaf_starts = np.flatnonzero(np.diff(leaf, prepend=-1))
        self._key = self._tier * _AGES + integers([each.oldest for each in classes])
        self._may: Flags = np.ones(self._where.shape, dtype=np.bool_)
        self.begin()

    def begin(self) -> None:
        """Begin a pass: no chance has failed yet."""
        self._open = self._may.copy()
        self.changed()

    def changed(self) -> None:
        """Note that the member's accounts were charged."""
        self._head: Turn | None = None
        self._is_stale = True

    def failed(self, turn: Turn) -> None:
        """Note that a chance has failed in this pass."""
        self._open[turn.row, turn.chance] = False
        self.changed()

    def started(self, turn: Turn) -> None:
        """Note that the oldest of a class has started."""
        job_class = self.classes[turn.row]
        if job_class.ages:
            self._key[turn.row] = self._tier[turn.row] * _AGES + job_class.oldest
        else:
            self._may[turn.row] = self._open[turn.row] = False
        self.changed()

    def head(self) -> Turn | None:
        """Return whose turn it is, or None if the pass is over."""
        if self._is_stale:
            self._head, self._is_stale = self._find(), False
        return self._head

    def _find(self) -> Turn | None:
        covered = self._milli_gpus <= self._ceilings.table().ravel()[self._where]
        covered &= self._open
        chance = covered.argmax(axis=1)
        rows = np.flatnonzero(covered[self._rank, chance])
        if not len(rows):
            return None
        labels = self._row_of[rows, chance[rows]]
        strength = self._strength[labels]
        row = self._first(rows[strength == strength.min()])
        rung = self._rung[self._row_of[row, chance[row]]]
        return Turn(-int(rung), int(self._key[row] % _AGES), row, int(chance[row]))

    def _first(self, rows: Integers) -> int:
        """Return the oldest of the leaves' heads, which are of the highest tier and then the oldest of their leaf."""
        if len(rows) == 1:
            return int(rows[0])
        keys = np.full(len(self._key), _NEVER)
        keys[rows] = self._key[rows]
        heads = np.minimum.reduceat(keys, self._leaf_starts).tolist()
        first = min((head for head in heads if head != _NEVER), key=lambda head: head % _AGES)
        return int((keys == first).argmax())
