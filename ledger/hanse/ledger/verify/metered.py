"""C7, C8 and C12: every slot is signed by an enrolled node, in its place, once, and none that was posted is gone.

In: an export's rows. Out: findings, and how complete the metering is. That the segments of each GPU partition the slot
is a matter of the slot's form, which was checked when the line was read.
"""

from collections import defaultdict
from collections.abc import Iterator

from hanse.evidence import canonical, enrolments, slots
from hanse.evidence.errors import EvidenceError
from hanse.ledger import charge, rows
from hanse.ledger.bundle import Bundle
from hanse.ledger.metering import InForce
from hanse.ledger.verify.finding import Finding


def check(read: Bundle) -> Iterator[Finding]:
    """Yield what is wrong with enrolments and slots."""
    yield from _enrolments(read)
    yield from _slots(read)
    yield from _chains(read)
    yield from _cutoffs(read)


def in_force(read: Bundle, before: int | None = None) -> InForce:
    """Return what was in force, by the enrolments and levies with a sequence *before* that one, or by all."""
    return InForce(
        (row.enrolment for row in read.enrolments if before is None or row.sequence < before),
        ((row.node, row.start_seconds, row.levied) for row in read.levies if before is None or row.sequence < before),
    )


def by_hour(read: Bundle) -> dict[int, list[rows.Metered]]:
    """Return the slots of each hour (its start, Unix time), by start and node."""
    found: dict[int, list[rows.Metered]] = defaultdict(list)
    for row in sorted(read.slots, key=lambda row: (row.slot.start_seconds, row.slot.node)):
        found[row.slot.start_seconds // charge.HOUR_SECONDS * charge.HOUR_SECONDS].append(row)
    return found


def completeness(read: Bundle) -> tuple[int, int]:
    """Return how many slots of enrolled nodes came in, and how many should have, up to the export."""
    known = in_force(read)
    end = min(read.header.end_seconds, read.header.exported_at_seconds) - read.header.slot_seconds
    starts = range(read.header.start_seconds, end + 1, read.header.slot_seconds)
    due = sum(1 for node in known.nodes() for start in starts if (its := known.enrolment(node, start)) and its.gpus)
    return len(read.slots), due


def _enrolments(read: Bundle) -> Iterator[Finding]:
    keys = {(row.member, row.key) for row in read.keys}
    for row in read.enrolments:
        whose = row.enrolment.member
        try:
            enrolments.verify(row.body, row.signature, row.member_key)
        except EvidenceError as error:
            yield Finding("C7", row.where, f"the enrolment of {row.enrolment.node}: {error}")
        if (whose, row.member_key) not in keys:
            yield Finding("C7", row.where, f"the enrolment of {row.enrolment.node} is signed with no key of {whose}")


def _slots(read: Bundle) -> Iterator[Finding]:
    known = in_force(read)
    seen: dict[tuple[str, int], str] = {}
    for row in read.slots:
        slot = row.slot
        key = (slot.node, slot.start_seconds)
        enrolment = known.enrolment(*key)
        if key in seen:
            yield Finding("C8", row.where, f"{slot.node} at {slot.start_seconds} is attributed in {seen[key]} already")
        seen[key] = row.where
        if enrolment is None or enrolment.member != row.member:
            yield Finding("C7", row.where, f"{slot.node} was not enrolled by {row.member} at {slot.start_seconds}")
            continue
        try:
            slots.verify(row.body, row.signature, enrolment.node_key)
        except EvidenceError as error:
            yield Finding("C7", row.where, f"{slot.node} at {slot.start_seconds}: {error}")
        if slot.length_seconds != read.header.slot_seconds or not set(slot.gpus) <= set(enrolment.gpus):
            yield Finding(
                "C7", row.where, f"{slot.node} at {slot.start_seconds}: another interval, or GPUs not enrolled"
            )


def _chains(read: Bundle) -> Iterator[Finding]:
    """Check that a slot that directly follows one of the same boot carries its hash."""
    by_key = {(row.slot.node, row.slot.start_seconds): row for row in read.slots}
    for row in read.slots:
        previous = by_key.get((row.slot.node, row.slot.start_seconds - row.slot.length_seconds))
        if previous is None or previous.slot.boot_id != row.slot.boot_id:
            continue
        if row.slot.previous_sha256 != canonical.sha256(previous.body):
            what = f"{row.slot.node} at {row.slot.start_seconds}"
            yield Finding("C12", row.where, f"{what} does not continue the slot before it")


def _cutoffs(read: Bundle) -> Iterator[Finding]:
    """Check that all slots that an hour was posted from are there, and are the same."""
    slots_by_hour = by_hour(read)
    for row in read.cutoffs:
        its = [each for each in slots_by_hour.get(row.hour_seconds, []) if each.sequence < row.sequence]
        digest = canonical.sha256(b"".join(canonical.sha256(each.body) for each in its))
        if len(its) != row.slots or digest != row.digest:
            what = f"run {row.run} of hour {row.hour_seconds}"
            yield Finding("C8", row.where, f"{what} was posted from {row.slots} slots, and not from these {len(its)}")
