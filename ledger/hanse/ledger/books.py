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

from hanse.ledger import database, transfers
from hanse.ledger.errors import ContradictionError, RefusedError
from hanse.ledger.models.accounts import Transfer as Row
from hanse.ledger.models.settlements import Settlement

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
    """*amount* mH·s of the posting *original* go back, and why."""

    original: uuid.UUID
    amount: int
    reason: str


def correct(engine: Engine, term: int, wanted: Correction) -> uuid.UUID:
    """Take back a part of a posting by a new entry; return its id. Corrections neither free nor consume a cap.

    Raises:
        StaleTermError: another leader has taken over.
        RefusedError: there is no such posting, or less of it is left.

    """
    with database.transaction(engine, term=term) as connection:
        entry = _correction(connection, wanted)
        apply(connection, [entry])
    return entry.id


def correct_by_hand(engine: Engine, wanted: Correction) -> transfers.Transfer:
    """Do the same as who closes the books and does not lead; return the entry.

    Raises:
        RefusedError: there is no such posting, or less of it is left.

    """
    with database.transaction(engine) as connection:
        entry = _correction(connection, wanted)
        given = {"ids": [entry.id], "bodies": [transfers.body(entry)]}
        connection.execute(
            sa.text("SELECT ledger.book_corrections(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))"), given
        )
    return entry


def _correction(connection: Connection, wanted: Correction) -> transfers.Transfer:
    row = connection.execute(sa.select(Row.__table__).where(Row.id == wanted.original)).one_or_none()
    if row is None:
        raise RefusedError(f"there is no transfer {wanted.original}: name one that was posted")
    return correction_of(connection, read(row), wanted.amount, wanted.reason)


def correction_of(connection: Connection, original: transfers.Transfer, amount: int, reason: str) -> transfers.Transfer:
    """Return the entry that takes back *amount* of a posting, booked where its pair's books are open."""
    earlier = sa.select(sa.func.count()).select_from(Row).where(Row.reverses == original.id)
    number = connection.execute(earlier).scalar_one()
    booked = open_period(connection, original.hour_seconds, original.debit, original.credit)
    return transfers.correction(original, amount, booked, reason, number)


def open_period(connection: Connection, hour_seconds: int, debit: str, credit: str) -> str:
    """Return the period in which something about an hour is booked: its own until it is settled, then today's."""
    own = transfers.period(hour_seconds)
    settled = sa.exists().where(
        Settlement.period == own, Settlement.pair == transfers.pair(debit, credit), Settlement.stage != "initial"
    )
    if not connection.execute(sa.select(settled)).scalar_one():
        return own
    return transfers.period(int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one()))


def read(row: sa.Row[tuple[object, ...]]) -> transfers.Transfer:
    """Return the transfer that a row of the table says."""
    return transfers.Transfer(
        id=row.id, kind=transfers.Kind(row.kind), purpose=transfers.Purpose(row.purpose), debit=row.debit,
        credit=row.credit, amount=row.amount, hour_seconds=row.hour_seconds, period=row.period, run=row.run,
        attempt=row.attempt, decision=row.decision, pending=row.pending, reverses=row.reverses, reason=row.reason,
    )  # fmt: skip
