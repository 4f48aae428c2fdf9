"""`TrainingJob`: a gang of workers that a member wants to run."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources.durations import Between, format_duration
from hanse.resources.limits import GPUS_PER_WORKER_MAX, MAX_GRACE_SECONDS, WORKERS_MAX
from hanse.resources.model import AGE, Column, Definition, Model, Resource
from hanse.resources.rules import ListOf, Rule, immutable
from hanse.resources.scalars import (
    MIB_MAX,
    Name,
    OutsideHost,
    Precision,
    Sharing,
    StorageUri,
    Trust,
    named_like_a_label,
)
from hanse.resources.template import PodTemplate
from hanse.resources.training_job_status import CONDITIONS, TrainingJobStatus

_MAX_GRACE = format_duration(timedelta(seconds=MAX_GRACE_SECONDS))
_SLICE_MIB = 1024
"""GPU memory is handed out in slices of a GiB."""


class Workers(Model):
    """The size of the gang."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.minReplicas) || self.minReplicas <= self.replicas",
            "minReplicas is larger than replicas: lower minReplicas, or raise replicas",
            expression="'minReplicas %d is larger than replicas %d: lower minReplicas, or raise replicas'"
            ".format([self.minReplicas, self.replicas])",
            field=".minReplicas",
            holds=lambda workers: workers.core <= workers.replicas,
        ),
    )
    replicas: int = Field(ge=1, le=WORKERS_MAX, description="Workers wanted. kubectl scale changes it.")
    min_replicas: int | None = Field(
        default=None,
        ge=1,
        le=WORKERS_MAX,
        description="Workers that it can run with. Absent: all of them or none. Set, it makes the gang elastic: workers"
        " beyond it come and go with what is idle.",
    )

    @property
    def core(self) -> int:
        """Workers that start and stop together."""
        return self.replicas if self.min_replicas is None else self.min_replicas


class AcceleratorChoice(Model):
    """A class that the job can run on."""

    accelerator_class: Name = Field(alias="class", description="Name of an AcceleratorClass.")
    min_replicas: int | None = Field(
        default=None,
        ge=1,
        le=WORKERS_MAX,
        description="Workers that the gang needs on this class; absent, workers.minReplicas. While it is above"
        " workers.replicas the class is no candidate.",
    )


