"""Cycles and frames of the database, for :mod:`hanse.ledger.replaying` and for exports.

In: the database, as an auditor: nobody else may read frames. Out: cycles with their decisions, frames by cycle, or the
files of :mod:`hanse.ledger.framed`. Nothing is judged here.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.evidence import canonical
from hanse.ledger import framed
from hanse.ledger.errors import RefusedError
from hanse.ledger.models.decisions import Cycle, Decision, Frame
from hanse.ledger.replaying import Cycle as Recorded
from hanse.ledger.replaying import Replaying


class Stored:
    """The cycles that were recorded from one time up to another, or the one of a decision."""

    def __init__(self, connection: Connection, start_seconds: int, end_seconds: int) -> None:
        self._connection = connection
        start, end = (datetime.fromtimestamp(at, UTC) for at in (start_seconds, end_seconds))
        self._wanted: sa.ColumnElement[bool] = (Cycle.recorded_at >= start) & (Cycle.recorded_at < end)

    @classmethod
    def of_decision(cls, connection: Connection, decision: str) -> "Stored":
        """Return the cycle of a decision.

        Raises:
            RefusedError: there is none of this id.

        """
        try:
            key = uuid.UUID(decision)
        except ValueError as error:
            raise RefusedError(f"{decision!r} is no id of a decision") from error
        found = connection.execute(sa.select(Decision.term, Decision.cycle).where(Decision.id == key)).one_or_none()
        if found is None:
            raise RefusedError(f"there is no decision {decision} in this ledger")
        source = cls(connection, 0, 0)
        source._wanted = (Cycle.term == found.term) & (Cycle.cycle == found.cycle)
        return source

    def cycles(self) -> Iterator[Recorded]:
        """Yield the cycles in the order in which they were recorded."""
        statement = sa.select(Cycle.__table__).where(self._wanted).order_by(Cycle.sequence)
        for row in self._connection.execute(statement).all():
            yield Recorded(
                f"cycle {row.cycle} of term {row.term}", row.term, row.cycle, row.as_of_seconds, row.base_snapshot,
                row.state_sha256, row.code_sha256, self._bodies(row.term, row.cycle),
            )  # fmt: skip

    def numbers(self) -> list[tuple[int, int]]:
        """Return term and number of the cycles in that order."""
        statement = sa.select(Cycle.term, Cycle.cycle).where(self._wanted).order_by(Cycle.sequence)
        return [(row.term, row.cycle) for row in self._connection.execute(statement)]

    def frame(self, term: int, cycle: int) -> bytes | None:
        """Return the frame of a cycle, if it has one."""
        wanted = (Frame.term == term) & (Frame.cycle == cycle)
        return self._connection.execute(sa.select(Frame.data).where(wanted)).scalar_one_or_none()

    def _bodies(self, term: int, cycle: int) -> dict[str, Any]:
        statement = (
            sa.select(Decision.id, Decision.body)
            .where(Decision.term == term, Decision.cycle == cycle)
            .order_by(Decision.index)
        )
        return {str(row.id): canonical.decode(row.body) for row in self._connection.execute(statement)}


def export(connection: Connection, start_seconds: int, end_seconds: int, folder: Path, replaying: Replaying) -> None:
    """Write the frames of a period beside its export, and those that its first cycle leads back to."""
    source = Stored(connection, start_seconds, end_seconds)
    (folder / framed.FOLDER).mkdir()
    for term, newest in source.numbers():
        number = newest
        while number and not framed.path(folder, term, number).exists():
            frame = source.frame(term, number)
            if frame is None:
                break
            framed.path(folder, term, number).write_bytes(frame)
            number = 0 if replaying.is_key(frame) else number - 1
