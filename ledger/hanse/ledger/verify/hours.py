"""An hour of slots, read once and not kept: all that is checked of slots, and what the hour comes to.

In: an hour's file, and the rows that slots are judged by. Out: an :class:`Hour`, small enough to be handed from one
process to another: findings, sums, and what has to be compared with other hours. The slots are in the order of start
and node, so that nothing but the interval before has to be remembered. What the hours come to together is in
:mod:`hanse.ledger.verify.metered`.
"""

import hashlib
import uuid
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hanse.evidence import canonical, signatures, slots
from hanse.evidence.errors import EvidenceError
from hanse.ledger import bundle, charge, metering, rows
from hanse.ledger.bundle import BundleError, Header
from hanse.ledger.metering import Attribution, InForce, Line, Measured, Terms, Use
from hanse.ledger.verify import stamps
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding
from hanse.ledger.verify.placed import Placed
from hanse.ledger.verify.sealed import Opened


@dataclass(frozen=True)
class Link:
    """A slot of a node as the next one has to name it: when, of which boot, its hash and that of the one before it."""

    where: str
    start_seconds: int
    boot_id: uuid.UUID
    sha256: bytes
    previous_sha256: bytes


@dataclass
class Hour:
    """What came of an hour. *due* and *members* are by run; *first* and *last* are a node's slots at its two ends.

    *late* are rows that were sealed after the period, *after_posting* slots that came when their hour was posted.
    """

    seconds: int
    findings: list[Finding] = field(default_factory=list)
    of_log: list[Finding] = field(default_factory=list)
    stamps: "array[int]" = field(default_factory=lambda: array("q"))
    leaves: "array[int]" = field(default_factory=lambda: array("q"))
    unsealed: int = 0
    late: int = 0
    after_posting: int = 0
    links: int = 0
    reboots: int = 0
    came: Counter[str] = field(default_factory=Counter)
    came_at: Counter[int] = field(default_factory=Counter)
    due: dict[int, dict[Line, int]] = field(default_factory=dict)
    members: dict[int, dict[str, Attribution]] = field(default_factory=dict)
    uses: dict[int, dict[str, Use]] = field(default_factory=dict)
    first: dict[str, Link] = field(default_factory=dict)
    last: dict[str, Link] = field(default_factory=dict)
    lost: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What slots are judged by."""

    folder: Path
    header: Header
    log_size: int
    placed: Placed
    known: InForce
    revoked: Mapping[str, list[rows.Enrolled]]
    cutoffs: Mapping[int, list[rows.Cutoff]]


class _Run:
    """A run of an hour, computed again."""

    def __init__(self, cutoff: rows.Cutoff, context: Context) -> None:
        self.cutoff = cutoff
        self._in_force = context.placed.in_force(cutoff.sequence)
        self._terms: Mapping[str, Terms] = context.placed.terms(cutoff.sequence)
        self.measured: Measured = metering.begin(cutoff.hour_seconds, context.header.slot_seconds, self._in_force)
        self._digest = hashlib.sha256()
        self._slots = 0

    def add(self, row: rows.Metered, body_sha256: bytes) -> None:
        """Add a slot, if it had come when the run was cut off."""
        if row.sequence < self.cutoff.sequence:
            self._digest.update(body_sha256)
            self._slots += 1
            metering.add(self.measured, row.slot, self._in_force, self._terms)

    def finish(self, hour: Hour) -> None:
        """Say what the run comes to, and whether it was posted from these slots."""
        number = self.cutoff.run
        amounts = metering.amounts(self.measured, self._terms)
        hour.due[number] = {line: amount for line, amount in amounts.items() if amount}
        hour.members[number] = dict(self.measured.by_member)
        hour.uses[number] = self.measured.uses()
        if self._slots != self.cutoff.slots or self._digest.digest() != self.cutoff.digest:
            what = f"run {number} of hour {hour.seconds} was posted from {self.cutoff.slots} slots"
            hour.findings.append(Finding("C8", self.cutoff.where, f"{what}, and not from these {self._slots}"))


def examine(context: Context, seconds: int) -> Hour:
    """Return what came of the hour that starts then (Unix time)."""
    return _Examination(context, seconds).hour


class _Examination:
    def __init__(self, context: Context, seconds: int) -> None:
        self._context, self.hour = context, Hour(seconds)
        self._runs = [_Run(cutoff, context) for cutoff in context.cutoffs.get(seconds, [])]
        self._opened = Opened(context.folder, context.header, context.log_size)
        self._pairs: list[tuple[int, int]] = []
        self._before: tuple[int, str] = (-1, "")
        self._taken_until = metering.taken_until(seconds)
        name = bundle.slot_file(seconds)
        if name in context.header.slot_files:
            try:
                for row in bundle.read_slots(context.folder, name, self._opened.slot):
                    self._slot(row)
            except BundleError as error:
                self.hour.findings.append(Finding("C2", error.where, error.message))
        for run in self._runs:
            run.finish(self.hour)
        self.hour.stamps = stamps.pack(self._pairs)
        self.hour.leaves = self._opened.leaves
        self.hour.unsealed, self.hour.late = self._opened.unsealed, self._opened.late
        self.hour.of_log = self._opened.findings

    def _slot(self, row: rows.Metered) -> None:
        slot = row.slot
        body_sha256 = canonical.sha256(row.body)
        self._pairs.append((row.sequence, row.recorded_us))
        self._place(row)
        self._signature(row)
        self._link(row, body_sha256)
        for run in self._runs:
            run.add(row, body_sha256)
        self.hour.came[row.member] += 1
        self.hour.came_at[slot.start_seconds] += 1

    def _place(self, row: rows.Metered) -> None:
        """Check that a slot is in its file, after those before it, once, and was recorded when it had ended."""
        here = (row.slot.start_seconds, row.slot.node)
        what = f"{row.slot.node} at {row.slot.start_seconds}"
        if here == self._before:
            self._wrong("C8", row, f"{what} is attributed already, in the line before")
        elif here < self._before or not 0 <= here[0] - self.hour.seconds < charge.HOUR_SECONDS:
            self._wrong("C3", row, f"{what} is not in the order of start and node, or not in its hour's file")
        self._before = here
        if row.recorded_us < row.slot.end_seconds * 10**6 - stamps.SKEW_US:
            self._wrong("C13", row, "was recorded before the slot had ended")
        if row.recorded_us >= self._taken_until * 10**6 + stamps.SKEW_US:
            self._wrong("C13", row, "was taken when the slots of its month were not taken any more")
        if self._runs and row.sequence > self._runs[0].cutoff.sequence:
            self.hour.after_posting += 1
        if row.recorded_us > self._context.header.exported_at_seconds * 10**6 + stamps.SKEW_US:
            self._wrong("C13", row, "was recorded after the export")

    def _signature(self, row: rows.Metered) -> None:
        slot = row.slot
        enrolment = self._context.known.enrolment(slot.node, slot.start_seconds)
        what = f"{slot.node} at {slot.start_seconds}"
        if enrolment is None or enrolment.member != row.member:
            self._wrong("C7", row, f"{slot.node} was not enrolled by {row.member} at {slot.start_seconds}")
            return
        try:
            signatures.verify(enrolment.node_key, signatures.SLOT, row.body, row.signature)
        except EvidenceError as error:
            self._wrong("C7", row, f"{what}: {error}")
        for by in self._context.revoked.get(slot.node, ()):
            late = row.sequence > by.sequence and slot.start_seconds < by.enrolment.start_seconds
            if late and enrolment.node_key != by.enrolment.node_key:
                self._wrong("C7", row, f"{what}: its key was revoked before it came, in {by.where}")
        if slot.length_seconds != self._context.header.slot_seconds or not set(slot.gpus) <= set(enrolment.gpus):
            self._wrong("C7", row, f"{what}: another interval, or GPUs not enrolled")

    def _link(self, row: rows.Metered, body_sha256: bytes) -> None:
        slot = row.slot
        link = Link(row.where, slot.start_seconds, slot.boot_id, body_sha256, slot.previous_sha256)
        before = self.hour.last.get(slot.node)
        if before is None:
            self.hour.first[slot.node] = link
        else:
            join(self.hour, slot.node, before, link, slot.length_seconds)
        self.hour.last[slot.node] = link

    def _wrong(self, check: str, row: rows.Metered, message: str) -> None:
        if len(self.hour.findings) < FINDINGS_MAX:
            self.hour.findings.append(Finding(check, row.where, message))


def join(hour: Hour, node: str, before: Link, link: Link, length_seconds: int) -> None:
    """Compare a slot with the one of its node that comes before it in the export.

    One that directly follows another of the same boot must carry its hash. One that carries the hash of neither it nor
    of nothing follows a slot that the node has signed and that is not here.

    """
    hour.links += 1
    hour.reboots += link.boot_id != before.boot_id
    if link.previous_sha256 == before.sha256:
        return
    if link.start_seconds == before.start_seconds + length_seconds and link.boot_id == before.boot_id:
        what = f"{node} at {link.start_seconds} does not continue the slot before it"
        hour.findings.append(Finding("C12", link.where, what))
    elif link.previous_sha256 != slots.NO_PREVIOUS:
        hour.lost.append(link)
