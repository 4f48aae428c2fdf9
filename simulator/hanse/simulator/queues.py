"""A queue of waiting jobs, in which all that ask for the same are found at once.

In: jobs, each with where it stands (a tuple that sorts). Out: the first of each shape, in that order: where one gang of
a shape finds no place, no other of that shape does, so that a policy which skips tries a few shapes, not thousands of
jobs. How deep a policy may look is counted in jobs, all the same.
"""

import bisect
from collections.abc import Iterator
from typing import TypeAlias

from hanse.simulator.workload import Job

Rank: TypeAlias = tuple[int, ...]
_Shape: TypeAlias = tuple[int, int]


class Queue:
    """Waiting jobs by rank; the lowest goes first. A job's rank ends with its order, so that no two are equal."""

    def __init__(self) -> None:
        self._ranked: list[Rank] = []
        self._by_shape: dict[_Shape, list[tuple[Rank, Job]]] = {}

    def __len__(self) -> int:
        return len(self._ranked)

    def add(self, job: Job, *rank: int) -> None:
        """Put *job* in behind all of a lower rank, and of the same rank behind all that were submitted before."""
        whole = (*rank, job.order)
        bisect.insort(self._ranked, whole)
        bisect.insort(self._by_shape.setdefault((job.workers, job.gpus_per_worker), []), (whole, job))

    def remove(self, job: Job, *rank: int) -> None:
        """Take *job* out, which was added with this rank."""
        whole = (*rank, job.order)
        del self._ranked[bisect.bisect_left(self._ranked, whole)]
        of_shape = self._by_shape[job.workers, job.gpus_per_worker]
        del of_shape[bisect.bisect_left(of_shape, (whole,))]

    def heads(self, depth: int) -> Iterator[Job]:
        """Yield the first of each shape among the first *depth* jobs, by rank.

        After each one the caller has either taken it out, and its shape's next one comes in its turn, or has not: then
        the rest of its shape is passed over.
        """
        last = self._ranked[depth - 1] if len(self._ranked) > depth else None
        shapes = [shape for shape, jobs in self._by_shape.items() if jobs]
        while shapes:
            shape = min(shapes, key=lambda each: self._by_shape[each][0])
            rank, job = self._by_shape[shape][0]
            if last is not None and rank > last:
                return
            yield job
            rest = self._by_shape[shape]
            if not rest or rest[0][1] is job:
                shapes.remove(shape)
