"""How much memory and energy was used of each GPU, by whom, and how busy it was, as counters that only grow.

In: from time to time, what each GPU does and whose its memory is. Out: since this process began, MiB-seconds in use, by
attempt and in nobody's name, millijoules, and milliseconds of computing. Time is the clock's that does not jump. What
was used while nobody looked is not made up: after a gap the counters go on from where they were.
"""

from dataclasses import dataclass, field
from uuid import UUID

from hanse.agent.bindings import USERS_MAX, AttemptUse, GpuUse
from hanse.agent.node.attribution import Attributed
from hanse.agent.node.gpus import Sample

GAP_SECONDS = 10.0
"""Longer between two looks, and it is not known what was used."""
_MILLISECONDS_PER_PERCENT_SECOND = 10


@dataclass
class _Counter:
    looked_at: float
    sample: Sample
    attributed: Attributed
    mib_seconds: float = 0.0
    unattributed_mib_seconds: float = 0.0
    energy_millijoules: int | None = None
    busy_milliseconds: float | None = None
    by_attempt: dict[UUID, float] = field(default_factory=dict)

    def grow(self, passed: float, sample: Sample) -> None:
        """Add what was used since the last look, for so many seconds."""
        self.mib_seconds += self.sample.used_mib * passed
        self.unattributed_mib_seconds += self.attributed.unattributed_mib * passed
        self.energy_millijoules = _grown(self, sample)
        if self.sample.utilization_percent is not None:
            busy = self.sample.utilization_percent * passed * _MILLISECONDS_PER_PERCENT_SECOND
            self.busy_milliseconds = (self.busy_milliseconds or 0.0) + busy
        for attempt, mib in self.attributed.mib_by_attempt.items():
            # Whoever used something last comes last: the first ones have ended.
            self.by_attempt[attempt] = self.by_attempt.pop(attempt, 0.0) + mib * passed
        for attempt in list(self.by_attempt)[: max(0, len(self.by_attempt) - USERS_MAX)]:
            del self.by_attempt[attempt]


@dataclass
class Spending:
    """The counters of all GPUs, by index."""

    _counters: dict[int, _Counter] = field(default_factory=dict)

    def look(self, at_seconds: float, index: int, sample: Sample, attributed: Attributed) -> None:
        """Take note of what a GPU does from now on."""
        counter = self._counters.setdefault(index, _Counter(at_seconds, sample, attributed))
        passed = at_seconds - counter.looked_at
        if 0 < passed <= GAP_SECONDS:
            counter.grow(passed, sample)
        counter.looked_at, counter.sample, counter.attributed = at_seconds, sample, attributed

    def told(self) -> tuple[GpuUse, ...]:
        """Return what the cluster agent meters by."""
        return tuple(
            GpuUse(
                index=index,
                memory_mib_seconds=int(counter.mib_seconds),
                unattributed_mib_seconds=int(counter.unattributed_mib_seconds),
                energy_millijoules=counter.energy_millijoules,
                busy_milliseconds=None if counter.busy_milliseconds is None else int(counter.busy_milliseconds),
                attempts=tuple(
                    AttemptUse(attempt=attempt, memory_mib_seconds=int(mib_seconds))
                    for attempt, mib_seconds in sorted(counter.by_attempt.items())
                ),
            )
            for index, counter in sorted(self._counters.items())
        )


def _grown(counter: _Counter, sample: Sample) -> int | None:
    """Return the energy counter after a look; a driver that began anew counts from zero, which is no use."""
    before, now = counter.sample.energy_millijoules, sample.energy_millijoules
    if before is None or now is None:
        return counter.energy_millijoules
    return (counter.energy_millijoules or 0) + max(0, now - before)
