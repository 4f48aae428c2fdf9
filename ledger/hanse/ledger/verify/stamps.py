"""C3 and C13 over all rows: each sequence once, and times that follow the sequence.

In: the sequence and the time of each row, an array for each file. Out: the sequences that are wrong. The order of
recording cuts through all files, and a month's rows are more than fit into memory: the arrays, each in order, are in a
file without a name, and are merged from there.
"""

import heapq
import itertools
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from enum import Enum
from types import TracebackType
from typing import Self

# Rows are stamped one after the other; clocks are disciplined to well under this.
SKEW_US = 5 * 10**6
_PAIR_BYTES = 16
_PAIRS_AT_ONCE = 1024


class Wrong(Enum):
    """What is wrong with a sequence."""

    TWICE = "is there twice"
    BACKDATED = "was recorded earlier than rows that were recorded before it: backdated"


def pack(pairs: Iterable[tuple[int, int]]) -> "array[int]":
    """Return (sequence, time in µs) of rows, in the order of the sequence, as it is handed over and kept."""
    return array("q", itertools.chain.from_iterable(sorted(pairs)))


class Stamps:
    """What is known of the rows' order so far; use it as a context manager."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as this object
        self._parts: list[tuple[int, int]] = []  # from where to where in the file

    def add(self, packed: "array[int]") -> None:
        """Add what :func:`pack` returned."""
        start = self._file.tell()
        packed.tofile(self._file)
        self._parts.append((start, self._file.tell()))

    def wrong(self) -> Iterator[tuple[int, Wrong]]:
        """Yield each sequence that is there twice, or whose time is before that of an earlier one."""
        self._file.flush()
        latest_us, before = 0, -1
        for sequence, recorded_us in heapq.merge(*(self._read(*part) for part in self._parts)):
            if sequence == before:
                yield sequence, Wrong.TWICE
            if recorded_us < latest_us - SKEW_US:
                yield sequence, Wrong.BACKDATED
            latest_us, before = max(latest_us, recorded_us), sequence

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def _read(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for at in range(start, end, _PAIRS_AT_ONCE * _PAIR_BYTES):
            values = array("q")
            values.frombytes(os.pread(self._file.fileno(), min(_PAIRS_AT_ONCE * _PAIR_BYTES, end - at), at))
            yield from zip(values[::2], values[1::2], strict=True)
