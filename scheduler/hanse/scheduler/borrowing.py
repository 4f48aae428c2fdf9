"""Step 2: jobs that borrow what is idle. Nobody is stopped for them.

In: a cycle after step 1, and the classes that still wait. Out: admissions. The member with the least share of borrowing
goes next (`hanse.quota.shares`), ties by name; of its jobs the highest tier's, then the oldest. Two limits hold besides
caps: how much a member may borrow of a class, and how much of a class others may borrow on a lender's own
nodes. A class of jobs that fails is done with, since nothing that it needs can gain in this step.
"""

import heapq

import numpy as np

from hanse.quota import shares, units
from hanse.scheduler.accounts import BORROWED
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.columns import Integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.placing import NO_GROUP, Rooms
from hanse.scheduler.pool import Option, Rung
from hanse.scheduler.rules import Claim
from hanse.scheduler.waiting import JobClass, Waiting


class Borrowing:
    """What is borrowed by whom and lent by whom, by member and class, in milli-GPUs; it is kept up to date."""

    def __init__(self, cycle: Cycle, waiting: Waiting) -> None:
        self._cycle, self._waiting = cycle, waiting
        size = (len(cycle.catalogue.members), len(cycle.catalogue.accelerators))
        self.borrowed = np.zeros(size, dtype=np.int64)
        self.lent = np.zeros(size, dtype=np.int64)
        limits = cycle.catalogue.lending_limit
        self._lending_limits = [
            [(lender, row[each]) for lender, row in enumerate(limits) if row[each] < UNLIMITED]
            for each in range(len(cycle.catalogue.accelerators))
        ]
        # The members' own unlevied nodes are the groups on which lending is limited.
        self._lender = np.where(cycle.ground.levied, NO_GROUP, cycle.ground.owner)
        self._add(np.flatnonzero(cycle.parts.live & (cycle.parts.rung == Rung.BORROW)))

    def _add(self, borrowers: Integers) -> None:
        parts, held = self._cycle.parts, self._cycle.parts.holdings
        np.add.at(self.borrowed, (parts.member[borrowers], parts.accelerator[borrowers]), parts.milli_gpus[borrowers])
        rows = held.rows(borrowers)
        part, lender = held.part[rows], self._lender[held.node[rows]]
        milli = held.workers[rows] * held.demand_of[0, parts.shape[part]] * units.MILLI
        by_others = (lender != NO_GROUP) & (lender != parts.member[part])
        np.add.at(self.lent, (lender[by_others], parts.accelerator[part][by_others]), milli[by_others])

    def run(self) -> None:
        """Admit, one job at a time, until every class has failed once or is empty."""
        queues: dict[int, list[tuple[int, int, JobClass]]] = {}
        for job_class in self._waiting.classes():
            self._put(queues, job_class)
        share_of = {member: self._share(member) for member in sorted(queues)}
        while share_of:
            member = min(share_of, key=share_of.__getitem__)
            # As long as nobody borrows, the same member is next.
            while queues[member]:
                _, _, job_class = heapq.heappop(queues[member])
                if self._admit(job_class):
                    self._put(queues, job_class)
                    share_of[member] = self._share(member)
                    break
            if not queues[member]:
                del share_of[member]

    def _put(self, queues: dict[int, list[tuple[int, int, JobClass]]], job_class: JobClass) -> None:
        if job_class.ages:
            turn = (-job_class.tier_rank, job_class.oldest, job_class)
            heapq.heappush(queues.setdefault(job_class.member, []), turn)

    def _share(self, member: int) -> shares.Share:
        catalogue = self._cycle.catalogue
        milli = self.borrowed[member].tolist()
        borrowed = sum(each * raw for each, raw in zip(milli, catalogue.raw, strict=True)) // units.MILLI
        entitled, debit = self._cycle.ground.raw_entitled(member), catalogue.members[member].debit
        return shares.share(catalogue.terms, entitled, borrowed, debit)

    def _admit(self, job_class: JobClass) -> bool:
        part = self._waiting.part(job_class)
        for option, accelerator in job_class.choices:
            claim = self._cycle.claim(part, option, accelerator, Rung.BORROW, BORROWED)
            if self.exceeds_limit(claim):
                continue
            if self._cycle.admit(self._cycle.ask(claim, option, self.rooms(claim, option)), may_stop=False):
                self._waiting.started(job_class)
                self._add(np.array([part]))
                return True
        return False

    def limit_left(self, member: int, accelerator: int) -> units.MilliGpu:
        """Return how much more of a class a member may borrow; at least `UNLIMITED` / 2 if nothing limits it."""
        return self._cycle.catalogue.borrowing_limit[member][accelerator] - int(self.borrowed[member, accelerator])

    def exceeds_limit(self, claim: Claim) -> bool:
        """Return whether a claim is for more than its member may borrow of this class."""
        return claim.milli_gpus > self.limit_left(int(self._cycle.parts.member[claim.part]), claim.accelerator)

    def rooms(self, claim: Claim, option: Option) -> Rooms:
        """Return how many of the claim's workers each other lender with a limit still takes."""
        accelerator, member = claim.accelerator, int(self._cycle.parts.member[claim.part])
        milli_per_worker = claim.milli_gpus // option.workers
        rooms = {
            lender: max(0, limit - int(self.lent[lender, accelerator])) // milli_per_worker
            for lender, limit in self._lending_limits[accelerator]
            if lender != member
        }
        return Rooms(self._lender, rooms) if rooms else Rooms()
