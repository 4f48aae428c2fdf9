"""What the operator's tests share: a hub with a small pool, operators as processes, and who stands for agents.

The operator runs with the rights of its ServiceAccount and of its database role, never as the administrator. There are
no agents: what they would do (report nodes, take and release leases) is done through the ledger's own functions.
"""

import base64
import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
import urllib3
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from psycopg import sql

from hanse.devcluster import cluster, ports, postgres
from hanse.devcluster.errors import DevclusterError
from hanse.ledger import attempts, database, reports
from hanse.operator import access

ROOT = Path(__file__).parents[2]
WAIT_SECONDS_MAX = 600.0
NAMESPACE = "hanse-system"
DATABASES = itertools.count()
IMAGE = "registry.example/trainer@sha256:06ea17a8981d25b0315ff17bd1ebad3d95c15a3f8b764eaadb93612d9b61a54e"
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
AGENT_KEY = bytes(range(32))
"""The sealing key of the agent that nobody runs here."""
JOBS = "/apis/hanse.dev/v1alpha1/namespaces/red/trainingjobs"
PLACEMENTS = "/apis/hanse.dev/v1alpha1/namespaces/hanse-cluster-blue-1/placements"


def ours(kind, name, spec, namespace=None):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "hanse.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def pool_objects():
    """Two members; blue's cluster has the nodes, red has jobs and an entitlement by grant."""
    namespaces = [("red", {"hanse.dev/member": "red"}), ("blue", {"hanse.dev/member": "blue"}), (NAMESPACE, {})]
    namespaces.append(("hanse-cluster-blue-1", {}))
    return [
        *(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
            for name, labels in namespaces
        ),
        ours("AcceleratorClass", "h100", {
            "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
            "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"hanse.dev/accelerator": "h100"},
        }),
        ours("PriorityTier", "standard", {"rank": 500}),
        ours("PoolPolicy", "default", {}),
        ours("Member", "red", {"displayName": "Red", "keys": {"verify": KEY, "encrypt": KEY}}),
        ours("Member", "blue", {"displayName": "Blue", "keys": {"verify": KEY, "encrypt": KEY}}),
        ours("MemberCluster", "blue-1", {"member": "blue", "region": "north", "agentKey": agent_key()}),
        ours("Contribution", "all", {"cluster": "blue-1", "class": "h100"}, "blue"),
        *access.storage("red", ["red-s3"], NAMESPACE),
    ]  # fmt: skip


def agent_key():
    public = X25519PrivateKey.from_private_bytes(AGENT_KEY).public_key().public_bytes_raw()
    return base64.b64encode(public).decode()


def job(name, replicas=1, gpus=8, **more):
    container = {"name": "trainer", "image": IMAGE, "command": ["true"]}
    spec = {
        "tier": "standard", "workers": {"replicas": replicas}, "gpusPerWorker": gpus,
        "accelerators": [{"class": "h100"}], "maxRuntime": "2h", "template": {"spec": {"containers": [container]}},
    }  # fmt: skip
    return ours("TrainingJob", name, spec | more, "red")


@pytest.fixture(name="plane", scope="session")
def _plane():
    """A hub of our own, as these tests restart its parts, with the API, the pool and the operator's rights."""
    with cluster.running(f"test-{os.getpid()}-operator", cluster.Wanted()) as hub:
        templates = ROOT / "charts/hanse/templates"
        crds = ["-f", str(templates / "crds")]
        hub.kubectl("apply", "--server-side", *crds, "-f", str(templates / "policies"))
        hub.kubectl("wait", "--for=condition=Established", "--timeout=120s", *crds)
        hub.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": pool_objects()}))
        rbac = (templates / "operator-rbac.yaml").read_text().replace("{{ .Release.Namespace }}", NAMESPACE)
        hub.kubectl("apply", "-f", "-", stdin=rbac)
        yield hub


@pytest.fixture(name="kubeconfig", scope="session")
def _kubeconfig(plane, tmp_path_factory):
    """A kubeconfig with a token of the operator's ServiceAccount."""
    return plane.kubeconfig_of("hanse-operator", NAMESPACE, tmp_path_factory.mktemp("operator") / "kubeconfig")


@pytest.fixture(name="template", scope="session")
def _template(plane):
    """The name of a migrated database to make others from."""
    config = Config(ROOT / "migrations" / "alembic.ini")
    config.attributes["url"] = postgres.create_database(plane.database_url, "operator_template")
    command.upgrade(config, "head")
    return "operator_template"


