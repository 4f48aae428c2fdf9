"""A node agent as a process on the real node, with simulated GPUs, and what tests look at of it."""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import grpc
import urllib3
import yaml

from hanse.agent import install
from hanse.agent.keys import Keys
from hanse.agent.node import owners, slices
from hanse.agent.node.protos import podresources_pb2
from hanse.devcluster import cluster, ports, processes, realnode
from hanse.evidence import slots

# The boot is the node's. All else is this machine's, as are the processes that simulated GPUs know.
ON_THE_NODE = ("unshare", "--mount", "--", "sh", "-ec", 'mount -n --bind "$1" "$2"; shift 2; exec "$@"', "sh")
NODE, GPUS, PART = cluster.REAL_NODE, 8, "node-agent"
NOT_HEARD = "the last known placements hold, as the cluster agent does not answer"
HALF = {"guaranteedMiB": 4096, "limitMiB": 6144}
STAYS = ("sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait")


class RunningNodeAgent:
    """The node agent as a process, with no more than its account's token."""

    def __init__(self, agent, folder):
        self.agent, self.folder, self.local = agent, folder, agent.local
        # A socket's path has an end, and the cluster's folder is deep.
        (folder / "kubelet").symlink_to(agent.local.folder / "node/kubelet")
        self.script({})
        self.settings = {
            "agentUrl": f"http://{agent.pool.address}:{agent.port}",
            "tokenFile": str(folder / "token"),
            # Containers get folders of it, so that the kubelet has to see it too.
            "stateFolder": str(agent.local.folder / "node-agent"),
            "kubeletFolder": str(folder / "kubelet"),
            "provider": "simulated",
            "script": str(folder / "script.yaml"),
            "memory": {"ratioThousandths": 1500, "reserveMiB": 2048},
            "metricsPort": ports.free("127.0.0.1"),
            "sampleSeconds": 0.3,
            "exchangeSeconds": 0.5,
        }
        (folder / "token").write_text(self.token(install.NODE_AGENT))

    def token(self, account, *more):
        bound = ("--bound-object-kind=Node", f"--bound-object-name={NODE}")
        namespace = (
            f"hanse-nodes-{self.agent.name}" if account == install.NODE_AGENT else f"hanse-agent-{self.agent.name}"
        )
        asked = (account, f"--namespace={namespace}", "--audience=hanse-cluster-agent")
        return self.local.kubectl("create", "token", *asked, *(more or bound)).stdout.strip()

    def script(self, content):
        gpus = [{"uuid": f"GPU-{index}", "memoryMiB": 10 * 1024} for index in range(GPUS)]
        aside = self.folder / "script.new"
        aside.write_text(yaml.safe_dump({"gpus": gpus, **content}))
        aside.replace(self.folder / "script.yaml")

    def write(self, **changed):
        aside = self.folder / "node.new"
        aside.write_text(yaml.safe_dump({**self.settings, **changed}))
        aside.replace(self.folder / "node.yaml")

    def start(self, **changed):
        """Start it, and return when the kubelet knows its slices: before, pods with them are turned away."""
        before = self.registrations()
        self.write(**changed)
        boot_id = str(realnode.boot_id_file(self.local.folder))
        agent = [sys.executable, "-P", "-m", "hanse.cli.main", "node-agent", f"--config={self.folder / 'node.yaml'}"]
        command = [*ON_THE_NODE, boot_id, realnode.BOOT_ID, *agent]
        processes.start(self.local.folder, PART, command, variables=self.agent.variables)
        processes.wait_until_ready(self.local.folder, PART, lambda: self.registrations() > before, 400)
        # The kubelet takes up the lists on its own time, and tells the API server ten seconds later.
        processes.wait_until_ready(self.local.folder, PART, self.is_taken_up, 400)

    def is_taken_up(self):
        """Whether the kubelet has all slices to give out."""
        with contextlib.suppress(grpc.RpcError):
            there = self._ask_kubelet("/v1.PodResourcesLister/GetAllocatableResources")
            return all(slices.resource(gpu, part).encode() in there for gpu in range(GPUS) for part in slices.PARTS)
        return False

    def given_out(self):
        """Return the slices that the kubelet has given to each pod, by its name."""
        answer = self._ask_kubelet(owners.LIST)
        found = owners.read(podresources_pb2.ListPodResourcesResponse.FromString(answer))
        return {owner.pod: sorted(one for ids in owner.devices.values() for one in ids) for owner in found}

    def _ask_kubelet(self, what):
        address = f"unix:{self.folder / 'kubelet/pod-resources/kubelet.sock'}"
        with grpc.insecure_channel(address, options=owners.CHANNEL_OPTIONS) as channel:
            return channel.unary_unary(what)(b"", timeout=30)

    def remembers(self, uid):
        """Whether it would know, started anew, where a pod is placed."""
        return uid in (Path(self.settings["stateFolder"]) / "bindings.json").read_text()

    def registrations(self):
        """Return how often the kubelet has taken all resources."""
        return self.told("resources are registered")

    def told(self, words):
        """Return how often all its processes together have said something."""
        log = self.local.folder / "logs" / f"{PART}.log"
        return log.read_text().count(words) if log.exists() else 0

    def stop(self, number=signal.SIGTERM):
        processes.end(self.local.folder, [PART], [number])

    def log(self):
        return processes.log_tail(self.local.folder, PART)

    def metric(self, name):
        with urllib3.PoolManager(retries=False, timeout=60) as http:
            said = http.request("GET", f"http://127.0.0.1:{self.settings['metricsPort']}/metrics").data.decode()
        return next((float(line.rpartition(" ")[2]) for line in said.splitlines() if line.startswith(f"{name} ")), None)

    def has(self, part="mem-gib"):
        """Return what the API server knows that each GPU can still give out."""
        status = self.local.client.request("GET", f"/api/v1/nodes/{NODE}")["status"]["allocatable"]
        return [int(status.get(slices.resource(gpu, part), -1)) for gpu in range(GPUS)]


