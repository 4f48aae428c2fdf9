"""Signed notes (C2SP signed-note): a text with lines of signatures, and the keys in the forms that others use.

In: a text, private keys. Out: a note, and who has signed it. Three types of signature are known: a log's own (Ed25519),
a witness's with a time (Ed25519, tlog-cosignature), and ML-DSA-44 with a time, which a log and a witness may both add.
The texts of the last two are made from checkpoints only, by :mod:`hanse.evidence.checkpoints`; it must not know more.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from hanse.evidence.canonical import sha256
from hanse.evidence.errors import EvidenceError, SignatureError

ED25519, COSIGNATURE, MLDSA44 = 1, 4, 6
NAME_BY_TYPE = {ED25519: "Ed25519", COSIGNATURE: "Ed25519 cosignature", MLDSA44: "ML-DSA-44"}
SIGNATURES_MAX = 64
SEED_BYTES = 32
_PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1312}
_PRIVATE = "PRIVATE+KEY+"
_LINE = "\u2014 "
_ID_BYTES = 4
_TIME = struct.Struct(">Q")


@dataclass(frozen=True)
class Key:
    """A public key with the name of its owner: what C2SP calls a verifier key."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that go before a signature of this key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public)[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encode(bytes([self.type]) + self.public)}"


@dataclass(frozen=True)
class Signature:
    """One line of signature: whose it says it is, and its bytes."""

    name: str
    id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"{_LINE}{self.name} {_encode(self.id + self.data)}\n"

    @property
    def at_seconds(self) -> int:
        """The time in a cosignature (Unix time)."""
        if len(self.data) < _TIME.size:
            raise SignatureError(f"the signature of {self.name} has no time")
        return int(_TIME.unpack_from(self.data)[0])


# What is signed, from the key, the note's text and the time (0 where the type has none).
Message: TypeAlias = Callable[[Key, bytes, int], bytes]


@dataclass(frozen=True)
class Signer:
    """A private key, which signs as its *key* says."""

    key: Key
    seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.key})"  # and never the seed

    def __str__(self) -> str:
        return f"{_PRIVATE}{self.key.name}+{self.key.id.hex()}+{_encode(bytes([self.key.type]) + self.seed)}"

    def sign(self, text: bytes, at_seconds: int, message: Message) -> Signature:
        """Return this key's signature on a note's text."""
        private = _private(self.key.type, self.seed)
        if self.key.type == ED25519:
            return Signature(self.key.name, self.key.id, private.sign(text))
        signed = private.sign(message(self.key, text, at_seconds))
        return Signature(self.key.name, self.key.id, _TIME.pack(at_seconds) + signed)


@dataclass(frozen=True)
class Note:
    """A note as it was read: the text with its last newline, and its signatures, none of them checked."""

    text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the note's bytes."""
        return self.text + b"\n" + "".join(map(str, self.signatures)).encode()


def signer(name: str, kind: int, seed: bytes) -> Signer:
    """Return the signer with the private key that follows from *seed*, 32 bytes.

    Raises:
        EvidenceError: the name is none, or the seed has another length.

    """
    public = _private(kind, seed).public_key().public_bytes_raw()
    return Signer(Key(_checked_name(name), kind, public), seed)


def parse_signer(text: str) -> Signer:
    """Return the signer that `PRIVATE+KEY+NAME+ID+KEY` says.

    Raises:
        EvidenceError: it says none; the message does not repeat it.

    """
    if not text.startswith(_PRIVATE):
        raise EvidenceError(f"a private key begins with {_PRIVATE}")
    name, given_id, kind, seed = _split(text.removeprefix(_PRIVATE), "a private key")
    made = signer(name, kind, seed)
    if made.key.id != given_id:
        raise EvidenceError(f"the private key of {name} does not have the id that stands in it")
    return made


