"""What the service answers to people, field by field; amounts are integers, in the unit that their name ends with.

In: nothing. Out: models, from which OpenAPI is made. What agents are answered is in :mod:`hanse.resources.protocol`.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import Field

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


class Queued(Model):
    """A job that waits, at its place in the queue of its organisation."""

    namespace: str
    name: str
    position: int = Field(ge=1, description="Its place among the waiting jobs of its own organisation.")
    reason: str = Field(description="Why it waits: one word out of a closed list.")
    message: str = Field(default="", description="Why it waits, in a sentence.")
    remedy: str = Field(default="", description="What would let it start.")


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


class Standing(Model):
    """Where a job stands now, as the leading operator knows it; *status* is what is written to the TrainingJob."""

    message: str
    position: int | None = Field(default=None, ge=1)
    status: dict[str, Any] | None = None


class Explained(Model):
    """What was decided about a job, newest first and at most 50; its attempts, likewise; and where it stands."""

    decisions: tuple[Decided, ...]
    attempts: tuple[Tried, ...]
    now: Standing
