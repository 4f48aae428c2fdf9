"""A proof on its own (C2SP tlog-proof): that something is in a log which witnesses have seen, to check without the log.

In: an index, hashes, a checkpoint. Out: the file, and back; and the checkpoint, if the proof holds. In the extra data,
which the format does not authenticate, is what opens a leaf of ours: the salt and the row. Both are checked against
the leaf.
"""

import base64
import re
from dataclasses import dataclass

from hanse.evidence import commitments, merkle, notes
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Accepted, Policy

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Proof:
    """That *body*, committed to with *salt*, is leaf *index* of the log with this checkpoint (a note)."""

    index: int
    salt: bytes
    body: bytes
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def encode(proof: Proof) -> bytes:
    """Return the proof as a file."""
    lines = [_FIRST, f"extra {_encode(proof.salt + proof.body)}", f"index {proof.index}"]
    lines += map(_encode, proof.hashes)
    return "".join(f"{line}\n" for line in [*lines, ""]).encode() + proof.checkpoint


def decode(data: bytes) -> Proof:
    """Return the proof in a file.

    Raises:
        EvidenceError: it is none.

    """
    head, _, checkpoint = data.partition(b"\n\n")
    try:
        first, extra, index, *hashes = head.decode().split("\n")
    except ValueError as error:
        raise EvidenceError(f"a proof begins with the lines {_FIRST}, extra and index") from error
    found = _INDEX.fullmatch(index)
    if first != _FIRST or not extra.startswith("extra ") or found is None:
        raise EvidenceError(f"a proof begins with the lines {_FIRST}, extra and index")
    opening = notes.decode_base64(extra.removeprefix("extra "))
    salt, body = opening[: commitments.SALT_BYTES], opening[commitments.SALT_BYTES :]
    return Proof(int(found[1]), salt, body, tuple(map(notes.decode_base64, hashes)), checkpoint)


def check(proof: Proof, policy: Policy) -> Accepted:
    """Return the checkpoint that a proof rests on, if what it opens is in the log, and the policy accepts that log.

    Raises:
        EvidenceError: it is not, or it does not.

    """
    accepted = policy.accept(proof.checkpoint)
    leaf = merkle.leaf_hash(commitments.opened(proof.salt, proof.body))
    its = accepted.checkpoint
    merkle.check_inclusion(proof.hashes, proof.index, its.size, leaf, its.root)
    return accepted


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
