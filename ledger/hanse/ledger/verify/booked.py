"""C9 to C11: the books are what decisions and slots make them, to the last unit, and no cap was crossed.

In: an export's rows, and what its hours of slots come to. Out: findings. Every posting of every run is compared with
the slots of its cut-off; every reservation is computed again from its decision; every balance from the transfers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hanse.evidence import canonical
from hanse.evidence.shape import Fields
from hanse.ledger import charge, rows, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.metering import Attribution, Line
from hanse.ledger.transfers import Kind, Purpose
from hanse.ledger.verify.finding import Finding
from hanse.ledger.verify.metered import Metered

if TYPE_CHECKING:
    from uuid import UUID

_METERED = {Purpose.USE, Purpose.TIER, Purpose.OFFERED}


def check(read: Bundle, metered: Metered) -> Iterator[Finding]:
    """Yield what is wrong with the books."""
    yield from _hours(read, metered)
    yield from _runs(read)
    yield from _reservations(read)
    yield from _references(read)
    yield from _overruns(read)
    yield from _caps(read)
    yield from _accounts(read)


def _hours(read: Bundle, metered: Metered) -> Iterator[Finding]:
    """Compare every run of every hour with what its slots come to, in the order in which they were posted."""
    postings: dict[tuple[int, int], dict[str, rows.Posting]] = defaultdict(dict)
    for posting in read.postings:
        postings[posting.hour_seconds, posting.run][posting.member] = posting
    posted_by_hour: dict[int, list[rows.Booked]] = defaultdict(list)
    for row in read.transfers:
        if row.transfer.kind is Kind.SINGLE and row.transfer.purpose in _METERED:
            posted_by_hour[row.transfer.hour_seconds].append(row)
    for cutoff in sorted(read.cutoffs, key=lambda row: row.sequence):
        hour = metered.hours[cutoff.hour_seconds]
        yield from _posted(cutoff, hour.due[cutoff.run], posted_by_hour[cutoff.hour_seconds])
        key = (cutoff.hour_seconds, cutoff.run)
        yield from _attribution(read, cutoff, hour.members[cutoff.run], postings[key])


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


def _runs(read: Bundle) -> Iterator[Finding]:
    """Check that runs of an hour count up from 0, and that each posting comes after its run's cut-off and not later."""
    starts: dict[tuple[int, int], int] = {}
    for cutoff in read.cutoffs:
        if cutoff.run and (cutoff.hour_seconds, cutoff.run - 1) not in starts:
            yield Finding("C9", cutoff.where, f"run {cutoff.run} of hour {cutoff.hour_seconds} is out of turn")
        starts[cutoff.hour_seconds, cutoff.run] = cutoff.sequence
    posted = [(row.where, row.sequence, row.hour_seconds, row.run) for row in read.postings]
    posted += [
        (row.where, row.sequence, row.transfer.hour_seconds, row.transfer.run)
        for row in read.transfers
        if not row.carried and row.transfer.run is not None
    ]
    for where, sequence, hour_seconds, run in posted:
        began, ended = starts.get((hour_seconds, run)), starts.get((hour_seconds, run + 1))
        if began is None or sequence < began or (ended is not None and sequence > ended):
            yield Finding("C9", where, f"was not posted in run {run} of hour {hour_seconds}")


def _reservations(read: Bundle) -> Iterator[Finding]:
    """Check that reservations are those that decisions took, each with its amount, and none is missing."""
    due: dict[UUID, tuple[str, transfers.Transfer]] = {}
    for row in read.decisions:
        if "funding" in row.body:
            for each in _funding(row):
                if each.period == read.header.period:
                    due[each.id] = (row.where, each)
    for booked in read.transfers:
        if booked.transfer.kind is Kind.PENDING:
            _, wanted = due.pop(booked.transfer.id, ("", None))
            if wanted is None or canonical.sha256(transfers.body(wanted)) != booked.sha256:
                yield Finding("C10", booked.where, f"no decision reserved {booked.transfer.id}, or another amount")
    for where, missing in due.values():
        yield Finding("C10", where, f"the reservation of hour {missing.hour_seconds} in {missing.debit} is missing")


def _funding(row: rows.Decision) -> Iterator[transfers.Transfer]:
    body = Fields(dict(row.body), row.where)
    member, attempt = body.text("member"), body.identifier("attempt")
    for value in body.items("funding"):
        its = Fields(value, f"{row.where}: funding")
        account = transfers.cap(member, its.text("cap"), its.integer("windowStart"))
        rate = its.integer("rate")
        for hour_seconds, seconds in charge.hours(its.integer("start"), its.integer("end")):
            yield transfers.reservation(row.id, attempt, account, hour_seconds, rate * seconds)


