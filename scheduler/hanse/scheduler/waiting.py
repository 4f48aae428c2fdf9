"""Waiting jobs, in classes of equal leaf, tier and shape: one verdict is good for all of a class.

In: the parts that do not run. Out: classes, each with its jobs oldest first. Tens of thousands of waiting jobs make
hundreds of classes, and only these are tried. `covered` and `borrowing` decide the order among classes.

A job has one attempt at a time: one that drains is not tried until its end is confirmed, and whoever is stopped by a
plan is not tried again in it. The ledger holds to the same rule.
"""

import heapq
from collections.abc import Iterator

import numpy as np

from hanse.scheduler.columns import Integers
from hanse.scheduler.cycle import Cycle

Key = tuple[int, int, int]


class JobClass:
    """Waiting jobs of one leaf, tier and shape. `choices` are its options that the pool has, with their class."""

    def __init__(self, cycle: Cycle, key: Key) -> None:
        self.key = key
        self.leaf, self.tier, self.shape = key
        self.member = cycle.catalogue.member_of[self.leaf]
        self.tier_rank = int(cycle.catalogue.tier_rank[self.tier])
        self.choices = cycle.choices(self.shape)
        self.ages: list[int] = []

    @property
    def oldest(self) -> int:
        """The age of the job that is tried next; smaller is older."""
        return self.ages[0]


class Waiting:
    """All classes, by key. Jobs that drain, and those of suspended members, are not tried."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        parts, jobs = cycle.parts, cycle.snapshot.jobs
        self._part_of_age = np.argsort(parts.age[: parts.jobs])
        self.by_key: dict[Key, JobClass] = {}
        self._by_member: dict[int, list[JobClass]] = {}
        suspended = np.array([member.suspended for member in cycle.catalogue.members], dtype=np.bool_)
        attempts = cycle.snapshot.attempts
        is_tried = ~parts.live[: parts.jobs] & ~jobs["suspended"] & ~suspended[parts.member[: parts.jobs]]
        is_tried[attempts["job"][attempts["draining"]]] = False
        self._fill(np.flatnonzero(is_tried))

    def _fill(self, rows: Integers) -> None:
        parts = self._cycle.parts
        by_class = rows[np.lexsort((parts.age[rows], parts.shape[rows], parts.tier[rows], parts.leaf[rows]))]
        keys = np.stack([parts.leaf[by_class], parts.tier[by_class], parts.shape[by_class]], axis=1)
        starts = np.flatnonzero((np.diff(keys, axis=0, prepend=-1) != 0).any(axis=1))
        for members in np.split(by_class, starts)[1:]:
            first = int(members[0])
            key = (int(parts.leaf[first]), int(parts.tier[first]), int(parts.shape[first]))
            # The lexical order is the order of the keys, so that both hold their classes in that order.
            job_class = self.by_key[key] = JobClass(self._cycle, key)
            self._by_member.setdefault(job_class.member, []).append(job_class)
            job_class.ages = parts.age[members].tolist()  # rising ages are a heap already

    def part(self, job_class: JobClass) -> int:
        """Return the part of a class's oldest job."""
        return int(self._part_of_age[job_class.oldest])

    def parts_of(self, job_class: JobClass) -> Integers:
        """Return the parts of all of a class's jobs."""
        parts: Integers = self._part_of_age[job_class.ages]
        return parts

    def started(self, job_class: JobClass) -> None:
        """Take the oldest job out of its class."""
        heapq.heappop(job_class.ages)

    def holder_class(self, part: int) -> JobClass | None:
        """Return the class of which *part* is the job that is tried next, or None if it is not tried next in any."""
        parts = self._cycle.parts
        job_class = self.by_key.get((int(parts.leaf[part]), int(parts.tier[part]), int(parts.shape[part])))
        is_next = job_class is not None and job_class.ages and job_class.oldest == parts.age[part]
        return job_class if is_next else None

    def classes(self) -> Iterator[JobClass]:
        """Yield the classes in which jobs wait, in the order of their keys."""
        return (each for each in self.by_key.values() if each.ages)

    def classes_of(self, member: int) -> Iterator[JobClass]:
        """Yield those of a member, in the same order."""
        return (each for each in self._by_member.get(member, ()) if each.ages)
