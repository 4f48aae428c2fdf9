"""A real node on this machine: the kubelet of our binary with Debian's containerd and runc.

In: a cluster's folder, its bridge, and what the node is (:class:`Node`). Out: a Ready node whose pods are real
containers. `realnode.sh` beside this file is the first process of the node's own mount and PID namespaces: when it
ends, the kernel ends all of the node. :mod:`hanse.devcluster.teardown` kills it and then calls :func:`clean` for what
is in no namespace. This module must not know what runs on the node.
"""

import json
import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any

import urllib3

from hanse.devcluster import cgroups, debian, image, network, paths, processes, store
from hanse.devcluster.errors import DevclusterError
from hanse.devcluster.network import Bridge

PART, KUBELET, CONTAINERD = "real-node", "kubelet", "containerd"
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iproute2")

# What the node's namespaces hide of this machine: neither a cluster nor our binaries can lie there.
HIDDEN = ("/run", "/var/lib", "/var/log")
TRIAL = "mount -n -t tmpfs tmpfs /run; ip link add trial type bridge; ip link add trial-0 type veth peer name trial-1"
CNI_PLUGINS = "/usr/lib/cni"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
KUBELET_PORT = 10250
KUBELET_HEALTH_PORT = 10248
READY_SECONDS = 180.0
ANSWER_SECONDS = 5.0
SHARED_SCRIPT = "nodes.sh"
COMMAND = "command.json"
BOOT_ID = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Node:
    """What a real node is called, may do and trusts.

    *kubeconfig* is that of user `system:node:NAME` in group `system:nodes`; *serving* are the files of a certificate
    for the bridge's address, by which the API server knows the kubelet, and of its key.
    """

    name: str
    kubeconfig: Path
    client_ca: Path
    serving: tuple[Path, Path]
    cluster_domain: str


def require() -> None:
    """Make sure that this machine can run a real node, before anything is started.

    Raises:
        DevclusterError: it cannot, with what is missing.

    """
    debian.require_root("real nodes")
    for folder in (paths.clusters(), paths.binaries()):
        if any(folder.resolve().is_relative_to(hidden) for hidden in HIDDEN):
            raise DevclusterError(
                f"a real node cannot use {folder}, since it has {', '.join(HIDDEN)} of its own: set XDG_CACHE_HOME to "
                f"a folder elsewhere"
            )
    cgroups.require()
    debian.require(PACKAGES)
    _require_namespaces()


def start(folder: Path, node: Node, images: Path, bridge: Bridge, controlplane: Path) -> None:
    """Start *node* with the prepared store *images* and the kubelet in *controlplane*; return when it is Ready.

    Raises:
        DevclusterError: it does not become Ready, with the end of its log.

    """
    own = folder / "node"
    for name in ("cni", "containerd", "kubelet", "log"):
        (own / name).mkdir(parents=True, exist_ok=True)
    store.link(images, own / "containerd")
    (own / "kubelet.json").write_text(json.dumps(_kubelet_configuration(node, bridge), indent=1))
    (own / "containerd.toml").write_text(_containerd_configuration(own))
    (own / "cni" / "10-hanse.conflist").write_text(json.dumps(_cni_configuration(bridge), indent=1))
    script = write_script(own, "realnode.sh")
    command = [*store.NAMESPACES, "sh", str(script), str(controlplane), *flags(node, bridge.address)]
    (own / COMMAND).write_text(json.dumps(command))
    _boot(folder, bridge)
    wait_until_ready(folder, PART, node, (CONTAINERD, KUBELET))


def reboot(folder: Path) -> None:
    """End all of the node at once, as a power cut would, and start it again; it is not waited for.

    Its disk is as it was, its memory is empty, and it has another boot's id. The rest of the cluster goes on.

    """
    bridge = network.bridge_of(folder)
    if bridge is None:
        raise DevclusterError(f"{folder} has no real node to start again")
    processes.end(folder, [PART, CONTAINERD, KUBELET], [signal.SIGKILL])
    cgroups.remove(bridge.name)
    _boot(folder, bridge)


def boot_id_file(folder: Path) -> Path:
    """Return the file that is :data:`BOOT_ID` on the node; who is not in its namespaces has to put it there."""
    return folder / "node" / "boot-id"


def _boot(folder: Path, bridge: Bridge) -> None:
    cgroups.make(bridge.name)
    processes.start(folder, PART, json.loads((folder / "node" / COMMAND).read_text()))


