"""Nodes, jobs and attempts, one by one and by name: the form in which they enter a snapshot.

In: the operator's cache and ledger mirror, a trace, or a test. Next: `building` sorts them into columns, and `deltas`
puts changed ones into a snapshot that is already there.
"""

from dataclasses import dataclass

from hanse.quota import units
from hanse.scheduler.pool import NodeState, Rung, Shape

NOT_ENROLLED = -1


@dataclass(frozen=True, slots=True)
class Node:
    """A contributed node. `gpus` and `foreign_gpus` are bit masks, by PCI bus order: healthy, and held by others' pods.

    `gpus_enrolled` counts also those that are broken now; `enrolled` orders a member's nodes for the levy, which takes
    none that is `NOT_ENROLLED` from who has enrolled others of the class. `rack` and `block` name where it stands,
    empty if nobody says; a rack's name need be unique in its block only, a block's in its cluster. If it shares its
    GPUs, each has `mem_gib` slices to guarantee and `limit_gib` to promise as limits, for at most so many `tenants`.
    """

    name: str
    contribution: str
    accelerator: str
    gpus: int
    gpus_enrolled: int
    cpu_milli: int
    memory_mib: int
    ephemeral_mib: int = 0
    rdma: int = 0
    foreign_gpus: int = 0
    foreign_cpu_milli: int = 0
    foreign_memory_mib: int = 0
    foreign_ephemeral_mib: int = 0
    foreign_rdma: int = 0
    enrolled: int = 0
    state: NodeState = NodeState.READY
    rack: str = ""
    block: str = ""
    mem_gib: int = 0
    limit_gib: int = 0
    tenants: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job that has not ended. `attempts` numbers its last attempt; `organisation` is a leaf."""

    uid: str
    organisation: str
    tier: str
    shape: Shape
    submitted_seconds: int
    preemptions: int = 0
    attempts: int = 0
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Workers of one attempt on one node, and the mask of the GPUs that are theirs, shared out in rising order.

    Workers that share GPUs have one each, of which others may have slices too.
    """

    node: str
    workers: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Donor:
    """What a class of a member's entitlement gives for a gang that runs on exchange."""

    accelerator: str
    milli_gpus: units.MilliGpu


@dataclass(frozen=True, slots=True)
class Extra:
    """One worker of an elastic gang beyond its core, and the mask of its GPUs.

    Its number is never given twice in an attempt. If it is `leaving` it was told to go: it counts nowhere, but is still
    on its GPUs, which are promised to others.
    """

    worker: int
    node: str
    gpus: int
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job's gang, decided and not yet confirmed as ended.

    It is live, or it is draining: told to stop, counted nowhere, but still on its GPUs, which are promised to others.
    `refused` says that its owner has had notice that its funding ends. `donors` are in name order, and only there if it
    runs on exchange. `placed` is its core; `numbered` is how many numbers its workers, those that have left too, have
    had so far.
    """

    job: str
    number: int
    accelerator: str
    rung: Rung
    cover: int
    started_seconds: int
    checkpoint_seconds: int
    funded_until_seconds: int
    gpu_rate: units.MilliH100e
    placed: tuple[Placed, ...]
    draining: bool = False
    refused: bool = False
    donors: tuple[Donor, ...] = ()
    extras: tuple[Extra, ...] = ()
    numbered: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """So many workers of one reservation on one node."""

    node: str
    workers: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """Who gives what for the attempt of a job, which has one at a time."""

    job: str
    donors: tuple[Donor, ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Places that are kept for a waiting job from a time on; it starts there then, or anywhere before."""

    job: str
    accelerator: str
    cluster: str
    start_seconds: int
    kept: tuple[Kept, ...]
