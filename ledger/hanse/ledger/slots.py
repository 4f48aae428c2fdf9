"""Signed slots come in: checked, then stored once.

In: the bodies and signatures that a member's cluster agent passes on. Out: rows in `slot`, or for each slot the reason
why not, by the rules of :mod:`hanse.ledger.taking`. What is refused or contradicts an earlier slot is recorded as a
violation. Whether an attempt that a slot names was really there is judged when the hour is posted
(:mod:`hanse.ledger.metering`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, identity, slots
from hanse.evidence.errors import EvidenceError
from hanse.evidence.slots import Slot
from hanse.ledger import charge, database, taking
from hanse.ledger.taking import Refusal, Rule

BATCH_MAX = 5000
DAYS_AHEAD = 2
"""So many days after today have their place before their first slot comes."""
# Who stores slots N and N + 1 of a node at the same moment would have neither compared with the other.
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(1751215721, hashtext(:member))")
_UNCHAINED = Refusal(
    Rule.CHAIN,
    "the slot and one directly before or after it, of the same boot, do not carry one another's hash: two processes "
    "meter the node, or one without its state; let one go on, with its state folder",
)


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
        connection.execute(_ONE_AT_A_TIME, {"member": member})
        known = taking.Known(connection, member, {slot.node for slot in decoded if isinstance(slot, Slot)})
        judged = _judged(connection, known, batch, decoded)
        good = [(signed, slot) for signed, slot in zip(batch, judged, strict=True) if isinstance(slot, Slot)]
        outcomes = iter(_store(connection, member, good))
        _record_refusals(connection, member, known.now, list(zip(batch, decoded, judged, strict=True)))
    return [
        Answer(Outcome.REFUSED, each.reason) if isinstance(each, Refusal) else Answer(next(outcomes)) for each in judged
    ]


def _judged(
    connection: Connection, known: taking.Known, batch: Sequence[Signed], decoded: Sequence[Slot | Refusal]
) -> list[Slot | Refusal]:
    """Return each slot, or why it is refused: by itself first, and then by what comes before and after it."""
    alone = [
        (known.refusal(slot, signed.body, signed.signature) or slot) if isinstance(slot, Slot) else slot
        for signed, slot in zip(batch, decoded, strict=True)
    ]
    good = [slot if isinstance(slot, Slot) else None for slot in alone]
    broken = taking.broken(connection, known.slot_seconds, good, [signed.body for signed in batch])
    return [_UNCHAINED if place in broken else each for place, each in enumerate(alone)]


def _decode(signed: Signed) -> Slot | Refusal:
    """Return the slot, or why its body is none."""
    try:
        return slots.decode(signed.body)
    except EvidenceError as error:
        return Refusal(Rule.FORM, str(error))


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


def _record_refusals(
    connection: Connection, member: str, now: int, judged: Sequence[tuple[Signed, Slot | Refusal, Slot | Refusal]]
) -> None:
    """Record what was refused, once for each rule, node and hour of the ledger's clock: a flood leaves few rows.

    A node is named only if it is the member's: others are names that anybody can make up.

    """
    hour = now - now % charge.HOUR_SECONDS
    said: dict[uuid.UUID, dict[str, object]] = {}
    for signed, slot, outcome in judged:
        if isinstance(outcome, Refusal):
            its = slot if isinstance(slot, Slot) and outcome.rule is not Rule.NODE else None
            node = its.node if its else None
            detail = f"{outcome.reason} (SHA-256 {canonical.sha256(signed.body).hex()})"
            key = identity.violation_id("SlotRefused", member, str(outcome.rule), node or "", hour)
            said.setdefault(key, {
                "member": member, "at": hour, "node": node, "amount": its.start_seconds if its else None,
                "detail": detail,
            })  # fmt: skip
    for key, each in said.items():
        record_violation(connection, key, "SlotRefused", each)


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


def prepare_days(engine: Engine) -> None:
    """Make the partitions of today and the next days, so that nobody has to at midnight."""
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SELECT ledger.prepare_slot_days(:days)"), {"days": DAYS_AHEAD})
