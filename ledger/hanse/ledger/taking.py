"""Whether a slot is taken when it comes: rules of time, place, key and chain, each with a sentence on what to do.

In: slots of one batch with what is known of their nodes. Out: for each None, or a :class:`Refusal`. What is refused is
recorded by :mod:`hanse.ledger.slots`, and its time stays unknown. Nothing here looks at what a slot claims for an
attempt: that is judged when the hour is posted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hanse.evidence import canonical, enrolments, signatures, slots
from hanse.evidence.errors import EvidenceError
from hanse.evidence.slots import Slot
from hanse.ledger import charge, metering, transfers
from hanse.ledger.models.parties import Enrolment as Row


class Rule(StrEnum):
    """What a refused slot was against; with node and hour it is what one record of refusals is about."""

    FORM = "form"
    NODE = "node"
    INTERVAL = "interval"
    FUTURE = "future"
    CLOSED = "closed"
    GPUS = "gpus"
    KEY = "key"
    REVOKED = "revoked"
    CHAIN = "chain"


@dataclass(frozen=True)
class Refusal:
    """The rule, and a sentence for whoever runs the node."""

    rule: Rule
    reason: str


@dataclass(frozen=True)
class Setting:
    """The metering interval, how late a slot may be without being marked, and the ledger's time (Unix time)."""

    slot_seconds: int
    grace_seconds: int
    now: int


def setting(connection: Connection) -> Setting:
    """Return what holds now."""
    statement = sa.text("SELECT slot_seconds, slot_grace_seconds, ledger.clock_seconds() AS now FROM ledger.setting")
    row = connection.execute(statement).one()
    return Setting(row.slot_seconds, row.slot_grace_seconds, row.now)


class Known:
    """What the slots of a batch are judged by, read once."""

    def __init__(self, connection: Connection, member: str, nodes: Collection[str]) -> None:
        self._connection = connection
        self._setting = setting(connection)
        self._member = member
        self._is_settled: dict[str, bool] = {}
        bodies = connection.execute(sa.select(Row.body).where(Row.node.in_(nodes))).scalars()
        self._in_force = metering.InForce((enrolments.decode(body) for body in bodies), ())

    @property
    def slot_seconds(self) -> int:
        """The metering interval."""
        return self._setting.slot_seconds

    @property
    def now(self) -> int:
        """The ledger's time when the batch came (Unix time)."""
        return self._setting.now

    def refusal(self, slot: Slot, body: bytes, signature: bytes) -> Refusal | None:
        """Return why a slot is refused by itself, or None."""
        enrolment = self._in_force.enrolment(slot.node, slot.start_seconds)
        if enrolment is None or enrolment.member != self._member:
            return Refusal(Rule.NODE, "the node is not enrolled by this member at this time")
        if wrong := self._untimely(slot) or self._settled(slot):
            return wrong
        if not set(slot.gpus) <= set(enrolment.gpus):
            return Refusal(Rule.GPUS, "the node is enrolled without some of these GPUs")
        if self._in_force.is_revoked(enrolment):
            what = f"the key that {slot.node} was enrolled with for this time is revoked: its time is unknown"
            return Refusal(Rule.REVOKED, what)
        try:
            signatures.verify(enrolment.node_key, signatures.SLOT, body, signature)
        except EvidenceError as error:
            return Refusal(
                Rule.KEY, f"{error}: the key that {slot.node} is enrolled with for this time signs, and no other"
            )
        return None

    def _untimely(self, slot: Slot) -> Refusal | None:
        its = self._setting
        if slot.length_seconds != its.slot_seconds:
            return Refusal(Rule.INTERVAL, f"the metering interval is {its.slot_seconds} s, not {slot.length_seconds}")
        ahead = slot.end_seconds - its.now
        if ahead > metering.SKEW_SECONDS:
            what = f"the slot ends {ahead} s after the ledger's time: set the clock of the machine that meters the node"
            return Refusal(Rule.FUTURE, what + " (NTP); what it metered meanwhile is unknown")
        if its.now >= metering.taken_until(slot.start_seconds):
            days = metering.TAKEN_SECONDS // charge.DAY_SECONDS
            what = f"the slot is of a month whose slots were taken until {days} days after its end: its time is unknown"
            return Refusal(Rule.CLOSED, what + "; what is agreed on it is booked as a correction in an open month")
        return None

    def _settled(self, slot: Slot) -> Refusal | None:
        period = transfers.period(slot.start_seconds)
        if period not in self._is_settled:
            self._is_settled[period] = _is_settled(self._connection, self._member, slot.start_seconds)
        if self._is_settled[period] and slot.end_seconds + self._setting.grace_seconds < self._setting.now:
            what = f"the slot is late, and {period} is settled: its time is unknown"
            return Refusal(Rule.CLOSED, what + "; what is agreed on it is booked as a correction in an open month")
        return None


