"""Transfers as they are read, one by one: all that is checked of them, and next to nothing kept.

In: the transfers of an export, in their order, when all other rows are read; then its hours of slots. Out: findings,
and how many there are. A month of a full pool has some thirty million: what is checked of each alone is in
:mod:`~hanse.ledger.verify.documents`, of all together in :mod:`~hanse.ledger.verify.booked` and
:mod:`~hanse.ledger.verify.settled`.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from hanse.evidence.errors import EvidenceError
from hanse.ledger import bundle, rows
from hanse.ledger.bundle import Bundle, Look
from hanse.ledger.transfers import Purpose
from hanse.ledger.verify import documents, stamps
from hanse.ledger.verify.booked import Books
from hanse.ledger.verify.finding import Finding, keep
from hanse.ledger.verify.hours import Hour
from hanse.ledger.verify.settled import Settled
from hanse.ledger.verify.spilled import Spilled
from hanse.ledger.verify.stamps import Stamps

_ROWS_AT_ONCE = 100_000
T = TypeVar("T")


class _Guarded(Generic[T]):
    """What looks at all transfers; that rows do not hold together in a way nobody thought of is a finding, its last."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._its: T | None = None
        self._broken: list[Finding] = []

    def begin(self, make: Callable[[], T]) -> None:
        """Make it."""
        try:
            self._its = make()
        except (EvidenceError, KeyError, TypeError, ValueError) as error:
            self._give_up(error)

    def step(self, step: Callable[[T], None]) -> None:
        """Do a step with it, if none went wrong before."""
        try:
            if self._its is not None:
                step(self._its)
        except (EvidenceError, KeyError, TypeError, ValueError) as error:
            self._give_up(error)

    def findings(self, last: Callable[[T], Iterator[Finding]]) -> Iterator[Finding]:
        """Yield what went wrong, or else what it found in the end."""
        yield from self._broken
        if self._its is not None:
            yield from last(self._its)

    def _give_up(self, error: Exception) -> None:
        self._its = None
        self._broken.append(Finding("C2", self._name, f"does not hold together: {error!r}"))


class Transfers:
    """What is found of an export's transfers; use it as a context manager."""

    def __init__(self, folder: Path, read: Bundle) -> None:
        self._folder, self._read = folder, read
        self._spilled = Spilled()
        self._books: _Guarded[Books] = _Guarded("booked")
        self._settled: _Guarded[Settled] = _Guarded("settled")
        self.of_documents: list[Finding] = []
        self._csv = hashlib.sha256()
        self.booked = self.carried = self.overruns = 0

    def read(self, look: Look, everything: Stamps, told: Callable[[int], None]) -> None:
        """Read all transfers; each line is shown to *look*, and every so often *told* hears how many were read."""
        self._books.begin(lambda: Books(self._read, self._spilled))
        self._settled.begin(lambda: Settled(self._read))
        writer = csv.writer(_Hashing(self._csv), lineterminator="\n")
        writer.writerow(bundle.CSV_COLUMNS)
        order = documents.Order()
        pairs: list[tuple[int, int]] = []
        for row in bundle.read_transfers(self._folder, look):
            writer.writerow(bundle.csv_row(row))
            self._row(row, order)
            pairs.append((row.sequence, row.recorded_us))
            if len(pairs) == _ROWS_AT_ONCE:
                everything.add(stamps.pack(pairs))
                pairs.clear()
                told(self.booked)
        everything.add(stamps.pack(pairs))

    def hour(self, hour: Hour) -> None:
        """Compare an hour of slots with what was posted of it; afterwards nothing of it is kept here."""
        self._books.step(lambda books: books.hour(hour))

    def of_books(self) -> Iterator[Finding]:
        """Return what is wrong with them together, when all hours were compared."""
        return self._books.findings(Books.findings)

    def of_settlement(self) -> Iterator[Finding]:
        """Return what is wrong with what was settled."""
        return self._settled.findings(Settled.check)

    def changed_csv(self) -> Iterator[Finding]:
        """Check that the spreadsheet says what the lines say."""
        path = self._folder / bundle.TRANSFERS_CSV
        if path.exists() and bundle.sha256_of(path) != self._csv.digest():
            yield Finding("C2", bundle.TRANSFERS_CSV, "does not say the same as transfers.jsonl")

    def _row(self, row: rows.Booked, order: documents.Order) -> None:
        self.booked += 1
        self.carried += row.carried
        self.overruns += row.transfer.purpose is Purpose.OVERRUN
        keep(self.of_documents, documents.transfer(row, self._read.header))
        keep(self.of_documents, order.add(row))
        keep(self.of_documents, documents.too_late(row, self._read.header))
        self._books.step(lambda books: books.add(row))
        self._settled.step(lambda settled: settled.add(row))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._spilled.__exit__(kind, error, traceback)


class _Hashing:
    """A file that is not kept."""

    def __init__(self, sha256: "hashlib._Hash") -> None:
        self._sha256 = sha256

    def write(self, text: str) -> None:
        self._sha256.update(text.encode())
