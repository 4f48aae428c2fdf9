"""Kubernetes events: one for each transition of a job, with the id of the decision behind it.

In: a status that was written. Out: an event in the job's namespace, so only its own member sees it. Its name follows
from the job and the decision: a transition that is told twice is one event. Events are a courtesy: one that cannot be
written is left.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog

from hanse import resources
from hanse.operator.kube import FIELD_MANAGER, Kube, KubeError

_log = structlog.get_logger(__name__)
_WARNINGS = {"Preempting", "Failed"}
_WARNING_REASONS = {"Misconfigured", "FundingRefused"}


def manifest(metadata: Mapping[str, Any], status: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the event that tells of a job's new status."""
    phase, reason = status["phase"], status.get("reason")
    decision = status.get("lastDecision")
    key = "/".join([metadata["uid"], phase, reason or "", decision or "", str(status["observedGeneration"])])
    sentence = status.get("explanation", {}).get("message") or f"the job is {phase}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name']}.{hashlib.sha256(key.encode()).hexdigest()[:16]}",
            "namespace": metadata["namespace"],
        },
        "involvedObject": {
            "apiVersion": resources.API_VERSION,
            "kind": "TrainingJob",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning" if phase in _WARNINGS or reason in _WARNING_REASONS else "Normal",
        "reason": reason or phase,
        "action": phase,
        "message": sentence + (f" (decision {decision})" if decision else ""),
        "firstTimestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lastTimestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "count": 1,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": FIELD_MANAGER,
    }


async def tell(kube: Kube, event: Mapping[str, Any]) -> None:
    """Write an event, if it is not there."""
    try:
        await kube.request("POST", f"/api/v1/namespaces/{event['metadata']['namespace']}/events", event)
    except KubeError as error:
        if error.status != HTTPStatus.CONFLICT:
            _log.warning("event_not_written", error=str(error))
