"""The member's own rules: its last word on what runs in its cluster, whatever the hub asks for.

In: a placement, the rules from the agent's own settings, the names of the cluster's nodes. Out: nothing, or a sentence
that says why not. For whom a worker runs is not known here on purpose; whom a member's nodes never serve is for
Contribution.spec.excludeMembers, which the hub keeps and the ledger shows afterwards.
"""

from collections.abc import Container
from typing import Annotated

from pydantic import Field

from hanse.resources import Placement, Trust
from hanse.resources.model import Model
from hanse.resources.scalars import HostName


class OwnRules(Model):
    """What the member allows; the default allows all that the API allows."""

    registries: tuple[HostName, ...] = ()
    """Registries that images may come from; empty: any. Images are named by digest in any case."""
    trust_levels: Annotated[tuple[Trust, ...], Field(min_length=1)] = tuple(Trust)
    """Isolation that the nodes really offer."""


def refusal(rules: OwnRules, placement: Placement, nodes: Container[str]) -> str | None:
    """Return why the member does not run this placement, or None if it does."""
    spec = placement.spec
    if spec.trust not in rules.trust_levels:
        return f"the cluster does not offer trust {spec.trust}"
    for container in (*spec.template.spec.containers, *spec.template.spec.init_containers):
        registry = container.image.partition("/")[0]
        if rules.registries and registry not in rules.registries:
            return f"images from {registry} are not allowed in this cluster"
    for node in sorted({worker.node for worker in spec.workers}):
        if node not in nodes:
            return f"the cluster has no node {node}, or does not contribute it"
    return None
