"""With which of its keys a node signs: the one that its member has enrolled it with for the time of the slot.

In: the enrolments of the cluster's nodes, whenever the hub says that there are others. Out: a key for a node at a time.
Which key that is, the member alone decides; the agent can make all that follow from its own. Of a node that is enrolled
with none of them, or not at all, slots are signed all the same: that they are refused is then on record.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.agent.keys import Keys
from hanse.evidence import enrolments

_LOG = logging.getLogger(__name__)


class Certified:
    """The numbers of the keys that are in force, by node and time."""

    def __init__(self, keys: Keys) -> None:
        self.newest: int | None = None
        """What the hub calls the newest enrolment that is known here."""
        self._keys = keys
        self._numbers: dict[str, list[tuple[int, int]]] = {}  # from when on (Unix time) which number

    def take(self, newest: int, bodies: Iterable[bytes]) -> None:
        """Take up all enrolments that are in force or begin later. Looking for keys takes its time: not in the loop."""
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        known: dict[bytes, int | None] = {}  # a key that goes on is looked for once
        for each in sorted(map(enrolments.decode, bodies), key=lambda each: each.start_seconds):
            if each.node_key not in known:
                known[each.node_key] = self._keys.number(each.node, each.node_key)
            if (number := known[each.node_key]) is not None:
                found[each.node].append((each.start_seconds, number))
        if others := sum(number is None for number in known.values()):
            _LOG.error("%d nodes are enrolled with keys that this agent has not: hanse cluster enrol mends it", others)
        self._numbers, self.newest = found, newest

    def key(self, node: str, at_seconds: int) -> Ed25519PrivateKey:
        """Return the key with which the node signs a slot that starts then."""
        numbers = [number for since, number in self._numbers.get(node, ()) if since <= at_seconds]
        return self._keys.of_node(node, numbers[-1] if numbers else 0)
