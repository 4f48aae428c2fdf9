"""C9 to C11: the books are what decisions and slots make them, to the last unit, and no cap was crossed.

In: an export's transfers, one by one in their order, and its hours of slots, one by one in theirs. Out: findings. Every
posting of every run is compared with the slots of its cut-off; every reservation is computed again from its decision;
every balance from the transfers. Of the transfers only what is still open is kept, and sums: those of an hour are in a
file (:mod:`hanse.ledger.verify.spilled`) until its turn.
"""

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hanse.evidence import canonical
from hanse.evidence.shape import Fields
from hanse.ledger import charge, rows, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.metering import Attribution, Line
from hanse.ledger.transfers import Kind, Purpose
from hanse.ledger.verify.finding import Finding, keep
from hanse.ledger.verify.hours import Hour
from hanse.ledger.verify.lost import LostWork
from hanse.ledger.verify.spilled import Spilled

if TYPE_CHECKING:
    from uuid import UUID

_METERED = {Purpose.USE, Purpose.TIER, Purpose.OFFERED}


class Books:
    """What is found of the books; all rows but transfers are read before the first of these."""

    def __init__(self, read: Bundle, spilled: Spilled) -> None:
        self._read, self._spilled = read, spilled
        self._caps, self._accounts, self._overruns = _Caps(read), _Accounts(read), _Overruns(read)
        self._lost = LostWork(read)
        self._starts = {(row.hour_seconds, row.run): row.sequence for row in read.cutoffs}
        self._cutoffs: dict[int, list[rows.Cutoff]] = defaultdict(list)
        for cutoff in sorted(read.cutoffs, key=lambda row: row.sequence):
            self._cutoffs[cutoff.hour_seconds].append(cutoff)
        self._postings: dict[tuple[int, int], dict[str, rows.Posting]] = defaultdict(dict)
        for posting in read.postings:
            self._postings[posting.hour_seconds, posting.run][posting.member] = posting
        self._funded = _funded(read)
        self._of_hours: list[Finding] = []
        self._of_rows: list[Finding] = []

    def add(self, row: rows.Booked) -> None:
        """Take up the next transfer."""
        its = row.transfer
        self._spilled.add(row)
        if not row.carried and its.run is not None:
            keep(self._of_rows, self._out_of_turn(row, its.hour_seconds, its.run))
        keep(self._of_rows, self._overruns.add(row))
        keep(self._of_rows, self._caps.add(row))
        self._lost.add(row)
        self._accounts.add(row)

    def hour(self, hour: Hour) -> None:
        """Compare the transfers of an hour with what its slots come to; all have been read."""
        booked = self._spilled.take(hour.seconds)
        metered = [
            row for row in booked if row.transfer.kind is Kind.SINGLE and row.transfer.purpose in _METERED
        ]  # fmt: skip
        for cutoff in self._cutoffs.pop(hour.seconds, []):
            keep(self._of_hours, _posted(cutoff, hour.due[cutoff.run], metered))
            its_rows = self._postings[cutoff.hour_seconds, cutoff.run]
            keep(self._of_hours, _attribution(self._read, cutoff, hour.members[cutoff.run], its_rows))
        keep(self._of_hours, _borne(booked))
        self._referring(hour.seconds, booked)

    def findings(self) -> Iterator[Finding]:
        """Yield what was found, when all hours were; what is left is of none of them."""
        for hour_seconds in sorted({*self._spilled.hours(), *self._funded}):
            self._referring(hour_seconds, self._spilled.take(hour_seconds))
        yield from self._of_hours
        for cutoff in itertools.chain.from_iterable(self._cutoffs.values()):
            yield Finding("C9", cutoff.where, f"{cutoff.hour_seconds} is no hour of the period")
        for row in self._read.cutoffs:
            if row.run and (row.hour_seconds, row.run - 1) not in self._starts:
                yield Finding("C9", row.where, f"run {row.run} of hour {row.hour_seconds} is out of turn")
        for posting in self._read.postings:
            yield from self._out_of_turn(posting, posting.hour_seconds, posting.run)
        yield from self._of_rows
        yield from self._overruns.left()
        yield from self._lost.left()
        yield from self._caps.left()
        yield from self._accounts.left()

    def _out_of_turn(self, row: rows.Row, hour_seconds: int, run: int) -> Iterator[Finding]:
        """Check that what a run posted comes after its cut-off, and not after that of the next run."""
        began, ended = self._starts.get((hour_seconds, run)), self._starts.get((hour_seconds, run + 1))
        if began is None or row.sequence < began or (ended is not None and row.sequence > ended):
            yield Finding("C9", row.where, f"was not posted in run {run} of hour {hour_seconds}")

    def _referring(self, hour_seconds: int, booked: list[rows.Booked]) -> None:
        funded = self._funded.pop(hour_seconds, [])
        keep(self._of_rows, _reservations(hour_seconds, funded, booked, self._read.header.period))
        keep(self._of_rows, _references(booked))


