"""The status of a `TrainingJob`: a projection of the ledger, written when phase or reason changes."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, Field

from hanse.resources.limits import WORKERS_MAX
from hanse.resources.model import Model, Status
from hanse.resources.scalars import GPU_COUNT_MAX, Name

CONDITIONS = (
    "Queued",
    "QuotaReserved",
    "Admitted",
    "WorkersReady",
    "Preempted",
    "Completed",
    "Failed",
    "Suspended",
)


class Phase(StrEnum):
    """Where a job stands."""

    QUEUED = "Queued"
    ADMITTED = "Admitted"
    RUNNING = "Running"
    PREEMPTING = "Preempting"
    REQUEUED = "Requeued"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"


class Reason(StrEnum):
    """The one primary reason why a job does not run."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Make a member that is its value and also knows its meaning."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.meaning = meaning
        return reason

    EXCEEDS_CAP = "ExceedsCap", "a cap of its member or organisation would be crossed"
    EXCEEDS_BORROWING_LIMIT = "ExceedsBorrowingLimit", "its member already borrows as much of the class as it may"
    EXCEEDS_LENDING_LIMIT = "ExceedsLendingLimit", "the members with idle GPUs lend no more of them"
    NO_SUCH_ACCELERATOR = "NoSuchAccelerator", "no class it names exists, or none has its precision"
    WAITING_FOR_QUOTA = "WaitingForQuota", "its organisation's entitlement is used, and nothing idle can be borrowed"
    WAITING_FOR_RECLAIM = "WaitingForReclaim", "weaker jobs are being stopped for it"
    WAITING_FOR_RESERVATION = "WaitingForReservation", "the free GPUs are kept for a job ahead of it"
    NO_TOPOLOGY_FIT = "NoTopologyFit", "no domain of the required topology has room for the gang"
    RESIDENCY_LEAVES_NOTHING = "ResidencyLeavesNothing", "regions, zones and exclusions leave no cluster"
    TRUST_LEAVES_NOTHING = "TrustLeavesNothing", "no node offers the isolation it asks for"
    TIER_NOT_ALLOWED = "TierNotAllowed", "its tier does not exist, or has no share of the entitlement"
    MEMORY_DOES_NOT_FIT = "MemoryDoesNotFit", "no GPU that it may use is shared, or has that much memory to share"
    NODE_RESOURCES_DO_NOT_FIT = (
        "NodeResourcesDoNotFit",
        "no node has its CPU, memory or scratch space free beside the GPUs",
    )
    CLUSTER_UNREACHABLE = "ClusterUnreachable", "its cluster cannot be reached, and it waits as onClusterLost says"
    MEMBER_SUSPENDED = "MemberSuspended", "its member is suspended"
    START_DEADLINE_EXCEEDED = "StartDeadlineExceeded", "not all workers were ready in time, and it was released"
    CLUSTER_LOST = (
        "ClusterLost",
        "its cluster was lost, and onClusterLost says Fail: create another job to go on from its checkpoint",
    )
    RESTART_LIMIT_EXCEEDED = (
        "RestartLimitExceeded",
        "it failed more often than restart.limit allows: kubectl hanse logs shows why; create a corrected job",
    )
    MAX_RUNTIME_EXCEEDED = (
        "MaxRuntimeExceeded",
        "it has run as long as maxRuntime allows: raise spec.maxRuntime, and it goes on from its checkpoint",
    )
    PLACEMENT_REFUSED = (
        "PlacementRefused",
        "the API server refused its Placement; the explanation says what to correct in another job",
    )
    STORAGE_NOT_READY = (
        "StorageNotReady",
        "its storage credentials cannot be handed on; the explanation names the Secret and what to do",
    )
    RETRY_DELAYED = "RetryDelayed", "the pool, not the job, failed it, and it is tried again after a while"
    FUNDING_REFUSED = (
        "FundingRefused",
        "its caps did not allow it to run on, or what it runs on is not in the pool any more",
    )
    NODES_RECALLED = "NodesRecalled", "its nodes are taken back, and it goes on elsewhere from its checkpoint"
    PREEMPTED = "Preempted", "it was stopped for a stronger job"
    MISCONFIGURED = "Misconfigured", "a field has a value that no rule caught; the explanation names it"


class Explanation(Model):
    """The numbers behind the reason. Rivals appear as counts, never by name."""

    message: str = Field(max_length=1024, description="The reason in a sentence.")
    remedy: str = Field(default="", max_length=1024, description="What would let the job run.")
    asked_gpus: int | None = Field(default=None, ge=0, description="GPUs that it needs to start.")
    free_gpus: int | None = Field(
        default=None,
        ge=0,
        description="Idle GPUs that it may use: its member's own, and others' only where four or more other members"
        " contribute to them, rounded down to a multiple of 64.",
    )
    borrowable_gpus: int | None = Field(
        default=None, ge=0, description="What its member's own borrowing limit leaves of the class, idle or not."
    )
    jobs_ahead: int | None = Field(default=None, ge=0, description="Jobs that come before it.")


class CheckpointRecord(Model):
    """The last checkpoint of record."""

    time: AwareDatetime = Field(description="When it was committed.")
    step: int = Field(ge=0, description="The step that the training had reached.")
    fence: int = Field(ge=1, description="The fence under which it was committed.")


class TrainingJobStatus(Status):
    """What Hanse has made of the job."""

    phase: Phase | None = Field(default=None, description="Where the job stands.")
    reason: Reason | None = Field(default=None, description="Why it does not run, out of a closed list.")
    explanation: Explanation | None = Field(default=None, description="The numbers behind the reason.")
    member: Name | None = Field(default=None, description="The member whose namespace this is.")
    organisation: Name | None = Field(default=None, description="The leaf organisation of the namespace.")
    accelerator_class: Name | None = Field(default=None, description="The class that it runs on.")
    cluster: Name | None = Field(default=None, description="The member cluster that it runs in.")
    strength: Literal["HOME", "AWAY", "EXCHANGE", "BORROW"] | None = Field(
        default=None, description="What decides who may stop it; strongest first."
    )
    fence: int | None = Field(default=None, ge=1, description="The job's fence; raised at each placement.")
    replicas: int = Field(default=0, ge=0, le=WORKERS_MAX, description="Workers that hold GPUs.")
    ready_replicas: int = Field(default=0, ge=0, le=WORKERS_MAX, description="Workers that are ready.")
    gpus: str = Field(default="", max_length=15, description="GPUs held and wanted, such as 256/512.")
    h100e: str = Field(default="", max_length=15, description="H100-equivalents held, for people; such as 259.2.")
    charge_rate_milli_h100e: int = Field(
        default=0, ge=0, le=GPU_COUNT_MAX * 100_000, description="What it is charged, in milli-H100e-seconds a second."
    )
    simulated: bool = Field(
        default=False, description="Whether the current or last attempt ran on simulated nodes, which train nothing."
    )
    attempts: int = Field(default=0, ge=0, description="Runs so far, the current one included.")
    preemptions: int = Field(default=0, ge=0, description="Times that it was stopped for others.")
    last_decision: str | None = Field(
        default=None, max_length=36, description="Ledger id of the last decision; hanse explain shows it."
    )
    last_checkpoint: CheckpointRecord | None = Field(default=None, description="The last checkpoint of record.")
