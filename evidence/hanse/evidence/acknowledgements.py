"""An acknowledgement: what a member says that its attempt used in an hour, beside what the provider's slots say.

In: the member's own record. Out: an :class:`Acknowledgement`, its canonical bytes, the member's signature; and back,
checked. It says what it rests on: a member's own monitoring is worth more than the hub's leases, which only bound it.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.evidence import canonical, signatures
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields

_VERSION = 1


class Basis(StrEnum):
    """What the member has compared the postings with."""

    OWN_RECORD = "own-record"
    LEASES = "leases"


@dataclass(frozen=True)
class Acknowledgement:
    """*attempt* used so much in the hour that starts then (Unix time)."""

    member: str
    attempt: uuid.UUID
    hour_seconds: int
    milli_gpu_seconds: int
    basis: Basis


def encode(said: Acknowledgement) -> bytes:
    """Return the canonical bytes."""
    return canonical.encode(
        {
            "v": _VERSION,
            "member": said.member,
            "attempt": str(said.attempt),
            "hour": said.hour_seconds,
            "used": said.milli_gpu_seconds,
            "basis": str(said.basis),
        }
    )


def decode(data: bytes) -> Acknowledgement:
    """Return the acknowledgement that canonical bytes say.

    Raises:
        EvidenceError: they are none.

    """
    fields = Fields(canonical.decode(data), "acknowledgement")
    fields.integer("v", _VERSION, _VERSION)
    basis = fields.text("basis")
    if basis not in set(Basis):
        raise EvidenceError(f"acknowledgement: basis is {basis!r}, not one of {', '.join(Basis)}")
    said = Acknowledgement(
        member=fields.text("member"),
        attempt=fields.identifier("attempt"),
        hour_seconds=fields.integer("hour"),
        milli_gpu_seconds=fields.integer("used"),
        basis=Basis(basis),
    )
    fields.done()
    return said


def sign(said: Acknowledgement, member_key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the canonical bytes and the member's signature on them."""
    body = encode(said)
    return body, signatures.sign(member_key, signatures.ACKNOWLEDGEMENT, body)


def verify(body: bytes, signature: bytes, member_key: bytes) -> Acknowledgement:
    """Return what *body* says, if the member with the public key *member_key* signed it.

    Raises:
        SignatureError: it did not.
        EvidenceError: the body is no acknowledgement.

    """
    signatures.verify(member_key, signatures.ACKNOWLEDGEMENT, body, signature)
    return decode(body)
