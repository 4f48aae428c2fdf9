"""C3 and C13: each row is what its id and hash say, in its place, at its time.

In: an export's rows, transfers one by one. Out: findings. An edit that leaves the hash, a row twice or out of order, an
id that does not follow from its key, and a time before those of earlier rows are found here.
"""

import itertools
import uuid
from collections.abc import Iterator
from pathlib import Path

from hanse.evidence import canonical, identity
from hanse.ledger import bundle, charge, rows, transfers
from hanse.ledger.bundle import Bundle, Header
from hanse.ledger.transfers import Kind, Purpose, Transfer
from hanse.ledger.verify import stamps
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding
from hanse.ledger.verify.stamps import SKEW_US, Stamps, Wrong

CORRECTIONS_MAX = 1000
_NO_OWN = frozenset({"attempts", "accounts"})  # their rows have no sequence of their own
_STREAMED = "transfers"


def together(folder: Path, read: Bundle, everything: Stamps) -> Iterator[Finding]:
    """Yield what is wrong with the order of all rows, of which *everything* has slots and transfers already."""
    for its_rows in stamped(read).values():
        everything.add(stamps.pack((row.sequence, row.recorded_us) for row in its_rows))
    wrong = list(itertools.islice(everything.wrong(), FINDINGS_MAX))
    if not wrong:
        return
    names = (*bundle.READERS, *read.header.slot_files)
    where = bundle.located(
        folder, (name for name in names if name not in _NO_OWN), "sequence", {each for each, _ in wrong}
    )
    for sequence, what in wrong:
        check_ = "C13" if what is Wrong.BACKDATED else "C3"
        yield Finding(
            check_, where[sequence][-1], f"{what.value}" if check_ == "C13" else f"sequence {sequence} {what.value}"
        )


def check(read: Bundle) -> Iterator[Finding]:
    """Yield what is wrong with rows by themselves."""
    yield from _decisions(read)
    yield from _acts(read)
    yield from _order(read)
    yield from _times(read)


def _decisions(read: Bundle) -> Iterator[Finding]:
    for row in read.decisions:
        term, cycle, index = (row.body.get(name) for name in ("term", "cycle", "index"))
        if canonical.sha256(canonical.encode(dict(row.body))) != row.sha256:
            yield Finding("C3", row.where, f"decision {row.id} does not have the hash of what it says")
        elif not (isinstance(term, int) and isinstance(cycle, int) and isinstance(index, int)):
            yield Finding("C3", row.where, f"decision {row.id} does not say its term, cycle and index")
        elif row.id != identity.decision_id(term, cycle, index):
            yield Finding(
                "C3", row.where, f"the id {row.id} is not that of decision {index} of cycle {cycle}, term {term}"
            )


def _acts(read: Bundle) -> Iterator[Finding]:
    for row in read.acts:
        if canonical.sha256(row.said) != row.sha256:
            yield Finding("C3", row.where, f"act {row.id} does not have the hash of what it says")


def transfer(row: rows.Booked, header: Header) -> Iterator[Finding]:
    """Yield what is wrong with a transfer by itself."""
    its = row.transfer
    if row.said_sha256 != row.sha256:
        yield Finding("C3", row.where, f"transfer {its.id} does not have the hash of what it says")
    if its.id not in _ids(its):
        yield Finding("C3", row.where, f"the id {its.id} is not that of such a transfer")
    if its.kind is Kind.SINGLE and not _is_of_its_purpose(its):
        yield Finding(
            "C10", row.where, f"{its.purpose} is booked in no run, or between accounts that it is not between"
        )
    may_be_later = its.kind is Kind.CORRECTION or its.purpose is Purpose.ADJUSTMENT
    if not may_be_later and its.period != transfers.period(its.hour_seconds):
        yield Finding("C13", row.where, f"transfer {its.id} is booked in {its.period}, where its hour is not")
    if may_be_later and not transfers.period(its.hour_seconds) <= its.period <= _month(row.recorded_us):
        yield Finding("C13", row.where, f"transfer {its.id} is booked in {its.period}, before its hour or too early")
    if row.carried == (its.period == header.period):
        yield Finding("C13", row.where, f"transfer {its.id} is booked in {its.period}")


