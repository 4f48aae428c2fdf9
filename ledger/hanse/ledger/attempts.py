"""Attempts and their leases: who may run what, under which fence.

In: decisions (through :mod:`hanse.ledger.decisions`) and the requests of cluster agents. Out: the state of each attempt
and the answer to each agent. The state machine, in which every other transition is refused by a trigger:

==========  =========================================  ==============================================================
from        to                                         when
==========  =========================================  ==============================================================
(none)      admitted                                   a decision admits the job under a higher fence
admitted    leased                                     its cluster's agent is granted the lease
admitted    withdrawn                                  a decision stops it: nothing runs yet
leased      draining                                   a decision stops it
leased      suspect                                    the lease ran out
leased      released                                   the agent confirms that nothing of it runs any more
draining    suspect                                    the lease ran out
draining    released                                   the agent confirms
suspect     leased, draining                           the agent is heard of again
suspect     released                                   the agent confirms
suspect     expired                                    a decision, after lease and grace (drift and kill budget)
==========  =========================================  ==============================================================

Admitted, leased, draining and suspect are live: of one job at most one attempt is, by a partial unique index. A request
with another fence, from another cluster or about an attempt that is not live changes nothing, and is recorded as a
fact. The clock of an attempt runs from its first grant to its end, in seconds of the database's clock.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database
from hanse.ledger.models.decisions import Attempt


class State(StrEnum):
    """The states of an attempt."""

    ADMITTED = "admitted"
    LEASED = "leased"
    DRAINING = "draining"
    SUSPECT = "suspect"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


LIVE = frozenset({State.ADMITTED, State.LEASED, State.DRAINING, State.SUSPECT})
TRANSITIONS: dict[State, frozenset[State]] = {
    State.ADMITTED: frozenset({State.LEASED, State.WITHDRAWN}),
    State.LEASED: frozenset({State.DRAINING, State.SUSPECT, State.RELEASED}),
    State.DRAINING: frozenset({State.SUSPECT, State.RELEASED}),
    State.SUSPECT: frozenset({State.LEASED, State.DRAINING, State.RELEASED, State.EXPIRED}),
    State.RELEASED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.EXPIRED: frozenset(),
}


class Verdict(StrEnum):
    """What an agent is to do with an attempt it holds: run it, checkpoint and stop it, or stop it at once."""

    KEEP = "keep"
    DRAIN = "drain"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Grant:
    """The answer to a request for a lease; if it is not granted, *reason* says why.

    The holder counts *lease_seconds* from when it sent the request. *first* says that nobody was granted it before, or
    this very process, which knows whether it heard of it: if somebody else was, workers may have run of whom whoever
    asks knows nothing. It is said of a live attempt also if the lease is not granted.
    """

    granted: bool
    first: bool
    lease_seconds: int | None
    funded_until_seconds: int | None
    reason: str | None


@dataclass(frozen=True)
class Renewal:
    """The answer about one attempt that an agent holds, which counts *lease_seconds* from when it sent the request."""

    attempt: uuid.UUID
    fence: int
    verdict: Verdict
    lease_seconds: int | None
    funded_until_seconds: int | None


def grant(engine: Engine, cluster: str, attempt: uuid.UUID, fence: int, process: uuid.UUID) -> Grant:
    """Grant the lease of one attempt: see :func:`grant_all`."""
    return grant_all(engine, cluster, [(attempt, fence)], process)[0]


def grant_all(engine: Engine, cluster: str, asked: Sequence[tuple[uuid.UUID, int]], process: uuid.UUID) -> list[Grant]:
    """Grant the leases of all (attempt, fence) to the agent of *cluster*, in the order asked; no pod may start before.

    Asking again, as after a lost answer, is granted again. *cluster* comes from the credential, never from the request;
    *process* is what the agent says of itself.
    One transaction for all, as each costs a round trip and a commit; in the order of ids, so that two of them that
    hold the same attempts wait for one another and never deadlock.

    """
    function = "ledger.grant_lease(:cluster, asked.attempt, asked.fence, :process) AS said"
    rows = _for_each(engine, function, cluster, asked, process=process)
    return [Grant(row.granted, row.first, row.lease_seconds, row.funded_until_seconds, row.reason) for row in rows]


def renew(engine: Engine, cluster: str, held: Sequence[tuple[uuid.UUID, int]]) -> list[Renewal]:
    """Renew the leases of all (attempt, fence) that the agent of *cluster* holds; say what to do with each."""
    with database.transaction(engine) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT * FROM ledger.renew_leases(:cluster, CAST(:attempts AS uuid[]), CAST(:fences AS bigint[]))"
            ),
            {"cluster": cluster, "attempts": [each for each, _ in held], "fences": [fence for _, fence in held]},
        ).all()
    return [
        Renewal(row.attempt, row.fence, Verdict(row.verdict), row.lease_seconds, row.funded_until_seconds)
        for row in rows
    ]


def release(engine: Engine, cluster: str, attempt: uuid.UUID, fence: int, outcome: str) -> bool:
    """Record how one attempt ended: see :func:`release_all`."""
    return release_all(engine, cluster, [(attempt, fence)], [outcome])[0]


def release_all(
    engine: Engine, cluster: str, ended: Sequence[tuple[uuid.UUID, int]], outcomes: Sequence[str]
) -> list[bool]:
    """Record that nothing of these (attempt, fence) runs any more, and how each ended, in one transaction.

    Return for each whether it is recorded; it is not if this agent does not hold it.

    """
    function = "ledger.release_lease(:cluster, asked.attempt, asked.fence, asked.outcome) AS said (answer)"
    return [row.answer == "released" for row in _for_each(engine, function, cluster, ended, outcomes=list(outcomes))]


def _for_each(
    engine: Engine, function: str, cluster: str, asked: Sequence[tuple[uuid.UUID, int]], **more: object
) -> list[sa.Row[Any]]:
    """Call a function of the ledger for each of *asked*, in the order of ids; return the rows in the order asked."""
    if not asked:
        return []
    statement = (
        "SELECT asked.place, said.* FROM (SELECT *"  # noqa: S608  # *function* is one of the two above
        " FROM unnest(CAST(:attempts AS uuid[]), CAST(:fences AS bigint[]),"
        " CAST(:outcomes AS text[])) WITH ORDINALITY AS each (attempt, fence, outcome, place) ORDER BY attempt, fence)"
        f" AS asked, LATERAL {function}"
    )
    values = {
        "cluster": cluster,
        "attempts": [attempt for attempt, _ in asked],
        "fences": [fence for _, fence in asked],
        "outcomes": [],
        **more,
    }
    with database.transaction(engine) as connection:
        return sorted(connection.execute(sa.text(statement), values).all(), key=lambda row: int(row.place))


def lapse(engine: Engine, term: int) -> list[uuid.UUID]:
    """Mark attempts whose lease ran out as suspect; return them. They still count until a decision expires them.

    Raises:
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine) as connection:
        return list(connection.execute(sa.text("SELECT ledger.lapse_leases(:term)"), {"term": term}).scalars())


