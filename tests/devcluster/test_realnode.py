"""A real node runs pods as a cluster in production does, and leaves nothing on the machine, however it ends."""

import contextlib
import json
import os
import signal
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from hanse.devcluster import build, cgroups, cluster, debian, image, network, paths, processes, realnode
from hanse.devcluster.errors import DevclusterError

pytestmark = pytest.mark.real_node

WANTED = cluster.Wanted(real_node=True, postgres=False)
POD_SECONDS = 600
# What a kubelet or containerd that is not kept apart would write to.
SHARED_FOLDERS = ("/run", "/var/lib", "/var/log", "/opt", "/etc/cni", "/usr/libexec")
SHARED_SETTINGS = (
    "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "net/ipv4/ip_forward", "vm/overcommit_memory",
    "vm/panic_on_oom",
)  # fmt: skip

SERVE_ONE = (
    "import socket; s = socket.create_server(('', 9000)); c, _ = s.accept(); c.sendall(b'from w-0'); print('served')"
)
ASK_W0 = """
import socket, time
for attempt in range(1000):
    try:
        print(socket.create_connection(("w-0.gang.pair.svc.cluster.local", 9000), timeout=5).recv(99).decode())
        break
    except OSError:
        time.sleep(0.1)
"""


@pytest.fixture(scope="module", name="real")
def _real():
    """Return a cluster with a real node that all tests here may use which do not break it."""
    skip_unless_possible()
    with cluster.running(f"test-{os.getpid()}-realnode", WANTED) as running:
        yield running


@pytest.fixture(name="namespace")
def _namespace(real, request):
    """Return a new namespace that accepts restricted pods only."""
    name = request.node.name.replace("_", "-").removeprefix("test-")[:40].rstrip("-")
    make_namespace(real, name)
    return name


def skip_unless_possible():
    try:
        realnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))


def make_namespace(on, name):
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply(on, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    wait_for(lambda: "default" in names(on, accounts))


def pod(namespace, name, command, **spec):
    container = {
        "name": "main",
        "image": image.NAME,
        "imagePullPolicy": "Never",
        "command": command,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "gang"}},
        "spec": {
            "nodeName": cluster.REAL_NODE,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            **spec,
        },
    }


def apply(on, *objects):
    on.kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(item) for item in objects))


def names(on, path):
    return [each["metadata"]["name"] for each in on.client.request("GET", path)["items"]]


def phase(on, namespace, name):
    return on.client.request("GET", f"/api/v1/namespaces/{namespace}/pods/{name}")["status"].get("phase")


def wait_for_phase(on, namespace, name, wanted):
    try:
        wait_for(lambda: phase(on, namespace, name) == wanted)
    except AssertionError:
        pytest.fail(on.kubectl("describe", "pod", name, "-n", namespace).stdout)


def wait_for(condition):
    deadline = time.monotonic() + POD_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_restricted_pod_runs_our_image_with_its_account_and_finishes(real, namespace):
    script = "id -u; hanse --version; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace"
    apply(real, pod(namespace, "one", ["sh", "-ec", script]))
    wait_for_phase(real, namespace, "one", "Succeeded")
    log = real.kubectl("logs", "one", "-n", namespace).stdout.splitlines()
    assert "65534" == log[0]
    assert log[1].startswith("hanse ")
    assert namespace == log[2]


def test_a_pod_that_is_not_restricted_is_refused(real, namespace):
    loose = pod(namespace, "loose", ["true"])
    del loose["spec"]["securityContext"]
    with pytest.raises(DevclusterError, match="violates PodSecurity"):
        apply(real, loose)


def test_pods_reach_one_another_by_the_names_of_a_headless_service(real):
    make_namespace(real, "pair")
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gang", "namespace": "pair"},
        "spec": {"clusterIP": "None", "selector": {"app": "gang"}, "ports": [{"port": 9000}]},
    }
    workers = [
        pod("pair", name, ["python3", "-c", program], hostname=name, subdomain="gang")
        for name, program in (("w-1", ASK_W0), ("w-0", SERVE_ONE))
    ]
    apply(real, service, *workers)
    for name in ("w-0", "w-1"):
        wait_for_phase(real, "pair", name, "Succeeded")
    assert "from w-0\n" == real.kubectl("logs", "w-1", "-n", "pair").stdout


