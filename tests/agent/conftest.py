"""Fixtures of the agent's tests: placements and pods that differ in what a test is about, and agents that run."""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from noding import GPUS, HALF, NODE, STAYS, RunningNodeAgent, restart_kubelet

from hanse.agent import install
from hanse.agent.node import slices
from hanse.devcluster import cluster, image, nodes, ports, processes
from hanse.resources import Placement

NUMBERS = itertools.count()
CLASS = "h100-80g"
GPU = "nvidia.com/gpu"

IMAGE = "registry.example/trainer@sha256:" + "ab" * 32


@pytest.fixture(name="make_placement", scope="session")
def _make_placement():
    def make(name="job-a", fence=1, attempt=None, seats=(("node-0", (0,)), ("node-1", (0,))), **spec):
        return Placement.parse(
            {
                "metadata": {"name": name, "namespace": "hanse-cluster-one", "generation": 1},
                "spec": {
                    "attempt": str(attempt or uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{fence}")),
                    "fence": fence,
                    "sequence": 1,
                    "wanted": "Running",
                    "fundedUntil": "2030-01-01T00:00:00Z",
                    "class": "h100-80g",
                    "startDeadline": "10m",
                    "grace": "30s",
                    "lease": "5m",
                    "workers": [{"rank": r, "node": node, "gpus": list(gpus)} for r, (node, gpus) in enumerate(seats)],
                    "template": {"spec": {"containers": [{"name": "trainer", "image": IMAGE, "command": ["true"]}]}},
                    **spec,
                },
            }
        )

    return make


@pytest.fixture(name="make_pod", scope="session")
def _make_pod():
    def make(placement, rank, **status):
        spec = placement.spec
        return {
            "metadata": {
                "name": f"g-{spec.attempt}-{rank}",
                "uid": f"uid-{spec.attempt}-{rank}",
                "labels": {
                    "hanse.dev/attempt": spec.attempt,
                    "hanse.dev/fence": str(spec.fence),
                    "hanse.dev/rank": str(rank),
                    "hanse.dev/placement": placement.metadata.name,
                },
            },
            "spec": {"nodeName": spec.workers[rank].node},
            "status": status,
        }

    return make


def eventually(read, holds, limit_seconds=400):
    """Return what *read* returns as soon as *holds* is true of it."""
    deadline = time.monotonic() + limit_seconds
    while True:
        last = read()
        if holds(last):
            return last
        assert time.monotonic() < deadline, last
        time.sleep(0.2)


@pytest.fixture(name="eventually", scope="session")
def _eventually():
    return eventually


class RunningAgent:
    """The agent of *name* at the hub of *pool*, for the nodes of *local*: a process with credentials of its own."""

    def __init__(self, pool, name, member, local, folder):
        self.pool, self.name, self.local, self.folder = pool, name, local, folder
        self.namespace, self.part = f"hanse-workers-{name}", f"agent-{next(NUMBERS)}"
        self.signing, self.sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.sealing_public = self.sealing.public_key().public_bytes_raw()
        self.variables = {}
        pool.join(name, member, self.sealing_public)
        apply(local, *install.at_member(name))
        self.port = ports.free(pool.address)
        self.settings = {
            "cluster": name,
            "hubKubeconfig": self._kubeconfig(pool.cluster, f"hanse-cluster-{name}", "hub"),
            "kubeconfig": self._kubeconfig(local, f"hanse-agent-{name}", "local"),
            "apiUrl": pool.api_url,
            "apiTokenFile": self._write("api-token", pool.token(f"hanse-cluster-{name}", "hanse-agent")),
            "stateFolder": str(folder / "state"),
            "signingKeyFile": self._write("signing", base64.b64encode(self.signing.private_bytes_raw()).decode()),
            "sealingKeyFile": self._write("sealing", base64.b64encode(self.sealing.private_bytes_raw()).decode()),
            "listenHost": pool.address,
            "listenPort": self.port,
            "syncSeconds": 0.5,
            "meterSeconds": 0.5,
            "killBudgetSeconds": 2,
        }

    def start(self, **changed):
        file = self._write(f"{self.part}.yaml", yaml.safe_dump({**self.settings, **changed}))
        command = ("hanse.cli.main", "cluster-agent", f"--config={file}")
        processes.start_module(self.local.folder, self.part, *command, **self.variables)

    def stop(self, number=signal.SIGTERM):
        processes.end(self.local.folder, [self.part], [number])

    def clean(self):
        """Stop, and free the GPUs for the next test."""
        if not self.local.folder.exists():
            return
        self.stop()
        self.local.kubectl("delete", "pods", "--all", f"--namespace={self.namespace}", "--grace-period=1", check=False)

    def log(self):
        return processes.log_tail(self.local.folder, self.part)

    def pods(self):
        """Return the phases of this cluster's workers, by rank."""
        found = self.local.client.request("GET", f"/api/v1/namespaces/{self.namespace}/pods")["items"]
        return {pod["metadata"]["labels"]["hanse.dev/rank"]: pod["status"].get("phase") for pod in found}

    def placement(self, name):
        path = f"/apis/hanse.dev/v1alpha1/namespaces/hanse-cluster-{self.name}/placements/{name}"
        return self.pool.cluster.client.request("GET", path)

    def status(self, name):
        """Return phase and why it ended, as the agent reports them."""
        placement = self.placement(name)
        status = placement.get("status") or {}
        if status.get("fence") != placement["spec"]["fence"]:
            return None, None, "what is there is about an older fence"
        reasons = {each["type"]: each["reason"] for each in status.get("conditions", []) if each["status"] == "True"}
        return status.get("phase"), reasons.get("Released"), status.get("message")

    def _write(self, name, text):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def _kubeconfig(self, of, namespace, name):
        self.folder.mkdir(parents=True, exist_ok=True)
        return str(of.kubeconfig_of("hanse-agent", namespace, self.folder / f"{name}.kubeconfig"))


def apply(on, *documents):
    on.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))


