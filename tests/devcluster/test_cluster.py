"""A cluster's life, with the real control plane, kwok and Postgres."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg
import pytest

from hanse.devcluster import cluster, nodes, paths, postgres, processes, teardown
from hanse.devcluster.errors import DevclusterError

PARTS = ["etcd", "kube-apiserver", "kube-controller-manager", "kwok", "postgres", "warden"]
NO_CONTROL_PLANE = cluster.Wanted(control_plane=False)


def pod(name, node, annotations=None):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"nodeName": node, "containers": [{"name": "trainer", "image": "hello"}]},
    }


def wait_for(read, wanted, limit_seconds=600):
    deadline = time.monotonic() + limit_seconds
    while (last := read()) != wanted:
        assert time.monotonic() < deadline, last
        time.sleep(0.1)


@pytest.fixture(name="running", scope="module")
def _running():
    with cluster.running(f"test-{os.getpid()}-main", cluster.Wanted(shapes=(nodes.parse("h100-80g=4x8"),))) as running:
        yield running


def pod_status(running, name):
    return running.client.request("GET", f"/api/v1/namespaces/default/pods/{name}")["status"]


def test_all_parts_run_and_are_found_by_name_alone(running):
    assert PARTS == cluster.load(running.name).parts()


def test_simulated_nodes_are_ready_and_have_their_gpus(running):
    def ready():
        listed = running.client.request("GET", "/api/v1/nodes")["items"]
        conditions = [
            {entry["type"]: entry["status"] for entry in node["status"].get("conditions", [])} for node in listed
        ]
        return [entry.get("Ready") for entry in conditions]

    wait_for(ready, ["True"] * 4)
    node = running.client.request("GET", "/api/v1/nodes/h100-80g-00003")
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    assert node["metadata"]["labels"]["hanse.dev/rack"] == "rack-0000"


def test_adding_the_same_nodes_again_adds_none(running):
    assert 0 == running.add_nodes(nodes.parse("h100-80g=4x8"))
    assert 2 == running.add_nodes(nodes.Shape("b200", count=2, gpus=4))


def test_a_pod_on_a_simulated_node_runs_says_so_and_ends_as_asked(running):
    annotations = {"hanse.dev/simulated-runtime": "1s", "hanse.dev/simulated-exit": "3"}
    for name, asked in (("forever", {}), ("failing", annotations), ("ending", {"hanse.dev/simulated-runtime": "1s"})):
        running.client.request("POST", "/api/v1/namespaces/default/pods", pod(name, "h100-80g-00000", asked))
    wait_for(lambda: pod_status(running, "failing").get("phase"), "Failed")
    wait_for(lambda: pod_status(running, "ending").get("phase"), "Succeeded")
    wait_for(lambda: pod_status(running, "forever").get("phase"), "Running")
    assert 3 == pod_status(running, "failing")["containerStatuses"][0]["state"]["terminated"]["exitCode"]
    for name in ("forever", "failing", "ending"):
        conditions = {entry["type"]: entry["status"] for entry in pod_status(running, name)["conditions"]}
        assert conditions["hanse.dev/Simulated"] == "True"


def test_a_deleted_pod_on_a_simulated_node_is_gone(running):
    running.client.request("POST", "/api/v1/namespaces/default/pods", pod("gone", "h100-80g-00001"))
    running.client.request("DELETE", "/api/v1/namespaces/default/pods/gone")
    listed = lambda: running.kubectl("get", "pods", "-o", "name").stdout  # noqa: E731
    wait_for(lambda: "pod/gone" in listed(), wanted=False)


def test_nobody_without_credentials_is_let_in(running):
    answer = subprocess.run(
        [running.kubectl_binary, f"--server={running.url}", "--insecure-skip-tls-verify", "get", "nodes"],
        capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert answer.returncode != 0


def test_etcd_lets_nobody_in_without_its_own_certificate(running):
    port = json.loads((running.folder / "ports.json").read_text())["etcd"]
    client = running.folder / "pki" / "kubelet-client"  # of the cluster's authority, which is not etcd's
    for certificate in (None, (f"{client}.crt", f"{client}.key")):
        context = ssl.create_default_context(cafile=running.folder / "pki" / "etcd" / "ca.crt")
        if certificate:
            context.load_cert_chain(*certificate)
        with pytest.raises(OSError, match=r"EOF|alert|certificate|reset"):
            urllib.request.urlopen(f"https://127.0.0.1:{port}/health", context=context, timeout=60)


def test_postgres_wants_its_password(running):
    with psycopg.connect(running.database_url) as connection:
        assert (1,) == connection.execute("SELECT 1").fetchone()
    password = running.database_url.split(":")[2].partition("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(running.database_url.replace(password, "guess"))


def test_a_database_can_be_made_beside_ours(running):
    address = postgres.create_database(running.database_url, "a-test")
    with psycopg.connect(address) as connection:
        assert ("a-test",) == connection.execute("SELECT current_database()").fetchone()


def test_a_second_cluster_of_the_same_name_is_refused_and_the_first_goes_on(running):
    with pytest.raises(DevclusterError, match=f"take it down with `hanse devcluster down {running.name}`"):
        cluster.up(running.name, NO_CONTROL_PLANE)
    assert PARTS == running.parts()


def test_two_clusters_run_side_by_side(running, new_name, traces_of):
    name = new_name()
    with cluster.running(name, cluster.Wanted(postgres=False, scheduler=True)) as second:
        assert second.url != running.url
        assert [] == second.client.request("GET", "/api/v1/nodes")["items"]
        assert "kube-scheduler" in second.parts()
    assert [] == traces_of(name)


def test_a_part_that_does_not_come_up_leaves_nothing(new_name, traces_of, monkeypatch):
    monkeypatch.setitem(postgres.SETTINGS, "shared_buffers", "not a size")
    name = new_name()
    with pytest.raises(
        DevclusterError, match=r'postgres ended before it was ready(.|\n)*invalid value for parameter "shared_buffers"'
    ):
        cluster.up(name, NO_CONTROL_PLANE)
    assert [] == traces_of(name)


def test_a_port_that_cannot_be_had_leaves_nothing(new_name, traces_of):
    name = new_name()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DevclusterError, match=f"port {port} for apiserver is taken"):
            cluster.up(name, cluster.Wanted(port=port))
    assert [] == traces_of(name)


@pytest.mark.parametrize("name", ["", "Upper", "-dash", "dash-", "a" * 33, "a/b", "..", ".", "/etc", "with space"])
@pytest.mark.parametrize("use", [lambda name: cluster.up(name, NO_CONTROL_PLANE), cluster.load], ids=["up", "load"])
def test_a_name_that_is_no_name_is_refused(name, use):
    with pytest.raises(DevclusterError, match="cannot name a cluster"):
        use(name)


def test_only_a_clusters_folder_is_ever_taken_away(tmp_path):
    for folder in (tmp_path, paths.clusters(), paths.cache(), paths.clusters() / "a" / "b"):
        with pytest.raises(DevclusterError, match="no cluster's folder: nothing is taken away"):
            teardown.destroy(folder)
    assert tmp_path.exists()


def test_a_cluster_that_is_not_there_is_told_with_those_that_are(running):
    with pytest.raises(DevclusterError, match=rf"no cluster 'nowhere' runs \(running: .*{running.name}"):
        cluster.load("nowhere")


def test_an_existing_database_is_used_when_configured(new_name, running, monkeypatch):
    monkeypatch.setenv("HANSE_DATABASE_URL", running.database_url)
    with cluster.running(new_name(), NO_CONTROL_PLANE) as configured:
        assert ["warden"] == configured.parts()
        assert running.database_url == configured.database_url


def test_what_somebody_has_in_their_environment_does_not_reach_the_parts(new_name, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("PGPORT", "1")
    with cluster.running(new_name(), NO_CONTROL_PLANE) as started:
        for found in processes.find(started.folder):
            variables = shown(found, "environ")
            assert "HTTPS_PROXY" not in variables
            assert "PGPORT" not in variables


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else in a user namespace: needs root")
def test_an_ordinary_user_has_postgres_too_and_leaves_no_shared_memory(new_name, traces_of):
    name = new_name()
    code = (
        "import os; from hanse.devcluster import cluster; assert os.geteuid() == 1000\n"
        f"with cluster.running({name!r}, cluster.Wanted(control_plane=False)) as c: print(c.parts())"
    )
    # In an IPC namespace of the test's own: nobody else's shared memory comes or goes in it.
    alone = ["unshare", "--ipc", "--", "sh", "-c", 'ipcs -m && "$@" && ipcs -m', "sh"]
    ordinary = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--", sys.executable, "-c", code]
    result = subprocess.run([*alone, *ordinary], capture_output=True, text=True, check=False)
    assert 0 == result.returncode, result.stderr
    before, after = result.stdout.split("['postgres', 'warden']\n")
    assert [] == traces_of(name)
    assert before == after


def test_secrets_are_readable_by_their_owner_only(running):
    folder = paths.clusters() / running.name
    secret = [
        folder / "kubeconfig",
        folder / "database-url",
        *(folder / "pki").glob("*.key"),
        folder / "pki" / "tokens.csv",
    ]
    assert {0o600} == {file.stat().st_mode & 0o777 for file in secret}


def test_no_secret_is_on_a_command_line(running):
    secrets = [running.admin_token, running.database_url]
    for found in processes.find(running.folder):
        assert not [secret for secret in secrets if secret in shown(found, "cmdline")]


def shown(found, what):
    """Return what the kernel shows of a process; nothing if it has just ended, as those of PostgreSQL's clients do."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{found.pid}/{what}").read_text()
    return ""


def test_a_kubeconfig_is_valid_json_and_yaml(running):
    assert "hanse" == json.loads(running.kubeconfig.read_text())["current-context"]
    assert "hanse\n" == running.kubectl("config", "current-context").stdout


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip"), reason="makes a network namespace: needs root and iproute2"
)
def test_with_warm_caches_no_registry_is_asked(new_name, traces_of):
    name = new_name()
    code = (
        f"from hanse.devcluster import cluster\nwith cluster.running({name!r}, cluster.Wanted()) as c: print(c.parts())"
    )
    alone = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    result = subprocess.run([*alone, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (f"{PARTS}\n", 0) == (result.stdout, result.returncode), result.stderr
    assert [] == traces_of(name)