def _references(read: Bundle) -> Iterator[Finding]:
    """Check that a reservation is resolved once, by no more than itself; what corrections take back was posted."""
    by_id = {row.transfer.id: row for row in read.transfers}
    resolved: set[UUID] = set()
    left = {row.transfer.id: row.transfer.amount for row in read.transfers}
    for row in read.transfers:
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
        if (its.hour_seconds, its.attempt) != (other.transfer.hour_seconds, other.transfer.attempt):
            yield Finding("C10", row.where, f"transfer {its.id} is of another hour or attempt than {reference}")
        if its.pending:
            resolved.add(reference)
        else:
            left[reference] -= its.amount


def _overruns(read: Bundle) -> Iterator[Finding]:
    """Check that what the pool bears has its violation, and the other way round."""
    key_of = {(row.attempt, row.at_seconds, row.amount) for row in read.violations if row.kind == "Overrun"}
    for row in read.transfers:
        its = row.transfer
        if its.purpose is Purpose.OVERRUN and its.kind is Kind.SINGLE:
            key = (str(its.attempt), its.hour_seconds, its.amount)
            if key not in key_of:
                yield Finding(
                    "C11", row.where, f"the pool bears {its.amount} of {its.attempt} without a violation on record"
                )
            key_of.discard(key)
    for attempt, hour_seconds, _ in sorted(key_of, key=str):
        if read.header.start_seconds <= hour_seconds < read.header.end_seconds:
            yield Finding(
                "C11", "transfers.jsonl", f"the overrun of {attempt} in hour {hour_seconds} is on record and not booked"
            )


def _caps(read: Bundle) -> Iterator[Finding]:
    """Check, in the order of recording, that nothing crossed a cap's ceiling of that moment."""
    in_use = {row.name: row.before[0] + row.before[2] for row in read.accounts if row.ceiling is not None}
    ceilings: dict[str, int] = {}
    events: list[rows.Booked | rows.Remark] = [row for row in read.transfers if not row.carried]
    events += [row for row in read.facts if row.kind == "CapSet"]
    amounts = {row.transfer.id: row.transfer.amount for row in read.transfers}
    for row in sorted(events, key=lambda event: event.sequence):
        if isinstance(row, rows.Remark):
            ceilings[row.account] = row.amount or 0
        elif row.transfer.purpose is Purpose.CAP:
            its = row.transfer
            grows = its.amount - (amounts.get(its.pending, 0) if its.pending else 0)
            in_use[its.debit] = in_use.get(its.debit, 0) + grows
            if grows > 0 and in_use[its.debit] > ceilings.get(its.debit, -1):
                yield Finding(
                    "C11", row.where, f"transfer {its.id} takes {its.debit} to {in_use[its.debit]}, over its ceiling"
                )
    for account in read.accounts:
        if account.ceiling is not None and account.ceiling != ceilings.get(account.name):
            yield Finding("C11", account.where, f"the ceiling of {account.name} is not the one that was last set")


def _accounts(read: Bundle) -> Iterator[Finding]:
    """Check that debits equal credits, and each account is what its transfers add up to."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    reserved: dict[UUID, int] = {row.transfer.id: row.transfer.amount for row in read.transfers}
    own = [row.transfer for row in read.transfers if not row.carried]
    for name, *added in transfers.movements(own, reserved):
        sums[name] = [have + more for have, more in zip(sums[name], added, strict=True)]
    expected = {*transfers.OF_POOL, *(name for row in read.members for name in transfers.of_member(row.name))}
    expected |= {row.account for row in read.facts if row.kind == "CapSet"}
    for name in sorted(expected ^ {row.name for row in read.accounts}):
        yield Finding("C10", "accounts.jsonl", f"the account {name} is missing, or nobody opened it")
    for row in read.accounts:
        parts = zip(row.before, sums.pop(row.name, [0] * 4), row.after, row.now, strict=True)
        if any(before + here + after != now for before, here, after, now in parts):
            yield Finding("C10", row.where, f"the balance of {row.name} is not what its transfers add up to")
    debits = sum(row.now[0] for row in read.accounts)
    credits_ = sum(row.now[1] for row in read.accounts)
    if debits != credits_:
        yield Finding("C10", "accounts.jsonl", f"debits are {debits} and credits {credits_}")
