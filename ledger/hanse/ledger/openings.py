"""What an export says about the log: its checkpoint and tiles, and what opens the leaves.

In: a snapshot of the database, and the rows that were exported. Out: the files of the log, and a line for each leaf
that is opened: those of all exported rows, and of everything else that was sealed in the period, with the row itself.
So who verifies the export sees each leaf of the period opened, and a row that was dropped is a leaf that nobody opens.
It must not judge; that is :mod:`hanse.ledger.verify.sealed`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.evidence import checkpoints, tiles
from hanse.evidence.canonical import Json
from hanse.ledger import bundle, leaves, lines, sealer
from hanse.ledger.models.log import Leaf, TreeHead
from hanse.ledger.publishing import Folder

_CHUNK = 10_000


@dataclass(frozen=True)
class Log:
    """The log as it was signed last; of it the leaves from *first* up to *end* were sealed in the period."""

    connection: Connection
    note: bytes
    size: int
    first: int
    end: int

    @classmethod
    def of(cls, connection: Connection, start_seconds: int, end_seconds: int) -> "Log":
        """Return the log in a snapshot; an empty note and no leaves if nothing was signed yet."""
        note = sealer.cosigned_note(connection)
        if note is None:
            return cls(connection, b"", 0, 0, 0)
        size = checkpoints.parse(note.text).size
        now = connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one()
        first = min(_size_at(connection, start_seconds), size)
        end = min(_size_at(connection, end_seconds), size) if end_seconds <= now else size
        return cls(connection, note.encode(), size, first, end)

    def write(self, folder: Path) -> None:
        """Write the log and its openings beside the rows in *folder*."""
        if self.note:
            Folder(folder).publish(self.note, self._entries)
        else:
            (folder / tiles.CHECKPOINT).touch()
        exported = {name: {_sequence(value) for _, value in bundle.read_values(folder, name)} for name in leaves.SEALED}
        opened = sorted(self._opened(exported), key=lambda opening: int(str(opening["index"])))
        bundle.write_lines(folder, bundle.OPENINGS, opened)

    def _opened(self, exported: Mapping[str, set[int]]) -> Iterator[dict[str, Json]]:
        for kind in lines.KINDS:
            table = kind.table.__table__
            joined = table.join(Leaf.__table__, Leaf.sequence == table.c.sequence)
            sealed = sa.select(table, Leaf.index.label("leaf"), Leaf.salt).select_from(joined)
            own = exported[kind.name]
            inside = sealed.where(Leaf.index >= self.first, Leaf.index < self.end)
            for row in self.connection.execution_options(yield_per=1000).execute(inside):
                opening = {"index": row.leaf, "salt": row.salt.hex(), "file": kind.name, "sequence": row.sequence}
                yield opening if row.sequence in own else {**opening, "row": dict(kind.line(row))}
            yield from self._opened_elsewhere(kind.name, own)

    def _opened_elsewhere(self, name: str, own: set[int]) -> Iterator[dict[str, Json]]:
        """Yield the openings of exported rows that were sealed before the period or after it."""
        outside = sa.or_(Leaf.index < self.first, Leaf.index >= self.end) & (Leaf.index < self.size)
        ordered = sorted(own)
        for some in (ordered[at : at + _CHUNK] for at in range(0, len(ordered), _CHUNK)):
            statement = sa.select(Leaf.index.label("leaf"), Leaf.salt, Leaf.sequence)
            for row in self.connection.execute(statement.where(Leaf.sequence.in_(some), outside)):
                yield {"index": row.leaf, "salt": row.salt.hex(), "file": name, "sequence": row.sequence}

    def _entries(self, start: int, end: int) -> Sequence[bytes]:
        statement = sa.select(Leaf.entry).where(Leaf.index >= start, Leaf.index < end).order_by(Leaf.index)
        return list(self.connection.execute(statement).scalars())


def _size_at(connection: Connection, seconds: int) -> int:
    """Return how many leaves were sealed before a time: where one period ends, the next one begins."""
    at = datetime.fromtimestamp(seconds, UTC)
    found = connection.execute(sa.select(sa.func.max(TreeHead.size)).where(TreeHead.sealed_at < at)).scalar_one()
    return found or 0


def _sequence(value: Json) -> int:
    return int(str(value["sequence"])) if isinstance(value, dict) else 0
