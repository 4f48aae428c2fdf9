"""What the cluster agent and the API service say to each other, message by message.

The agent reports the set of all that it holds, the service answers with the set of what may go on: a lost message or
answer is repaired by the next one, and a repeated one changes nothing. No message says whose it is; that is known from
the credential. Durations travel, points in time do not: times on other people's clocks decide nothing. But for slots:
they are cut by the agent's wall clock, which is therefore compared with the ledger's.
Both sides import this module, and it must not know how either of them works.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import Base64UrlBytes, BeforeValidator, Field

from hanse.resources.limits import GPUS_PER_NODE_MAX, GPUS_PER_WORKER_MAX, WORKERS_MAX
from hanse.resources.model import Model
from hanse.resources.scalars import MILLI_H100E_SECONDS_MAX, Name, Precision, matches

AUDIENCE = "hanse-api"
"""The audience of tokens for the API service; a token for the API server is refused there, and the other way round."""

HELD_MAX = 50_000
NODES_MAX = 50_000
SLOTS_MAX = 2000
ENROLMENTS_MAX = 1000
LOG_TAIL_BYTES_MAX = 32 * 1024
"""Of what is kept of a worker's log, sealed."""
LOG_ATTEMPT_BYTES_MAX = 16 * 1024 * 1024
"""Of all its workers' together; each of more than 512 may send less."""
LOG_TAILS_MAX = 32
_BASE64_OF_KEY = 44
LOG_ATTEMPTS_MAX = 1000
ENFORCER_MAX = 32
SENTENCE_MAX = 1024
INTEGER_MAX = MILLI_H100E_SECONDS_MAX


def sentence(said: Any) -> Any:
    """Return what others have said as it can be passed on and stored: without control characters, and cut.

    A job's own words are among it. They are mended, never refused: all that is sent along would be refused too.

    """
    if not isinstance(said, str):
        return said
    return "".join(each if each.isprintable() else " " for each in said[:SENTENCE_MAX])


Fence: TypeAlias = Annotated[int, Field(ge=1, le=INTEGER_MAX)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
Sentence: TypeAlias = Annotated[str, BeforeValidator(sentence)]
CheckpointUri: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=1024),
    matches(r"^[^\x00-\x1f\x7f-\x9f]+$", "has control characters: name the place as s3://<bucket>/<key> does"),
]
NodeName: TypeAlias = Annotated[str, Field(min_length=1, max_length=253)]


class Phase(StrEnum):
    """How far the agent is with an attempt; the same words as in a Placement's status."""

    PENDING = "Pending"
    STARTING = "Starting"
    RUNNING = "Running"
    DRAINING = "Draining"
    RELEASED = "Released"
    REFUSED = "Refused"


class Outcome(StrEnum):
    """Why an attempt ends, or did not begin. Of these, only Failed counts against the job's restart limit."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    POOL_FAULT = "PoolFault"
    STOPPED = "Stopped"
    LEASE_ENDED = "LeaseEnded"
    FUNDING_ENDED = "FundingEnded"
    START_DEADLINE_EXCEEDED = "StartDeadlineExceeded"
    REFUSED = "Refused"


class Progress(Model):
    """How far an attempt's workers say that they have come: the last step, of all steps if that is known."""

    step: Count
    steps: Count | None = None


class Held(Model):
    """An attempt that the agent has taken up: Pending asks for its lease, Released says that nothing of it runs."""

    attempt: UUID
    fence: Fence
    phase: Phase
    outcome: Outcome | None = None
    detail: Sentence = ""
    simulated: bool = False
    """Some of its workers are on simulated nodes, and so only said to run."""
    progress: Progress | None = None


class ForeignUse(Model):
    """What pods that are not Hanse's have of a node."""

    gpus: Count = 0
    cpu_milli: Count = 0
    memory_mib: Count = 0
    rdma: Count = 0


