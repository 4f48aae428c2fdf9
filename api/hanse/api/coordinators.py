"""What a coordinator asks: how clusters and offers stand, who the members are, what went wrong or is. Nobody's jobs.

In: what agents reported, the Members, recorded facts; the leader, for what only it knows. Out: answers.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.overseeing import (
    ClusterStanding,
    Condition,
    ContributionStanding,
    EntitledGpus,
    Fault,
    MemberStanding,
)
from hanse.api.paging import Page, cut, number, page
from hanse.ledger import database, reports
from hanse.ledger.facts import Kind
from hanse.resources import Member
from hanse.resources.protocol import INTEGER_MAX

FAULTS = tuple(kind for kind in Kind if kind != Kind.SIMULATED)
# Neither the attempt nor the detail: they would tell a coordinator of members' jobs.
_FAULTS = """
SELECT sequence, kind, at_seconds, cluster, node FROM ledger.fact
WHERE kind = ANY (:kinds) AND sequence < :before ORDER BY sequence DESC LIMIT :most
"""


def clusters(engine: Engine, limit: int, cursor: str) -> Page[ClusterStanding]:
    """Return a page of the clusters whose agents were ever heard, by name."""
    nodes, ready = Counter[str](), Counter[str]()
    enforcers: dict[str, Counter[str]] = defaultdict(Counter)
    for node in reports.nodes(engine):
        nodes[node.cluster] += 1
        ready[node.cluster] += bool(node.body.get("ready"))
        if enforcer := node.body.get("enforcer"):
            enforcers[node.cluster][enforcer] += 1
    now, agents = reports.agents(engine)
    found = [
        ClusterStanding(
            name=each.cluster,
            agent_version=each.version,
            silent_seconds=max(0, now - each.seen_at_seconds),
            nodes=nodes[each.cluster],
            ready_nodes=ready[each.cluster],
            enforcers=dict(enforcers[each.cluster]),
        )
        for each in agents
    ]
    return page(found, lambda each: (each.name,), limit, cursor)


def members(directory: Directory, limit: int, cursor: str) -> Page[MemberStanding]:
    """Return a page of the members, by name."""
    return page(map(_standing, directory.every_member()), lambda each: (each.name,), limit, cursor)


def _standing(member: Member) -> MemberStanding:
    entitled = member.status.entitlements
    return MemberStanding(
        name=member.metadata.name,
        display_name=member.spec.display_name,
        suspended=member.spec.suspended,
        entitlements=tuple(
            EntitledGpus.model_validate({"class": each.accelerator_class, "milliGpus": each.milli_gpus})
            for each in entitled
        ),
    )


def contributions(leader: Leader, limit: int, cursor: str) -> Page[ContributionStanding]:
    """Return a page of what members offer, by member, cluster and name, with what they take back."""
    return page(offers(leader.coordination()), _offer, limit, cursor)


def offers(told: Mapping[str, Any]) -> list[ContributionStanding]:
    """Return what members offer, in what the leader told, by member, cluster and name."""
    return sorted(map(ContributionStanding.model_validate, told["contributions"]), key=_offer)


def _offer(each: ContributionStanding) -> tuple[str, str, str, str]:
    return each.member, each.cluster, each.namespace, each.name


def condition(leader: Leader) -> Condition:
    """Return what is wrong with the pool now."""
    return wrong_in(leader.coordination())


def wrong_in(told: Mapping[str, Any]) -> Condition:
    """Return what is wrong with the pool, in what the leader told."""
    feeds = [{"kind": kind, **each} for kind, each in sorted(told["feeds"].items())]
    return Condition.model_validate({**told["leader"], **told, "feeds": feeds})


def faults(engine: Engine, limit: int, cursor: str) -> Page[Fault]:
    """Return a page of what agents did by themselves and what was seen of nodes, the newest first.

    Raises:
        InvalidError: the cursor is none of this list's.

    """
    before = number(cursor, INTEGER_MAX)
    given = {"kinds": [str(kind) for kind in FAULTS], "before": before, "most": limit + 1}
    with database.transaction(engine) as connection:
        rows = connection.execute(sa.text(_FAULTS), given).mappings().all()
    return cut(tuple(Fault.model_validate(dict(row)) for row in rows), lambda each: (each.sequence,), limit)
