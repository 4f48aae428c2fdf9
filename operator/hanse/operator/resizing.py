"""Elastic gangs as the ledger has them: the sizes that decisions say, and workers that have left.

In: decisions' details, the mirror, Placements' statuses. Out: entries' details, what a gang has now, and groups of
entries that say who has left. Pure. A gang that shrinks is at its new size from its decision on; those who leave hold
their GPUs until their cluster's agent has confirmed the decision's sequence, and that is recorded as a decision too:
then nobody needs to ask the agent again, whoever leads.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hanse.evidence.canonical import Json

RESIZE, LEFT = "Resize", "Left"


@dataclass(frozen=True, slots=True)
class Beyond:
    """A worker beyond its gang's core, and the mask of its GPUs.

    If it leaves, `leaves_at` is the place in the ledger of the decision that says so, else 0.
    """

    worker: int
    node: str
    gpus: int
    leaves_at: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """What decisions have made of a gang: its workers beyond the core, and how many numbers these have had.

    `decided_at` is the place in the ledger of the last decision on it, 0 if there is none; `left_at_seconds` is when
    workers were last recorded to have left.
    """

    beyond: tuple[Beyond, ...] = ()
    numbers: int = 0
    decided_at: int = 0
    left_at_seconds: int = 0

    def after(self, kind: str, detail: Mapping[str, Any], sequence: int) -> "Size":
        """Return the size after a decision of this *kind*."""
        if kind == LEFT:
            left = set(detail["left"])
            staying = tuple(each for each in self.beyond if each.worker not in left)
            return Size(staying, self.numbers, self.decided_at, detail["asOf"])
        if kind != RESIZE:
            return self
        leaving = set(detail["leaving"])
        kept = (
            Beyond(each.worker, each.node, each.gpus, sequence) if each.worker in leaving else each
            for each in self.beyond
        )
        grown = [Beyond(worker, node, int(mask)) for worker, node, mask in detail["grown"]]
        return Size((*kept, *grown), self.numbers + len(grown), sequence, self.left_at_seconds)

    @property
    def staying(self) -> tuple[Beyond, ...]:
        """The workers beyond the core that the gang is to have."""
        return tuple(each for each in self.beyond if not each.leaves_at)

    def left_by(self, sequence: int) -> tuple[int, ...]:
        """Return the workers that have left once the agent has acted on what was decided up to *sequence*."""
        return tuple(each.worker for each in self.beyond if 0 < each.leaves_at <= sequence)


def detail(as_of: int, grown: Iterable[tuple[int, str, int]], leaving: Iterable[int]) -> dict[str, "Json"]:
    """Return what a decision says of a new size. A mask of 64 GPUs is no exact integer of JSON."""
    return {
        "asOf": as_of,
        "grown": [[worker, node, str(mask)] for worker, node, mask in grown],
        "leaving": list(leaving),
    }


Awaited = tuple[uuid.UUID, int]
"""A worker beyond a core whose GPUs another attempt gets: its attempt, and its number."""
