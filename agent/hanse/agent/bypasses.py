"""Telling a cluster's people who uses GPUs past the device plugin: an Event on the node, as `kubectl describe` shows.

In: what node agents state. Out: an Event for each pod that uses a GPU without slices of it, and one for processes of
none. Nothing is done to them: what runs there, and why, is for the cluster's owner to judge. Who has as little as a
driver or a server beside it holds is left out, and so is a pod that asks for slices of that GPU: whose they are, its
kubelet has judged. An agent that begins anew finds its Events by their names.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from hanse.agent.bindings import NodeStatement, Stranger
from hanse.agent.feed import Feed
from hanse.agent.kube import Kube, KubeError, Object
from hanse.agent.node import slices
from hanse.agent.node.attribution import UNATTRIBUTED_MIB_MAX

NAMESPACE = "default"
"""Where events on what is in no namespace belong."""
REASON = "GpuUsedWithoutAllocation"
_LOG = logging.getLogger(__name__)
_Key = tuple[str, int, str]


class Bypasses:
    """Tells *kube*'s API server; *pods* are all pods of the cluster."""

    def __init__(self, kube: Kube, pods: Feed) -> None:
        self._kube, self._pods = kube, pods
        self._told: set[_Key] = set()
        self._warned: set[_Key] = set()

    async def tell(self, stated: Mapping[str, NodeStatement]) -> None:
        """Tell of each stranger that has not been told of; what cannot be told now is told next time."""
        pods = {pod["metadata"]["uid"]: pod for pod in self._pods.objects.values()}
        there = {
            (node, each.index, each.uid): each
            for node, said in stated.items()
            for each in said.strangers
            if each.memory_mib > UNATTRIBUTED_MIB_MAX and not _asks(pods.get(each.uid), each.index)
        }
        self._told &= there.keys()
        self._warned &= there.keys()
        for key in sorted(there.keys() - self._told):
            event = _event(key[0], there[key], pods.get(key[2]))
            try:
                await self._kube.request("POST", f"/api/v1/namespaces/{NAMESPACE}/events", event)
            except KubeError as error:
                if error.status != HTTPStatus.CONFLICT:
                    if key not in self._warned:
                        _LOG.warning("an event cannot be written: %s: %s", event["message"], error)
                    self._warned.add(key)
                    continue
            self._told.add(key)


def _event(node: str, stranger: Stranger, pod: Object | None) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    key = hashlib.sha256(f"{node}/{stranger.index}/{stranger.uid}".encode()).hexdigest()
    who = f"{_named(stranger.uid, pod)}, which has none of it" if stranger.uid else "processes that are in no pod"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"hanse-gpu-{key[:20]}", "namespace": NAMESPACE},
        # Kubelets call a node's uid so, too, and kubectl looks for that.
        "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": node, "uid": node},
        "type": "Warning",
        "reason": REASON,
        "message": f"{stranger.memory_mib} MiB of GPU {stranger.index} are used by {who}",
        "source": {"component": "hanse-agent", "host": node},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _named(uid: str, pod: Object | None) -> str:
    return f"pod {pod['metadata']['namespace']}/{pod['metadata']['name']}" if pod else f"a pod with uid {uid}"


def _asks(pod: Object | None, index: int) -> bool:
    """Whether a pod asks for memory of a GPU; it may be one that is not placed, or not any more."""
    containers = pod["spec"].get("containers") or [] if pod else []
    wanted = slices.resource(index, slices.MEMORY)
    return any(wanted in ((each.get("resources") or {}).get("requests") or {}) for each in containers)
