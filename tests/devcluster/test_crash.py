"""What is left when a cluster's owner ends badly: nothing, at once or after `hanse devcluster down`."""

import os
import signal
import subprocess
import sys
import time

import pytest

from hanse.devcluster import cluster, paths, processes

# An owner as a test run is one: it starts a cluster, says so, and goes on with its work.
OWNER = """
import sys, time
from hanse.devcluster import cluster, nodes
with cluster.running(sys.argv[1], cluster.Wanted(shapes=(nodes.parse("h100-80g=2x8"),))):
    print("up", flush=True)
    time.sleep(300)
"""


@pytest.fixture(name="owner")
def _owner(new_name):
    """Return an owner in a process of its own, and its cluster's name."""
    name = new_name()
    with subprocess.Popen([sys.executable, "-c", OWNER, name], stdout=subprocess.PIPE, text=True) as process:
        yield process, name
        process.kill()
    cluster.Cluster(name).down()


def up(process):
    assert "up\n" == process.stdout.readline()


def wait_until_nothing_is_left(traces_of, name):
    deadline = time.monotonic() + 20
    while left := traces_of(name):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def hanse(*args):
    command = [sys.executable, "-m", "hanse.cli.main", *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name
)
def test_nothing_is_left_of_an_owner_that_a_signal_ended(owner, traces_of, number):
    process, name = owner
    up(process)
    process.send_signal(number)
    process.wait()
    wait_until_nothing_is_left(traces_of, name)


def test_a_cluster_lives_as_long_as_its_owner(owner, traces_of):
    process, name = owner
    up(process)
    assert f"{name}: left, since the program that started it still runs" in hanse("devcluster", "down")
    assert "warden" in cluster.load(name).parts()
    assert traces_of(name)


def test_nothing_is_left_after_down_if_owner_and_warden_were_killed(owner, traces_of):
    process, name = owner
    up(process)
    for warden in processes.find(paths.clusters() / name, ["warden"]):
        os.kill(warden.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    assert {"process etcd", "process postgres", f"folder {paths.clusters() / name}"} <= set(traces_of(name))
    assert f"{name}: gone" in hanse("devcluster", "down")
    assert [] == traces_of(name)


@pytest.mark.parametrize("delay_seconds", [0.05, 0.3, 0.8, 1.5, 2.2])
def test_nothing_is_left_of_an_owner_killed_while_its_cluster_starts(owner, traces_of, delay_seconds):
    process, name = owner
    deadline = time.monotonic() + 20
    while not (paths.clusters() / name).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(delay_seconds)
    process.kill()
    process.wait()
    hanse("devcluster", "down")
    wait_until_nothing_is_left(traces_of, name)


def test_ctrl_c_while_a_cluster_starts_leaves_nothing(owner, traces_of):
    process, name = owner
    deadline = time.monotonic() + 20
    while not (paths.clusters() / name / "kubeconfig").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait()
    wait_until_nothing_is_left(traces_of, name)
