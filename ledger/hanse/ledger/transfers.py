"""Transfers as documents: what a posting says before it is recorded, its id and its hash.

In: accounts, an amount, an hour, why. Out: a :class:`Transfer` whose id is the UUIDv5 of its business key and whose
hash is that of its canonical JSON. `hanse.ledger.books` records them; the verifier makes the hashes again from an
export. The module holds the chart of accounts. It must not decide what is to be posted.
"""

import functools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from hanse.evidence import canonical, identity

if TYPE_CHECKING:
    from hanse.evidence.canonical import Json

TIERS = "pool/tiers"
OVERRUN = "pool/overrun"
ADJUSTMENTS = "pool/adjustments"
LEVY = "pool/levy"
OFFERED = "pool/offered"
RESERVED = "pool/reserved"
POOL = "pool"
OF_POOL = (TIERS, OVERRUN, ADJUSTMENTS, LEVY, OFFERED, RESERVED)


class Kind(StrEnum):
    """What a transfer does: books at once, reserves, resolves a reservation, or takes back a part of an earlier one."""

    SINGLE = "single"
    PENDING = "pending"
    POST = "post"
    VOID = "void"
    CORRECTION = "correction"


class Purpose(StrEnum):
    """What a transfer is for."""

    USE = "use"
    TIER = "tier"
    CAP = "cap"
    OVERRUN = "overrun"
    OFFERED = "offered"
    LOST_WORK = "lost-work"
    ADJUSTMENT = "adjustment"


NOT_OWED = frozenset({Purpose.CAP, Purpose.OFFERED})
"""Transfers for these are memos: nobody owes what they say."""


def use(member: str) -> str:
    """Return the account of what *member* used."""
    return f"{member}/use"


def contribution_used(member: str) -> str:
    """Return the account of what others, or the member itself, used of *member*'s GPUs."""
    return f"{member}/contribution-used"


def contribution_offered(member: str) -> str:
    """Return the memo account of what *member* held ready."""
    return f"{member}/contribution-offered"


def adjustments(member: str) -> str:
    """Return the account of what the pool grants *member* by rulings."""
    return f"{member}/adjustments"


def cap(member: str, name: str, window_start_seconds: int) -> str:
    """Return the account of *member*'s cap *name* in the window that starts then (Unix time)."""
    return f"{member}/cap/{name}/{window_start_seconds}"


def of_member(member: str) -> tuple[str, ...]:
    """Return the accounts that every member has."""
    return use(member), contribution_used(member), contribution_offered(member), adjustments(member)


def pair(debit: str, credit: str) -> str:
    """Return the two parties of a transfer between two accounts, in the order of their bytes; the pool is one."""
    return "/".join(sorted(account.partition("/")[0] for account in (debit, credit)))


def owed(transfer: "Transfer") -> int:
    """Return what the first of the transfer's pair owes the second by it, mH·s."""
    debit, credit = (account.partition("/")[0] for account in (transfer.debit, transfer.credit))
    if transfer.kind not in {Kind.SINGLE, Kind.CORRECTION} or transfer.purpose in NOT_OWED or debit == credit:
        return 0
    return transfer.amount if debit < credit else -transfer.amount


