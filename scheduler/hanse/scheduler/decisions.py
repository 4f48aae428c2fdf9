"""What a plan says: decisions in the order they were taken, and why each waiting job still waits.

In: what `planner` found. Out: records by name, without indices, for the ledger to commit and the operator to act on,
and canonical bytes, so that two machines can tell that they decided the same. A decision never takes effect before
it is committed; `applying` computes what the snapshot is then.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from hanse.quota import units
from hanse.scheduler.columns import Table
from hanse.scheduler.pool import Rung
from hanse.scheduler.records import Donor, Extra, Kept, Placed


class Reason(StrEnum):
    """Why a job waits, or a decision was taken: those of the API's closed list that planning can find."""

    WAITING_FOR_QUOTA = "WaitingForQuota"
    WAITING_FOR_RECLAIM = "WaitingForReclaim"
    WAITING_FOR_RESERVATION = "WaitingForReservation"
    EXCEEDS_CAP = "ExceedsCap"
    EXCEEDS_BORROWING_LIMIT = "ExceedsBorrowingLimit"
    EXCEEDS_LENDING_LIMIT = "ExceedsLendingLimit"
    NO_SUCH_ACCELERATOR = "NoSuchAccelerator"
    RESIDENCY_LEAVES_NOTHING = "ResidencyLeavesNothing"
    TRUST_LEAVES_NOTHING = "TrustLeavesNothing"
    CLUSTER_UNREACHABLE = "ClusterUnreachable"
    MEMORY_DOES_NOT_FIT = "MemoryDoesNotFit"
    NODE_RESOURCES_DO_NOT_FIT = "NodeResourcesDoNotFit"
    NO_TOPOLOGY_FIT = "NoTopologyFit"
    RETRY_DELAYED = "RetryDelayed"
    MEMBER_SUSPENDED = "MemberSuspended"
    FUNDING_REFUSED = "FundingRefused"
    PREEMPTED = "Preempted"


@dataclass(frozen=True, slots=True, order=True)
class AttemptId:
    """An attempt: its job, and its number among the job's attempts."""

    job: str
    number: int


@dataclass(frozen=True, slots=True, order=True)
class WorkerId:
    """A worker of an elastic gang beyond its core."""

    attempt: AttemptId
    worker: int


