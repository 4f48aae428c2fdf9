"""Retention: old days of slots go from the database into files, and the log says so before they go.

In: the ledger as its owner, a folder, and a day. Out: for each day before it what was done. First a file is written and
read back; only if its rows make the very leaves of the log is it announced, as a fact. When that fact is sealed and
signed, the day is taken out, if its file is still there. Each step can be done again, and whoever dies between two
leaves nothing but work. The database compares all of it again (`archive_slot_day`, `drop_slot_day`).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.ledger import archive, bundle, database
from hanse.ledger.archive import Day, Entries, Slot
from hanse.ledger.errors import ContradictionError, RefusedError
from hanse.ledger.models import slots
from hanse.ledger.models.log import Leaf

_DAYS = sa.text("SELECT day FROM ledger.slot_days() AS days (day) WHERE day < :before ORDER BY day")
_ITS = sa.text("SELECT slots, sealed, entries_sha256 FROM ledger.slot_day(:day)")
_CHECK = sa.text("SELECT ledger.check_slot_day(:day)")
_ARCHIVE = sa.text("SELECT ledger.archive_slot_day(:day, :entries, :file)")
_DROP = sa.text("SELECT ledger.drop_slot_day(:day)")
_ANNOUNCED = sa.text(
    "SELECT EXISTS (SELECT FROM ledger.fact f JOIN ledger.leaf l ON l.sequence = f.sequence "
    "WHERE f.kind = :kind AND f.at_seconds = :day AND l.index < (SELECT max(size) FROM ledger.signed_head))"
)


class Step(StrEnum):
    """What was done with a day."""

    ARCHIVED = "archived, and taken out when the log says so"
    WAITS = "archived, and not yet in the log as it was signed last"
    TAKEN_OUT = "taken out"


@dataclass(frozen=True)
class Done:
    """A day (its start, Unix time), what was done with it, how many slots it has."""

    day_seconds: int
    step: Step
    slots: int


def retain(engine: Engine, folder: Path, before_seconds: int) -> Iterator[Done]:
    """Take each day before a time one step further; yield each as it is done.

    Raises:
        RefusedError: a day may not go yet, or its file is not the one that was announced.
        ContradictionError: the rows of a day are not those that were sealed.

    """
    with database.transaction(engine) as connection:
        due = list(connection.execute(_DAYS, {"before": before_seconds}).scalars())
        archived = {day.seconds: day for day in archive.days(connection)}
    for day_seconds in due:
        if day_seconds not in archived:
            yield Done(day_seconds, Step.ARCHIVED, _archive(engine, folder, day_seconds))
        else:
            yield _take_out(engine, folder, archived[day_seconds])


def _archive(engine: Engine, folder: Path, day_seconds: int) -> int:
    """Write a day's file, read it back, and announce it; return how many slots it has."""
    path = folder / archive.file_name(day_seconds)
    aside = path.with_name(f".{path.name}.part")
    with database.transaction(engine) as connection:
        connection.execute(_CHECK, {"day": day_seconds})
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        its = connection.execute(_ITS, {"day": day_seconds}).one()
        archive.write(aside, _slots(connection, day_seconds))
    back = Entries()
    for slot in archive.read(aside):
        back.add(slot.start_seconds, archive.entry(slot))
    if (back.slots, back.digest()) != (its.slots, its.entries_sha256):
        date = f"{datetime.fromtimestamp(day_seconds, UTC):%Y-%m-%d}"
        raise ContradictionError(f"the slots of {date} are not those that the log committed to: run hanse audit fsck")
    _put(aside, path)
    with database.transaction(engine) as connection:
        said = {"day": day_seconds, "entries": its.entries_sha256, "file": bundle.sha256_of(path)}
        connection.execute(_ARCHIVE, said)
    return int(its.slots)


def _slots(connection: Connection, day_seconds: int) -> Iterator[Slot]:
    table = slots.Slot
    statement = (
        sa.select(table.__table__, Leaf.index.label("leaf"), Leaf.salt)
        .join(Leaf.__table__, Leaf.sequence == table.sequence)
        .where(table.start_seconds >= day_seconds, table.start_seconds < day_seconds + archive.DAY_SECONDS)
        .order_by(table.start_seconds, table.node.collate("C"))
    )
    for row in connection.execution_options(yield_per=1000).execute(statement):
        yield Slot(
            row.start_seconds, row.node, row.member, row.body, row.signature, row.sequence, row.recorded_at, row.leaf,
            row.salt,
        )  # fmt: skip


def _put(aside: Path, path: Path) -> None:
    """Move a file to its place, so that it is there after a power cut."""
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_out(engine: Engine, folder: Path, day: Day) -> Done:
    path = folder / archive.file_name(day.seconds)
    if not path.exists() or bundle.sha256_of(path) != day.file_sha256:
        raise RefusedError(f"{path} is not there, or not the file that the ledger announced: the day stays")
    with database.transaction(engine) as connection:
        if not connection.execute(_ANNOUNCED, {"kind": archive.KIND, "day": day.seconds}).scalar_one():
            return Done(day.seconds, Step.WAITS, day.slots)
    with database.transaction(engine) as connection:
        connection.execute(_DROP, {"day": day.seconds})
    return Done(day.seconds, Step.TAKEN_OUT, day.slots)