def _is_of_its_purpose(its: Transfer) -> bool:
    """Whether what is posted by runs says its run, and what is not owed by use is between the accounts that it is for.

    What is posted for use is compared with slots, run by run: without a run it would be compared with nothing.

    """
    member = its.credit.partition("/")[0]
    sides = {
        Purpose.CAP: (its.debit, transfers.RESERVED),
        Purpose.OVERRUN: (transfers.OVERRUN, transfers.use(member)),
        Purpose.LOST_WORK: (transfers.ADJUSTMENTS, transfers.use(member)),
        Purpose.ADJUSTMENT: (transfers.ADJUSTMENTS, f"{member}/adjustments"),
    }.get(its.purpose, (its.debit, its.credit))
    has_run = its.purpose not in {Purpose.LOST_WORK, Purpose.ADJUSTMENT}
    return sides == (its.debit, its.credit) and has_run == (its.run is not None)


def _month(recorded_us: int) -> str:
    return transfers.period((recorded_us + SKEW_US) // 10**6)


def _ids(its: Transfer) -> set[uuid.UUID]:
    """Return the ids that a transfer may have by its business key."""
    if its.kind is Kind.PENDING:
        return {identity.transfer_id("reserve", str(its.decision), its.debit, its.hour_seconds)}
    if its.kind in {Kind.POST, Kind.VOID}:
        return {identity.transfer_id("resolve", str(its.pending))}
    if its.kind is Kind.CORRECTION:
        numbers = range(CORRECTIONS_MAX)
        return {identity.transfer_id("correct", str(its.reverses), number) for number in numbers}
    if its.purpose is Purpose.LOST_WORK:
        return {identity.transfer_id("lost-work", str(its.decision), str(its.attempt), its.hour_seconds)}
    if its.purpose is Purpose.ADJUSTMENT:
        member = its.credit.partition("/")[0]
        return {transfers.adjustment_id(member, its.hour_seconds, its.attempt)}
    key = (str(its.purpose), its.debit, its.credit, its.hour_seconds, its.run or 0, str(its.attempt or ""))
    return {identity.transfer_id(*key)}


def stamped(read: Bundle) -> dict[str, list[rows.Row]]:
    """Return, by file, the rows that are held in memory and have a sequence of their own."""
    return {name: getattr(read, name) for name in bundle.READERS if name not in {*_NO_OWN, _STREAMED}}


class Order:
    """Checks that the rows of a file, as they come, are in the order of the ledger's sequence."""

    def __init__(self) -> None:
        self._last = 0

    def add(self, row: rows.Row) -> Iterator[Finding]:
        """Yield what is wrong with the next row's place."""
        if row.sequence <= self._last:
            yield Finding("C3", row.where, f"sequence {row.sequence} comes after {self._last}: reordered, or twice")
        self._last = max(self._last, row.sequence)


def too_late(row: rows.Row, header: Header) -> Iterator[Finding]:
    """Check that a row was not recorded after the export."""
    if row.recorded_us > header.exported_at_seconds * 10**6 + SKEW_US:
        yield Finding("C13", row.where, "was recorded after the export")


def _order(read: Bundle) -> Iterator[Finding]:
    """Each file is in the order of the ledger's sequence."""
    for its_rows in stamped(read).values():
        order = Order()
        for row in its_rows:
            yield from order.add(row)
    for before, row in itertools.pairwise(read.attempts):
        if row.sequence <= before.sequence:
            yield Finding("C3", row.where, f"attempt {row.id} is not in the order of admission")
    for former, account in itertools.pairwise(read.accounts):
        if account.name <= former.name:
            yield Finding("C3", account.where, f"account {account.name} comes after {former.name}")


def _times(read: Bundle) -> Iterator[Finding]:
    """Nothing was recorded before it happened, nor after the export."""
    for row in itertools.chain.from_iterable(stamped(read).values()):
        yield from too_late(row, read.header)
    for remark in (*read.facts, *read.violations):
        if remark.recorded_us < remark.at_seconds * 10**6 - SKEW_US:
            yield Finding("C13", remark.where, "was recorded before it happened")
    for cutoff in read.cutoffs:
        if cutoff.recorded_us < (cutoff.hour_seconds + charge.HOUR_SECONDS) * 10**6 - SKEW_US:
            yield Finding("C13", cutoff.where, "the hour was posted before it was over")
