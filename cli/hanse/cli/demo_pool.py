"""The running pool that the demo plays: what a coordinator and a member start, started as they would start it.

In: a development cluster with Hanse's API and the examples. Out: the operator, the API service and one member's agent
as processes with rights of their own, and two members more, one with nodes and one without. It goes through the same
commands as everybody; :mod:`hanse.cli.demo` tells the story, and what runs here ends with the cluster.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from alembic import command
from alembic.config import Config

from hanse.devcluster import cluster, nodes, paths, processes
from hanse.devcluster.errors import DevclusterError

SYSTEM = "hanse-system"
OWNER, BORROWER = "hubei-lab", "hunan-lab"
CLUSTER = "hubei-lab-wh"
POOL_LABEL = {"hanse.dev/pool": OWNER}
ACCELERATOR = "h100-80g"
NODES = nodes.Shape(ACCELERATOR, count=4, gpus=8, prefix=OWNER, labels=POOL_LABEL)
IMAGE = "registry.example/trainer@sha256:" + "ab" * 32
PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.5


class RunningPool:
    """The processes of a hub and of one member cluster, in the development cluster *own*."""

    def __init__(self, own: cluster.Cluster) -> None:
        self.own = own
        self.folder = own.folder / "pool"
        self.folder.mkdir()
        self.chart = paths.sources().parent / "charts" / "hanse" / "templates"
        self.api_port, self.operator_port, self.agent_port = (_free_port() for _ in range(3))

    def start(self) -> None:
        """Prepare the database, let both members in, and start the processes."""
        config = Config(paths.sources().parent / "migrations" / "alembic.ini")
        config.attributes["url"] = self.own.database_url
        command.upgrade(config, "head")
        self.own.kubectl("create", "namespace", SYSTEM)
        rights = (self.chart / "operator-rbac.yaml").read_text().replace("{{ .Release.Namespace }}", SYSTEM)
        self.own.kubectl("apply", "-f", "-", stdin=rights)
        self.own.add_nodes(NODES)
        self._start_hub()
        self._let_members_in()
        self._start_agent()

    def hanse(self, *args: str) -> str:
        """Run a command of `hanse` as the coordinator; return what it printed."""
        environment = {
            **processes.environment(),
            "KUBECONFIG": str(self.own.kubeconfig),
            "HANSE_DATABASE_URL": self.own.database_url,
        }
        argv = [sys.executable, "-P", "-m", "hanse.cli.main", *args]
        result = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, cwd=self.folder)
        if result.returncode:
            raise DevclusterError(f"hanse {' '.join(args)} failed: {(result.stderr or result.stdout).strip()}")
        return result.stdout

    def submit(self, member: str, name: str, replicas: int, runtime: str) -> None:
        """Create a job of *member*; its quota needs a moment on a new hub, as any quota does."""
        manifest = json.dumps(_job(member, name, replicas, runtime))
        eventually(lambda: self.own.kubectl("apply", "-f", "-", stdin=manifest, check=False).returncode == 0)

    def status(self, member: str, name: str) -> dict[str, Any]:
        """Return a job's status as its owner sees it."""
        path = f"/apis/hanse.dev/v1alpha1/namespaces/{member}/trainingjobs/{name}"
        found: dict[str, Any] = self.own.client.request("GET", path).get("status") or {}
        return found

    def audit(self) -> str:
        """Export this month's ledger and verify the export; return what the verifier printed."""
        out = str(self.folder / "audit")
        self.hanse("audit", "export", "--period", f"{datetime.now(UTC):%Y-%m}", "--out", out)
        return self.hanse("audit", "verify", out)

    def _let_members_in(self) -> None:
        """Add both members, and the cluster of the one that has nodes."""
        keys = self._keys(OWNER)
        for member, (verify, encrypt) in ((OWNER, keys), (BORROWER, self._keys(BORROWER))):
            self.hanse("member", "add", member, f"--verify-key={verify}", f"--encrypt-key={encrypt}")
        api = f"--api=http://127.0.0.1:{self.api_port}"
        join = ["--member", OWNER, "--region", "hubei", f"--agent-key={keys[1]}", "--out", str(self.folder / CLUSTER)]
        self.hanse("cluster", "join", CLUSTER, api, *join)
        label = "=".join(next(iter(POOL_LABEL.items())))
        self.hanse("contribute", ACCELERATOR, "--cluster", CLUSTER, "--namespace", OWNER, "--label", label)

    def _keys(self, member: str) -> list[str]:
        printed = self.hanse("cluster", "keys", str(self.folder / f"{member}-keys"))
        return [line.split()[-1] for line in printed.splitlines()]

    def _start_hub(self) -> None:
        token = self.folder / "internal-token"
        token.write_text(os.urandom(16).hex())
        kubeconfig = self._kubeconfig("operator", "hanse-operator", SYSTEM)
        self._start(
            "operator", f"--kubeconfig={kubeconfig}", f"--health-port={self.operator_port}",
            f"--internal-token-file={token}", "--lease-seconds=5",
        )  # fmt: skip
        self._start("api", f"--kubeconfig={self.own.kubeconfig}", f"--port={self.api_port}")
        eventually(lambda: _listens(self.api_port) and _listens(self.operator_port))

    def _start_agent(self) -> None:
        given = self.folder / CLUSTER
        self.own.kubectl("apply", "-f", str(given / "member-cluster.yaml"))
        settings = {
            "cluster": CLUSTER,
            "hubKubeconfig": str(given / "hub.kubeconfig"),
            "apiUrl": f"http://127.0.0.1:{self.api_port}",
            "apiTokenFile": str(given / "api-token"),
            "kubeconfig": str(self._kubeconfig("agent", "hanse-agent", f"hanse-agent-{CLUSTER}")),
            "stateFolder": str(given / "state"),
            "signingKeyFile": str(self.folder / f"{OWNER}-keys" / "signing.key"),
            "sealingKeyFile": str(self.folder / f"{OWNER}-keys" / "sealing.key"),
            "listenHost": "127.0.0.1",
            "listenPort": self.agent_port,
            "syncSeconds": 0.5,
            "meterSeconds": 1.0,
        }
        (self.folder / "agent.yaml").write_text(yaml.safe_dump(settings))
        self._start("cluster-agent", f"--config={self.folder / 'agent.yaml'}")

    def _start(self, part: str, *args: str) -> None:
        """Start a process of Hanse as a part of the cluster; the database's URL is no argument, others would see it."""
        own = [sys.executable, "-P", "-m", "hanse.cli.main", part, *args]
        with_database = f'HANSE_DATABASE_URL="$(cat {self.own.folder}/database-url)" exec "$@"'
        processes.start(self.own.folder, part, ["sh", "-c", with_database, "sh", *own])

    def _kubeconfig(self, name: str, account: str, namespace: str) -> Path:
        """Write a kubeconfig with a token of a ServiceAccount: each process has its own rights and no more."""
        token = self.own.kubectl("create", "token", account, f"--namespace={namespace}", "--duration=24h").stdout
        content = json.loads(self.own.kubeconfig.read_text())
        content["users"][0]["user"] = {"token": token.strip()}
        file = self.folder / f"{name}.kubeconfig"
        file.write_text(json.dumps(content))
        return file


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until *holds* is true; return whether it became so in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _job(member: str, name: str, replicas: int, runtime: str) -> dict[str, Any]:
    container = {"name": "trainer", "image": IMAGE, "command": ["torchrun", "train.py"]}
    return {
        "apiVersion": "hanse.dev/v1alpha1",
        "kind": "TrainingJob",
        "metadata": {"name": name, "namespace": member},
        "spec": {
            "tier": "standard",
            "workers": {"replicas": replicas},
            "gpusPerWorker": 8,
            "accelerators": [{"class": ACCELERATOR}],
            "maxRuntime": "2h",
            "template": {
                "metadata": {"annotations": {"hanse.dev/simulated-runtime": runtime}},
                "spec": {"containers": [container]},
            },
        },
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
