"""Placements: what a member cluster is told of an attempt, and nothing about whose it is.

In: a recorded decision that admits, and the job's spec. Out: the manifest of a Placement. Pure. The object is named
after the attempt, whose id follows from job and fence, so that to make it twice is to make it once. `sequence` is the
decision's place in the ledger: the API server refuses what is older than what is there.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hanse import resources
from hanse.operator import kinds
from hanse.resources.durations import format_duration


def path(cluster: str, attempt: str | uuid.UUID) -> str:
    """Return the path of an attempt's Placement."""
    return kinds.PLACEMENT.object_path(str(attempt), namespace(cluster))


def namespace(cluster: str) -> str:
    """Return the namespace in which a cluster's agent looks for its Placements."""
    return f"{resources.CLUSTER_NAMESPACE_PREFIX}{cluster}"


def running(body: Mapping[str, Any], sequence: int, spec: resources.TrainingJobSpec) -> dict[str, Any]:
    """Return the Placement that has the attempt of an admitting decision's *body* run."""
    said: dict[str, Any] = {
        "attempt": body["attempt"],
        "fence": body["fence"],
        "sequence": sequence,
        "wanted": "Running",
        "fundedUntil": datetime.fromtimestamp(body["fundedUntil"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "class": body["class"],
        "trust": str(spec.trust),
        "allowSharingWith": str(spec.allow_sharing_with),
        "startDeadline": format_duration(spec.start_deadline),
        "grace": format_duration(spec.checkpoint.grace),
        "lease": format_duration(spec.partition_tolerance),
        "workers": _workers(body["detail"]["placed"]),
        "egress": [each.model_dump(mode="json") for each in spec.egress],
        "template": spec.template.model_dump(mode="json", exclude_unset=True),
    }
    return {
        "apiVersion": resources.API_VERSION,
        "kind": "Placement",
        "metadata": {"name": body["attempt"], "namespace": namespace(body["cluster"])},
        "spec": said,
    }


def stopped(sequence: int) -> dict[str, Any]:
    """Return the change that has an attempt stop."""
    return {"spec": {"wanted": "Stopped", "sequence": sequence}}


def _workers(placed: list[list[Any]]) -> list[dict[str, Any]]:
    """Share each node's GPUs out among its workers, both in rising order; ranks follow the nodes' order."""
    workers: list[dict[str, Any]] = []
    for node, count, mask in placed:
        gpus = [bit for bit in range(int(mask).bit_length()) if int(mask) >> bit & 1]
        share = len(gpus) // count
        for index in range(count):
            own = gpus[index * share : (index + 1) * share]
            workers.append({"rank": len(workers), "node": node, "gpus": own})
    return workers
