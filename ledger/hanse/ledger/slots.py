"""Signed slots come in: checked, then stored once.

In: the bodies and signatures that a member's cluster agent passes on. Out: rows in `slot`, or for each slot the reason
why not. What is refused or contradicts an earlier slot is recorded as a violation. Whether an attempt that a slot names
was really there is judged when the hour is posted (:mod:`hanse.ledger.metering`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, enrolments, identity, signatures, slots
from hanse.evidence.errors import EvidenceError
from hanse.evidence.slots import Slot
from hanse.ledger import database, metering
from hanse.ledger.models.parties import Enrolment as Row

BATCH_MAX = 5000


class Outcome(StrEnum):
    """What became of a slot: only `refused` and `conflict` are wrong."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True)
class Signed:
    """A slot as a node sent it."""

    body: bytes
    signature: bytes


@dataclass(frozen=True)
class Answer:
    """What became of one slot, and why if it was refused."""

    outcome: Outcome
    reason: str = ""


def ingest(engine: Engine, member: str, batch: Sequence[Signed]) -> list[Answer]:
    """Store the slots that *member*, as its credential says, passes on; answer for each in order.

    Raises:
        ValueError: there are more than :data:`BATCH_MAX`.

    """
    if len(batch) > BATCH_MAX:
        raise ValueError(f"{len(batch)} slots in one batch: send at most {BATCH_MAX}")
    decoded = [_decode(signed) for signed in batch]
    with database.transaction(engine) as connection:
        known = _Known(connection, member, {slot.node for slot in decoded if isinstance(slot, Slot)})
        checked = [
            (known.check(signed, slot) or slot) if isinstance(slot, Slot) else slot
            for signed, slot in zip(batch, decoded, strict=True)
        ]
        good = [(signed, slot) for signed, slot in zip(batch, checked, strict=True) if isinstance(slot, Slot)]
        outcomes = iter(_store(connection, member, good))
        answers = []
        for signed, slot in zip(batch, checked, strict=True):
            if isinstance(slot, str):
                _record_refusal(connection, member, signed, slot)
            answers.append(Answer(Outcome.REFUSED, slot) if isinstance(slot, str) else Answer(next(outcomes)))
    return answers


class _Known:
    """What a batch is checked against, read once."""

    def __init__(self, connection: Connection, member: str, nodes: set[str]) -> None:
        statement = sa.text("SELECT slot_seconds, ledger.clock_seconds() AS now FROM ledger.setting")
        setting = connection.execute(statement).one()
        self._slot_seconds: int = setting.slot_seconds
        self._now: int = setting.now
        self._member = member
        bodies = connection.execute(sa.select(Row.body).where(Row.node.in_(nodes))).scalars()
        self._in_force = metering.InForce((enrolments.decode(body) for body in bodies), ())

    def check(self, signed: Signed, slot: Slot) -> str | None:
        """Return why a slot is refused, or None if it is not."""
        enrolment = self._in_force.enrolment(slot.node, slot.start_seconds)
        if enrolment is None or enrolment.member != self._member:
            return "the node is not enrolled by this member at this time"
        if slot.length_seconds != self._slot_seconds:
            return f"the metering interval is {self._slot_seconds} s"
        if slot.end_seconds > self._now:
            return "the slot has not ended yet"
        if not set(slot.gpus) <= set(enrolment.gpus):
            return "the node is enrolled without some of these GPUs"
        try:
            signatures.verify(enrolment.node_key, signatures.SLOT, signed.body, signed.signature)
        except EvidenceError as error:
            return str(error)
        return None


def _decode(signed: Signed) -> Slot | str:
    """Return the slot, or why its body is none."""
    try:
        return slots.decode(signed.body)
    except EvidenceError as error:
        return str(error)


def _store(connection: Connection, member: str, good: Sequence[tuple[Signed, Slot]]) -> list[Outcome]:
    rows = connection.execute(
        sa.text(
            "SELECT outcome FROM ledger.ingest_slots(:member, CAST(:nodes AS text[]), CAST(:starts AS bigint[]), "
            "CAST(:bodies AS bytea[]), CAST(:signatures AS bytea[]))"
        ),
        {
            "member": member,
            "nodes": [slot.node for _, slot in good],
            "starts": [slot.start_seconds for _, slot in good],
            "bodies": [signed.body for signed, _ in good],
            "signatures": [signed.signature for signed, _ in good],
        },
    )
    return [Outcome(outcome) for outcome in rows.scalars()]


def _record_refusal(connection: Connection, member: str, signed: Signed, reason: str) -> None:
    # The id follows from the reason and the hour of the database's clock, so that a flood leaves few rows.
    hour = connection.execute(sa.text("SELECT ledger.clock_seconds() / 3600")).scalar_one()
    record_violation(
        connection, identity.violation_id("SlotRefused", member, reason, hour), "SlotRefused",
        {"member": member, "at": hour * 3600, "detail": f"{reason} (SHA-256 {canonical.sha256(signed.body).hex()})"},
    )  # fmt: skip


def record_violation(connection: Connection, violation: uuid.UUID, kind: str, said: dict[str, object]) -> None:
    """Record a violation, once, in the caller's transaction.

    *said* has `at` (Unix time) and `detail`, and whom it concerns: member, node, attempt, account, amount.

    """
    unsaid: dict[str, object] = dict.fromkeys(("member", "node", "attempt", "account", "amount"))
    connection.execute(
        sa.text(
            "SELECT ledger.record_violation(:id, :kind, :at, :member, :node, :attempt, :account, :amount, :detail)"
        ),
        {**unsaid, **said, "id": violation, "kind": kind},
    )
