"""A small pool with all that production has: operator, API service, and two agents side by side in one cluster.

Everything is set up with Hanse's own commands and runs with the rights that these give. Two members: north with three
nodes, south with one; each has a member cluster in the hub's own Kubernetes cluster.
"""

import json
import os
import socket
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
import urllib3
import yaml
from alembic import command
from alembic.config import Config
from collecting import Collector

from hanse.devcluster import cluster, nodes, ports, processes
from hanse.devcluster.errors import DevclusterError
from hanse.ledger import database, registry

ROOT = Path(__file__).parents[2]
SYSTEM = "hanse-system"
CLASS = "h100-80g"
NODES = {"north": 3, "south": 1}
SLOT_SECONDS = 5
IMAGE = "registry.example/trainer@sha256:" + "ab" * 32


class Town:
    """The pool; what a test needs of it. *clusters* are the folders that members were handed, by member."""

    def __init__(self, own, folder, commands):
        self.own, self.folder, self._commands = own, folder, commands
        self.operator_port, self.api_port = ports.free(), ports.free()
        self.api_url = f"http://127.0.0.1:{self.api_port}"
        self.metrics_ports = {"operator": self.operator_port, "api": ports.free()}
        self.metrics_ports |= {f"agent of {member}": ports.free() for member in NODES}
        self.engine = database.engine(own.database_url, role="hanse_operator")
        self.clusters = {member: folder / f"{member}-1" for member in NODES}
        self.collectors = {each: Collector() for each in ("hub", *NODES)}
        """What receives traces: the coordinator's, and each member's own."""

    def start(self):
        config = Config(ROOT / "migrations" / "alembic.ini")
        config.attributes["url"] = self.own.database_url
        command.upgrade(config, "head")
        registry.set_metering(self.engine, slot_seconds=SLOT_SECONDS, grace_seconds=600)
        templates = ROOT / "charts/hanse/templates"
        crds = ["-f", str(templates / "crds")]
        self.own.kubectl("apply", "--server-side", *crds, "-f", str(templates / "policies"))
        self.own.kubectl("wait", "--for=condition=Established", "--timeout=120s", *crds)
        for name in ("acceleratorclass", "prioritytier", "poolpolicy"):
            self.own.kubectl("apply", "-f", str(ROOT / "examples" / f"{name}.yaml"))
        self.own.kubectl("create", "namespace", SYSTEM)
        for name in ("operator-rbac", "api-rbac"):
            rights = (templates / f"{name}.yaml").read_text().replace("{{ .Release.Namespace }}", SYSTEM)
            self.own.kubectl("apply", "-f", "-", stdin=rights)
        self._start_hub()
        for member in NODES:
            self._let_in(member)
            self.start_agent(member)
        known = "SELECT 1 FROM ledger.node"
        self.until("all nodes are reported", lambda: len(self.rows(known)) == sum(NODES.values()))

    def _start_hub(self):
        token = self.folder / "internal-token"
        token.write_text(os.urandom(16).hex())
        kubeconfig, of_api = (self._kubeconfig(name, f"hanse-{name}", SYSTEM) for name in ("operator", "api"))
        # With a lease as in production: a machine with other work may stop a leader for the third of a short one.
        self._run(
            "operator", f"--kubeconfig={kubeconfig}", f"--health-port={self.operator_port}",
            f"--internal-token-file={token}",
        )  # fmt: skip
        leader = f"--leader-url=http://127.0.0.1:{self.operator_port}"
        self._run(
            "api", f"--kubeconfig={of_api}", f"--port={self.api_port}", leader,
            f"--metrics-port={self.metrics_ports['api']}",
            f"--internal-token-file={token}",
        )  # fmt: skip
        self.until("the hub listens", lambda: listens(self.api_port) and listens(self.operator_port))

    def _let_in(self, member):
        name, folder, own = f"{member}-1", self.clusters[member], folder_of_keys(self.folder, member)
        self.add_nodes(member)
        verify, encrypt = self._keys(own)
        user = f"--user=system:serviceaccount:{member}:people"
        self.hanse("member", "add", member, f"--verify-key={verify}", f"--encrypt-key={encrypt}", user)
        self.own.kubectl("create", "serviceaccount", "people", f"--namespace={member}")
        _, sealing = self._keys(folder)
        self.hanse(
            "cluster", "join", name, f"--member={member}", "--region=here", f"--agent-key={sealing}",
            f"--api={self.api_url}", f"--label=hanse.dev/pool={member}", f"--out={folder}",
        )  # fmt: skip
        self.hanse("cluster", "install", str(folder))
        self.hanse("contribute", CLASS, f"--cluster={name}", f"--namespace={member}")

    def add_nodes(self, member):
        self.own.add_nodes(nodes.Shape(CLASS, NODES[member], 8, prefix=member, labels={"hanse.dev/pool": member}))

    def start_agent(self, member):
        file = self.clusters[member] / "agent.yaml"
        port = self.metrics_ports[f"agent of {member}"]
        quick = {
            "listenPort": ports.free(),
            "metricsPort": port,
            "syncSeconds": 0.5,
            "meterSeconds": 0.5,
            "killBudgetSeconds": 2,
        }
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | quick))
        self._run("cluster-agent", f"--config={file}", part=f"agent-{member}", collector=member)

    def _keys(self, folder):
        return [line.split()[-1] for line in self.hanse("cluster", "keys", str(folder)).splitlines()]

    def _run(self, *argv, part=None, collector="hub"):
        variables = {"HANSE_DATABASE_URL": self.own.database_url} | self.collectors[collector].variables
        processes.start_module(self.own.folder, part or argv[0], "hanse.cli.main", *argv, **variables)

    def _kubeconfig(self, name, account, namespace):
        return self.own.kubeconfig_of(account, namespace, self.folder / name)

    def call(self, *args, **variables):
        """Run a command of `hanse` as the coordinator; return its exit status and what it said."""
        environment = {**processes.environment(), "KUBECONFIG": str(self.own.kubeconfig), **variables}
        status, *said = self._commands.run(args, env=environment, cwd=self.folder)
        return status, "".join(said)

    def hanse(self, *args, **variables):
        status, said = self.call(*args, **variables)
        assert 0 == status, said
        return said

    def as_people(self, member):
        """Return the variables by which the people of a member ask the API service."""
        asked = ["create", "token", "people", f"--namespace={member}", "--audience=hanse-api"]
        return {"HANSE_API": self.api_url, "HANSE_TOKEN": self.own.kubectl(*asked).stdout.strip()}

    def answer(self, member, path):
        """Return what the API service answers the people of a member, as text."""
        given = self.as_people(member)
        with urllib3.PoolManager(timeout=60) as http:
            answer = http.request(
                "GET", given["HANSE_API"] + path, headers={"Authorization": f"Bearer {given['HANSE_TOKEN']}"}
            )
        return answer.data.decode()

    @staticmethod
    def manifest(member, name, replicas=1, runtime="10m", **spec):
        container = {"name": "trainer", "image": IMAGE, "command": ["torchrun", "train.py"]}
        return {
            "apiVersion": "hanse.dev/v1alpha1",
            "kind": "TrainingJob",
            "metadata": {"name": name, "namespace": member},
            "spec": {
                "tier": "standard", "workers": {"replicas": replicas}, "gpusPerWorker": 8,
                "accelerators": [{"class": CLASS}], "maxRuntime": "2h",
                "template": {
                    "metadata": {"annotations": {"hanse.dev/simulated-runtime": runtime}},
                    "spec": {"containers": [container]},
                },
                **spec,
            },
        }  # fmt: skip

    def submit(self, member, name, **more):
        job = self.manifest(member, name, **more)
        # A quota that is new is of unknown status for a while, and refuses.
        applied = lambda: self.own.kubectl("apply", "-f", "-", stdin=json.dumps(job), check=False).returncode == 0  # noqa: E731
        self.until(f"{member}/{name} is taken", applied)

    def status(self, member, name):
        path = f"/apis/hanse.dev/v1alpha1/namespaces/{member}/trainingjobs/{name}"
        return self.own.client.request("GET", path).get("status") or {}

    def reaches(self, member, name, phase):
        self.until(f"{member}/{name} is {phase}", lambda: self.status(member, name).get("phase") == phase)

    def clear(self):
        """Delete all jobs, and wait until nothing of them runs."""
        for member in NODES:
            self.own.kubectl("delete", "trainingjobs", "--all", f"--namespace={member}", "--wait=false")
        ended = "SELECT 1 FROM ledger.attempt WHERE ended_at_seconds IS NULL"
        self.until("nothing runs", lambda: not self.rows(ended))

    def rows(self, statement, **values):
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement), values).all()

    def until(self, what, condition, limit_seconds=600):
        """Return what *condition* returns as soon as that is true; fail with all logs if it does not become true."""
        deadline = time.monotonic() + limit_seconds
        while True:
            try:
                if found := condition():
                    return found
            except DevclusterError:
                pass  # what is not there yet
            if time.monotonic() > deadline:
                parts = ("operator", "api", *(f"agent-{member}" for member in NODES))
                logs = "\n".join(f"--- {part}\n{processes.log_tail(self.own.folder, part)}" for part in parts)
                jobs = self.own.kubectl("get", "trainingjobs,contributions,placements,pods", "-A", "-o=wide").stdout
                pytest.fail(f"{what}: not within {limit_seconds} s\n{jobs}\n{logs}")
            time.sleep(0.2)


def folder_of_keys(folder, member):
    return folder / f"{member}-keys"


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(name="town", scope="session")
def _town(tmp_path_factory, commands):
    with cluster.running(f"test-{os.getpid()}-town", cluster.Wanted()) as own:
        town = Town(own, tmp_path_factory.mktemp("town"), commands)
        try:
            town.start()
            yield town
        finally:
            town.engine.dispose()
            for collector in town.collectors.values():
                collector.close()
