"""The hub that is measured: its operator, its API service and its ledger, each a process as in production.

In: a development cluster of the bench's own. Out: a running pool without members, and credentials for agents. The
operator, the API service and the agents have the rights of their ServiceAccounts and no more. Everything ends with the
cluster.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from alembic import command
from alembic.config import Config

from hanse.agent import install
from hanse.bench import reports
from hanse.devcluster import cluster, files, paths, ports, processes
from hanse.devcluster.controlplane import LOOPBACK
from hanse.devcluster.errors import DevclusterError
from hanse.resources import API_VERSION, CLUSTER_NAMESPACE_PREFIX
from hanse.resources.protocol import AUDIENCE

SYSTEM = "hanse-system"
OPERATOR, API = "operator", "api"
# A public key of nobody: no member of a benchmark signs anything.
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
READY_SECONDS = 120.0
# Seldom enough that looking at thousands of objects is no load of its own.
LOOK_SECONDS = 0.5
ASKED_DURATION = "--duration=24h"
Object = dict[str, Any]


@dataclass(frozen=True)
class Credentials:
    """What the agent of one cluster is given: for the hub's API server, and for the API service."""

    kubeconfig: Path
    token_file: Path


@contextmanager
def plane(wanted: cluster.Wanted) -> Iterator[cluster.Cluster]:
    """Run a control plane of the bench's own, with a PostgreSQL of its own.

    Raises:
        DevclusterError: another PostgreSQL is configured: what it holds, and where it stands, would be measured too.

    """
    if cluster.configured_database_url():
        raise DevclusterError("a benchmark measures with a PostgreSQL of its own: unset HANSE_DATABASE_URL")
    with cluster.running(f"bench-{os.getpid()}", wanted) as own:
        yield own


class Hub:
    """A hub in the development cluster *own*."""

    def __init__(self, own: cluster.Cluster) -> None:
        self.own = own
        self.folder = own.folder / "bench"
        self.folder.mkdir()
        self._health_port, self._api_port = ports.free(), ports.free()
        self.api_url = f"http://{LOOPBACK}:{self._api_port}"

    def install(self) -> None:
        """Make the ledger's database, the API, and the rights of the operator and the API service."""
        config = Config(paths.sources().parent / "migrations" / "alembic.ini")
        config.attributes["url"] = self.own.database_url
        command.upgrade(config, "head")
        templates = paths.sources().parent / "charts" / "hanse" / "templates"
        crds = ["-f", str(templates / "crds")]
        self.own.kubectl("apply", "--server-side", *crds, "-f", str(templates / "policies"))
        self.own.kubectl("wait", "--for=condition=Established", "--timeout=60s", *crds)
        self.own.kubectl("create", "namespace", SYSTEM)
        for name in ("operator-rbac", "api-rbac"):
            rights = (templates / f"{name}.yaml").read_text().replace("{{ .Release.Namespace }}", SYSTEM)
            self.own.kubectl("create", "-f", "-", stdin=rights)

    def apply(self, *documents: Object) -> None:
        """Create objects, or make them as they are described."""
        self.own.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))

    def start(self) -> None:
        """Start the operator and the API service, and return when one leads and the other answers."""
        token = files.write_secret(self.folder / "internal-token", os.urandom(16).hex())
        kubeconfig = self.kubeconfig(OPERATOR, "hanse-operator", SYSTEM)
        self.run(
            OPERATOR, OPERATOR, f"--kubeconfig={kubeconfig}", f"--health-port={self._health_port}",
            f"--internal-token-file={token}",
        )  # fmt: skip
        self.start_api(f"--leader-url=http://{LOOPBACK}:{self._health_port}", f"--internal-token-file={token}")
        processes.wait_until_ready(self.own.folder, OPERATOR, lambda: bool(self.progress()), READY_SECONDS)

    def start_api(self, *args: str) -> None:
        """Start the API service, alone unless *args* say where the leader is, and return when it answers."""
        kubeconfig = self.kubeconfig(API, "hanse-api", SYSTEM)
        self.run(API, API, f"--kubeconfig={kubeconfig}", f"--port={self._api_port}", *args)
        processes.wait_until_ready(self.own.folder, API, lambda: bool(_asked(f"{self.api_url}/healthz")), READY_SECONDS)

    def run(self, part: str, *args: str) -> None:
        """Start a process of Hanse."""
        variables = {"HANSE_DATABASE_URL": self.own.database_url}
        processes.start_module(self.own.folder, part, "hanse.cli.main", *args, **variables)

    def progress(self) -> Object:
        """Return what the leading operator says of its progress; nothing if none leads."""
        found: Object = _asked(f"http://{LOOPBACK}:{self._health_port}/feeds").get("leader", {})
        return found

    def admit_cluster(self, name: str, member: str, agent_key: str = KEY) -> Credentials:
        """Let a cluster of *member* join; return its agent's credentials."""
        spec = {"member": member, "region": "here", "agentKey": agent_key}
        self.apply(ours("MemberCluster", name, spec), *install.at_hub(name))
        namespace = f"{CLUSTER_NAMESPACE_PREFIX}{name}"
        asked = ["create", "token", install.AGENT, f"--namespace={namespace}", f"--audience={AUDIENCE}", ASKED_DURATION]
        token_file = files.write_secret(self.folder / f"{name}.token", self.own.kubectl(*asked).stdout.strip())
        return Credentials(self.kubeconfig(name, install.AGENT, namespace), token_file)

    def kubeconfig(self, name: str, account: str, namespace: str) -> Path:
        """Write a kubeconfig with a token of a ServiceAccount."""
        return self.own.kubeconfig_of(account, namespace, self.folder / f"{name}.kubeconfig")

    def peak_rss_bytes(self, part: str) -> int:
        """Return the most memory that a part has had so far."""
        return sum(reports.peak_rss_bytes(found.pid) for found in processes.find(self.own.folder, [part]))


def ours(kind: str, name: str, spec: Object, namespace: str | None = None) -> Object:
    """Return an object of Hanse's API."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def member(name: str, **spec: Any) -> list[Object]:
    """Return a member and its namespace."""
    labels = {"hanse.dev/member": name}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        ours("Member", name, {"displayName": name, "keys": {"verify": KEY, "encrypt": KEY}, **spec}),
    ]


def accelerator(name: str) -> Object:
    """Return an accelerator class whose nodes carry its name."""
    spec = {
        "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
        "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"hanse.dev/accelerator-class": name},
    }  # fmt: skip
    return ours("AcceleratorClass", name, spec)


def until(holds: Callable[[], bool], limit_seconds: float) -> bool:
    """Wait until *holds* is true; return whether it became so in time."""
    deadline = time.monotonic() + limit_seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _asked(url: str) -> Object:
    try:
        answer = urllib3.request("GET", url, retries=False, timeout=5.0)
        found: Object = json.loads(answer.data)
    except (urllib3.exceptions.HTTPError, ValueError):
        return {}
    return found