@dataclass(frozen=True, slots=True)
class Label:
    """The strength of an attempt, without its tier, which never changes; on exchange, with who gives what for it."""

    rung: Rung
    cover: int
    donors: tuple[Donor, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A victim: stopped whole. What it would lose is bounded by the policy, and credited."""

    attempt: AttemptId
    label: Label
    gpus: int
    lost_gpu_seconds: int
    reason: Reason = Reason.PREEMPTED


@dataclass(frozen=True, slots=True)
class Shrink:
    """A gang that gives up workers beyond its core for another, and runs on; they get their grace."""

    attempt: AttemptId
    workers: tuple[int, ...]
    gpus: int


@dataclass(frozen=True, slots=True)
class Relabel:
    """A change of strength, which by itself stops and starts nothing."""

    attempt: AttemptId
    before: Label
    after: Label


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a decision sets aside in one window of one cap of *organisation*, which may be the member."""

    organisation: str
    cap: str
    start_seconds: int
    amount: units.MilliH100eSeconds


@dataclass(frozen=True, slots=True)
class CapShort:
    """The first cap on the way from a job's leaf to its member that refuses it: mH·s of a window, or mH at once."""

    organisation: str
    cap: str
    is_at_once: bool
    asked: int
    left: int


@dataclass(frozen=True, slots=True)
class Admit:
    """A gang starts, whole; those in `stops` end for it, those in `shrinks` give it workers, those in `falls` cover.

    Its workers start when all attempts in `awaits`, which drain on its nodes, are confirmed to have ended, and all
    workers in `awaits_workers` to have left. Until then its GPUs there are promised, and nobody else gets them.
    """

    attempt: AttemptId
    accelerator: str
    cluster: str
    label: Label
    placed: tuple[Placed, ...]
    gpu_rate: units.MilliH100e
    funded_until_seconds: int
    reserved: tuple[Reserved, ...] = ()
    stops: tuple[Stop, ...] = ()
    falls: tuple[Relabel, ...] = ()
    awaits: tuple[AttemptId, ...] = ()
    shrinks: tuple[Shrink, ...] = ()
    awaits_workers: tuple[WorkerId, ...] = ()


@dataclass(frozen=True, slots=True)
class Rise:
    """A running attempt is covered better than before; those in `falls` give it their entitlement."""

    change: Relabel
    falls: tuple[Relabel, ...] = ()


@dataclass(frozen=True, slots=True)
class Fall:
    """A running attempt lost its cover to something outside: a node, a recall, a policy."""

    change: Relabel


@dataclass(frozen=True, slots=True)
class Renew:
    """A running attempt is funded for longer."""

    attempt: AttemptId
    funded_until_seconds: int
    reserved: tuple[Reserved, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """A cap does not fund a running attempt any longer: notice to checkpoint, and to have stopped by then."""

    attempt: AttemptId
    stop_by_seconds: int
    short: CapShort
    reason: Reason = Reason.FUNDING_REFUSED


class Why(StrEnum):
    """Why an elastic gang changes its size, but for those that shrink for an admission."""

    IDLE = "Idle"
    """It grows into what nobody wants."""
    FUNDING_REFUSED = "FundingRefused"
    """A cap does not fund it at its size any longer."""
    LIMITED = "Limited"
    """Limits on borrowing or lending have no room for it any longer: jobs come first."""
    CHANGED = "Changed"
    """Its job asks for fewer workers than it has."""
    RECALLED = "Recalled"
    """Their nodes are taken back by who contributes them."""


@dataclass(frozen=True, slots=True)
class Resize:
    """An elastic gang gets the workers in `grown`, or gives up those in `leaving`, by number."""

    attempt: AttemptId
    why: Why
    grown: tuple[Extra, ...] = ()
    leaving: tuple[int, ...] = ()
    reserved: tuple[Reserved, ...] = ()


class Cause(StrEnum):
    """Why something is reserved, reserved anew, or no longer: the only causes for which a start moves."""

    HEAD_OF_QUEUE = "HeadOfQueue"
    """The first of its kind that cannot start; it is reserved for the first time."""
    NODES_LOST = "NodesLost"
    """A node may not be used any more, or stands in another rack or block than the others."""
    RUNS_LONGER = "RunsLonger"
    """Somebody who runs there will not have left by the start, or some minutes after it, by what is known now."""
    DISPLACED = "Displaced"
    """A covered job took its place, or a reservation that had to move or that starts late did."""
    CHANGED = "Changed"
    """The job asks for something else than it did."""
    NOT_WAITING = "NotWaiting"
    """The job is suspended or held back, or another is the first of its kind."""
    LIMITED = "Limited"
    """A cap or a limit on borrowing or lending refuses the job, or fewer reservations are kept."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Places are kept for a waiting job; this replaces what was kept for it before. Nothing is stopped for it."""

    job: str
    accelerator: str
    cluster: str
    start_seconds: int
    kept: tuple[Kept, ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing is kept for a waiting job any more. An admission says so by itself."""

    job: str
    cause: Cause


Decision = Admit | Rise | Fall | Renew | Refuse | Resize | Reserve | Release


def changed(decision: Decision) -> Iterator[AttemptId]:
    """Yield the attempts that a decision changes; the one that it admits is new, and not among them."""
    if isinstance(decision, Reserve | Release):
        return
    if isinstance(decision, Admit):
        yield from (stop.attempt for stop in decision.stops)
        yield from (shrink.attempt for shrink in decision.shrinks)
    elif isinstance(decision, Rise | Fall):
        yield decision.change.attempt
    else:
        yield decision.attempt
    if isinstance(decision, Admit | Rise):
        yield from (fall.attempt for fall in decision.falls)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Decisions in order, and an `explaining.EXPLANATIONS` row for each job that waits."""

    as_of: int
    decisions: tuple[Decision, ...]
    explanations: Table = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the same bytes for the same plan, on every machine."""
        return self._head() + b"\n" + self.explanations.tobytes()

    def _head(self) -> bytes:
        head = {"as_of": self.as_of, "decisions": [plain(decision) for decision in self.decisions]}
        return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()

    def digest(self) -> str:
        """Return the SHA-256 of the plan's bytes, in hexadecimal."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def decided(self) -> str:
        """Return the SHA-256 of the decisions alone, in hexadecimal: explanations are not recorded."""
        return hashlib.sha256(self._head()).hexdigest()


def plain(value: Any) -> Any:
    """Return a decision as JSON knows it: its kind and fields, integers and strings only."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    named = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return {"kind": type(value).__name__, **named}
