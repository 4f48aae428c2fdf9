"""What agents report beside leases and slots: who speaks for a cluster, its nodes, checkpoints of record.

In: an agent's requests, with the cluster as its credential says. Out: rows that the operator plans with and members
ask for. Nodes are the newest report only; a checkpoint is appended, and only under the fence in force.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database

ADMITTED = "admitted"
COMMITTED = "committed"


@dataclass(frozen=True)
class Node:
    """A node of *cluster* as its agent reported it, and when (Unix time, the database's clock)."""

    cluster: str
    name: str
    body: Mapping[str, Any]
    reported_at_seconds: int


@dataclass(frozen=True)
class Agent:
    """The agent that speaks for *cluster*, and when it was last heard (Unix time, the database's clock)."""

    cluster: str
    version: str
    seen_at_seconds: int


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of record."""

    step: int
    uri: str


def admit_agent(  # noqa: PLR0913  # what a cluster's agent is known by
    engine: Engine, cluster: str, cluster_uid: uuid.UUID, instance: uuid.UUID, *, version: str, silence_seconds: int
) -> str | None:
    """Take note of a cluster's agent; return why it may not speak for the cluster, or None if it may."""
    with database.transaction(engine) as connection:
        answer = connection.execute(
            sa.text("SELECT ledger.admit_agent(:cluster, :uid, :instance, :version, :silence)"),
            {
                "cluster": cluster,
                "uid": cluster_uid,
                "instance": instance,
                "version": version,
                "silence": silence_seconds,
            },
        ).scalar_one()
    return None if answer == ADMITTED else str(answer)


def report_nodes(
    engine: Engine, cluster: str, nodes: Sequence[Mapping[str, Any]], *, gone: Sequence[str] = (), whole: bool = False
) -> None:
    """Store the nodes that changed, or all of them; each has a `name`."""
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text("SELECT ledger.report_nodes(:cluster, :whole, CAST(:nodes AS jsonb), CAST(:gone AS text[]))"),
            {"cluster": cluster, "whole": whole, "nodes": json.dumps(list(nodes)), "gone": list(gone)},
        )


def has_inventory(engine: Engine, cluster: str) -> bool:
    """Whether the running agent has reported all of the cluster's nodes."""
    with database.transaction(engine) as connection:
        statement = sa.text("SELECT inventory_at_seconds IS NOT NULL FROM ledger.agent WHERE cluster = :cluster")
        return bool(connection.execute(statement, {"cluster": cluster}).scalar_one_or_none())


def nodes(engine: Engine) -> list[Node]:
    """Return all nodes of all clusters, by cluster and name."""
    statement = sa.text("SELECT cluster, name, body, reported_at_seconds FROM ledger.node ORDER BY cluster, name")
    with database.transaction(engine) as connection:
        return [Node(*row) for row in connection.execute(statement)]


def agents(engine: Engine) -> tuple[int, list[Agent]]:
    """Return the time, and the agents of all clusters by name."""
    statement = sa.text("SELECT cluster, version, seen_at_seconds FROM ledger.agent ORDER BY cluster")
    with database.transaction(engine) as connection:
        now = int(connection.execute(sa.text("SELECT ledger.clock_seconds()")).scalar_one())
        return now, [Agent(*row) for row in connection.execute(statement)]


def commit_checkpoint(  # noqa: PLR0913  # what makes a checkpoint one of record
    engine: Engine, cluster: str, attempt: uuid.UUID, fence: int, *, step: int, uri: str
) -> str | None:
    """Make a checkpoint one of record; return why it is none, or None if it is. Again is the same."""
    with database.transaction(engine) as connection:
        answer = connection.execute(
            sa.text("SELECT ledger.commit_checkpoint(:cluster, :attempt, :fence, :step, :uri)"),
            {"cluster": cluster, "attempt": attempt, "fence": fence, "step": step, "uri": uri},
        ).scalar_one()
    return None if answer == COMMITTED else str(answer).removeprefix("refused: ")


def report_progress(engine: Engine, cluster: str, reached: Sequence[tuple[uuid.UUID, int, int, int | None]]) -> None:
    """Keep how far attempts have come: each with its fence, the last step, and all steps if that is known."""
    columns = dict(zip(("attempts", "fences", "step", "steps"), map(list, zip(*reached, strict=True)), strict=True))
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.report_progress(:cluster, CAST(:attempts AS uuid[]), CAST(:fences AS bigint[]),"
                " CAST(:step AS bigint[]), CAST(:steps AS bigint[]))"
            ),
            {"cluster": cluster, **columns},
        )


def last_checkpoints(engine: Engine, attempts: Sequence[uuid.UUID]) -> dict[uuid.UUID, Checkpoint]:
    """Return the newest checkpoint of the job of each attempt, where there is one."""
    with database.transaction(engine) as connection:
        rows = connection.execute(
            sa.text("SELECT * FROM ledger.last_checkpoints(CAST(:attempts AS uuid[]))"), {"attempts": list(attempts)}
        )
        return {row.attempt: Checkpoint(row.step, row.uri) for row in rows}