@dataclass(frozen=True)
class Suspect:
    """An attempt whose lease ran out at *lease_until_seconds* (Unix time, the database's clock) and that still counts.

    The ledger refuses to expire it before *grace_seconds* more have passed.
    """

    id: uuid.UUID
    job: uuid.UUID
    fence: int
    cluster: str
    lease_seconds: int
    grace_seconds: int
    lease_until_seconds: int


def suspects(engine: Engine) -> list[Suspect]:
    """Return all suspect attempts by id."""
    columns = [getattr(Attempt, name) for name in Suspect.__dataclass_fields__]
    statement = sa.select(*columns).where(Attempt.state == State.SUSPECT).order_by(Attempt.id)
    with database.transaction(engine) as connection:
        return [Suspect(*row) for row in connection.execute(statement)]


def live(engine: Engine, cluster: str | None = None) -> Sequence[sa.Row[tuple[object, ...]]]:
    """Return the rows of all live attempts, or of one cluster, by id: the mirror that a new leader starts from."""
    statement = sa.select(Attempt.__table__).where(Attempt.state.in_(LIVE)).order_by(Attempt.id)
    if cluster is not None:
        statement = statement.where(Attempt.cluster == cluster)
    with database.transaction(engine) as connection:
        return connection.execute(statement).all()
