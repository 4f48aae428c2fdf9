"""Meters of the nodes of a test's pool: slots as they sign them. And what the ledger holds of them, in SQL."""

import uuid

from hanse.evidence import canonical, slots
from hanse.ledger import slots as ledger_slots

SLOT = 600
GPUS = 2
DID = """
SELECT member, sum(used), sum(idle), sum(down), sum(unknown) FROM (
  SELECT DISTINCT ON (hour_seconds, member) * FROM ledger.posting ORDER BY hour_seconds, member, run DESC) AS last
GROUP BY member
"""
POSTINGS = """
SELECT id, attempt::text, debit, credit, amount,
  (SELECT coalesce(sum(c.amount), 0) FROM ledger.transfer c WHERE c.reverses = t.id)
FROM ledger.transfer t WHERE kind = 'single' AND purpose IN ('use', 'tier', 'overrun') ORDER BY sequence
"""


def sign_slot(world, member, start, did, *, keep=True):
    """Sign what both GPUs of a member's node did, a list of (seconds, who); without *keep*, as another version."""
    node, segments, offset = f"{member}-node", [], 0
    for seconds, who in did:
        segments.append(slots.Segment(offset, seconds, 2**GPUS - 1, ((who, 1000),), 1000, 10**6))
        offset += seconds
    gpus = tuple(f"{member}-gpu-{gpu}" for gpu in range(GPUS))
    before = world.previous.get(node, slots.NO_PREVIOUS)
    slot = slots.Slot(node, uuid.UUID(int=7), start, SLOT, gpus, tuple(segments), before)
    body, signature = slots.sign(slot, world.node_keys[member])
    if keep:
        world.previous[node] = canonical.sha256(body)
    return (node, start), ledger_slots.Signed(body, signature)
