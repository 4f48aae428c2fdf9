"""`MemberCluster`: a Kubernetes cluster whose nodes a member contributes."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources.limits import CLUSTER_NAME_LENGTH_MAX, VERSION_LENGTH_MAX
from hanse.resources.member import ClassGpus
from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule, immutable
from hanse.resources.scalars import HostName, Name, PublicKey, named_like_a_label


class MemberClusterSpec(Model):
    """Whose the cluster is, where it is, and the key of its agent."""

    rules: ClassVar[tuple[Rule, ...]] = immutable(
        "member", "region", remedy="another owner or place is another cluster; join it under a new name"
    )
    member: Name = Field(description="The Member that owns the cluster.")
    region: Name = Field(description="Where it stands; jobs ask for regions by this name.")
    zones: Annotated[tuple[Name, ...], ListOf()] = Field(
        default=(), max_length=32, description="Residency zones it lies in, such as cn or cn-gd, from wide to narrow."
    )
    cluster_domain: HostName = Field(
        default="cluster.local", description="Domain of its Services, for the addresses that workers get."
    )
    agent_key: PublicKey = Field(
        description="X25519, base64: credentials for its attempts are encrypted to this key of the cluster agent."
    )


class MemberClusterStatus(Status):
    """What Hanse knows of the cluster. Its inventory is in the ledger's database."""

    phase: Literal["Joining", "Ready", "Suspect", "Lost"] | None = Field(
        default=None, description="Whether its agent renews its leases."
    )
    nodes: int = Field(default=0, ge=0, description="Contributed nodes.")
    ready_nodes: int = Field(default=0, ge=0, description="Contributed nodes that take work.")
    gpus: Annotated[tuple[ClassGpus, ...], ListOf(key="class")] = Field(
        default=(), max_length=32, description="Contributed GPUs that are healthy, by class."
    )
    gpu_count: int = Field(default=0, ge=0, description="The same, over all classes.")
    agent_version: str = Field(default="", max_length=VERSION_LENGTH_MAX, description="Version of the cluster agent.")


class MemberCluster(Resource):
    """A Kubernetes cluster whose nodes a member contributes. Its agent dials in; Hanse holds no credential of it."""

    # Its namespace is hanse-cluster-<name>, hence the length.
    rules: ClassVar[tuple[Rule, ...]] = (named_like_a_label("MemberCluster", CLUSTER_NAME_LENGTH_MAX),)
    definition: ClassVar[Definition] = Definition(
        plural="memberclusters",
        short_name="mc",
        scope="Cluster",
        columns=(
            Column("Member", ".spec.member"),
            Column("Region", ".spec.region"),
            Column("Phase", ".status.phase"),
            Column("Nodes", ".status.nodes", "integer"),
            Column("GPUs", ".status.gpuCount", "integer"),
            AGE,
            Column("Ready Nodes", ".status.readyNodes", "integer", wide=True),
            Column("Agent", ".status.agentVersion", wide=True),
        ),
        conditions=("Ready", "AgentConnected"),
    )
    kind: str = "MemberCluster"
    spec: MemberClusterSpec = Field(description="Whose the cluster is, where it is, and the key of its agent.")
    status: MemberClusterStatus = Field(
        default_factory=MemberClusterStatus, description="What Hanse knows of the cluster."
    )
