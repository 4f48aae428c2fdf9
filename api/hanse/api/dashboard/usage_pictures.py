"""A member's use over time, as columns: what it was charged and lent, and what its GPUs did.

In: posted hours, how far back, what the member was entitled to as it changed. Out: timelines, and the same figures as
rows. Columns are averages over the hours that were posted; where none was, there is no column.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hanse.api.answers import EntitledSince, Hour
from hanse.api.dashboard import figures
from hanse.api.dashboard.charts import Column, Span, Timeline
from hanse.api.dashboard.figures import DAY_SECONDS, HOUR_SECONDS, MILLI, MILLI_HOURS
from hanse.api.dashboard.texts import Say


@dataclass(frozen=True)
class Range:
    """How far back, in columns of what width, with how many seconds between the times that are written below."""

    key: str
    seconds: int
    width_seconds: int
    tick_seconds: int
    form: str


RANGES = {
    "24h": Range("24h", DAY_SECONDS, HOUR_SECONDS, 6 * HOUR_SECONDS, "hour"),
    "7d": Range("7d", 7 * DAY_SECONDS, 6 * HOUR_SECONDS, DAY_SECONDS, "day"),
    "31d": Range("31d", 31 * DAY_SECONDS, DAY_SECONDS, 7 * DAY_SECONDS, "day"),
}


@dataclass(frozen=True)
class Averages:
    """What the hours that begin within one column come to: H100e and GPUs, on average."""

    seconds: int
    charged: float
    lent: float
    used: float
    idle: float
    down: float
    unknown: float
    entitled: float | None
    """On average over the column, as far as it is over; None if nothing was recorded of it."""


@dataclass(frozen=True)
class Usage:
    """Both pictures, and their figures."""

    charged: Timeline
    did: Timeline
    rows: tuple[Averages, ...]


def bounds(chosen: Range, now_seconds: int) -> tuple[int, int]:
    """Return from when to when hours are shown: whole columns, the last of which may be open."""
    end = -(-now_seconds // chosen.width_seconds) * chosen.width_seconds
    return end - chosen.seconds, end


def of(
    hours: Iterable[Hour], entitled: Iterable[EntitledSince], chosen: Range, within: tuple[int, int], say: Say
) -> Usage:
    """Return the pictures."""
    steps = _steps(entitled, *within)
    columns = sorted(_by_column(hours, chosen).items())
    rows = tuple(_averages(seconds, found, _level(steps, seconds, chosen.width_seconds)) for seconds, found in columns)
    time = (*within, chosen.width_seconds, chosen.tick_seconds, chosen.form)
    charged = Timeline([_charged(row, say) for row in rows], *time, unit="H100e", steps=steps)
    return Usage(charged, Timeline([_did(row, say) for row in rows], *time, unit=say("gpus")), rows)


def _steps(entitled: Iterable[EntitledSince], start_seconds: int, end_seconds: int) -> list[tuple[int, int, float]]:
    """Return from when on, until when, and to how much the member was entitled over all its classes, in H100e."""
    now: dict[tuple[str, str], int] = {}
    levels: dict[int, float] = {}
    for each in entitled:
        now[each.member, each.accelerator_class] = each.milli_h100e
        levels[max(each.at_seconds, start_seconds)] = sum(now.values()) / MILLI
    ends = itertools.pairwise([*sorted(levels.items()), (end_seconds, 0.0)])
    return [(since, until, level) for (since, level), (until, _) in ends]


def _level(steps: Sequence[tuple[int, int, float]], start_seconds: int, width_seconds: int) -> float | None:
    """Return the average of the steps over a column, from where they begin."""
    end, held, total = start_seconds + width_seconds, 0, 0.0
    for since, until, level in steps:
        seconds = min(until, end) - max(since, start_seconds)
        if seconds > 0:
            held, total = held + seconds, total + level * seconds
    return total / held if held else None


def _by_column(hours: Iterable[Hour], chosen: Range) -> Mapping[int, list[Hour]]:
    found: dict[int, list[Hour]] = {}
    for hour in hours:
        found.setdefault(hour.hour_seconds // chosen.width_seconds * chosen.width_seconds, []).append(hour)
    return found


def _averages(seconds: int, hours: list[Hour], entitled: float | None) -> Averages:
    def average(name: str) -> float:
        return float(sum(getattr(hour, name) for hour in hours)) / len(hours) / MILLI_HOURS

    used, idle, down, unknown = (average(f"{name}_milli_gpu_seconds") for name in ("used", "idle", "down", "unknown"))
    charged, lent = (max(0.0, average(name)) for name in ("charged", "lent"))
    return Averages(seconds, charged, lent, used, idle, down, unknown, entitled)


def _charged(row: Averages, say: Say) -> Column:
    within = row.charged if row.entitled is None else min(row.charged, row.entitled)
    charged, lent = figures.number(row.charged), figures.number(row.lent)
    said = say("usage.at", time=_utc(row.seconds), charged=charged, lent=lent)
    up = (Span("used", within), Span("above", row.charged - within))
    return Column(row.seconds, up, (Span("lent", row.lent),), said)


def _did(row: Averages, say: Say) -> Column:
    names = ("used", "idle", "down", "unknown")
    shown = {name: figures.number(getattr(row, name)) for name in names}
    spans = tuple(Span(name, getattr(row, name)) for name in names)
    return Column(row.seconds, spans, said=say("did.at", time=_utc(row.seconds), **shown))


def _utc(seconds: int) -> str:
    return figures.strftime(seconds, "%Y-%m-%d %H:%M UTC")