class Running:
    """One operator process."""

    def __init__(self, process, log, port):
        self.process, self.log, self.port = process, log, port

    def said(self, event):
        return [entry for entry in self.entries() if entry.get("event") == event]

    def entries(self):
        written, _, _ = self.log.read_text().rpartition("\n")  # the last line may not be whole yet
        lines = [line for line in written.splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Pool:
    """A test's pool: a database and nodes of its own, jobs that go with the test."""

    def __init__(self, plane, kubeconfig, template, folder, operators):
        self.plane, self.kubeconfig, self.folder, self.operators = plane, kubeconfig, folder, operators
        self.name = f"pool_{next(DATABASES)}"
        with psycopg.connect(plane.database_url, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(self.name), sql.Identifier(template)))
        self.url = plane.database_url.rpartition("/")[0] + f"/{self.name}"
        self.api = database.engine(self.url, role="hanse_api")
        self.started = []
        self.report(nodes=2)

    def close(self):
        for each in self.started:
            each.end()
        placed = (PLACEMENTS, PLACEMENTS.replace("blue-1", "blue-2"))
        for path in (JOBS, JOBS.replace("red", "blue"), *placed, "/api/v1/namespaces/red/secrets"):
            self.plane.client.request("DELETE", path)
        self.api.dispose()
        with psycopg.connect(self.plane.database_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def report(self, nodes, gpus=8, cluster="blue-1", prefix="node"):
        """Report nodes as the agent of a cluster would."""
        shape = {"class": "h100", "gpus": gpus, "cpuMilli": 96000, "memoryMiB": 10**6, "ready": True}
        named = [shape | {"name": f"{prefix}-{number}"} for number in range(nodes)]
        reports.report_nodes(self.api, cluster, named, whole=True)

    def speak(self, *clusters):
        """Have the agents of these clusters be heard."""
        for name in clusters:
            same = uuid.uuid5(uuid.NAMESPACE_DNS, name)
            assert reports.admit_agent(self.api, name, same, same, version="1.2.3", silence_seconds=30) is None

    def operator(self, *, failpoint="", database_url=None, kubeconfig=None, lease_seconds=3, token=""):
        port = ports.free()
        log = self.folder / f"operator-{len(self.started)}.log"
        environment = os.environ | {"HANSE_DATABASE_URL": database_url or self.url, "HANSE_FAILPOINT": failpoint}
        token_file = self.folder / "token"
        token_file.write_text(token)
        argv = [
            "operator", f"--kubeconfig={kubeconfig or self.kubeconfig}",
            f"--health-port={port}", f"--lease-seconds={lease_seconds}", f"--internal-token-file={token_file}",
        ]  # fmt: skip
        with log.open("w") as output:
            process = self.operators.start(argv, env=environment, cwd=ROOT, stdout=output, stderr=output)
        running = Running(process, log, port)
        self.started.append(running)
        return running

    def submit(self, name, *, namespace="red", **spec):
        document = job(name, **spec)
        document["metadata"]["namespace"] = namespace
        return self.plane.client.request("POST", JOBS.replace("red", namespace), document)["metadata"]["uid"]

    def job(self, name):
        return self.plane.client.request("GET", f"{JOBS}/{name}")

    def status(self, name):
        return self.job(name).get("status", {})

    def phase(self, name):
        return self.status(name).get("phase")

    def placements(self, cluster="blue-1"):
        return self.plane.client.request("GET", PLACEMENTS.replace("blue-1", cluster))["items"]

    def rows(self, statement, **values):
        with self.api.connect() as connection:
            return connection.execute(sa.text(statement), values).all()

    def grant(self, placement):
        spec = placement["spec"]
        cluster = placement["metadata"]["namespace"].removeprefix("hanse-cluster-")
        return attempts.grant(self.api, cluster, uuid.UUID(spec["attempt"]), spec["fence"], uuid.uuid4())

    def release(self, placement, outcome):
        spec = placement["spec"]
        return attempts.release(self.api, "blue-1", uuid.UUID(spec["attempt"]), spec["fence"], outcome)

    def report_phase(self, placement, phase):
        """Write a Placement's status as the cluster agent would."""
        spec = placement["spec"]
        status = {"fence": spec["fence"], "sequence": spec["sequence"], "phase": phase, "readyWorkers": 1}
        path = f"{PLACEMENTS}/{placement['metadata']['name']}/status"
        self.plane.client.request("PATCH", path, {"status": status}, "application/merge-patch+json")

    def shift_clock(self, seconds):
        """Have the clock of this pool's ledger run ahead of the machine's."""
        self._replace_clock(f"pg_catalog.clock_timestamp() + interval '{int(seconds)} seconds'")

    def stop_clock(self, at_seconds):
        """Have the clock of this pool's ledger stand still, however long a test takes on the machine that it is on."""
        self._replace_clock(f"pg_catalog.to_timestamp({int(at_seconds)})")

    def _replace_clock(self, expression):
        """Replace the only function that is replaced."""
        declared = "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"{declared} $$ SELECT {expression} $$")

    def keep_secret(self, name, **values):
        """Create a Secret of red's, or change it; without values, delete it."""
        path = "/api/v1/namespaces/red/secrets"
        if not values:
            self.plane.client.request("DELETE", f"{path}/{name}")
            return
        document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
        query = "?fieldManager=test&force=true"
        self.plane.client.request("PATCH", f"{path}/{name}{query}", document, "application/apply-patch+yaml")

    def delete(self, name):
        self.plane.client.request("DELETE", f"{JOBS}/{name}")

    def change(self, name, spec):
        self.plane.client.request("PATCH", f"{JOBS}/{name}", {"spec": spec}, "application/merge-patch+json")

    def until(self, what, condition):
        """Return what *condition* returns as soon as that is true; fail, with all logs, if it does not become true."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not (found := _unless_away(condition)):
            if time.monotonic() > deadline:
                logs = "\n".join(each.log.read_text()[-4000:] for each in self.started)
                pytest.fail(f"{what}: not within {WAIT_SECONDS_MAX:.0f} s\n{logs}")
            time.sleep(0.1)
        return found


def _unless_away(condition):
    """Return what *condition* returns, or nothing while the API server or the database is being restarted."""
    with contextlib.suppress(DevclusterError, urllib3.exceptions.HTTPError, sa.exc.OperationalError):
        return condition()


@pytest.fixture(name="pool")
def _pool(plane, kubeconfig, template, tmp_path, operators):
    made = Pool(plane, kubeconfig, template, tmp_path, operators)
    yield made
    made.close()
