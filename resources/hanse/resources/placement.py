"""`Placement`: where the workers of an attempt run, handed to the agent of a member cluster.

It is a hint: no pod starts before the API service has granted the attempt's lease. It says nothing of the member, the
namespace, the job or the user, because the cluster may be a rival's.
"""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from hanse.resources.durations import Between, format_duration
from hanse.resources.limits import GPUS_PER_NODE_MAX, GPUS_PER_WORKER_MAX, MAX_GRACE_SECONDS, WORKERS_MAX
from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule, unchanged
from hanse.resources.scalars import Name, NodeName, Sharing, Trust, Uuid
from hanse.resources.template import PodTemplate
from hanse.resources.training_job import EgressTarget, GpuMemory

_MAX_GRACE = format_duration(timedelta(seconds=MAX_GRACE_SECONDS))
_SEQUENCE_MAX = 2**53 - 1


def _never_lower(field: str) -> Rule:
    return Rule(
        f"self.{field} >= oldSelf.{field}",
        f"{field} never decreases: this write is older than what is there; read the object again",
        expression=f"'{field} %d is lower than %d: this write is older than what is there; read the object again'"
        f".format([self.{field}, oldSelf.{field}])",
        field=f".{field}",
    )


def _fixed_within_fence(field: str) -> Rule:
    return Rule(
        f"self.fence > oldSelf.fence || ({unchanged(field)})",
        f"{field} belongs to the attempt and cannot change under the same fence: raise fence",
        field=f".{field}",
    )


class PlacedWorker(Model):
    """One worker: its node and its GPUs."""

    rank: int = Field(ge=0, le=WORKERS_MAX - 1, description="Its rank in the gang.")
    node: NodeName = Field(description="Its node.")
    gpus: Annotated[tuple[Annotated[int, Field(ge=0, le=GPUS_PER_NODE_MAX - 1)], ...], ListOf()] = Field(
        min_length=1, max_length=GPUS_PER_WORKER_MAX, description="Indices of its GPUs on the node, by PCI bus order."
    )


_FIXED_WITHIN_FENCE = (
    "attempt",
    "class",
    "gpuMemory",
    "milliGpus",
    "trust",
    "allowSharingWith",
    "startDeadline",
    "grace",
    "lease",
    "egress",
    "sealedStorage",
    "template",
)


def _in_order(spec: "PlacementSpec") -> bool:
    ranks = [worker.rank for worker in spec.workers]
    return ranks[0] == 0 and ranks == sorted(set(ranks))


def _no_gpu_twice(spec: "PlacementSpec") -> bool:
    held = [(worker.node, gpu) for worker in spec.workers for gpu in worker.gpus]
    return len(set(held)) == len(held)


