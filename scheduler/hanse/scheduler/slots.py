"""GPUs by bit: which of a node's GPUs a gang gets, and whose end it has to wait for.

In: what live attempts hold and draining ones still hold. Out: masks, and the attempts to wait for. `capacity` has
already decided how many GPUs on which node; here only the bits are chosen. A GPU is held (`busy`), draining, both
(promised: the one who holds it waits), or free. One that workers share is held until the last of them has let it go.
"""

from collections import Counter, defaultdict

import numpy as np

from hanse.scheduler import using
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.decisions import AttemptId, WorkerId
from hanse.scheduler.ground import Ground
from hanse.scheduler.snapshot import Snapshot


class Slots:
    """GPU masks by node."""

    def __init__(self, snapshot: Snapshot, ground: Ground) -> None:
        self._usable: list[int] = ground.usable_gpus.tolist()
        has_stopped = snapshot.attempts["draining"][snapshot.holdings["attempt"]]
        drains: Flags = has_stopped | snapshot.holdings["leaving"]
        self._tenants: Counter[tuple[int, int]] = Counter()
        """How many workers share a GPU, by node and GPU."""
        for held in snapshot.holdings[~drains & using.is_shared(snapshot)]:
            self._tenants.update((int(held["node"]), gpu) for gpu in _gpus(int(held["gpus"])))
        self._busy = _together(snapshot, ~drains)
        self._draining = _together(snapshot, drains)
        self._drainers: dict[int, list[AttemptId]] = defaultdict(list)
        self._leavers: dict[int, list[WorkerId]] = defaultdict(list)
        self._draining_jobs: set[str] = set()
        for holding, is_whole in zip(snapshot.holdings[drains], has_stopped[drains], strict=True):
            attempt = snapshot.attempts[holding["attempt"]]
            name = AttemptId(str(snapshot.jobs["uid"][attempt["job"]]), int(attempt["number"]))
            if is_whole:
                self._note(name, [int(holding["node"])])
            else:
                self._leavers[int(holding["node"])].append(WorkerId(name, int(holding["worker"])))

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

    def share(self, nodes: Integers, masks: list[int]) -> None:
        """Let one more worker have part of each GPU in *masks*, by node."""
        for node, mask in zip(nodes.tolist(), masks, strict=True):
            self._tenants.update((node, gpu) for gpu in _gpus(mask))
            self._busy[node] |= mask

    def drain(self, attempt: AttemptId, nodes: Integers, masks: list[int]) -> None:
        """Let a stopped attempt's GPUs go: they may be promised from now on."""
        self._let_go(nodes, masks)
        self._note(attempt, nodes.tolist())

    def leave(self, worker: WorkerId, nodes: Integers, masks: list[int]) -> None:
        """Let the GPUs of one worker go that is told to leave its gang."""
        self._let_go(nodes, masks)
        for node in nodes.tolist():
            self._leavers[node].append(worker)

    def _let_go(self, nodes: Integers, masks: list[int]) -> None:
        for node, mask in zip(nodes.tolist(), masks, strict=True):
            self._busy[node] &= ~mask | self._shared_still(node, mask)
            self._draining[node] |= mask

    def _shared_still(self, node: int, mask: int) -> int:
        """Take a worker off those that share GPUs in *mask*; return those of them that others still share."""
        still = 0
        for gpu in _gpus(mask) if self._tenants else ():
            left = self._tenants.pop((node, gpu), 0) - 1
            if left > 0:
                self._tenants[node, gpu] = left
                still |= 1 << gpu
        return still

    def awaited(self, nodes: Integers) -> tuple[AttemptId, ...]:
        """Return who must have ended before anybody may start on *nodes*: whoever drains there.

        Whoever drains on a node, not only on the very GPUs: its memory, its processors and its member leave with it.
        """
        return tuple(sorted({attempt for node in nodes.tolist() for attempt in self._drainers.get(node, ())}))

    def awaited_workers(self, nodes: Integers) -> tuple[WorkerId, ...]:
        """Return the workers that must have left before anybody may start on *nodes*."""
        return tuple(sorted({worker for node in nodes.tolist() for worker in self._leavers.get(node, ())}))

    def is_quiet(self, nodes: Integers) -> Flags:
        """Return on which of *nodes* nobody drains or leaves: what is free there is free now."""
        quiet: Flags = np.array([not (self._drainers.get(each) or self._leavers.get(each)) for each in nodes.tolist()])
        return quiet.astype(np.bool_)

    def leaving(self) -> set[AttemptId]:
        """Return the attempts of which workers leave."""
        return {worker.attempt for workers in self._leavers.values() for worker in workers}

    def draining_jobs(self) -> list[str]:
        """Return the jobs of which an attempt was stopped and has not ended, in order."""
        return sorted(self._draining_jobs)


def _together(snapshot: Snapshot, chosen: Flags) -> list[int]:
    masks = np.zeros(len(snapshot.nodes), dtype=np.uint64)
    held = snapshot.holdings[chosen]
    np.bitwise_or.at(masks, held["node"], held["gpus"])
    listed: list[int] = masks.tolist()
    return listed


def _gpus(mask: int) -> list[int]:
    return [gpu for gpu in range(mask.bit_length()) if mask >> gpu & 1]


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
