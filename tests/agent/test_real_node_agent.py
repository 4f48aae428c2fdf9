"""The node agent under a real kubelet with simulated GPUs: workers get what is placed, whoever fails meanwhile.

All tests share one node with eight GPUs of 10 GiB, 2 of which are in reserve, and one cluster agent.
"""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from noding import (
    GPUS,
    NODE,
    enrol,
    events,
    pid_in,
    placed_unheard,
    pods_of,
    restart_kubelet,
    running,
    said,
    slots_of,
)

from hanse.agent import install
from hanse.agent.node import slices
from hanse.devcluster import processes, realnode

pytestmark = pytest.mark.real_node

TELL = """
import json, os, pathlib, time
from hanse import training
folder = pathlib.Path("/run/hanse/gpu%s")
told = json.loads((folder / "hints.json").read_text())
print(json.dumps({"told": told, "variables": dict(os.environ)}), flush=True)
training.should_stop()  # from now on the kubelet's signal does not end it
while not json.loads((folder / "hints.json").read_text())["checkpointRequested"]:
    time.sleep(0.05)
print("asked to save", training.should_stop(), flush=True)
time.sleep(5)  # its log goes with it
"""


def test_a_worker_has_what_is_placed_and_is_told_to_save_while_it_runs(node, pool, place, eventually):
    entry, _ = place("python3", "-c", TELL % 3, gpus=(3,), grace="20s")
    told, *_ = eventually(lambda: said(node, entry) or [""], lambda lines: lines[0].startswith("{"))
    told = json.loads(told)
    assert {
        "HANSE_GPU_3": "GPU-3", "NVIDIA_VISIBLE_DEVICES": "GPU-3", "XLA_CLIENT_MEM_FRACTION": "0.5250",
    }.items() <= told["variables"].items()  # fmt: skip
    assert (4096, 6144, 10_240, "GPU-3", False) == tuple(
        told["told"][each] for each in ("guaranteedMiB", "limitMiB", "basisMiB", "uuid", "checkpointRequested")
    )
    pool.stop(entry)
    eventually(lambda: said(node, entry), lambda lines: "asked to save True" in lines)


def test_sixteen_halves_share_eight_gpus_and_a_seventeenth_is_turned_away(node, place, eventually):
    gangs = [place(gpus=range(GPUS))[0] for _ in range(2)]
    for entry in gangs:
        eventually(lambda entry=entry: (running(node, entry), node.log()), lambda now: len(now[0]) == GPUS)
    _, name = place(gpus=(5,))
    message = eventually(lambda: node.agent.status(name), lambda now: now[:2] == ("Released", "PoolFault"))[2]
    assert "gpu5.hanse.dev/" in message
    # The ratio is lowered while 12 of 13 are promised of each GPU: nobody loses anything, and nobody gets more.
    before = [running(node, entry) for entry in gangs]
    node.write(memory={"ratioThousandths": 1000, "reserveMiB": 2048})
    eventually(lambda: node.has("limit-gib"), lambda now: now == [12] * GPUS)
    # The kubelet admits them all again when it starts, with the slices that they have.
    restart_kubelet(node.local)
    eventually(lambda: (node.has("limit-gib"), node.log()), lambda now: now[0] == [12] * GPUS)
    assert before == [running(node, entry) for entry in gangs]
    node.write()


def test_a_kubelet_that_starts_again_finds_the_same_slices_and_what_runs_runs_on(node, place, eventually):
    entry, _ = place(gpus=(1,))
    before = eventually(lambda: running(node, entry), len)
    registrations = node.registrations()
    restart_kubelet(node.local)
    eventually(node.registrations, lambda now: now > registrations)
    eventually(node.is_taken_up, bool)
    other, _ = place(gpus=(1,))
    eventually(lambda: (running(node, other), node.log()), lambda now: now[0])
    assert before == running(node, entry)
    eventually(node.has, lambda now: now == [8] * GPUS)


def test_an_agent_that_is_killed_between_allocate_and_start_lets_the_worker_start_when_it_is_back(
    node, place, eventually
):
    entry, _, pod = placed_unheard(node, place, eventually, 2)
    node.stop(signal.SIGKILL)
    assert [] == running(node, entry)
    node.start()
    assert [pod["uid"]] == eventually(lambda: running(node, entry), len)


def test_a_fence_that_has_changed_before_the_start_keeps_the_older_worker_from_starting(node, pool, place, eventually):
    """Also where the cluster agent, which has heard of it, cannot take the older worker's pod away."""
    older, name, metadata = placed_unheard(node, place, eventually, 6)
    pod = metadata["name"]
    let(node, "get", "list", "create")
    pool.stop(older)
    eventually(lambda: node.agent.status(name)[0], lambda phase: phase == "Draining")
    node.stop(signal.SIGKILL)
    node.start()
    refused = f"attempt {older.attempt} with fence 1 is to stop: no more starts"
    eventually(lambda: events(node, pod), lambda messages: refused in messages)
    let(node, "get", "list", "create", "delete")
    eventually(lambda: pool.state(older), lambda state: state == "released")
    newer, _ = place(gpus=(6,), job=older.job, fence=2)
    eventually(lambda: running(node, newer), len)
    assert "Started:" not in events(node, pod)


