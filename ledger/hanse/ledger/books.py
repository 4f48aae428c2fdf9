"""The books: transfers are recorded, corrected and read here.

In: :class:`~hanse.ledger.transfers.Transfer` documents. Out: rows and moved balances, in the caller's transaction. The
same transfer again is a duplicate and fine; the same id with other contents is refused, and stays on record as a
violation. :mod:`hanse.ledger.posting` decides what an hour posts.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import identity
from hanse.ledger import database, transfers
from hanse.ledger.errors import ContradictionError, RefusedError
from hanse.ledger.models.accounts import Transfer as Row

BATCH_MAX = 5000


def apply(connection: Connection, batch: Sequence[transfers.Transfer]) -> int:
    """Record transfers; return how many were new.

    Raises:
        RefusedError: one resolves or corrects what it may not.
        CapExceededError: a cap would be crossed.
        ContradictionError: one is recorded already with other contents. The others are applied, and this is on record
        as a
            violation, if the caller still commits.

    """
    applied = 0
    conflicts: list[str] = []
    for start in range(0, len(batch), BATCH_MAX):
        part = batch[start : start + BATCH_MAX]
        rows = connection.execute(
            sa.text(
                "SELECT transfer, outcome FROM ledger.apply_transfers(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))"
            ),
            {"ids": [each.id for each in part], "bodies": [transfers.body(each) for each in part]},
        ).all()
        applied += sum(outcome == "applied" for _, outcome in rows)
        conflicts += [str(transfer) for transfer, outcome in rows if outcome == "conflict"]
    if conflicts:
        raise ContradictionError(f"transfer {conflicts[0]} is recorded already, with other contents")
    return applied


def post(engine: Engine, term: int, batch: Sequence[transfers.Transfer]) -> int:
    """Record transfers in a transaction of the leader's; return how many were new.

    Raises:
        StaleTermError: another leader has taken over.
        ContradictionError: one is recorded already with other contents; the violation is recorded, and the rest too.

    """
    refused: ContradictionError | None = None
    applied = 0
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SELECT ledger.check_term(:term)"), {"term": term})
        try:
            applied = apply(connection, batch)
        except ContradictionError as error:
            refused = error  # the violation's row is to be committed
    if refused:
        raise refused
    return applied


@dataclass(frozen=True)
class Correction:
    """*amount* mH·s of the posting *original* go back, booked in the open period *booked_period* (`YYYY-MM`)."""

    original: uuid.UUID
    amount: int
    booked_period: str
    reason: str


def correct(engine: Engine, term: int, wanted: Correction) -> uuid.UUID:
    """Take back a part of a posting by a new entry; return its id. Corrections neither free nor consume a cap.

    Raises:
        StaleTermError: another leader has taken over.
        RefusedError: there is no such posting, or less of it is left.

    """
    with database.transaction(engine) as connection:
        connection.execute(sa.text("SELECT ledger.check_term(:term)"), {"term": term})
        row = connection.execute(sa.select(Row.__table__).where(Row.id == wanted.original)).one_or_none()
        if row is None:
            raise RefusedError(f"there is no transfer {wanted.original}")
        earlier = sa.select(sa.func.count()).select_from(Row).where(Row.reverses == wanted.original)
        number = connection.execute(earlier).scalar_one()
        entry = transfers.correction(read(row), wanted.amount, wanted.booked_period, wanted.reason, number)
        apply(connection, [entry])
    return entry.id


@dataclass(frozen=True)
class LostWork:
    """*amount* mH·s of *member*'s work that *decision* made *attempt* lose, in the hour that starts then."""

    member: str
    attempt: uuid.UUID
    decision: uuid.UUID
    amount: int
    hour_seconds: int


def credit_lost_work(engine: Engine, term: int, lost: LostWork) -> uuid.UUID:
    """Credit lost work from the pool's adjustments, once for a decision and attempt; return the transfer's id."""
    entry = transfers.Transfer(
        id=identity.transfer_id("lost-work", str(lost.decision), str(lost.attempt), lost.hour_seconds),
        kind=transfers.Kind.SINGLE, purpose=transfers.Purpose.LOST_WORK,
        debit=transfers.ADJUSTMENTS, credit=transfers.use(lost.member), amount=lost.amount,
        hour_seconds=lost.hour_seconds, period=transfers.period(lost.hour_seconds), attempt=lost.attempt,
        decision=lost.decision,
    )  # fmt: skip
    post(engine, term, [entry])
    return entry.id


def read(row: sa.Row[tuple[object, ...]]) -> transfers.Transfer:
    """Return the transfer that a row of the table says."""
    return transfers.Transfer(
        id=row.id, kind=transfers.Kind(row.kind), purpose=transfers.Purpose(row.purpose), debit=row.debit,
        credit=row.credit, amount=row.amount, hour_seconds=row.hour_seconds, period=row.period, run=row.run,
        attempt=row.attempt, decision=row.decision, pending=row.pending, reverses=row.reverses, reason=row.reason,
    )  # fmt: skip
