"""Telling a cluster's people who uses GPUs past the device plugin: an Event on the node, as `kubectl describe` shows.

In: what node agents state. Out: an Event for each pod that uses a GPU without slices of it, and one for processes of
none. Nothing is done to them: what runs there, and why, is for the cluster's owner to judge. An agent that begins anew
finds its Events by their names.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from hanse.agent.bindings import NodeStatement, Stranger
from hanse.agent.kube import Kube, KubeError, Object

NAMESPACE = "default"
"""Where events on what is in no namespace belong."""
REASON = "GpuUsedWithoutAllocation"
_LOG = logging.getLogger(__name__)
_Key = tuple[str, int, str]


class Bypasses:
    """Tells *kube*'s API server; *pods* are all pods of the cluster."""

    def __init__(self, kube: Kube, pods: Callable[[], Iterable[Object]]) -> None:
        self._kube, self._pods = kube, pods
        self._told: set[_Key] = set()

    async def tell(self, stated: Mapping[str, NodeStatement]) -> None:
        """Tell of each stranger that has not been told of; what cannot be told now is told next time."""
        there = {(node, each.index, each.uid): each for node, said in stated.items() for each in said.strangers}
        self._told &= there.keys()
        for key in sorted(there.keys() - self._told):
            event = self._event(key[0], there[key])
            try:
                await self._kube.request("POST", f"/api/v1/namespaces/{NAMESPACE}/events", event)
            except KubeError as error:
                if error.status != HTTPStatus.CONFLICT:
                    _LOG.warning("an event cannot be written: %s: %s", event["message"], error)
                    continue
            self._told.add(key)

    def _event(self, node: str, stranger: Stranger) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = hashlib.sha256(f"{node}/{stranger.index}/{stranger.uid}".encode()).hexdigest()
        who = f"{self._pod(stranger.uid)}, which has none of it" if stranger.uid else "processes that are in no pod"
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

    def _pod(self, uid: str) -> str:
        for pod in self._pods():
            metadata = pod["metadata"]
            if metadata["uid"] == uid:
                return f"pod {metadata['namespace']}/{metadata['name']}"
        return f"a pod with uid {uid}"
