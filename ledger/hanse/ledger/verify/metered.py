"""C6 to C8, C12 and C15: every slot is signed by an enrolled node, in its place, once; what is not there is counted.

In: an export's rows, and its hours of slots, each read by itself, side by side where there are cores. Out: findings,
and how complete the metering is. That the segments of each GPU partition the slot is a matter of the slot's form, which
was checked when the line was read.
"""

import gc
import itertools
import multiprocessing
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hanse.evidence import enrolments
from hanse.evidence.errors import EvidenceError
from hanse.ledger import bundle, charge, rows, rules
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify import hours
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding
from hanse.ledger.verify.hours import Context, Hour, Link
from hanse.ledger.verify.placed import Placed

# Fewer bytes of slots than this are read faster than a process is started.
SIDE_BY_SIDE_BYTES_MIN = 2**24
_context: Context | None = None  # of a process that examines hours: it was there before the process was


@dataclass
class Metered:
    """What the hours came to together. *lost* are slots that follow one that their node signed and that is not here."""

    findings: list[Finding] = field(default_factory=list)
    of_log: list[Finding] = field(default_factory=list)
    slots: int = 0
    links: int = 0
    reboots: int = 0
    after_posting: int = 0
    lost: int = 0
    first_lost: str = ""
    came: Counter[str] = field(default_factory=Counter)
    came_at: Counter[int] = field(default_factory=Counter)
    _last: dict[str, Link] = field(default_factory=dict)

    def add(self, hour: Hour, slot_seconds: int) -> None:
        """Take up the next hour; sums and each node's last slot are kept of it."""
        for node, link in hour.first.items():
            if before := self._last.get(node):
                hours.join(hour, node, before, link, slot_seconds)
        self._last |= hour.last
        self.links += hour.links
        self.reboots += hour.reboots
        self.after_posting += hour.after_posting
        self.lost += len(hour.lost)
        if hour.lost and not self.first_lost:
            self.first_lost = min(hour.lost, key=lambda link: link.start_seconds).where
        self.slots += hour.came.total()
        self.came += hour.came
        self.came_at += hour.came_at
        self.findings += hour.findings[: FINDINGS_MAX - len(self.findings)]
        self.of_log += hour.of_log[: FINDINGS_MAX - len(self.of_log)]


@dataclass(frozen=True)
class Completeness:
    """How many slots of enrolled nodes came in, and how many should have, by member; and the first gap."""

    came: dict[str, int]
    due: dict[str, int]
    first_gap_seconds: int | None
    first_gap_node: str = ""

    @property
    def total(self) -> tuple[int, int]:
        """How many came in, and how many should have."""
        return sum(self.came.values()), sum(self.due.values())


def context(folder: Path, read: Bundle, log_size: int) -> Context:
    """Return what slots are judged by."""
    placed = Placed(read)
    cutoffs: dict[int, list[rows.Cutoff]] = defaultdict(list)
    for row in sorted(read.cutoffs, key=lambda row: row.sequence):
        inside = read.header.start_seconds <= row.hour_seconds < read.header.end_seconds
        if inside and row.hour_seconds % charge.HOUR_SECONDS == 0:  # of any other the books have no hour
            cutoffs[row.hour_seconds].append(row)
    revoked: dict[str, list[rows.Enrolled]] = defaultdict(list)
    for enrolled in read.enrolments:
        if enrolled.enrolment.revokes:
            revoked[enrolled.enrolment.node].append(enrolled)
    return Context(folder, read.header, log_size, placed, placed.in_force(), revoked, cutoffs)


def examined(judged_by: Context, workers: int, meanwhile: Callable[[], None]) -> Iterator[Hour]:
    """Yield all hours in order; several *workers* examine them side by side, beside what is done *meanwhile*."""
    global _context  # noqa: PLW0603  # what a process inherits it need not be sent
    due = sorted({*map(bundle.hour_of, judged_by.header.slot_files), *judged_by.cutoffs})
    if workers <= 1:
        meanwhile()
        yield from (hours.examine(judged_by, seconds) for seconds in due)
        return
    _context = judged_by
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), initializer=_begin)
    try:
        # No more than so many at once: what comes of an hour lies here until its turn.
        waiting = iter(due)
        ahead = deque(pool.submit(_examine, seconds) for seconds in itertools.islice(waiting, 2 * workers))
        meanwhile()
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(_examine, seconds) for seconds in itertools.islice(waiting, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Have what was read stay, and garbage be looked for between hours only: it took a tenth of the time and more."""
    gc.freeze()
    gc.disable()


def _examine(seconds: int) -> Hour:
    if _context is None:
        raise RuntimeError("this process was not started to examine hours")
    gc.collect()
    return hours.examine(_context, seconds)


def check(read: Bundle, metered: Metered) -> Iterator[Finding]:
    """Yield what is wrong with enrolments and slots."""
    yield from _enrolments(read)
    yield from metered.findings


def completeness(judged_by: Context, metered: Metered) -> Completeness:
    """Return how complete the metering is, up to the export."""
    header, known = judged_by.header, judged_by.known
    end = min(header.end_seconds, header.exported_at_seconds) - header.slot_seconds + 1
    due: Counter[str] = Counter()
    begins, ends = [], []
    for node in known.nodes():
        for start, until, member in known.stretches(node, header.start_seconds, end):
            first, last = -(-start // header.slot_seconds), -(-until // header.slot_seconds)
            due[member] += last - first
            begins.append(first)
            ends.append(last)
    begins.sort()
    ends.sort()
    for number in range(-(-header.start_seconds // header.slot_seconds), -(-end // header.slot_seconds)):
        at = number * header.slot_seconds
        if metered.came_at[at] < bisect_right(begins, number) - bisect_right(ends, number):
            return Completeness(dict(metered.came), dict(due), at, _missing(judged_by, at))
    return Completeness(dict(metered.came), dict(due), None)


def _missing(judged_by: Context, at_seconds: int) -> str:
    """Return the first node that has no slot then."""
    known = judged_by.known
    name = bundle.slot_file(at_seconds - at_seconds % charge.HOUR_SECONDS)
    here = set()
    if name in judged_by.header.slot_files:
        found = bundle.read_slots(judged_by.folder, name)
        here = {row.slot.node for row in found if row.slot.start_seconds == at_seconds}
    due = (node for node in known.nodes() if (its := known.enrolment(node, at_seconds)) and its.gpus)
    return next((node for node in due if node not in here), "")


def _enrolments(read: Bundle) -> Iterator[Finding]:
    keys = {(row.member, row.key) for row in read.keys}
    node_of: dict[bytes, str] = {}
    begin = rules.begin(read.facts)
    for row in read.enrolments:
        its_node = node_of.setdefault(row.enrolment.node_key, row.enrolment.node)
        if its_node != row.enrolment.node and row.sequence > begin:
            what = f"{row.enrolment.node} is enrolled with the key of {node_of[row.enrolment.node_key]}"
            yield Finding("C7", row.where, f"{what}: each node has one of its own")
        whose = row.enrolment.member
        try:
            enrolments.verify(row.body, row.signature, row.member_key)
        except EvidenceError as error:
            yield Finding("C7", row.where, f"the enrolment of {row.enrolment.node}: {error}")
        if (whose, row.member_key) not in keys:
            yield Finding("C7", row.where, f"the enrolment of {row.enrolment.node} is signed with no key of {whose}")
