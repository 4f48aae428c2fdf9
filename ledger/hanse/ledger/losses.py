"""Lost work: what a gang loses that is stopped for another member's, and what it is credited.

In: what a decision says would be lost, and what was paid. Out: an amount, and the transfer from the pool's
adjustments. Pure: posting (:mod:`hanse.ledger.compensating`) and verifying call the same functions.
"""

import uuid
from dataclasses import dataclass

from hanse.evidence import identity
from hanse.ledger import charge, transfers

SAVED = "SavedWhenStopped"
"""The fact that an attempt which was told to stop has committed a checkpoint since: then it has lost nothing."""
KIND = "Preempt"
"""The kind of decisions whose victims are credited: those that stop somebody for somebody else."""
GPU_SECONDS = "lostGpuSeconds"
"""In the detail of such a decision: GPU-seconds since the victim's last checkpoint, within the policy's bound."""


@dataclass(frozen=True)
class Lost:
    """What *decision* made *attempt* lose: *worth* is what so much use is charged, mH·s."""

    attempt: uuid.UUID
    decision: uuid.UUID
    worth: int


def worth(gpu_seconds: int, milli_h100e: int, tier_thousandths: int) -> int:
    """Return what so many GPU-seconds are charged, mH·s."""
    return charge.rate(milli_h100e, tier_thousandths) * gpu_seconds


def amount(lost: int, paid: int) -> int:
    """Return what is credited, mH·s: what was lost, and never more than was *paid*: charged, and not given back."""
    return max(0, min(lost, paid))


def transfer(lost: Lost, member: str, hour_seconds: int, credited: int) -> transfers.Transfer:
    """Return the transfer that credits *member*, incurred in the hour in which its attempt ended."""
    return transfers.Transfer(
        id=identity.transfer_id("lost-work", str(lost.decision), str(lost.attempt), hour_seconds),
        kind=transfers.Kind.SINGLE, purpose=transfers.Purpose.LOST_WORK,
        debit=transfers.ADJUSTMENTS, credit=transfers.use(member), amount=credited, hour_seconds=hour_seconds,
        period=transfers.period(hour_seconds), attempt=lost.attempt, decision=lost.decision,
    )  # fmt: skip
