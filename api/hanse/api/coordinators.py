"""What a coordinator asks: how all members' clusters stand. Nobody's jobs.

In: what agents reported. Out: answers.
"""

from collections import Counter

from sqlalchemy import Engine

from hanse.api.answers import ClusterStanding
from hanse.api.paging import Page, page
from hanse.ledger import reports


def clusters(engine: Engine, limit: int, cursor: str) -> Page[ClusterStanding]:
    """Return a page of the clusters whose agents were ever heard, by name."""
    nodes, ready = Counter[str](), Counter[str]()
    for node in reports.nodes(engine):
        nodes[node.cluster] += 1
        ready[node.cluster] += bool(node.body.get("ready"))
    now, agents = reports.agents(engine)
    found = [
        ClusterStanding(
            name=each.cluster,
            agent_version=each.version,
            silent_seconds=max(0, now - each.seen_at_seconds),
            nodes=nodes[each.cluster],
            ready_nodes=ready[each.cluster],
        )
        for each in agents
    ]
    return page(found, lambda each: (each.name,), limit, cursor)