def restart_kubelet(local):
    # The node's own shell starts it again.
    [kubelet] = [each for each in processes.find(local.folder, ["kubelet"]) if is_kubelet(each.pid)]
    os.kill(kubelet.pid, signal.SIGKILL)


def is_kubelet(pid):
    with contextlib.suppress(OSError):  # what it ran has just ended
        return b"\0kubelet\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def pods_of(node, entry):
    found = node.local.kubectl(
        "get", "pods", f"-n={node.agent.namespace}", f"-l=hanse.dev/attempt={entry.attempt}", "-o=json"
    )
    return json.loads(found.stdout)["items"]


def running(node, entry):
    """Return the uids of an attempt's pods that run, and what the agents say otherwise."""
    return sorted(pod["metadata"]["uid"] for pod in pods_of(node, entry) if pod["status"].get("phase") == "Running")


def said(node, entry, rank=0):
    got = node.local.kubectl("logs", f"g-{entry.attempt}-{rank}", f"-n={node.agent.namespace}", check=False)
    return got.stdout.splitlines()


def events(node, pod):
    got = node.local.kubectl("get", "events", f"-n={node.agent.namespace}", "-o=json").stdout
    return " ".join(
        f"{each['reason']}: {each['message']}"
        for each in json.loads(got)["items"]
        if each["involvedObject"]["name"] == pod
    )


def placed_unheard(node, place, eventually, gpu):
    """Place a share of a GPU while the node agent hears of no placements: the kubelet has its slices, and waits.

    Return what *place* does, and the pod's metadata.

    """
    node.stop()
    node.start(agentUrl="http://127.0.0.1:9")
    asked = node.told(NOT_HEARD)
    entry, name = place(gpus=(gpu,))
    eventually(lambda: node.told(NOT_HEARD), lambda now: now > asked)
    [pod] = pods_of(node, entry)
    return entry, name, pod["metadata"]


def pid_in(uid):
    """Return a process of a pod, by its control group."""
    return next(iter(commands_in(uid)))


def commands_in(uid):
    """Return the command lines of a pod's processes, by their ids."""
    found = {}
    for each in Path("/proc").glob("[0-9]*/cgroup"):
        with contextlib.suppress(OSError):
            if uid in each.read_text():
                found[int(each.parent.name)] = (each.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def enrol(node, pool):
    """Enrol the node, so that the ledger takes its slots."""
    agent = node.agent
    key = Keys(agent.signing.private_bytes_raw(), bytes(32)).of_node(f"{agent.name}/{NODE}")
    # Until a kubelet starts again it keeps the four GPUs that others say this node has.
    status = node.local.client.request("GET", f"/api/v1/nodes/{NODE}")["status"]["allocatable"]
    gpus = int(status["nvidia.com/gpu"]) or GPUS
    pool.enrol(agent.name, "alibaba", NODE, gpus, key.public_key().public_bytes_raw())


def slots_of(node, pool):
    """Return the node's slots in the ledger, in the order of time."""
    rows = pool.rows("SELECT body FROM ledger.slot WHERE node = :node", node=f"{node.agent.name}/{NODE}")
    return sorted((slots.decode(bytes(row.body)) for row in rows), key=lambda slot: slot.start_seconds)