def _is_settled(connection: Connection, member: str, at_seconds: int) -> bool:
    """Whether books of the member's are settled, and so closed for late slots, in the month of that time."""
    statement = sa.text("SELECT ledger.is_settled(:member, :at)")
    return bool(connection.execute(statement, {"member": member, "at": at_seconds}).scalar_one())


def broken(
    connection: Connection, length_seconds: int, batch: Sequence[Slot | None], bodies: Sequence[bytes]
) -> set[int]:
    """Return the places in *batch* (None: refused already) of slots that do not continue their node's chain.

    Of two slots of one boot that follow each other directly, the later one carries the hash of the earlier one. Which
    of the two is wrong when it does not is not to be known: whichever comes second is refused. A slot that is stored
    already is a duplicate or a conflict, and neither is looked at here.

    """
    stored, neighbours = _neighbours(connection, length_seconds, batch)
    taken: dict[tuple[str, int], Link] = {}
    wrong = set()
    for place, slot in enumerate(batch):
        if slot is None or place in stored or (slot.node, slot.start_seconds) in taken:
            continue
        its = Link(slot, canonical.sha256(bodies[place]))
        beside = [
            taken.get((slot.node, slot.start_seconds - length_seconds)),
            taken.get((slot.node, slot.start_seconds + length_seconds)),
            *neighbours.get(place, ()),
        ]
        if any(each is not None and not its.agrees(each) for each in beside):
            wrong.add(place)
        else:
            taken[slot.node, slot.start_seconds] = its
    return wrong


@dataclass(frozen=True)
class Link:
    """A slot, and the hash that the one after it has to carry."""

    slot: Slot
    sha256: bytes

    def agrees(self, other: "Link") -> bool:
        """Whether it and a slot directly before or after it are of one chain."""
        before, after = (self, other) if self.slot.start_seconds < other.slot.start_seconds else (other, self)
        return before.slot.boot_id != after.slot.boot_id or after.slot.previous_sha256 == before.sha256


# Nearly always nothing: the slot before is there and has the hash, and none after it came yet.
_NEIGHBOURS = sa.text("""
WITH given AS MATERIALIZED (
  SELECT g.i, g.node, g.at, g.previous
  FROM unnest(CAST(:places AS int[]), CAST(:nodes AS text[]), CAST(:starts AS bigint[]), CAST(:previous AS bytea[]))
    AS g (i, node, at, previous)),
stored AS MATERIALIZED (SELECT g.i FROM given g JOIN ledger.slot s ON s.node = g.node AND s.start_seconds = g.at)
SELECT i, NULL AS body FROM stored
UNION ALL SELECT g.i, s.body FROM given g JOIN ledger.slot s ON s.node = g.node AND s.start_seconds = g.at - :length
  WHERE s.body_sha256 <> g.previous AND g.i NOT IN (SELECT i FROM stored)
UNION ALL SELECT g.i, s.body FROM given g JOIN ledger.slot s ON s.node = g.node AND s.start_seconds = g.at + :length
  WHERE g.i NOT IN (SELECT i FROM stored)
""")


def _neighbours(
    connection: Connection, length_seconds: int, batch: Sequence[Slot | None]
) -> tuple[set[int], Mapping[int, list[Link]]]:
    """Return which of the batch are stored, and for the others what is stored directly before and after them."""
    its = [(place, slot) for place, slot in enumerate(batch) if slot is not None]
    if not its:
        return set(), {}
    given: dict[str, Any] = {
        "places": [place for place, _ in its],
        "nodes": [slot.node for _, slot in its],
        "starts": [slot.start_seconds for _, slot in its],
        "previous": [slot.previous_sha256 for _, slot in its],
        "length": length_seconds,
    }
    return _read(connection.execute(_NEIGHBOURS, given).tuples())


def _read(rows: Iterable[tuple[int, bytes | None]]) -> tuple[set[int], dict[int, list[Link]]]:
    stored: set[int] = set()
    beside: dict[int, list[Link]] = {}
    for place, body in rows:
        if body is None:
            stored.add(place)
        else:
            beside.setdefault(place, []).append(Link(slots.decode(bytes(body)), canonical.sha256(bytes(body))))
    return stored, beside
