"""Limits on borrowing: how much of a class a member may borrow, and others may borrow on a lender's own nodes.

In: a cycle. Out: what is borrowed by whom and lent by whom, by member and class in milli-GPUs, kept up to date, and
what the limits leave. What is kept for a borrower counts as borrowed and lent from when it is reserved, to all but
itself: else others would use up what it needs to start. Who shares is kept whole GPUs, and as these it counts until it
starts: else it would keep more from others than it may borrow. Workers beyond cores are not counted here: they never
keep a job from starting, and `growing` holds them to what the limits leave beside jobs.
"""

import numpy as np

from hanse.quota import units
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.columns import Integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.holds import Hold
from hanse.scheduler.placing import NO_GROUP, Rooms
from hanse.scheduler.pool import Option, Rung
from hanse.scheduler.rules import Claim


class Limits:
    """What is borrowed and lent, and what that leaves; `borrowed` is what runs, without what is reserved."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        size = (len(cycle.catalogue.members), len(cycle.catalogue.accelerators))
        self.borrowed = np.zeros(size, dtype=np.int64)
        catalogue = cycle.catalogue
        for each in catalogue.pool.unplaced:
            if each.milli_gpus_borrowed:
                member = catalogue.member_of[catalogue.organisation[each.organisation]]
                self.borrowed[member, catalogue.accelerator[each.accelerator]] += each.milli_gpus_borrowed
        self._reserved = np.zeros(size, dtype=np.int64)
        self._lent = np.zeros(size, dtype=np.int64)
        # The members' own unlevied nodes are the groups on which lending is limited.
        self._lender = np.where(cycle.ground.levied, NO_GROUP, cycle.ground.owner)
        limits = cycle.catalogue.lending_limit
        self._lending_limits = [
            [(lender, row[each]) for lender, row in enumerate(limits) if row[each] < UNLIMITED]
            for each in range(len(cycle.catalogue.accelerators))
        ]
        parts = cycle.parts
        self.add(np.flatnonzero(parts.live & ~parts.is_extra & (parts.rung == Rung.BORROW)))

    def add(self, borrowers: Integers) -> None:
        """Count live parts that borrow."""
        parts, held = self._cycle.parts, self._cycle.parts.holdings
        np.add.at(self.borrowed, (parts.member[borrowers], parts.accelerator[borrowers]), parts.milli_gpus[borrowers])
        rows = held.rows(borrowers)
        part = held.part[rows]
        milli = held.workers[rows] * parts.milli_of[parts.accelerator[part], parts.shape[part]]
        self._lend(parts.member[part], parts.accelerator[part], held.node[rows], milli)

    def reserve(self, hold: Hold, sign: int) -> None:
        """Count what is reserved for a borrower, or with *sign* -1 count it no longer."""
        milli = sign * hold.milli_gpus()
        self._reserved[hold.member, hold.accelerator] += int(milli.sum())
        same = np.ones(len(hold.nodes), dtype=np.int64)
        self._lend(hold.member * same, hold.accelerator * same, hold.nodes, milli)

    def _lend(self, members: Integers, accelerators: Integers, nodes: Integers, milli: Integers) -> None:
        lender = self._lender[nodes]
        by_others = (lender != NO_GROUP) & (lender != members)
        np.add.at(self._lent, (lender[by_others], accelerators[by_others]), milli[by_others])

    def left(self, member: int, accelerator: int) -> units.MilliGpu:
        """Return how much more of a class a member may borrow; at least `UNLIMITED` / 2 if nothing limits it."""
        used = int(self.borrowed[member, accelerator] + self._reserved[member, accelerator])
        return self._cycle.catalogue.borrowing_limit[member][accelerator] - used

    def lending(self, accelerator: int) -> list[tuple[int, units.MilliGpu]]:
        """Return each lender with a limit in a class, and what the limit leaves."""
        lent = self._lent[:, accelerator]
        return [(lender, limit - int(lent[lender])) for lender, limit in self._lending_limits[accelerator]]

    def lender(self, nodes: Integers) -> Integers:
        """Return whose own nodes these are, `NO_GROUP` if they are levied."""
        lenders: Integers = self._lender[nodes]
        return lenders

    def exceeds(self, claim: Claim) -> bool:
        """Return whether a claim is for more than its member may borrow of this class."""
        return claim.milli_gpus > self.left(int(self._cycle.parts.member[claim.part]), claim.accelerator)

    def rooms(self, claim: Claim, option: Option) -> Rooms:
        """Return how many of the claim's workers each other lender with a limit still takes."""
        accelerator, member = claim.accelerator, int(self._cycle.parts.member[claim.part])
        milli_per_worker = claim.milli_gpus // option.workers
        rooms = {
            lender: max(0, limit - int(self._lent[lender, accelerator])) // milli_per_worker
            for lender, limit in self._lending_limits[accelerator]
            if lender != member
        }
        return Rooms(self._lender, rooms) if rooms else Rooms()