@pytest.fixture(name="real", scope="session")
def _real():
    """A cluster with a node that runs pods and says that it has four GPUs, and simulated nodes."""
    wanted = cluster.Wanted(shapes=(nodes.parse(f"{CLASS}=2x8"),), real_node=True)
    with cluster.running(f"test-{os.getpid()}-agent-real", wanted) as running:
        running.kubectl("label", "node", cluster.REAL_NODE, f"hanse.dev/accelerator-class={CLASS}")
        gpus = {"status": {"capacity": {GPU: "4"}, "allocatable": {GPU: "4"}}}
        running.kubectl("patch", "node", cluster.REAL_NODE, "--subresource=status", "-p", json.dumps(gpus))
        yield running


@pytest.fixture(name="trainer", scope="session")
def _trainer():
    """The name, by digest, of an image with Python and hanse.training."""
    return image.by_digest(image.build())


@pytest.fixture(name="pool", scope="session")
def _pool(real, make_pool):
    pool = make_pool(real)
    for member in ("tencent", "alibaba"):
        pool.add_member(member)
    pool.apply({
        "apiVersion": "hanse.dev/v1alpha1",
        "kind": "AcceleratorClass",
        "metadata": {"name": CLASS},
        "spec": {
            "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
            "deviceResources": [GPU], "nodeSelector": {"hanse.dev/accelerator-class": CLASS},
        },
    })  # fmt: skip
    return pool


@pytest.fixture(name="new_agent")
def _new_agent(pool, real, tmp_path):
    """A factory of agents, each of a cluster of its own at the hub; they end with the test."""
    made = []

    def make(name=None, local=None, member="alibaba", folder=""):
        made.append(RunningAgent(pool, name or f"c{next(NUMBERS)}", member, local or real, tmp_path / folder))
        return made[-1]

    yield make
    for agent in made:
        agent.clean()


@pytest.fixture(name="lasting_agent", scope="module")
def _lasting_agent(pool, real, tmp_path_factory):
    """An agent that a whole file of tests shares."""
    agent = RunningAgent(pool, f"c{next(NUMBERS)}", "alibaba", real, tmp_path_factory.mktemp("agent"))
    yield agent
    agent.clean()


def running_template(trainer, *command):
    return {"spec": {"containers": [{"name": "trainer", "image": trainer, "command": list(command)}]}}


@pytest.fixture(name="template", scope="session")
def _template(trainer):
    return lambda *command, image=trainer: running_template(image, *command)


@pytest.fixture(name="node", scope="module")
def _node(lasting_agent, eventually):
    """The real node with the node agent of :mod:`noding`, and a cluster agent that lets that one in."""
    agent = lasting_agent
    account = {"nodeAgentAccount": f"hanse-nodes-{agent.name}:{install.NODE_AGENT}"}
    handed = agent.folder / "handed"
    handed.mkdir()
    (handed / "agent.yaml").write_text(yaml.safe_dump({**agent.settings, **account}))
    (handed / "member-cluster.yaml").write_text(yaml.safe_dump_all(install.at_member(agent.name)))
    command = ["cluster", "install", str(handed), f"--kubeconfig={agent.local.kubeconfig}"]
    subprocess.run([sys.executable, "-P", "-m", "hanse.cli.main", *command], check=True, capture_output=True)
    agent.settings |= account
    agent.start()
    folder = Path(tempfile.mkdtemp(prefix="hn"))
    node = RunningNodeAgent(agent, folder)
    node.start()
    eventually(lambda: (node.has(), node.log()), lambda now: now[0] == [8] * GPUS)
    yield node
    node.stop()
    shutil.rmtree(folder)
    # Others use the node's GPUs by their maker's name, and find it as it was: the kubelet forgets ours.
    agent.clean()
    (agent.local.folder / "node/kubelet/device-plugins/kubelet_internal_checkpoint").unlink()
    restart_kubelet(agent.local)
    names = [slices.resource(gpu, part).replace("/", "~1") for gpu in range(GPUS) for part in slices.PARTS]
    kinds = ("capacity", "allocatable")
    patches = [{"op": "remove", "path": f"/status/{kind}/{name}"} for kind in kinds for name in names]
    patch = ("patch", "node", NODE, "--subresource=status", "--type=json", "-p", json.dumps(patches))

    def left():
        # A kubelet that starts writes what it found there once more.
        agent.local.kubectl(*patch, check=False)
        return node.has()

    eventually(left, lambda now: now == [-1] * GPUS)


@pytest.fixture(name="place")
def _place(node, pool, template, eventually):
    """Place a gang of shares, one on each of some GPUs; take it away in the end."""
    placed = []

    def place(*command, gpus=(0,), job=None, fence=1, **spec):
        entry = pool.admit(node.agent.name, "tencent", job, fence=fence, lease=600)
        seats = [(NODE, [gpu]) for gpu in gpus]
        shared = {"gpuMemory": HALF, "template": template(*(command or STAYS)), "grace": "2s", "lease": "10m"}
        name = pool.place(node.agent.name, entry, seats, **{**shared, **spec})
        placed.append(entry)
        return entry, name

    yield place
    for entry in placed:
        if pool.state(entry) not in {"draining", "released"}:
            pool.stop(entry)
    for entry in placed:
        eventually(lambda entry=entry: pool.state(entry), lambda state: state == "released")
