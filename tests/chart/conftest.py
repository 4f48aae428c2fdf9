"""Helm itself, of a pinned version, built from source like the control plane; and a pool that it has installed."""

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import urllib3
import yaml

from hanse.cli.demo import helm as page
from hanse.cli.demo.stage import Stage
from hanse.devcluster import build, cluster, realnode
from hanse.devcluster.errors import DevclusterError

CHART = Path(__file__).parents[2] / "charts/hanse"
SYSTEM, AGENT, NODES = "hanse-system", "hanse-agent-zhejiang-lab-hz", "hanse-nodes-zhejiang-lab-hz"


class Helm:
    """The program, and what it says of our chart."""

    def __init__(self, binary, home):
        self._binary = binary
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(home)}

    def __call__(self, *arguments, kubeconfig=None, values=None, check=True):
        given = ["--values=-"] if values is not None else []
        given += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        result = subprocess.run(
            [str(self._binary), *arguments, *given],
            input=yaml.safe_dump(values or {}), capture_output=True, text=True, check=False, env=self._environment,
        )  # fmt: skip
        assert not check or result.returncode == 0, result.stderr + result.stdout
        return result

    def render(self, **values):
        """Return the objects of a release `hanse` in `hanse-system`."""
        answer = self("template", "hanse", str(CHART), "--namespace=hanse-system", values=values)
        return [each for each in yaml.safe_load_all(answer.stdout) if each]


@pytest.fixture(name="helm", scope="session")
def _helm(tmp_path_factory):
    return Helm(build.binary(build.HELM), tmp_path_factory.mktemp("helm"))


@pytest.fixture(name="promtool", scope="session")
def _promtool():
    """What Prometheus brings to check metrics and rules."""
    binary = build.binary(build.PROMTOOL)

    def run(*arguments, stdin=b""):
        return subprocess.run([str(binary), *map(str, arguments)], input=stdin, capture_output=True, check=False)

    return run


@pytest.fixture(name="dry_run")
def _dry_run(hub):
    """Show objects to the API server as if they were applied; return a line for each that it takes."""

    def shown(objects):
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        arguments = ("--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
        return hub.kubectl("apply", *arguments, stdin=listed).stdout.splitlines()

    return shown


@pytest.fixture(name="chart", scope="session")
def _chart():
    return CHART


class Installed:
    """A cluster whose hub and agent are releases of the charts."""

    WAIT_SECONDS_MAX = 600

    def __init__(self, running, helm, charts, stage, played):
        self.cluster, self._helm, self._charts = running, helm, charts
        self.stage, self.said, self.api_url, self.folder = stage, played.said, played.api_url, played.folder

    def release(self, verb, chart, namespace, *options, **values):
        """Install a chart, or change values of its release."""
        return self._helm(
            verb, "hanse", str(self._charts / chart), f"--namespace={namespace}", "--wait", *options,
            f"--timeout={self.WAIT_SECONDS_MAX}s", kubeconfig=self.cluster.kubeconfig, values=values,
        ).stdout  # fmt: skip

    def helm(self, namespace, *arguments):
        return self._helm(*arguments, f"--namespace={namespace}", kubeconfig=self.cluster.kubeconfig).stdout

    def got(self, namespace, *arguments):
        return self.cluster.kubectl("get", *arguments, f"--namespace={namespace}").stdout

    def pod_url(self, namespace, selector, port):
        """Return where the newest pod listens, at its own address on the bridge: older ones may be about to go."""
        newest = ("--sort-by=.metadata.creationTimestamp", "--output=jsonpath={.items[-1:].status.podIP}")
        return f"http://{self.got(namespace, 'pods', f'--selector={selector}', *newest)}:{port}"

    def is_ready(self):
        url = self.pod_url(SYSTEM, "app.kubernetes.io/component=api", 8443)
        with urllib3.PoolManager(retries=False, timeout=10) as http:
            return http.request("GET", f"{url}/readyz").status == 200

    def metrics(self, namespace, selector, port):
        """Return what a pod tells Prometheus, as soon as it does."""

        def told():
            with urllib3.PoolManager(retries=False, timeout=10) as http:
                return http.request("GET", f"{self.pod_url(namespace, selector, port)}/metrics").data

        return self.until(f"{selector} tells its metrics", told)

    def rows(self, statement):
        with psycopg.connect(self.cluster.database_url) as connection:
            return connection.execute(statement).fetchall()

    def until(self, what, condition):
        """Return what *condition* returns as soon as that is true; what is asked may be away for a while."""
        deadline = time.monotonic() + self.WAIT_SECONDS_MAX
        while True:
            with contextlib.suppress(DevclusterError, LookupError, urllib3.exceptions.HTTPError):
                if found := condition():
                    return found
            assert time.monotonic() < deadline, f"{what}\n{self.logs()}"
            time.sleep(0.2)

    def logs(self):
        pods = self.cluster.kubectl("get", "pods", "--all-namespaces", "--output=wide").stdout
        ours = "--selector=app.kubernetes.io/name in (hanse,hanse-agent,hanse-node-agent)"
        named = (ours, "--tail=40", "--prefix", "--ignore-errors")
        return pods + "".join(
            self.cluster.kubectl("logs", *named, f"--namespace={namespace}", check=False).stdout
            for namespace in (SYSTEM, AGENT, NODES)
        )

    def token(self, account, namespace):
        made = self.cluster.kubectl("create", "token", account, f"--namespace={namespace}", "--audience=hanse-api")
        return made.stdout.strip()


@pytest.fixture(name="installed", scope="session")
def _installed(helm, chart):
    """Hub and agent, as docs/quickstart.md installs them: files that share it say what they change."""
    try:
        realnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))
    wanted = cluster.Wanted(real_node=True, scheduler=True)
    with cluster.running(f"test-{os.getpid()}-chart", wanted) as running:
        stage = Stage(running.kubeconfig)
        with page.played(stage, running) as played:
            yield Installed(running, helm, chart.parent, stage, played)
