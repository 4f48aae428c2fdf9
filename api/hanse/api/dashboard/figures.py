"""Numbers and times as people read them; the integers of the answers stay what they are.

In: thousandths, milli-H100e-seconds, Unix seconds. Out: short texts. Times are UTC in the page, and a small script
shows them in the viewer's zone.
"""

from datetime import UTC, datetime

from markupsafe import Markup

from hanse.api.dashboard.texts import Say
from hanse.api.metered import Measured

MILLI = 1000
HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
MILLI_HOURS = MILLI * HOUR_SECONDS
"""Of one H100e for an hour, or of one GPU for an hour."""
NONE = "\N{EN DASH}"


def number(value: float) -> str:
    """Return a number with at most one place, and groups of thousands."""
    return f"{value:,.1f}".removesuffix(".0")


def thousandths(milli: int | None) -> str:
    """Return a number that comes in thousandths; a limit that is none is a dash."""
    return NONE if milli is None else number(milli / MILLI)


def hours(milli_seconds: int) -> str:
    """Return H100e-hours or GPU-hours of milli-seconds of these."""
    return number(milli_seconds / MILLI_HOURS)


def gib(mib: int) -> str:
    """Return GiB of MiB."""
    return number(mib / 1024)


def memory(measured: Measured, say: Say) -> str:
    """Return how much of a GPU's memory was in use on average, where that was measured."""
    if measured.memory_mib_seconds is None or not measured.memory_of_milli_gpu_seconds:
        return say("measured.no_memory")
    average = measured.memory_mib_seconds * MILLI // measured.memory_of_milli_gpu_seconds
    return say("measured.memory", gib=gib(average))


def iso(seconds: int) -> str:
    """Return a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed_hours(milli_seconds: int) -> str:
    """Return likewise, with the sign of what is owed to somebody."""
    return f"{'+' if milli_seconds > 0 else ''}{hours(milli_seconds)}"


def strftime(seconds: int, form: str) -> str:
    """Return a time in UTC in a form of strftime."""
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def time(seconds: int | None) -> str:
    """Return a time as an element that the script shows in the viewer's zone; none is a dash."""
    if seconds is None:
        return NONE
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}">{}</time>').format(iso(seconds), text)


def written(at: str) -> str:
    """Return a time that a status has in RFC 3339 likewise."""
    return moment(datetime.fromisoformat(at))


def moment(at: datetime) -> str:
    """Return a recorded time likewise."""
    return time(int(at.timestamp()))


def duration(seconds: int, say: Say) -> str:
    """Return a duration in its two largest units."""
    days, rest = divmod(seconds, DAY_SECONDS)
    in_hours, rest = divmod(rest, HOUR_SECONDS)
    minutes, left = divmod(rest, 60)
    if days:
        return say("duration.days", days=days, hours=in_hours)
    if in_hours:
        return say("duration.hours", hours=in_hours, minutes=minutes)
    return say("duration.minutes", minutes=minutes) if minutes else say("duration.seconds", seconds=left)
