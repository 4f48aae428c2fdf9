"""Statuses: what the owner of a job is told, as a function of what is known.

In: a job, its live attempt, its past, why it waits. Out: the whole status of the TrainingJob, and whether it is worth a
write: only a changed phase, reason or place is. What changes all the time (position, charge) is served by the API
instead. Pure.

=============  ======================================================================================
phase          when
=============  ======================================================================================
Queued         it never ran, and waits; also while the object is Misconfigured
Admitted       an attempt is decided; its workers are not all ready
Running        its cluster's agent reports all workers ready
Preempting     a decision has stopped its attempt, which still checkpoints or holds GPUs
Requeued       its last attempt ended, and it waits for the next
Suspended      its owner suspends it, and nothing of it runs
Succeeded      its agent reported that it ended well
Failed         it failed more often than it may, or has run its time
=============  ======================================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hanse import resources
from hanse.operator import retrying
from hanse.operator.candidates import failed
from hanse.operator.checkpoints import Saved
from hanse.operator.fitness import Verdict
from hanse.operator.mirror import FAILED, NEVER_RAN, SUCCEEDED, Live, Past
from hanse.operator.world import Leaf
from hanse.quota import units
from hanse.resources import Phase, Reason
from hanse.scheduler import phrases, remedies
from hanse.scheduler.phrases import Phrase, phrase

_DECIDED = ("phase", "reason", "observedGeneration", "fence", "strength", "cluster", "replicas")
_REASON_BY_VALUE = {str(each): each for each in Reason}
_MESSAGE_LENGTH_MAX = 1024
PROMISED = phrase(
    "why.promised", "its GPUs are promised to it, and are its own when those who have to leave them have left"
)
_NOWHERE_TO_SEAL = phrase(
    "unfit.seal",
    "spec.storage: no cluster that could hold it has a key that it can be sealed to: ask the coordinator",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a status is made from. `waiting` is the planner's explanation, by field."""

    job: resources.TrainingJob
    leaf: Leaf | None
    live: Live | None
    past: Past = NEVER_RAN
    verdict: Verdict | None = None
    waiting: Mapping[str, Any] | None = None
    placement: resources.PlacementStatus | None = None
    saved: Saved | None = None
    is_promised: bool = False
    """Whether others have yet to leave its GPUs. How many is not told: they may be a rival's."""


def project(known: Known, now_seconds: int) -> dict[str, Any]:
    """Return the status as the API server is to have it."""
    spec, live, past = known.job.spec, known.live, known.past
    phase = _phase(known)
    status: dict[str, Any] = {"observedGeneration": known.job.metadata.generation, "phase": str(phase)}
    if known.leaf is not None:
        status["member"] = known.leaf.member
        if known.leaf.organisation:
            status["organisation"] = known.leaf.organisation
    because = _why(known, phase)
    if because.reason is not None:
        status |= {"reason": str(because.reason), "explanation": because.explanation}
    held = live.gpus if live else 0
    status["gpus"] = f"{held}/{spec.workers.replicas * spec.gpus_per_worker}"
    if live is not None:
        status |= _running(live, known.placement)
    decided = live.last_decision if live else past.last_decision
    if decided is not None:
        status["lastDecision"] = str(decided)
    if known.saved is not None:
        status["lastCheckpoint"] = {
            "time": _time(known.saved.at_seconds), "step": known.saved.step, "fence": known.saved.fence,
        }  # fmt: skip
    status |= {"attempts": past.attempts + (live is not None), "preemptions": past.preemptions}
    status["conditions"] = _conditions(known, phase, status, now_seconds)
    return status


