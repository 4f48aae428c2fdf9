"""C10, of lost work: what was credited is what decisions said, no more than was paid, and nobody was left out.

In: an export's rows, transfers one by one in their order. Out: findings. What is charged to the victims of decisions is
added up to the place at which their member's part of the hour of their end was posted, as posting had it. What came
back to them by corrections and rulings was paid by nobody: it lowers a credit that is booked after it, and what comes
back after a credit leaves no attempt with more than it was charged.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from hanse.evidence.canonical import Json
from hanse.ledger import charge, losses, rows, rules, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.transfers import Kind, Purpose, Transfer
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding

# An overrun gives back what was charged and no cap held.
_CHARGES = frozenset({Purpose.USE, Purpose.TIER, Purpose.OVERRUN})
_BACK = _CHARGES | {Purpose.LOST_WORK, Purpose.ADJUSTMENT}


@dataclass
class _Victim:
    """An attempt that was stopped for somebody else's, and what it was charged so far.

    *posted_at* is the place of its member's part of the hour of its end; None if that is not in the export. *later* is
    what was charged too late for the credit. *back* is what corrections and rulings on it added, below zero mostly, and
    *back_before* all that had come back when the credit was booked. *hours* are those of its use.
    """

    where: str
    lost: losses.Lost
    member: str
    hour_seconds: int
    posted_at: int | None
    is_for_others: bool | None
    charged: int = 0
    later: int = 0
    back: int = 0
    back_before: int = 0
    booked: rows.Booked | None = None
    hours: set[int] = field(default_factory=set)

    def of(self, its: Transfer) -> int:
        """Return what a transfer takes from the member, or gives to it."""
        own = {transfers.use(self.member), transfers.adjustments(self.member)}
        return its.amount if its.debit in own else -its.amount if its.credit in own else 0

    @property
    def paid(self) -> int:
        """What it has paid by now, less all that it has back."""
        return self.charged + self.later + self.back - (self.booked.transfer.amount if self.booked else 0)


class LostWork:
    """What is checked of lost work, as transfers are read."""

    def __init__(self, read: Bundle) -> None:
        self._found: list[Finding] = []
        self._of_hours: list[Transfer] = []
        self._begin = rules.begin(read.facts)
        self._start, self._end = read.header.start_seconds, read.header.end_seconds
        posted = {(row.hour_seconds, row.member): row.sequence for row in read.postings if row.run == 0}
        saved = {row.attempt: row.sequence for row in read.facts if row.kind == losses.SAVED}
        members = {str(row.id): row.body.get("member") for row in read.decisions}
        stops = _stops(read)
        self._victims: dict[str, _Victim] = {}
        for row in read.attempts:
            stop = stops.get(str(row.id))
            if stop is not None and row.ended_at_seconds is not None:
                victim = _victim(row, row.ended_at_seconds, stop, posted, members)
                # What is said to have been saved after the books were made changes nothing about them.
                until = victim.posted_at or sys.maxsize
                if not stop.sequence < saved.get(str(row.id), 0) < until:
                    self._victims[str(row.id)] = victim

    def add(self, row: rows.Booked) -> None:
        """Take the next transfer."""
        its = row.transfer
        if its.kind is Kind.CORRECTION or its.purpose is Purpose.ADJUSTMENT:
            # Of this period's hours, whenever it was booked.
            if self._start <= its.hour_seconds < self._end:
                self._back(row)
            return
        if row.carried or its.kind is not Kind.SINGLE:
            return
        victim = self._victims.get(str(its.attempt))
        if its.purpose is Purpose.LOST_WORK:
            if victim is None or victim.booked:
                self._wrong(
                    row.where, f"{its.attempt} is credited for lost work that no decision made it lose, or twice"
                )
            else:
                victim.booked, victim.back_before = row, victim.back + self._of_its_hours(victim)
        elif victim and its.purpose in _CHARGES:
            victim.hours.add(its.hour_seconds)
            is_before = victim.posted_at is None or row.sequence < victim.posted_at
            if is_before or (its.hour_seconds == victim.hour_seconds and its.run == 0):
                victim.charged += victim.of(its)
            else:
                victim.later += victim.of(its)

    def _back(self, row: rows.Booked) -> None:
        """Take what a correction or a ruling gives; one on a whole hour may be about each who was charged in it."""
        its = row.transfer
        if its.kind is Kind.CORRECTION and its.purpose not in _BACK:
            return
        about = [self._victims[str(its.attempt)]] if str(its.attempt) in self._victims else []
        if its.attempt is None:
            self._of_hours.append(its)
            about = [each for each in self._victims.values() if its.hour_seconds in each.hours]
        for victim in about:
            victim.back += victim.of(its) if its.attempt else 0
            paid = victim.paid + self._of_its_hours(victim)
            if victim.of(its) < 0 and victim.booked and paid < 0:
                what = f"{victim.lost.attempt} has {-paid} back that it never paid"
                self._wrong(row.where, f"{what}: it was credited for lost work before")

    def _of_its_hours(self, victim: _Victim) -> int:
        """Return what rulings on whole hours gave, of those in which the victim was charged."""
        return sum(victim.of(its) for its in self._of_hours if its.hour_seconds in victim.hours)

    def left(self) -> Iterator[Finding]:
        """Yield what was found, when all transfers were read."""
        yield from self._found
        for attempt, victim in self._victims.items():
            booked = victim.booked
            due = self._due(victim)
            if booked is None:
                if due and victim.is_for_others:
                    yield Finding("C10", victim.where, f"{attempt} was to be credited {due} for lost work, and was not")
            elif not due or booked.transfer != losses.transfer(victim.lost, victim.member, victim.hour_seconds, due):
                what = f"{booked.transfer.amount} for lost work, and {due} were due"
                yield Finding("C10", booked.where, f"{attempt} is credited {what}, or in another way")

    def _due(self, victim: _Victim) -> int:
        """Return what was to be credited; who was not, and has it all back since, is owed nothing any more."""
        if victim.posted_at is None or victim.posted_at < self._begin or victim.is_for_others is False:
            return 0
        back = victim.back_before if victim.booked else victim.back + self._of_its_hours(victim)
        return losses.amount(victim.lost.worth, victim.charged + back)

    def _wrong(self, where: str, message: str) -> None:
        if len(self._found) < FINDINGS_MAX:
            self._found.append(Finding("C10", where, message))


def _stops(read: Bundle) -> dict[str, rows.Decision]:
    """Return the decisions that stopped attempts for others, by attempt, of those that say how much was lost."""
    return {
        str(row.body.get("attempt")): row
        for row in read.decisions
        if row.body.get("kind") == losses.KIND and row.body.get("effect") == "stop" and _gpu_seconds(row)
    }


def _gpu_seconds(row: rows.Decision) -> int:
    detail = row.body.get("detail")
    value = detail.get(losses.GPU_SECONDS) if isinstance(detail, dict) else None
    return value if isinstance(value, int) else 0


def _victim(
    row: rows.Attempt,
    ended_at_seconds: int,
    stop: rows.Decision,
    posted: dict[tuple[int, str], int],
    members: dict[str, Json | None],
) -> _Victim:
    hour_seconds = ended_at_seconds - ended_at_seconds % charge.HOUR_SECONDS
    worth = losses.worth(_gpu_seconds(stop), row.milli_h100e, row.tier_thousandths)
    return _Victim(
        stop.where, losses.Lost(row.id, stop.id, worth), row.member, hour_seconds,
        posted.get((hour_seconds, row.member)), _is_for_others(row.member, stop, members),
    )  # fmt: skip


def _is_for_others(member: str, stop: rows.Decision, members: dict[str, Json | None]) -> bool | None:
    """Return whether another member's decision made *member*'s attempt stop; None if that cannot be known."""
    cause = members.get(str(stop.body.get("cause")))
    if cause is not None:
        return cause != member
    # Of a decision of the month before, the one that it made room for may not be in the export. One of this month's is.
    return None if stop.carried and "cause" in stop.body else False
