"""Ed25519 signatures (RFC 8032) over canonical bytes.

In: a key of 32 bytes and the document's bytes. Out: 64 bytes, or an error. A word that says what is signed goes before
the document, so that a signature on one kind of document is worth nothing on another.

Two libraries verify. libsodium takes half the time of OpenSSL, and a day of a full pool has six million signatures; it
refuses some that RFC 8032 leaves open and others take, as those of keys of small order. So its yes is taken, and where
it says no OpenSSL has the word: what holds is what OpenSSL says holds, as it was for all that is on record.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from hanse.evidence.errors import SignatureError

SLOT = b"hanse.dev/slot/v1\n"
ENROLMENT = b"hanse.dev/enrolment/v1\n"
ACKNOWLEDGEMENT = b"hanse.dev/acknowledgement/v1\n"
TRUSTEES = b"hanse.dev/trustees/v1\n"
CAP_OVERRIDE = b"hanse.dev/cap-override/v1\n"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


def sign(private_key: Ed25519PrivateKey, context: bytes, document: bytes) -> bytes:
    """Return the signature, 64 bytes, of *document* as what *context* says."""
    return private_key.sign(context + document)


def verify(public_key: bytes, context: bytes, document: bytes, signature: bytes) -> None:
    """Check a signature.

    Raises:
        SignatureError: it is not the signature of this key on this document as what *context* says.

    """
    if _holds_quickly(public_key, context + document, signature):
        return
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, context + document)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError("the signature does not belong to this document and this key") from error


def public_bytes(private_key: Ed25519PrivateKey) -> bytes:
    """Return the public key, 32 bytes, of *private_key*."""
    return private_key.public_key().public_bytes_raw()


def _holds_quickly(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether libsodium says that it holds; it reads the lengths that it expects, whatever is there."""
    if len(public_key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True
