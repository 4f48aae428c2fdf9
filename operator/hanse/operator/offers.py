"""What a contribution offers: which nodes, and whether they are open, under notice, or closed at a moment.

In: a Contribution, a node as it is reported, the time. Out: whether it is offered, and its state. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hanse.resources import ContributionSpec
from hanse.resources.contribution import Window
from hanse.scheduler.pool import NodeState

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def includes(offer: ContributionSpec, cluster: str, report: Mapping[str, Any]) -> bool:
    """Return whether a node that the agent of *cluster* reports is one of those offered."""
    labels = report.get("labels", {})
    same_place = (offer.cluster, offer.accelerator_class) == (cluster, report["class"])
    return same_place and all(labels.get(key) == value for key, value in offer.node_selector.items())


def state(offer: ContributionSpec, now_seconds: int) -> NodeState:
    """Return whether the nodes take work: not outside of the windows, nor from a recall's notice on."""
    now = datetime.fromtimestamp(now_seconds, UTC)
    if offer.recall is not None and now >= offer.recall.at:
        return NodeState.CLOSED
    if not is_open(offer.windows, now):
        return NodeState.CLOSED
    if offer.recall is not None and now >= offer.recall.at - offer.recall.notice:
        return NodeState.RECALLED
    return NodeState.READY


def is_open(windows: Sequence[Window], now: datetime) -> bool:
    """Return whether *now* is in one of the windows; without any, it always is."""
    return not windows or any(_holds(window, now) for window in windows)


def _holds(window: Window, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(window.time_zone))
    clock, day, before = local.strftime("%H:%M"), _DAYS[local.weekday()], _DAYS[(local - timedelta(days=1)).weekday()]
    if window.start < window.end:
        return day in window.days and window.start <= clock < window.end
    # Past midnight: the evening of its day, or the morning after.
    return (day in window.days and clock >= window.start) or (before in window.days and clock < window.end)
