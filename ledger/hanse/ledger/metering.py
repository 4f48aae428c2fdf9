"""What slots mean: who used how much of whose GPUs in an hour, and what that is in money.

In: the hour's slots, the enrolments and levies in force, and for each attempt its lease and placements. Out: each GPU's
second attributed once, to use, idle, down or unknown, and the amounts that follow from it. Pure: posting and verifying
call the same functions on what they read from the database and from an export. A slot that did not come is unknown, and
nobody is credited; use that no lease or placement covers is unknown too, and is named.
"""

import functools
import uuid
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hanse.evidence import slots
from hanse.evidence.enrolments import Enrolment
from hanse.evidence.slots import Segment, Slot
from hanse.ledger import charge, transfers
from hanse.ledger.transfers import Purpose

SKEW_SECONDS = 5
"""Clocks that are disciplined are off by far less: a slot whose end is further ahead is in the future."""
TAKEN_SECONDS = 90 * charge.DAY_SECONDS
"""So long after a month's end its slots are taken, marked late; from then on only corrections change its books."""

MIB_MAX, MILLIWATTS_MAX = 2**21, 10**7
"""No GPU has so much memory, nor takes so much power. What slots say beyond is cut: two of a node could else add up to
more than a document may hold, and then the hour could not be posted, or nothing be sealed any more."""


@functools.lru_cache(maxsize=2**12)
def taken_until(start_seconds: int) -> int:
    """Return from when on (Unix time) no slot is taken any more that starts then."""
    at = datetime.fromtimestamp(start_seconds, UTC)
    following = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    return int(following.timestamp()) + TAKEN_SECONDS


@dataclass(frozen=True)
class Terms:
    """What is known of an attempt: who pays, at which rates, from when to when (Unix time), what it may use where."""

    member: str
    milli_h100e: int
    tier_thousandths: int
    granted_at_seconds: int | None
    ended_at_seconds: int | None
    milli_gpus_by_node: Mapping[str, int]

    def refuses(self, slot: Slot, milli_gpu_seconds: int) -> str | None:
        """Return why the attempt cannot have used that much of the slot's node, or None if it can.

        A lease is compared with whole slots: its edges are on the hub's clock, the slot's are on the node's.

        """
        if slot.node not in self.milli_gpus_by_node:
            return "the attempt was not placed on the node"
        if self.granted_at_seconds is None or slot.end_seconds <= self.granted_at_seconds:
            return "the attempt had no lease yet"
        if self.ended_at_seconds is not None and slot.start_seconds >= self.ended_at_seconds:
            return "the attempt had ended"
        if milli_gpu_seconds > self.milli_gpus_by_node[slot.node] * slot.length_seconds:
            return "more than was placed on the node"
        return None


@dataclass
class Attribution:
    """What a member's GPUs did, in milli-GPU-seconds."""

    used: int = 0
    idle: int = 0
    down: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Unaccepted:
    """Use that a slot of *member*'s node claims and that nothing covers, in milli-GPU-seconds."""

    member: str
    node: str
    start_seconds: int
    attempt: str
    milli_gpu_seconds: int
    reason: str