def _posted(cutoff: rows.Cutoff, due: dict[Line, int], booked: list[rows.Booked]) -> Iterator[Finding]:
    """Check that what was posted up to a run of an hour is what its slots come to."""
    posted: Counter[Line] = Counter()
    where: dict[Line, str] = {}
    for row in booked:
        its = row.transfer
        if its.run is None or its.run > cutoff.run:
            continue
        line = Line(its.purpose, its.debit, its.credit, str(its.attempt or ""))
        back = Line(its.purpose, its.credit, its.debit, str(its.attempt or ""))
        line, sign = (back, -1) if back in due and line not in due else (line, 1)
        posted[line] += sign * its.amount
        where[line] = row.where
    for line in sorted(due.keys() | posted.keys()):
        if due.get(line, 0) != posted[line]:
            what = (
                f"{line.purpose} {line.debit} to {line.credit}, attempt {line.attempt or '-'} in {cutoff.hour_seconds}"
            )
            message = f"{what}: the slots come to {due.get(line, 0)}, posted is {posted[line]}"
            yield Finding("C9", where.get(line, cutoff.where), message)


def _borne(booked: Iterable[rows.Booked]) -> Iterator[Finding]:
    """Check that of no run of an hour the pool bears more than it charges the attempt."""
    left: Counter[tuple[UUID | None, int | None]] = Counter()
    overruns = []
    for row in booked:
        its = row.transfer
        if its.kind is Kind.SINGLE and its.purpose in {Purpose.USE, Purpose.TIER}:
            left[its.attempt, its.run] += its.amount if its.debit.endswith("/use") else -its.amount
        elif its.kind is Kind.SINGLE and its.purpose is Purpose.OVERRUN:
            overruns.append(row)
    for row in overruns:
        key = (row.transfer.attempt, row.transfer.run)
        left[key] -= row.transfer.amount
        if left[key] < 0:
            yield Finding("C11", row.where, f"the pool bears more of {key[0]} than the run charges it")


def _attribution(
    read: Bundle, cutoff: rows.Cutoff, measured: Mapping[str, Attribution], its_rows: dict[str, rows.Posting]
) -> Iterator[Finding]:
    """Check that each second of each GPU is attributed exactly once, as the members' postings say."""
    for member in [row.name for row in read.members if row.sequence < cutoff.sequence]:
        its = measured.get(member, Attribution())
        row = its_rows.pop(member, None)
        if row is None:
            yield Finding(
                "C8",
                cutoff.where,
                f"the posting of {member} for run {cutoff.run} of hour {cutoff.hour_seconds} is missing",
            )
        elif row.milli_gpu_seconds != (its.used, its.idle, its.down, its.unknown):
            yield Finding(
                "C8", row.where, f"the GPUs of {member} did something else in hour {row.hour_seconds} than it says"
            )
    for row in its_rows.values():
        yield Finding("C8", row.where, f"a posting for {row.member}, who was no member")


def _funded(read: Bundle) -> dict[int, list[tuple[rows.Decision, int]]]:
    """Return, by hour, the decisions that reserve for it, each with the number of the funding."""
    found: dict[int, list[tuple[rows.Decision, int]]] = defaultdict(list)
    for row in read.decisions:
        if "funding" in row.body:
            for number, value in enumerate(Fields(dict(row.body), row.where).items("funding")):
                its = Fields(value, f"{row.where}: funding")
                for hour_seconds, _ in charge.hours(its.integer("start"), its.integer("end")):
                    found[hour_seconds].append((row, number))
    return found


