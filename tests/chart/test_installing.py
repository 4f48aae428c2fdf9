"""The chart's own pods, on a real node: installed, upgraded, rolled back; the pool is theirs to run."""

import json
import os
import socket
import socketserver
import threading
import time
from urllib.parse import urlsplit

import pytest
import urllib3

from hanse.devcluster import cluster, image, realnode
from hanse.devcluster.errors import DevclusterError

pytestmark = pytest.mark.real_node

SYSTEM = "hanse-system"
WAIT_SECONDS_MAX = 180


class _Forward(socketserver.BaseRequestHandler):
    """One connection, to where the server says."""

    def handle(self):
        with socket.create_connection(self.server.target) as onward:
            back = threading.Thread(target=_copy, args=(onward, self.request), daemon=True)
            back.start()
            _copy(self.request, onward)
            back.join()


def _copy(source, target):
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


class _Forwarder(socketserver.ThreadingTCPServer):
    """Takes what is sent to an address of the bridge to a port on loopback: PostgreSQL listens there only."""

    daemon_threads = True

    def __init__(self, address, target):
        self.target = target
        super().__init__((address, 0), _Forward)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Installed:
    """A cluster whose hub is a release of the chart."""

    def __init__(self, running, helm, chart, database_address):
        self.cluster, self._helm, self._chart = running, helm, chart
        url, server = urlsplit(running.database_url), urlsplit(running.url)
        reached = url._replace(netloc=f"{url.username}:{url.password}@{database_address[0]}:{database_address[1]}")
        keys = ("migrations-url", "operator-url", "api-url")
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM, "labels": labels}},
            {
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ledger", "namespace": SYSTEM},
                "stringData": dict.fromkeys(keys, reached.geturl()),
            },
        )  # fmt: skip
        small = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}}
        self.values = {
            "image": {"repository": image.NAME.partition(":")[0], "tag": image.NAME.partition(":")[2],
                      "pullPolicy": "Never"},
            "database": {"secret": "ledger"},
            "operator": {"replicas": 2, "resources": small},
            "api": {"replicas": 1, "resources": small},
            "kubernetesApi": {"host": server.hostname, "port": server.port},
            "services": {"headless": True},
        }  # fmt: skip

    def apply(self, *documents):
        listed = {"apiVersion": "v1", "kind": "List", "items": documents}
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(listed))

    def release(self, verb, **more):
        return self._helm(
            verb, "hanse", str(self._chart), f"--namespace={SYSTEM}", "--wait", f"--timeout={WAIT_SECONDS_MAX}s",
            kubeconfig=self.cluster.kubeconfig, values={**self.values, **more},
        ).stdout  # fmt: skip

    def helm(self, *arguments):
        return self._helm(*arguments, f"--namespace={SYSTEM}", kubeconfig=self.cluster.kubeconfig).stdout

    def said(self, *arguments):
        return self.cluster.kubectl(*arguments, f"--namespace={SYSTEM}").stdout

    def api(self, path):
        """Ask a pod of the API service, at its own address on the bridge."""
        selector = "--selector=app.kubernetes.io/component=api"
        address = self.said("get", "pods", selector, "--output=jsonpath={.items[0].status.podIP}")
        with urllib3.PoolManager(retries=False, timeout=10) as http:
            return http.request("GET", f"http://{address}:8443{path}")

    def until(self, what, condition):
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what}\n{self.said('get', 'pods')}\n{self.logs()}"
            time.sleep(0.2)
        return found

    def logs(self):
        named = "--selector=app.kubernetes.io/name=hanse"
        return self.said("logs", named, "--tail=40", "--prefix", "--ignore-errors")


@pytest.fixture(name="hub_of_pods", scope="module")
def _hub_of_pods(helm, chart):
    try:
        realnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))
    with cluster.running(f"test-{os.getpid()}-chart", cluster.Wanted(real_node=True, scheduler=True)) as running:
        port = urlsplit(running.database_url).port
        forwarder = _Forwarder(urlsplit(running.url).hostname, ("127.0.0.1", port))
        installed = Installed(running, helm, chart, forwarder.server_address)
        try:
            installed.notes = installed.release("install")
        except AssertionError as error:
            pytest.fail(f"{error}\n{installed.said('get', 'pods', '-o', 'wide')}\n{installed.logs()}")
        yield installed
        forwarder.shutdown()
        forwarder.server_close()


def test_the_pods_are_ready_and_the_notes_say_what_next(hub_of_pods):
    ready = hub_of_pods.said("get", "deployments", "--output=jsonpath={.items[*].status.readyReplicas}")
    assert sorted(["2", "1"]) == sorted(ready.split())
    assert "hanse member add --help" in hub_of_pods.notes


def test_the_api_service_reaches_the_ledger_and_the_one_that_leads(hub_of_pods):
    answer = hub_of_pods.until("the API service to be ready", lambda: _ok(hub_of_pods.api("/readyz")))
    assert 200 == answer.status


def test_a_job_is_looked_at_by_the_operator_in_its_pod(hub_of_pods, request):
    examples = request.config.rootpath / "examples"
    for name in ("acceleratorclass", "prioritytier", "poolpolicy", "member", "namespaces", "rbac"):
        hub_of_pods.cluster.kubectl("apply", "-f", str(examples / f"{name}.yaml"))
    # The quota of a new namespace is counted a moment later.
    applied = ("apply", "-f", str(examples / "trainingjob.yaml"))
    hub_of_pods.until("the job to be taken", lambda: not hub_of_pods.cluster.kubectl(*applied, check=False).returncode)
    columns = "--output=jsonpath={.items[0].status.phase} {.items[0].status.explanation.message}"

    def status():
        return hub_of_pods.cluster.kubectl("get", "trainingjobs", "--all-namespaces", columns).stdout.strip()

    said = hub_of_pods.until("a status", status)
    assert said.startswith("Queued ")


def test_an_upgrade_and_a_rollback_keep_the_token_and_the_pool(hub_of_pods):
    token = ("get", "secret", "hanse-internal-token", "--output=jsonpath={.data.token}")
    replicas = ("get", "deployment", "hanse-operator", "--output=jsonpath={.spec.replicas}")
    before = hub_of_pods.said(*token)
    operator = {**hub_of_pods.values["operator"], "replicas": 1}
    hub_of_pods.release("upgrade", operator=operator)
    assert (before, "1") == (hub_of_pods.said(*token), hub_of_pods.said(*replicas))
    hub_of_pods.helm("rollback", "hanse", "1", "--wait", f"--timeout={WAIT_SECONDS_MAX}s")
    assert (before, "2") == (hub_of_pods.said(*token), hub_of_pods.said(*replicas))
    hub_of_pods.until("the API service to be ready", lambda: _ok(hub_of_pods.api("/readyz")))


def test_taking_the_release_away_keeps_the_kinds_and_what_is_recorded(hub_of_pods):
    hub_of_pods.helm("uninstall", "hanse", "--wait")
    assert hub_of_pods.cluster.kubectl("get", "crd", "trainingjobs.hanse.dev").stdout
    hub_of_pods.release("install")
    hub_of_pods.until("the API service to be ready", lambda: _ok(hub_of_pods.api("/readyz")))


def _ok(answer):
    return answer if answer.status == 200 else None
