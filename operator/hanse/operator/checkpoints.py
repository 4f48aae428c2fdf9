"""Checkpoints of record: the last one of each job, as Postgres has it.

In: a connection, and jobs. Out: step, fence and time of their last checkpoints; next is :mod:`hanse.operator.mirror`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Saved:
    """The last checkpoint of record of a job, under whichever of its fences."""

    step: int
    fence: int
    at_seconds: int


def last(connection: Connection, jobs: Iterable[str]) -> dict[str, Saved]:
    """Return the last checkpoints of *jobs*: one look into an index for each."""
    rows = connection.execute(_LAST_CHECKPOINTS, {"jobs": sorted(set(jobs))})
    return {str(row.job): Saved(row.step, row.fence, row.at_seconds) for row in rows}


_LAST_CHECKPOINTS = sa.text(
    "SELECT asked.job, last.step, last.fence, last.at_seconds FROM unnest(CAST(:jobs AS uuid[])) AS asked (job),"
    " LATERAL (SELECT step, fence, floor(extract(epoch FROM recorded_at))::bigint AS at_seconds FROM ledger.checkpoint"
    " WHERE job = asked.job ORDER BY sequence DESC LIMIT 1) AS last"
)
