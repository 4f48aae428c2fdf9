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

from hanse.evidence import canonical, enrolments, identity, slots
from hanse.evidence.enrolments import Enrolment
from hanse.evidence.errors import EvidenceError
from hanse.evidence.slots import Slot
from hanse.ledger import database
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
    with database.transaction(engine) as connection:
        known = _Known(connection, member)
        checked = [known.check(signed) for signed in batch]
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

    def __init__(self, connection: Connection, member: str) -> None:
        setting = connection.execute(
            sa.text("SELECT slot_seconds, ledger.clock_seconds() AS now FROM ledger.setting")
        ).one()
        self._slot_seconds: int = setting.slot_seconds
        self._now: int = setting.now
        self._member = member
        self._connection = connection
        self._enrolments: dict[str, list[Enrolment]] = {}

    def check(self, signed: Signed) -> Slot | str:
        """Return the slot, or why it is refused."""
        try:
            slot = slots.decode(signed.body)
            enrolment = self._in_force(slot)
            if enrolment is None or enrolment.member != self._member:
                return "the node is not enrolled by this member at this time"
            slots.verify(signed.body, signed.signature, enrolment.node_key)
        except EvidenceError as error:
            return str(error)
        if slot.length_seconds != self._slot_seconds:
            return f"the metering interval is {self._slot_seconds} s"
        if slot.end_seconds > self._now:
            return "the slot has not ended yet"
        if not set(slot.gpus) <= set(enrolment.gpus):
            return "the node is enrolled without some of these GPUs"
        return slot

    def _in_force(self, slot: Slot) -> Enrolment | None:
        if slot.node not in self._enrolments:
            statement = sa.select(Row.body).where(Row.node == slot.node).order_by(Row.start_seconds)
            bodies = self._connection.execute(statement).scalars()
            self._enrolments[slot.node] = [enrolments.decode(body) for body in bodies]
        begun = [each for each in self._enrolments[slot.node] if each.start_seconds <= slot.start_seconds]
        return begun[-1] if begun else None


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
