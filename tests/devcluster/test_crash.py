"""What is left when a cluster's owner ends badly: nothing, at once or after `hanse devcluster down NAME`."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from hanse.devcluster import cluster, image, paths, processes, realnode
from hanse.devcluster.errors import DevclusterError

# An owner as a test run is one: it starts a cluster, says so, and goes on with its work.
# Signals are as in a terminal, also if the test run is in the background of a shell, where they are ignored.
OWNER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from hanse.devcluster import cluster, nodes
shapes = (nodes.parse("h100-80g=2x8"),)
with cluster.running(sys.argv[1], cluster.Wanted(shapes=shapes, real_node=sys.argv[2] == "real")):
    print("up", flush=True)
    time.sleep(3600)
"""
REAL, SIMULATED = "real", "simulated"

# When an owner is killed: as soon as this is in the cluster's folder, or the API server has this.
POINTS = [".", "ports.json", "logs/etcd.log", "kubeconfig", "/api/v1/nodes/h100-80g-00000"]
REAL_POINTS = ["bridge.json", "node/realnode.sh", "logs/containerd.log", f"/api/v1/nodes/{cluster.REAL_NODE}"]

REAL_ONLY = pytest.mark.real_node
KINDS = [SIMULATED, pytest.param(REAL, marks=REAL_ONLY)]


def points(*real):
    return [
        *(pytest.param(SIMULATED, point) for point in POINTS),
        *(pytest.param(REAL, point, marks=REAL_ONLY) for point in real),
    ]


@pytest.fixture(name="start_owner")
def _start_owner(new_name):
    """Return a function that starts an owner in a process of its own, and returns it with its cluster's name."""
    with contextlib.ExitStack() as stack:

        def start_owner(kind):
            if kind == REAL:
                skip_unless_possible()
            name = new_name()
            stack.callback(cluster.Cluster(name).down)
            command = [sys.executable, "-c", OWNER, name, kind]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            return process, name

        yield start_owner


@pytest.fixture(name="own_cache")
def _own_cache(tmp_path, monkeypatch):
    """Run in a cache whose clusters are nobody else's: `down` without names looks at all there are."""
    (tmp_path / "hanse").mkdir()
    (tmp_path / "hanse" / "bin").symlink_to(paths.binaries())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def skip_unless_possible():
    try:
        realnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))


def up(process, name, kind=SIMULATED):
    assert "up\n" == process.stdout.readline()
    if kind == REAL:
        run_pod(cluster.load(name))


def run_pod(on):
    place = f'--overrides={{"spec": {{"nodeName": "{cluster.REAL_NODE}"}}}}'
    on.kubectl(
        "run", "stays", f"--image={image.NAME}", "--image-pull-policy=Never", place, "--command", "sleep", "infinity"
    )
    on.kubectl("wait", "pod/stays", "--for=jsonpath={.status.phase}=Running", "--timeout=600s")


def wait_for(condition, pause_seconds=0.005):
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause_seconds)


def wait_until_nothing_is_left(traces):
    deadline = time.monotonic() + 600
    while left := traces.left():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def is_reached(name, point):
    if not point.startswith("/"):
        return (paths.clusters() / name / point).exists()
    try:
        return bool(cluster.load(name).client.request("GET", point))
    except (DevclusterError, OSError, ValueError):
        return False


def stop_at(process, name, point):
    """Let the owner go no further than *point*, so that one can look at what is there before it is killed."""
    # To ask an API server all the time would take from what it waits for.
    wait_for(lambda: is_reached(name, point), 0.1 if point.startswith("/") else 0.005)
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: processes_state(process.pid) == "T")


def processes_state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - as short as it gets
        return file.read().rpartition(")")[2].split()[0]


def kill(process, name, *, warden):
    """Kill the owner, before it its *warden* too if asked to."""
    if warden:
        for found in processes.find(paths.clusters() / name, [cluster.WARDEN]):
            os.kill(found.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def hanse(*args, check=True):
    command = [sys.executable, "-m", "hanse.cli.main", *args]
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name
)
def test_nothing_is_left_of_an_owner_that_a_signal_ended(start_owner, watch, number):
    process, name = start_owner(SIMULATED)
    up(process, name)
    traces = watch(name)
    process.send_signal(number)
    process.wait()
    wait_until_nothing_is_left(traces)


@REAL_ONLY
def test_nothing_is_left_of_a_killed_owner_whose_real_node_ran_a_pod(start_owner, watch):
    process, name = start_owner(REAL)
    up(process, name, REAL)
    traces = watch(name)
    assert {"process", "namespace", "mount", "link", "control", "folder"} <= traces.kinds_left()
    kill(process, name, warden=False)
    wait_until_nothing_is_left(traces)


@pytest.mark.usefixtures("own_cache")
def test_a_cluster_lives_as_long_as_its_owner(start_owner, traces_of):
    process, name = start_owner(SIMULATED)
    up(process, name)
    hanse("devcluster", "down")
    assert "warden" in cluster.load(name).parts()
    assert traces_of(name)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_after_down_if_owner_and_warden_were_killed(start_owner, watch, kind):
    process, name = start_owner(kind)
    up(process, name, kind)
    traces = watch(name)
    before = traces.kinds_left()
    kill(process, name, warden=True)
    assert before == traces.kinds_left()
    assert {"process etcd", "process postgres", f"folder {paths.clusters() / name}"} <= set(traces.left())
    assert f"{name}: gone" in hanse("devcluster", "down", name)
    wait_until_nothing_is_left(traces)


@pytest.mark.usefixtures("own_cache")
def test_down_without_names_takes_what_an_owner_has_left(start_owner, watch):
    process, name = start_owner(SIMULATED)
    stop_at(process, name, "kubeconfig")
    traces = watch(name)
    kill(process, name, warden=True)
    assert f"{name}: gone" in hanse("devcluster", "down")
    wait_until_nothing_is_left(traces)


@pytest.mark.parametrize(("kind", "point"), points("logs/containerd.log"))
def test_the_warden_leaves_nothing_of_an_owner_killed_while_its_cluster_starts(start_owner, watch, kind, point):
    process, name = start_owner(kind)
    stop_at(process, name, point)
    traces = watch(name)
    guarded = processes.find(traces.folder, [cluster.WARDEN])
    kill(process, name, warden=False)
    if not guarded:
        hanse("devcluster", "down", name, check=False)
    wait_until_nothing_is_left(traces)


@pytest.mark.parametrize(("kind", "point"), points(*REAL_POINTS))
def test_down_leaves_nothing_of_an_owner_killed_while_its_cluster_starts(start_owner, watch, kind, point):
    process, name = start_owner(kind)
    stop_at(process, name, point)
    traces = watch(name)
    kill(process, name, warden=True)
    assert f"{name}: gone" in hanse("devcluster", "down", name)
    wait_until_nothing_is_left(traces)


def test_ctrl_c_while_a_cluster_starts_leaves_nothing(start_owner, watch):
    process, name = start_owner(SIMULATED)
    wait_for(lambda: is_reached(name, "kubeconfig"))
    traces = watch(name)
    process.send_signal(signal.SIGINT)
    process.wait()
    wait_until_nothing_is_left(traces)
