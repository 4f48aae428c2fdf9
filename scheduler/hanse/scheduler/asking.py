"""What-if: what the next plan would do with a job that is not there.

In: a snapshot, and the record of a job. Out: its admission or why it would wait, and figures that its owner may be
told. The production planner decides, on a snapshot of its own that is thrown away: nothing that anybody else holds
changes. The other decisions of that plan are nobody's business and are not returned.

Who would be stopped is counted. Others' jobs only where they run in a cluster of the asking member's own, as it hosts
their pods and can count those itself; elsewhere the number would tell what a rival runs there, and how large it is. The
same holds for whether anybody has to leave first.
"""

from dataclasses import dataclass

import numpy as np

from hanse.quota import charge, units
from hanse.scheduler import columns
from hanse.scheduler.decisions import Admit
from hanse.scheduler.deltas import Delta
from hanse.scheduler.planner import Planner
from hanse.scheduler.records import Job
from hanse.scheduler.snapshot import Snapshot

UID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""The greatest there is: of two jobs of one second the smaller uid comes first, and who only asks comes last."""


@dataclass(frozen=True, slots=True)
class Victims:
    """Attempts that would be stopped: its own member's, and others', None where that may not be told."""

    own: int
    others: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the plan would do; the class is the one that a reason is about, `rate` the most the job would be charged."""

    accelerator: str
    gpus: int
    rate: units.MilliH100e


@dataclass(frozen=True, slots=True)
class Waits(Outcome):
    """It would wait, as the `row` explains."""

    row: np.void


@dataclass(frozen=True, slots=True)
class Starts(Outcome):
    """It would be admitted. `is_free_now` says whether nobody has to leave first, None where that may not be told."""

    admit: Admit
    victims: Victims
    is_free_now: bool | None


def asked(snapshot: Snapshot, job: Job) -> Starts | Waits:
    """Return what would become of *job*, which is not in *snapshot* nor suspended, if it came now.

    Raises:
        SnapshotError: the job names what the pool does not have.

    """
    planner = Planner(snapshot)
    planner.apply(Delta(as_of=snapshot.as_of, jobs=(job,)))
    decided = planner.plan()
    rows = decided.explanations[decided.explanations["uid"] == job.uid]
    if len(rows):
        return _waits(snapshot, job, rows[0])
    admits = (each for each in decided.decisions if isinstance(each, Admit))
    (admit,) = (each for each in admits if each.attempt.job == job.uid)
    return _starts(snapshot, job, admit)


def last(snapshot: Snapshot) -> int:
    """Return a second at which nobody of the snapshot comes after somebody who comes now."""
    return max(snapshot.as_of, int(snapshot.jobs["submitted"].max(initial=0)))


def _waits(snapshot: Snapshot, job: Job, row: np.void) -> Waits:
    catalogue, name, gpus = snapshot.catalogue, str(row["accelerator"]), int(row["asked_gpus"])
    rate = 0
    if name in catalogue.accelerator:
        index = catalogue.accelerator[name]
        rate = catalogue.gpu_rate(index, job.shape.precision, catalogue.tier[job.tier])
        rate = charge.rate(rate, _milli_gpus_limit(snapshot, job, index, gpus))
    return Waits(name, gpus, rate, row)


def _milli_gpus_limit(snapshot: Snapshot, job: Job, accelerator: int, gpus: int) -> units.MilliGpu:
    """Return the most that so many GPUs, of whole workers, may be charged as."""
    return gpus // job.shape.gpus_per_worker * snapshot.catalogue.milli_gpus_limit(accelerator, job.shape)


def _starts(snapshot: Snapshot, job: Job, admit: Admit) -> Starts:
    catalogue = snapshot.catalogue
    member = catalogue.member_of[catalogue.organisation[job.organisation]]
    is_own = any(
        each.cluster == admit.cluster and each.member == catalogue.members[member].name
        for each in catalogue.contributions
    )
    victims = columns.find(snapshot.jobs["uid"], [stop.attempt.job for stop in admit.stops])
    organisations = snapshot.jobs["organisation"][victims].tolist()
    own = sum(catalogue.member_of[each] == member for each in organisations)
    gpus = sum(placed.gpus.bit_count() for placed in admit.placed)
    milli = _milli_gpus_limit(snapshot, job, catalogue.accelerator[admit.accelerator], gpus)
    return Starts(
        admit.accelerator, gpus, charge.rate(admit.gpu_rate, milli), admit,
        Victims(own, len(victims) - own if is_own else None),
        not (admit.stops or admit.awaits or admit.awaits_workers) if is_own else None,
    )  # fmt: skip
