"""Fixtures of the development cluster's tests: what a machine shows of clusters, and names that are free."""

import itertools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from hanse.devcluster import cgroups, network, paths, processes

_numbers = itertools.count()


@pytest.fixture(name="new_name")
def _new_name():
    """Return names of clusters that nobody else uses."""
    return lambda: f"test-{os.getpid()}-{next(_numbers)}"


@pytest.fixture(name="watch")
def _watch():
    """Return what learns all about a cluster by name, while it is there, and then tells what is left of it."""
    return Traces


@pytest.fixture(name="traces_of")
def _traces_of():
    """Return all that a machine shows of one cluster, by name; nothing is what must be left of it."""
    return lambda name: Traces(name).left()


class Traces:
    """What a machine shows of one cluster.

    A cluster's folder says what belongs to it, and goes with it, so this is read when the object is made; whether it
    is still there, :meth:`left` asks the kernel.
    """

    def __init__(self, name):
        self.folder = paths.clusters() / name
        self.learned_at = float(Path("/proc/uptime").read_text().split()[0])
        self.bridge = network.bridge_of(self.folder)
        self.links = [link for link in links() if self._is_ours(link)]
        family = with_descendants({found.pid for found in processes.find(self.folder)})
        self.namespaces = {each for pid in family for each in namespaces(pid)} - namespaces(os.getpid())
        self.segments = {segment for segment, creator in segments() if creator in family}

    def left(self):
        """Return a line for each thing that is there."""
        return [
            *(f"process {found.part}" for found in processes.find(self.folder)),
            *self._namespaces_left(),
            *self._mounts_left(),
            *(f"link {link['ifname']}" for link in links() if self._is_ours(link) or identity(link) in self._known()),
            *(f"control group {path}" for path in self._groups_left()),
            *(f"shared memory {segment}" for segment, _ in segments() if segment in self.segments),
            *([f"folder {self.folder}"] if self.folder.exists() else []),
        ]

    def kinds_left(self):
        return {line.split()[0] for line in self.left()}

    def _namespaces_left(self):
        # The kernel gives numbers of namespaces again. A process that came later in one of that number, without an
        # older one there, is in somebody else's.
        for pid in pids():
            if started(pid) <= self.learned_at:
                yield from (f"namespace {each} of process {pid}" for each in sorted(namespaces(pid) & self.namespaces))

    def _mounts_left(self):
        pattern = re.compile(rf"/{re.escape(self.folder.parent.name)}/{re.escape(self.folder.name)}(?![\w-])")
        tables = {each for pid in pids() if (each := read(f"/proc/{pid}/mountinfo"))}
        return [f"mount {line}" for table in tables for line in table.splitlines() if pattern.search(line)]

    def _groups_left(self):
        # Not rglob, which fails over a group that goes meanwhile.
        for folder, groups, _ in os.walk(cgroups.MOUNT) if self.bridge else ():
            yield from (f"{folder}/{group}" for group in groups if self.bridge.name in group)

    def _is_ours(self, link):
        ours = self.bridge
        return ours and (
            ours.name in (link["ifname"], link.get("master")) or link.get("address") == ours.hardware_address
        )

    def _known(self):
        return {identity(link) for link in self.links}


def links():
    shown = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=False).stdout
    return [link for link in json.loads(shown or "[]") if link]


def identity(link):
    return link["ifname"], link.get("address")


def segments():
    """Return System V's shared memory, as `ipcs -m` has it: each segment's id and who made it."""
    rows = [line.split() for line in read("/proc/sysvipc/shm").splitlines()[1:]]
    return [(int(row[1]), int(row[4])) for row in rows]


def with_descendants(family):
    """Return the processes *family* and all that came from them, which a container's do without carrying a mark."""
    parents = {pid: int(fields[1]) for pid in pids() if (fields := stat(pid))}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family = family | more
    return family


def namespaces(pid):
    try:
        return {str(each.readlink()) for each in Path(f"/proc/{pid}/ns").iterdir()}
    except OSError:  # it has just ended, or is somebody else's
        return set()


def started(pid):
    """Return the seconds after the machine's start at which a process began, or infinity if it is gone."""
    fields = stat(pid)
    return int(fields[19]) / os.sysconf("SC_CLK_TCK") if fields else float("inf")


def stat(pid):
    """Return the fields of proc(5)'s `stat` after the command's name."""
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def pids():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def read(path):
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
