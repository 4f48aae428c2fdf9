"""A hub and one member on this machine, whose one node has the real GPU: all parts of Hanse, as processes.

In: the machine and its GPU. Out: a cluster that runs, with API server, kubelet, Postgres, operator, API service,
cluster agent and node agent. Nothing is simulated here but where the provider itself is.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hanse.agent import install
from hanse.agent.node import slices
from hanse.agent.node.gpus import MIB_PER_GIB, Gpu
from hanse.cli.demo import chart
from hanse.cli.demo.hub import Hub
from hanse.cli.demo.members import POOL, Members, Party
from hanse.cli.demo.stage import Stage, StoryEndsError
from hanse.cli.hardware.machine import Machine
from hanse.devcluster import cluster, files, nodes, ports, processes

NODE, NODE_AGENT = cluster.PROCESS_NODE, "node-agent"
PERSON = "li@tencent"
_TIER = {"apiGroups": ["hanse.dev"], "resources": ["prioritytiers"], "resourceNames": ["standard"], "verbs": ["use"]}
_RBAC = "rbac.authorization.k8s.io"


class Pool:
    """Brings up the parts in the cluster *own*, one after another."""

    def __init__(self, own: cluster.Cluster, stage: Stage, machine: Machine, gpu: Gpu) -> None:
        self.own, self.stage, self.machine, self.gpu = own, stage, machine, gpu
        self.accelerator = class_name(machine, gpu)
        self.party = Party("tencent", "Tencent", PERSON, "tencent-gz", "guangdong", self.accelerator, 1, 1)
        self.hub = Hub(own, stage)
        self.metrics_port = ports.free()

    def start_hub(self) -> None:
        """Make Hanse's API and the ledger; start the operator and the API service."""
        chart.install(self.stage)
        applied = self.stage.kubectl("apply", "-f", "-", stdin=json.dumps(alliance(self.accelerator, self.gpu)))
        self.stage.claim("the alliance's rules are accepted", holds=applied.returncode == 0, found=applied.stderr)
        if applied.returncode:
            raise StoryEndsError("alliance")
        self.hub.start()

    def start_member(self) -> None:
        """Let a member in, start its agents, and wait until its GPU is known to everybody."""
        members = Members(self.hub, real=True)
        labels = {POOL: self.party.name, nodes.CLASS_LABEL: self.accelerator}
        self.own.kubectl("label", "node", NODE, *(f"{name}={value}" for name, value in labels.items()))
        members.add(self.party)
        members.join(self.party)
        folder = members.folder(self.party)
        self._let_in_node_agents(folder)
        self._start_node_agent(yaml.safe_load((folder / "agent.yaml").read_text()))
        self.stage.until("the kubelet offers the GPU's slices", self._offers)
        members.contribute(self.party)
        self.stage.until("the ledger knows the node and its GPU", self._is_known)

    def kubernetes(self, path: str) -> Any:
        """Return what the API server has at *path*."""
        return self.own.client.request("GET", path)

    def allocatable(self) -> Mapping[str, str]:
        """Return what the node can still give out, of all that it has."""
        found: dict[str, str] = self.kubernetes(f"/api/v1/nodes/{NODE}")["status"]["allocatable"]
        return found

    def diagnosis(self) -> str:
        """Return what the cluster looks like, and how each part's log ends."""
        said = [
            self.stage.kubectl(*args).stdout
            for args in (
                ("get", "nodes,pods,trainingjobs,placements", "-A", "-o=wide"),
                ("get", "events", "-A", "--sort-by=.lastTimestamp"),
                ("get", "trainingjobs", "-A", "-o=jsonpath={range .items[*]}{.metadata.name}: {.status}{'\\n'}{end}"),
            )
        ]
        logs = sorted((self.own.folder / "logs").glob("*.log"))
        return "\n".join([*said, *(processes.log_tail(self.own.folder, log.stem) for log in logs)])

    def _let_in_node_agents(self, folder: Path) -> None:
        """Have the member's agent take node agents; their account is made by the command that makes its own."""
        file = folder / "agent.yaml"
        account = {"nodeAgentAccount": f"{install.NODES_NAMESPACE_PREFIX}{self.party.cluster}:{install.NODE_AGENT}"}
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **account}))
        self.hub.hanse("cluster", "install", str(folder), f"--kubeconfig={self.own.kubeconfig}")

    def _start_node_agent(self, agent: Mapping[str, Any]) -> None:
        folder = self.own.folder / NODE_AGENT
        folder.mkdir()
        # A socket's path has an end, and the cluster's folder is deep.
        short = Path(tempfile.mkdtemp(prefix="hn")) / "k"
        short.symlink_to(self.own.folder / "node" / "kubelet")
        token = self.own.kubectl(
            "create", "token", install.NODE_AGENT, f"-n={install.NODES_NAMESPACE_PREFIX}{self.party.cluster}",
            "--audience=hanse-cluster-agent", "--bound-object-kind=Node", f"--bound-object-name={NODE}",
        ).stdout.strip()  # fmt: skip
        settings = {
            "agentUrl": f"http://{agent['listenHost']}:{agent['listenPort']}",
            "tokenFile": str(files.write_secret(folder / "token", token)),
            "stateFolder": str(folder / "state"),
            "kubeletFolder": str(short),
            "metricsPort": self.metrics_port,
            "exchangeSeconds": 1.0,
            # There is no container toolkit that would make devices of names.
            "cdi": False,
            **self.machine.node_settings,
        }
        file = folder / "node.yaml"
        file.write_text(yaml.safe_dump(settings))
        variables = processes.libraries()
        processes.start_module(
            self.own.folder, NODE_AGENT, "hanse.cli.main", NODE_AGENT, f"--config={file}", **variables
        )

    def _offers(self) -> tuple[bool, Any]:
        has = {name: count for name, count in self.allocatable().items() if name.startswith("gpu")}
        return has.get(slices.resource(0, slices.MEMORY), "0") != "0", has

    def _is_known(self) -> tuple[bool, Any]:
        rows = self.hub.rows("SELECT body FROM ledger.node")
        return [(row.body.get("shared") or {}).get("gpus") for row in rows] == [[0]], [row.body for row in rows]


