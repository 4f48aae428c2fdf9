"""The hub of the demonstration: its processes, started as a coordinator would start them, and its ledger.

In: a development cluster with Hanse's API. Out: the operator and the API service as parts of the cluster, which end
with it, each with rights of its own; and `hanse` as the coordinator runs it. The ledger is the cluster's Postgres.
"""

import contextlib
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer
from alembic import command
from alembic.config import Config

from hanse.cli.demo.stage import INTERRUPTED, Stage
from hanse.cli.errors import CommandError
from hanse.devcluster import cluster, files, paths, ports, processes
from hanse.devcluster.errors import DevclusterError
from hanse.ledger import database, registry

SYSTEM = "hanse-system"
# In production five minutes: here a job that takes seconds fills whole slots too.
SLOT_SECONDS = 5
SLOT_GRACE_SECONDS = 20
READY_SECONDS = 120.0
# Of other jobs too what did not go as planned: it may be why this one did not.
_HISTORY = """
SELECT to_char(recorded_at, 'HH24:MI:SS') AS at, whose, fence, kind, said FROM (
  SELECT f.recorded_at, CASE WHEN a.job <> :job THEN a.member END AS whose, a.fence, f.kind, f.detail AS said
    FROM ledger.fact f JOIN ledger.attempt a ON a.id = f.attempt
    WHERE a.job = :job OR f.kind NOT IN ('LeaseGranted', 'LeaseReleased', 'Simulated')
  UNION ALL SELECT recorded_at, NULL, fence, kind, reason FROM ledger.decision WHERE job = :job
) AS happened ORDER BY recorded_at
"""


class Hub:
    """The processes of a hub in the development cluster *own*, and what they share."""

    def __init__(self, own: cluster.Cluster, stage: Stage) -> None:
        self.own, self.stage = own, stage
        self.folder = own.folder / "pool"
        self.folder.mkdir()
        # The API server's own address: where that is a bridge's, pods reach it too.
        self.address = str(urlsplit(own.url).hostname)
        self.api_url = f"http://{self.address}:{ports.free(self.address)}"
        self._operator_port = ports.free()
        self._token = self.folder / "internal-token"

    def start(self) -> None:
        """Make the ledger, and start the operator and the API service.

        Raises:
            DevclusterError: one of them does not come up.

        """
        config = Config(paths.sources().parent / "migrations" / "alembic.ini")
        config.attributes["url"] = self.own.database_url
        command.upgrade(config, "head")
        engine = database.engine(self.own.database_url, role="hanse_operator")
        registry.set_metering(engine, slot_seconds=SLOT_SECONDS, grace_seconds=SLOT_GRACE_SECONDS)
        engine.dispose()
        self.own.kubectl("create", "namespace", SYSTEM)
        for name in ("operator-rbac", "api-rbac"):
            template = paths.sources().parent / "charts" / "hanse" / "templates" / f"{name}.yaml"
            rights = template.read_text().replace("{{ .Release.Namespace }}", SYSTEM)
            self.own.kubectl("apply", "-f", "-", stdin=rights)
        files.write_secret(self._token, os.urandom(16).hex())
        self._start_operator()
        api, kubeconfig = urlsplit(self.api_url), self.kubeconfig("api", "hanse-api", SYSTEM)
        self.run(
            "api", f"--kubeconfig={kubeconfig}", f"--host={api.hostname}", f"--port={api.port}",
            f"--leader-url=http://127.0.0.1:{self._operator_port}", f"--internal-token-file={self._token}",
        )  # fmt: skip
        processes.wait_until_ready(self.own.folder, "api", lambda: _listens(api.hostname, api.port), READY_SECONDS)
        self.stage.history = self.history

    def hanse(self, *args: str, **variables: str) -> str:
        """Run a command of `hanse` as the coordinator, or as *variables* say; return what it printed.

        It runs in this process: starting Python for each of some thirty commands would be most of the demonstration.

        Raises:
            DevclusterError: it failed, with what it said.

        """
        from hanse.cli import main  # noqa: PLC0415  # which imports this package to find the command `demo`

        given = {"HANSE_DATABASE_URL": self.own.database_url, "HANSE_API": self.api_url, **variables}
        said = io.StringIO()
        try:
            with _variables(given), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                status = main.app(list(args), standalone_mode=False)
        except (CommandError, typer.TyperException) as error:
            raise DevclusterError(f"hanse {' '.join(args)}: {error}") from error
        if status == INTERRUPTED:
            raise KeyboardInterrupt  # which typer has made a status of
        if status:
            raise DevclusterError(f"hanse {' '.join(args)} ended with status {status}: {said.getvalue().strip()}")
        return said.getvalue()

    def run(self, part: str, *args: str, name: str = "") -> None:
        """Start a process of Hanse as a part of the cluster; no agent knows the ledger's database."""
        variables = {} if part in {"cluster-agent", "node-agent"} else {"HANSE_DATABASE_URL": self.own.database_url}
        processes.start_module(self.own.folder, name or part, "hanse.cli.main", part, *args, **variables)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the ledger answers to an auditor."""
        engine = database.engine(self.own.database_url, role="hanse_auditor")
        try:
            with engine.connect() as connection:
                return list(connection.execute(sa.text(statement), values).all())
        finally:
            engine.dispose()

    def uid(self, job: str) -> str:
        """Return the uid of a job, called NAMESPACE/NAME, by which the ledger knows it."""
        namespace, _, name = job.partition("/")
        return self.stage.kubectl("get", "trainingjob", name, "-n", namespace, "-o=jsonpath={.metadata.uid}").stdout

    def history(self, job: str) -> str:
        """Return what was decided about a job, called NAMESPACE/NAME, and what became of its attempts."""
        uid = self.uid(job)
        happened = self.rows(_HISTORY, job=uid) if uid else []
        return "\n".join((f"What happened to {job}:", *map(_line, happened)))

    def _start_operator(self) -> None:
        kubeconfig = self.kubeconfig("operator", "hanse-operator", SYSTEM)
        self.run(
            "operator", f"--kubeconfig={kubeconfig}", f"--health-port={self._operator_port}",
            f"--internal-token-file={self._token}", "--lease-seconds=5",
        )  # fmt: skip

    def kubeconfig(self, name: str, account: str, namespace: str) -> Path:
        """Write a kubeconfig with a token of a ServiceAccount: each process has its own rights and no more."""
        return self.own.kubeconfig_of(account, namespace, self.folder / f"{name}.kubeconfig")


def _line(happened: Any) -> str:
    whose = f"of a job of {happened.whose}" if happened.whose else ""
    attempt = f"attempt {happened.fence} {whose}".rstrip() if happened.fence else ""
    return "  ".join(each for each in (happened.at, attempt, happened.kind, happened.said) if each)


def _listens(host: str | None, port: int | None) -> bool:
    try:
        socket.create_connection((host or "", port or 0), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _variables(given: dict[str, str]) -> Iterator[None]:
    """Set variables of the environment for the time of a `with` block."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
