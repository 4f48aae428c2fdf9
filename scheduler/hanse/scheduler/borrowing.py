"""Step 2: jobs that borrow what is idle. No gang is stopped for them; elastic ones give up workers beyond their cores.

In: a cycle after step 1, the classes that still wait, what limits and reservations leave. Out: admissions. The member
with the least share of borrowing goes next (`hanse.quota.shares`), ties by name; of its jobs the highest tier's, then
the oldest. The first of a class that cannot start may be kept places, which those after it leave alone; then the class
is done with, since nothing that it needs can gain in this step.
"""

import heapq

import numpy as np

from hanse.quota import shares, units
from hanse.scheduler import placing
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.limits import Limits
from hanse.scheduler.parts import BORROWED
from hanse.scheduler.pool import Option, Rung
from hanse.scheduler.reserving import Reserving
from hanse.scheduler.waiting import JobClass, Waiting


class Borrowing:
    """The queues of step 2."""

    def __init__(self, cycle: Cycle, waiting: Waiting, limits: Limits, reserving: Reserving) -> None:
        self._cycle, self._waiting, self._limits, self._reserving = cycle, waiting, limits, reserving
        self._full: set[tuple[int, int, int]] = set()
        self._rooms: dict[tuple[int, bytes], int] = {}

    def run(self) -> None:
        """Admit, one job at a time, until every class has failed once or is empty."""
        queues: dict[int, list[tuple[int, int, JobClass]]] = {}
        for job_class in self._waiting.classes():
            self._put(queues, job_class)
        share_of = {member: self.share(member) for member in sorted(queues)}
        while share_of:
            member = min(share_of, key=share_of.__getitem__)
            # As long as nobody borrows, the same member is next.
            while queues[member]:
                _, _, job_class = heapq.heappop(queues[member])
                if self._admit(job_class):
                    self._put(queues, job_class)
                    share_of[member] = self.share(member)
                    break
                self._reserving.reserve(job_class)
            if not queues[member]:
                del share_of[member]

    def _put(self, queues: dict[int, list[tuple[int, int, JobClass]]], job_class: JobClass) -> None:
        if job_class.ages:
            turn = (-job_class.tier_rank, job_class.oldest, job_class)
            heapq.heappush(queues.setdefault(job_class.member, []), turn)

    def share(self, member: int) -> shares.Share:
        """Return a member's place among those who borrow."""
        catalogue = self._cycle.catalogue
        milli = self._limits.borrowed[member].tolist()
        borrowed = sum(each * raw for each, raw in zip(milli, catalogue.raw, strict=True)) // units.MILLI
        entitled, debit = self._cycle.ground.raw_entitled(member), catalogue.members[member].debit
        return shares.share(catalogue.terms, entitled, borrowed, debit)

    def _admit(self, job_class: JobClass) -> bool:
        choices = [each for index, each in enumerate(job_class.choices) if not self._is_full(job_class, index)]
        if not choices:
            return False
        part = self._waiting.part(job_class)
        hold = self._reserving.before_start(part)
        has_started = self._start(part, job_class, choices)
        self._reserving.after(part, hold, has_started=has_started)
        return has_started

    def _start(self, part: int, job_class: JobClass, choices: list[tuple[Option, int]]) -> bool:
        kept = self._reserving.window(part)
        for option, accelerator in choices:
            claim = self._cycle.claim(part, option, accelerator, Rung.BORROW, BORROWED)
            if self._limits.exceeds(claim):
                continue
            ask = self._cycle.ask(claim, option, self._limits.rooms(claim, option), kept)
            if self._cycle.admit(ask, may_stop=self._cycle.has_extras(accelerator)):
                self._waiting.started(job_class)
                self._limits.add(np.array([part]))
                return True
        return False

    def _is_full(self, job_class: JobClass, index: int) -> bool:
        """Return whether there is no place on one of a class's options even without limits and reservations.

        Nor will there be, and the same is true for all of its member's that ask for the same: that is remembered.
        """
        cycle, key = self._cycle, (job_class.member, job_class.shape, index)
        if key not in self._full:
            option, accelerator = job_class.choices[index]
            if cycle.has_extras(accelerator):
                return False
            claim = cycle.claim(self._waiting.part(job_class), option, accelerator, Rung.BORROW, BORROWED)
            if option.workers <= self._room(job_class.shape, accelerator) and placing.has_idle(
                cycle.ask(claim, option), cycle.capacity
            ):
                return False
            self._full.add(key)
        return True

    def _room(self, shape: int, accelerator: int) -> int:
        """Return how many workers one cluster could take at most, whoever's nodes they were and whoever asks.

        It is looked at once: as long as no worker beyond a core leaves, nothing gains in this step.
        """
        cycle = self._cycle
        if cycle.snapshot.shapes[shape].slices:
            return UNLIMITED
        demand = cycle.parts.holdings.demand_of[:, shape]
        key = accelerator, demand.tobytes()
        if key not in self._rooms:
            clusters = cycle.ground.nodes_of_class(accelerator)
            self._rooms[key] = max((cycle.capacity.bound(nodes, demand) for _, nodes in clusters), default=0)
        return self._rooms[key]
