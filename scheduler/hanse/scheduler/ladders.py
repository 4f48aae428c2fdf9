"""Ladders: the labels that jobs of a leaf and tier may have, the strongest first, and who yields entitlement to each.

In: a catalogue. Out: for each member a table whose rows are the labels of all its leaves and tiers, one ladder after
another, and whose columns are *kinds* of running parts: who is alike in leaf, tier and label, and in whether its least
time to run is over, yields to the same labels. It follows from the catalogue alone, so that a warm planner keeps it;
columns come as kinds are met. Next: `relief` sums what runs by kind, `ceilings` says what that leaves to each row.
"""

from typing import NamedTuple

import numpy as np

from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.pool import Rung

_KINDS_FIRST = 64


class Kind(NamedTuple):
    """What decides whether a live part must yield its entitlement to others of its member, besides these."""

    leaf: int
    tier: int
    rung: int
    cover: int
    is_protected: bool


class Ladders:
    """A member's table. `yields` is by row and kind.

    `frees` is by row, account and kind: whether a kind yields what it uses of an account of that row, which has one by
    depth, and then that of its tier's share.
    """

    def __init__(self, catalogue: Catalogue, member: int) -> None:
        self._catalogue = catalogue
        of_member = [each for each, owner in enumerate(catalogue.member_of) if owner == member]
        self.leaves = [each for each in of_member if catalogue.is_leaf[each]]
        self.depth_max = max(catalogue.depth[each] for each in of_member)
        self.first: dict[tuple[int, int], int] = {}
        rows: list[tuple[int, int, int, int]] = []
        for leaf in self.leaves:
            for tier in range(len(catalogue.tiers)):
                self.first[leaf, tier] = len(rows)
                rows += [(leaf, tier, *label) for label in labels(catalogue.depth[leaf])]
        self.leaf, self.tier, self.rung, self.cover = integers(rows).reshape(-1, 4).T
        self.depth = integers(catalogue.depth)[self.leaf]
        self._rank = catalogue.tier_rank[self.tier]
        self._may_preempt: Flags = np.array([tier.preempts for tier in catalogue.tiers])[self.tier]
        self.kinds: dict[Kind, int] = {}
        self.yields = np.zeros((len(rows), _KINDS_FIRST), dtype=np.int64)
        self.frees = np.zeros((len(rows), self.depth_max + 2, _KINDS_FIRST), dtype=np.int64)
        self.groups = self._groups()
        self._first = np.zeros((len(catalogue.organisations), len(catalogue.tiers)), dtype=np.int64)
        for (leaf, tier), row in self.first.items():
            self._first[leaf, tier] = row

    def row(self, leaf: int, tier: int, rung: Rung, cover: int) -> int:
        """Return the row of a label."""
        depth = self._catalogue.depth[leaf]
        step = {Rung.HOME: 0, Rung.EXCHANGE: depth + 2}.get(rung, 1 + depth - cover)
        return self.first[leaf, tier] + step

    def rows(self, leaf: Integers, tier: Integers, rung: Rung, cover: Integers) -> Integers:
        """Return the rows of labels on one rung."""
        home = self._first[leaf, tier]
        depth = self.depth[home]
        rows: Integers = home + {Rung.HOME: 0 * depth, Rung.EXCHANGE: depth + 2}.get(rung, 1 + depth - cover)
        return rows

    def _groups(self) -> tuple[list[int], Integers]:
        """Return the accounts that the rows name, without their class, and which of them are each row's.

        An organisation's is its own number, that of a tier's share in a leaf comes after all of them. A row has one by
        depth, down to its cover, then that of its tier if it is covered at the leaf; the last stands for none.
        """
        organisations, tiers = len(self._catalogue.organisations), len(self._catalogue.tiers)
        groups = [[-1] * (self.depth_max + 2) for _ in self.leaf]
        for row, (leaf, tier, rung, cover) in enumerate(
            zip(self.leaf.tolist(), self.tier.tolist(), self.rung.tolist(), self.cover.tolist(), strict=True)
        ):
            if rung != Rung.EXCHANGE:
                groups[row][: cover + 1] = self._catalogue.path[leaf][::-1][: cover + 1]
                if cover == self._catalogue.depth[leaf]:
                    groups[row][-1] = organisations + leaf * tiers + tier
        found = sorted({each for row in groups for each in row} - {-1})
        index = {each: number for number, each in enumerate([*found, -1])}
        return found, integers([[index[each] for each in row] for row in groups])

    def column(self, kind: Kind) -> int:
        """Return the column of a kind."""
        column = self.kinds.get(kind)
        if column is None:
            column = self.kinds[kind] = len(self.kinds)
            if column == self.yields.shape[1]:
                self.yields, self.frees = (
                    np.concatenate([each, np.zeros_like(each)], axis=-1) for each in (self.yields, self.frees)
                )
            yields = self._yields(kind)
            own = (self.leaf == kind.leaf) & (self.tier == kind.tier) & (self.depth == kind.cover)
            self.yields[:, column] = yields
            self.frees[:, :-1, column] = yields[:, None] & (kind.cover >= np.arange(self.depth_max + 1))
            self.frees[:, -1, column] = yields & own
        return column

    def _yields(self, kind: Kind) -> Flags:
        """Return rules c and d once more (see `rules`): under which labels jobs are given what this kind uses."""
        common = self._catalogue.common_depth[self.leaf, kind.leaf]
        covered_above = (self.cover > common) & (common >= kind.cover)  # rule c
        rank = int(self._catalogue.tier_rank[kind.tier])
        same_rung, same_cover = kind.rung == self.rung, kind.cover == self.cover
        is_weaker = (kind.rung < self.rung) | (
            same_rung & ((kind.cover < self.cover) | (same_cover & (rank < self._rank)))
        )
        keeps = (rank >= self._rank) & (kind.cover == self.depth) & (kind.rung != Rung.EXCHANGE)
        is_preemptible = self._catalogue.tiers[kind.tier].preemptible
        urgent = self._may_preempt & is_weaker & ~keeps & is_preemptible  # rule d
        yields: Flags = np.where(self.leaf == kind.leaf, urgent, covered_above)
        return yields & (self.rung == Rung.HOME) if kind.is_protected else yields


def labels(depth: int) -> list[tuple[Rung, int]]:
    """Return the labels, as rung and cover, that a waiting job of a leaf so deep may have, the strongest first."""
    return [(Rung.HOME, depth), *((Rung.AWAY, cover) for cover in range(depth, -1, -1)), (Rung.EXCHANGE, 0)]
