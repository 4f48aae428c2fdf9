"""How much is kept of workers' logs, and which are looked at next. Pure.

In: bytes as a kubelet gives them, sizes of gangs, times. Out: tails within bounds, and an order. A gang of any size has
the same room, and workers that were not looked at for longest come first, so that none is passed over.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from hanse.agent.gangs import Worker
from hanse.evidence.tails import OVERHEAD_BYTES, Tail
from hanse.resources.protocol import LOG_ATTEMPT_BYTES_MAX, LOG_TAIL_BYTES_MAX

LINES_MAX = 200
LINE_BYTES_MAX = 16 * 1024
"""At most of what container runtimes write as one line; longer ones they break."""
READ_BYTES_MAX = LINES_MAX * (LINE_BYTES_MAX + 64)
"""A kubelet that gave less would leave out the newest."""
WORKERS_A_ROUND = 256


def bytes_max(workers: int) -> int:
    """Return how long the tail of each worker may be in a gang of so many."""
    return min(LOG_TAIL_BYTES_MAX, LOG_ATTEMPT_BYTES_MAX // max(1, workers)) - OVERHEAD_BYTES


def cut(log: bytes, most: int) -> Tail:
    """Return the last whole lines of what was read of a log that are no longer than *most* together.

    A line that is longer by itself is cut too.

    """
    is_cut = log.count(b"\n") >= LINES_MAX
    if len(log) <= most:
        return Tail(log, is_cut)
    last = log[-most:]
    begins_a_line = log[-most - 1 : -most] == b"\n"
    _, _, whole = last.partition(b"\n")
    return Tail(last if begins_a_line or not whole else whole, is_cut=True)


def due(
    workers: Iterable[Worker], attempts: Mapping[UUID, object], looked_at: Mapping[str, float], most: int
) -> list[Worker]:
    """Return the workers of *attempts* to look at now: *looked_at* has when each (by its uid) was looked at last."""
    own = [worker for worker in workers if worker.attempt in attempts and not worker.simulated]
    own.sort(key=lambda worker: (looked_at.get(worker.uid, float("-inf")), worker.name))
    return own[:most]
