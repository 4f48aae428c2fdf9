"""Facts: what happened without a decision of the hub, recorded afterwards.

In: what an agent did by itself, or the operator saw. Out: an append-only row; the same fact told twice is one row.
Leases, terms and caps are recorded as facts by the functions that change them.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.evidence import identity
from hanse.ledger import database


class Kind(StrEnum):
    """The closed list of what an agent may do by itself, and what the operator sees of nodes."""

    LEASE_RAN_OUT = "LeaseRanOut"
    FUNDING_RAN_OUT = "FundingRanOut"
    LOCAL_RECALL = "LocalRecall"
    MEMORY_PRESSURE = "MemoryPressure"
    POD_DEATH = "PodDeath"
    START_DEADLINE_EXCEEDED = "StartDeadlineExceeded"
    PLACEMENT_REFUSED = "PlacementRefused"
    SIMULATED = "Simulated"
    NODE_STALE = "NodeStale"
    NODE_HEALTHY = "NodeHealthy"
    CLOCK_OFF = "ClockOff"
    CLOCK_STEPPED = "ClockStepped"


@dataclass(frozen=True)
class Fact:
    """*kind* happened at *at_seconds* (Unix time, by the clock of whoever tells it)."""

    kind: Kind
    at_seconds: int
    detail: str = ""
    member: str | None = None
    cluster: str | None = None
    node: str | None = None
    attempt: uuid.UUID | None = None
    fence: int | None = None

    @property
    def id(self) -> uuid.UUID:
        """The fact's id, which follows from what it says happened, where and when."""
        where = [self.member, self.cluster, self.node, self.attempt, self.fence]
        return identity.fact_id(self.kind, self.at_seconds, *(str(each or "") for each in where))


def record(engine: Engine, fact: Fact, *, term: int) -> None:
    """Record a fact that the leader of *term* saw, once.

    Raises:
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine, term=term) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.record_fact(:id, :kind, :at, :member, :cluster, :node, :attempt, :fence, NULL, "
                "NULL, :detail)"
            ),
            {
                "id": fact.id,
                "kind": str(fact.kind),
                "at": fact.at_seconds,
                "member": fact.member,
                "cluster": fact.cluster,
                "node": fact.node,
                "attempt": fact.attempt,
                "fence": fact.fence,
                "detail": fact.detail,
            },
        )


def last_heard(engine: Engine) -> dict[str, Kind]:
    """Return, by cluster, whether it fell silent or came back last, as far as that is recorded."""
    statement = sa.text(
        "SELECT DISTINCT ON (cluster) cluster, kind FROM ledger.fact WHERE attempt IS NULL AND node IS NULL "
        "AND cluster IS NOT NULL AND kind IN ('NodeStale', 'NodeHealthy') ORDER BY cluster, sequence DESC"
    )
    with database.transaction(engine) as connection:
        return {cluster: Kind(kind) for cluster, kind in connection.execute(statement)}


def record_once(  # noqa: PLR0913  # what a fact is about
    engine: Engine, kind: Kind, cluster: str, attempt: uuid.UUID, fence: int, *, detail: str
) -> None:
    """Record a fact that an attempt has at most one of its kind of, at the database's time: who tells it has no say.

    Of an attempt that is not this cluster's, or of another fence, nothing is recorded: one could make up any number.

    """
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.record_fact(:id, :kind, ledger.clock_seconds(), NULL, :cluster, NULL, :attempt, :fence, "
                "NULL, NULL, :detail) FROM ledger.attempt WHERE id = :attempt AND fence = :fence AND cluster = :cluster"
            ),
            {
                "id": identity.fact_id(str(kind), cluster, str(attempt), fence),
                "kind": str(kind),
                "cluster": cluster,
                "attempt": attempt,
                "fence": fence,
                "detail": detail,
            },
        )


def record_hourly(engine: Engine, kind: Kind, cluster: str, amount: int, *, detail: str) -> None:
    """Record what a cluster has at most one fact an hour of, at the database's time: the first, with its *amount*."""
    statement = sa.text(
        "SELECT ledger.record_fact(:id, :kind, ledger.clock_seconds(), NULL, :cluster, NULL, NULL, NULL, NULL, "
        ":amount, :detail)"
    )
    with database.transaction(engine) as connection:
        hour = connection.execute(sa.text("SELECT ledger.clock_seconds() / 3600")).scalar_one()
        said = {"kind": str(kind), "cluster": cluster, "amount": amount, "detail": detail}
        connection.execute(statement, {**said, "id": identity.fact_id(str(kind), cluster, int(hour))})