def misconfigured(document: Mapping[str, Any], problem: str, now_seconds: int) -> dict[str, Any]:
    """Return the status of a job that cannot be read: the field and what is wrong with it, in its own words."""
    generation = document["metadata"].get("generation", 0)
    before = document.get("status", {}).get("conditions", [])
    message = problem[:_MESSAGE_LENGTH_MAX]
    condition = Stamp(before, generation, now_seconds).condition("Queued", "False", Reason.MISCONFIGURED, message)
    return {
        "observedGeneration": generation,
        "phase": str(Phase.QUEUED),
        "reason": str(Reason.MISCONFIGURED),
        "explanation": {"message": message, "remedy": "correct the field, or create another job"},
        "conditions": [condition],
    }


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a status is worth writing."""
    said = [each.get("explanation", {}).get("message") for each in (before, after)]
    return said[0] != said[1] or any(before.get(name) != after.get(name) for name in _DECIDED)


def is_final(status: Mapping[str, Any]) -> bool:
    """Return whether the job has ended for good."""
    return status.get("phase") in {str(Phase.SUCCEEDED), str(Phase.FAILED)}


def _phase(known: Known) -> Phase:
    live, past = known.live, known.past
    if live is not None:
        if live.is_stopped:
            return Phase.PREEMPTING
        is_running = (
            known.placement is not None and known.placement.phase == "Running" and known.placement.fence == live.fence
        )
        return Phase.RUNNING if is_running else Phase.ADMITTED
    if past.last_outcome == SUCCEEDED:
        return Phase.SUCCEEDED
    if failed(known.job, past) is not None:
        return Phase.FAILED
    if known.job.spec.suspend:
        return Phase.SUSPENDED
    return Phase.REQUEUED if past.attempts else Phase.QUEUED


@dataclass(frozen=True, slots=True)
class Why:
    """Why a job does not run: the one reason, in phrases, and the numbers behind it; without a reason, it does."""

    reason: Reason | None = None
    message: tuple[Phrase, ...] = ()
    remedy: tuple[Phrase, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def explanation(self) -> dict[str, Any]:
        """What the status says."""
        said: dict[str, Any] = {"message": phrases.joined(self.message)[:_MESSAGE_LENGTH_MAX]}
        return {**said, **({"remedy": phrases.joined(self.remedy)} if self.remedy else {}), **self.numbers}

    @property
    def said(self) -> dict[str, Any]:
        """The same as codes and values; not what only English says."""
        parts = {"message": self.message, "remedy": self.remedy}
        return {
            name: [each.coded for each in found]
            for name, found in parts.items()
            if found and all(each.code for each in found)
        }


def why(known: Known) -> Why:
    """Return why a job does not run, if it does not."""
    return _why(known, _phase(known))


def _why(known: Known, phase: Phase) -> Why:
    live = known.live
    if live is not None and live.state == "suspect":
        said = "its cluster has not renewed its lease; it still counts as running"
        return Why(Reason.CLUSTER_UNREACHABLE, (phrase("why.suspect", said),))
    if live is not None and live.stop_reason in _REASON_BY_VALUE:
        said = "a decision has stopped it, and it is given time to checkpoint"
        return Why(_REASON_BY_VALUE[live.stop_reason], (phrase("why.stopped", said),))
    if phase == Phase.FAILED:
        return _why_failed(known)
    if live is not None and not live.is_stopped and (unfunded := _why_unfunded(live, known.verdict)):
        return unfunded
    is_unplaced = known.verdict is not None and known.verdict.reason == Reason.STORAGE_NOT_READY
    if phase in {Phase.QUEUED, Phase.REQUEUED} or (phase == Phase.ADMITTED and (is_unplaced or known.is_promised)):
        return _why_waiting(known)
    return Why()


def _why_unfunded(live: Live, verdict: Verdict | None) -> Why | None:
    """Return why an attempt that runs is not funded any further, if it is not."""
    if live.refused_by is not None:
        message = phrase("why.unfunded", "cap {cap} does not allow it to run on", cap=live.refused_by)
        remedy = "let it checkpoint before its funding ends, or raise cap {cap}"
        return Why(Reason.FUNDING_REFUSED, (message,), (phrase("remedy.unfunded", remedy, cap=live.refused_by),))
    if verdict is not None and verdict.reason == Reason.FUNDING_REFUSED:
        ends = phrase("remedy.ends", "let it checkpoint before its funding ends")
        return Why(Reason.FUNDING_REFUSED, (verdict.said,), (ends,))
    return None


def _why_waiting(known: Known) -> Why:
    if known.verdict is not None:
        return Why(known.verdict.reason, (known.verdict.said,))
    if known.is_promised:
        return Why(Reason.WAITING_FOR_RECLAIM, (PROMISED,))
    if known.waiting is None:
        return Why()
    row = known.waiting
    numbers = {"askedGpus": row["asked_gpus"], "jobsAhead": row["ahead_in_leaf"]}
    told = {"freeGpus": row["free_gpus"], "borrowableGpus": row["borrowable_gpus"]}
    numbers |= {name: gpus for name, gpus in told.items() if gpus >= 0}
    reason = _REASON_BY_VALUE[row["reason"]]
    meaning = remedies.cap(row) if row["cap"] else _meaning(reason)
    if reason == Reason.RETRY_DELAYED and known.past.faults:
        meaning = retrying.sentence(known.past)
    elif reason == Reason.RETRY_DELAYED and known.job.spec.storage is not None:
        reason, meaning = Reason.STORAGE_NOT_READY, _NOWHERE_TO_SEAL
    return Why(reason, (meaning,), remedies.remedies(row), numbers)


def _why_failed(known: Known) -> Why:
    reason = _REASON_BY_VALUE[failed(known.job, known.past) or FAILED]
    refusal = known.past.last_failure if reason == Reason.PLACEMENT_REFUSED else ""
    return Why(reason, (Phrase("", f"{reason.meaning}: {refusal}", {}) if refusal else _meaning(reason),))


def _meaning(reason: Reason) -> Phrase:
    return Phrase(f"meaning.{reason}", reason.meaning, {})


def _running(live: Live, placement: resources.PlacementStatus | None) -> dict[str, Any]:
    milli = live.gpus * live.part.milli_gpus
    rate = units.thousandths_of(milli, units.thousandths_of(live.milli_h100e, live.tier_thousandths))
    worth = units.thousandths_of(milli, live.milli_h100e)
    ready = placement.ready_workers if placement is not None and placement.fence == live.fence else 0
    return {
        "acceleratorClass": live.accelerator_class,
        "cluster": live.cluster,
        "strength": live.strength["label"],
        "fence": live.fence,
        "replicas": live.workers,
        "readyReplicas": ready,
        "h100e": f"{worth // 1000}.{worth % 1000 // 100}",
        "chargeRateMilliH100e": rate,
    }


def _conditions(known: Known, phase: Phase, status: Mapping[str, Any], now_seconds: int) -> list[dict[str, Any]]:
    """Return all conditions, each with its own reason; the job's one sentence goes where it says why.

    It says why the job waits (Queued), why it does not run on (QuotaReserved, Admitted), or why it failed.
    """
    before = [each.model_dump(mode="json") for each in known.job.status.conditions]
    live, past = known.live, known.past
    why = str(status.get("reason") or phase)
    message = status.get("explanation", {}).get("message", "")
    is_over = phase in {Phase.SUCCEEDED, Phase.FAILED}
    is_waiting = phase in {Phase.QUEUED, Phase.REQUEUED}
    is_admitted = live is not None and not live.is_stopped
    not_running = (why, message) if not is_over else (str(phase), "")
    is_preempted = past.preemptions > 0 and live is None and not is_over
    held = {
        "Queued": (is_waiting, (why, message) if is_waiting else (str(phase), "")),
        "QuotaReserved": (live is not None, ("Reserved", "") if live else not_running),
        "Admitted": (is_admitted, ("Admitted", "") if is_admitted else not_running),
        "WorkersReady": (phase == Phase.RUNNING, (str(phase), "")),
        "Preempted": (is_preempted, (str(Reason.PREEMPTED) if is_preempted else "NotPreempted", "")),
        "Completed": (phase == Phase.SUCCEEDED, (str(phase) if is_over else "NotEnded", "")),
        "Failed": (phase == Phase.FAILED, (why, message) if phase == Phase.FAILED else ("NotFailed", "")),
        "Suspended": (phase == Phase.SUSPENDED, (str(phase) if phase == Phase.SUSPENDED else "NotSuspended", "")),
    }
    stamp = Stamp(before, known.job.metadata.generation, now_seconds)
    return [stamp.condition(name, str(value), *said) for name, (value, said) in held.items()]


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What conditions are compared with and stamped by."""

    before: list[dict[str, Any]]
    generation: int
    now_seconds: int

    def condition(self, name: str, value: str, reason: str, message: str) -> dict[str, Any]:
        """Return a condition; the time of its last transition stays as long as its value does."""
        same = next((each for each in self.before if each["type"] == name and each["status"] == value), None)
        now = _time(self.now_seconds)
        return {
            "type": name,
            "status": value,
            "reason": str(reason),
            "message": message,
            "lastTransitionTime": same["lastTransitionTime"] if same else now,
            "observedGeneration": self.generation,
        }
