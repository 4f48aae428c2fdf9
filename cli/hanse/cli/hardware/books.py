"""What the ledger has of the GPU: signed slots with memory and energy, beside what the driver said at the same time.

In: a pool whose jobs have ended, and what the driver was seen to say. Out: claims and figures; an export of the ledger
that is verified by its files alone.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from hanse.cli.demo.books import Books
from hanse.cli.hardware import jobs
from hanse.cli.hardware.jobs import Job, Jobs
from hanse.cli.hardware.machine import SAMPLE_SECONDS, Looked, Watch
from hanse.cli.hardware.report import Report
from hanse.evidence import slots
from hanse.evidence.slots import Segment, Slot

DIFFERENCE_MAX = 0.05
"""Of what the ledger has from what the driver said: both look each second or so, at other moments."""
GAP_SECONDS_MAX = 5.0
BESIDE_SECONDS_MAX = 25
"""For so long a worker has its slices without using the GPU, at most: while it starts, and after its end."""


class Ledger:
    """Compares the ledger with the driver, over the *own* jobs."""

    def __init__(self, report: Report, own: Jobs, watch: Watch) -> None:
        self._report, self._jobs, self._watch = report, own, watch
        self._stage = own.pool.stage

    def compare(self, done: Sequence[Job], pods: Mapping[str, str]) -> None:
        """Claim that slots have what each job used, and memory and energy as the driver has them.

        *pods* are the uids of the jobs' pods, by the jobs' names.

        Raises:
            StoryEndsError: the slots of the jobs do not come in.

        """
        attempts = {self._jobs.attempt(job): job for job in done}
        ended = {"now": 0}

        def all_in() -> tuple[bool, object]:
            rows = self._jobs.pool.hub.rows(_ENDED, attempts=list(attempts))
            ended["now"] = max((row.ended_at_seconds or 0 for row in rows), default=0)
            last = max((slot.end_seconds for slot in slots_of(self._jobs)), default=0)
            over = len(rows) == len(attempts) and all(row.ended_at_seconds for row in rows)
            return over and last > ended["now"], {"attempts": [row._asdict() for row in rows], "last": last}

        self._stage.until("the slots of all jobs are in the ledger", all_in)
        found = slots_of(self._jobs)
        for attempt, job in attempts.items():
            self._of(attempt, job, pods[job.name], [segment for slot in found for segment in slot.segments])
        self._beside_driver(found)

    def verify(self) -> None:
        """Close the hour in a copy, export it, and verify the export; and have a copy that was changed refused."""
        books = Books(self._stage, self._jobs.pool.hub)
        address, hours = books.close()
        books.audit(address, hours[-1])

    def _of(self, attempt: UUID, job: Job, pod: str, segments: Sequence[Segment]) -> None:
        """Compare the time, share and memory of one job with what the driver showed of its pod."""
        looked, who = self._watch.looked, str(attempt)
        own = [segment for segment in segments if who in dict(segment.shares)]
        seconds = sum(segment.length_seconds for segment in own)
        seen = sum(1 for each in looked if jobs.memory_of(pod, each)) * SAMPLE_SECONDS
        shares = sorted({dict(segment.shares)[who] for segment in own})
        ledger_mib = sum(dict(segment.memory_by or ()).get(who, 0) for segment in own)
        driver_mib = integral(looked, looked[0].at, looked[-1].at, lambda each: jobs.memory_of(pod, each))
        figures = {
            "seconds": seconds, "secondsSeen": round(seen), "sharesThousandths": shares, "segments": len(own),
            "withMemoryByAttempt": sum(segment.memory_by is not None for segment in own),
            "memoryMiBSeconds": {"ledger": ledger_mib, "driver": round(driver_mib)},
        }  # fmt: skip
        self._report.figure(f"{job.name}: ledger", figures)
        # A worker has its slices a while before its program uses the GPU, and after.
        self._stage.claim(f"{job.name}: the slots have all its seconds, and hardly more",
                          holds=seen <= seconds <= seen + BESIDE_SECONDS_MAX * self._report.patience,
                          found=figures)  # fmt: skip
        part = job.guaranteed_mib / self._jobs.pool.gpu.memory_mib * slots.WHOLE_MILLI_GPUS
        # Of the GPU some is given to nobody, so that a share is a little more than its part of all memory.
        self._stage.claim(f"{job.name}: its share in the slots is the part of the GPU that is guaranteed to it",
                          holds=len(shares) == 1 and part <= shares[0] <= part * (1 + DIFFERENCE_MAX),
                          found=figures)  # fmt: skip
        self._stage.claim(f"{job.name}: its memory in the slots is what the driver has shown of its process",
                          holds=_alike(ledger_mib, driver_mib), found=figures)  # fmt: skip

    def _beside_driver(self, found: Sequence[Slot]) -> None:
        """Compare energy, memory and computing time of slots with what the driver said meanwhile."""
        looked = [each for each in self._watch.looked if each.sample.energy_millijoules is not None]
        watched = [slot for slot in found if looked and looked[0].at < slot.start_seconds
                   and slot.end_seconds < looked[-1].at]  # fmt: skip
        measured = [slot for slot in watched if all(each.energy_millijoules is not None for each in slot.segments)]
        segments = [segment for slot in measured for segment in slot.segments]

        def over(value: Callable[[Looked], float]) -> float:
            return sum(integral(looked, slot.start_seconds, slot.end_seconds, value) for slot in measured)

        both = {
            "energyJoules": (sum(each.energy_millijoules or 0 for each in segments) / 1000,
                             sum(energy(looked, slot.start_seconds, slot.end_seconds) for slot in measured) / 1000),
            "memoryMiBSeconds": (sum(each.memory_mib_seconds or 0 for each in segments),
                                 over(lambda each: each.sample.used_mib)),
            "busySeconds": (sum(each.busy_milliseconds or 0 for each in segments) / 1000,
                            over(lambda each: (each.sample.utilization_percent or 0) / 100)),
        }  # fmt: skip
        figures = {
            "slots": len(found), "watched": len(watched),
            "withEnergy": len(measured),
            **{name: {"ledger": round(one), "driver": round(other)} for name, (one, other) in both.items()},
        }  # fmt: skip
        self._report.figure("the ledger beside the driver", figures)
        # The first may have begun before the node agent had said anything.
        self._stage.claim("the driver was watched through all slots, and all but the first have energy",
                          holds=found == watched and watched[1:] == [each for each in measured if each != watched[0]],
                          found=figures)  # fmt: skip
        for name, what, most in (
            ("energyJoules", "energy is what the driver has counted, within a twentieth", DIFFERENCE_MAX),
            ("memoryMiBSeconds", "memory is what the driver has shown, within a twentieth", DIFFERENCE_MAX),
            # There is no counter of it: a look says it of the moment alone.
            ("busySeconds", "computing time is what the driver has shown, within a tenth", 2 * DIFFERENCE_MAX),
        ):
            self._stage.claim(f"the slots' {what}", holds=_alike(*both[name], most), found=figures)


def slots_of(own: Jobs) -> list[Slot]:
    """Return all slots that the ledger has."""
    rows = own.pool.hub.rows("SELECT body FROM ledger.slot ORDER BY start_seconds")
    return [slots.decode(bytes(row.body)) for row in rows]


def energy(looked: Sequence[Looked], start: float, end: float) -> float:
    """Return by how much the driver's counter has grown between two moments, in millijoules."""
    return _at(looked, end) - _at(looked, start)


def integral(looked: Sequence[Looked], start: float, end: float, value: Callable[[Looked], float]) -> float:
    """Return the sum over the seconds between two moments of what each look says."""
    total = 0.0
    for one, other in itertools.pairwise(looked):
        begin, until = max(start, one.at), min(end, other.at)
        if begin < until and other.at - one.at < GAP_SECONDS_MAX:
            total += value(one) * (until - begin)
    return total


def _at(looked: Sequence[Looked], moment: float) -> float:
    """Return the energy counter at a moment between two looks, on the straight line from one to the other."""
    for one, other in itertools.pairwise(looked):
        if one.at <= moment <= other.at:
            low, high = one.sample.energy_millijoules or 0, other.sample.energy_millijoules or 0
            return low + (high - low) * (moment - one.at) / max(other.at - one.at, 1e-9)
    return float(looked[-1].sample.energy_millijoules or 0)


def _alike(one: float, other: float, most: float = DIFFERENCE_MAX) -> bool:
    return other > 0 and abs(one - other) <= most * other


_ENDED = "SELECT id, state, ended_at_seconds FROM ledger.attempt WHERE id = ANY (:attempts)"
