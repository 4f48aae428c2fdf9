"""What a leaf of the log commits to: a row of the ledger, with the file of an export that it belongs to.

In: a line of an export. Out: bytes. The sealer and the verifier share it; it needs neither the database nor anything
else of this package.
"""

from collections.abc import Mapping

from hanse.evidence import canonical
from hanse.evidence.canonical import Json

# The files of an export whose rows are sealed, each row in a leaf of its own.
SEALED = (
    "members", "keys", "enrolments", "levies", "rates", "entitlements", "cycles", "decisions", "effects", "facts",
    "violations", "slots", "cutoffs", "postings", "transfers",
)  # fmt: skip
_OF_THE_EXPORT = "carried"


def body(kind: str, line: Mapping[str, Json]) -> bytes:
    """Return what the leaf of a row commits to; what only an export says about it is left out."""
    own = {name: value for name, value in line.items() if name != _OF_THE_EXPORT}
    return canonical.encode({"file": kind, "row": own})
