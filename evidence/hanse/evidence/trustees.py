"""Trustees: who may raise a cap together, and what they sign.

In: a deed (who the trustees are and how many of them it takes), or a statement that raises a cap; and signatures. Out:
canonical bytes to sign, the act that is recorded with the signatures, and back, checked. A deed names the one before it
by the hash of its act and is signed by those that were trustees then; the first is taken on trust, as everybody sees it
in the log. A statement names its deed, the cap and its window, and until when it is good: it can be used neither in
another pool, nor for another window, nor later. It must not decide what a cap is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.evidence import canonical, signatures
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError, SignatureError
from hanse.evidence.shape import Fields

_VERSION = 1
TRUSTEES_MAX = 64


@dataclass(frozen=True)
class Deed:
    """The trustees' keys by name, and how many of them it takes; *previous* is the hash of the act before, if any.

    *pool* is the name of the pool's log, so that no other pool can have the same deed.
    """

    pool: str
    quorum: int
    keys: Mapping[str, bytes]
    previous: bytes | None = None


@dataclass(frozen=True)
class Override:
    """A cap of *member* may be *ceiling* mH·s in the window that starts then, until a time (Unix time).

    *deed* is the hash of the act that names the trustees.
    """

    deed: bytes
    member: str
    cap: str
    window_start_seconds: int
    ceiling: int
    until_seconds: int
    reason: str


@dataclass(frozen=True)
class Act:
    """What is recorded: the deed or the statement, and the signatures under it by name."""

    said: Deed | Override
    signatures: Mapping[str, bytes] = field(default_factory=dict)


def encode(said: Deed | Override) -> bytes:
    """Return the canonical bytes that are signed."""
    return canonical.encode(_value(said))


def encode_act(act: Act) -> bytes:
    """Return the canonical bytes that are recorded."""
    signed: dict[str, Json] = {name: signature.hex() for name, signature in act.signatures.items()}
    return canonical.encode({"v": _VERSION, _part(act.said): _value(act.said), "signatures": signed})


def decode(data: bytes) -> Deed | Override:
    """Return what canonical bytes say that are to be signed.

    Raises:
        EvidenceError: they are neither a deed nor a statement.

    """
    value = canonical.decode(data)
    return _read("deed" if isinstance(value, dict) and "keys" in value else "statement", value)


def decode_act(data: bytes) -> Act:
    """Return what a recorded act says.

    Raises:
        EvidenceError: it is none.

    """
    fields = Fields(canonical.decode(data), "act")
    fields.integer("v", _VERSION, _VERSION)
    part = "deed" if fields.has("deed") else "statement"
    said = _read(part, fields.value(part))
    signed = fields.inner("signatures")
    found = {name: _signature(signed.text(name)) for name in signed.names()}
    fields.done()
    return Act(said, found)


def sign(private_key: Ed25519PrivateKey, said: Deed | Override) -> bytes:
    """Return a trustee's signature, 64 bytes."""
    return signatures.sign(private_key, _context(said), encode(said))


def check(act: Act, deed: Deed | None) -> None:
    """Check that enough trustees of *deed* have signed; without a deed before it, a deed needs all of its own.

    Raises:
        SignatureError: they have not, or somebody else has, or a signature is wrong.

    """
    if deed is None:
        if not isinstance(act.said, Deed):
            raise SignatureError("there are no trustees who could have signed this")
        deed, quorum = act.said, len(act.said.keys)
    else:
        quorum = deed.quorum
    for name, signature in act.signatures.items():
        if name not in deed.keys:
            raise SignatureError(f"{name} is no trustee: the trustees are {', '.join(sorted(deed.keys))}")
        try:
            signatures.verify(deed.keys[name], _context(act.said), encode(act.said), signature)
        except SignatureError as error:
            raise SignatureError(f"the signature of {name} does not belong to this document") from error
    if len(act.signatures) < quorum:
        raise SignatureError(f"{len(act.signatures)} trustees have signed, and it takes {quorum}: ask others too")


def _value(said: Deed | Override) -> dict[str, Json]:
    if isinstance(said, Deed):
        keys: dict[str, Json] = {name: key.hex() for name, key in said.keys.items()}
        before: dict[str, Json] = {"previous": said.previous.hex()} if said.previous else {}
        return {"v": _VERSION, "pool": said.pool, "quorum": said.quorum, "keys": keys, **before}
    return {
        "v": _VERSION,
        "deed": said.deed.hex(),
        "member": said.member,
        "cap": said.cap,
        "windowStart": said.window_start_seconds,
        "ceiling": said.ceiling,
        "until": said.until_seconds,
        "reason": said.reason,
    }


def _read(part: str, value: Json) -> Deed | Override:
    fields = Fields(value, part)
    fields.integer("v", _VERSION, _VERSION)
    said = _read_deed(fields) if part == "deed" else _read_override(fields)
    fields.done()
    return said


def _read_deed(fields: Fields) -> Deed:
    named = fields.inner("keys")
    keys = {name: named.digest(name) for name in named.names()}
    if not keys or len(keys) > TRUSTEES_MAX or len(set(keys.values())) < len(keys):
        raise EvidenceError(f"deed: {len(keys)} trustees, of which some share a key: name 1 to {TRUSTEES_MAX} keys")
    previous = fields.digest("previous") if fields.has("previous") else None
    return Deed(fields.text("pool"), fields.integer("quorum", 1, len(keys)), keys, previous)


def _read_override(fields: Fields) -> Override:
    return Override(
        fields.digest("deed"), fields.text("member"), fields.text("cap"), fields.integer("windowStart"),
        fields.integer("ceiling"), fields.integer("until"), fields.text("reason"),
    )  # fmt: skip


def _part(said: Deed | Override) -> str:
    return "deed" if isinstance(said, Deed) else "statement"


def _context(said: Deed | Override) -> bytes:
    return signatures.TRUSTEES if isinstance(said, Deed) else signatures.CAP_OVERRIDE


def _signature(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise EvidenceError(f"a signature is {text!r}, which is not hexadecimal") from error