def test_a_name_outside_the_cluster_does_not_exist_and_takes_no_time(real, namespace):
    apply(real, pod(namespace, "asks", ["python3", "-c", "import socket; socket.gethostbyname('hanse.example')"]))
    wait_for_phase(real, namespace, "asks", "Failed")
    assert "Name or service not known" in real.kubectl("logs", "asks", "-n", namespace).stdout


def test_a_pod_reaches_the_api_server_at_the_address_that_we_use(real, namespace):
    # Without a credential, since the API server's refusal is an answer too.
    program = "import ssl, urllib.request as r; r.urlopen({!r}, context=ssl._create_unverified_context())"
    apply(real, pod(namespace, "asks", ["python3", "-c", program.format(f"{real.url}/version")]))
    wait_for_phase(real, namespace, "asks", "Failed")
    assert "HTTP Error 401" in real.kubectl("logs", "asks", "-n", namespace).stdout


def test_a_command_can_be_run_in_a_pod(real, namespace):
    apply(real, pod(namespace, "waits", ["sleep", "infinity"]))
    wait_for_phase(real, namespace, "waits", "Running")
    assert "waits\n" == real.kubectl("exec", "waits", "-n", namespace, "--", "hostname").stdout


def test_a_deleted_pod_goes_when_it_obeys_and_is_killed_when_its_grace_is_over(real, namespace):
    obeys = ["sh", "-c", "trap 'exit 0' TERM; echo listens; while :; do sleep 0.1; done"]
    ignores = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
    # A grace of an hour is over in no test: of such pods only those can go that got the signal and obeyed.
    for name, command, grace in (("obeys", obeys, 3600), ("ignores", ignores, 3600), ("is-killed", ignores, 1)):
        apply(real, pod(namespace, name, command, terminationGracePeriodSeconds=grace))
    for name in ("obeys", "ignores", "is-killed"):
        wait_for_phase(real, namespace, name, "Running")
    # A signal that comes before its trap is lost.
    wait_for(lambda: "listens" in real.kubectl("logs", "obeys", "-n", namespace, check=False).stdout)
    real.kubectl("delete", "pod", "--all", "-n", namespace, "--wait=false")
    wait_for(lambda: ["ignores"] == names(real, f"/api/v1/namespaces/{namespace}/pods"))
    assert "Running" == phase(real, namespace, "ignores")


def test_a_pod_that_takes_more_memory_than_its_limit_is_killed(real, namespace):
    apply(real, pod(namespace, "eats", ["python3", "-c", "b = bytearray(400 << 20); print(len(b))"]))
    wait_for_phase(real, namespace, "eats", "Failed")
    reason = "jsonpath={.status.containerStatuses[0].state.terminated.reason}"
    assert "OOMKilled" == real.kubectl("get", "pod", "eats", "-n", namespace, "-o", reason).stdout


def test_the_node_offers_what_the_machine_has(real):
    node = json.loads(real.kubectl("get", "node", cluster.REAL_NODE, "-o", "json").stdout)
    assert os.cpu_count() == int(node["status"]["allocatable"]["cpu"])
    assert {"memory", "ephemeral-storage", "pods"} <= node["status"]["allocatable"].keys()


@pytest.mark.parametrize(
    ("credential", "status"), [(None, 401), ("dns", 403), ("kubelet-client", 200)], ids=["nobody", "dns", "api-server"]
)
def test_the_kubelet_obeys_nobody_but_the_api_server(real, credential, status):
    pki = real.folder / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    if credential:
        context.load_cert_chain(pki / f"{credential}.crt", pki / f"{credential}.key")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    address = network.bridge_of(real.folder).address
    try:
        answer = opener.open(f"https://{address}:{realnode.KUBELET_PORT}/pods", timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        assert status == answer.status


@pytest.mark.parametrize("part", [realnode.KUBELET, realnode.CONTAINERD])
def test_a_killed_part_comes_back_and_its_pods_never_stopped(real, namespace, part):
    apply(real, pod(namespace, "stays", ["sleep", "infinity"]))
    wait_for_phase(real, namespace, "stays", "Running")
    before = programs(real, part)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: programs(real, part) and not programs(real, part) & before)
    apply(real, pod(namespace, "next", ["true"]))
    wait_for_phase(real, namespace, "next", "Succeeded")
    restarts = "jsonpath={.status.phase} {.status.containerStatuses[0].restartCount}"
    assert "Running 0" == real.kubectl("get", "pod", "stays", "-n", namespace, "-o", restarts).stdout


