"""A process node: a real kubelet whose containers are processes of this machine, and that leaves nothing behind."""

import contextlib
import json
import os
import socket
import time
from pathlib import Path

import pytest

from hanse.devcluster import cgroups, cluster, processes, processnode
from hanse.devcluster.errors import DevclusterError

pytestmark = pytest.mark.real_node

IMAGE = "nowhere.example/no-image@sha256:" + "0" * 64
TELL = """
echo "user $(id -u)"; cat /proc/self/cgroup; echo "$GREETING" >&2; ls /run/hanse/data
trap 'echo asked to end; exit 7' TERM
while :; do sleep 0.1; done
"""


@pytest.fixture(name="own", scope="module")
def _own():
    try:
        processnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))
    wanted = cluster.Wanted(process_node=True, postgres=False)
    with cluster.running(f"test-{os.getpid()}-processes", wanted) as running:
        yield running
        place = processnode.Place(**json.loads((running.folder / processnode.RECORD).read_text()))
    # With the cluster, whatever ran in it, all of it is gone.
    assert [] == processes.find(running.folder)
    # Not glob, which fails over a group of somebody else's that goes meanwhile.
    assert [] == [folder for folder, groups, _ in os.walk(cgroups.MOUNT) if place.group in groups]
    assert [] == [folder for folder in processnode.PLACES if folder.exists()]
    with pytest.raises(OSError, match="assign"), socket.socket() as anew:
        anew.bind((place.address, 0))


def pod(name, *command, mounted_at="/run/hanse/data"):
    container = {
        "name": "main", "image": IMAGE, "command": list(command), "env": [{"name": "GREETING", "value": "good day"}],
        "volumeMounts": [{"name": "data", "mountPath": mounted_at}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }  # fmt: skip
    spec = {
        "nodeName": cluster.PROCESS_NODE, "restartPolicy": "Never", "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container], "volumes": [{"name": "data", "emptyDir": {}}],
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def start(own, manifest):
    own.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


def until(own, name, holds, seconds=600):
    """Return a pod as soon as *holds* is true of its status."""
    deadline = time.monotonic() + seconds
    while True:
        found = json.loads(own.kubectl("get", "pod", name, "-o=json").stdout)
        if holds(found["status"]):
            return found
        assert time.monotonic() < deadline, found["status"]
        time.sleep(0.2)


def said(own, name):
    return own.kubectl("logs", name, check=False).stdout.splitlines()


def state_of(status):
    return (status.get("containerStatuses") or [{}])[0].get("state", {})


def test_a_container_is_a_process_of_nobody_in_a_group_of_its_pod_and_hears_that_it_is_to_end(own):
    start(own, pod("long", "sh", "-c", TELL))
    uid = until(own, "long", lambda status: status.get("phase") == "Running")["metadata"]["uid"]
    while "good day" not in said(own, "long"):
        time.sleep(0.2)
    lines = said(own, "long")
    assert "user 65534" in lines
    assert any(f"/kubepods/pod{uid}/" in line for line in lines)
    [worker] = shells(own)
    assert uid in Path(f"/proc/{worker}/cgroup").read_text()
    own.kubectl("delete", "pod", "long", "--grace-period=20", "--wait=true")
    assert not Path(f"/proc/{worker}").exists()


def shells(own):
    """Return the shells among the workers; not those that are there for the moment before they become a `sleep`."""
    looks = []
    for _ in range(3):
        looks.append({each.pid for each in processes.find(own.folder, ["worker"]) if is_shell(each.pid)})
        time.sleep(0.2)
    return set.intersection(*looks)


def is_shell(pid):
    with contextlib.suppress(OSError):  # it has just ended
        return Path(f"/proc/{pid}/comm").read_text().strip() == "sh"
    return False


def test_how_a_container_ended_is_its_exit_status_and_its_log_stays_with_its_pod(own):
    start(own, pod("short", "sh", "-c", "echo done; exit 5"))
    ended = until(own, "short", lambda status: status.get("phase") == "Failed")
    assert 5 == state_of(ended["status"])["terminated"]["exitCode"]
    assert ["done"] == said(own, "short")


def test_what_the_machine_has_no_place_for_is_not_mounted_and_said(own):
    start(own, pod("elsewhere", "true", mounted_at="/no/such/place"))
    found = until(own, "elsewhere", lambda status: "message" in json.dumps(state_of(status)))
    assert "/no/such/place: a mount's place must be there already, or be below /run/" in json.dumps(found["status"])
    own.kubectl("delete", "pod", "elsewhere", "--grace-period=1")


@pytest.mark.usefixtures("own")
def test_another_node_of_this_machine_takes_no_place_away_when_it_goes(tmp_path):
    """With a place would go what this node has mounted there."""
    before = [place.stat().st_ino for place in processnode.PLACES]
    processnode.settle(tmp_path)
    processnode.clean(tmp_path)
    assert before == [place.stat().st_ino for place in processnode.PLACES]
