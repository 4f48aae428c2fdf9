"""Rows become leaves of the log, once each, in an order that is settled when they are sealed.

In: committed rows of the append-only tables. Out: leaves with their salts, and a tree head, committed together. Who
inserts waits for nobody: a row carries the number of its transaction, and once all transactions below some number have
ended, no row can come any more that belongs before. The head is next signed and published by
:mod:`hanse.ledger.sealer`. Nothing here holds a key.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import commitments, merkle
from hanse.evidence.merkle import Frontier
from hanse.ledger import database, leaves, lines
from hanse.ledger.errors import LedgerError
from hanse.ledger.leaves import Sealed
from hanse.ledger.models.log import Leaf, TreeHead
from hanse.ledger.watching import Horizon

LEAVES_MAX = 10_000
"""So many leaves are sealed in one transaction; what is left is sealed in the next."""

_HORIZON = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
_OWN = sa.text("SELECT pg_current_xact_id()::text")
_APPEND = sa.text(
    "SELECT ledger.append_leaves(:size, :sequences, CAST(:xids AS text[]), CAST(:salts AS bytea[]), "
    "CAST(:entries AS bytea[]), CAST(:parts AS bytea[]), :root, :frontier)"
)


class RestoredError(LedgerError):
    """The server numbers transactions anew, so that what is new cannot be told from what was sealed."""


@dataclass(frozen=True, order=True)
class _Row:
    """A row that is to be sealed, in the order of sealing."""

    xid: int
    sequence: int
    sealed: Sealed
    salt: bytes


def seal(engine: Engine, leaves_max: int = LEAVES_MAX) -> int:
    """Seal what is new, up to *leaves_max* rows; return how many were.

    Raises:
        ContradictionError: another sealer was faster; nothing is sealed by this one.
        RestoredError: the database was restored from a dump.

    """
    with database.transaction(engine) as connection:
        frontier = load(connection)
        rows = list(_new(connection, leaves_max))
        if not rows:
            return 0
        first = frontier.size
        entries = [row.sealed.entry for row in rows]
        for entry in entries:
            frontier.append(merkle.leaf_hash(entry))
        connection.execute(
            _APPEND,
            {
                "size": first,
                "sequences": [row.sequence for row in rows],
                "xids": [str(row.xid) for row in rows],
                "salts": [row.salt for row in rows],
                "entries": entries,
                "parts": [b"".join(row.sealed.parts) or None for row in rows],
                "root": frontier.root(),
                "frontier": b"".join(frontier.nodes),
            },
        )
    return len(rows)


def horizon(engine: Engine) -> Horizon:
    """Return which transactions have ended, and which had not begun: what the next round can seal at least."""
    with database.transaction(engine) as connection:
        # A number of its own is the only one that is known to be above those of all that have begun.
        own = int(connection.execute(_OWN).scalar_one())
        return Horizon(int(connection.execute(_HORIZON).scalar_one()), own)


def load(connection: Connection) -> Frontier:
    """Return the tree as the newest head has it.

    Raises:
        EvidenceError: the head does not hold together.

    """
    head = connection.execute(sa.select(TreeHead.__table__).order_by(TreeHead.size.desc()).limit(1)).first()
    if head is None:
        return Frontier()
    width = merkle.HASH_BYTES
    return Frontier(head.size, [head.frontier[at : at + width] for at in range(0, len(head.frontier), width)])


def rebuilt(connection: Connection) -> Frontier:
    """Return the tree as its leaves alone make it: what a head must be, whoever stored it."""
    frontier = Frontier()
    found = connection.execution_options(yield_per=10_000).execute(sa.select(Leaf.entry).order_by(Leaf.index))
    for (entry,) in found:
        frontier.append(merkle.leaf_hash(entry))
    return frontier


def entries(connection: Connection, start: int, end: int) -> list[bytes]:
    """Return the entries of the leaves from *start* up to *end*."""
    statement = sa.select(Leaf.entry).where(Leaf.index >= start, Leaf.index < end).order_by(Leaf.index)
    return list(connection.execute(statement).scalars())


def _new(connection: Connection, rows_max: int) -> Iterator[_Row]:
    """Yield the rows after the last one that was sealed, in the order of sealing."""
    last = connection.execute(
        sa.select(sa.cast(sa.cast(Leaf.xid, sa.Text), sa.BigInteger), Leaf.sequence)
        .order_by(Leaf.index.desc())
        .limit(1)
    ).first()
    last_xid, last_sequence = last or (0, 0)
    horizon = int(connection.execute(_HORIZON).scalar_one())
    if horizon <= last_xid:
        raise RestoredError(
            f"the database is at transaction {horizon}, and {last_xid} is sealed already: it was restored from a dump, "
            "and this server numbers its transactions anew. Before anything is recorded, stop the server and run "
            f"pg_resetwal --epoch={(last_xid >> 32) + 1} on its data (docs/operations.md, A database is restored)"
        )
    ordered = [_of_kind(connection, kind, (last_xid, last_sequence), horizon, rows_max) for kind in lines.KINDS]
    for number, row in enumerate(heapq.merge(*ordered)):
        if number == rows_max:
            return
        yield row


def _of_kind(
    connection: Connection, kind: lines.Kind, last: tuple[int, int], horizon: int, rows_max: int
) -> Iterator[_Row]:
    table = kind.table.__table__
    after = "xid >= CAST(:xid AS xid8) AND (xid, sequence) > (CAST(:xid AS xid8), :sequence)"
    statement = (
        sa.select(table, sa.cast(sa.cast(table.c.xid, sa.Text), sa.BigInteger).label("transaction"))
        .where(sa.text(f"{after} AND xid < CAST(:horizon AS xid8)"))
        .order_by(table.c.xid, table.c.sequence)
        .limit(rows_max)
    )
    given = {"xid": str(last[0]), "sequence": last[1], "horizon": str(horizon)}
    for row in connection.execute(statement, given):
        salt = commitments.new_salt()
        yield _Row(row.transaction, row.sequence, leaves.seal(kind.name, kind.line(row), salt), salt)
