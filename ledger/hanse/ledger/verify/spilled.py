"""Transfers by hour, in a file without a name: a month's are more than fit into memory.

In: transfers in the order of the ledger's sequence. Out: those of one hour, in that order, once. What belongs together
is of one hour: what a run posted, a reservation and what resolves it, a posting and its corrections.
"""

import marshal
import tempfile
import uuid
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

from hanse.ledger import rows
from hanse.ledger.transfers import Kind, Purpose, Transfer

_ROWS_MAX = 100_000
"""So many rows wait in memory until they are written; an hour of a full pool has about as many."""


class Spilled:
    """What was read so far; use it as a context manager."""

    def __init__(self, rows_max: int = _ROWS_MAX) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as this object
        self._rows_max, self._waiting_rows = rows_max, 0
        self._waiting: dict[int, list[Any]] = defaultdict(list)
        self._parts: dict[int, list[tuple[int, int]]] = defaultdict(list)  # where in the file: start and length

    def add(self, row: rows.Booked) -> None:
        """Add a transfer."""
        self._waiting[row.transfer.hour_seconds].append(_packed(row))
        self._waiting_rows += 1
        if self._waiting_rows >= self._rows_max:
            self._write()

    def hours(self) -> list[int]:
        """Return the hours (their starts, Unix time) of which there are transfers that were not taken."""
        return sorted(self._waiting.keys() | self._parts.keys())

    def take(self, hour_seconds: int) -> list[rows.Booked]:
        """Return the transfers of an hour, and forget them."""
        found: list[Any] = []
        for start, length in self._parts.pop(hour_seconds, []):
            self._file.seek(start)
            found += marshal.loads(self._file.read(length))  # noqa: S302  # written by this very process
        found += self._waiting.pop(hour_seconds, [])
        return [_unpacked(each) for each in found]

    def _write(self) -> None:
        self._file.seek(0, 2)
        for hour_seconds, packed in self._waiting.items():
            start = self._file.tell()
            self._parts[hour_seconds].append((start, self._file.write(marshal.dumps(packed))))
        self._waiting.clear()
        self._waiting_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def _packed(row: rows.Booked) -> tuple[Any, ...]:
    its = row.transfer
    return (
        row.where, row.sequence, row.recorded_us, row.said_sha256, row.sha256, row.carried,
        its.id.bytes, str(its.kind), str(its.purpose), its.debit, its.credit, its.amount, its.hour_seconds, its.period,
        its.run, _bytes(its.attempt), _bytes(its.decision), _bytes(its.pending), _bytes(its.reverses), its.reason,
    )  # fmt: skip


def _unpacked(packed: tuple[Any, ...]) -> rows.Booked:
    where, sequence, recorded_us, said_sha256, sha256, carried, *its = packed
    identifier, kind, purpose, debit, credit, amount, hour_seconds, period, run, *references, reason = its
    attempt, decision, pending, reverses = map(_uuid, references)
    transfer = Transfer(
        uuid.UUID(bytes=identifier), Kind(kind), Purpose(purpose), debit, credit, amount, hour_seconds, period,
        run, attempt, decision, pending, reverses, reason,
    )  # fmt: skip
    return rows.Booked(where, sequence, recorded_us, transfer, said_sha256, sha256, carried)


def _bytes(value: uuid.UUID | None) -> bytes | None:
    return None if value is None else value.bytes


def _uuid(value: bytes | None) -> uuid.UUID | None:
    return None if value is None else uuid.UUID(bytes=value)
