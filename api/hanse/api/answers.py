"""What the service answers to people, field by field; amounts are integers, in the unit that their name ends with.

In: nothing. Out: models, from which OpenAPI is made. What agents are answered is in :mod:`hanse.resources.protocol`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import Field

from hanse.api.metered import Did, Measured
from hanse.resources.model import Model

MilliH100eSeconds: TypeAlias = Annotated[
    int, Field(description="Milli-H100e-seconds: one H100 for an hour is 3600000.")
]


class Health(Model):
    """That the process lives."""

    status: str = "ok"


class Readiness(Model):
    """What the service cannot reach; nothing if all is well."""

    problems: tuple[str, ...]


class Committed(Model):
    """That a checkpoint is one of record."""

    committed: bool = True


class Phrase(Model):
    """A sentence as a code of a closed list, and what stands in it: for whoever says it in another language."""

    code: str
    values: Mapping[str, str] = Field(default_factory=dict)


class Said(Model):
    """What a message and a remedy say, in codes; empty where there is none, or only English says it."""

    message: tuple[Phrase, ...] = ()
    remedy: tuple[Phrase, ...] = ()


class Start(Model):
    """When a job may start, as far as that is known and may be told."""

    at: datetime | None = Field(default=None, description="In UTC; null where no time is known or may be told.")
    seconds: int | None = Field(description="The same in Unix seconds.")
    rests_on: str = Field(description="What the time rests on, or why there is none.")
    said: Phrase | None = Field(default=None, description="What it rests on, as a code.")


class Queued(Model):
    """A job that waits, at its place in the queue of its organisation."""

    namespace: str
    name: str
    position: int = Field(ge=1, description="Its place among the waiting jobs of its own organisation.")
    reason: str = Field(description="Why it waits: one word out of a closed list.")
    message: str = Field(default="", description="Why it waits, in a sentence.")
    remedy: str = Field(default="", description="What would let it start.")
    said: Said = Said()
    start: Start | None = Field(default=None, description="When it may start.")


class Balance(Model):
    """An account's sums. A member's standing is what others used of its GPUs less what it used."""

    name: str
    kind: str
    member: str | None
    ceiling: MilliH100eSeconds | None = Field(description="The limit of a cap's account; null for all others.")
    debits_posted: MilliH100eSeconds
    credits_posted: MilliH100eSeconds
    debits_pending: MilliH100eSeconds
    credits_pending: MilliH100eSeconds


class Decided(Model):
    """A recorded decision about a job."""

    id: UUID
    term: int
    cycle: int
    kind: str
    verdict: str
    reason: str
    attempt: UUID | None
    fence: int | None
    recorded_at: datetime
    said: str = Field(description="What it says, in words; a job of another member is never named.")


class Tried(Model):
    """One run of a job's gang, from admission to end; times are the ledger's, in Unix seconds."""

    id: UUID
    fence: int
    cluster: str
    accelerator_class: str = Field(alias="class")
    state: str
    granted_at_seconds: int | None
    ended_at_seconds: int | None
    funded_until_seconds: int | None
    measured: Measured = Field(description="What it used in the hours that were posted.")
    step: int | None = Field(default=None, description="How far its workers have last said that they have come.")
    steps: int | None = Field(default=None, description="Of so many steps, if they have said so.")
    told_at_seconds: int | None = Field(default=None, description="When that was.")
    enforcers: tuple[str, ...] = Field(
        default=(), description="How the memory of those who share a GPU is kept apart on its nodes, as they are now."
    )


class Standing(Model):
    """Where a job stands now, as the leading operator knows it; *status* is what is written to the TrainingJob."""

    message: str
    said: Said = Said()
    position: int | None = Field(
        default=None, ge=1, description="Its place among the waiting jobs of its own organisation."
    )
    ahead_in_member: int | None = Field(
        default=None,
        ge=0,
        description="Older jobs of its member's other organisations that wait for the same class. Jobs of other"
        " members are not counted.",
    )
    start: Start | None = Field(default=None, description="For a job that waits.")
    status: dict[str, Any] | None = None


class Explained(Model):
    """What was decided about a job, newest first and at most 50; its attempts, likewise; and where it stands."""

    decisions: tuple[Decided, ...]
    attempts: tuple[Tried, ...]
    now: Standing


class Identity(Model):
    """Who you are here, and what that lets you see."""

    name: str
    members: tuple[str, ...] = Field(description="For whom you act: their spec.subjects name you.")
    roles: tuple[str, ...] = Field(description="What the PoolPolicy lets you do: auditor, coordinator.")


class JobMemory(Model):
    """What a worker that shares a GPU has of its memory: what it always has, and what it may use beyond that."""

    guaranteed_mib: int
    limit_mib: int


class Job(Model):
    """A job as its status says; what is not known yet is null."""

    namespace: str
    name: str
    phase: str
    reason: str | None = None
    accelerator_class: str | None = Field(default=None, alias="class")
    cluster: str | None = None
    gpus: str = Field(description="The GPUs that it holds, of those that it asked for.")
    gpu_memory: JobMemory | None = Field(
        default=None, description="What each worker has of its GPU's memory; null: its GPUs are whole."
    )
    charge_rate_milli_h100e: int = Field(default=0, description="What it is charged now, in milli-H100e.")
    attempts: int = 0
    preemptions: int = 0
    last_checkpoint: dict[str, Any] | None = None


class ClassStanding(Model):
    """One accelerator class, in thousandths of a GPU; a limit that is null is none."""

    accelerator_class: str = Field(alias="class")
    entitled_milli_gpus: int
    used_milli_gpus: int
    borrowed_milli_gpus: int = Field(description="The part of what it uses that others may have back.")
    lent_milli_gpus: int = Field(description="What others use on its own nodes, less those of the levy.")
    borrowing_limit_milli_gpus: int | None
    lending_limit_milli_gpus: int | None


class CapWindow(Model):
    """A cap over time, in the window that is open now."""

    name: str
    organisation: str | None
    start_seconds: int
    end_seconds: int
    limit_milli_h100e_seconds: MilliH100eSeconds
    left_milli_h100e_seconds: MilliH100eSeconds = Field(description="What is neither posted nor reserved.")
    rate_milli_h100e: int = Field(description="What is charged under it now.")
    lasts_seconds: int | None = Field(
        description="For how long what is left lasts at that rate, beyond what is reserved; null: to the window's end."
    )


class CapAtOnce(Model):
    """A cap on use at any one time."""

    name: str
    organisation: str | None
    limit_milli_h100e: int
    used_milli_h100e: int


class NamespaceChoice(Model):
    """A namespace to which jobs of an organisation are submitted; without one, they are the member's own."""

    name: str
    member: str
    organisation: str | None


