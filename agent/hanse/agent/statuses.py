"""The status of a Placement, as the agent writes it to the hub.

In: a report, the status that is there, the time. Out: a new status, or nothing where phase and reason are as they were:
etcd is not for what changes often.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hanse.agent.decide import Report
from hanse.resources import Condition, Placement
from hanse.resources.placement import PlacementStatus
from hanse.resources.protocol import Phase

_WITHOUT_LEASE = frozenset({Phase.PENDING, Phase.REFUSED})


def status(report: Report, placement: Placement, at: datetime) -> dict[str, Any] | None:
    """Return the status to write, or None if there is nothing new to say."""
    before = placement.status
    held = report.phase not in {*_WITHOUT_LEASE, Phase.RELEASED}
    aspects = {
        "Leased": (held, "Held" if held else report.phase.value),
        "WorkersReady": (report.phase == Phase.RUNNING, report.phase.value),
        "Released": (report.phase in {Phase.RELEASED, Phase.REFUSED}, (report.outcome or report.phase).value),
    }
    if report.simulated:
        aspects["Simulated"] = (True, "Simulated")
    earlier = {each.type: each for each in before.conditions} if before and before.fence == report.fence else {}
    conditions = tuple(
        _condition(
            kind, earlier.get(kind), holds=holds, reason=reason, detail=report.detail, at=at, placement=placement
        )
        for kind, (holds, reason) in aspects.items()
    )
    after = PlacementStatus(
        observed_generation=placement.metadata.generation,
        conditions=conditions,
        fence=report.fence,
        sequence=report.acted,
        phase=report.phase.value,
        message=report.detail[:1024],
        ready_workers=report.ready,
        failed_workers=report.failed,
        succeeded_workers=report.succeeded,
    )
    if before is not None and _key(before) == _key(after):
        return None
    return after.model_dump(by_alias=True, exclude_none=True, mode="json")


def _key(status: PlacementStatus) -> Mapping[str, Any]:
    reasons = tuple((each.type, each.status, each.reason) for each in status.conditions)
    return {"is": (status.fence, status.sequence, status.phase, status.message), "because": reasons}


def _condition(  # noqa: PLR0913  # the parts of one condition
    kind: str, before: Condition | None, *, holds: bool, reason: str, detail: str, at: datetime, placement: Placement
) -> Condition:
    value = "True" if holds else "False"
    return Condition(
        type=kind,
        status=value,
        reason=reason,
        message=detail[:1024] if kind == "Released" else "",
        last_transition_time=before.last_transition_time if before and before.status == value else at,
        observed_generation=placement.metadata.generation,
    )
