"""What the node agent knows of GPUs, whoever made them: one interface, behind which each maker's driver is asked.

In: nothing. Out: plain values. A provider answers for what is there now, and says "unknown" (None) rather than zero. It
may block for a while: it is asked in a thread of its own. Next are :mod:`~hanse.agent.node.slices` and measurements.
"""

from dataclasses import dataclass
from typing import Protocol

MIB_PER_GIB = 1024


class ProviderError(Exception):
    """The driver cannot be asked at all, with what to do about it."""


@dataclass(frozen=True)
class Gpu:
    """One physical GPU; *index* counts in the order of the PCI bus."""

    index: int
    uuid: str
    memory_mib: int
    numa_node: int | None = None


@dataclass(frozen=True)
class Process:
    """A process that has memory of a GPU, by its id outside of all containers; *memory_mib* may be unknown."""

    pid: int
    memory_mib: int | None


@dataclass(frozen=True)
class Computing:
    """A process that computed on a GPU, by its id outside of all containers, and in which part of the time."""

    pid: int
    percent: int


@dataclass(frozen=True)
class Sample:
    """What a GPU does at one moment. *fault* says why no work may run on it; energy counts up since the driver came.

    *computing* names who computed since the sample before: nobody where the driver has seen none, or does not say. A
    fault that *may_pass* is no reason yet to stop who runs there.
    """

    used_mib: int
    processes: tuple[Process, ...] = ()
    utilization_percent: int | None = None
    energy_millijoules: int | None = None
    fault: str = ""
    computing: tuple[Computing, ...] = ()
    may_pass: bool = False


class Provider(Protocol):
    """A maker's GPUs."""

    cdi_kind: str
    """The kind under which the container toolkit of the maker names its devices; empty: there are none to be named."""
    is_divisible: bool
    """Whether workers can share the memory of one GPU as they need it, rather than in parts that the hardware makes."""

    def gpus(self) -> tuple[Gpu, ...]:
        """Return all GPUs of this node, in the order of their PCI bus.

        Raises:
            ProviderError: the driver does not answer.

        """

    def sample(self, gpu: Gpu) -> Sample:
        """Return what a GPU does now; one that cannot be asked has a fault."""