class InForce:
    """Which enrolment, and whether a levy, is in force for a node at a time."""

    def __init__(self, enrolled: Iterable[Enrolment], levies: Iterable[tuple[str, int, bool]]) -> None:
        self._enrolments: dict[str, list[Enrolment]] = defaultdict(list)
        for enrolment in sorted(enrolled, key=lambda each: each.start_seconds):
            self._enrolments[enrolment.node].append(enrolment)
        self._levied: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for node, start_seconds, levied in sorted(levies, key=lambda each: each[1]):
            self._levied[node].append((start_seconds, levied))

    def enrolment(self, node: str, at_seconds: int) -> Enrolment | None:
        """Return the node's enrolment that is in force then."""
        for each in reversed(self._enrolments.get(node, ())):
            if each.start_seconds <= at_seconds:
                return each
        return None

    def is_revoked(self, enrolment: Enrolment) -> bool:
        """Whether a later enrolment of the node has revoked this one's key."""
        return any(
            each.revokes and each.start_seconds > enrolment.start_seconds and each.node_key != enrolment.node_key
            for each in self._enrolments[enrolment.node]
        )

    def stretches(self, node: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Yield from when to when, between *start* and *end*, the node was enrolled with GPUs, and by whom."""
        its = self._enrolments.get(node, [])
        for each, following in zip(its, [*its[1:], None], strict=True):
            since = max(start, each.start_seconds)
            until = min(end, following.start_seconds) if following else end
            if each.gpus and since < until:
                yield since, until, each.member

    def credited(self, node: str, at_seconds: int) -> str | None:
        """Return the account that the node's use is credited to then: the levy's, or its member's."""
        enrolment = self.enrolment(node, at_seconds)
        if enrolment is None:
            return None
        levied = next(
            (is_levied for start, is_levied in reversed(self._levied.get(node, [])) if start <= at_seconds), False
        )
        return transfers.LEVY if levied else transfers.contribution_used(enrolment.member)

    def nodes(self) -> list[str]:
        """Return all nodes that were ever enrolled, in order."""
        return sorted(self._enrolments)


@dataclass
class Gauged:
    """Memory, energy and computing of an attempt's GPUs, with the milli-GPU-seconds for which they were measured.

    *energy_most_of* are those by which energy is cut: of a GPU that an attempt has a part of it can have drawn all.
    """

    memory_mib_seconds: int = 0
    memory_of: int = 0
    energy_millijoules: int = 0
    energy_of: int = 0
    energy_most_of: int = 0
    busy_milliseconds: int = 0
    busy_of: int = 0

    def use(self, milli_gpu_seconds: int) -> "Use":
        """Return the figures beside the time; what was not measured at all is None, and not nought."""
        return Use(
            milli_gpu_seconds,
            min(self.memory_mib_seconds, _part(MIB_MAX, self.memory_of)) if self.memory_of else None,
            self.memory_of,
            min(self.energy_millijoules, _part(MILLIWATTS_MAX, self.energy_most_of)) if self.energy_of else None,
            self.energy_of,
            self.busy_milliseconds if self.busy_of else None,
            self.busy_of,
        )


@dataclass(frozen=True, slots=True)
class Use:
    """What an attempt used in an hour: time of GPUs, memory on them over the time, energy, and how long they computed.

    *memory_of*, *energy_of* and *busy_of* are the milli-GPU-seconds for which there was a meter; None is what none
    measured.
    """

    milli_gpu_seconds: int
    memory_mib_seconds: int | None
    memory_of: int
    energy_millijoules: int | None
    energy_of: int
    busy_milliseconds: int | None = None
    busy_of: int = 0


@dataclass
class Measured:
    """An hour, measured, in milli-GPU-seconds.

    *used* is by attempt, credited account and node; *ready*, used or idle, by member, node and milli-H100e of a GPU.
    *gauged* is by attempt, of what is in *used*.
    """

    used: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    ready: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    by_member: dict[str, Attribution] = field(default_factory=lambda: defaultdict(Attribution))
    unaccepted: list[Unaccepted] = field(default_factory=list)
    gauged: dict[str, Gauged] = field(default_factory=lambda: defaultdict(Gauged))

    def uses(self) -> dict[str, "Use"]:
        """Return what each attempt used in the hour."""
        found: dict[str, int] = defaultdict(int)
        for (attempt, _, _), milli_gpu_seconds in self.used.items():
            found[attempt] += milli_gpu_seconds
        return {attempt: self.gauged[attempt].use(used) for attempt, used in found.items()}


def measure(
    hour_seconds: int, slot_seconds: int, seen: Iterable[Slot], in_force: InForce, terms: Mapping[str, Terms]
) -> Measured:
    """Attribute each second of each enrolled GPU in the hour that starts at *hour_seconds* exactly once."""
    measured = begin(hour_seconds, slot_seconds, in_force)
    for slot in seen:
        add(measured, slot, in_force, terms)
    return measured


def begin(hour_seconds: int, slot_seconds: int, in_force: InForce) -> Measured:
    """Return an hour of which nothing is known yet."""
    measured = Measured()
    for node in in_force.nodes():
        for start in range(hour_seconds, hour_seconds + charge.HOUR_SECONDS, slot_seconds):
            if enrolment := in_force.enrolment(node, start):
                whole = len(enrolment.gpus) * slot_seconds * slots.WHOLE_MILLI_GPUS
                measured.by_member[enrolment.member].unknown += whole
    return measured


def add(measured: Measured, slot: Slot, in_force: InForce, terms: Mapping[str, Terms]) -> None:
    """Move what a slot tells from unknown to what it was."""
    enrolment = in_force.enrolment(slot.node, slot.start_seconds)
    account = in_force.credited(slot.node, slot.start_seconds)
    if enrolment is None or account is None:
        return
    attribution = measured.by_member[enrolment.member]
    ready_key = (enrolment.member, slot.node, enrolment.milli_h100e)
    accepted: set[str] = set()
    for who, milli_gpu_seconds in sorted(totals(slot).items()):
        if who == slots.DOWN:
            attribution.down += milli_gpu_seconds
        elif who == slots.IDLE:
            attribution.idle += milli_gpu_seconds
            measured.ready[ready_key] += milli_gpu_seconds
        elif reason := _refusal(terms.get(who), slot, milli_gpu_seconds):
            claim = Unaccepted(enrolment.member, slot.node, slot.start_seconds, who, milli_gpu_seconds, reason)
            measured.unaccepted.append(claim)
            continue
        else:
            attribution.used += milli_gpu_seconds
            measured.ready[ready_key] += milli_gpu_seconds
            measured.used[who, account, slot.node] += milli_gpu_seconds
            accepted.add(who)
        attribution.unknown -= milli_gpu_seconds
    _gauge(measured.gauged, slot, accepted)


def _gauge(gauged: dict[str, Gauged], slot: Slot, accepted: Container[str]) -> None:
    """Add what a slot measured beside time for each *accepted* attempt.

    Memory and computing are whose the slot says that they were, and energy goes by that; where it does not say, they
    are in proportion to the shares, rounded down.

    """
    for segment in slot.segments:
        memory, energy, busy = segment.memory_mib_seconds, segment.energy_millijoules, segment.busy_milliseconds
        if memory is None and energy is None and busy is None:
            continue
        by = None if segment.memory_by is None else dict(segment.memory_by)
        busy_by = None if segment.busy_by is None else dict(segment.busy_by)
        seconds = segment.length_seconds * segment.gpu_mask.bit_count()
        for who, milli in segment.shares:
            if who in accepted:
                its, time = gauged[who], milli * seconds
                if memory is not None:
                    its.memory_mib_seconds += _part(memory, milli) if by is None else by.get(who, 0)
                    its.memory_of += time
                if energy is not None:
                    its.energy_millijoules += energy_part(segment, energy, who, milli)
                    its.energy_of += time
                    its.energy_most_of += time if busy_by is None else seconds * slots.WHOLE_MILLI_GPUS
                if busy is not None:
                    its.busy_milliseconds += _part(busy, milli) if busy_by is None else busy_by.get(who, 0)
                    its.busy_of += time


def energy_part(segment: Segment, millijoules: int, who: str, milli: int) -> int:
    """Return how much of a segment's energy an attempt with *milli* thousandths of its GPUs has, rounded down.

    As much of the energy as of the time in which the GPUs computed is whose computing it was; what they took while they
    did not is in proportion to the shares. Without knowing who computed, all of it is.

    """
    if segment.busy_by is None:
        return _part(millijoules, milli)
    there = segment.length_seconds * 1000 * segment.gpu_mask.bit_count()
    still = there - (segment.busy_milliseconds or 0)
    computing = dict(segment.busy_by).get(who, 0)
    return millijoules * (computing * slots.WHOLE_MILLI_GPUS + still * milli) // (there * slots.WHOLE_MILLI_GPUS)


def _part(amount: int, milli: int) -> int:
    return amount * milli // slots.WHOLE_MILLI_GPUS


def totals(slot: Slot) -> dict[str, int]:
    """Return how many milli-GPU-seconds each attempt, `idle` and `down` have in a slot."""
    found: dict[str, int] = defaultdict(int)
    for segment in slot.segments:
        for who, milli in segment.shares:
            found[who] += milli * segment.length_seconds * segment.gpu_mask.bit_count()
    return found


def _refusal(terms: Terms | None, slot: Slot, milli_gpu_seconds: int) -> str | None:
    return terms.refuses(slot, milli_gpu_seconds) if terms else "no such attempt was live in the hour"


@dataclass(frozen=True, order=True)
class Line:
    """What an amount is for and between which accounts; a negative amount goes the other way."""

    purpose: Purpose
    debit: str
    credit: str
    attempt: str


def amounts(measured: Measured, terms: Mapping[str, Terms]) -> dict[Line, int]:
    """Return all that an hour posts, mH·s by line: rounded down per attempt, node and hour.

    Use goes to whoever contributed, without the tier's factor; the factor's difference goes to the pool, and comes from
    it where the factor is below one. What was ready, used or idle, is a memo in the reference precision.

    """
    lines: dict[Line, int] = defaultdict(int)
    for (attempt, account, _node), milli_gpu_seconds in measured.used.items():
        its = terms[attempt]
        raw = charge.charge(its.milli_h100e, milli_gpu_seconds)
        whole = charge.charge(charge.rate(its.milli_h100e, its.tier_thousandths), milli_gpu_seconds)
        lines[Line(Purpose.USE, transfers.use(its.member), account, attempt)] += raw
        lines[Line(Purpose.TIER, transfers.use(its.member), transfers.TIERS, attempt)] += whole - raw
    for (member, _node, milli_h100e), milli_gpu_seconds in measured.ready.items():
        line = Line(Purpose.OFFERED, transfers.OFFERED, transfers.contribution_offered(member), "")
        lines[line] += charge.charge(milli_h100e, milli_gpu_seconds)
    return dict(lines)


def attempt_id(text: str) -> uuid.UUID | None:
    """Return the attempt of a line, or None for a line without one."""
    return uuid.UUID(text) if text else None
