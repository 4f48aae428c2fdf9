"""For whom the GPU computed: what the driver says of processes, beside what it says of the GPU, and what slots have.

In: two jobs that trained on one GPU at once, and what the driver was seen to say; the ledger's slots. Out: claims and
figures. The driver draws samples, of which each names one process: figures of processes are compared with a tolerance.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from hanse.cli.hardware import books
from hanse.cli.hardware.jobs import Job, Jobs
from hanse.cli.hardware.machine import Looked, Watch
from hanse.cli.hardware.report import Report
from hanse.evidence.slots import Segment
from hanse.ledger import metering

WHOLE_DIFFERENCE_MAX = 0.15
"""Of what processes computed together from what the GPU did: some samples name nobody, and percents are rounded."""
PART_DIFFERENCE_MAX = 0.1
"""Of a job's part of what both computed: 400 samples, each of one of two, are off by a twentieth once in twenty."""
FROM_SHARES_MIN = 2 * PART_DIFFERENCE_MAX
"""The driver's parts are so far from those by shares that these could not pass for them."""
GAP_SECONDS_MAX = 5.0
COMPARED_SECONDS_MIN = 10


@dataclass
class Named:
    """For how long pods computed, by the driver's samples, and for how long the GPU did in the same stretches."""

    pods: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    gpu: float = 0.0
    seconds: float = 0.0


class Computed:
    """Compares computing time of the *own* jobs."""

    def __init__(self, report: Report, own: Jobs, watch: Watch) -> None:
        self._report, self._jobs, self._watch, self._stage = report, own, watch, own.pool.stage

    def compare(self, done: Sequence[Job], pods: Mapping[str, str]) -> None:
        """Claim that processes add up to the GPU, and that slots have each job's part; *pods* are uids by jobs."""
        attempts = {str(self._jobs.attempt(job)): pods[job.name] for job in done}
        looked = [each for each in self._watch.looked if {*pods.values()} <= {*each.pods.values()}]
        raw = named(looked)
        both = sum(raw.pods[pod] for pod in pods.values())
        segments = [segment for slot in books.slots_of(self._jobs) for segment in slot.segments
                    if {*attempts} <= {who for who, _ in segment.shares}]  # fmt: skip
        said = [segment for segment in segments if segment.busy_by is not None]
        busy_by = {who: sum(dict(each.busy_by or ()).get(who, 0) for each in said) for who in attempts}
        busy = sum(each.busy_milliseconds or 0 for each in said)
        together = sum(busy_by.values())
        parts = {pod: (round(busy_by[who] / max(together, 1), 3), round(raw.pods[pod] / max(both, 1e-9), 3))
                 for who, pod in attempts.items()}  # fmt: skip
        shares = by_shares(attempts, said)
        figures = {
            "secondsCompared": round(raw.seconds, 1), "gpuSeconds": round(raw.gpu, 2),
            "podsSeconds": {pod: round(seconds, 2) for pod, seconds in raw.pods.items()},
            "segments": len(segments), "segmentsByAttempt": len(said), "slotsBusyMilliseconds": busy,
            "slotsBusyMillisecondsBy": busy_by, "partsInSlotsAndByDriver": parts,
            "partsByShares": {pod: round(shares[who], 3) for who, pod in attempts.items()},
            "energyMillijoules": {who: energy_of(who, said) for who in attempts},
            "energyMillijoulesOfAll": sum(each.energy_millijoules or 0 for each in said),
        }  # fmt: skip
        self._report.figure("computing by process", figures)
        self._stage.claim("what both jobs' processes computed adds up to what the GPU did by the driver, within 15 %",
                          holds=raw.seconds >= COMPARED_SECONDS_MIN
                          and abs(both - raw.gpu) <= WHOLE_DIFFERENCE_MAX * raw.gpu,
                          found=figures)  # fmt: skip
        self._stage.claim("the slots of both jobs' time say for whom the GPU computed: 85 % or more was for them",
                          holds=busy > 0 and len(said) * 2 > len(segments)
                          and busy * (1 - WHOLE_DIFFERENCE_MAX) <= together <= busy,
                          found=figures)  # fmt: skip
        self._stage.claim("each job's part of it in the slots is that by the driver's samples, within a tenth of all, "
                          "and that is at least a fifth from what its share would say",
                          holds=both > 0 and follows_driver(parts, {attempts[who]: shares[who] for who in attempts}),
                          found=figures)  # fmt: skip


def by_shares(attempts: Collection[str], segments: Sequence[Segment]) -> dict[str, float]:
    """Return each attempt's part of what all of them computed, if it went by their shares."""
    weights = {
        who: sum(dict(each.shares)[who] * (each.busy_milliseconds or 0) for each in segments) for who in attempts
    }
    return {who: weight / max(1, sum(weights.values())) for who, weight in weights.items()}


def follows_driver(parts: Mapping[str, tuple[float, float]], shares: Mapping[str, float]) -> bool:
    """Whether parts (by slots, by driver) agree, and the driver's are none that shares would do for as well."""
    return all(
        abs(by_slots - by_driver) <= PART_DIFFERENCE_MAX and abs(shares[who] - by_driver) >= FROM_SHARES_MIN
        for who, (by_slots, by_driver) in parts.items()
    )


def named(looked: Sequence[Looked]) -> Named:
    """Add up, from each look at which somebody was named to the next, what each pod computed, and what the GPU did.

    What the driver says of processes is about the time since it named somebody last.

    """
    found, last = Named(), None
    for number, each in enumerate(looked):
        if not each.sample.computing:
            continue
        if last is not None and each.at - looked[last].at <= GAP_SECONDS_MAX:
            span = each.at - looked[last].at
            found.seconds += span
            for one in each.sample.computing:
                found.pods[each.pods.get(one.pid, "")] += one.percent / 100 * span
            for before, after in zip(looked[last:number], looked[last + 1 : number + 1], strict=True):
                found.gpu += (after.sample.utilization_percent or 0) / 100 * (after.at - before.at)
        last = number
    return found


def energy_of(who: str, segments: Sequence[Segment]) -> int:
    """Return the energy that the ledger gives an attempt of some segments."""
    return sum(
        metering.energy_part(each, each.energy_millijoules, who, dict(each.shares)[who])
        for each in segments
        if each.energy_millijoules is not None
    )
