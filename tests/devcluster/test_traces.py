"""What the other tests look for when a cluster is gone is found if it is there: each kind is left behind on purpose."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from hanse.devcluster import cgroups, debian, network, paths, processes
from hanse.devcluster.errors import DevclusterError

pytestmark = pytest.mark.real_node

SHARED_MEMORY = "import ctypes, time; print(ctypes.CDLL(None).shmget(0, 4096, 0o600), flush=True); time.sleep(300)"


@pytest.fixture(name="folder")
def _folder(new_name):
    """Return the folder of a cluster that has a bridge, and leave nothing of it."""
    try:
        debian.require_root("bridges")
        debian.require(["iproute2"])
    except DevclusterError as error:
        pytest.skip(str(error))
    folder = paths.clusters() / new_name()
    folder.mkdir()
    bridge = network.make_bridge(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(cgroups.remove, bridge.name)
        stack.callback(lambda: subprocess.run(["ip", "link", "del", bridge.name], capture_output=True, check=False))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(folder, *argv, ready):
    """Start a part of the cluster, wait for what it does first, and return its pid."""
    processes.start(folder, "part", list(argv))
    wait_for(lambda: ready(folder))
    return processes.find(folder)[0].pid


def wait_for(condition):
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"))  # noqa: PTH110 - it may end while it is looked at


def said(folder):
    return (folder / "logs/part.log").read_text().split()


def forget(folder):
    """Take away what a teardown that knows of nothing else would."""
    processes.end(folder, signals=[signal.SIGKILL])
    subprocess.run(["ip", "link", "del", network.bridge_of(folder).name], check=True)
    shutil.rmtree(folder)


def test_nothing_is_reported_when_nothing_is_left(folder, watch, new_name):
    traces = watch(folder.name)
    assert {"link", "folder"} == traces.kinds_left()
    forget(folder)
    assert [] == traces.left()
    assert [] == watch(new_name()).left()


def test_a_process_is_reported(folder, watch):
    traces = watch(folder.name)
    forget(folder)
    folder.mkdir()
    run(folder, "sleep", "300", ready=processes.find)
    assert "process part" in traces.left()
    processes.end(folder)


def test_a_process_without_a_mark_is_reported_by_the_namespace_it_is_in(folder, watch):
    script = "env -i sleep 300 & echo $!; wait"
    run(folder, "unshare", "--net", "sh", "-c", script, ready=said)
    [unmarked] = map(int, said(folder))
    # Until then it is a copy of the shell, which has a mark.
    wait_for(lambda: unmarked not in {found.pid for found in processes.find(folder)})
    traces = watch(folder.name)
    forget(folder)
    assert {"namespace"} == traces.kinds_left()
    end(unmarked)
    assert [] == traces.left()


def test_a_mount_in_somebody_elses_namespace_is_reported(folder, watch):
    (folder / "mounted").mkdir()
    traces = watch(folder.name)
    script = 'mount -n -t tmpfs tmpfs "$0" && echo ready && exec sleep 300'
    command = ["unshare", "--mount", "sh", "-c", script, str(folder / "mounted")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert "ready\n" == holder.stdout.readline()
        assert {"mount", "link", "folder"} == traces.kinds_left()
        holder.kill()
    assert {"link", "folder"} == traces.kinds_left()


@pytest.mark.parametrize("change", [("down",), ("name", "hanse-renamed"), ("address", "02:00:00:00:00:03")], ids=str)
def test_a_bridge_is_reported_by_its_name_or_its_address(folder, watch, change):
    traces = watch(folder.name)
    name = traces.bridge.name
    for settings in (("down",), change):
        subprocess.run(["ip", "link", "set", name, *settings], check=True)
    shutil.rmtree(folder)
    assert {"link"} == traces.kinds_left()
    if change[0] == "name":
        subprocess.run(["ip", "link", "del", "hanse-renamed"], check=True)


def test_a_pods_link_is_reported_when_the_bridge_is_gone(folder, watch):
    name = network.bridge_of(folder).name
    pod = f"{name}p"
    subprocess.run(["ip", "link", "add", pod, "type", "veth", "peer", "name", f"{name}q"], check=True)
    subprocess.run(["ip", "link", "set", pod, "master", name], check=True)
    traces = watch(folder.name)
    forget(folder)
    assert [f"link {pod}"] == traces.left()
    subprocess.run(["ip", "link", "del", pod], check=True)
    assert [] == traces.left()


def test_control_groups_are_reported_in_each_hierarchy(folder, watch):
    traces = watch(folder.name)
    cgroups.make(traces.bridge.name)
    forget(folder)
    hierarchies = cgroups._hierarchies()
    assert {f"control group {each / traces.bridge.name}" for each in hierarchies} == set(traces.left())


def test_shared_memory_is_reported_when_its_maker_is_gone(folder, watch):
    run(folder, sys.executable, "-c", SHARED_MEMORY, ready=said)
    [segment] = said(folder)
    traces = watch(folder.name)
    forget(folder)
    assert [f"shared memory {segment}"] == traces.left()
    subprocess.run(["ipcrm", "--shmem-id", segment], check=True)
    assert [] == traces.left()
