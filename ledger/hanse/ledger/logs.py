"""Sealed tails of workers' logs: kept for some days for the job's owner, and beside the ledger, not in it.

In: an agent's tails, and whose people ask for them. Out: rows that are replaced and deleted. Nothing here is signed,
audited or exported, and nobody who reads the tables can open what is in them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database

KEPT_SECONDS = 7 * 24 * 3600
LATE_SECONDS = 900
"""How long after its end an attempt's last words may come."""
FORGOTTEN_AT_ONCE = 1000
CLUSTER_BYTES_MAX = 4 << 30
"""Of all that one hosting cluster's agent has sent: full tails of 131,072 workers."""
POOL_BYTES_MAX = 16 << 30
"""Of all clusters' together. Whoever has most gives way, so that nobody's logs go for what another sends."""

_ATTEMPT = """
SELECT id, fence, member, state FROM ledger.attempt WHERE job = :job AND member = ANY (:members)
AND (CAST(:fence AS bigint) IS NULL OR fence = :fence) ORDER BY fence DESC LIMIT 1
"""
_SIZES = """
SELECT a.cluster, sum(octet_length(t.sealed)) AS bytes FROM ledger.log_tail t JOIN ledger.attempt a ON a.id = t.attempt
GROUP BY a.cluster
"""
_TAILS = """
SELECT t.rank, t.recipient, k.blind, t.sealed, t.version, t.stored_at_seconds
FROM ledger.log_tail t JOIN ledger.log_key k ON k.attempt = t.attempt AND k.recipient = t.recipient
WHERE t.attempt = :attempt AND t.version > :after AND (CAST(:rank AS bigint) IS NULL OR t.rank = :rank)
AND t.stored_at_seconds >= ledger.clock_seconds() - :kept ORDER BY t.version LIMIT :most
"""


@dataclass(frozen=True)
class Offered:
    """A key to which an attempt's logs could be sealed: the owner's, as it looks under *blind*."""

    attempt: UUID
    owner_key: bytes
    blind: bytes
    recipient: bytes


@dataclass(frozen=True)
class Sent:
    """A worker's tail as an agent sent it."""

    attempt: UUID
    fence: int
    rank: int
    recipient: bytes
    sealed: bytes


@dataclass(frozen=True)
class Kept:
    """A worker's tail as it is kept; *version* rises with each that is stored."""

    rank: int
    recipient: bytes
    blind: bytes
    sealed: bytes
    version: int
    stored_at_seconds: int


@dataclass(frozen=True)
class Attempt:
    """An attempt, for who asks for its logs."""

    id: UUID
    fence: int
    member: str
    state: str


def owners(engine: Engine, cluster: str, attempts: Sequence[UUID]) -> dict[UUID, str]:
    """Return whose those of *attempts* are that are this cluster's."""
    statement = sa.text(
        "SELECT id, member FROM ledger.attempt WHERE id = ANY (CAST(:ids AS uuid[])) AND cluster = :cluster"
    )
    with database.transaction(engine) as connection:
        rows = connection.execute(statement, {"ids": list(attempts), "cluster": cluster})
        return {row.id: row.member for row in rows}


def open_keys(engine: Engine, cluster: str, offered: Sequence[Offered]) -> dict[UUID, bytes]:
    """Return the key to which each attempt's logs are sealed; one that was made before stays."""
    with database.transaction(engine) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT * FROM ledger.open_logs(:cluster, CAST(:attempts AS uuid[]), CAST(:owners AS bytea[]), "
                "CAST(:blinds AS bytea[]), CAST(:recipients AS bytea[]))"
            ),
            {
                "cluster": cluster,
                "attempts": [each.attempt for each in offered],
                "owners": [each.owner_key for each in offered],
                "blinds": [each.blind for each in offered],
                "recipients": [each.recipient for each in offered],
            },
        )
        return {row.attempt: row.recipient for row in rows}


def store(engine: Engine, cluster: str, tails: Sequence[Sent], *, bytes_max: int) -> list[bool]:
    """Store tails of an agent's workers; return of each whether it was taken. *bytes_max* is for an attempt's all."""
    with database.transaction(engine) as connection:
        answer = connection.execute(
            sa.text(
                "SELECT ledger.store_log_tails(:cluster, :late, :bytes, CAST(:attempts AS uuid[]), "
                "CAST(:fences AS bigint[]), CAST(:ranks AS bigint[]), CAST(:recipients AS bytea[]), "
                "CAST(:sealed AS bytea[]))"
            ),
            {
                "cluster": cluster,
                "late": LATE_SECONDS,
                "bytes": bytes_max,
                "attempts": [each.attempt for each in tails],
                "fences": [each.fence for each in tails],
                "ranks": [each.rank for each in tails],
                "recipients": [each.recipient for each in tails],
                "sealed": [each.sealed for each in tails],
            },
        ).scalar_one()
    return list(answer)


def forget(engine: Engine) -> None:
    """Delete some of what is too old, if there is any."""
    with database.transaction(engine) as connection:
        statement = sa.text("SELECT ledger.forget_logs(:kept, :most)")
        connection.execute(statement, {"kept": KEPT_SECONDS, "most": FORGOTTEN_AT_ONCE})


def bound(engine: Engine, *, cluster_bytes: int = CLUSTER_BYTES_MAX, pool_bytes: int = POOL_BYTES_MAX) -> int:
    """Delete the oldest tails of clusters that have more than there is room for; return how many went.

    All tails are looked at, so this is not for each request.

    """
    with database.transaction(engine) as connection:
        sizes = {row.cluster: int(row.bytes) for row in connection.execute(sa.text(_SIZES))}
        room = min(cluster_bytes, level(sizes.values(), pool_bytes))
        if not any(size > room for size in sizes.values()):
            return 0
        return int(connection.execute(sa.text("SELECT ledger.trim_logs(:room)"), {"room": room}).scalar_one())


def level(sizes: Iterable[int], most: int) -> int:
    """Return the greatest room a cluster with which all of them, having their size or that room, have at most *most*.

    A cluster that has little keeps all of it; those that have much are left equally much.

    """
    left, waiting = most, sorted(sizes)
    for index, size in enumerate(waiting):
        share = left // (len(waiting) - index)
        if size > share:
            return share
        left -= size
    return most


def attempt(engine: Engine, job: str, members: frozenset[str], fence: int | None) -> Attempt | None:
    """Return the newest attempt of a job of *members*, or the one of that fence."""
    with database.transaction(engine) as connection:
        parameters = {"job": job, "members": sorted(members), "fence": fence}
        row = connection.execute(sa.text(_ATTEMPT), parameters).one_or_none()
    return Attempt(*row) if row else None


def tails(engine: Engine, of: UUID, *, rank: int | None, after: int, most: int) -> list[Kept]:
    """Return the tails of an attempt's workers, or of one, that were stored after version *after*, oldest first."""
    parameters = {"attempt": of, "rank": rank, "after": after, "most": most, "kept": KEPT_SECONDS}
    with database.transaction(engine) as connection:
        return [Kept(*row) for row in connection.execute(sa.text(_TAILS), parameters)]
