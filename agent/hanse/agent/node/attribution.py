"""Whose memory of a GPU it is: from a process by its control group to its pod, and from there to a placement.

In: what the driver says of processes, by their ids outside of all containers; the bindings. Out: MiB by attempt, and
what is nobody's: of processes in no pod that is placed here, of those whose memory the driver does not know, and what
the driver itself holds. A control group is looked up again each time: ids of processes are used again.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from hanse.agent.bindings import Binding
from hanse.agent.node.gpus import Sample

UNATTRIBUTED_MIB_MAX = 512
"""More than this of a GPU in nobody's name is worth a look: drivers hold less."""
# As systemd and cgroupfs spell the folder of a pod, in any version of control groups.
_POD = re.compile(r"/(?:kubepods[^/]*-)?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
PodOf = Callable[[int], str]


@dataclass(frozen=True)
class Attributed:
    """The memory of one GPU: by attempt, in nobody's name, and of that by the uids of pods not placed there."""

    mib_by_attempt: Mapping[UUID, int]
    unattributed_mib: int
    mib_by_stranger: Mapping[str, int] = field(default_factory=dict)


def attribute(sample: Sample, bindings: Iterable[Binding], pod_of: PodOf) -> Attributed:
    """Return whose the memory in use is."""
    attempts = {binding.uid: binding.attempt for binding in bindings if binding.uid}
    found: dict[UUID, int] = defaultdict(int)
    strangers: dict[str, int] = defaultdict(int)
    for process in sample.processes:
        uid = pod_of(process.pid)
        if attempt := attempts.get(uid):
            found[attempt] += process.memory_mib or 0
        else:
            strangers[uid] += process.memory_mib or 0
    return Attributed(found, max(0, sample.used_mib - sum(found.values())), strangers)


def pod_of(pid: int) -> str:
    """Return the uid of the pod that a process is in, or nothing if it is in none, or is gone."""
    try:
        return pod_in(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        return ""


def pod_in(cgroups: str) -> str:
    """Return the uid of the pod that a process's list of control groups names, if it names one."""
    found = _POD.search(cgroups)
    return found[1].replace("_", "-") if found else ""
