"""Plans: the order of a cycle's steps, and a planner that keeps what has not changed since its last one.

In: a snapshot, or deltas to the one before. Out: a plan. `plan` is a pure function; `Planner` is the same function
with a memory, and says the same to the byte. What it remembers is a function of parts of the snapshot that are still
the very same objects, so nothing can be remembered wrongly.
"""

from hanse.scheduler import running
from hanse.scheduler.applying import apply
from hanse.scheduler.borrowing import Borrowing
from hanse.scheduler.covered import Covered
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import Plan
from hanse.scheduler.deltas import Delta, changed
from hanse.scheduler.explaining import Explaining
from hanse.scheduler.ground import Ground
from hanse.scheduler.growing import Growing
from hanse.scheduler.limits import Limits
from hanse.scheduler.reserving import Reserving
from hanse.scheduler.snapshot import Snapshot
from hanse.scheduler.waiting import Waiting


def plan(snapshot: Snapshot) -> Plan:
    """Return what is to be done now, in order, and why each waiting job waits."""
    return _plan(snapshot, Ground(snapshot.catalogue, snapshot.nodes))


def _plan(snapshot: Snapshot, ground: Ground) -> Plan:
    cycle = Cycle(snapshot, ground)
    running.fund(cycle)
    running.shrink(cycle)
    running.rise(cycle)
    waiting = Waiting(cycle)
    Covered(cycle, waiting).run()
    limits = Limits(cycle)
    reserving = Reserving(cycle, waiting, limits)
    borrowing = Borrowing(cycle, waiting, limits, reserving)
    borrowing.run()
    reserving.decide()
    explanations = Explaining(cycle, waiting, limits, reserving).table()
    Growing(cycle, limits, reserving, borrowing).run()
    return Plan(snapshot.as_of, tuple(cycle.decisions), explanations)


class Planner:
    """Follows a pool: `apply` what happened, `plan`, and `commit` the plan once it is recorded."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._ground = Ground(snapshot.catalogue, snapshot.nodes)

    def apply(self, delta: Delta) -> None:
        """Take up what happened outside."""
        self._follow(changed(self.snapshot, delta))

    def commit(self, committed: Plan) -> None:
        """Take up a plan of this snapshot that is recorded."""
        self._follow(apply(self.snapshot, committed))

    def plan(self) -> Plan:
        """Return the plan of the snapshot as it is now; it changes nothing until it is committed."""
        return _plan(self.snapshot, self._ground)

    def _follow(self, snapshot: Snapshot) -> None:
        is_same = snapshot.catalogue is self.snapshot.catalogue and snapshot.nodes is self.snapshot.nodes
        self.snapshot = snapshot
        if not is_same:
            self._ground = Ground(snapshot.catalogue, snapshot.nodes, self._ground)
