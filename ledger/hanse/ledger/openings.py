"""What an export says about the log beside its rows: its checkpoint and tiles, and what opens the leaves of other rows.

In: a snapshot of the database, and the rows that were exported, whose lines say what opens their leaves. Out: the files
of the log, and a line for each leaf of everything else that was sealed in the period, with the row itself. So who
verifies the export sees each leaf of the period opened, and a row that was dropped is a leaf that nobody opens. It must
not judge; that is :mod:`hanse.ledger.verify.sealed`.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.evidence import checkpoints, tiles
from hanse.evidence.canonical import Json
from hanse.ledger import bundle, lines, sealer, sealing, transfers
from hanse.ledger.archive import Archive
from hanse.ledger.models.log import Leaf, TreeHead
from hanse.ledger.publishing import Folder


@dataclass(frozen=True)
class Log:
    """The log as it was signed last; of it the leaves from *first* up to *end* were sealed in the period."""

    connection: Connection
    gone: Archive
    note: bytes
    size: int
    first: int
    end: int
    start_seconds: int
    end_seconds: int

    @classmethod
    def of(cls, connection: Connection, gone: Archive, start_seconds: int, end_seconds: int) -> "Log":
        """Return the log in a snapshot; an empty note and no leaves if nothing was signed yet."""
        note = sealer.cosigned_note(connection)
        if note is None:
            return cls(connection, gone, b"", 0, 0, 0, start_seconds, end_seconds)
        size = checkpoints.parse(note.text).size
        now = connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one()
        first = min(_size_at(connection, start_seconds), size)
        end = min(_size_at(connection, end_seconds), size) if end_seconds <= now else size
        return cls(connection, gone, note.encode(), size, first, end, start_seconds, end_seconds)

    def write(self, folder: Path) -> None:
        """Write the log and its openings beside the rows in *folder*."""
        if self.note:
            Folder(folder).publish(self.note, functools.partial(sealing.entries, self.connection))
        else:
            (folder / tiles.CHECKPOINT).touch()
        bundle.write_lines(folder, bundle.OPENINGS, self._others(folder))

    def _others(self, folder: Path) -> Iterator[dict[str, Json]]:
        """Yield what opens the leaves of the period whose rows are not exported."""
        for kind in lines.KINDS:
            table = kind.table.__table__
            joined = table.join(Leaf.__table__, Leaf.sequence == table.c.sequence)
            statement = sa.select(table, Leaf.index.label("leaf"), Leaf.salt).select_from(joined)
            statement = statement.where(Leaf.index >= self.first, Leaf.index < self.end).order_by(Leaf.index)
            own: set[int] = set()
            if kind.name == "transfers":  # as many; those of another period that came along are few
                statement = statement.where(table.c.period != transfers.period(self.start_seconds))
                own = {_sequence(value) for _, value in bundle.read_values(folder, kind.name) if _carried(value)}
            elif kind.name == bundle.SLOTS:  # too many to be remembered; which are exported follows from their times
                inside = (table.c.start_seconds >= self.start_seconds) & (table.c.start_seconds < self.end_seconds)
                statement = statement.where(~inside)
            else:
                own = {_sequence(value) for _, value in bundle.read_values(folder, kind.name)}
            for row in self.connection.execution_options(yield_per=1000).execute(statement):
                if row.sequence not in own:
                    yield {"index": row.leaf, "salt": row.salt.hex(), "file": kind.name, "row": dict(kind.line(row))}
        for slot in self.gone.slots_of_leaves(self.first, self.end):
            if not self.start_seconds <= slot.start_seconds < self.end_seconds:
                yield {"index": slot.leaf, "salt": slot.salt.hex(), "file": bundle.SLOTS, "row": lines.slot(slot)}


def _size_at(connection: Connection, seconds: int) -> int:
    """Return how many leaves were sealed before a time: where one period ends, the next one begins."""
    at = datetime.fromtimestamp(seconds, UTC)
    found = connection.execute(sa.select(sa.func.max(TreeHead.size)).where(TreeHead.sealed_at < at)).scalar_one()
    return found or 0


def _carried(value: Json) -> bool:
    return isinstance(value, dict) and value.get("carried") == 1


def _sequence(value: Json) -> int:
    return int(str(value["sequence"])) if isinstance(value, dict) else 0
