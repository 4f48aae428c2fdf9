"""A proof of one row, on its own: what is handed to a member about a line of its own, and about nothing else.

In: an export's folder, and a line of it. Out: a :class:`~hanse.evidence.proofs.Proof`, which anyone with the policy can
check without the export. It needs no database; whoever has the export can make proofs of it.
"""

from pathlib import Path

from hanse.evidence import checkpoints, merkle, notes, proofs, tiles
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.ledger import bundle, leaves
from hanse.ledger.bundle import BundleError


def prove(folder: Path, where: str) -> proofs.Proof:
    """Return the proof of the line *where*, as the verifier names it: `transfers.jsonl:5`.

    Raises:
        BundleError: there is no such line, or it is not in the log.

    """
    name = where.partition(".jsonl:")[0]
    if name not in leaves.SEALED:
        raise BundleError(where, f"is no line of a file that is sealed; those are {', '.join(leaves.SEALED)}")
    line = next((value for at, value in bundle.read_values(folder, name) if at == where), None)
    if not isinstance(line, dict):
        raise BundleError(where, "is no line of this export; write FILE.jsonl:NUMBER")
    try:
        for at, value in bundle.read_values(folder, bundle.OPENINGS):
            fields = Fields(value, at)
            if fields.integer("sequence") == line.get("sequence"):
                return _prove(folder, fields, leaves.body(name, line))
    except (EvidenceError, OSError) as error:
        raise BundleError(where, f"cannot be proven: {error}") from error
    raise BundleError(where, "is not in the log that this export has; it may have been too new")


def _prove(folder: Path, opening: Fields, body: bytes) -> proofs.Proof:
    note = (folder / tiles.CHECKPOINT).read_bytes()
    size = checkpoints.parse(notes.parse(note).text).size
    index = opening.integer("index")
    node = tiles.node_reader(lambda path: (folder / path).read_bytes(), size)
    return proofs.Proof(index, opening.digest("salt"), body, tuple(merkle.inclusion(node, index, size)), note)
