"""All that the agent watches, parsed: the hub's placements and classes, its own cluster's nodes, pods and Services.

In: five feeds. Out: plain values for the pure modules. An object that cannot be read is left out and named in the log;
the others go on.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import TypeVar
from uuid import UUID

from hanse.agent import gangs, inventory
from hanse.agent.feed import Feed
from hanse.agent.gangs import Worker
from hanse.agent.kube import Kube, Object
from hanse.agent.settings import Settings
from hanse.resources import AcceleratorClass, MisconfiguredError, Placement, Resource
from hanse.resources.protocol import NodeReport

HANSE = "/apis/hanse.dev/v1alpha1"
_LOG = logging.getLogger(__name__)
_Kind = TypeVar("_Kind", bound=Resource)


class Copies:
    """The feeds; *changed* is set whenever one of them has something new."""

    def __init__(self, settings: Settings, hub: Kube, cluster: Kube) -> None:
        self.changed = asyncio.Event()
        self._namespace, self._named_labels = settings.workers_namespace, frozenset(settings.reported_labels)
        placements = f"{HANSE}/namespaces/{settings.hub_namespace}/placements"
        services = f"/api/v1/namespaces/{self._namespace}/services"
        self.placement_feed = Feed(hub, placements, self.changed)
        self.class_feed = Feed(hub, f"{HANSE}/acceleratorclasses", self.changed)
        # Those of all namespaces: what others use of a node is not ours to give.
        self.pod_feed = Feed(cluster, "/api/v1/pods", self.changed)
        self.node_feed = Feed(cluster, "/api/v1/nodes", self.changed, {"labelSelector": settings.node_labels})
        self.service_feed = Feed(cluster, services, self.changed, {"labelSelector": gangs.ATTEMPT_LABEL})

    def feeds(self) -> tuple[Feed, ...]:
        """Return all feeds, to be run."""
        return self.placement_feed, self.class_feed, self.pod_feed, self.node_feed, self.service_feed

    def placements(self) -> dict[str, Placement]:
        """Return the placements by name."""
        return {each.metadata.name: each for each in _parsed(self.placement_feed, Placement)}

    def placements_by_attempt(self) -> dict[UUID, Placement]:
        """Return the placements by their attempt."""
        return {UUID(placement.spec.attempt): placement for placement in self.placements().values()}

    def nodes(self) -> dict[str, Object]:
        """Return the nodes that are this cluster's, by name."""
        return {name: node for (_, name), node in self.node_feed.objects.items()}

    def workers(self) -> tuple[Worker, ...]:
        """Return the pods of gangs."""
        own = (pod for (namespace, _), pod in self.pod_feed.objects.items() if namespace == self._namespace)
        return tuple(worker for pod in own if (worker := gangs.worker(pod)))

    def services(self) -> frozenset[UUID]:
        """Return the attempts whose Service is there."""
        labels = (service["metadata"]["labels"] for service in self.service_feed.objects.values())
        return frozenset(found for each in labels if (found := gangs.attempt(each)))

    def device_resource(self, accelerator_class: str) -> str:
        """Return the extended resource under which a class's devices are asked for."""
        found = {each.metadata.name: each.spec.device_resources for each in _parsed(self.class_feed, AcceleratorClass)}
        return found[accelerator_class][0]

    def vendor(self, accelerator_class: str) -> str:
        """Return who makes a class's devices."""
        return {each.metadata.name: each.spec.vendor for each in _parsed(self.class_feed, AcceleratorClass)}[
            accelerator_class
        ]

    def inventory(self) -> dict[str, NodeReport]:
        """Return a report of each node that has an accelerator."""
        classes = _parsed(self.class_feed, AcceleratorClass)
        return inventory.reports(self.nodes().values(), self._foreign_pods(), classes, self._named_labels)

    def _foreign_pods(self) -> Iterator[Object]:
        """Yield the pods that are no workers of this agent: a label alone, which anyone may set, makes none."""
        for (namespace, _), pod in self.pod_feed.objects.items():
            if namespace != self._namespace or gangs.ATTEMPT_LABEL not in (pod["metadata"].get("labels") or {}):
                yield pod


def _parsed(feed: Feed, kind: type[_Kind]) -> Iterator[_Kind]:
    """Yield the objects of a feed that can be read; each version is read once, as a large placement takes a while."""
    for document in feed.objects.values():
        uid, version = document["metadata"]["uid"], document["metadata"]["resourceVersion"]
        if feed.parsed.get(uid, ("", None))[0] != version:
            feed.parsed[uid] = (version, _parse(document, kind))
        found = feed.parsed[uid][1]
        if isinstance(found, kind):
            yield found


def _parse(document: Object, kind: type[_Kind]) -> _Kind | None:
    try:
        return kind.parse(document)
    except MisconfiguredError as error:
        _LOG.warning("%s %s is left alone: %s", kind.__name__, document["metadata"]["name"], error)
        return None
