"""What the agent knows of a gang: its workers as the cluster shows them, and the record that outlives a restart.

In: pods as the API server returns them, and the record's file. Out: plain values for :mod:`hanse.agent.decide`. All
times are seconds of CLOCK_BOOTTIME, which neither stops in suspend nor jumps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from hanse.agent import faults
from hanse.agent.faults import Fault
from hanse.evidence.slots import WHOLE_MILLI_GPUS
from hanse.resources import protocol
from hanse.resources.protocol import CheckpointOfRecord, Outcome

ATTEMPT_LABEL = "hanse.dev/attempt"
FENCE_LABEL = "hanse.dev/fence"
RANK_LABEL = "hanse.dev/rank"
PLACEMENT_LABEL = "hanse.dev/placement"
SIMULATED_CONDITION = "hanse.dev/Simulated"


@dataclass(frozen=True)
class Seat:
    """Where a worker of the gang belongs; one that is *leaving* was taken away from a gang that shrinks."""

    rank: int
    node: str
    gpus: tuple[int, ...]
    leaving: bool = False


@dataclass(frozen=True)
class Worker:
    """A pod of a gang, as the cluster shows it."""

    name: str
    uid: str
    attempt: UUID
    fence: int
    placement: str
    rank: int
    node: str
    ready: bool = False
    succeeded: bool = False
    fault: Fault | None = None
    deleting: bool = False
    simulated: bool = False


@dataclass(frozen=True)
class Stop:
    """Why a gang ends; the first reason stays.

    Others write the detail, the job and an API server among them, at any length: it is made what the hub can store.

    """

    outcome: Outcome
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", protocol.sentence(self.detail))


@dataclass(frozen=True)
class Gang:
    """An attempt whose lease was granted here, until the hub knows that nothing of it runs any more.

    *deadline* is when its workers must be gone unless the lease is renewed, *funded_until* likewise unless it is
    funded further. *begun* are the ranks whose pods were to be made, *seen* those whose pods have been there; *ran*
    says that all were ready at one time.
    *sequence* is the last decision that its placement showed, *acted* the last that is carried out: whoever it took
    away has left. *succeeded* are the ranks that have ended well.
    *cancelled* is an attempt that the hub no longer counts; *ended* is one that both sides are done with.
    """

    attempt: UUID
    fence: int
    placement: str
    granted_at: float
    renewed_at: float
    deadline: float
    funded_until: float | None = None
    grace_seconds: float = 0.0
    seats: tuple[Seat, ...] = ()
    guaranteed_mib: int | None = None
    milli_gpus: int = WHOLE_MILLI_GPUS
    """What each of its GPUs counts as: part of one that it shares."""
    begun: frozenset[int] = frozenset()
    seen: frozenset[int] = frozenset()
    ran: bool = False
    stop: Stop | None = None
    cancelled: bool = False
    released: bool = False
    ended: bool = False
    simulated: bool = False
    checkpoint: CheckpointOfRecord | None = None
    sequence: int = 0
    acted: int = 0
    succeeded: frozenset[int] = frozenset()

    @property
    def ranks(self) -> frozenset[int]:
        """The ranks that the gang is to have."""
        return frozenset(seat.rank for seat in self.seats if not seat.leaving)

    def recalled(self) -> "Gang":
        """Return the gang as a process has to take it that was not there before: what was begun may have run."""
        return replace(self, seen=self.seen | self.begun)

    def stopping(self, outcome: Outcome, detail: str = "") -> "Gang":
        """Return the gang with this reason to stop, unless it has one."""
        return self if self.stop else replace(self, stop=Stop(outcome, detail))


def attempt(labels: Mapping[str, str]) -> UUID | None:
    """Return the attempt that an object's labels name, or None where they are not ours."""
    try:
        return UUID(labels[ATTEMPT_LABEL])
    except (KeyError, ValueError):
        return None


def worker(pod: Mapping[str, Any]) -> Worker | None:
    """Return the worker that a pod is, or None where its labels are not ours."""
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    try:
        attempt, fence, rank = UUID(labels[ATTEMPT_LABEL]), int(labels[FENCE_LABEL]), int(labels[RANK_LABEL])
    except (KeyError, ValueError):
        return None
    status = pod.get("status") or {}
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or []}
    return Worker(
        name=metadata["name"],
        uid=metadata["uid"],
        attempt=attempt,
        fence=fence,
        placement=labels.get(PLACEMENT_LABEL, ""),
        rank=rank,
        node=pod["spec"].get("nodeName") or "",
        ready=status.get("phase") == "Running" and conditions.get("Ready") == "True",
        succeeded=status.get("phase") == "Succeeded",
        fault=faults.classify(pod),
        deleting="deletionTimestamp" in metadata,
        simulated=conditions.get(SIMULATED_CONDITION) == "True",
    )
