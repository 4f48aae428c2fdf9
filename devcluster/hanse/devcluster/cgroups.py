"""Control groups of a real node: one group at the top of each hierarchy, and everything of the node below it.

In: the group's name. Out: it is there, or it is gone with all below. Works with version 1 (a hierarchy for each
controller) and version 2 (one for all). Groups belong to no namespace and outlive the processes in them, so nothing
but :func:`remove` takes them away.
"""

import errno
import os
import time
from pathlib import Path

from hanse.devcluster.errors import DevclusterError

MOUNT = Path("/sys/fs/cgroup")
# Each group has this file, and nothing else in the file system does.
MEMBERS = "cgroup.procs"
# A group of version 1's cpuset has no processors when it is new, and takes no process then.
INHERITED = ("cpuset.cpus", "cpuset.mems")
# What the kubelet demands of version 2, of those that the machine has.
CONTROLLERS = ("cpu", "cpuset", "hugetlb", "memory", "pids")
# What the kubelet does not start without, in either version; version 1 calls its hierarchies so.
NEEDED = ("cpu", "cpuset", "memory")

ADVICE = ", which is so inside most containers: use a machine or VM of its own"

EMPTY_SECONDS = 60.0
POLL_SECONDS = 0.05


def require() -> None:
    """Make sure that groups can be made and have the controllers that a node needs.

    Raises:
        DevclusterError: this machine is a container itself that may not divide its processors and memory.

    """
    hierarchies = _hierarchies()
    if hierarchies == [MOUNT]:
        controllers = set((MOUNT / "cgroup.controllers").read_text().split())
    else:
        controllers = {name for hierarchy in hierarchies for name in hierarchy.name.split(",")}
    problem = ""
    if lacking := [name for name in NEEDED if name not in controllers]:
        problem = f"{MOUNT} does not have {', '.join(lacking)}"
    elif read_only := [str(hierarchy) for hierarchy in hierarchies if not os.access(hierarchy, os.W_OK)]:
        problem = f"{', '.join(read_only)} cannot be written to"
    if problem:
        raise DevclusterError(f"a real node needs control groups of its own, and {problem}{ADVICE}")
    if hierarchies == [MOUNT]:
        _hand_down_controllers(MOUNT)


def make(name: str) -> None:
    """Make the group *name* in each hierarchy.

    Raises:
        DevclusterError: as of :func:`require`.

    """
    require()
    for hierarchy in _hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file in INHERITED:
            if (hierarchy / file).exists():
                (group / file).write_text((hierarchy / file).read_text())


def make_for_one(name: str) -> list[Path]:
    """Make the group *name*, with those above it, for one process to be in; return where: nowhere if groups cannot be.

    It is there to tell whose the process is, which one hierarchy is enough for; it limits nothing.

    """
    chosen = [folder for folder in _hierarchies() if folder.name != "cpuset" and os.access(folder, os.W_OK)][:1]
    for hierarchy in chosen:
        (hierarchy / name).mkdir(parents=True, exist_ok=True)
    return [hierarchy / name for hierarchy in chosen]


def remove(name: str) -> None:
    """Remove the group *name* and all below from each hierarchy, once the kernel is done with what ran there.

    Raises:
        DevclusterError: a process is still in it.

    """
    deadline = time.monotonic() + EMPTY_SECONDS
    for hierarchy in _hierarchies():
        while not _is_removed(hierarchy / name):
            if time.monotonic() > deadline:
                raise DevclusterError(f"{hierarchy / name} still holds processes: see the files {MEMBERS} in it")
            time.sleep(POLL_SECONDS)


def _hand_down_controllers(hierarchy: Path) -> None:
    """Let groups below the top of version 2 have the controllers; service managers do it too, if not for all."""
    controllers = (hierarchy / "cgroup.controllers").read_text().split()
    enabled = (hierarchy / "cgroup.subtree_control").read_text().split()
    missing = [name for name in CONTROLLERS if name in controllers and name not in enabled]
    if not missing:
        return
    try:
        (hierarchy / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))
    except OSError as error:
        raise DevclusterError(
            f"a real node needs the control group controllers {', '.join(missing)}, and {hierarchy} does not hand them "
            f"down ({error.strerror}){ADVICE}"
        ) from error


def _is_removed(group: Path) -> bool:
    """Remove *group*, the groups below it first; return false if one is busy, as it is while a process is ending."""
    if not group.is_dir():
        return True
    try:
        # Kernel files in these folders cannot be removed and need not be.
        for folder in sorted((folder for folder in group.rglob("*/") if folder.is_dir()), reverse=True):
            folder.rmdir()
        group.rmdir()
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.ENOENT):
            return False
        raise
    return True


def _hierarchies() -> list[Path]:
    if (MOUNT / MEMBERS).exists():
        return [MOUNT]
    if not MOUNT.is_dir():
        return []
    # Version 1 may have links such as `cpu` to `cpu,cpuacct`.
    return [folder for folder in sorted(MOUNT.iterdir()) if (folder / MEMBERS).exists() and not folder.is_symlink()]
