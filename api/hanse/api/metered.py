"""What a statement says beside money: what a member's GPUs did, and what its attempts used.

In: members and the hours of a period. Out: sums, of the last run of each hour. What did not come in is unknown there,
and what nothing measured is null: neither is nought.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.ledger import database
from hanse.resources.model import Model


class Did(Model):
    """What a member's GPUs did in the posted hours. What is unknown did not come in; nobody is credited for it."""

    used_milli_gpu_seconds: int = 0
    idle_milli_gpu_seconds: int = 0
    down_milli_gpu_seconds: int = 0
    unknown_milli_gpu_seconds: int = 0


class Measured(Model):
    """What attempts used, on whosever GPUs; null is what nothing measured.

    GPUs that are shared are busy for each of those who share them in proportion to their shares.

    """

    used_milli_gpu_seconds: int = 0
    memory_mib_seconds: int | None = None
    memory_of_milli_gpu_seconds: int = 0
    energy_millijoules: int | None = None
    energy_of_milli_gpu_seconds: int = 0
    busy_milliseconds: int | None = None
    busy_of_milli_gpu_seconds: int = 0


# Of an hour's runs the last that says something of an attempt has seen all of its slots.
_DID = """
SELECT member, sum(used)::bigint AS used_milli_gpu_seconds, sum(idle)::bigint AS idle_milli_gpu_seconds,
       sum(down)::bigint AS down_milli_gpu_seconds, sum(unknown)::bigint AS unknown_milli_gpu_seconds
FROM (SELECT DISTINCT ON (member, hour_seconds) * FROM ledger.posting
      WHERE member = ANY (:members) AND hour_seconds >= :start AND hour_seconds < :end
      ORDER BY member, hour_seconds, run DESC) AS last GROUP BY member
"""
_SUMS = """
       sum(milli_gpu_seconds)::bigint AS used_milli_gpu_seconds,
       sum(memory_mib_seconds)::bigint AS memory_mib_seconds, sum(memory_of)::bigint AS memory_of_milli_gpu_seconds,
       sum(energy_millijoules)::bigint AS energy_millijoules, sum(energy_of)::bigint AS energy_of_milli_gpu_seconds,
       sum(busy_milliseconds)::bigint AS busy_milliseconds, sum(busy_of)::bigint AS busy_of_milli_gpu_seconds
"""
_MEASURED = f"""
SELECT member, {_SUMS}
FROM (SELECT DISTINCT ON (member, hour_seconds, attempt) * FROM ledger.usage
      WHERE member = ANY (:members) AND hour_seconds >= :start AND hour_seconds < :end
      ORDER BY member, hour_seconds, attempt, run DESC) AS last GROUP BY member
"""  # noqa: S608  # of our own words
_OF_ATTEMPTS = f"""
SELECT attempt, {_SUMS}
FROM (SELECT DISTINCT ON (attempt, hour_seconds) * FROM ledger.usage
      WHERE attempt = ANY (:attempts) ORDER BY attempt, hour_seconds, run DESC) AS last GROUP BY attempt
"""  # noqa: S608  # of our own words


def did(engine: Engine, given: dict[str, Any]) -> dict[str, Did]:
    """Return what the GPUs of *given*'s members did from its start to its end (Unix time)."""
    return defaultdict(Did, {name: Did.model_validate(row) for name, row in _rows(engine, _DID, given)})


def measured(engine: Engine, given: dict[str, Any]) -> dict[str, Measured]:
    """Return what the attempts of *given*'s members used from its start to its end (Unix time)."""
    return defaultdict(Measured, {name: Measured.model_validate(row) for name, row in _rows(engine, _MEASURED, given)})


def of_attempts(connection: Connection, attempts: Collection[UUID]) -> dict[UUID, Measured]:
    """Return what each of *attempts* used in the hours that were posted."""
    rows = connection.execute(sa.text(_OF_ATTEMPTS), {"attempts": list(attempts)}).mappings()
    found = {row["attempt"]: Measured.model_validate({k: v for k, v in row.items() if k != "attempt"}) for row in rows}
    return defaultdict(Measured, found)


def _rows(engine: Engine, statement: str, given: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    with database.transaction(engine) as connection:
        rows = [dict(row) for row in connection.execute(sa.text(statement), given).mappings()]
    return [(row.pop("member"), row) for row in rows]