class ClassChoice(Model):
    """An accelerator class, and in what precisions it can be asked for."""

    name: str
    precisions: tuple[str, ...]


class Choices(Model):
    """What a job of yours can ask for."""

    namespaces: tuple[NamespaceChoice, ...]
    classes: tuple[ClassChoice, ...]
    tiers: tuple[str, ...]


class WhatIfRequest(Model):
    """A question about a job that is not submitted."""

    namespace: Annotated[str, Field(min_length=1, max_length=63, description="Where it would be submitted.")]
    spec: dict[str, Any] = Field(description="The spec of a TrainingJob.")


class Cost(Model):
    """What a job would be charged, and the caps that it would run under, as they are without it."""

    rate_milli_h100e: int
    milli_h100e_seconds: MilliH100eSeconds = Field(description="If it ran for all of its maxRuntime.")
    caps: tuple[CapWindow, ...]
    caps_at_once: tuple[CapAtOnce, ...]


class Victims(Model):
    """How many attempts would be stopped for a job."""

    own: int = Field(description="Its own member's.")
    others: int | None = Field(description="Others' in its own member's clusters; null elsewhere: it may not be told.")


class WhatIf(Model):
    """What would become of a job if it were submitted now. It tells no more than the job's own status would."""

    as_of_seconds: int
    admitted: bool = Field(description="Whether it would be admitted now; if not, `now` says why.")
    accelerator_class: str | None = Field(
        default=None, alias="class", description="The class that it would run on, or that the reason is about."
    )
    gpus: int = 0
    cluster: str | None = None
    strength: str | None = Field(default=None, description="HOME, AWAY, EXCHANGE or BORROW.")
    cost: Cost | None = None
    victims: Victims | None = None
    now: Standing = Field(description="What it would be told: reason, place in the queue, start.")


