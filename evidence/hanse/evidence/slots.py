"""A slot: who used which GPUs of one node in one metering interval, as the node signs it.

In: what a node agent measured. Out: a :class:`Slot`, its canonical bytes, its signature; and back, checked. The
segments of each GPU partition the slot exactly and the shares of each segment add up to 1000, so that every second of
every GPU is attributed exactly once by the form alone. Each slot carries the hash of the node's previous one. The
ledger stores the bytes; whether what they say is true is judged there, against leases and placements.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.evidence import canonical, signatures, splitting
from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.shape import Fields, is_uuid

IDLE = "idle"
DOWN = "down"
WHOLE_MILLI_GPUS = 1000
GPUS_MAX = 32
LENGTH_SECONDS_MAX = 3600
NO_PREVIOUS = bytes(32)
_PLAIN, _BY_ATTEMPT, _BUSY_BY_ATTEMPT = 1, 2, 3
"""Versions of a body. The second one says also whose memory it was, or how busy GPUs were, and the third by whom; what
says none of it is of the first, so that there is one body for each slot."""

_MEASURED = ("mibSeconds", "millijoules", "mibSecondsBy", "busyMilliseconds", "busyMillisecondsBy")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a slot in which some GPUs were used in one way.

    *gpu_mask* has bit i for the slot's GPU i; *shares* maps who (an attempt's id, `idle` or `down`) to the thousandths
    of each of these GPUs. *memory_mib_seconds* is the memory that was in use on them, over the time, and
    *energy_millijoules* what they took; *memory_by* says how much of the memory was which attempt's, the rest being
    nobody's, and *busy_milliseconds* for how long they computed, all of them together; *busy_by* says how much of that
    was for which attempt, the rest being for nobody. None is what the node has no meter for, which a body leaves out.
    """

    offset_seconds: int
    length_seconds: int
    gpu_mask: int
    shares: tuple[tuple[str, int], ...]
    memory_mib_seconds: int | None = None
    energy_millijoules: int | None = None
    memory_by: tuple[tuple[str, int], ...] | None = None
    busy_milliseconds: int | None = None
    busy_by: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One node in the metering interval that starts at *start_seconds* (Unix time)."""

    node: str
    boot_id: uuid.UUID
    start_seconds: int
    length_seconds: int
    gpus: tuple[str, ...]
    segments: tuple[Segment, ...]
    previous_sha256: bytes

    @property
    def end_seconds(self) -> int:
        """The first second after the slot (Unix time)."""
        return self.start_seconds + self.length_seconds


def encode(slot: Slot) -> bytes:
    """Return the slot's canonical bytes.

    Raises:
        EvidenceError: it is not well-formed.

    """
    _check(slot)
    return canonical.encode(
        {
            "v": _version(slot),
            "node": slot.node,
            "boot": str(slot.boot_id),
            "start": slot.start_seconds,
            "length": slot.length_seconds,
            "gpus": list(slot.gpus),
            "segments": [_segment_value(segment) for segment in slot.segments],
            "previous": slot.previous_sha256.hex(),
        }
    )


def decode(data: bytes) -> Slot:
    """Return the slot that canonical bytes say.

    Raises:
        EvidenceError: they are no canonical, well-formed slot.

    """
    return read(canonical.decode(data))


def read(value: Json) -> Slot:
    """Return the slot that a value of canonical JSON says: a part of a larger document, which was checked as a whole.

    Raises:
        EvidenceError: it is no well-formed slot.

    """
    fields = Fields(value, "slot")
    version = fields.integer("v", _PLAIN, _BUSY_BY_ATTEMPT)
    slot = Slot(
        node=fields.text("node"),
        boot_id=fields.identifier("boot"),
        start_seconds=fields.integer("start"),
        length_seconds=fields.integer("length", 1, LENGTH_SECONDS_MAX),
        gpus=fields.texts("gpus"),
        segments=tuple(_segment(each) for each in fields.items("segments")),
        previous_sha256=fields.digest("previous"),
    )
    fields.done()
    _check(slot)
    if version != _version(slot):
        raise EvidenceError(f"slot: v is {version}, and what it says is of version {_version(slot)}")
    return slot


def sign(slot: Slot, node_key: Ed25519PrivateKey) -> tuple[bytes, bytes]:
    """Return the slot's canonical bytes and the node's signature on them."""
    body = encode(slot)
    return body, signatures.sign(node_key, signatures.SLOT, body)


def verify(body: bytes, signature: bytes, node_key: bytes) -> Slot:
    """Return the slot that *body* says, if the node with the public key *node_key* signed it.

    Raises:
        SignatureError: it did not.
        EvidenceError: the body is no well-formed slot.

    """
    signatures.verify(node_key, signatures.SLOT, body, signature)
    return decode(body)


def shares(guaranteed: Mapping[str, int], used_above: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Split one shared GPU: who has how many of its thousandths in a segment.

    Each attempt has what it is guaranteed; what it measurably used above that comes out of the rest. If the uses are
    more than the rest, the rest is split in their proportion by largest remainder, ties by attempt id. What nobody
    used is idle. Both mappings are from attempt id to milli-GPUs.

    Raises:
        EvidenceError: the guarantees are more than the GPU, or an attempt used something and is guaranteed nothing.

    """
    rest = WHOLE_MILLI_GPUS - sum(guaranteed.values())
    if rest < 0 or not used_above.keys() <= guaranteed.keys():
        raise EvidenceError(f"guarantees of {WHOLE_MILLI_GPUS - rest} milli-GPUs, or use without a guarantee")
    above = dict(used_above) if sum(used_above.values()) <= rest else splitting.largest_remainder(rest, used_above)
    split = {attempt: guaranteed[attempt] + above.get(attempt, 0) for attempt in guaranteed}
    split[IDLE] = WHOLE_MILLI_GPUS - sum(split.values())
    return tuple(sorted((who, milli) for who, milli in split.items() if milli))


