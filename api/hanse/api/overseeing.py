"""What the service answers to auditors and coordinators, field by field.

In: nothing. Out: models, beside those of :mod:`hanse.api.answers`. None of them names a job.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import Field

from hanse.resources.model import Model


class Violation(Model):
    """A promise that was broken, or a document that contradicts another."""

    sequence: int
    id: UUID
    kind: str
    at_seconds: int
    member: str | None
    node: str | None
    attempt: UUID | None
    account: str | None
    amount: int | None
    detail: str
    recorded_at: datetime


class LogStanding(Model):
    """How far the ledger's rows are sealed in the log, signed, and cosigned by witnesses; nothing yet is 0."""

    rows: int
    sealed_at: datetime | None
    signed_rows: int
    cosigned_rows: int
    witnesses: int = Field(description="The witnesses that cosigned the newest checkpoint which any did.")


class ClusterStanding(Model):
    """A member cluster, as its agent reports it."""

    name: str
    agent_version: str
    silent_seconds: int = Field(ge=0, description="Time since its agent was last heard.")
    nodes: int
    ready_nodes: int
    enforcers: dict[str, int] = Field(
        default={}, description="Nodes whose GPUs may be shared, by how memory is kept apart there."
    )


class EntitledGpus(Model):
    """What a member may use and not lose, of one class, in thousandths of a GPU."""

    accelerator_class: str = Field(alias="class")
    milli_gpus: int


class MemberStanding(Model):
    """A member, as the coordinator agreed with it, and what it is entitled to now. Nothing of what it does."""

    name: str
    display_name: str
    suspended: bool
    entitlements: tuple[EntitledGpus, ...]


class Fault(Model):
    """What an agent did by itself, or what was seen of a node; whose attempt it was about is not told."""

    sequence: int
    kind: str
    at_seconds: int
    cluster: str | None
    node: str | None


class RecallStanding(Model):
    """Capacity that its owner takes back."""

    at: datetime = Field(description="When the nodes must be free.")
    left_seconds: int = Field(ge=0, description="Until then.")
    notice_seconds: int = Field(ge=0, description="From so long before that time on nothing new starts there.")
    is_under_way: bool = Field(description="Whether the notice has begun.")


class ContributionStanding(Model):
    """What a member offers from a cluster, in GPUs, and how much of it is in order."""

    namespace: str
    name: str
    member: str
    cluster: str
    accelerator_class: str = Field(alias="class")
    phase: str = Field(description="Open, Closed, Recalling or Recalled.")
    offered_gpus: int = Field(ge=0, description="On all nodes that match, as their agent reported them last.")
    healthy_gpus: int = Field(ge=0)
    stale_gpus: int = Field(ge=0, description="In a cluster whose agent is silent.")
    down_gpus: int = Field(ge=0, description="On nodes that their agent says are not ready.")
    recall: RecallStanding | None


class FeedStanding(Model):
    """How old what the operator knows of a kind of object is."""

    kind: str
    objects: int
    age_seconds: float | None = Field(description="Since it was last heard; null if it never was.")
    fresh: bool


class SilentCluster(Model):
    """A cluster whose agent is not heard."""

    name: str
    silent_seconds: int = Field(ge=0)


class DownNode(Model):
    """A node that its agent says is not ready."""

    cluster: str
    name: str


class Condition(Model):
    """What is wrong with the pool now, as the leading operator knows it; nothing of jobs."""

    as_of_seconds: int
    brake: str = Field(default="", description="Why no attempt of a silent cluster is given up, where one would be.")
    pool_problem: str = Field(default="", description="Why the settings are refused, if they are.")
    not_settled: Mapping[str, int] = Field(
        default_factory=dict, description="Parts of settling that failed, and how often in a row."
    )
    orders_left: int = Field(default=0, description="Recorded decisions that have not taken effect yet.")
    silent_clusters: tuple[SilentCluster, ...]
    down_nodes: int = Field(ge=0, description="Nodes that are not ready, in clusters that are heard.")
    nodes: tuple[DownNode, ...] = Field(description="The first 100 of these.")
    feeds: tuple[FeedStanding, ...]