class Credit(Model):
    """What others used of a member's GPUs less what it used of theirs, decayed. Who has more borrows sooner."""

    milli_h100e_seconds: MilliH100eSeconds = Field(description="Below 0 it used more than it lent.")
    as_of_seconds: int = Field(description="The end of the last hour that was posted.")


class Quota(Model):
    """What a member may use, uses, borrows and lends, as of the last plan."""

    member: str
    as_of_seconds: int
    credit: Credit | None = Field(description="Null before an hour was posted.")
    waiting_jobs: int = Field(ge=0, description="Its jobs that wait.")
    live_jobs: int = Field(ge=0, description="Its jobs that hold GPUs or are to.")
    classes: tuple[ClassStanding, ...]
    caps: tuple[CapWindow, ...]
    caps_at_once: tuple[CapAtOnce, ...]


class Quotas(Model):
    """The members for whom you act."""

    members: tuple[Quota, ...]


class Gpus(Model):
    """GPUs that are offered, and those of them that nobody holds."""

    gpus: int
    free_gpus: int


class Cell(Model):
    """A class in a region. Of others there is a sum where four or more contribute, rounded down to 64, or nothing."""

    accelerator_class: str = Field(alias="class")
    region: str
    own: Gpus
    others: Gpus | None


class PoolShown(Model):
    """The pool, as far as one member may be told."""

    cells: tuple[Cell, ...]


class Hour(Model):
    """An hour that was posted: what a member was charged, and what its GPUs did, in milli-GPU-seconds."""

    member: str
    hour_seconds: int = Field(description="When the hour began, in Unix seconds.")
    charged: MilliH100eSeconds = Field(description="What its use costs, with the factors of tiers and corrections.")
    lent: MilliH100eSeconds = Field(description="What others used of its GPUs.")
    used_milli_gpu_seconds: int = Field(description="Of its GPUs: in use, by whomever.")
    idle_milli_gpu_seconds: int
    down_milli_gpu_seconds: int
    unknown_milli_gpu_seconds: int = Field(description="Slots that did not come; nobody is credited for these.")


class EntitledSince(Model):
    """What a member may use and not lose of a class, from a time on until its next change."""

    member: str
    accelerator_class: str = Field(alias="class")
    at_seconds: int = Field(description="When it was recorded, in Unix seconds; changes are looked for twice a minute.")
    milli_gpus: int = Field(description="In thousandths of a GPU; nought when it ended.")
    milli_h100e: int = Field(description="What these were worth then, in the precision by which classes are compared.")


class Line(Model):
    """What was booked on one of a member's accounts, for one purpose."""

    account: str
    purpose: str
    is_correction: bool
    debits: MilliH100eSeconds
    credits: MilliH100eSeconds


class MemberStatement(Model):
    """A member's period. *standing* is what others used of its GPUs less what it used; positive is owed to it."""

    member: str
    hours_posted: int
    lines: tuple[Line, ...]
    standing: MilliH100eSeconds
    did: Did
    measured: Measured


class Statement(Model):
    """A period as it is booked: preliminary until it is final with everybody; afterwards it is corrected elsewhere."""

    period: str
    stage: str = Field(description="open, initial, final or true-up: how far it is settled with all counterparties.")
    is_final: bool
    members: tuple[MemberStatement, ...]


class Entry(Model):
    """A code that opens the dashboard in a browser: give it to the page /login, once, before it expires."""

    code: str
    expires_seconds: int