class SharedGpus(Model):
    """What a node offers of its GPUs to workers that share them: which ones, and the least that any of them offers."""

    gpus: tuple[Annotated[int, Field(ge=0, le=GPUS_PER_NODE_MAX - 1)], ...] = Field(max_length=GPUS_PER_NODE_MAX)
    mem_gib: Count
    limit_gib: Count
    tenants: Count


class NodeReport(Model):
    """A node that may take work, as its cluster sees it."""

    name: NodeName
    accelerator_class: Name = Field(alias="class")
    gpus: int = Field(ge=0, le=GPUS_PER_WORKER_MAX * 4)
    cpu_milli: Count
    memory_mib: Count
    ephemeral_mib: Count = 0
    rdma: Count = 0
    """Devices that are left to workers, of the resource that a template asks for them by."""
    labels: dict[str, Annotated[str, Field(max_length=63)]] = Field(default={}, max_length=64)
    ready: bool
    simulated: bool = False
    foreign: ForeignUse = ForeignUse()
    shared: SharedGpus | None = None
    """Of GPUs that Hanse's node agent offers; all others are had whole only."""
    enforcer: str = Field(default="", max_length=ENFORCER_MAX)
    """How that node agent keeps apart the memory of those who share a GPU; empty until it has said so."""


class Inventory(Model):
    """Nodes that changed since the last answered report; *whole* says that these are all of them."""

    whole: bool = False
    nodes: tuple[NodeReport, ...] = Field(default=(), max_length=NODES_MAX)
    gone: tuple[NodeName, ...] = Field(default=(), max_length=NODES_MAX)


class SyncRequest(Model):
    """All that one agent holds, and what changed among its nodes."""

    version: Literal[1] = 1
    instance: UUID
    """Of the agent and its state: two that use one credential are told apart by it."""
    process: UUID
    """Of the memory that gangs are kept in: a new one at each start, and whenever they are forgotten."""
    cluster_uid: UUID
    """Of the cluster itself (its kube-system namespace): a credential that is carried elsewhere is refused."""
    agent_version: str = Field(default="", max_length=64)
    held: tuple[Held, ...] = Field(default=(), max_length=HELD_MAX)
    inventory: Inventory = Inventory()
    clock_ms: Count | None = None
    """The wall clock that slots are cut by, when this was sent; absent from who has no meter."""
    clock_stepped_ms: Annotated[int, Field(ge=-INTEGER_MAX, le=INTEGER_MAX)] = 0
    """By how much it was set since the last answered request; below zero: back."""


class CheckpointOfRecord(Model):
    """The newest checkpoint that a job may start from."""

    step: Count
    uri: str = Field(min_length=1, max_length=1024)


class Lease(Model):
    """An attempt may run on, for so long after its request was sent."""

    attempt: UUID
    fence: Fence
    lease_seconds: int = Field(ge=1)
    funded_seconds: int | None
    """Until its funding ends; none if nothing limits it, not above zero if it has ended."""
    drain: bool = False
    """It was decided that the attempt stops: with its grace, and under its lease until then."""
    first: bool = False
    """Nobody was granted it before, but for the process that asks. If it is not the first, workers may have run of
    which that process knows nothing: it starts none."""
    checkpoint: CheckpointOfRecord | None = None


class Cancelled(Model):
    """An attempt that must not run, whatever the agent believes."""

    attempt: UUID
    fence: Fence
    reason: Sentence


class Ended(Model):
    """A release that is recorded: the agent may forget the attempt."""

    attempt: UUID
    fence: Fence


