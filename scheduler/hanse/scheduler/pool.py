"""The pool as the coordinator and the members describe it: what changes seldom, and is small.

In: names and integers, from the typed resources (the operator) or a trace (the simulator). Out: frozen records that
refer to one another by name, so that their order never matters; `catalogue` turns the names into indices, and refuses
a policy that cannot hold. Nodes, jobs and attempts, of which there are tens of thousands, are columns: see `snapshot`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from hanse.quota import units


class Rung(IntEnum):
    """The first part of strength: what a running gang's GPUs are promised on. `docs/fairness.md` has the rules."""

    BORROW = 0
    EXCHANGE = 1
    AWAY = 2
    HOME = 3


class Trust(IntEnum):
    """What a job demands of the nodes that run it. All but NONE must be offered by the node's contribution."""

    NONE = 0
    EXCLUSIVE_NODE = 1
    KATA = 2
    CONFIDENTIAL = 3


class NodeState(IntEnum):
    """What a node may do: only READY ones take work, and only READY and RECALLED ones count as entitlement."""

    READY = 0
    RECALLED = 1
    CORDONED = 2
    DOWN = 3
    CLOSED = 4


class Level(IntEnum):
    """How near to one another workers stand, the narrowest first: in one domain of this kind."""

    NODE = 0
    RACK = 1
    BLOCK = 2
    CLUSTER = 3


@dataclass(frozen=True, slots=True)
class AcceleratorClass:
    """A kind of GPU, and its H100-equivalent at each precision that it has.

    `shareable_gib` is what may be guaranteed of one's memory, all workers together; 0 if nobody shares one.
    """

    name: str
    h100_equivalents: Mapping[str, units.MilliH100e]
    shareable_gib: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """A PriorityTier. `preempts` and `preemptible` are about urgency in one leaf; they never hold off a reclaim."""

    name: str
    rank: int
    factor: units.Thousandths = 1000
    share: units.Thousandths = 1000
    preempts: bool = True
    preemptible: bool = True
    run_seconds_min: int = 0


@dataclass(frozen=True, slots=True)
class Organisation:
    """A part of a member; `parent` is the member's name or another organisation's. Shares are by class."""

    name: str
    parent: str
    shares: Mapping[str, units.Thousandths]


@dataclass(frozen=True, slots=True)
class Member:
    """A member, the root of its organisations. A class without a limit has none; for debit see `quota.shares`."""

    name: str
    levy: units.Thousandths = 0
    grants: Mapping[str, int] = field(default_factory=dict)
    borrowing_limits: Mapping[str, units.MilliGpu] = field(default_factory=dict)
    lending_limits: Mapping[str, units.MilliGpu] = field(default_factory=dict)
    debit: units.MilliH100eSeconds = 0
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a member offers in one of its clusters, and to whom; whether workers of different members share a GPU."""

    name: str
    member: str
    cluster: str
    region: str
    trust: frozenset[Trust] = frozenset()
    excluded_members: frozenset[str] = frozenset()
    mixes: bool = False


@dataclass(frozen=True, slots=True)
class CapWindow:
    """What one window of a cap has left. All windows of one cap bear its name.

    *organisation* is a member or an organisation: the cap counts what it and all below it use.
    """

    name: str
    organisation: str
    start_seconds: int
    end_seconds: int
    left: units.MilliH100eSeconds


@dataclass(frozen=True, slots=True)
class CapAtOnce:
    """The most that a member or an organisation, with all below it, may use at one moment, with tier factors."""

    name: str
    organisation: str
    limit: units.MilliH100e


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An attempt that runs where the pool has nothing any more, as its Contribution is gone.

    It holds no GPU that could be planned with, and is neither renewed nor stopped; caps at once on *organisation* and
    all above it count it, and what its member may borrow of *accelerator* if it borrowed that.
    """

    organisation: str
    rate: units.MilliH100e
    accelerator: str = ""
    milli_gpus_borrowed: units.MilliGpu = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """The PoolPolicy, as far as decisions depend on it."""

    reference_precision: str = "bf16"
    share_floor: units.MilliH100e = 1000
    share_half_life_seconds: int = 7 * 24 * 3600
    restart_cost_seconds: int = 300
    lost_seconds_max: int = 4 * 3600
    funding_seconds_min: int = 3600
    slot_latency_seconds: int = 600
    reservation_depth: int = 16


@dataclass(frozen=True, slots=True)
class Pool:
    """All of the above."""

    accelerators: tuple[AcceleratorClass, ...]
    tiers: tuple[Tier, ...]
    members: tuple[Member, ...]
    organisations: tuple[Organisation, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    caps: tuple[CapWindow, ...] = ()
    caps_at_once: tuple[CapAtOnce, ...] = ()
    policy: Policy = Policy()
    unplaced: tuple[Unplaced, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A class that a job accepts, how many workers it needs there, and how many it can use, if these are more."""

    accelerator: str
    workers: int
    workers_max: int = 0

    @property
    def most(self) -> int:
        """The most workers that a gang has on this class."""
        return max(self.workers, self.workers_max)


@dataclass(frozen=True, slots=True)
class Slices:
    """What each worker of a gang that shares GPUs has of the memory of one, in slices of 1 GiB.

    It shares one with workers of its own member; *with_others*, also with those of others that say so too.
    """

    guaranteed_gib: int
    limit_gib: int
    with_others: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a job asks for, without who asks and when: jobs of one shape, tier and leaf are tried once.

    `run_seconds` is how long an attempt may run, on the grid of `runtimes`, or every job would be a class of its own.
    The gang stands in one domain of `level` if one has room, and `needs_level` says that it starts nowhere else.
    """

    options: tuple[Option, ...]
    gpus_per_worker: int = 1
    cpu_milli: int = 0
    memory_mib: int = 0
    ephemeral_mib: int = 0
    rdma: int = 0
    precision: str = "bf16"
    trust: Trust = Trust.NONE
    regions: frozenset[str] = frozenset()
    excluded_members: frozenset[str] = frozenset()
    excluded_clusters: frozenset[str] = frozenset()
    """Where it is not tried again yet, as it was refused there or the pool failed it."""
    checkpoint_seconds: int = 1800
    grace_seconds: int = 120
    run_seconds: int = 24 * 3600
    level: Level = Level.CLUSTER
    needs_level: bool = False
    slices: Slices | None = None
    """Of one GPU a worker; without any, its GPUs are its own."""
