"""Retrying: how long a job is held back that the pool failed, and not the job itself.

In: what became of its earlier attempts. Out: when it is tried again, and a verdict until then. A fault of the pool does
not count against the job, so nothing else would end a round of admissions onto a node that kills each of them. The
delay follows from the ledger alone: whoever leads next finds the same. Pure.
"""

from datetime import UTC, datetime

from hanse.operator.fitness import Verdict
from hanse.operator.mirror import Past
from hanse.resources import Reason

DELAY_SECONDS_MAX = 300
_DOUBLINGS_MAX = DELAY_SECONDS_MAX.bit_length()


def again_at(past: Past) -> int:
    """Return from when on a job may run: 2, 4, 8 seconds and so on after the first, second and third fault in a row."""
    if not past.pool_faults:
        return 0
    return past.last_ended_seconds + min(1 << min(past.pool_faults, _DOUBLINGS_MAX), DELAY_SECONDS_MAX)


def verdict(past: Past) -> Verdict:
    """Return what the owner of a job that is not tried again yet is told."""
    at = datetime.fromtimestamp(again_at(past), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = f"{past.pool_faults} times in a row" if past.pool_faults > 1 else "once"
    return Verdict(Reason.RETRY_DELAYED, f"the pool, not the job, failed it {times}; it is tried again from {at} on")
