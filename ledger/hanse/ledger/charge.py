"""What use costs: the few formulas, in integers.

In: milli-H100e, factors in thousandths, milli-GPU-seconds. Out: rates and charges in mH·s (milli-H100e-seconds; an hour
of one H100 is 3,600,000). Posting and verifying use the very same functions. They belong to quota arithmetic and know
nothing of the database.
"""

from collections.abc import Iterator

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
_THOUSAND = 1000


def rate(milli_h100e: int, tier_thousandths: int) -> int:
    """Return what a second of one whole GPU costs in a tier, mH·s: the floor of the exact product."""
    return milli_h100e * tier_thousandths // _THOUSAND


def charge(rate_milli_h100e: int, milli_gpu_seconds: int) -> int:
    """Return the charge, mH·s, for what one attempt used on one node in one hour, rounded down."""
    return rate_milli_h100e * milli_gpu_seconds // _THOUSAND


def hours(start_seconds: int, end_seconds: int) -> Iterator[tuple[int, int]]:
    """Yield each hour (its start, Unix time) that the interval touches, and for how many seconds."""
    hour = start_seconds - start_seconds % HOUR_SECONDS
    while max(hour, start_seconds) < end_seconds:
        yield hour, min(end_seconds, hour + HOUR_SECONDS) - max(start_seconds, hour)
        hour += HOUR_SECONDS
