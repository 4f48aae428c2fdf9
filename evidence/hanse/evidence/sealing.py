"""Encrypting something small to one party: what is sealed for an agent, only that agent reads.

In: bytes and a public X25519 key, with a word that says what is sealed. Out: bytes that the private key opens. An
ephemeral key agrees with the recipient's (RFC 7748), HKDF-SHA256 makes the key of one ChaCha20-Poly1305 message. The
sealer is not authenticated: who may write what carries the seal decides that.

A key can be *blinded*: whoever seals to the blinded key does not learn whose it is, nor that two of them are one
party's. Only the private key together with the blind, 32 random bytes, opens what was sealed so.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hanse.evidence.errors import EvidenceError

STORAGE = b"hanse.dev/storage/v1\n"
KEY_BYTES = 32
BLIND_BYTES = 32
# Each message has a key of its own, so that one fixed nonce is used once.
_NONCE = bytes(12)


def seal(public_key: bytes, context: bytes, message: bytes) -> bytes:
    """Return *message* encrypted to *public_key* (32 bytes) as what *context* says."""
    ephemeral = X25519PrivateKey.generate()
    own = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    return own + _cipher(shared, own, public_key, context).encrypt(_NONCE, message, context)


def blinded(public_key: bytes, blind: bytes) -> bytes:
    """Return the key that stands for *public_key* under *blind*.

    Raises:
        EvidenceError: it is no key to which anything can be sealed.

    """
    try:
        # The blind is a scalar: multiplied with the key's own one it gives the private key, whichever comes first.
        return X25519PrivateKey.from_private_bytes(blind).exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as error:
        raise EvidenceError("this is no X25519 public key to which anything can be sealed") from error


def unseal(private_key: X25519PrivateKey, context: bytes, sealed: bytes, *, blind: bytes | None = None) -> bytes:
    """Return the message; with *blind*, one that was sealed to the blinded key.

    Raises:
        EvidenceError: it was not sealed to this key, or not as this, or was changed.

    """
    own, encrypted = sealed[:KEY_BYTES], sealed[KEY_BYTES:]
    public_key = private_key.public_key().public_bytes_raw()
    try:
        sent = own if blind is None else blinded(own, blind)
        public_key = public_key if blind is None else blinded(public_key, blind)
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(sent))
        return _cipher(shared, own, public_key, context).decrypt(_NONCE, encrypted, context)
    except (InvalidTag, ValueError) as error:
        raise EvidenceError("this was not sealed to this key") from error


def _cipher(shared: bytes, ephemeral: bytes, recipient: bytes, context: bytes) -> ChaCha20Poly1305:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=context + ephemeral + recipient)
    return ChaCha20Poly1305(derived.derive(shared))
