"""An enrolment: which GPUs a member contributes on a node from some time on, and with which key the node signs.

In: what a member says about its node. Out: an :class:`Enrolment`, its canonical bytes, the member's signature; and
back, checked. The latest enrolment of a node that has begun is in force; one without GPUs ends the contribution. Each
node has a key of its own, which its member's signature certifies; one that revokes takes the earlier keys their worth.
"""

import functools
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.evidence import canonical, signatures
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields
from hanse.evidence.slots import GPUS_MAX

_VERSION = 1


@dataclass(frozen=True)
class Enrolment:
    """A node of *member* in *cluster*, in force from *start_seconds* (Unix time) on.

    *milli_h100e* is what one of its GPUs is worth in the pool's reference precision, thousandths of an H100. If it
    *revokes*, no slot is taken any more that was signed with a key of the node's enrolments before, whatever its time.
    """

    node: str
    member: str
    cluster: str
    accelerator_class: str
    milli_h100e: int
    gpus: tuple[str, ...]
    node_key: bytes
    start_seconds: int
    revokes: bool = False


def encode(enrolment: Enrolment) -> bytes:
    """Return the enrolment's canonical bytes."""
    return canonical.encode(
        {
            "v": _VERSION,
            "node": enrolment.node,
            "member": enrolment.member,
            "cluster": enrolment.cluster,
            "class": enrolment.accelerator_class,
            "milliH100e": enrolment.milli_h100e,
            "gpus": list(enrolment.gpus),
            "key": enrolment.node_key.hex(),
            "start": enrolment.start_seconds,
            **({"revokes": 1} if enrolment.revokes else {}),
        }
    )


@functools.lru_cache(maxsize=32_768)
def decode(data: bytes) -> Enrolment:
    """Return the enrolment that canonical bytes say; it is asked for again with each slot of its node.

    Raises:
        EvidenceError: they are no canonical, well-formed enrolment.

    """
    fields = Fields(canonical.decode(data), "enrolment")
    fields.integer("v", _VERSION, _VERSION)
    enrolment = Enrolment(
        node=fields.text("node"),
        member=fields.text("member"),
        cluster=fields.text("cluster"),
        accelerator_class=fields.text("class"),
        milli_h100e=fields.integer("milliH100e", 1),
        gpus=fields.texts("gpus"),
        node_key=fields.digest("key"),
        start_seconds=fields.integer("start"),
        revokes=fields.has("revokes") and bool(fields.integer("revokes", 1, 1)),
    )
    fields.done()
    if len(enrolment.gpus) > GPUS_MAX:
        raise EvidenceError(f"enrolment: more than {GPUS_MAX} GPUs on one node")
    return enrolment


def sign(enrolment: Enrolment, member_key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the enrolment's canonical bytes and the member's signature on them."""
    body = encode(enrolment)
    return body, signatures.sign(member_key, signatures.ENROLMENT, body)


def verify(body: bytes, signature: bytes, member_key: bytes) -> Enrolment:
    """Return the enrolment that *body* says, if the member with the public key *member_key* signed it.

    Raises:
        SignatureError: it did not.
        EvidenceError: the body is no well-formed enrolment.

    """
    signatures.verify(member_key, signatures.ENROLMENT, body, signature)
    return decode(body)
