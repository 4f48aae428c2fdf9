"""Retrying: in which clusters a job is not tried again yet, as the pool failed it there, and not the job itself.

In: what became of its earlier attempts, and the time. Out: clusters that the planner leaves out for this job, and a
sentence for its owner. A fault of the pool does not count against the job, so nothing else would end a round of
admissions onto a node that kills each of them; what an agent refuses it would refuse again at once. Meanwhile every
other cluster may take the job. The delay follows from the ledger alone: whoever leads next finds the same. Pure.
"""

from datetime import UTC, datetime

from hanse.operator.mirror import Fault, Past
from hanse.scheduler.phrases import Phrase, phrase

DELAY_SECONDS_MAX = 300
_DOUBLINGS_MAX = DELAY_SECONDS_MAX.bit_length()


def excluded_clusters(past: Past, now_seconds: int) -> frozenset[str]:
    """Return the clusters that a job with this past is kept from."""
    return frozenset(each.cluster for each in past.faults if now_seconds < _again_at(each))


def changes_at(past: Past, now_seconds: int) -> int | None:
    """Return when next it is kept from fewer clusters, or None if it is kept from none."""
    return min((at for each in past.faults if now_seconds < (at := _again_at(each))), default=None)


def sentence(past: Past) -> Phrase:
    """Return what the owner of a job is told that waits for nothing but these delays."""
    at = datetime.fromtimestamp(max(map(_again_at, past.faults)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    count = sum(each.times for each in past.faults)
    if count == 1:
        said = "the pool, not the job, failed or refused it once; where it did, it is tried again by {time}"
        return phrase("retry.once", said, time=at)
    said = "the pool, not the job, failed or refused it {count} times; where it did, it is tried again by {time}"
    return phrase("retry.times", said, count=count, time=at)


def _again_at(fault: Fault) -> int:
    """Return from when on a cluster may take a job: 2, 4, 8 seconds and so on after the first faults in a row there.

    Its member's rules do not change by themselves: after a refusal it is the longest of these delays at once.
    """
    doubled = DELAY_SECONDS_MAX if fault.is_refusal else 1 << min(fault.times, _DOUBLINGS_MAX)
    return fault.last_seconds + min(doubled, DELAY_SECONDS_MAX)
