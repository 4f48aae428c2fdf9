"""What an agent is told when it is installed: where the hub is, who it is there, and the member's own rules.

In: a YAML file, such as `hanse cluster join` writes. Out: :class:`Settings`. Whatever the file says is the member's own
word: the coordinator writes a first version of it, and the member may change all but the names that follow from the
cluster's.
"""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field, IPvAnyAddress

from hanse.agent.rules import OwnRules
from hanse.resources.limits import CLUSTER_NAMESPACE_PREFIX
from hanse.resources.model import Model, camel
from hanse.resources.scalars import HostName, LabelMap, Name

WORKERS_NAMESPACE_PREFIX = "hanse-workers-"
"""As long as the prefix of a cluster's namespace at the hub, so that what fits there fits here."""


class Settings(Model):
    """The settings of one cluster's agent; relative paths are taken from the folder of the settings' own file."""

    model_config = ConfigDict(alias_generator=camel, validate_by_name=True, frozen=True, extra="forbid")

    cluster: Name
    """The MemberCluster's name at the hub."""
    hub_kubeconfig: Path
    """For the hub's API server, bound to this cluster's namespace there."""
    api_url: str
    """The API service."""
    api_token_file: Path
    """A token for the audience hanse-api."""
    api_certificate_authority: Path | None = None
    kubeconfig: Path | None = None
    """For the agent's own cluster; absent in a pod there."""
    node_selector: LabelMap = Field(default={})
    """Labels of the nodes that are this cluster's; empty: all. Others are neither reported, metered nor used."""
    reported_labels: tuple[Annotated[str, Field(min_length=1, max_length=317)], ...] = Field(default=(), max_length=16)
    """Labels of nodes that a Contribution's node selector may use, besides those that every agent reports."""
    name_servers: tuple[IPvAnyAddress, ...] = Field(default=(), max_length=8)
    """Where workers look names up, if that is not a pod of kube-system."""
    cluster_domain: HostName = "cluster.local"
    state_folder: Path
    """Outlives the process, on this machine."""
    signing_key_file: Path
    """Ed25519, 32 bytes in base64: signs what ran. The member certifies its public half."""
    sealing_key_file: Path
    """X25519, likewise: opens what was encrypted to this agent."""
    listen_host: str = "0.0.0.0"  # noqa: S104  # pods reach the agent from all nodes
    listen_port: int = Field(default=8380, ge=0, le=65_535)
    node_agent_account: str = Field(default="", pattern=r"^([a-z0-9.-]+:[a-z0-9.-]+)?$")
    """NAMESPACE:NAME of the ServiceAccount of this cluster's node agents; empty: there are none."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    """For Prometheus; let no worker reach it. Absent, there are no metrics."""
    worker_url: str = ""
    """Where workers reach the agent; empty: its own address towards its cluster's API server, and the port."""
    sync_seconds: float = Field(default=5.0, gt=0)
    """Time between two renewals: far below the shortest lease."""
    meter_seconds: float = Field(default=5.0, gt=0)
    """Time between two looks at what is used."""
    kill_budget_seconds: float = Field(default=30.0, gt=0)
    """Time that a pod whose grace has ended may take to be gone."""
    own_rules: OwnRules = OwnRules()

    @property
    def workers_namespace(self) -> str:
        """Where workers run: a namespace of its own, with Pod Security restricted."""
        return f"{WORKERS_NAMESPACE_PREFIX}{self.cluster}"

    @property
    def node_labels(self) -> str:
        """The node selector as a query has it."""
        return ",".join(f"{key}={value}" for key, value in sorted(self.node_selector.items()))

    @property
    def token_files(self) -> tuple[Path, ...]:
        """The files whose tokens somebody renews; in a pod of its cluster the agent's own is renewed by itself."""
        return (self.api_token_file, self.hub_kubeconfig, *([self.kubeconfig] if self.kubeconfig else []))

    @property
    def hub_namespace(self) -> str:
        """Where this cluster's Placements are."""
        return f"{CLUSTER_NAMESPACE_PREFIX}{self.cluster}"


def load(file: Path) -> Settings:
    """Read settings; raise ValueError naming each field that is wrong."""
    document: Any = yaml.safe_load(file.read_text())
    settings = Settings.model_validate(document)
    paths = {name: file.parent / value for name, value in settings if isinstance(value, Path)}
    return settings.model_copy(update=paths)