def let(node, *verbs):
    """Let the cluster agent do that with its pods and nothing else."""
    change = [{"op": "replace", "path": "/rules/0/verbs", "value": verbs}]
    where = ("role", install.AGENT, f"-n={node.agent.namespace}")
    node.local.kubectl("patch", *where, "--type=json", "-p", json.dumps(change))


def test_after_a_reboot_nothing_of_the_older_boot_holds_and_who_ran_is_placed_anew(node, place, eventually):
    """As in a power cut: kubelet, containerd, agent and all containers end at once, and the kernel is another."""
    entry, name = place(gpus=(2,), grace="0s")
    eventually(lambda: running(node, entry), len)
    workers = Path(node.settings["stateFolder"]) / "workers"
    before = boot_of(node)
    assert before == (workers / "boot-id").read_text()
    # That of a worker of before goes when it was not seen for a while.
    eventually(lambda: sum(each.is_dir() for each in workers.iterdir()), lambda now: now == 1)
    node.stop(signal.SIGKILL)
    realnode.reboot(node.local.folder)
    phase, reason, message = eventually(lambda: node.agent.status(name), lambda now: now[0] == "Released")
    assert ("Released", "PoolFault") == (phase, reason), message
    after = eventually(lambda: boot_of(node), lambda now: now != before)
    node.start()
    assert after == (workers / "boot-id").read_text()
    assert [] == [each.name for each in workers.iterdir() if each.is_dir()]
    again, _ = place(gpus=(2,), job=entry.job, fence=2)
    eventually(lambda: (running(node, again), node.log()), lambda now: now[0])


def boot_of(node):
    """Return the boot that the kubelet says it is in."""
    return node.local.client.request("GET", f"/api/v1/nodes/{NODE}")["status"]["nodeInfo"]["bootID"]


def test_with_nobody_to_ask_a_pod_starts_as_it_was_placed_and_not_otherwise(node, place, eventually):
    """Its cluster's agent is away, and somebody makes pods of the placed one's name."""
    entry, _ = place(gpus=(4,))
    eventually(lambda: running(node, entry), len)
    [pod] = pods_of(node, entry)
    [agent] = [each.pid for each in processes.find(node.local.folder, [node.agent.part])]
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    again = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": node.agent.namespace}}
    again["spec"] = {key: value for key, value in pod["spec"].items() if key != "tolerations"}
    os.kill(agent, signal.SIGSTOP)
    try:
        node.stop(signal.SIGKILL)
        node.start()

        def replace(**resources):
            for kind in ("requests", "limits"):
                again["spec"]["containers"][0]["resources"][kind].update(resources)
            node.local.kubectl("delete", "pod", name, f"-n={node.agent.namespace}", "--grace-period=1")
            node.local.kubectl("create", "-f", "-", stdin=json.dumps(again))

        def state():
            got = node.local.client.request("GET", f"/api/v1/namespaces/{node.agent.namespace}/pods/{name}")
            return got["metadata"]["uid"], got["status"].get("phase")

        replace()
        eventually(lambda: (*state(), node.log()), lambda now: now[0] != uid and now[1] == "Running")
        replace(**{slices.resource(4, slices.MEMORY): "5"})
        wanted = "has 5 of gpu4.hanse.dev/mem-gib, and is placed with 4: delete the pod"
        eventually(lambda: events(node, name), lambda messages: wanted in messages)
        assert "Pending" == state()[1]
        node.local.kubectl("delete", "pod", name, f"-n={node.agent.namespace}", "--grace-period=1")
    finally:
        os.kill(agent, signal.SIGCONT)


def test_a_gpu_that_is_lost_gives_out_nothing_until_it_is_back_and_who_ran_there_saves_and_ends(
    node, place, eventually
):
    _, other = place(gpus=(6,))
    entry, name = place("python3", "-c", TELL % 7, gpus=(7,), grace="20s")
    eventually(lambda: said(node, entry), len)
    node.script({"faults": [{"gpu": 7, "what": "XID 79"}]})
    eventually(lambda: said(node, entry), lambda lines: "asked to save True" in lines)
    ended = eventually(lambda: node.agent.status(name), lambda now: now[0] == "Released")
    assert ("Released", "PoolFault", "worker 0: GPU 7 of its node has a fault: XID 79") == ended
    assert "Running" == node.agent.status(other)[0]
    for part in slices.PARTS:
        eventually(lambda part=part: node.has(part), lambda now: now[7] == 0 and now[6] > 0)
    node.script({})
    eventually(node.has, lambda now: now == [8] * GPUS)


