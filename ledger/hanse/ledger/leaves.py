"""What a leaf of the log commits to: a row of the ledger, with the file of an export that it belongs to.

In: a line of an export. Out: bytes. The sealer and the verifier share it; it needs neither the database nor anything
else of this package.
"""

from collections.abc import Mapping

from hanse.evidence import canonical
from hanse.evidence.canonical import Json

# The files of an export whose rows are sealed, each row in a leaf of its own.
SEALED = (
    "members", "keys", "enrolments", "levies", "rates", "cycles", "decisions", "effects", "facts", "violations",
    "slots", "cutoffs", "postings", "transfers",
)  # fmt: skip
LEAF, SALT = "leaf", "salt"
"""What a line of an export says about its leaf: the number, and what opens it. A row that is not sealed has neither."""
_OF_THE_EXPORT = frozenset({"carried", LEAF, SALT})


def body(kind: str, line: Mapping[str, Json]) -> bytes:
    """Return what the leaf of a row commits to; what only an export says about it is left out."""
    own = {name: value for name, value in line.items() if name not in _OF_THE_EXPORT}
    return canonical.encode({"file": kind, "row": own})