def _reservation(row: rows.Decision, number: int, hour: int) -> transfers.Transfer:
    """Return what a decision's funding reserves for an hour."""
    body = Fields(dict(row.body), row.where)
    member, attempt = body.text("member"), body.identifier("attempt")
    its = Fields(body.items("funding")[number], f"{row.where}: funding")
    account = transfers.cap(member, its.text("cap"), its.integer("windowStart"))
    rate = its.integer("rate")
    seconds = dict(charge.hours(its.integer("start"), its.integer("end")))[hour]
    return transfers.reservation(row.id, attempt, account, hour, rate * seconds)


def _reservations(
    hour_seconds: int, funded: Iterable[tuple[rows.Decision, int]], booked: Iterable[rows.Booked], period: str
) -> Iterator[Finding]:
    """Check that reservations of an hour are those that decisions took, each with its amount, and none is missing."""
    due: dict[UUID, tuple[str, transfers.Transfer]] = {}
    for row, number in funded:
        each = _reservation(row, number, hour_seconds)
        if each.period == period:
            due[each.id] = (row.where, each)
    for one in booked:
        if one.transfer.kind is Kind.PENDING:
            _, wanted = due.pop(one.transfer.id, ("", None))
            if wanted is None or canonical.sha256(transfers.body(wanted)) != one.sha256:
                yield Finding("C10", one.where, f"no decision reserved {one.transfer.id}, or another amount")
    for where, missing in due.values():
        yield Finding("C10", where, f"the reservation of hour {missing.hour_seconds} in {missing.debit} is missing")


def _references(booked: Sequence[rows.Booked]) -> Iterator[Finding]:
    """Check that a reservation is resolved once, by no more than itself; what corrections take back was posted.

    *booked* are the transfers of an hour: what refers to one of another hour does not find it. Corrections are of the
    hour of what they correct, in whatever period they are booked.

    """
    by_id = {row.transfer.id: row for row in booked}
    resolved: set[UUID] = set()
    left = {row.transfer.id: row.transfer.amount for row in booked}
    for row in booked:
        its = row.transfer
        reference = its.pending or its.reverses
        if reference is None:
            continue
        other = by_id.get(reference)
        if other is None or other.sequence > row.sequence or its.amount > left[reference] or reference in resolved:
            yield Finding("C10", row.where, f"transfer {its.id} refers to {reference}, which does not hold it")
            continue
        sides = (its.debit, its.credit) if its.pending else (its.credit, its.debit)
        if sides != (other.transfer.debit, other.transfer.credit) or (other.transfer.kind is Kind.PENDING) != bool(
            its.pending
        ):
            yield Finding("C10", row.where, f"transfer {its.id} is between other accounts than {reference}")
        if (its.attempt, its.purpose) != (other.transfer.attempt, other.transfer.purpose):
            yield Finding("C10", row.where, f"transfer {its.id} is of another attempt or purpose than {reference}")
        if its.pending:
            resolved.add(reference)
        else:
            left[reference] -= its.amount


class _Overruns:
    """Checks that what the pool bears has its violation, and the other way round."""

    def __init__(self, read: Bundle) -> None:
        self._header = read.header
        self._members = {str(row.id): row.member for row in read.attempts}
        # Counted: an attempt may overrun by the same amount in two runs of an hour.
        its_rows = (row for row in read.violations if row.kind == "Overrun")
        self._left = Counter((row.attempt, row.at_seconds, row.amount) for row in its_rows)

    def add(self, row: rows.Booked) -> Iterator[Finding]:
        its = row.transfer
        # One that is carried has its violation and its attempt in the export of its own month.
        if its.purpose is Purpose.OVERRUN and its.kind is Kind.SINGLE and not row.carried:
            key = (str(its.attempt), its.hour_seconds, its.amount)
            if not self._left[key]:
                what = f"the pool bears {its.amount} of {its.attempt} without a violation on record"
                yield Finding("C11", row.where, what)
            else:
                self._left[key] -= 1
            if its.credit != transfers.use(self._members.get(key[0], "")):
                yield Finding(
                    "C11", row.where, f"the pool bears what {its.attempt} overran, for who does not pay for it"
                )

    def left(self) -> Iterator[Finding]:
        for attempt, hour_seconds, _ in sorted(+self._left, key=str):
            if self._header.start_seconds <= hour_seconds < self._header.end_seconds:
                what = f"the overrun of {attempt} in hour {hour_seconds} is on record and not booked"
                yield Finding("C11", "transfers.jsonl", what)


