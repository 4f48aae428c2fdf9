"""GPUs by bit: which of a node's GPUs a gang gets, and whose end it has to wait for.

In: what live attempts hold and draining ones still hold. Out: masks, and the attempts to wait for. `capacity` has
already decided how many GPUs on which node; here only the bits are chosen. A GPU is held (`busy`), draining, both
(promised: the one who holds it waits), or free.
"""

from collections import defaultdict

import numpy as np

from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.decisions import AttemptId
from hanse.scheduler.ground import Ground
from hanse.scheduler.snapshot import Snapshot


class Slots:
    """GPU masks by node."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        self._usable: list[int] = ground.usable_gpus.tolist()
        drains = snapshot.attempts["draining"][snapshot.holdings["attempt"]]
        self._busy = _together(snapshot, ~drains)
        self._draining = _together(snapshot, drains)
        self._drainers: dict[int, list[AttemptId]] = defaultdict(list)
        self._draining_jobs: set[str] = set()
        for holding in snapshot.holdings[drains]:
            attempt = snapshot.attempts[holding["attempt"]]
            name = AttemptId(str(snapshot.jobs["uid"][attempt["job"]]), int(attempt["number"]))
            self._note(name, [int(holding["node"])])

    def _note(self, attempt: AttemptId, nodes: list[int]) -> None:
        self._draining_jobs.add(attempt.job)
        for node in nodes:
            self._drainers[node].append(attempt)

    def take(self, nodes: Integers, gpus: Integers) -> list[int]:
        """Hold so many *gpus* on each of *nodes* and return their masks."""
        masks = []
        for node, count in zip(nodes.tolist(), gpus.tolist(), strict=True):
            mask = _choose(self._usable[node] & ~self._busy[node], self._draining[node], count)
            self._busy[node] |= mask
            masks.append(mask)
        return masks

    def drain(self, attempt: AttemptId, nodes: Integers, masks: list[int]) -> None:
        """Let a stopped attempt's GPUs go: they may be promised from now on."""
        for node, mask in zip(nodes.tolist(), masks, strict=True):
            self._busy[node] &= ~mask
            self._draining[node] |= mask
        self._note(attempt, nodes.tolist())

    def awaited(self, nodes: Integers) -> tuple[AttemptId, ...]:
        """Return who must have ended before anybody may start on *nodes*: whoever drains there.

        Whoever drains on a node, not only on the very GPUs: its memory, its processors and its member leave with it.
        """
        return tuple(sorted({attempt for node in nodes.tolist() for attempt in self._drainers.get(node, ())}))

    def draining_jobs(self) -> list[str]:
        """Return the jobs of which an attempt was stopped and has not ended, in order."""
        return sorted(self._draining_jobs)


def _together(snapshot: Snapshot, chosen: Flags) -> list[int]:
    masks = np.zeros(len(snapshot.nodes), dtype=np.uint64)
    held = snapshot.holdings[chosen]
    np.bitwise_or.at(masks, held["node"], held["gpus"])
    listed: list[int] = masks.tolist()
    return listed


def _choose(free: int, draining: int, count: int) -> int:
    """Return *count* GPUs of *free*, those that nobody drains first: they can be started on at once."""
    idle = lowest_bits(free & ~draining, count)
    return idle | lowest_bits(free & draining, count - idle.bit_count())


def lowest_bits(mask: int, count: int) -> int:
    """Return the *count* lowest set bits of *mask*, or all if it has no more."""
    chosen = 0
    while count and mask:
        lowest = mask & -mask
        chosen |= lowest
        mask ^= lowest
        count -= 1
    return chosen