def clean(folder: Path) -> None:
    """Remove what outlives the node's processes, if there was a node: its control groups and the cluster's bridge.

    Raises:
        DevclusterError: a process of the node still runs.

    """
    bridge = network.bridge_of(folder)
    if bridge is not None:
        cgroups.remove(bridge.name)
        network.remove_bridge(folder)


def _require_namespaces() -> None:
    """Try what root in a container often may not, with a network of its own that ends with the trial.

    Raises:
        DevclusterError: it failed, with what was said.

    """
    command = [*store.NAMESPACES, "--net", "sh", "-ec", TRIAL]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DevclusterError(
            f"a real node makes namespaces, mounts and bridges, and root may not do so here, or the kernel cannot "
            f"({result.stderr.strip()}): use a machine or VM of its own"
        )


def flags(node: Node, address: str) -> list[str]:
    """Return what the script passes to the kubelet: settings that its configuration file has no place for."""
    return [f"--kubeconfig={node.kubeconfig}", f"--hostname-override={node.name}", f"--node-ip={address}"]


def _kubelet_configuration(node: Node, bridge: Bridge) -> dict[str, Any]:
    return {
        **kubelet_configuration(node, bridge.address),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupRoot": f"/{bridge.name}",
    }


def kubelet_configuration(node: Node, address: str) -> dict[str, Any]:
    """Return what the kubelets of all nodes of ours are told; *address* is the node's."""
    certificate, key = node.serving
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # Only that address, so that several clusters use the same ports.
        "address": address,
        "port": KUBELET_PORT,
        "readOnlyPort": 0,
        "healthzBindAddress": address,
        "healthzPort": KUBELET_HEALTH_PORT,
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        # The API server decides who may read logs and run commands here, as in production.
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(node.client_ca)},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDomain": node.cluster_domain,
        "clusterDNS": [address],
        # No name of this machine's own network is looked up in pods.
        "resolvConf": "",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "failSwapOn": False,
        # Version 1 has been deprecated, and is still what some machines have.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        # This machine is not the node's alone, so that the node neither limits it nor evicts for its sake, nor
        # removes images that no registry has.
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "10Mi", "nodefs.available": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        # No rules in this machine's packet filter: there are no Services to translate.
        "makeIPTablesUtilChains": False,
    }


def _containerd_configuration(own: Path) -> str:
    return f"""\
version = 2
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image.PAUSE_NAME}"
  # Lowering a score takes CAP_SYS_RESOURCE, which a machine that is a container itself may lack.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{CNI_PLUGINS}"
  conf_dir = "{own / "cni"}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
"""


def _cni_configuration(bridge: Bridge) -> dict[str, Any]:
    """Return the network of pods: the bridge is there already, and this plugin makes nothing but links to it.

    `isGateway` would make the plugin switch this machine's forwarding on.
    """
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": bridge.subnet, "gateway": bridge.address}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugin = {"type": "bridge", "bridge": bridge.name, "isGateway": False, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": "hanse", "plugins": [plugin]}


def write_script(own: Path, name: str) -> Path:
    """Write a node's first process, the script *name*, and what it reads into the node's folder; return its path."""
    for each in (name, SHARED_SCRIPT):
        (own / each).write_text(resources.files("hanse.devcluster").joinpath(each).read_text())
    return own / name


def wait_until_ready(folder: Path, part: str, node: Node, inside: Iterable[str]) -> None:
    """Return when *node* is Ready, whose first process is *part*, and which keeps the parts *inside* running.

    Raises:
        DevclusterError: it does not become Ready, with the ends of all their logs.

    """
    try:
        processes.wait_until_ready(folder, part, _readiness(node), READY_SECONDS)
    except DevclusterError as error:
        raise DevclusterError("\n".join([str(error), *(processes.log_tail(folder, each) for each in inside)])) from None


def _readiness(node: Node) -> Callable[[], bool]:
    """Return what tells whether the node is Ready, asking as the node itself, which may read its own Node."""
    content = json.loads(node.kubeconfig.read_text())
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    client = urllib3.PoolManager(
        ca_certs=cluster["certificate-authority"], cert_file=user["client-certificate"], key_file=user["client-key"],
        timeout=ANSWER_SECONDS, retries=False,
    )  # fmt: skip
    return lambda: _is_ready(client, f"{cluster['server']}/api/v1/nodes/{node.name}")


def _is_ready(client: urllib3.PoolManager, url: str) -> bool:
    try:
        answer = client.request("GET", url)
    except urllib3.exceptions.HTTPError:
        return False
    if answer.status != HTTPStatus.OK:
        return False
    conditions = json.loads(answer.data)["status"].get("conditions", [])
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)
