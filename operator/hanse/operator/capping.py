"""The windows of members' and organisations' caps, from now until the last second that any attempt is funded for.

In: the caps of Members, the settlement time zone, the time, and what the ledger says is taken and raised. Out: the
planner's cap windows, and for each the bounds and the ceiling that a reservation is recorded with. Pure.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hanse.ledger import transfers
from hanse.ledger.overrides import Ceilings
from hanse.operator.fitness import organisation_name
from hanse.operator.world import Leaf
from hanse.resources import Member
from hanse.resources.member import Cap
from hanse.scheduler.pool import CapAtOnce, CapWindow

HORIZON_SECONDS = 3 * 24 * 3600
"""Longer than any funding: at most two checkpoint intervals of a day, grace and slot latency."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One window of a cap of *organisation*, which may be the member; *account* is the ledger's."""

    organisation: str
    cap: str
    account: str
    start_seconds: int
    end_seconds: int
    ceiling: int


def windows(member: Member, time_zone: str, now_seconds: int) -> list[Opened]:
    """Return the windows of the caps over time of a member and its organisations.

    Names of caps are unique within a member, so the ledger's account needs no organisation.
    """
    name = member.metadata.name
    return [
        Opened(_whose(name, cap), cap.name, transfers.cap(name, cap.name, start), start, end, cap.milli_h100e_seconds)
        for cap in member.spec.caps
        if cap.milli_h100e_seconds is not None
        for start, end in _bounds(cap, ZoneInfo(time_zone), now_seconds)
    ]


def bounded(opened: Iterable[Opened], ceilings: Ceilings) -> list[Opened]:
    """Return the windows as the ledger lets them be: one that has begun is raised by trustees alone, if there are."""
    return [dataclasses.replace(each, ceiling=ceilings.of(each.account, each.ceiling)) for each in opened]


def at_once(member: Member) -> list[CapAtOnce]:
    """Return the caps on what a member and its organisations use at one time."""
    return [
        CapAtOnce(cap.name, _whose(member.metadata.name, cap), cap.at_once_milli_h100e)
        for cap in member.spec.caps
        if cap.at_once_milli_h100e is not None
    ]


def _whose(member: str, cap: Cap) -> str:
    return organisation_name(Leaf(member, cap.organisation))


def left(opened: list[Opened], taken_by_account: Mapping[str, int]) -> tuple[CapWindow, ...]:
    """Return the planner's view of the windows: what is neither posted nor reserved."""
    return tuple(
        CapWindow(
            each.cap,
            each.organisation,
            each.start_seconds,
            each.end_seconds,
            max(0, each.ceiling - taken_by_account.get(each.account, 0)),
        )
        for each in opened
    )


def _bounds(cap: Cap, zone: ZoneInfo, now_seconds: int) -> Iterator[tuple[int, int]]:
    start = _begin(cap.window or "", datetime.fromtimestamp(now_seconds, zone))
    while start.timestamp() < now_seconds + HORIZON_SECONDS:
        end = _next(cap.window or "", start)
        yield int(start.timestamp()), int(end.timestamp())
        start = end


def _begin(window: str, moment: datetime) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    if window == "Hour":
        return hour
    if window == "Day":
        return day
    return day - timedelta(days=day.weekday()) if window == "Week" else day.replace(day=1)


def _next(window: str, start: datetime) -> datetime:
    if window == "Hour":
        # In UTC, as an hour of the local clock may be none, or two.
        return (start.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
    if window == "Month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if window == "Week" else 1)
