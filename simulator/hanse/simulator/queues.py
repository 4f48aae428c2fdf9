"""A queue of waiting jobs, in which all that ask for the same are found at once.

In: jobs, in the order in which they were submitted, or fillers after all others. Out: the first of each shape, in that
order: where one gang of a shape finds no place, no other of that shape does, so that a policy which skips tries a few
shapes, not thousands of jobs. How deep a policy may look is counted in jobs, all the same.
"""

import bisect
import heapq
import itertools
from collections.abc import Iterator
from typing import TypeAlias

from hanse.simulator.workload import Job

Rank: TypeAlias = tuple[bool, int]
_Shape: TypeAlias = tuple[int, int]


class Queue:
    """Waiting jobs; the first submitted goes first, and fillers last if they are to."""

    def __init__(self, *, fillers_last: bool = False) -> None:
        self._fillers_last = fillers_last
        self._ranked: list[Rank] = []
        self._by_shape: dict[_Shape, list[tuple[Rank, Job]]] = {}

    def add(self, job: Job) -> None:
        """Put *job* in where it belongs; one that was stopped comes back to its old place."""
        rank = self._rank(job)
        bisect.insort(self._ranked, rank)
        bisect.insort(self._by_shape.setdefault((job.workers, job.gpus_per_worker), []), (rank, job))

    def remove(self, job: Job) -> None:
        """Take *job* out."""
        rank = self._rank(job)
        del self._ranked[bisect.bisect_left(self._ranked, rank)]
        of_shape = self._by_shape[job.workers, job.gpus_per_worker]
        del of_shape[bisect.bisect_left(of_shape, (rank,))]

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

    def first(self, depth: int) -> list[Job]:
        """Return the first *depth* jobs, by rank, of whatever shape: for who looks at more than that."""
        return [job for _, job in itertools.islice(heapq.merge(*self._by_shape.values()), depth)]

    def _rank(self, job: Job) -> Rank:
        return self._fillers_last and job.is_filler, job.order
