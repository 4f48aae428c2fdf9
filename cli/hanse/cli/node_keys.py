"""Which key a node is enrolled with: one of its own, that its agent can make, and another one when the member says so.

In: what is to be enrolled, what is, and the nodes that get a new key. Out: the same enrolments with keys. A node keeps
the key that it has, if it is one of the agent's for this node.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping

from hanse.agent.keys import NODE_KEYS_MAX, Keys
from hanse.agent.settings import Settings
from hanse.cli.errors import CommandError
from hanse.evidence import identity, signatures
from hanse.evidence.enrolments import Enrolment


def certify(
    agent: Settings,
    wanted: Iterable[Enrolment],
    latest: Mapping[str, Enrolment],
    renewed: Collection[str],
    revoked: Collection[str],
) -> list[Enrolment]:
    """Return *wanted* with a key each; nodes of *renewed* and *revoked* (their names in the cluster) get a new one.

    Raises:
        CommandError: one of these is not enrolled, or has had all keys that it can have.

    """
    keys = Keys.load(agent.signing_key_file, agent.sealing_key_file)
    wanted = list(wanted)
    ids = {identity.node_id(agent.cluster, name): name for name in (*renewed, *revoked)}
    for node, name in ids.items():
        if node not in latest or node not in {each.node for each in wanted}:
            raise CommandError(f"{name} has no key yet: name a node of {agent.cluster} that is enrolled and is there")
    found = []
    for each in wanted:
        number = _next_number(keys, each.node, latest.get(each.node), is_renewed=each.node in ids)
        revokes = ids.get(each.node) in revoked if each.node in ids else False
        key = signatures.public_bytes(keys.of_node(each.node, number))
        found.append(dataclasses.replace(each, node_key=key, revokes=revokes))
    return found


def _next_number(keys: Keys, node: str, latest: Enrolment | None, *, is_renewed: bool) -> int:
    number = keys.number(node, latest.node_key) if latest else None
    if number is None:
        return 0  # enrolled with no key of this agent: it has another signing key now
    if is_renewed and number + 1 == NODE_KEYS_MAX:
        raise CommandError(f"{node} has had {NODE_KEYS_MAX} keys: give the agent another signing key")
    return number + is_renewed
