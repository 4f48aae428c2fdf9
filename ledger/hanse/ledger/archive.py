"""Archived days of slots: one Parquet file a day, which holds what the database held, with what opens each leaf.

In: slots with their leaves, in the order of start and node; or the folder of archives. Out: a file; or its rows, as the
database gave them. Which days there are, and the hash of each one's file, is in facts of the ledger, which are in the
log: a file that is not the announced one is not read. :mod:`hanse.ledger.retention` says when a day is archived.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.ledger import bundle, charge, leaves, lines
from hanse.ledger.errors import RefusedError

DAY_SECONDS = 86400
KIND = "SlotsArchived"
_ROWS_A_GROUP = 20_000
_EPOCH = datetime.fromtimestamp(0, UTC)
_DAYS = sa.text(
    "SELECT at_seconds, amount, detail, at_seconds IN (SELECT day FROM ledger.slot_days() AS d (day)) AS kept "
    "FROM ledger.fact WHERE kind = :kind ORDER BY at_seconds"
)


@dataclass(frozen=True)
class Slot:
    """A slot as a row of the table, with the number of its leaf and the salt that opens it."""

    start_seconds: int
    node: str
    member: str
    body: bytes
    signature: bytes
    sequence: int
    recorded_at: datetime
    leaf: int
    salt: bytes


@dataclass(frozen=True)
class Day:
    """A day that the ledger says is archived; *kept* while its slots are still in the database."""

    seconds: int
    slots: int
    file_sha256: bytes
    entries_sha256: bytes
    kept: bool


class Entries:
    """The hash over a day's leaves: over those of its hours, each over its entries in the order of start and node."""

    def __init__(self) -> None:
        self._day, self._hour = hashlib.sha256(), hashlib.sha256()
        self._at: int | None = None
        self.slots = 0

    def add(self, start_seconds: int, entry: bytes) -> None:
        """Add the next slot's entry."""
        if self._at not in {None, start_seconds // charge.HOUR_SECONDS}:
            self._day.update(self._hour.digest())
            self._hour = hashlib.sha256()
        self._at = start_seconds // charge.HOUR_SECONDS
        self._hour.update(entry)
        self.slots += 1

    def digest(self) -> bytes:
        """Return the hash, when all were added."""
        if self._at is not None:
            self._day.update(self._hour.digest())
            self._at, self._hour = None, hashlib.sha256()
        return self._day.digest()


def days(connection: Connection) -> list[Day]:
    """Return the days that the ledger says are archived, in order."""
    found = []
    for row in connection.execute(_DAYS, {"kind": KIND}):
        file_sha256, entries_sha256 = map(bytes.fromhex, row.detail.split())
        found.append(Day(row.at_seconds, row.amount, file_sha256, entries_sha256, kept=row.kept))
    return found


def file_name(day_seconds: int) -> str:
    """Return the name of the file of a day that starts then (Unix time)."""
    return f"slots-{datetime.fromtimestamp(day_seconds, UTC):%Y-%m-%d}.parquet"


def write(path: Path, found: Iterable[Slot]) -> None:
    """Write a day's slots, which are in the order of start and node."""
    pq = _parquet()
    schema = _schema()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting = iter(found)
        while rows := [_values(each) for each in itertools.islice(waiting, _ROWS_A_GROUP)]:
            writer.write_table(_arrow().Table.from_pylist(rows, schema))


def read(path: Path, start_seconds: int = 0, end_seconds: int = 2**62) -> Iterator[Slot]:
    """Yield the slots of a file that start from a time up to another; groups of others are not read."""
    file = _parquet().ParquetFile(path)
    for number in range(file.num_row_groups):
        its = file.metadata.row_group(number).column(0).statistics
        if its.max < start_seconds or its.min >= end_seconds:
            continue
        for row in file.read_row_group(number).to_pylist():
            if start_seconds <= row["start"] < end_seconds:
                yield _slot(row)


def entry(slot: Slot) -> bytes:
    """Return the entry that the log has for a slot, made from all that the slot says."""
    return leaves.seal(bundle.SLOTS, lines.slot(slot), slot.salt).entry


class Archive:
    """The days that are no longer in the database, in a folder; without one they cannot be read."""

    def __init__(self, connection: Connection, folder: Path | None) -> None:
        self._folder = folder
        self._days = {day.seconds: day for day in days(connection) if not day.kept}
        self._checked: set[int] = set()

    @property
    def slots(self) -> int:
        """How many slots are in them."""
        return sum(day.slots for day in self._days.values())

    @property
    def end_seconds(self) -> int:
        """Where they end (Unix time), 0 if there is none."""
        return max(self._days, default=-DAY_SECONDS) + DAY_SECONDS

    def hours(self, start_seconds: int, end_seconds: int) -> list[int]:
        """Return the hours from a time up to another of which there are archived slots."""
        found: set[int] = set()
        for day in self._within(start_seconds, end_seconds):
            starts = _parquet().ParquetFile(self._file(self._days[day])).read(columns=["start"]).column(0).unique()
            found.update(start - start % charge.HOUR_SECONDS for start in starts.to_pylist())
        return sorted(found)

    def slots_from(self, start_seconds: int, end_seconds: int) -> Iterator[Slot]:
        """Yield the archived slots that start from a time up to another, in the order of start and node.

        Raises:
            RefusedError: a file is not there, or not the one that the ledger announced.

        """
        for day in self._within(start_seconds, end_seconds):
            yield from read(self._file(self._days[day]), start_seconds, end_seconds)

    def slots_of_leaves(self, first: int, end: int) -> Iterator[Slot]:
        """Yield the archived slots whose leaves are from one number up to another."""
        for day in sorted(self._days):
            if not _has_leaves(self._path(self._days[day]), first, end):
                continue
            for slot in self.slots_from(day, day + DAY_SECONDS):
                if first <= slot.leaf < end:
                    yield slot

    def all(self) -> Iterator[Slot]:
        """Yield all archived slots."""
        return self.slots_from(0, self.end_seconds)

    def _within(self, start_seconds: int, end_seconds: int) -> list[int]:
        return [day for day in sorted(self._days) if day + DAY_SECONDS > start_seconds and day < end_seconds]

    def _path(self, day: Day) -> Path:
        name = file_name(day.seconds)
        if self._folder is None or not (self._folder / name).exists():
            date = f"{datetime.fromtimestamp(day.seconds, UTC):%Y-%m-%d}"
            raise RefusedError(f"the slots of {date} are archived: name the folder that has {name} (--archive)")
        return self._folder / name

    def _file(self, day: Day) -> Path:
        """Return the file of a day, which is the one that the ledger announced."""
        path = self._path(day)
        if day.seconds not in self._checked and bundle.sha256_of(path) != day.file_sha256:
            raise RefusedError(f"{path} is not the file that the ledger announced: its SHA-256 is another one")
        self._checked.add(day.seconds)
        return path


def _has_leaves(path: Path, first: int, end: int) -> bool:
    metadata = _parquet().ParquetFile(path).metadata
    number = metadata.schema.names.index("leaf")
    its = [metadata.row_group(group).column(number).statistics for group in range(metadata.num_row_groups)]
    return any(each.max >= first and each.min < end for each in its)


def _values(slot: Slot) -> dict[str, object]:
    recorded = lines.stamp(slot)["recorded"]
    return {
        "start": slot.start_seconds, "node": slot.node, "member": slot.member, "sequence": slot.sequence,
        "recorded": recorded, "leaf": slot.leaf, "salt": slot.salt, "body": slot.body, "signature": slot.signature,
    }  # fmt: skip


def _slot(row: dict[str, Any]) -> Slot:
    recorded_at = _EPOCH + timedelta(microseconds=row["recorded"])
    return Slot(
        row["start"], row["node"], row["member"], row["body"], row["signature"], row["sequence"], recorded_at,
        row["leaf"], row["salt"],
    )  # fmt: skip


def _schema() -> Any:
    pa = _arrow()
    whole, text, data = pa.int64(), pa.string(), pa.binary()
    columns = {"start": whole, "node": text, "member": text, "sequence": whole, "recorded": whole, "leaf": whole}
    return pa.schema([*columns.items(), ("salt", data), ("body", data), ("signature", data)])


def _arrow() -> Any:
    # Asked for where an archive is read or written, and nowhere else: it is larger than all the rest of the hub.
    try:
        import pyarrow as pa  # noqa: PLC0415  # as just said
    except ImportError as error:
        raise RefusedError("archives are Parquet: install hanse[archive]") from error
    return pa


def _parquet() -> Any:
    _arrow()
    from pyarrow import parquet  # noqa: PLC0415  # as above

    return parquet
