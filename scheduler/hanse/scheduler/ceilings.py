"""Ceilings: up to how many milli-GPUs each label covers, leaving out those who must yield their entitlement to it.

In: what accounts are entitled to and use, and `relief`. Out: for each member a table by row of its `ladders` and class.
A column of it is made at once, when somebody asks after somebody was charged there: all labels of all leaves of a
member cost little more than one. It charges nothing itself.
"""

from collections.abc import Sequence

import numpy as np

from hanse.quota import units
from hanse.scheduler.catalogue import UNLIMITED, Catalogue
from hanse.scheduler.columns import Integers, integers
from hanse.scheduler.pool import Rung
from hanse.scheduler.relief import Relief


class Ceilings:
    """One member's table. *limit* and *used* are the accounts', of which this reads its own."""

    def __init__(
        self, catalogue: Catalogue, member: int, relief: Relief, limit: Sequence[int], used: Sequence[int]
    ) -> None:
        self.ladders = ladders = relief.ladders[member]
        self._relief, self._member, self._used = relief, member, used
        self._classes, self._root = len(catalogue.accelerators), catalogue.root[member]
        self._raw = catalogue.raw
        self._groups, self._group_of = ladders.groups
        self._limits = [
            integers([*(limit[group * self._classes + each] for group in self._groups), UNLIMITED])[self._group_of]
            for each in range(self._classes)
        ]
        self._limit_of_root = [limit[self._root * self._classes + each] for each in range(self._classes)]
        self._on_exchange = np.flatnonzero(ladders.rung == Rung.EXCHANGE)
        self._in_kind = np.flatnonzero(ladders.rung != Rung.EXCHANGE)
        self._stale = set(range(self._classes))
        self._is_exchange_stale = True
        self._table = np.zeros((len(ladders.leaf), self._classes), dtype=np.int64)
        self._most = np.zeros((self._classes, len(ladders.leaf), ladders.depth_max + 2), dtype=np.int64)

    def forget(self, accelerator: int) -> None:
        """Note that an account of this class was charged."""
        self._stale.add(accelerator)
        self._is_exchange_stale = True

    def table(self) -> Integers:
        """Return up to how much each label covers a waiting job, by row and class."""
        for accelerator in tuple(self._stale):
            self._refresh(accelerator)
        if self._is_exchange_stale:
            self._table[self._on_exchange] = self._exchange()
            self._is_exchange_stale = False
        return self._table

    def most(self) -> Integers:
        """Return the most that accounts have for one part, by class, row and depth, then that of the tier's share."""
        self.table()
        return self._most

    def _refresh(self, accelerator: int) -> None:
        most = self._most[accelerator] = self._column(accelerator)
        in_kind = self._in_kind
        self._table[in_kind, accelerator] = most.min(axis=1)[in_kind]
        self._stale.discard(accelerator)

    def _column(self, accelerator: int) -> Integers:
        """Return the most that each account of each label has for one part, once those who must yield are gone."""
        sums, frees = self._relief.of(self._member), self.ladders.frees
        kinds = len(self.ladders.kinds)
        relief = frees[..., :kinds] @ sums.running[:kinds, accelerator]
        if sums.has_given:
            relief[:, 0] += self.ladders.yields[:, :kinds] @ sums.given[:kinds, accelerator]
        used = integers([*(self._used[group * self._classes + accelerator] for group in self._groups), 0])
        limit = self._limits[accelerator]
        free = limit - used[self._group_of]
        most: Integers = np.maximum(free, np.minimum(limit, free + relief))
        return most

    def of_grant(self, row: int, accelerator: int) -> units.MilliGpu:
        """Return what those hold of the member's grant who must yield it to a label."""
        kinds = len(self.ladders.kinds)
        levied = self._relief.of(self._member).levied[:kinds, accelerator]
        return int(self.ladders.yields[row, :kinds] @ levied)

    def unused(self) -> list[units.MilliGpu]:
        """Return what nobody uses of the member's entitlement, by class; below 0 where it is overdrawn."""
        first = self._root * self._classes
        used = self._used[first : first + self._classes]
        return [limit - each for limit, each in zip(self._limit_of_root, used, strict=True)]

    def unused_with_relief(self, row: int) -> list[units.MilliGpu]:
        """Return the same without those who must yield to a label on exchange."""
        return [free + given for free, given in zip(self.unused(), self._given(row).tolist(), strict=True)]

    def _given(self, rows: Integers | int) -> Integers:
        """Return what each class gives for those who must yield to labels on exchange."""
        kinds = len(self.ladders.kinds)
        given: Integers = self.ladders.yields[rows, :kinds] @ self._relief.of(self._member).given[:kinds]
        return given

    def _exchange(self) -> Integers:
        """Return up to how much others of the member's classes give for each, by label on exchange and class."""
        unused = self.unused()
        worth = [max(0, free) * each for free, each in zip(unused, self._raw, strict=True)]
        ceilings = integers(
            [(sum(worth) - own) // each if each else 0 for own, each in zip(worth, self._raw, strict=True)]
        )
        if not self._relief.of(self._member).has_given:
            return ceilings
        raw = integers(self._raw)
        with_relief = np.maximum(0, integers(unused) + self._given(self._on_exchange)) * raw
        of_others = with_relief.sum(axis=1, keepdims=True) - with_relief
        return np.maximum(ceilings, np.where(raw > 0, of_others // np.maximum(raw, 1), 0))