def _version(slot: Slot) -> int:
    if any(each.busy_by is not None for each in slot.segments):
        return _BUSY_BY_ATTEMPT
    says = any(each.memory_by is not None or each.busy_milliseconds is not None for each in slot.segments)
    return _BY_ATTEMPT if says else _PLAIN


def _segment_value(segment: Segment) -> Json:
    measured = {
        "mibSeconds": segment.memory_mib_seconds,
        "millijoules": segment.energy_millijoules,
        "mibSecondsBy": _pairs_value(segment.memory_by),
        "busyMilliseconds": segment.busy_milliseconds,
        "busyMillisecondsBy": _pairs_value(segment.busy_by),
    }
    return {
        "offset": segment.offset_seconds,
        "length": segment.length_seconds,
        "mask": segment.gpu_mask,
        "shares": [[who, milli] for who, milli in segment.shares],
        **{name: value for name, value in measured.items() if value is not None},
    }


def _pairs_value(pairs: tuple[tuple[str, int], ...] | None) -> Json | None:
    return None if pairs is None else [[who, amount] for who, amount in pairs]


def _segment(value: Json) -> Segment:
    fields = Fields(value, "segment")
    if fields.has("memory"):
        # What nodes signed before they measured by time: a peak, and an energy of zero where there was no meter either.
        fields.integer("memory")
        fields.integer("energy")
        if any(fields.has(name) for name in _MEASURED):
            raise EvidenceError("segment: measured in two ways")
    segment = Segment(
        offset_seconds=fields.integer("offset"),
        length_seconds=fields.integer("length", 1, LENGTH_SECONDS_MAX),
        gpu_mask=fields.integer("mask", 1, 2**GPUS_MAX - 1),
        shares=tuple(_share(each) for each in fields.items("shares")),
        memory_mib_seconds=fields.integer("mibSeconds") if fields.has("mibSeconds") else None,
        energy_millijoules=fields.integer("millijoules") if fields.has("millijoules") else None,
        memory_by=_pairs(fields, "mibSecondsBy"),
        busy_milliseconds=fields.integer("busyMilliseconds") if fields.has("busyMilliseconds") else None,
        busy_by=_pairs(fields, "busyMillisecondsBy"),
    )
    fields.done()
    return segment


def _pairs(fields: Fields, name: str) -> tuple[tuple[str, int], ...] | None:
    return tuple(_share(each) for each in fields.items(name)) if fields.has(name) else None


def _share(value: Json) -> tuple[str, int]:
    match value:
        case [str(who), int(milli)]:
            return who, milli
    raise EvidenceError(f"segment: {value!r} is no pair of who and how much")


def _check(slot: Slot) -> None:
    """Raise EvidenceError unless the slot is in its one canonical order and attributes each GPU's time exactly once."""
    if len(slot.gpus) > GPUS_MAX or slot.start_seconds % slot.length_seconds:
        raise EvidenceError(f"slot: over {GPUS_MAX} GPUs, or a start that is no multiple of its length")
    if list(slot.segments) != sorted(slot.segments, key=lambda each: (each.offset_seconds, each.gpu_mask)):
        raise EvidenceError("slot: the segments are not in the order of offset and mask")
    covered = [0] * len(slot.gpus)  # each GPU's time is attributed up to here
    for segment in slot.segments:
        _check_shares(segment)
        _check_measured(segment)
        for gpu in _bits(segment.gpu_mask):
            if gpu >= len(covered) or covered[gpu] != segment.offset_seconds:
                raise EvidenceError(f"slot: GPU {gpu} is not attributed exactly once at {segment.offset_seconds} s")
            covered[gpu] += segment.length_seconds
    for gpu, end_seconds in enumerate(covered):
        if end_seconds != slot.length_seconds:
            raise EvidenceError(f"slot: GPU {gpu} is attributed up to {end_seconds} s of {slot.length_seconds}")


def _check_shares(segment: Segment) -> None:
    names = [who for who, _ in segment.shares]
    if names != sorted(set(names)):
        raise EvidenceError("segment: the shares are not in order, or name somebody twice")
    if any(milli <= 0 for _, milli in segment.shares):
        raise EvidenceError("segment: a share is not above zero")
    if sum(milli for _, milli in segment.shares) != WHOLE_MILLI_GPUS:
        raise EvidenceError(f"segment: the shares do not add up to {WHOLE_MILLI_GPUS}")
    for who in names:
        if who not in {IDLE, DOWN} and not is_uuid(who):
            raise EvidenceError(f"segment: {who!r} is no attempt, {IDLE} or {DOWN}")


def _check_measured(segment: Segment) -> None:
    """Raise EvidenceError if more was somebody's than there was, or GPUs computed for longer than the segment lasts."""
    sharing = {who for who, _ in segment.shares if is_uuid(who)}
    for what, by, whole in (
        ("memory", segment.memory_by or (), segment.memory_mib_seconds or 0),
        ("computing", segment.busy_by or (), segment.busy_milliseconds or 0),
    ):
        names = [who for who, _ in by]
        if names != sorted(set(names)) or not {*names} <= sharing:
            raise EvidenceError(f"segment: {what} is of attempts that have a share, in order, and once of each")
        if any(amount <= 0 for _, amount in by) or (by and sum(amount for _, amount in by) > whole):
            raise EvidenceError(f"segment: the {what} of attempts is above zero, and together not more than there was")
    if (segment.busy_milliseconds or 0) > segment.length_seconds * 1000 * segment.gpu_mask.bit_count():
        raise EvidenceError("segment: its GPUs were busy for longer than it lasts")


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
