"""C9 and C12, as far as attempts' use goes: it is what slots say, and what consumers say of it was compared.

In: an export's rows, and what its hours of slots come to. Out: findings, and how much of the use was acknowledged. An
acknowledgement of less than was posted, by more than a minute of all the attempt's GPUs, has its violation, or it is a
finding: who records it cannot keep silent about it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hanse.evidence import acknowledgements
from hanse.evidence.errors import EvidenceError
from hanse.ledger import rows, rules, use_rows
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify.finding import Finding
from hanse.ledger.verify.hours import Hour
from hanse.ledger.verify.placed import Placed

if TYPE_CHECKING:
    from hanse.ledger.metering import Use

TOLERANCE_SECONDS = 60
DISPUTED = "UseDisputed"


def latest(read: Bundle) -> dict[tuple[str, int], use_rows.Used]:
    """Return what each attempt used in each hour, as the last run found it."""
    return {(row.attempt, row.hour_seconds): row for row in sorted(read.usage, key=lambda row: row.run)}


class Uses:
    """Compares what attempts used with what the slots of an hour say, hour by hour; all else was read before."""

    def __init__(self, read: Bundle) -> None:
        self._read = read
        self._begin = rules.begin(read.facts)
        its = (row for row in read.postings if row.sequence < self._begin)
        self._unrecorded = {(row.hour_seconds, row.run, row.member) for row in its}
        self._members = {str(row.id): row.member for row in read.attempts}
        self._posted: dict[tuple[int, int], dict[str, use_rows.Used]] = defaultdict(dict)
        for row in read.usage:
            self._posted[row.hour_seconds, row.run][row.attempt] = row
        self._cutoffs: dict[int, list[rows.Cutoff]] = defaultdict(list)
        for cutoff in sorted(read.cutoffs, key=lambda row: row.sequence):
            self._cutoffs[cutoff.hour_seconds].append(cutoff)

    def hour(self, hour: Hour) -> Iterator[Finding]:
        """Compare every run with its slots: a row where it finds something new, and no other."""
        known: dict[str, Use] = {}
        for cutoff in self._cutoffs.get(hour.seconds, []):
            here, due = self._posted.pop((hour.seconds, cutoff.run), {}), hour.uses[cutoff.run]
            new = {attempt: use for attempt, use in due.items() if known.get(attempt) != use}
            if self._unrecorded:
                new = {attempt: use for attempt, use in new.items() if attempt in here or self._is_due(cutoff, attempt)}
            known |= new
            for attempt in sorted(new.keys() | here.keys()):
                found = here.get(attempt)
                if found is None:
                    what = f"what {attempt} used in {hour.seconds} is missing in run {cutoff.run}"
                    yield Finding("C9", cutoff.where, what)
                elif found.use != new.get(attempt) or found.member != self._members.get(attempt):
                    what = f"what {attempt} used in {hour.seconds} is not what its slots say"
                    yield Finding("C9", found.where, what)

    def _is_due(self, cutoff: rows.Cutoff, attempt: str) -> bool:
        return (cutoff.hour_seconds, cutoff.run, self._members.get(attempt)) not in self._unrecorded

    def left(self) -> Iterator[Finding]:
        """Yield what no hour has, what is before its rules, and what is wrong with acknowledgements."""
        for row in self._read.usage:
            if row.sequence < self._begin:
                yield Finding("C9", row.where, "was recorded before the rules are said to begin by which use is")
        for rest in self._posted.values():
            for each in rest.values():
                yield Finding("C9", each.where, f"run {each.run} of hour {each.hour_seconds} was never cut off")
        yield from _acknowledged(self._read)


def _acknowledged(read: Bundle) -> Iterator[Finding]:
    keys = {(row.member, row.key) for row in read.keys}
    members = {row.id: row.member for row in read.attempts}
    known = latest(read)
    for row in read.acknowledgements:
        its = row.said
        what = f"the acknowledgement of {its.attempt} in {its.hour_seconds}"
        try:
            acknowledgements.verify(row.body, row.signature, row.member_key)
        except EvidenceError as error:
            yield Finding("C12", row.where, f"{what}: {error}")
        if (its.member, row.member_key) not in keys or members.get(its.attempt) != its.member:
            yield Finding("C12", row.where, f"{what} is of {its.member}, whose attempt or whose key it is not")
        if row.filed_under is not None:
            yield Finding("C12", row.where, f"{what} is in the database as one of the hour {row.filed_under}")
        if (str(its.attempt), its.hour_seconds) not in known:
            yield Finding("C12", row.where, f"{what} is of an hour in which nothing is posted for it")
    yield from _disputed(read)


def _disputed(read: Bundle) -> Iterator[Finding]:
    """Check that what was acknowledged short has its violation, and the other way round."""
    runs: dict[tuple[str, int], list[use_rows.Used]] = defaultdict(list)
    for used in sorted(read.usage, key=lambda row: row.run):
        runs[used.attempt, used.hour_seconds].append(used)
    placed = Placed(read).milli_gpus()
    due: dict[tuple[str, int, int | None, str], use_rows.Acknowledged] = {}
    for row in read.acknowledgements:
        its = row.said
        tolerated = TOLERANCE_SECONDS * placed.get(str(its.attempt), 0)
        due |= {
            (str(its.attempt), its.hour_seconds, short, its.member): row
            for short in _short(row, runs[str(its.attempt), its.hour_seconds])
            if short > tolerated
        }
    start, end = read.header.start_seconds, read.header.end_seconds
    there = {
        (each.attempt, each.at_seconds, each.amount, each.member): each.where
        for each in read.violations
        if each.kind == DISPUTED and start <= each.at_seconds < end
    }
    for key in sorted(due.keys() - there.keys(), key=str):
        what = f"the acknowledgement of {key[0]} in {key[1]} is {key[2]} short of what is posted"
        yield Finding("C12", due[key].where, f"{what}, without a violation on record")
    for key in sorted(there.keys() - due.keys(), key=str):
        yield Finding(
            "C12", there[key], f"the use of {key[0]} in {key[1]} is disputed, and no acknowledgement is short"
        )


def _short(row: use_rows.Acknowledged, runs: Sequence[use_rows.Used]) -> Iterator[int]:
    """Yield by how much an acknowledgement is short of each run: the last one before it, and all that came after it."""
    before = [each for each in runs if each.sequence < row.sequence][-1:]
    for each in (*before, *(each for each in runs if each.sequence > row.sequence)):
        yield each.use.milli_gpu_seconds - row.said.milli_gpu_seconds
