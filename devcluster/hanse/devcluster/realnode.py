"""A real node on this machine: the kubelet of our binary with Debian's containerd and runc.

In: a cluster's folder, its bridge, and what the node is (:class:`Node`). Out: a Ready node whose pods are real
containers. `realnode.sh` beside this file is the first process of the node's own mount and PID namespaces: when it
ends, the kernel ends all of the node. :mod:`hanse.devcluster.teardown` kills it and then calls :func:`clean` for what
is in no namespace. This module must not know what runs on the node.
"""

import json
import subprocess
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hanse.devcluster import cgroups, debian, image, network, paths, processes
from hanse.devcluster.errors import DevclusterError
from hanse.devcluster.network import Bridge

PART, KUBELET, CONTAINERD = "real-node", "kubelet", "containerd"
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iproute2")

# What the node's namespaces hide of this machine: neither a cluster nor our binaries can lie there.
HIDDEN = ("/run", "/var/lib", "/var/log")
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
TRIAL = "mount -n -t tmpfs tmpfs /run; ip link add trial type bridge; ip link add trial-0 type veth peer name trial-1"
CNI_PLUGINS = "/usr/lib/cni"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
KUBELET_PORT = 10250
KUBELET_HEALTH_PORT = 10248
READY_SECONDS = 180.0


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
    images: tuple[Path, ...]


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


def start(folder: Path, node: Node, bridge: Bridge, controlplane: Path) -> None:
    """Start *node* in the cluster of *folder*, with the kubelet in the binary *controlplane*; return when it is Ready.

    Raises:
        DevclusterError: it does not become Ready, with the end of its log.

    """
    own = folder / "node"
    for name in ("cni", "containerd", "images", "kubelet", "log"):
        (own / name).mkdir(parents=True, exist_ok=True)
    for archive in node.images:
        # A link to the content, which stays when the cache forgets the archive.
        (own / "images" / archive.name).hardlink_to(archive)
    (own / "kubelet.json").write_text(json.dumps(_kubelet_configuration(node, bridge), indent=1))
    (own / "containerd.toml").write_text(_containerd_configuration(own))
    (own / "cni" / "10-hanse.conflist").write_text(json.dumps(_cni_configuration(bridge), indent=1))
    script = own / "realnode.sh"
    script.write_text(resources.files("hanse.devcluster").joinpath("realnode.sh").read_text())
    cgroups.make(bridge.name)
    processes.start(folder, PART, [*NAMESPACES, "sh", str(script), str(controlplane), *_flags(node, bridge)])
    try:
        processes.wait_until_ready(folder, PART, lambda: _is_ready(node, controlplane), READY_SECONDS)
    except DevclusterError as error:
        logs = [processes.log_tail(folder, part) for part in (CONTAINERD, KUBELET)]
        raise DevclusterError("\n".join([str(error), *logs])) from None


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
    result = subprocess.run([*NAMESPACES, "--net", "sh", "-ec", TRIAL], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DevclusterError(
            f"a real node makes namespaces, mounts and bridges, and root may not do so here, or the kernel cannot "
            f"({result.stderr.strip()}): use a machine or VM of its own"
        )


def _flags(node: Node, bridge: Bridge) -> list[str]:
    """Return what the script passes to the kubelet: settings that its configuration file has no place for."""
    return [f"--kubeconfig={node.kubeconfig}", f"--hostname-override={node.name}", f"--node-ip={bridge.address}"]


def _kubelet_configuration(node: Node, bridge: Bridge) -> dict[str, Any]:
    certificate, key = node.serving
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # Only the bridge, so that several clusters use the same ports.
        "address": bridge.address,
        "port": KUBELET_PORT,
        "readOnlyPort": 0,
        "healthzBindAddress": bridge.address,
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
        "clusterDNS": [bridge.address],
        # No name of this machine's own network is looked up in pods.
        "resolvConf": "",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "failSwapOn": False,
        # Version 1 has been deprecated, and is still what some machines have.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{bridge.name}",
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


def _is_ready(node: Node, controlplane: Path) -> bool:
    """Ask as the node itself, which may read its own Node."""
    condition = '{.status.conditions[?(@.type=="Ready")].status}'
    command = [str(controlplane), "kubectl", f"--kubeconfig={node.kubeconfig}", "get", "node", node.name]
    result = subprocess.run([*command, f"--output=jsonpath={condition}"], capture_output=True, text=True, check=False)
    return result.stdout == "True"
