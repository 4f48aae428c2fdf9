"""Checkpoints: how large a log is and what its root is, signed by the log and cosigned by witnesses (C2SP).

In: origin, size and root; signers. Out: the note, byte for byte as tlog-checkpoint has it, and back, checked. What a
cosignature signs is here too (tlog-cosignature): `cosignature/v1` for Ed25519, a binary structure for ML-DSA-44.
Who has to sign for a checkpoint to count is said by :mod:`hanse.evidence.policy`.
"""

import base64
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from hanse.evidence import merkle, notes
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Key, Note, Signature, Signer

_SUBTREE = b"subtree/v1\n\x00"
_NAME_BYTES_MAX = 255
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """The log *origin* has *size* leaves, and this is their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


def parse(text: bytes) -> Checkpoint:
    """Return the checkpoint that a note's text says.

    Raises:
        EvidenceError: it says none, or more than one: lines beyond the third are not auditable.

    """
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"a checkpoint is UTF-8: {error}") from error
    if len(lines) != _LINES + 1 or lines[_LINES] or not lines[0]:
        raise EvidenceError(f"a checkpoint has {_LINES} lines: origin, size and root")
    origin, size, root = lines[:_LINES]
    if not _SIZE.fullmatch(size):
        raise EvidenceError(f"a checkpoint's size is decimal without leading zeros, not {size!r}")
    found = Checkpoint(origin, int(size), notes.decode_base64(root))
    if len(found.root) != merkle.HASH_BYTES:
        raise EvidenceError(f"a checkpoint's root has {merkle.HASH_BYTES} bytes, not {len(found.root)}")
    return found


def sign(checkpoint: Checkpoint, signers: Iterable[Signer], at_seconds: int) -> Note:
    """Return the note of a checkpoint; the time is in the signatures of those types that have one."""
    return Note(checkpoint.text, tuple(each.sign(checkpoint.text, at_seconds, message) for each in signers))


def cosign(note: Note, witness: Signer, at_seconds: int) -> Signature:
    """Return a witness's signature on a log's checkpoint."""
    return witness.sign(note.text, at_seconds, message)


def verified(note: Note, keys: Iterable[Key]) -> dict[Key, Signature]:
    """Return which of *keys* have signed a checkpoint; those of others are passed by.

    Raises:
        SignatureError: a signature that says it is of one of them is not.

    """
    return notes.verified(note, keys, message)


def message(key: Key, text: bytes, at_seconds: int) -> bytes:
    """Return what a key whose signatures carry a time signs for a checkpoint's text."""
    if key.type == notes.COSIGNATURE:
        return f"cosignature/v1\ntime {at_seconds}\n".encode() + text
    its = parse(text)
    names = [each.encode() for each in (key.name, its.origin)]
    if any(len(name) > _NAME_BYTES_MAX for name in names):
        raise EvidenceError(f"names of logs and witnesses have at most {_NAME_BYTES_MAX} bytes here")
    cosigner, origin = (bytes([len(name)]) + name for name in names)
    return _SUBTREE + cosigner + struct.pack(">Q", at_seconds) + origin + struct.pack(">QQ", 0, its.size) + its.root
