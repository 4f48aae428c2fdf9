"""Kubernetes events: one for each transition of a job, with the id of the decision behind it.

In: a status that was written, or a reservation that was moved because somebody runs for longer. Out: an event in the
job's namespace, so only its own member sees it. Its name follows from what it tells: a transition that is told twice is
one event. Events are a courtesy: one that cannot be written is left.
"""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import structlog

from hanse import resources
from hanse.operator.kube import FIELD_MANAGER, Kube, KubeError

_log = structlog.get_logger(__name__)
MOVED = "ReservationMoved"
_WARNINGS = {"Preempting", "Failed"}
_WARNING_REASONS = {"Misconfigured", "FundingRefused"}


def manifest(metadata: Mapping[str, Any], status: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the event that tells of a job's new status."""
    phase, reason = status["phase"], status.get("reason")
    decision = status.get("lastDecision")
    key = "/".join([metadata["uid"], phase, reason or "", decision or "", str(status["observedGeneration"])])
    sentence = status.get("explanation", {}).get("message") or f"the job is {phase}"
    said = sentence + (f" (decision {decision})" if decision else "")
    is_warning = phase in _WARNINGS or reason in _WARNING_REASONS
    return _event(metadata, key, {"reason": reason or phase, "action": phase, "message": said}, now, warns=is_warning)


def moved(metadata: Mapping[str, Any], decision: uuid.UUID, now: datetime) -> dict[str, Any]:
    """Return the event that tells a job's owner that it starts later, once an hour at most.

    Neither when nor by whose doing: on others' nodes that is theirs, and how often it is told would say when too.

    """
    key = "/".join([metadata["uid"], MOVED, now.astimezone(UTC).strftime("%Y-%m-%dT%H")])
    sentence = f"it starts later than it was to: somebody runs for longer than was known (decision {decision})"
    return _event(metadata, key, {"reason": MOVED, "action": "Queued", "message": sentence}, now, warns=True)


def _event(
    metadata: Mapping[str, Any], key: str, said: Mapping[str, str], now: datetime, *, warns: bool
) -> dict[str, Any]:
    """Return an event about a job that is one with all others of this key."""
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
        "type": "Warning" if warns else "Normal",
        **said,
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