@pytest.fixture(name="measured", scope="module")
def _measured(node, pool):
    """Enrol the node; return what tells which of an attempt's segments the ledger has."""
    enrol(node, pool)

    def measured(entry):
        segments = [segment for slot in slots_of(node, pool) for segment in slot.segments]
        mine = [each for each in segments if str(entry.attempt) in dict(each.shares)]
        return [each for each in mine if each.memory_mib_seconds and each.energy_millijoules]

    return measured


def test_memory_is_its_workers_or_nobodys_and_workers_hear_when_it_runs_short(node, measured, place, eventually):
    entry, _ = place(gpus=(1,))
    [uid] = eventually(lambda: running(node, entry), len)
    beside, _ = place(gpus=(3,))
    [uid_beside] = eventually(lambda: running(node, beside), len)
    folders = Path(node.settings["stateFolder"]) / "workers"

    def told():
        found = []
        for each in folders.glob("*/hints.json"):
            with contextlib.suppress(FileNotFoundError):  # a folder goes a moment after its worker
                found.append(json.loads(each.read_text()))
        return [each["pressure"] for each in found if each["gpu"] == 1]

    eventually(told, lambda now: now == ["ok"])
    own, stranger = pid_in(uid), os.getpid()
    used = [
        {"gpu": 1, "pid": pid, "memoryMiB": [[0, mib]], "utilizationPercent": [[0, percent]]}
        for pid, mib, percent in ((own, 8400, 60), (stranger, 700, 20))
    ]
    used.append({"gpu": 1, "pid": pid_in(uid_beside), "memoryMiB": [[0, 600]]})
    node.script({"processes": used})
    nobodys = 'hanse_node_gpu_memory_unattributed_bytes{gpu="1"}'
    eventually(lambda: node.metric(nobodys), lambda now: now == 1300 * 2**20)
    eventually(lambda: describe(node), lambda said: "700 MiB of GPU 1 are used by processes that are in no pod" in said)
    # A worker that was given another GPU is as much of a stranger on this one.
    [pod] = pods_of(node, beside)
    whose = f"pod {node.agent.namespace}/{pod['metadata']['name']}"
    eventually(lambda: describe(node), lambda said: f"600 MiB of GPU 1 are used by {whose}, which has none" in said)
    all_used = 'hanse_node_gpu_memory_used_bytes{gpu="1"}'
    eventually(lambda: node.metric(all_used), lambda now: now == 9700 * 2**20)
    eventually(told, lambda now: now == ["warn"])
    # The ledger has them, as the node has signed them.
    [found, *_] = eventually(lambda: (measured(entry), node.agent.log()), lambda now: now[0])[0]
    # The worker's own is in its name, and the stranger's in nobody's.
    [(whose, its)] = found.memory_by
    assert (str(entry.attempt), True) == (
        whose,
        # It may be looked at a while after the slot's end.
        0 < its < found.memory_mib_seconds <= 9700 * (found.length_seconds + 60),
    )
    # Three quarters of the time in which it computed were for the worker, the rest for nobody.
    [(whose, its)] = found.busy_by
    assert (str(entry.attempt), True) == (whose, abs(its * 4 - found.busy_milliseconds * 3) < 40)
    node.script({})
    eventually(told, lambda now: now == ["ok"])
    eventually(lambda: node.metric(nobodys), lambda now: now == 0)


def describe(node):
    return " ".join(node.local.kubectl("describe", "node", NODE).stdout.split())


def test_only_node_agents_of_that_node_are_answered(node, pool):
    """A worker, the cluster agent itself, and a node agent's token that is bound to no node are not."""
    nil = "00000000-0000-0000-0000-000000000000"
    statement = {"bootId": nil, "process": nil, "enforcer": "advisory", "gpus": []}

    def ask(token):
        command = ["curl", "--silent", "--noproxy", "*", "-o", os.devnull, "-w", "%{http_code}", "-d@-"]
        url = f"http://{pool.address}:{node.agent.port}/v1/node"
        header = ["-H", f"Authorization: Bearer {token}"]
        body = json.dumps(statement)
        return subprocess.run([*command, *header, url], input=body, capture_output=True, text=True, check=True).stdout

    assert "401" == ask("")
    assert "401" == ask("nonsense")
    assert "401" == ask(node.token("hanse-agent"))
    assert "401" == ask(node.token(install.NODE_AGENT, "--duration=1h"))
    assert "200" == ask(node.token(install.NODE_AGENT))


def test_the_agents_account_may_do_nothing(node):
    account = f"--as=system:serviceaccount:hanse-nodes-{node.agent.name}:{install.NODE_AGENT}"
    for asked in (("get", "pods"), ("patch", "nodes"), ("create", "tokenreviews"), ("get", "configmaps")):
        got = node.local.kubectl("auth", "can-i", *asked, account, "--all-namespaces", check=False)
        assert "no" == got.stdout.strip(), asked
