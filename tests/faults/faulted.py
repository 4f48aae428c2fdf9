"""A whole pool whose parts die and come back: two operators, the API service, two agents, PostgreSQL, a control plane.

In: a development cluster. Out: a running pool, each part a process with credentials of its own, started again by a
supervisor a moment after it died, as Kubernetes would; and in the end its ledger's export. The operators and the API
service reach PostgreSQL through proxies that can lose an answer. What is done to the pool is in :mod:`injectors`.
"""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
import urllib3
import yaml
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from proxies import CommitCutter

from hanse.agent import install
from hanse.agent.keys import Keys
from hanse.devcluster import nodes, ports, processes
from hanse.evidence import enrolments, identity, signatures
from hanse.ledger import bundle, database, posting, registry, term, verify
from hanse.ledger import export as ledger_export

ROOT = Path(__file__).parents[2]
SYSTEM = "hanse-system"
GPUS = 8
NODES = {"north": 6, "south": 3}
# west has a cap on what it uses at once, and one over a month that holds; east's holds two or three jobs and no more.
AT_ONCE_MILLI_H100E = 24_000
CAPS = {
    "west": [
        {"name": "at-once", "atOnceMilliH100e": AT_ONCE_MILLI_H100E},
        {"name": "month", "window": "Month", "milliH100eSeconds": 10**13},
    ],
    "east": [{"name": "month", "window": "Month", "milliH100eSeconds": 60_000_000}],
}
TIERS = {"spot": (100, 700), "standard": (500, 1000), "urgent": (900, 1500)}
LEASE_SECONDS = 4
SLOT_SECONDS = 5
BACK_OFF_SECONDS = 0.5
API_COMMITS = (b"admit_agent", b"grant_lease", b"renew_leases", b"release_lease")
POSTED_AFTER_SECONDS = 7200


class Part:
    """One process, supervised."""

    def __init__(self, folder, name, argv, variables):
        self.name, self._argv = name, argv
        self._log = folder / "logs" / f"{name}.log"
        self._folder = folder
        marks = {processes.FOLDER_MARK: str(folder), processes.PART_MARK: name}
        self._environment = processes.environment() | marks | variables
        self.starts = 0
        self._died = None
        self.start()

    def start(self):
        self.starts += 1
        self._died = None
        argv = [sys.executable, "-P", "-m", "hanse.cli.main", *self._argv]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder,
                start_new_session=True,
            )  # fmt: skip

    def supervise(self):
        if self.process.poll() is None:
            return
        self._died = self._died or time.monotonic()
        if time.monotonic() - self._died > BACK_OFF_SECONDS:
            self.start()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        for number in (signal.SIGCONT, signal.SIGTERM):
            self.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()


