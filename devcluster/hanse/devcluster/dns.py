"""Names for pods: a CoreDNS on the bridge of a cluster with a real node.

In: the bridge and a kubeconfig of CoreDNS's own. Out: a server at the bridge's address that knows the cluster's
Services, headless ones above all (`w-0.SERVICE.NAMESPACE.svc.cluster.local`), and answers that any other name does not
exist. It runs on this machine and not in a pod, since it needs no image then and pods have it from the first on.
:mod:`hanse.devcluster.realnode` writes its address into pods.
"""

import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from hanse.devcluster import build, processes
from hanse.devcluster.client import Client
from hanse.devcluster.network import Bridge

PART = "coredns"
USER = "hanse:dns"
PORT = 53
READY_PORT = 8181
READY_SECONDS = 120.0

_RBAC = "rbac.authorization.k8s.io"


def start(folder: Path, bridge: Bridge, administrator: Client, kubeconfig: Path, cluster_domain: str) -> None:
    """Start CoreDNS and return when it answers; *kubeconfig* is that of the user :data:`USER`.

    Raises:
        DevclusterError: it does not come up, with the end of its log.

    """
    _authorize(administrator)
    corefile = folder / "Corefile"
    corefile.write_text(_corefile(bridge, kubeconfig, cluster_domain))
    processes.start(folder, PART, [str(build.binary(build.COREDNS)), "-conf", str(corefile)])
    processes.wait_until_ready(folder, PART, lambda: _is_ready(bridge), READY_SECONDS)


def _authorize(administrator: Client) -> None:
    """Let CoreDNS watch what names are made of, and nothing else."""
    watch = ["list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["namespaces", "services"], "verbs": watch},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
    ]
    kind = {"apiVersion": f"{_RBAC}/v1", "metadata": {"name": USER}}
    role: dict[str, Any] = {**kind, "kind": "ClusterRole", "rules": rules}
    binding: dict[str, Any] = {
        **kind,
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": USER}],
    }
    administrator.create_all(f"/apis/{_RBAC}/v1/clusterroles", [role])
    administrator.create_all(f"/apis/{_RBAC}/v1/clusterrolebindings", [binding])


def _corefile(bridge: Bridge, kubeconfig: Path, cluster_domain: str) -> str:
    # No cache: the answers are in memory as they are, and a worker that waits for another one's name sees it at once.
    return f"""\
{cluster_domain}:{PORT} in-addr.arpa:{PORT} {{
    bind {bridge.address}
    ready {bridge.address}:{READY_PORT}
    errors
    kubernetes {cluster_domain} in-addr.arpa {{
        kubeconfig {kubeconfig}
    }}
}}
.:{PORT} {{
    bind {bridge.address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _is_ready(bridge: Bridge) -> bool:
    # No proxy from the environment stands between us and this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{bridge.address}:{READY_PORT}/ready", timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
