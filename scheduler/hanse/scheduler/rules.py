"""Who may stop whom: the rules of `docs/fairness.md`, as masks over parts.

In: the part columns, and a claim: a part as it would be labelled. Out: which parts it may stop, for entitlement (rules
c and d, which stay within a member) or for GPUs (all of them). Each implies that the victim is strictly weaker, or is a
worker beyond its gang's core, which is weaker than any gang; there must be no other way to stop anything: that is what
keeps preemption from going round in a circle.
"""

from dataclasses import dataclass

import numpy as np

from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.ground import Ground
from hanse.scheduler.parts import Parts
from hanse.scheduler.pool import Rung


@dataclass(frozen=True, slots=True)
class Claim:
    """A part with the class and label under which it would run, holding so many milli-GPUs."""

    part: int
    accelerator: int
    rung: Rung
    cover: int
    milli_gpus: int


class Rules:
    """The rules over one plan's parts at one moment."""

    def __init__(self, parts: Parts, ground: Ground, as_of: int) -> None:
        self._parts, self._as_of = parts, as_of
        self._common_depth = ground.catalogue.common_depth
        self._may_preempt = [tier.preempts for tier in ground.catalogue.tiers]

    def yielding_entitlement(self, claim: Claim, others: Integers) -> Flags:
        """Return which of *others*, live parts of the claim's member, it may stop by rule c or d."""
        parts, part = self._parts, claim.part
        leaf, common = parts.leaf[part], self._common_depth[parts.leaf[part], parts.leaf[others]]
        covered_above = (claim.cover > common) & (common >= parts.cover[others])  # rule c
        same_leaf = parts.leaf[others] == leaf
        yields: Flags = np.where(same_leaf, self._urgent(claim, others), covered_above)
        yields &= self._unprotected(claim, others) & (others != part)
        return yields

    def yielding_gpus(self, claim: Claim, others: Integers) -> Flags:
        """Return which of *others*, live parts of any member on nodes that the claim needs, it may stop."""
        parts = self._parts
        yields: Flags = parts.is_extra[others]  # rule e
        if claim.rung == Rung.BORROW:
            return yields
        own = parts.member[others] == parts.member[claim.part]
        yields[own] |= self.yielding_entitlement(claim, others[own])
        if claim.rung == Rung.HOME:  # rule a; whoever calls it for HOME names holders of home nodes only
            yields |= parts.rung[others] < Rung.HOME
        else:  # rule b
            weaker_promise = parts.rung[others] < min(claim.rung, Rung.AWAY)
            other_leaf = parts.leaf[others] != parts.leaf[claim.part]
            yields |= weaker_promise & other_leaf & self._unprotected(claim, others)
        return yields

    def _urgent(self, claim: Claim, others: Integers) -> Flags:
        """Return rule d: in one leaf, greater by (rung, cover, tier), unless the other is of no lower tier and covered.

        So who was placed AWAY for being first, and stops nobody, keeps its entitlement from those who come after it.
        """
        parts, tier = self._parts, int(self._parts.tier[claim.part])
        if not self._may_preempt[tier]:
            return np.zeros(len(others), dtype=np.bool_)
        rank = parts.tier_rank[claim.part]
        rung, cover, other_rank = parts.rung[others], parts.cover[others], parts.tier_rank[others]
        same_rung, same_cover = rung == claim.rung, cover == claim.cover
        weaker = (rung < claim.rung) | (same_rung & ((cover < claim.cover) | (same_cover & (other_rank < rank))))
        keeps = (other_rank >= rank) & (parts.cover_in_kind(others) == parts.leaf_depth[others])
        urgent: Flags = weaker & ~keeps & parts.preemptible[others]
        return urgent

    def _unprotected(self, claim: Claim, others: Integers) -> Flags:
        """Return who has run for its tier's least time; against HOME nobody is protected."""
        if claim.rung == Rung.HOME:
            return np.ones(len(others), dtype=np.bool_)
        unprotected: Flags = self._parts.run_until_min[others] <= self._as_of
        return unprotected

    def weakest_first(self, others: Integers) -> Integers:
        """Return *others* in the order in which they give way: weakest first, then youngest."""
        parts = self._parts
        order = np.lexsort((-parts.age[others], parts.tier_rank[others], parts.cover[others], parts.rung[others]))
        return others[order]