class Pool:
    """The pool on *running*, up as long as a `with` block."""

    def __init__(self, running, folder):
        self.cluster, self.folder = running, folder
        self.parts = {}
        self._keys = {member: Ed25519PrivateKey.generate() for member in (*NODES, *CAPS)}
        self._ends = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def __enter__(self):
        self._prepare_api()
        self._prepare_ledger()
        self._proxies = contextlib.ExitStack()
        url = sa.make_url(self.url)
        self.lost_answers = {
            "operator": self._proxies.enter_context(CommitCutter(url.host, url.port)),
            "api": self._proxies.enter_context(CommitCutter(url.host, url.port, *API_COMMITS)),
        }
        self._start()
        self._supervisor.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._proxies.close()

    def stop(self):
        """End all processes of Hanse."""
        self._ends.set()
        self._supervisor.join()
        for part in self.parts.values():
            part.end()

    def leader(self):
        """Return the name of the operator that leads, by its own account, or nothing."""
        for name in self.operators:
            with contextlib.suppress(urllib3.exceptions.HTTPError, ValueError):
                answer = urllib3.request("GET", f"http://127.0.0.1:{self._ports[name]}/feeds", timeout=5, retries=False)
                if answer.json()["leader"]:
                    return name
        return None

    @property
    def operators(self):
        return [name for name in self.parts if name.startswith("operator")]

    @property
    def agents(self):
        return [name for name in self.parts if name.startswith("agent")]

    def logs(self):
        """Return the ends of all logs."""
        return "\n".join(processes.log_tail(self.cluster.folder, name) for name in self.parts)

    def rows(self, statement):
        """Return rows of the ledger, as its database's owner."""
        with psycopg.connect(self.url, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(statement).fetchall()

    # What there is before it starts.

    def _prepare_api(self):
        self.cluster.add_nodes(
            *(
                nodes.Shape("h100", count, GPUS, prefix=member, labels={"hanse.dev/pool": member})
                for member, count in NODES.items()
            )
        )
        templates = ROOT / "charts/hanse/templates"
        crds = ["-f", str(templates / "crds")]
        self.cluster.kubectl("apply", "--server-side", *crds, "-f", str(templates / "policies"))
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=120s", *crds)
        self._apply(*self._objects())
        for name in ("operator-rbac", "api-rbac"):
            rights = (templates / f"{name}.yaml").read_text().replace("{{ .Release.Namespace }}", SYSTEM)
            self.cluster.kubectl("apply", "-f", "-", stdin=rights)

    def _objects(self):
        yield _namespace(SYSTEM)
        yield _ours("AcceleratorClass", "h100", {
            "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
            "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"hanse.dev/accelerator-class": "h100"},
        })  # fmt: skip
        for name, (rank, factor) in TIERS.items():
            yield _ours("PriorityTier", name, {"rank": rank, "usageFactorThousandths": factor})
        yield _ours("PoolPolicy", "default", {})
        for member, key in self._keys.items():
            encoded = base64.b64encode(signatures.public_bytes(key)).decode()
            spec = {"displayName": member, "keys": {"verify": encoded, "encrypt": encoded}}
            yield _ours("Member", member, spec | {"caps": CAPS.get(member, [])})
            yield _namespace(member, {"hanse.dev/member": member})
        for member in NODES:
            encoded = base64.b64encode(bytes(32)).decode()
            yield _ours("MemberCluster", f"{member}-1", {"member": member, "region": "here", "agentKey": encoded})
            yield from install.at_hub(f"{member}-1")
            yield from install.at_member(f"{member}-1")
            offer = {"cluster": f"{member}-1", "class": "h100", "nodeSelector": {"hanse.dev/pool": member}}
            yield _ours("Contribution", "all", offer, member)

    def _prepare_ledger(self):
        self.url = self.cluster.database_url
        config = Config(ROOT / "migrations" / "alembic.ini")
        config.attributes["url"] = self.url
        command.upgrade(config, "head")
        engine = database.engine(self.url)
        registry.set_metering(engine, slot_seconds=SLOT_SECONDS, grace_seconds=600)
        hour = int(time.time()) // 3600 * 3600
        for member, key in self._keys.items():
            verify_key, agent = signatures.public_bytes(key), Keys(key.private_bytes_raw(), bytes(32))
            registry.register_member(engine, member, login=None, verify_key=verify_key)
            for node in (f"{member}-{index:05d}" for index in range(NODES.get(member, 0))):
                enrolment = enrolments.Enrolment(
                    node=identity.node_id(f"{member}-1", node), member=member, cluster=f"{member}-1",
                    accelerator_class="h100", milli_h100e=1000, start_seconds=hour,
                    node_key=signatures.public_bytes(agent.of_node(f"{member}-1/{node}")),
                    gpus=tuple(identity.gpu_id(f"{member}-1", node, gpu) for gpu in range(GPUS)),
                )  # fmt: skip
                registry.enrol(engine, *enrolments.sign(enrolment, key), verify_key)
        engine.dispose()

    # Its processes.

    def _start(self):
        self._ports = {name: ports.free() for name in ("api", "operator-0", "operator-1")}
        token = self._write("internal-token", os.urandom(16).hex())
        kubeconfig = self._kubeconfig("operator", SYSTEM, "hanse-operator")
        for name in ("operator-0", "operator-1"):
            argv = ["operator", f"--kubeconfig={kubeconfig}", f"--health-port={self._ports[name]}"]
            argv += [f"--lease-seconds={LEASE_SECONDS}", f"--internal-token-file={token}"]
            self._part(name, argv, "operator")
        kubeconfig = self._kubeconfig("api", SYSTEM, "hanse-api")
        argv = ["api", f"--kubeconfig={kubeconfig}", f"--port={self._ports['api']}"]
        self._part("api", argv, "api")
        for member in NODES:
            self._part(f"agent-{member}", ["cluster-agent", f"--config={self._agent_settings(member)}"], None)

    def _part(self, name, argv, proxy):
        variables = {}
        if proxy:
            url = sa.make_url(self.url).set(port=self.lost_answers[proxy].port)
            variables["HANSE_DATABASE_URL"] = url.render_as_string(hide_password=False)
        self.parts[name] = Part(self.cluster.folder, name, argv, variables)

    def _agent_settings(self, member):
        name = f"{member}-1"
        hub = f"hanse-cluster-{name}"
        token = self.cluster.kubectl("create", "token", "hanse-agent", f"--namespace={hub}", "--audience=hanse-api")
        sealing = X25519PrivateKey.generate().private_bytes_raw()
        settings = {
            "cluster": name,
            "hubKubeconfig": self._kubeconfig(f"{name}-hub", hub, "hanse-agent"),
            "kubeconfig": self._kubeconfig(f"{name}-local", f"{install.AGENT_NAMESPACE_PREFIX}{name}", install.AGENT),
            "apiUrl": f"http://127.0.0.1:{self._ports['api']}",
            "apiTokenFile": self._write(f"{name}-api-token", token.stdout.strip()),
            "nodeSelector": {"hanse.dev/pool": member},
            "stateFolder": str(self.folder / f"{name}-state"),
            "signingKeyFile": self._write(f"{name}-signing", _encoded(self._keys[member].private_bytes_raw())),
            "sealingKeyFile": self._write(f"{name}-sealing", _encoded(sealing)),
            "listenHost": "127.0.0.1",
            "listenPort": ports.free(),
            "syncSeconds": 0.5,
            "meterSeconds": 0.5,
            "killBudgetSeconds": 2,
        }
        return self._write(f"{name}.yaml", yaml.safe_dump(settings))

    def _kubeconfig(self, name, namespace, account):
        return str(self.cluster.kubeconfig_of(account, namespace, self.folder / f"{name}.kubeconfig"))

    def _write(self, name, text):
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def _apply(self, *documents):
        listed = {"apiVersion": "v1", "kind": "List", "items": documents}
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(listed))

    def _supervise(self):
        while not self._ends.wait(0.1):
            for part in self.parts.values():
                part.supervise()

    # What is left of it.

    def account(self):
        """Stop everything, post what was metered, export the ledger; return its lines by file, and what is wrong."""
        self.stop()
        with psycopg.connect(self.url) as connection:
            # The hours are over at once; nothing else of the ledger looks at the clock any more.
            connection.execute(
                "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                f"$$ SELECT pg_catalog.clock_timestamp() + interval '{POSTED_AFTER_SECONDS} s' $$"
            )
        engine = database.engine(self.url, role="hanse_operator")
        number = term.take(engine, "the test, to post")
        hours = [row["hour"] for row in self.rows("SELECT DISTINCT start_seconds / 3600 AS hour FROM ledger.slot")]
        for hour in sorted(hours):
            posting.post(engine, number, hour * 3600)
        engine.dispose()
        reader = database.engine(self.url)
        out = self.folder / "export"
        ledger_export.export(reader, f"{datetime.fromtimestamp(min(hours) * 3600, UTC):%Y-%m}", out)
        reader.dispose()
        lines = defaultdict(list)
        for file in sorted(out.rglob("*.jsonl")):
            kind = bundle.kind_of(str(file.relative_to(out).with_suffix("")))
            lines[kind] += [json.loads(line) for line in file.read_text().splitlines()]
        return lines, [str(finding) for finding in verify.verify(out).findings]


def _ours(kind, name, spec, namespace=None):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "hanse.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def _namespace(name, labels=None):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}


def _encoded(data):
    return base64.b64encode(data).decode()