def programs(on, part):
    """Return the pids of a part's own program, without containerd's shims."""
    found = processes.find(on.folder, [part])
    lines = {}
    for each in found:
        with contextlib.suppress(OSError):  # what it ran has just ended
            lines[each.pid] = Path(f"/proc/{each.pid}/cmdline").read_bytes().split(b"\0")
    return {pid for pid, line in lines.items() if part in (Path(line[0].decode()).name, *map(bytes.decode, line[1:2]))}


@pytest.mark.parametrize("part", [realnode.KUBELET, realnode.CONTAINERD])
def test_a_part_that_ends_by_itself_ends_the_node(new_name, watch, part):
    skip_unless_possible()
    with cluster.running(new_name(), WANTED) as on:
        traces = watch(on.name)
        for pid in programs(on, part):
            os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not processes.find(on.folder, [realnode.PART, realnode.KUBELET, realnode.CONTAINERD]))
        wait_for(lambda: "namespace" not in traces.kinds_left())
        assert f"{part} ended by itself" in processes.log_tail(on.folder, realnode.PART)
    wait_for(lambda: not traces.left())


@pytest.mark.parametrize(
    "killed",
    [
        (),
        (realnode.PART,),
        (realnode.KUBELET, realnode.CONTAINERD),
        ("kube-apiserver", realnode.KUBELET, "coredns", realnode.PART, realnode.CONTAINERD),
    ],
    ids=lambda killed: "+".join(killed) or "nothing",
)
def test_nothing_is_left_whatever_was_killed_first(new_name, watch, killed):
    skip_unless_possible()
    before = machine()
    name = new_name()
    on = cluster.up(name, WANTED)
    try:
        make_namespace(on, "left")
        apply(on, pod("left", "stays", ["sleep", "infinity"]))
        wait_for_phase(on, "left", "stays", "Running")
        traces = watch(name)
        assert {"process", "namespace", "mount", "link", "control", "folder"} <= traces.kinds_left()
        for part in killed:
            for found in processes.find(on.folder, [part]):
                kill(found.pid)
    finally:
        on.down()
    # The first process of a namespace may take a moment for its end.
    wait_for(lambda: not traces.left())
    assert before == machine()


@pytest.fixture(name="nothing_starts")
def _nothing_starts(monkeypatch):
    """Let the machine be one that can run a real node, and fail the test if anything is started."""
    monkeypatch.setattr(debian, "require_root", lambda _: None)
    monkeypatch.setattr(debian, "require", lambda _: None)
    monkeypatch.setattr(cgroups, "require", lambda: None)
    monkeypatch.setattr(build, "binary", lambda module: paths.binaries() / module.name)
    monkeypatch.setattr(processes, "start", lambda *_: pytest.fail("something was started"))
    monkeypatch.setattr(network, "make_bridge", lambda _: pytest.fail("a bridge was made"))


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize("which", ["clusters", "binaries"])
def test_a_folder_that_a_node_cannot_see_is_refused_also_behind_a_link(new_name, tmp_path, monkeypatch, which):
    (tmp_path / "link").symlink_to("/var/lib")
    monkeypatch.setattr(paths, which, lambda: tmp_path / "link" / "hanse")
    with pytest.raises(DevclusterError, match="set XDG_CACHE_HOME"):
        cluster.up(new_name(), WANTED)


@pytest.mark.usefixtures("nothing_starts")
def test_a_machine_that_allows_no_namespaces_is_told_so(new_name, monkeypatch):
    monkeypatch.setattr(realnode, "TRIAL", "echo Operation not permitted >&2; exit 1")
    with pytest.raises(DevclusterError, match=r"root may not do so here.*Operation not permitted"):
        cluster.up(new_name(), WANTED)


def test_a_machine_without_control_groups_is_told_so(new_name, tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "require_root", lambda _: None)
    monkeypatch.setattr(cgroups, "MOUNT", tmp_path)
    with pytest.raises(DevclusterError, match="does not have cpu, cpuset, memory"):
        cluster.up(new_name(), WANTED)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def machine():
    """Return what this machine has where nodes usually leave things."""
    folders = {folder: sorted(Path(folder).iterdir()) for folder in SHARED_FOLDERS if Path(folder).is_dir()}
    settings = {name: Path("/proc/sys", name).read_text() for name in SHARED_SETTINGS}
    return folders, settings