class GpuMemory(Model):
    """What a worker that shares a GPU has of its memory, its CUDA context included."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.guaranteedMiB <= self.limitMiB",
            "guaranteedMiB is larger than limitMiB: raise limitMiB, or lower guaranteedMiB",
            expression="'guaranteedMiB %d is larger than limitMiB %d: raise limitMiB, or lower guaranteedMiB'"
            ".format([self.guaranteedMiB, self.limitMiB])",
            field=".guaranteedMiB",
            holds=lambda memory: memory.guaranteed_mib <= memory.limit_mib,
        ),
    )
    guaranteed_mib: int = Field(
        ge=_SLICE_MIB, le=MIB_MAX, multiple_of=_SLICE_MIB, description="Memory it always has, in MiB."
    )
    limit_mib: int = Field(
        ge=_SLICE_MIB,
        le=MIB_MAX,
        multiple_of=_SLICE_MIB,
        description="Memory it may use while others do not need theirs, in MiB.",
    )


class Topology(Model):
    """How near to one another the workers are placed."""

    level: Literal["node", "rack", "block", "cluster"] = Field(
        description="The domain that holds the whole gang. Racks and blocks are what the labels hanse.dev/rack and"
        " hanse.dev/block of nodes name; a node without is a rack of its own."
    )
    mode: Literal["required", "preferred"] = Field(
        default="preferred", description="Whether the job waits for such a domain, or takes a wider one."
    )


class Locality(Model):
    """Where the job may run."""

    regions: Annotated[tuple[Name, ...], ListOf()] = Field(
        default=(), max_length=32, description="Regions that it may run in. Empty: any that its member's zones allow."
    )
    exclude_members: Annotated[tuple[Name, ...], ListOf()] = Field(
        default=(), max_length=64, description="Members on whose nodes it never runs."
    )


class Checkpoint(Model):
    """How the job saves its state."""

    interval: Annotated[timedelta, Between("1m", "24h")] = Field(
        default=timedelta(minutes=30), description="Time between the checkpoints that it makes by itself."
    )
    grace: Annotated[timedelta, Between("0s", _MAX_GRACE)] = Field(
        default=timedelta(minutes=2), description="Time it gets to checkpoint before it is stopped."
    )


class Restart(Model):
    """What happens when a worker fails."""

    limit: int = Field(
        default=3, ge=0, le=1000, description="Times that the gang is started again. Preemptions do not count."
    )


class EgressTarget(Model):
    """A host outside of the gang that workers may reach."""

    host: OutsideHost = Field(description="Its name, with its domain; never an IP address, nor a name of a cluster.")
    port: int = Field(ge=1, le=65_535, description="TCP port.")


class Storage(Model):
    """Where the job reads and saves. It is handed to the cluster agent encrypted, for each attempt anew."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.checkpoint) || size(self.data) > 0",
            "storage names no place: set checkpoint or data, or remove storage",
            holds=lambda storage: storage.checkpoint is not None or len(storage.data) > 0,
        ),
    )

    checkpoint: StorageUri | None = Field(default=None, description="Where checkpoints go.")
    data: Annotated[tuple[StorageUri, ...], ListOf()] = Field(
        default=(), max_length=16, description="What the job reads."
    )
    credentials: Name | None = Field(
        default=None,
        description="A Secret in the job's namespace with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and"
        " AWS_ENDPOINT_URL where the store is not AWS's.",
    )


_FIXED = immutable(
    "tier",
    "gpusPerWorker",
    "accelerators",
    "precision",
    "gpuMemory",
    "trust",
    "allowSharingWith",
    "topology",
    "placement",
    "startDeadline",
    "checkpoint",
    "restart",
    "onClusterLost",
    "partitionTolerance",
    "egress",
    "storage",
    "template",
    remedy="create another job; only suspend, maxRuntime, workers and ttlAfterFinished may change",
)


