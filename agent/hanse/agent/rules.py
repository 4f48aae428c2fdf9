"""The member's own rules: its last word on what runs in its cluster, whatever the hub asks for.

In: a placement, the rules from the agent's own settings, the names of the cluster's nodes. Out: nothing, or a sentence
that says why not; and whether an address that a job has declared is one that workers may reach. For whom a worker runs
is not known here on purpose; whom a member's nodes never serve is for Contribution.spec.excludeMembers, which the hub
keeps and the ledger shows afterwards.
"""

from collections.abc import Container
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated, TypeAlias

from pydantic import Field, IPvAnyNetwork

from hanse.resources import Placement, Trust
from hanse.resources.model import Model
from hanse.resources.scalars import HostName

Address: TypeAlias = IPv4Address | IPv6Address

# Never reached by a worker, whatever a name that its job declares says at the moment: the node itself, its link, and
# the metadata services of clouds, which hand out credentials.
_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "192.0.0.0/24",
            "224.0.0.0/3", "::/127", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
            "fd00:ec2::/32", "fd20:ce::254/128", "fe80::/10", "fec0::/10", "ff00::/8",
        ),
    )
)  # fmt: skip
# A member's own network: its API server, its pods, its storage. Its own rules say what of that is for others.
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "fc00::/7")))


class OwnRules(Model):
    """What the member allows; the default allows what the API allows, but nothing of its own network."""

    registries: tuple[HostName, ...] = ()
    """Registries that images may come from; empty: any. Images are named by digest in any case."""
    trust_levels: Annotated[tuple[Trust, ...], Field(min_length=1)] = tuple(Trust)
    """Isolation that the nodes really offer."""
    egress_networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks that workers may reach if their job declares a host there, such as the one of a storage."""


def is_outside(rules: OwnRules, address: Address) -> bool:
    """Return whether a worker may reach a host that its job has declared, at this address."""
    if any(address in network for network in _NEVER):
        return False
    return not any(address in network for network in _PRIVATE) or any(
        address in network for network in rules.egress_networks
    )


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
