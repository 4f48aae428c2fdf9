"""Fixtures of the development cluster's tests: what a machine shows of clusters, and names that are free."""

import itertools
import os
import subprocess
from pathlib import Path

import pytest

from hanse.devcluster import paths, processes

_numbers = itertools.count()


@pytest.fixture(name="new_name")
def _new_name():
    """Return names of clusters that nobody else uses."""
    return lambda: f"test-{os.getpid()}-{next(_numbers)}"


@pytest.fixture(name="traces_of")
def _traces_of():
    """Return all that a machine shows of one cluster, by name; nothing is what must be left of it."""

    def traces_of(name):
        folder = paths.clusters() / name
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        links = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=False).stdout
        found = [f"process {found.part}" for found in processes.find(folder)]
        found += [f"mount {line}" for line in mounts if str(folder) in line]
        found += [f"link {line}" for line in links.splitlines() if "hanse" in line and _is_of(folder, line)]
        found += [f"control group {path}" for path in Path("/sys/fs/cgroup").rglob(f"*{name}*")]
        found += [f"folder {folder}"] if folder.exists() else []
        return found

    return traces_of


def _is_of(folder, line):
    bridge = folder / "bridge.json"
    return bridge.exists() and line.split()[0] in bridge.read_text()
