"""Ids that follow from what they name: the same business key gives the same UUID, on every machine, for ever.

In: the parts of a business key. Out: a UUIDv5 (RFC 9562) in one of Hanse's namespaces. The key is encoded as canonical
JSON first, so that no choice of parts collides with another by the way they are joined.
"""

import uuid

from hanse.evidence import canonical

# Fixed for ever; derived from a URL namespace so that anyone can check where they come from.
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "https://hanse.dev/ids/v1")


def decision_id(term: int, cycle: int, index: int) -> uuid.UUID:
    """Return the id of the decision at *index* of the plan of *cycle* in *term*."""
    return _derive("decision", term, cycle, index)


def attempt_id(job: uuid.UUID, fence: int) -> uuid.UUID:
    """Return the id of the attempt that *job* makes under *fence*."""
    return _derive("attempt", str(job), fence)


def transfer_id(*key: int | str) -> uuid.UUID:
    """Return the id of the transfer whose business key has these parts."""
    return _derive("transfer", *key)


def fact_id(*key: int | str) -> uuid.UUID:
    """Return the id of the fact whose business key has these parts."""
    return _derive("fact", *key)


def violation_id(*key: int | str) -> uuid.UUID:
    """Return the id of the violation whose business key has these parts."""
    return _derive("violation", *key)


def dispute_id(member: str, hour_seconds: int, attempt: str) -> uuid.UUID:
    """Return the id of what *member* disputes of an hour: one attempt's postings, or with none all of its own."""
    return _derive("dispute", member, hour_seconds, attempt)


def act_id(*key: int | str) -> uuid.UUID:
    """Return the id of the act whose business key has these parts."""
    return _derive("act", *key)


def node_id(cluster: str, node: str) -> str:
    """Return the name of a node in the whole pool: two clusters may both have a `node-0`."""
    return f"{cluster}/{node}"


def gpu_id(cluster: str, node: str, index: int) -> str:
    """Return the name of a GPU in the whole pool, by its index on the node in PCI bus order."""
    return f"{node_id(cluster, node)}/{index}"


def _derive(kind: str, *key: int | str) -> uuid.UUID:
    return uuid.uuid5(_ROOT, canonical.encode([kind, *key]).decode())