class TrainingJobSpec(Model):
    """What to run, on what, and how it may be interrupted."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.gpuMemory) || self.gpusPerWorker == 1",
            "gpuMemory shares one GPU: set gpusPerWorker to 1, or remove gpuMemory to have whole GPUs",
            field=".gpuMemory",
            holds=lambda spec: spec.gpu_memory is None or spec.gpus_per_worker == 1,
        ),
        Rule(
            "self.accelerators.all(a, self.accelerators.exists_one(b, b.class == a.class))",
            "accelerators names a class twice: remove one of the two",
            field=".accelerators",
            holds=lambda spec: len({a.accelerator_class for a in spec.accelerators}) == len(spec.accelerators),
        ),
        Rule(
            "size(self.accelerators) == 0"
            " || self.accelerators.exists(a, !has(a.minReplicas) || a.minReplicas <= self.workers.replicas)",
            "minReplicas of each class in accelerators is larger than workers.replicas, so that no class can be used:"
            " raise replicas, or lower one",
            field=".accelerators",
            holds=lambda spec: len(spec.candidates) > 0,
        ),
        *_FIXED,
    )
    tier: Name = Field(description="A PriorityTier that you may use (RBAC verb use). kubectl get pt lists them.")
    workers: Workers = Field(description="The size of the gang.")
    gpus_per_worker: int = Field(
        ge=1, le=GPUS_PER_WORKER_MAX, description="GPUs of each worker; 1 with gpuMemory for a shared GPU."
    )
    accelerators: tuple[AcceleratorChoice, ...] = Field(
        min_length=1,
        max_length=8,
        description="Classes it can run on, in order of preference. All workers get the same class.",
    )
    precision: Precision = Field(
        default=Precision.BF16, description="The precision it computes in; decides what an accelerator is worth to it."
    )
    gpu_memory: GpuMemory | None = Field(
        default=None, description="Share of a GPU's memory. Absent: the worker has whole GPUs."
    )
    trust: Trust = Field(default=Trust.NONE, description="Isolation that nodes must offer.")
    allow_sharing_with: Sharing = Field(
        default=Sharing.OWN_MEMBER, description="With whose jobs its GPUs may be shared, if gpuMemory is set."
    )
    topology: Topology | None = Field(
        default=None, description="How near to one another the workers are placed. A gang never spans clusters."
    )
    placement: Locality = Field(default=Locality(), description="Where the job may run.")
    max_runtime: Annotated[timedelta, Between("1m", "8760h")] = Field(
        description="The job is stopped when it has run this long. Backfill and caps rest on it, so a tight one starts"
        " sooner; it may be extended while the job runs."
    )
    start_deadline: Annotated[timedelta, Between("1m", "24h")] = Field(
        default=timedelta(minutes=30), description="Time for all workers to be ready, or the gang is released."
    )
    checkpoint: Checkpoint = Field(default=Checkpoint(), description="How the job saves its state.")
    restart: Restart = Field(default=Restart(), description="What happens when a worker fails.")
    on_cluster_lost: Literal["Hold", "RequeueAfterExpiry", "Fail"] = Field(
        default="RequeueAfterExpiry",
        description="What happens when its cluster cannot be reached: wait for it, start elsewhere once its lease has"
        " expired, or fail.",
    )
    partition_tolerance: Annotated[timedelta, Between("1m", "24h")] = Field(
        default=timedelta(minutes=15),
        description="How long it runs on while its cluster cannot reach the hub: its lease's time to live.",
    )
    egress: tuple[EgressTarget, ...] = Field(
        default=(), max_length=16, description="Hosts that workers may reach. All others are blocked."
    )
    storage: Storage | None = Field(default=None, description="Where the job reads and saves.")
    suspend: bool = Field(
        default=False, description="While true the job does not run; setting it checkpoints and stops it."
    )
    ttl_after_finished: Annotated[timedelta, Between("0s", "8760h")] = Field(
        default=timedelta(hours=24),
        description="How long the object stays after the job has ended. The ledger keeps it.",
    )
    template: PodTemplate = Field(description="What each worker runs.")

    @property
    def candidates(self) -> tuple[AcceleratorChoice, ...]:
        """The classes that it can run on while it has this many replicas, in order of preference."""
        return tuple(choice for choice in self.accelerators if (choice.min_replicas or 1) <= self.workers.replicas)


class TrainingJob(Resource):
    """A gang of workers that a member wants to run. The namespace decides the member."""

    rules: ClassVar[tuple[Rule, ...]] = (named_like_a_label("TrainingJob"),)
    definition: ClassVar[Definition] = Definition(
        plural="trainingjobs",
        short_name="tj",
        scope="Namespaced",
        columns=(
            Column("Member", ".status.member"),
            Column("Tier", ".spec.tier"),
            Column("Phase", ".status.phase"),
            Column("GPUs", ".status.gpus"),
            Column("H100e", ".status.h100e"),
            Column("Reason", ".status.reason"),
            Column("Preemptions", ".status.preemptions", "integer"),
            AGE,
            Column("Replicas", ".spec.workers.replicas", "integer", wide=True),
            Column("Class", ".status.acceleratorClass", wide=True),
            Column("Cluster", ".status.cluster", wide=True),
            Column("Strength", ".status.strength", wide=True),
        ),
        scale_paths=(".spec.workers.replicas", ".status.replicas"),
        conditions=CONDITIONS,
    )
    kind: str = "TrainingJob"
    spec: TrainingJobSpec = Field(description="What to run, on what, and how it may be interrupted.")
    status: TrainingJobStatus = Field(default_factory=TrainingJobStatus, description="What Hanse has made of the job.")