class _Caps:
    """Checks, in the order of recording, that nothing crossed a cap's ceiling of that moment."""

    def __init__(self, read: Bundle) -> None:
        self._read = read
        self._in_use = {row.name: row.before[0] + row.before[2] for row in read.accounts if row.ceiling is not None}
        self._ceilings: dict[str, int] = {}
        self._set = deque(sorted((row for row in read.facts if row.kind == "CapSet"), key=lambda row: row.sequence))
        self._reserved: dict[UUID, int] = {}

    def add(self, row: rows.Booked) -> Iterator[Finding]:
        its = row.transfer
        if its.kind is Kind.PENDING:
            self._reserved[its.id] = its.amount
        if row.carried or its.purpose is not Purpose.CAP:
            return
        self._until(row.sequence)
        grows = its.amount - (self._reserved.pop(its.pending, 0) if its.pending else 0)
        self._in_use[its.debit] = self._in_use.get(its.debit, 0) + grows
        if grows > 0 and self._in_use[its.debit] > self._ceilings.get(its.debit, -1):
            what = f"transfer {its.id} takes {its.debit} to {self._in_use[its.debit]}, over its ceiling"
            yield Finding("C11", row.where, what)

    def left(self) -> Iterator[Finding]:
        self._until(None)
        for account in self._read.accounts:
            if account.ceiling is not None and account.ceiling != self._ceilings.get(account.name):
                what = f"the ceiling of {account.name} is not the one that was last set"
                yield Finding("C11", account.where, what)

    def _until(self, sequence: int | None) -> None:
        """Set the ceilings that were set before a place in the sequence, or all."""
        while self._set and (sequence is None or self._set[0].sequence < sequence):
            row = self._set.popleft()
            self._ceilings[row.account] = row.amount or 0


class _Accounts:
    """Checks that debits equal credits, and each account is what its transfers add up to."""

    def __init__(self, read: Bundle) -> None:
        self._read = read
        self._sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._reserved: dict[UUID, int] = {}

    def add(self, row: rows.Booked) -> None:
        its = row.transfer
        if row.carried:
            if its.kind is Kind.PENDING:
                self._reserved[its.id] = its.amount
            return
        if its.pending:
            self._reserved.setdefault(its.pending, 0)  # what it refers to is not there, which is a finding of its own
        for name, *added in transfers.movements([its], self._reserved):
            self._sums[name] = [have + more for have, more in zip(self._sums[name], added, strict=True)]
        if its.pending:
            del self._reserved[its.pending]

    def left(self) -> Iterator[Finding]:
        read = self._read
        expected = {*transfers.OF_POOL, *(name for row in read.members for name in transfers.of_member(row.name))}
        expected |= {row.account for row in read.facts if row.kind == "CapSet"}
        for name in sorted(expected ^ {row.name for row in read.accounts}):
            yield Finding("C10", "accounts.jsonl", f"the account {name} is missing, or nobody opened it")
        for row in read.accounts:
            parts = zip(row.before, self._sums.pop(row.name, [0] * 4), row.after, row.now, strict=True)
            if any(before + here + after != now for before, here, after, now in parts):
                what = f"the balance of {row.name} is not what its transfers add up to"
                yield Finding("C10", row.where, what)
        debits = sum(row.now[0] for row in read.accounts)
        credits_ = sum(row.now[1] for row in read.accounts)
        if debits != credits_:
            yield Finding("C10", "accounts.jsonl", f"debits are {debits} and credits {credits_}")
