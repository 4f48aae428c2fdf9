"""What slots mean: who used how much of whose GPUs in an hour, and what that is in money.

In: the hour's slots, the enrolments and levies in force, and for each attempt its lease and placements. Out: each GPU's
second attributed once, to use, idle, down or unknown, and the amounts that follow from it. Pure: posting and verifying
call the same functions on what they read from the database and from an export. A slot that did not come is unknown, and
nobody is credited; use that no lease or placement covers is unknown too, and is named.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hanse.evidence import slots
from hanse.evidence.enrolments import Enrolment
from hanse.evidence.slots import Slot
from hanse.ledger import charge, transfers
from hanse.ledger.transfers import Purpose


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
        return next(
            (each for each in reversed(self._enrolments.get(node, [])) if each.start_seconds <= at_seconds), None
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
class Measured:
    """An hour, measured, in milli-GPU-seconds.

    *used* is by attempt, credited account and node; *ready*, used or idle, by member, node and milli-H100e of a GPU.
    """

    used: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    ready: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    by_member: dict[str, Attribution] = field(default_factory=lambda: defaultdict(Attribution))
    unaccepted: list[Unaccepted] = field(default_factory=list)


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
        attribution.unknown -= milli_gpu_seconds


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
