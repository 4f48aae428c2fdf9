"""The real node's accelerators, which workers share: Hanse's node agent, on GPUs that are simulated.

In: a hub, and the member whose node it is. Out: a process that ends with the cluster, as a member would start it, and a
script of what the GPUs do, which the story changes. Everything from the kubelet on is real, but there is no memory to
run short: the script says that it does.
"""

from pathlib import Path

import yaml

from hanse.agent import install
from hanse.cli.demo.hub import READY_SECONDS, Hub
from hanse.devcluster import cluster, files, processes, realnode

PART = "node-agent"
GPUS, GPU_MIB = 4, 16 * 1024


class NodeAgent:
    """The node agent of member cluster *name*."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._folder = hub, hub.folder / PART
        self._namespace = f"{install.NODES_NAMESPACE_PREFIX}{name}"
        self.account = f"{self._namespace}:{install.NODE_AGENT}"
        """As the cluster agent has to know it."""

    def start(self, agent_url: str) -> None:
        """Start it, and return when the kubelet has its resources; the cluster agent at *agent_url* may come later.

        Raises:
            DevclusterError: it does not come up.

        """
        self._folder.mkdir()
        own = self._hub.own
        token = own.kubectl(
            "create", "token", install.NODE_AGENT, f"--namespace={self._namespace}", "--audience=hanse-cluster-agent",
            "--bound-object-kind=Node", f"--bound-object-name={cluster.REAL_NODE}", "--duration=24h",
        ).stdout.strip()  # fmt: skip
        files.write_secret(self._folder / "token", token)
        self.use(0)
        # As the node itself sees it: a socket's path has an end, and the cluster's folder is deep.
        kubelet = Path("/proc", str(processes.find(own.folder, [realnode.KUBELET])[0].pid))
        settings = {
            "agentUrl": agent_url,
            "tokenFile": "token",
            "stateFolder": "state",
            "kubeletFolder": str(kubelet / "root" / "var/lib/kubelet"),
            "provider": "simulated",
            "script": "script.yaml",
            "sampleSeconds": 0.5,
            "exchangeSeconds": 0.5,
        }
        file = self._folder / "node.yaml"
        file.write_text(yaml.safe_dump(settings))
        self._hub.run(PART, f"--config={file}")
        processes.wait_until_ready(own.folder, PART, self._is_known, READY_SECONDS)

    def use(self, used_mib: int) -> None:
        """Let somebody who is no worker of Hanse use so much of each GPU from now on."""
        gpus = [{"uuid": f"GPU-{index}", "memoryMiB": GPU_MIB} for index in range(GPUS)]
        curves = [{"gpu": index, "pid": 1, "memoryMiB": [[0, used_mib]]} for index in range(GPUS)]
        script = {"gpus": gpus, "processes": curves if used_mib else []}
        aside = self._folder / "script.new"
        aside.write_text(yaml.safe_dump(script))
        aside.replace(self._folder / "script.yaml")

    def _is_known(self) -> bool:
        path = f"/api/v1/nodes/{cluster.REAL_NODE}"
        has = self._hub.own.client.request("GET", path)["status"].get("allocatable") or {}
        return all(int(has.get(f"gpu{index}.{slices}", 0)) for index in range(GPUS) for slices in _SLICES)


_SLICES = ("hanse.dev/mem-gib", "hanse.dev/limit-gib", "hanse.dev/tenant")
