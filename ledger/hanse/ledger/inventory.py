"""Nodes, as the agents report them: what they have, and whether they can take work.

In: a cluster's reports, through the API service. Out: rows that the operator reads. They are facts of the moment and
not accounting: an agent can send all of them again at any time.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.ledger import database
from hanse.ledger.models.inventory import Inventory


def report(
    engine: Engine, cluster: str, nodes: Mapping[str, Mapping[str, Any]], *, gone: Iterable[str] = (), whole: bool
) -> None:
    """Take in what the agent of *cluster* reports: changed nodes by name, and those that are gone.

    With *whole*, nodes that are not named are gone as well. The cluster comes from the credential.

    """
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text(
                "SELECT ledger.report_nodes(:cluster, CAST(:names AS text[]), CAST(:reports AS jsonb[]), "
                "CAST(:gone AS text[]), :whole)"
            ),
            {
                "cluster": cluster,
                "names": list(nodes),
                "reports": [json.dumps(dict(each)) for each in nodes.values()],
                "gone": list(gone),
                "whole": whole,
            },
        )


def read(engine: Engine) -> list[tuple[str, str, dict[str, Any]]]:
    """Return cluster, node and report of each node, in the order of cluster and node."""
    statement = sa.select(Inventory.cluster, Inventory.node, Inventory.report).order_by(
        Inventory.cluster, Inventory.node
    )
    with database.transaction(engine) as connection:
        return [(row.cluster, row.node, row.report) for row in connection.execute(statement)]


def version(engine: Engine) -> int:
    """Return a number that grows whenever a report changed anything."""
    with database.transaction(engine) as connection:
        return int(connection.execute(sa.text("SELECT last_value FROM ledger.inventory_version")).scalar_one())