class SyncAnswer(Model):
    """What may go on. An attempt that was asked about and is in none of the lists: ask again."""

    leases: tuple[Lease, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    ended: tuple[Ended, ...] = ()
    slot_seconds: int = Field(ge=1)
    send_inventory: bool = False
    """The service does not know the cluster's nodes: send all of them next time."""
    enrolled: Count = 0
    """Grows when nodes of the cluster are enrolled: whoever signs for them asks then with which keys."""
    clock_ahead_ms: int | None = None
    """How far the agent's clock was ahead of the ledger's when the request was read; its way there counts as behind."""


class SignedSlot(Model):
    """A metering slot: canonical bytes, and the signature on them."""

    body: Base64UrlBytes = Field(max_length=65_536)
    signature: Base64UrlBytes = Field(max_length=128)


class SlotsRequest(Model):
    """Slots in the order in which they were made."""

    slots: tuple[SignedSlot, ...] = Field(max_length=SLOTS_MAX)


class SlotVerdict(Model):
    """What became of a slot; each verdict is final, and only `stored` and `duplicate` are well."""

    verdict: Literal["stored", "duplicate", "conflict", "refused"]
    reason: Sentence = ""


class SlotsAnswer(Model):
    """One verdict for each slot, in the order of the request."""

    verdicts: tuple[SlotVerdict, ...]


class SignedEnrolment(Model):
    """A node's enrolment: canonical bytes, and the member's signature on them."""

    body: Base64UrlBytes = Field(max_length=16_384)
    signature: Base64UrlBytes = Field(max_length=128)


class EnrolmentsRequest(Model):
    """Nodes that a member enrols in the cluster of the credential."""

    enrolments: tuple[SignedEnrolment, ...] = Field(max_length=ENROLMENTS_MAX)


class EnrolmentsAnswer(Model):
    """What is recorded of the cluster's nodes, and what the next enrolments must say.

    *latest* are bodies: for each node that was ever enrolled what is in force, and what begins later. Enrolments begin
    on a multiple of *slot_seconds*, and not before the hour of *now_seconds* (Unix time, the ledger's).

    """

    slot_seconds: int = Field(ge=1)
    now_seconds: Count
    reference_precision: Precision
    latest: tuple[Base64UrlBytes, ...] = Field(max_length=NODES_MAX)


class CheckpointRequest(Model):
    """A checkpoint that an attempt has written completely."""

    attempt: UUID
    fence: Fence
    step: Count
    uri: CheckpointUri


class LogKeysRequest(Model):
    """Attempts whose logs an agent could send."""

    attempts: tuple[UUID, ...] = Field(max_length=LOG_ATTEMPTS_MAX)


class LogKey(Model):
    """The key to which an attempt's logs are sealed: another one for each attempt, which tells nobody whose it is."""

    attempt: UUID
    key: Base64UrlBytes = Field(min_length=_BASE64_OF_KEY, max_length=_BASE64_OF_KEY)


class LogKeysAnswer(Model):
    """The keys; of an attempt that is in none of them no log is read."""

    keys: tuple[LogKey, ...]


class SealedTail(Model):
    """The last lines of a worker's log (:mod:`hanse.evidence.tails`), sealed to *key*."""

    attempt: UUID
    fence: Fence
    rank: int = Field(ge=0, lt=WORKERS_MAX)
    key: Base64UrlBytes = Field(min_length=_BASE64_OF_KEY, max_length=_BASE64_OF_KEY)
    sealed: Base64UrlBytes = Field(min_length=1, max_length=(LOG_TAIL_BYTES_MAX + 2) // 3 * 4)


class LogsRequest(Model):
    """Tails, each in place of what was sent of the same worker before."""

    tails: tuple[SealedTail, ...] = Field(max_length=LOG_TAILS_MAX)


class LogsAnswer(Model):
    """Whether each tail was taken, in the order of the request. One that was not is not to be sent again."""

    taken: tuple[bool, ...]


class FieldProblem(Model):
    """A field of a request that is wrong."""

    field: str
    value: str | None = None
    """What was sent there; none if nothing was."""
    detail: Sentence


class Problem(Model):
    """Why a request was refused: problem details for HTTP APIs (RFC 9457), as `application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str = ""
    """Names the request in the service's log, and in the header X-Request-Id of each answer."""
    errors: tuple[FieldProblem, ...] = ()
    another_speaks: bool = False
    """Another agent speaks for the cluster: whoever reads this has to stand by. No status says so, as others than the
    service answer with statuses too."""
