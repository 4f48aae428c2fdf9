"""How much memory and energy was used of each GPU, by whom, and how busy it was, as counters that only grow.

In: from time to time, what each GPU does and whose its memory and its computing is. Out: since this process began,
MiB-seconds in use and milliseconds of computing, by attempt and in nobody's name, and millijoules. Time is the clock's
that does not jump. What was used while nobody looked is not made up: after a gap the counters go on from where they
were.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from hanse.agent.bindings import USERS_MAX, AttemptUse, GpuUse
from hanse.agent.node.attribution import NOBODY, Attributed
from hanse.agent.node.gpus import Sample
from hanse.evidence import splitting

GAP_SECONDS = 10.0
"""Longer between two looks, and it is not known what was used."""
NAMED_SECONDS = 10.0
"""For so long a GPU that goes on computing does so for those whom its driver named last: whom it names is chance."""
_MILLISECONDS_PER_PERCENT_SECOND = 10


@dataclass
class _Use:
    """What an attempt used of a GPU."""

    mib_seconds: float = 0.0
    busy_milliseconds: int = 0


@dataclass
class _Counter:
    looked_at: float
    sample: Sample
    attributed: Attributed
    mib_seconds: float = 0.0
    unattributed_mib_seconds: float = 0.0
    energy_millijoules: int | None = None
    busy_milliseconds: int | None = None
    unnamed_milliseconds: int = 0
    by_attempt: dict[UUID, _Use] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)
    named_at: float = 0.0

    def grow(self, at_seconds: float, sample: Sample) -> None:
        """Add what was used since the last look."""
        passed = at_seconds - self.looked_at
        self.mib_seconds += self.sample.used_mib * passed
        self.unattributed_mib_seconds += self.attributed.unattributed_mib * passed
        self.energy_millijoules = _grown(self, sample)
        for attempt, mib in self.attributed.mib_by_attempt.items():
            self._of(attempt).mib_seconds += mib * passed
        if sample.utilization_percent is not None:
            busy = round(sample.utilization_percent * passed * _MILLISECONDS_PER_PERCENT_SECOND)
            self.busy_milliseconds = (self.busy_milliseconds or 0) + busy
            self._share_out(busy, at_seconds)
        for attempt in list(self.by_attempt)[: max(0, len(self.by_attempt) - USERS_MAX)]:
            del self.by_attempt[attempt]

    def _share_out(self, busy: int, at_seconds: float) -> None:
        """Share out time in which the GPU computed: the GPU's figure says how long, those of processes whose."""
        if not self.named or at_seconds - self.named_at > NAMED_SECONDS:
            self.unnamed_milliseconds += busy
            return
        for who, part in splitting.largest_remainder(busy, self.named).items():
            if who != NOBODY:
                self._of(UUID(who)).busy_milliseconds += part

    def _of(self, attempt: UUID) -> _Use:
        # Whoever used something last comes last: the first ones have ended.
        use = self.by_attempt[attempt] = self.by_attempt.pop(attempt, _Use())
        return use


@dataclass
class Spending:
    """The counters of all GPUs, by index."""

    _counters: dict[int, _Counter] = field(default_factory=dict)

    def look(self, at_seconds: float, index: int, sample: Sample, attributed: Attributed) -> None:
        """Take note of what a GPU does from now on, and who has computed until now."""
        counter = self._counters.setdefault(index, _Counter(at_seconds, sample, attributed))
        if attributed.percent_by:
            counter.named, counter.named_at = attributed.percent_by, at_seconds
        if 0 < at_seconds - counter.looked_at <= GAP_SECONDS:
            counter.grow(at_seconds, sample)
        counter.looked_at, counter.sample, counter.attributed = at_seconds, sample, attributed

    def told(self) -> tuple[GpuUse, ...]:
        """Return what the cluster agent meters by."""
        return tuple(
            GpuUse(
                index=index,
                memory_mib_seconds=int(counter.mib_seconds),
                unattributed_mib_seconds=int(counter.unattributed_mib_seconds),
                energy_millijoules=counter.energy_millijoules,
                busy_milliseconds=counter.busy_milliseconds,
                unnamed_milliseconds=counter.unnamed_milliseconds,
                attempts=tuple(
                    AttemptUse(
                        attempt=attempt,
                        memory_mib_seconds=int(use.mib_seconds),
                        busy_milliseconds=use.busy_milliseconds,
                    )
                    for attempt, use in sorted(counter.by_attempt.items())
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
