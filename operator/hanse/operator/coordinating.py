"""What a coordinator sees of the pool's capacity: what each offer comes to now, what is taken back, who is not heard.

In: the Contributions, nodes as agents reported them last, who is heard. Out: plain data for the API service. Pure. It
says how many GPUs are offered, in order, and not; nothing of what runs on them, for whom, or who waits.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from hanse import resources
from hanse.ledger import reports
from hanse.operator import offers, pool_statuses
from hanse.operator.reach import Reach
from hanse.operator.world import World

NODES_MAX = 100
"""So many nodes that are not in order are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a leader has heard of clusters."""

    reported: Iterable[reports.Node]
    reach: Reach
    agents: Mapping[str, reports.Agent]


@dataclass(frozen=True, slots=True)
class Offered:
    """What members offer, and whose the clusters and namespaces are; a copy, for a thread of its own."""

    contributions: tuple[resources.Contribution, ...]
    owner_by_cluster: Mapping[str, str]
    owner_by_namespace: Mapping[str, str]

    @classmethod
    def of(cls, world: World) -> Self:
        """Return what the world knows now."""
        clusters = {name: each.spec.member for name, each in world.named("MemberCluster").items()}
        namespaces = {name: leaf.member for name, leaf in world.leaves.items()}
        return cls(tuple(world.contributions()), clusters, namespaces)


def told(offered: Offered, seen: Seen) -> dict[str, Any]:
    """Return contributions with their recalls, silent clusters, and nodes that are not in order."""
    unready = [each for each in seen.reported if not each.body["ready"] and each.cluster not in seen.reach.silent]
    now = seen.reach.now_seconds
    return {
        "asOfSeconds": now,
        "contributions": list(_contributions(offered, seen)),
        "silentClusters": [
            {"name": name, "silentSeconds": max(0, now - seen.agents[name].seen_at_seconds)}
            for name in sorted(seen.reach.silent)
        ],
        "downNodes": len(unready),
        "nodes": [{"cluster": each.cluster, "name": each.name} for each in unready[:NODES_MAX]],
    }


def _contributions(offered: Offered, seen: Seen) -> Iterator[dict[str, Any]]:
    now, counted = seen.reach.now_seconds, _counted(offered.contributions, seen)
    for found in offered.contributions:
        namespace, spec = found.metadata.namespace or "", found.spec
        owner = offered.owner_by_cluster.get(spec.cluster) or offered.owner_by_namespace.get(namespace, "")
        gpus = counted[namespace, found.metadata.name]
        yield {
            "namespace": namespace,
            "name": found.metadata.name,
            "member": owner,
            "cluster": spec.cluster,
            "class": spec.accelerator_class,
            "phase": pool_statuses.offered(found, now)[0],
            "offeredGpus": sum(gpus.values()),
            "healthyGpus": gpus["healthy"],
            "staleGpus": gpus["stale"],
            "downGpus": gpus["down"],
            "recall": _recall(spec.recall, now),
        }


def _counted(contributions: Iterable[resources.Contribution], seen: Seen) -> Mapping[tuple[str, str], Counter[str]]:
    """Return the GPUs of each offer: healthy, down as their agent says, or stale as their cluster is silent.

    A node is the first offer's that it fits, as for the planner.
    """
    by_place: dict[tuple[str, str], list[resources.Contribution]] = defaultdict(list)
    for each in contributions:
        by_place[each.spec.cluster, each.spec.accelerator_class].append(each)
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for node in seen.reported:
        fitting = by_place.get((node.cluster, node.body["class"]), ())
        offer = next((each for each in fitting if offers.includes(each.spec, node.cluster, node.body)), None)
        if offer is not None:
            is_stale = node.cluster in seen.reach.silent
            state = "stale" if is_stale else "healthy" if node.body["ready"] else "down"
            counted[offer.metadata.namespace or "", offer.metadata.name][state] += node.body["gpus"]
    return counted


def _recall(recall: Any, now_seconds: int) -> dict[str, Any] | None:
    """Return a recall that is announced or under way; one that is over is the phase's to say."""
    if recall is None or recall.at.timestamp() <= now_seconds:
        return None
    starts = recall.at - recall.notice
    return {
        "at": recall.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "leftSeconds": int(recall.at.timestamp()) - now_seconds,
        "noticeSeconds": int(recall.notice.total_seconds()),
        "isUnderWay": starts <= datetime.fromtimestamp(now_seconds, UTC),
    }