def parse_key(text: str) -> Key:
    """Return the public key that `NAME+ID+KEY` says.

    Raises:
        EvidenceError: it says none, or one of an unknown type.

    """
    name, given_id, kind, public = _split(text, "a verifier key")
    key = Key(_checked_name(name), kind, public)
    if len(public) != _PUBLIC_BYTES[kind]:
        raise EvidenceError(f"the verifier key of {name} has {len(public)} bytes, not {_PUBLIC_BYTES[kind]}")
    if key.id != given_id:
        raise EvidenceError(f"the verifier key of {name} does not have the id that stands in it")
    return key


def parse(data: bytes) -> Note:
    """Return the note in *data*, its signatures not checked.

    Raises:
        EvidenceError: it is none.

    """
    text, separator, lines = data.rpartition(b"\n\n")
    try:
        decoded = data.decode()
        given = lines.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"a note is UTF-8: {error}") from error
    if any(each < " " and each != "\n" for each in decoded):
        raise EvidenceError("a note has no control characters")
    if not separator or given.pop() != "" or not given:
        raise EvidenceError("a note is a text, an empty line, and lines of signatures")
    if len(given) > SIGNATURES_MAX:
        raise EvidenceError(f"a note has at most {SIGNATURES_MAX} signatures, not {len(given)}")
    return Note(text + b"\n", tuple(map(parse_signature, given)))


def parse_signature(line: str) -> Signature:
    """Return the signature that a line without its newline says.

    Raises:
        EvidenceError: it says none.

    """
    name, _, encoded = line.removeprefix(_LINE).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_LINE) or len(data) <= _ID_BYTES:
        raise EvidenceError(f"no line of signature: {line[:80]!r}")
    return Signature(_checked_name(name), data[:_ID_BYTES], data[_ID_BYTES:])


def verified(note: Note, keys: Iterable[Key], message: Message) -> dict[Key, Signature]:
    """Return the signatures of *keys* on a note; those of other keys are passed by.

    Raises:
        SignatureError: one that says it is of a known key is not.

    """
    known = {(key.name, key.id): key for key in keys}
    found = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.id))
        if key is not None:
            _verify(key, note.text, signature, message)
            found[key] = signature
    return found


def decode_base64(text: str) -> bytes:
    """Return what base64 in its one form (RFC 4648, section 4) says.

    Raises:
        EvidenceError: it is not in that form.

    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"not base64: {text[:80]!r}") from error
    if _encode(data) != text:
        raise EvidenceError(f"not the one form of base64: {text[:80]!r}")
    return data


def _verify(key: Key, text: bytes, signature: Signature, message: Message) -> None:
    try:
        if key.type == ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature.data, text)
            return
        signed = message(key, text, signature.at_seconds)
        data = signature.data[_TIME.size :]
        if key.type == COSIGNATURE:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data, signed)
        else:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(data, signed)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError(f"the {NAME_BY_TYPE[key.type]} signature of {key.name} is not on this text") from error


def _private(kind: int, seed: bytes) -> Ed25519PrivateKey | MLDSA44PrivateKey:
    if len(seed) != SEED_BYTES:
        raise EvidenceError(f"a private key has {SEED_BYTES} bytes, not {len(seed)}")
    return MLDSA44PrivateKey.from_seed_bytes(seed) if kind == MLDSA44 else Ed25519PrivateKey.from_private_bytes(seed)


def _split(text: str, what: str) -> tuple[str, bytes, int, bytes]:
    """Take `NAME+ID+KEY` apart; the key begins with its type. What it says is not repeated: it may be secret."""
    try:
        name, given_id, encoded = text.split("+", 2)
        data = decode_base64(encoded)
        if data[0] not in NAME_BY_TYPE:
            raise EvidenceError(f"{what} of {name} is of the unknown type {data[0]}")
        return name, bytes.fromhex(given_id), data[0], data[1:]
    except (ValueError, IndexError) as error:
        known = isinstance(error, EvidenceError) and "type" in str(error)
        raise EvidenceError(str(error) if known else f"{what} is written NAME+ID+KEY") from None


def _checked_name(name: str) -> str:
    if not name or "+" in name or any(each.isspace() for each in name):
        raise EvidenceError(f"{name!r} is no name of a key: it is not empty, and has no spaces and no +")
    return name


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
