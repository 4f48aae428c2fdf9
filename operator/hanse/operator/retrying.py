"""Retrying: how long a job is held back that the pool failed, and not the job itself.

In: what became of its earlier attempts, and the time. Out: a verdict until it is tried again. A fault of the pool does
not count against the job, so nothing else would end a round of admissions onto a node that kills each of them. The
delay follows from the ledger alone: whoever leads next finds the same. Pure.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from hanse.operator.fitness import Verdict
from hanse.operator.mirror import NEVER_RAN, Mirror, Past
from hanse.resources import Reason

DELAY_SECONDS_MAX = 300
_DOUBLINGS_MAX = DELAY_SECONDS_MAX.bit_length()


def verdicts(jobs: Iterable[str], mirror: Mirror) -> dict[str, Verdict]:
    """Return a verdict on each of those *jobs* that are not tried again yet."""
    waiting = ((job, mirror.past.get(job, NEVER_RAN)) for job in jobs if job not in mirror.live)
    return {job: verdict(past) for job, past in waiting if mirror.now_seconds < again_at(past)}


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
