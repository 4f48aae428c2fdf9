"""What an agent is told when it is installed: where the hub is, who it is there, and the member's own rules.

In: a YAML file. Out: :class:`Settings`. Nothing in it comes from the hub.
"""

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ConfigDict, Field, model_validator

from hanse.agent.rules import OwnRules
from hanse.resources.limits import CLUSTER_NAMESPACE_PREFIX
from hanse.resources.model import Model, camel
from hanse.resources.scalars import HostName, Name


class Settings(Model):
    """The settings of one cluster's agent; paths are those in its own container."""

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
    namespace: Name = "hanse-workers"
    """Where workers run: a namespace of its own, with Pod Security restricted."""
    cluster_domain: HostName = "cluster.local"
    state_folder: Path
    """Outlives the process, on this machine."""
    signing_key_file: Path
    """Ed25519, 32 bytes in base64: signs what ran. The member certifies its public half."""
    sealing_key_file: Path
    """X25519, likewise: opens what was encrypted to this agent."""
    listen_host: str = "0.0.0.0"  # noqa: S104  # pods reach the agent from all nodes
    listen_port: int = Field(default=8380, ge=0, le=65_535)
    worker_url: str = ""
    """Where workers reach the agent; empty: by listen host and port."""
    sync_seconds: float = Field(default=5.0, gt=0)
    """Time between two renewals: far below the shortest lease."""
    meter_seconds: float = Field(default=5.0, gt=0)
    """Time between two looks at what is used."""
    kill_budget_seconds: float = Field(default=30.0, gt=0)
    """Time that a pod whose grace has ended may take to be gone."""
    own_rules: OwnRules = OwnRules()

    @model_validator(mode="after")
    def _workers_have_an_address(self) -> Self:
        if not self.worker_url and self.listen_host in {"0.0.0.0", "::"}:  # noqa: S104  # the address of no machine
            raise ValueError("workerUrl: say where workers reach the agent, or set listenHost to one address")
        return self

    @property
    def hub_namespace(self) -> str:
        """Where this cluster's Placements are."""
        return f"{CLUSTER_NAMESPACE_PREFIX}{self.cluster}"


def load(file: Path) -> Settings:
    """Read settings; raise ValueError naming each field that is wrong."""
    document: Any = yaml.safe_load(file.read_text())
    return Settings.model_validate(document)