# Asked of millions of rows, which are of few hours and come in their order.
@functools.lru_cache(maxsize=2**12)
def period(seconds: int) -> str:
    """Return the settlement period (`YYYY-MM`, UTC) of a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m")


@dataclass(frozen=True)
class Run:
    """One posting of the hour that starts at *hour_seconds* (Unix time); *number* counts from 0 as slots come late."""

    hour_seconds: int
    number: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """*amount* mH·s from *debit* to *credit*, incurred in the hour that starts at *hour_seconds* (Unix time)."""

    id: uuid.UUID
    kind: Kind
    purpose: Purpose
    debit: str
    credit: str
    amount: int
    hour_seconds: int
    period: str
    run: int | None = None
    attempt: uuid.UUID | None = None
    decision: uuid.UUID | None = None
    pending: uuid.UUID | None = None
    reverses: uuid.UUID | None = None
    reason: str | None = None


def body(transfer: Transfer) -> bytes:
    """Return the canonical bytes of what a transfer says; what it does not have is left out."""
    said: dict[str, object] = {
        "kind": str(transfer.kind),
        "purpose": str(transfer.purpose),
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount": transfer.amount,
        "hour": transfer.hour_seconds,
        "period": transfer.period,
        "run": transfer.run,
        "attempt": _text(transfer.attempt),
        "decision": _text(transfer.decision),
        "pending": _text(transfer.pending),
        "reverses": _text(transfer.reverses),
        "reason": transfer.reason,
    }
    present: dict[str, Json] = {key: value for key, value in said.items() if isinstance(value, int | str)}
    return canonical.encode(present)


def reservation(decision: uuid.UUID, attempt: uuid.UUID, account: str, hour_seconds: int, amount: int) -> Transfer:
    """Return the reservation that *decision* takes from the cap *account* for one hour of an attempt."""
    return Transfer(
        id=identity.transfer_id("reserve", str(decision), account, hour_seconds),
        kind=Kind.PENDING, purpose=Purpose.CAP, debit=account, credit=RESERVED, amount=amount,
        hour_seconds=hour_seconds, period=period(hour_seconds), attempt=attempt, decision=decision,
    )  # fmt: skip


def resolution(reserved: Transfer, amount: int, run: int | None = None) -> Transfer:
    """Return what resolves a reservation: *amount* of it is posted and the rest is free again."""
    return Transfer(
        id=identity.transfer_id("resolve", str(reserved.id)),
        kind=Kind.POST if amount else Kind.VOID, purpose=Purpose.CAP, debit=reserved.debit, credit=reserved.credit,
        amount=amount, hour_seconds=reserved.hour_seconds, period=reserved.period, run=run,
        attempt=reserved.attempt, pending=reserved.id,
    )  # fmt: skip


def single(run: Run, purpose: Purpose, sides: tuple[str, str], amount: int, attempt: uuid.UUID | None) -> Transfer:
    """Return a posting of a run, from the debit to the credit of *sides*; its key is all of it but the amount."""
    debit, credit = sides
    return Transfer(
        id=identity.transfer_id(str(purpose), debit, credit, run.hour_seconds, run.number, str(attempt or "")),
        kind=Kind.SINGLE, purpose=purpose, debit=debit, credit=credit, amount=amount,
        hour_seconds=run.hour_seconds, period=period(run.hour_seconds), run=run.number, attempt=attempt,
    )  # fmt: skip


def correction(original: Transfer, amount: int, booked_period: str, reason: str, number: int) -> Transfer:
    """Return the *number*-th correction of a posting: *amount* of it goes back, booked in an open period."""
    return Transfer(
        id=identity.transfer_id("correct", str(original.id), number),
        kind=Kind.CORRECTION, purpose=original.purpose, debit=original.credit, credit=original.debit, amount=amount,
        hour_seconds=original.hour_seconds, period=booked_period, attempt=original.attempt, reverses=original.id,
        reason=reason,
    )  # fmt: skip


def adjustment_id(member: str, hour_seconds: int, attempt: uuid.UUID | None) -> uuid.UUID:
    """Return the id of what the pool's adjustments bear for a dispute of *member*, which is about that hour."""
    dispute = identity.dispute_id(member, hour_seconds, str(attempt or ""))
    return identity.transfer_id("adjustment", str(dispute))


def movements(
    transfers: Iterable[Transfer], reserved: dict[uuid.UUID, int]
) -> Iterable[tuple[str, int, int, int, int]]:
    """Yield what transfers add to accounts: name, debits posted, credits posted, debits pending, credits pending.

    *reserved* is the amount of each reservation by id; reservations among the transfers are added to it.

    """
    for each in transfers:
        if each.kind is Kind.PENDING:
            reserved[each.id] = each.amount
            posted, pending = 0, each.amount
        else:
            posted, pending = each.amount, -reserved[each.pending] if each.pending else 0
        yield each.debit, posted, 0, pending, 0
        yield each.credit, 0, posted, 0, pending


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)
