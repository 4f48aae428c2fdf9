"""Placements: what a member cluster is told of an attempt, and nothing about whose it is.

In: an attempt as recorded, and the job's spec. Out: the manifest of a Placement. Pure. The object is named
after the attempt, whose id follows from job and fence, so that to make it twice is to make it once. `sequence` is the
decision's place in the ledger: the API server refuses what is older than what is there.
"""

from datetime import UTC, datetime
from typing import Any

from hanse import resources
from hanse.evidence import identity
from hanse.operator import kinds
from hanse.operator.mirror import Live
from hanse.resources.durations import format_duration


def path(live: Live) -> str:
    """Return the path of an attempt's Placement."""
    return kinds.PLACEMENT.object_path(str(live.id), namespace(live.cluster))


def collection(live: Live) -> str:
    """Return the path under which an attempt's Placement is created."""
    return kinds.PLACEMENT.object_path("", namespace(live.cluster)).rstrip("/")


def namespace(cluster: str) -> str:
    """Return the namespace in which a cluster's agent looks for its Placements."""
    return f"{resources.CLUSTER_NAMESPACE_PREFIX}{cluster}"


def running(live: Live, spec: resources.TrainingJobSpec, sealed_storage: str | None = None) -> dict[str, Any]:
    """Return the Placement that has an attempt run; what its workers need for their storage comes sealed."""
    funded_until = datetime.fromtimestamp(live.funded_until_seconds or live.admitted_at_seconds, UTC)
    said: dict[str, Any] = {
        "attempt": str(live.id),
        "fence": live.fence,
        "sequence": _sequence(live),
        "wanted": "Running",
        "fundedUntil": funded_until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "class": live.accelerator_class,
        "trust": str(spec.trust),
        "allowSharingWith": str(spec.allow_sharing_with),
        "startDeadline": format_duration(spec.start_deadline),
        "grace": format_duration(spec.checkpoint.grace),
        "lease": format_duration(spec.partition_tolerance),
        "workers": _workers(live),
        "egress": [each.model_dump(mode="json") for each in spec.egress],
        "template": spec.template.model_dump(mode="json", exclude_unset=True),
    }
    if spec.gpu_memory is not None:
        said |= {"gpuMemory": spec.gpu_memory.model_dump(by_alias=True), "milliGpus": live.part.milli_gpus}
    if sealed_storage is not None:
        said["sealedStorage"] = sealed_storage
    return {
        "apiVersion": resources.API_VERSION,
        "kind": "Placement",
        "metadata": {"name": str(live.id), "namespace": namespace(live.cluster)},
        "spec": said,
    }


def stopped(sequence: int) -> dict[str, Any]:
    """Return the change that has an attempt stop."""
    return {"spec": {"wanted": "Stopped", "sequence": sequence}}


def resized(live: Live) -> dict[str, Any]:
    """Return the change that gives an attempt the size it has by now."""
    return {"spec": {"workers": _workers(live), "sequence": _sequence(live)}}


def _sequence(live: Live) -> int:
    return max(live.admitted_sequence, live.size.decided_at)


def _workers(live: Live) -> list[dict[str, Any]]:
    """Share each node's GPUs out among its workers, both in rising order; ranks follow the nodes' order.

    A worker beyond the core has its number as its rank, for as long as it is there, whoever else comes and goes.
    """
    prefix = identity.node_id(live.cluster, "")
    workers: list[dict[str, Any]] = []
    for node, count, mask in live.placed:
        gpus = _indices(mask)
        share = len(gpus) // count
        for index in range(count):
            own = gpus[index * share : (index + 1) * share]
            workers.append({"rank": len(workers), "node": node.removeprefix(prefix), "gpus": own})
    for each in sorted(live.size.staying, key=lambda each: each.worker):
        node = each.node.removeprefix(prefix)
        workers.append({"rank": each.worker, "node": node, "gpus": _indices(each.gpus)})
    return workers


def _indices(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
