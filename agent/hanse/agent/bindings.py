"""What cluster agent and node agent say to each other: what is placed on a node, and what is there and used.

The node agent asks and tells in one request, as the cluster agent does with the hub: a message that is lost is repaired
by the next one. Who speaks for which node is known from the token, never from the message. Both sides import this
module, and it must not know how either of them works.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from hanse.resources.limits import GPUS_PER_NODE_MAX
from hanse.resources.model import Model
from hanse.resources.protocol import ENFORCER_MAX, Count, Sentence

AUDIENCE = "hanse-cluster-agent"
"""The audience of node agents' tokens: a token for anybody else is refused."""
BINDINGS_MAX = 4096
USERS_MAX = 64
STRANGERS_MAX = 256
GPU_INDEX_MAX = GPUS_PER_NODE_MAX - 1

Index = Annotated[int, Field(ge=0, le=GPU_INDEX_MAX)]


class Binding(Model):
    """A worker that belongs on this node: its pod, its GPUs, and of each how many GiB; none are whole GPUs.

    *uid* is the pod's, once the cluster agent has seen it. *stopping* is a gang that is to end: it checkpoints.
    """

    namespace: str = Field(max_length=253)
    pod: str = Field(max_length=253)
    uid: str = Field(default="", max_length=64)
    attempt: UUID
    fence: Count
    rank: Count
    gpus: tuple[Index, ...] = Field(max_length=GPUS_PER_NODE_MAX)
    guaranteed_gib: Count | None = None
    limit_gib: Count | None = None
    stopping: bool = False


class GpuThere(Model):
    """A GPU of the node; *fault* says why no work may run on it."""

    index: Index
    uuid: str = Field(max_length=64)
    memory_mib: Count
    fault: Sentence = ""


class AttemptUse(Model):
    """How much memory of a GPU an attempt's worker had over the time, in MiB-seconds, and for how long it computed."""

    attempt: UUID
    memory_mib_seconds: Count
    busy_milliseconds: Count = 0


class GpuUse(Model):
    """What was used of a GPU since the node agent's process began: counters that only grow, and whose parts are.

    *unattributed_mib_seconds* are in nobody's name, and among the others. Not every GPU counts energy, or says how busy
    it is; for *unnamed_milliseconds* of that the driver named nobody, and a node agent of an earlier version does not
    know. An attempt that has ended is left out after a while.
    """

    index: Index
    memory_mib_seconds: Count
    unattributed_mib_seconds: Count
    energy_millijoules: Count | None = None
    busy_milliseconds: Count | None = None
    unnamed_milliseconds: Count | None = None
    attempts: tuple[AttemptUse, ...] = Field(default=(), max_length=USERS_MAX)


class Stranger(Model):
    """Who uses a GPU without slices of it: a pod, by its *uid*, or processes that are in none."""

    index: Index
    uid: str = Field(default="", max_length=64)
    memory_mib: Count


class NodeStatement(Model):
    """What is on a node: its GPUs, how their memory is kept apart, what is used of them, and by whom it should not be.

    It is about one boot of the node, and one *process* there, whose counters begin at zero.
    """

    boot_id: UUID
    process: UUID
    enforcer: str = Field(max_length=ENFORCER_MAX)
    gpus: tuple[GpuThere, ...] = Field(max_length=GPUS_PER_NODE_MAX)
    used: tuple[GpuUse, ...] = Field(default=(), max_length=GPUS_PER_NODE_MAX)
    strangers: tuple[Stranger, ...] = Field(default=(), max_length=STRANGERS_MAX)


class NodeAnswer(Model):
    """What is placed on the node now: all of it."""

    bindings: tuple[Binding, ...] = Field(max_length=BINDINGS_MAX)
