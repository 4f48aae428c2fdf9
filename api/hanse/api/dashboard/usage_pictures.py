"""A member's use over time, as columns: what it was charged and lent, and what its GPUs did.

In: posted hours, how far back, what the member is entitled to now in milli-H100e. Out: timelines, and the same figures
as rows. Columns are averages over the hours that were posted; where none was, there is no column.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hanse.api.answers import Hour
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


def of(hours: Iterable[Hour], chosen: Range, within: tuple[int, int], entitled: int | None, say: Say) -> Usage:
    """Return the pictures."""
    rows = tuple(_averages(seconds, found) for seconds, found in sorted(_by_column(hours, chosen).items()))
    level = None if entitled is None else entitled / MILLI
    time = (*within, chosen.width_seconds, chosen.tick_seconds, chosen.form)
    charged = Timeline([_charged(row, level, say) for row in rows], *time, unit="H100e", level=level)
    return Usage(charged, Timeline([_did(row, say) for row in rows], *time, unit=say("gpus")), rows)


def _by_column(hours: Iterable[Hour], chosen: Range) -> Mapping[int, list[Hour]]:
    found: dict[int, list[Hour]] = {}
    for hour in hours:
        found.setdefault(hour.hour_seconds // chosen.width_seconds * chosen.width_seconds, []).append(hour)
    return found


def _averages(seconds: int, hours: list[Hour]) -> Averages:
    def average(name: str) -> float:
        return float(sum(getattr(hour, name) for hour in hours)) / len(hours) / MILLI_HOURS

    did = (average(f"{name}_milli_gpu_seconds") for name in ("used", "idle", "down", "unknown"))
    return Averages(seconds, max(0.0, average("charged")), max(0.0, average("lent")), *did)


def _charged(row: Averages, level: float | None, say: Say) -> Column:
    within = row.charged if level is None else min(row.charged, level)
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
