"""A snapshot: everything that one plan depends on, and nothing else, at one logical second.

In: columns from `building`, `deltas` or `applying`. Out: the argument of `planner.plan`. It is immutable, so that parts
of it can be shared between snapshots, and what was derived from a part stays valid as long as the very same part is
used again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hanse.scheduler import columns
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.columns import Integers, Table
from hanse.scheduler.decisions import AttemptId
from hanse.scheduler.pool import CapWindow, Shape
from hanse.scheduler.records import Exchange, Reservation


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`as_of` is in logical seconds; `caps`, in order of organisation, name and start, change with each plan.

    `reservations`, in order of start and job, are few, and name jobs and nodes that need not be there any more;
    `exchanges`, in order of job, are of attempts that are there.
    """

    as_of: int
    catalogue: Catalogue
    caps: tuple[CapWindow, ...]
    shapes: tuple[Shape, ...]
    nodes: Table
    jobs: Table
    attempts: Table
    holdings: Table
    reservations: tuple[Reservation, ...] = ()
    exchanges: tuple[Exchange, ...] = ()


def attempt_rows(jobs: Table, attempts: Table, names: Sequence[AttemptId]) -> Integers:
    """Return the rows of these attempts.

    Raises:
        KeyError: one of them is not there.

    """
    job = columns.find(jobs["uid"], [name.job for name in names])
    wanted = _order(job, np.array([name.number for name in names], dtype=np.int64))
    there = _order(attempts["job"], attempts["number"])
    rows: Integers = np.searchsorted(there, wanted)
    for name, row, key in zip(names, rows.tolist(), wanted.tolist(), strict=True):
        if row == len(there) or there[row] != key:
            raise KeyError(f"attempt {name.number} of {name.job} is not there")
    return rows


def _order(job: Integers, number: Integers) -> Integers:
    """Return one integer for job and number, in the order of attempts."""
    order: Integers = (job.astype(np.int64) << 32) | number
    return order
