"""A verifier seals a row again from what it decoded, and comes to the leaf that the sealer made."""

import pytest

from hanse.evidence import canonical
from hanse.ledger import leaves

SALT = bytes(range(32))
# Keys in the order of code points, which is not the canonical one: the second is a pair of surrogates in UTF-16.
STRANGE = {"\ufb01": 1, "\U0001f600": 2, "a": {"z": [{"y": 1, "b": "x"}], "c": 3}}
BODIES = {
    "decisions": {"term": 1, "reason": "Covered", "cycle": 2, "index": 3, "nodes": STRANGE, "kind": "Admit"},
    "transfers": {"purpose": "use", "kind": "single", "debit": "a/use", "credit": "b/used", "hour": 0, "x": STRANGE},
    "acts": {"transfers": ["x"], "subject": "s", "said": STRANGE},
    "effects": {"outcome": "done", "said": STRANGE},
}  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_a_row_that_was_decoded_has_the_leaf_that_was_sealed(kind):
    line = {"sequence": 4, "id": "i", "recorded": 5, "kind": "Ruled", "carried": 0, "leaf": 6, "body": BODIES[kind]}
    decoded = canonical.decode(canonical.encode(line))
    assert leaves.seal_again(kind, decoded, SALT) == leaves.seal(kind, line, SALT)
    assert len(leaves.seal(kind, line, SALT).parts) == {"decisions": 2, "transfers": 3, "acts": 2}.get(kind, 0)
