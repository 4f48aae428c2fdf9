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
    kind = bundle.kind_of(name)
    if kind not in leaves.SEALED or name == bundle.SLOTS:
        raise BundleError(where, f"is no line of a file that is sealed; those are {', '.join(leaves.SEALED)}")
    line = next((value for at, value in bundle.read_values(folder, name) if at == where), None)
    if not isinstance(line, dict):
        raise BundleError(where, "is no line of this export; write FILE.jsonl:NUMBER")
    if leaves.LEAF not in line:
        raise BundleError(where, "is not in the log that this export has; it may have been too new")
    try:
        fields = Fields(line, where)
        index, salt = fields.integer(leaves.LEAF), fields.digest(leaves.SALT)
        return _prove(folder, index, *leaves.opening(kind, line, salt))
    except (EvidenceError, OSError) as error:
        raise BundleError(where, f"cannot be proven: {error}") from error


def _prove(folder: Path, index: int, salt: bytes, body: bytes) -> proofs.Proof:
    note = (folder / tiles.CHECKPOINT).read_bytes()
    size = checkpoints.parse(notes.parse(note).text).size
    node = tiles.node_reader(lambda path: (folder / path).read_bytes(), size)
    return proofs.Proof(index, salt, body, tuple(merkle.inclusion(node, index, size)), note)
