"""Whose memory of a GPU it is, and who computes: from a process by its control group to its pod, and to a placement.

In: what the driver says of processes, by their ids outside of all containers; the bindings. Out: MiB by attempt, and
what is nobody's: of processes in no pod that is placed here, of those whose memory the driver does not know, and what
the driver itself holds. A control group is looked up again each time: ids of processes are used again. Who has computed
may have ended since: it is whose it was a look ago, and nobody's if the id is somebody else's by now.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from hanse.agent.bindings import Binding
from hanse.agent.node.gpus import Sample

NOBODY = ""
UNATTRIBUTED_MIB_MAX = 512
"""More than this of a GPU in nobody's name is worth a look: drivers hold less."""
# As systemd and cgroupfs spell the folder of a pod, in any version of control groups.
_POD = re.compile(r"/(?:kubepods[^/]*-)?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")
PodOf = Callable[[int], str]


@dataclass(frozen=True)
class Attributed:
    """The memory of one GPU: by attempt, in nobody's name, and of that by the uids of pods not placed there.

    *percent_by* is in which part of the time since the look before the GPU computed for whom: an attempt's id, or
    :data:`NOBODY`. *attempts* are those of its processes, by their ids.
    """

    mib_by_attempt: Mapping[UUID, int]
    unattributed_mib: int
    percent_by: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[int, UUID] = field(default_factory=dict)
    mib_by_stranger: Mapping[str, int] = field(default_factory=dict)


NOTHING = Attributed({}, 0)


def attribute(sample: Sample, bindings: Iterable[Binding], pod_of: PodOf, before: Attributed = NOTHING) -> Attributed:
    """Return whose the memory in use is, and who computed since the look that found *before*."""
    attempts = {binding.uid: binding.attempt for binding in bindings if binding.uid}
    pids = {each.pid for each in sample.processes} | {each.pid for each in sample.computing}
    pods = {pid: pod_of(pid) for pid in pids}
    now = {pid: attempts[pod] for pid, pod in pods.items() if pod in attempts}
    found: dict[UUID, int] = defaultdict(int)
    strangers: dict[str, int] = defaultdict(int)
    for process in sample.processes:
        if process.pid not in now:
            strangers[pods[process.pid]] += process.memory_mib or 0
        elif process.memory_mib is not None:
            found[now[process.pid]] += process.memory_mib
    percent_by: dict[str, int] = defaultdict(int)
    for each in sample.computing:
        then = before.attempts.get(each.pid)
        who = now.get(each.pid) if pods[each.pid] else then
        percent_by[str(who) if who and then in {None, who} else NOBODY] += each.percent
    return Attributed(found, max(0, sample.used_mib - sum(found.values())), percent_by, now, strangers)


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