class PlacementSpec(Model):
    """What the cluster agent is to bring about."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _never_lower("fence"),
        _never_lower("sequence"),
        *(_fixed_within_fence(field) for field in _FIXED_WITHIN_FENCE),
        Rule(
            "self.sequence != oldSelf.sequence || self == oldSelf",
            "the placement changes under the same sequence: raise sequence with each decision",
            field=".sequence",
        ),
        # In the order of their ranks: a list merged by rank would be recorded GPU by GPU in managedFields. Whoever
        # leaves an elastic gang leaves its rank empty.
        Rule(
            "self.workers.all(i, w, i == 0 ? w.rank == 0 : w.rank > self.workers[i - 1].rank)",
            "workers are not listed by rank: list them in rising order, from rank 0 on, each rank once",
            field=".workers",
            holds=_in_order,
        ),
        # CEL can afford to compare neighbours only; the models compare all.
        Rule(
            "self.workers.all(i, w, i == 0 || w.node != self.workers[i - 1].node"
            " || !w.gpus.exists(g, g in self.workers[i - 1].gpus))",
            "two workers hold the same GPU of the same node: give each GPU to one",
            field=".workers",
            holds=_no_gpu_twice,
        ),
        Rule(
            "!has(self.gpuMemory) || self.workers.all(w, size(w.gpus) == 1)",
            "with gpuMemory each worker has one GPU: give each exactly one index in gpus",
            field=".workers",
            holds=lambda spec: spec.gpu_memory is None or all(len(worker.gpus) == 1 for worker in spec.workers),
        ),
    )
    attempt: Uuid = Field(description="Opaque id of the attempt, a UUID; all that the cluster learns of whose it is.")
    fence: int = Field(ge=1, le=_SEQUENCE_MAX, description="The job's fence. What carries a lower one is powerless.")
    sequence: int = Field(
        ge=1, le=_SEQUENCE_MAX, description="The last committed decision on this attempt; older ones are ignored."
    )
    wanted: Literal["Running", "Stopped"] = Field(description="What the agent is to bring about.")
    funded_until: AwareDatetime = Field(
        description="The agent stops the workers by itself then, unless an answer to a lease renewal has extended it."
    )
    accelerator_class: Name = Field(alias="class", description="The AcceleratorClass of all workers.")
    gpu_memory: GpuMemory | None = Field(
        default=None, description="Share of a GPU's memory of each worker. Absent: whole GPUs."
    )
    milli_gpus: int = Field(
        default=1000,
        ge=1,
        le=1000,
        description="What each GPU of a worker counts as, in thousandths: what it is guaranteed of a shared one.",
    )
    trust: Trust = Field(default=Trust.NONE, description="Isolation that the nodes must offer.")
    allow_sharing_with: Sharing = Field(default=Sharing.OWN_MEMBER, description="With whose jobs GPUs may be shared.")
    start_deadline: Annotated[timedelta, Between("1m", "24h")] = Field(
        description="Time for all workers to be ready, or the gang is released."
    )
    grace: Annotated[timedelta, Between("0s", _MAX_GRACE)] = Field(
        description="Time that the workers get to checkpoint before they are stopped."
    )
    lease: Annotated[timedelta, Between("1m", "24h")] = Field(
        description="Time to live of the attempt's lease; without a renewal the agent stops the workers before it ends."
    )
    workers: tuple[PlacedWorker, ...] = Field(
        min_length=1, max_length=WORKERS_MAX, description="All workers of the gang, by rank."
    )
    egress: tuple[EgressTarget, ...] = Field(
        default=(), max_length=16, description="Hosts that workers may reach. All others are blocked."
    )
    sealed_storage: str | None = Field(
        default=None,
        max_length=65_536,
        description="The job's storage and credentials, encrypted to the cluster agent's key, in base64.",
    )
    template: PodTemplate = Field(description="What each worker runs, as rendered for the attempt.")


class PlacementStatus(Status):
    """What the cluster agent has brought about."""

    fence: int = Field(ge=1, le=_SEQUENCE_MAX, description="The fence that this report is about.")
    sequence: int = Field(default=0, ge=0, le=_SEQUENCE_MAX, description="The sequence that the agent has acted on.")
    phase: Literal["Pending", "Starting", "Running", "Draining", "Released", "Refused"] = Field(
        description="How far the agent is; Released and Refused hold no GPUs."
    )
    message: str = Field(default="", max_length=1024, description="Why, where the agent refuses or workers fail.")
    simulated: bool = Field(default=False, description="Whether the workers run on simulated nodes and train nothing.")
    ready_workers: int = Field(default=0, ge=0, le=WORKERS_MAX, description="Workers that are ready.")
    failed_workers: int = Field(default=0, ge=0, le=WORKERS_MAX, description="Workers that have failed.")
    succeeded_workers: int = Field(default=0, ge=0, le=WORKERS_MAX, description="Workers that have ended well.")


class Placement(Resource):
    """Where the workers of an attempt run. Written by Hanse, carried out by the agent of the member cluster."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            # Nor does a report go: it would be a way to wipe out another's.
            "has(self.status) ? self.status.fence == self.spec.fence"
            " || (has(oldSelf.status) && self.status == oldSelf.status) : !has(oldSelf.status)",
            "status.fence is not spec.fence: this report is about another placement of the job and is refused",
            expression="has(self.status) ? 'status.fence %d is not spec.fence %d: this report is about another"
            " placement of the job and is refused'.format([self.status.fence, self.spec.fence])"
            " : 'a report is not taken back: write the status under spec.fence %d'.format([self.spec.fence])",
            field=".status.fence",
            reason="FieldValueForbidden",
        ),
    )
    definition: ClassVar[Definition] = Definition(
        plural="placements",
        short_name="pl",
        scope="Namespaced",
        columns=(
            Column("Attempt", ".spec.attempt"),
            Column("Fence", ".spec.fence", "integer"),
            Column("Wanted", ".spec.wanted"),
            Column("Phase", ".status.phase"),
            Column("Ready", ".status.readyWorkers", "integer"),
            AGE,
            Column("Class", ".spec.class", wide=True),
            Column("Sequence", ".spec.sequence", "integer", wide=True),
            Column("Funded Until", ".spec.fundedUntil", wide=True),
        ),
        conditions=("Leased", "WorkersReady", "Released"),
    )
    kind: str = "Placement"
    spec: PlacementSpec = Field(description="What the cluster agent is to bring about.")
    status: PlacementStatus | None = Field(default=None, description="What the cluster agent has brought about.")