def class_name(machine: Machine, gpu: Gpu) -> str:
    """Return a class's name for the GPU, by what the driver calls it."""
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    name = "simulated"
    if machine.node_settings.get("provider") == "nvidia":
        name = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return re.sub(r"[^a-z0-9]+", "-", f"{name} {gpu.memory_mib // 1024}g".lower()).strip("-")


def alliance(accelerator: str, gpu: Gpu) -> dict[str, Any]:
    """Return what the coordinator applies: a class for the GPU, a tier, rules."""
    api_version = "hanse.dev/v1alpha1"
    subjects = [{"apiGroup": _RBAC, "kind": "Group", "name": "system:authenticated"}]
    role, name = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "use-standard"}, {"name": "use-standard"}
    # What it is sold as, in whole GiB; of what its driver has of it the planner hears by its node.
    memory_mib = -(-gpu.memory_mib // MIB_PER_GIB) * MIB_PER_GIB
    classed = {
        "vendor": "nvidia", "memoryMiB": memory_mib, "h100Equivalent": {"bf16": 1000}, "watts": 700,
        "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {nodes.CLASS_LABEL: accelerator},
        "sharingModes": ["Advisory", "MPS"],
    }  # fmt: skip
    items = [
        {"apiVersion": api_version, "kind": "AcceleratorClass", "metadata": {"name": accelerator}, "spec": classed},
        {"apiVersion": api_version, "kind": "PriorityTier", "metadata": {"name": "standard"}, "spec": {"rank": 500}},
        {"apiVersion": api_version, "kind": "PoolPolicy", "metadata": {"name": "default"},
         "spec": {"referencePrecision": "bf16"}},
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": name, "rules": [_TIER]},
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": name, "roleRef": role,
         "subjects": subjects},
    ]  # fmt: skip
    return {"apiVersion": "v1", "kind": "List", "items": items}
