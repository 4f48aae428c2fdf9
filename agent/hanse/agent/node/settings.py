"""What a node agent is told when it is installed: the cluster agent's address, whose GPUs, how far memory goes.

In: a YAML file. Out: :class:`Settings`. The rule for memory is read again when the file changes; all else at the start.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field

from hanse.agent.node.slices import Rule
from hanse.resources.model import Model, camel


class Memory(Model):
    """How far the memory of the node's GPUs may be promised; the planner must be told the same."""

    model_config = ConfigDict(alias_generator=camel, validate_by_name=True, frozen=True, extra="forbid")

    ratio_thousandths: int = Field(default=1000, ge=1000, le=2000)
    """Sum of limits over physical memory. Above 1000 only where workers take their guarantee at their start."""
    reserve_mib: int = Field(default=2048, ge=0)
    """Of each GPU, never promised."""
    tenants_max: int = Field(default=4, ge=1, le=16)
    """Workers that may share one GPU."""

    @property
    def rule(self) -> Rule:
        """The same, as the slices are counted by."""
        return Rule(self.ratio_thousandths, self.reserve_mib, self.tenants_max)


class Settings(Model):
    """The settings of a node agent; relative paths are taken from the folder of the settings' own file."""

    model_config = ConfigDict(alias_generator=camel, validate_by_name=True, frozen=True, extra="forbid")

    agent_url: str
    """The cluster agent, as this node reaches it."""
    token_file: Path
    """Of the node agents' account, for the audience hanse-cluster-agent, and bound to this node."""
    state_folder: Path
    """Outlives the process on this node, and has the same path for the kubelet: containers get folders in it."""
    kubelet_folder: Path = Path("/var/lib/kubelet")
    provider: Literal["nvidia", "ascend", "simulated"] = "nvidia"
    script: Path | None = None
    """What simulated GPUs do."""
    cdi: bool = True
    """Devices are named to the container runtime by CDI; without it, by NVIDIA_VISIBLE_DEVICES alone."""
    shared: bool = True
    """GPUs are offered as slices, in place of the maker's own plugin, which must not run here; else only measured."""
    memory: Memory = Memory()
    sample_seconds: float = Field(default=1.0, gt=0)
    exchange_seconds: float = Field(default=2.0, gt=0)
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65_535)
    """For Prometheus. Absent, there are no metrics."""

    @property
    def plugins_folder(self) -> Path:
        """Where the kubelet and device plugins meet."""
        return self.kubelet_folder / "device-plugins"

    @property
    def owners_socket(self) -> Path:
        """Where the kubelet says who has which devices."""
        return self.kubelet_folder / "pod-resources" / "kubelet.sock"


def load(file: Path) -> Settings:
    """Read settings; raise ValueError naming each field that is wrong."""
    document: Any = yaml.safe_load(file.read_text())
    settings = Settings.model_validate(document)
    paths = {name: file.parent / value for name, value in settings if isinstance(value, Path)}
    return settings.model_copy(update=paths)
