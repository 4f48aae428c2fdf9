"""What all tests share: Hypothesis profiles, and one real control plane for the whole run."""

import base64
import itertools
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import sqlalchemy
import urllib3
import warm
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.agent import install
from hanse.devcluster import cluster, debian, ports, postgres, processes
from hanse.devcluster.errors import DevclusterError
from hanse.evidence import enrolments, identity, signatures
from hanse.ledger import database, decisions, registry, term

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["placing", "telling"]

# A busy machine may keep a test waiting in the middle of a transaction, which says nothing of the code.
database.IDLE_MILLISECONDS_MAX = 300_000
# Tests never touch what somebody has configured for their own work; those about the variables set them themselves.
os.environ.pop("HANSE_KUBECONFIG", None)
os.environ.pop("HANSE_DATABASE_URL", None)

# How long a machine takes for an example says nothing of the code: it may have other work.
PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("dev", PATIENT, max_examples=100)
# The same examples each time, so that a change is judged by what it changed and not by luck.
hypothesis.settings.register_profile("ci", PATIENT, max_examples=500, derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def hub() -> Iterator[cluster.Cluster]:
    """A control plane with kwok and Postgres, without nodes; tests keep to objects and namespaces of their own."""
    with cluster.running(f"test-{os.getpid()}-hub", cluster.Wanted()) as running:
        yield running


@pytest.fixture(scope="session")
def commands() -> Iterator[warm.Starter]:
    """What runs `hanse` with the commands of members and coordinators already loaded."""
    with warm.Starter(warm.COMMANDS) as starter:
        yield starter


@pytest.fixture(scope="session")
def operators() -> Iterator[warm.Starter]:
    """What runs `hanse` with the operator already loaded."""
    with warm.Starter(warm.OPERATOR) as starter:
        yield starter


NUMBERS = itertools.count()
SYSTEM = "hanse-system"


class Pool:
    """A hub as agents and members meet it, with its API service; the deciding operator is played by the test."""

    LEDGER_SLOT_SECONDS = 5

    def __init__(self, running: cluster.Cluster) -> None:
        self.cluster = running
        self.part = f"api-{next(NUMBERS)}"
        root = Path(__file__).parents[1]
        for folder in ("crds", "policies"):
            running.kubectl("apply", "--server-side", "-f", str(root / "charts/hanse/templates" / folder))
        running.kubectl("wait", "--for=condition=Established", "--timeout=120s", "crd", "--all")
        config = Config(root / "migrations" / "alembic.ini")
        self.database_url = postgres.create_database(running.database_url, self.part.replace("-", "_"))
        config.attributes["url"] = self.database_url
        command.upgrade(config, "head")
        self.operator = database.engine(self.database_url, role="hanse_operator")
        registry.set_metering(self.operator, slot_seconds=self.LEDGER_SLOT_SECONDS, grace_seconds=600)
        self.term, self.cycle = term.take(self.operator, "test"), 0
        self.keys: dict[str, Ed25519PrivateKey] = {}
        self.options: tuple[str, ...] = ()
        # On the API server's own address: where that is a bridge's, pods reach it too.
        self.address = urlsplit(running.url).hostname
        self.port = ports.free(self.address)
        self.api_url = f"http://{self.address}:{self.port}"

    def apply(self, *documents: dict[str, Any]) -> None:
        self.cluster.kubectl(
            "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
        )

    def start_api(self, *options: str, database_url: str = "") -> None:
        """Start the API service, with the rights that the chart gives it; again, with the options of the first time."""
        self.options = options or self.options
        rights = Path(__file__).parents[1] / "charts/hanse/templates/api-rbac.yaml"
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        self.cluster.kubectl("apply", "-f", "-", stdin=rights.read_text().replace("{{ .Release.Namespace }}", SYSTEM))
        file = self.cluster.folder / f"{self.part}.kubeconfig"
        kubeconfig = self.cluster.kubeconfig_of("hanse-api", SYSTEM, file)
        argv = ["api", f"--kubeconfig={kubeconfig}", f"--host={self.address}", f"--port={self.port}", *self.options]
        variables = {"HANSE_DATABASE_URL": database_url or self.database_url}
        processes.start_module(self.cluster.folder, self.part, "hanse.cli.main", *argv, **variables)
        processes.wait_until_ready(self.cluster.folder, self.part, self._answers, 600)

    def stop_api(self) -> None:
        processes.end(self.cluster.folder, [self.part])

    def _answers(self) -> bool:
        try:
            with urllib3.PoolManager(retries=False, timeout=2) as http:
                return http.request("GET", f"{self.api_url}/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def token(self, namespace: str, account: str, audience: str = "hanse-api") -> str:
        asked = ["create", "token", account, f"--namespace={namespace}", f"--audience={audience}"]
        return self.cluster.kubectl(*asked).stdout.strip()

    def api_server_token(self, namespace: str, account: str) -> str:
        return self.cluster.kubectl("create", "token", account, f"--namespace={namespace}").stdout.strip()

    def add_member(self, member: str, subjects: Sequence[dict[str, str]] = ()) -> None:
        """Add a member; for it act *subjects*, and the ServiceAccount `people` in its namespace."""
        self.keys[member] = Ed25519PrivateKey.generate()
        key = signatures.public_bytes(self.keys[member])
        registry.register_member(self.operator, member, login=None, verify_key=key)
        encoded = base64.b64encode(key).decode()
        subject = {"kind": "User", "name": f"system:serviceaccount:{member}:people"}
        spec = {
            "displayName": member,
            "keys": {"verify": encoded, "encrypt": encoded},
            "subjects": [subject, *subjects],
        }
        self.apply(
            {"apiVersion": "hanse.dev/v1alpha1", "kind": "Member", "metadata": {"name": member}, "spec": spec},
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": member, "labels": {"hanse.dev/member": member}},
            },
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "people", "namespace": member}},
        )

    def join(self, name: str, member: str, agent_key: bytes = bytes(32)) -> None:
        """Let a cluster join, as far as the hub is concerned."""
        spec = {"member": member, "region": "here", "agentKey": base64.b64encode(agent_key).decode()}
        self.apply(
            {"apiVersion": "hanse.dev/v1alpha1", "kind": "MemberCluster", "metadata": {"name": name}, "spec": spec},
            *install.at_hub(name),
        )

    def enrol(self, name: str, member: str, node: str, gpus: int, node_key: bytes) -> None:
        start = int(time.time()) // 3600 * 3600
        enrolment = enrolments.Enrolment(
            node=identity.node_id(name, node), member=member, cluster=name, accelerator_class="h100-80g",
            milli_h100e=1000, gpus=tuple(identity.gpu_id(name, node, gpu) for gpu in range(gpus)),
            node_key=node_key, start_seconds=start,
        )  # fmt: skip
        body, signature = enrolments.sign(enrolment, self.keys[member])
        api = database.engine(self.database_url, role="hanse_api")
        registry.enrol(api, body, signature, signatures.public_bytes(self.keys[member]))
        api.dispose()

    def decide(self, *entries: decisions.Entry) -> None:
        digest = bytes(32)
        self.cycle += 1
        decisions.record(
            self.operator,
            decisions.Cycle(self.term, self.cycle, int(time.time()), digest, digest, digest, digest, entries),
        )

    def admit(
        self, name: str, member: str, job: uuid.UUID | None = None, *, fence: int = 1, lease: int = 60, **more: Any
    ) -> decisions.Entry:
        """Record that a job of *member* is admitted to a cluster."""
        admission = decisions.Admission(
            cluster=name, accelerator_class="h100-80g", precision="bf16", tier="standard", milli_h100e=1000,
            tier_thousandths=1000, lease_seconds=lease, grace_seconds=5,
        )  # fmt: skip
        entry = decisions.Entry(
            kind="Admit", effect=decisions.Effect.ADMIT, verdict="Admitted", reason="Covered", member=member,
            job=job or uuid.uuid4(), fence=fence, admission=admission, nodes=more.pop("nodes", {}), **more,
        )  # fmt: skip
        self.decide(entry)
        return entry

    def stop(self, entry: decisions.Entry) -> None:
        """Record that an attempt is to stop."""
        self.decide(
            decisions.Entry(
                kind="Preempt", effect=decisions.Effect.STOP, verdict="Stopped", reason="Preempted",
                member=entry.member, job=entry.job, fence=entry.fence,
            )
        )  # fmt: skip

    def now(self) -> int:
        return int(self.rows("SELECT ledger.clock_seconds() AS now")[0].now)

    def place(self, name: str, entry: decisions.Entry, seats: list[tuple[str, list[int]]], **spec: Any) -> str:
        """Write the Placement of an attempt; return its name."""
        workers = [{"rank": rank, "node": node, "gpus": gpus} for rank, (node, gpus) in enumerate(seats)]
        placement = {
            "apiVersion": "hanse.dev/v1alpha1",
            "kind": "Placement",
            "metadata": {"name": str(entry.job), "namespace": f"hanse-cluster-{name}"},
            "spec": {
                "attempt": str(entry.attempt), "fence": entry.fence, "sequence": self.cycle, "wanted": "Running",
                "fundedUntil": "2030-01-01T00:00:00Z", "class": "h100-80g", "startDeadline": "2m", "grace": "2s",
                "lease": "1m", "workers": workers, **spec,
            },
        }  # fmt: skip
        self.apply(placement)
        return placement["metadata"]["name"]

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        with self.operator.connect() as connection:
            return connection.execute(sqlalchemy.text(statement), parameters).all()

    def state(self, entry: decisions.Entry) -> str:
        return self.rows("SELECT state FROM ledger.attempt WHERE id = :id", id=entry.attempt)[0].state

    def close(self) -> None:
        self.stop_api()
        self.operator.dispose()


@pytest.fixture(scope="session")
def make_pool() -> Iterator[Callable[..., Pool]]:
    """A factory of pools on clusters that run, each with its API service up."""
    made = []

    def make(running: cluster.Cluster, *options: str) -> Pool:
        made.append(Pool(running))
        made[-1].start_api(*options)
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """A real browser, without a screen."""
    from playwright.sync_api import expect, sync_playwright  # all other tests need not wait for it

    try:
        debian.require(debian.BROWSER)
    except DevclusterError as error:
        pytest.skip(str(error))
    expect.set_options(timeout=120_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()
