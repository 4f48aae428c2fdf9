"""Relief: how much entitlement those use who must yield it to others.

In: live parts, as `accounts` charges them and takes them off. Out: sums, by member, kind of part (see `ladders`) and
class, so that a question costs as many steps as there are kinds, however many parts run. It charges nothing itself.
Next: `ceilings`.
"""

import numpy as np

from hanse.quota import units
from hanse.scheduler.columns import Integers
from hanse.scheduler.ladders import Kind, Ladders
from hanse.scheduler.parts import BORROWED, Parts
from hanse.scheduler.pool import Rung

_HOME, _EXCHANGE = Rung.HOME, Rung.EXCHANGE


class Sums:
    """Milli-GPUs of a member's kinds that run, stand on levied nodes at HOME, or are given for, by kind and class.

    `has_given` is false as long as nobody of the member ran on exchange in this plan.
    """

    def __init__(self, kinds: int, classes: int) -> None:
        self.running, self.levied, self.given = np.zeros((3, kinds, classes), dtype=np.int64)
        self.has_given = False

    def widen(self) -> None:
        """Make room for twice as many kinds."""
        self.running, self.levied, self.given = (
            np.concatenate([each, np.zeros_like(each)]) for each in (self.running, self.levied, self.given)
        )


class Relief:
    """Sums by member."""

    def __init__(self, ladders: list[Ladders], classes: int, parts: Parts, as_of: int) -> None:
        self.ladders, self._parts, self._as_of = ladders, parts, as_of
        self._sums = [Sums(each.yields.shape[1], classes) for each in ladders]

    def load(self, live: Integers) -> None:
        """Count many parts at once, as `note` does one by one."""
        parts = self._parts
        covered = live[parts.cover[live] > BORROWED]
        if not len(covered):
            return
        columns = (
            parts.member, parts.accelerator, parts.leaf, parts.tier, parts.rung, parts.cover,
        )  # fmt: skip
        is_protected = (parts.run_until_min[covered] > self._as_of).astype(np.int64)
        alike = np.stack([*(each[covered] for each in columns), is_protected])
        order = np.lexsort(alike)
        alike, covered = alike[:, order], covered[order]
        starts = np.flatnonzero((np.diff(alike, axis=1, prepend=-1) != 0).any(axis=0))
        running = np.add.reduceat(parts.milli_gpus[covered], starts)
        levied = np.add.reduceat(parts.milli_levied[covered], starts)
        for first, all_running, all_levied in zip(starts.tolist(), running.tolist(), levied.tolist(), strict=True):
            self._count(int(covered[first]), all_running, all_levied)
        for part in parts.donors:
            self._count_given(part, +1)

    def note(self, part: int, sign: int) -> None:
        """Count a live part under its label, or with *sign* -1 count it no longer."""
        if self._parts.cover[part] > BORROWED:
            self._count(part, sign * int(self._parts.milli_gpus[part]), sign * int(self._parts.milli_levied[part]))
        if part in self._parts.donors:
            self._count_given(part, sign)

    def of(self, member: int) -> Sums:
        """Return a member's sums, by kind; there may be rows for kinds that are not there yet."""
        return self._sums[member]

    def _count(self, part: int, running: units.MilliGpu, levied: units.MilliGpu) -> None:
        parts, rung = self._parts, int(self._parts.rung[part])
        member, accelerator = int(parts.member[part]), int(parts.accelerator[part])
        kind = self._kind(member, part)
        sums = self._sums[member]
        # What exchanges uses its donors' entitlement and none of its own class.
        if rung != _EXCHANGE:
            sums.running[kind, accelerator] += running
        if rung == _HOME:
            sums.levied[kind, accelerator] += levied

    def _count_given(self, part: int, sign: int) -> None:
        member = int(self._parts.member[part])
        kind = self._kind(member, part)
        self._sums[member].has_given = True
        for accelerator, milli in self._parts.donors[part]:
            self._sums[member].given[kind, accelerator] += sign * milli

    def _kind(self, member: int, part: int) -> int:
        """Return the row of a part's kind, which is its column in its member's ladders."""
        parts = self._parts
        kind = self.ladders[member].column(
            Kind(
                int(parts.leaf[part]), int(parts.tier[part]), int(parts.rung[part]), int(parts.cover[part]),
                bool(parts.run_until_min[part] > self._as_of),
            )
        )  # fmt: skip
        if kind >= len(self._sums[member].running):
            self._sums[member].widen()
        return kind
