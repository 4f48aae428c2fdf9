"""What a contribution offers: which nodes, and whether they are open, under notice, or closed at a moment.

In: a Contribution, a node as it is reported, the time. Out: whether it is offered, and its state. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hanse.resources import ContributionSpec
from hanse.resources.contribution import Window
from hanse.scheduler.pool import NodeState

CLOSE_NOTICE_MINUTES = 15
"""So long before a window closes nothing new starts: as long as a recall's notice, if it does not say another."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def includes(offer: ContributionSpec, cluster: str, report: Mapping[str, Any]) -> bool:
    """Return whether a node that the agent of *cluster* reports is one of those offered."""
    labels = report.get("labels", {})
    same_place = (offer.cluster, offer.accelerator_class) == (cluster, report["class"])
    return same_place and all(labels.get(key) == value for key, value in offer.node_selector.items())


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether the nodes take work, and by when they have to be free (Unix time), if that is near or past."""

    state: NodeState
    free_by_seconds: int | None = None


def outlook(offer: ContributionSpec, now_seconds: int) -> Outlook:
    """Return whether the nodes take work: not outside of the windows, nor from the notice of a recall or a close on."""
    now = datetime.fromtimestamp(now_seconds, UTC)
    recalled_at = offer.recall.at if offer.recall is not None else None
    if not is_open(offer.windows, now) or (recalled_at is not None and now >= recalled_at):
        return Outlook(NodeState.CLOSED, now_seconds)
    ends = [closes_soon(offer.windows, now)]
    if offer.recall is not None and now >= offer.recall.at - offer.recall.notice:
        ends.append(offer.recall.at)
    first = min((each for each in ends if each is not None), default=None)
    return Outlook(NodeState.RECALLED, int(first.timestamp())) if first else Outlook(NodeState.READY)


def closes_soon(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Return when no window is open any more, if that is within the notice that each close has."""
    if not windows:
        return None
    minute = now.replace(second=0, microsecond=0)
    minutes = (minute + timedelta(minutes=each) for each in range(1, CLOSE_NOTICE_MINUTES + 1))
    return next((each for each in minutes if not is_open(windows, each)), None)


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
