"""Slots: I7 by form. Any slot that encodes attributes each second of each GPU once; a change is refused."""

import itertools
import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import canonical, enrolments, signatures, slots, splitting
from hanse.evidence.errors import EvidenceError, SignatureError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = signatures.public_bytes(KEY)
ATTEMPTS = [str(uuid.UUID(int=number)) for number in range(4)]
LENGTH = 300


@st.composite
def well_formed(draw):
    """Each GPU's time is cut at random places; each piece is split among random shares."""
    gpus = draw(st.integers(0, 4))
    more = draw(st.sampled_from([st.just(()), st.tuples(st.sampled_from([None, ()]), st.integers(0, 1000))]))
    segments = []
    for gpu in range(gpus):
        cuts = sorted({0, LENGTH, *draw(st.lists(st.integers(1, LENGTH - 1), max_size=3))})
        for start, end in itertools.pairwise(cuts):
            who = draw(
                st.lists(st.sampled_from([*ATTEMPTS, slots.IDLE, slots.DOWN]), min_size=1, max_size=3, unique=True)
            )
            split = splitting.largest_remainder(1000, {name: draw(st.integers(1, 9)) for name in who})
            segments.append(
                slots.Segment(start, end - start, 1 << gpu, tuple(sorted(split.items())), 7, 9, *draw(more))
            )
    segments.sort(key=lambda each: (each.offset_seconds, each.gpu_mask))
    names = tuple(f"GPU-{gpu}" for gpu in range(gpus))
    return slots.Slot("node-1", uuid.UUID(int=9), 600, LENGTH, names, tuple(segments), slots.NO_PREVIOUS)


@given(well_formed())
def test_a_slot_survives_signing_and_verifying(slot):
    assert slot == slots.verify(*slots.sign(slot, KEY), PUBLIC)


@given(well_formed())
def test_what_nodes_signed_before_they_measured_by_time_is_read_as_if_they_had_no_meter(slot):
    said = canonical.decode(slots.encode(slot))
    for segment in said["segments"]:
        for name in ("mibSeconds", "millijoules", "mibSecondsBy", "busyMilliseconds"):
            segment.pop(name, None)
        segment |= {"memory": 9, "energy": 7}
    none = dict.fromkeys(("memory_mib_seconds", "energy_millijoules", "memory_by", "busy_milliseconds"))
    plain = replace(slot, segments=tuple(replace(each, **none) for each in slot.segments))
    assert slots.decode(canonical.encode(said | {"v": 1})) == plain


@pytest.mark.parametrize(
    "more",
    [{"mibSeconds": 1}, {"millijoules": 1}, {"mibSecondsBy": []}, {"busyMilliseconds": 1}, {"busyMillisecondsBy": []}],
    ids=lambda more: next(iter(more)),
)
def test_what_says_the_same_in_the_old_way_and_the_new_one_is_refused(more):
    """What was said in the old way is not kept: there would be many bodies for one slot."""
    segment = slots.Segment(0, LENGTH, 1, ((slots.IDLE, 1000),))
    slot = slots.Slot("node-1", uuid.UUID(int=9), 600, LENGTH, ("GPU-0",), (segment,), slots.NO_PREVIOUS)
    said = canonical.decode(slots.encode(slot))
    said["segments"][0] |= {"memory": 9, "energy": 7}
    assert slots.decode(canonical.encode(said)) == slot
    said["segments"][0] |= more
    with pytest.raises(EvidenceError, match="measured in two ways"):
        slots.decode(canonical.encode(said))


@given(well_formed())
def test_the_shares_of_a_slot_add_up_to_each_gpus_time(slot):
    total = sum(
        segment.length_seconds * milli * segment.gpu_mask.bit_count()
        for segment in slot.segments
        for _, milli in segment.shares
    )
    assert len(slot.gpus) * LENGTH * 1000 == total


@given(well_formed(), st.data())
def test_a_slot_without_one_of_its_segments_is_refused(slot, data):
    if slot.segments:
        gone = data.draw(st.integers(0, len(slot.segments) - 1))
        with pytest.raises(EvidenceError):
            slots.encode(replace(slot, segments=slot.segments[:gone] + slot.segments[gone + 1 :]))


@given(well_formed(), st.data())
def test_a_segment_that_is_changed_is_refused(slot, data):
    if slot.segments:
        index = data.draw(st.integers(0, len(slot.segments) - 1))
        segment = slot.segments[index]
        (who, milli), *rest = segment.shares
        changed = data.draw(
            st.sampled_from(
                [
                    replace(segment, offset_seconds=segment.offset_seconds + 1),
                    replace(segment, length_seconds=segment.length_seconds + 1),
                    replace(segment, gpu_mask=segment.gpu_mask << 4),
                    replace(segment, shares=((who, milli - 1), *rest)),
                    replace(segment, shares=((who, 0), *rest)),
                    replace(segment, shares=((who, milli), (who, 0), *rest)),
                    replace(segment, shares=(("somebody", milli), *rest)),
                ]
            )
        )
        with pytest.raises(EvidenceError):
            slots.encode(replace(slot, segments=(*slot.segments[:index], changed, *slot.segments[index + 1 :])))


PLAIN = slots.Segment(0, 300, 3, ((ATTEMPTS[1], 500), (ATTEMPTS[2], 500)), 100)
MEASURED = replace(PLAIN, memory_by=((ATTEMPTS[1], 30), (ATTEMPTS[2], 50)), busy_milliseconds=600_000)


BY_PROCESS = replace(MEASURED, busy_by=((ATTEMPTS[1], 100_000), (ATTEMPTS[2], 300_000)))


def of(segment):
    return slots.Slot("n", uuid.UUID(int=9), 600, 300, ("GPU-0", "GPU-1"), (segment,), slots.NO_PREVIOUS)


def test_what_a_later_version_says_beside_makes_it_of_that_version_and_leaves_the_earlier_ones_what_they_were():
    versions = {1: PLAIN, 2: MEASURED, 3: BY_PROCESS}
    for version, segment in versions.items():
        assert of(segment) == slots.decode(slots.encode(of(segment)))
        assert version == canonical.decode(slots.encode(of(segment)))["v"]
    for segment, version in ((PLAIN, 2), (PLAIN, 3), (MEASURED, 1), (MEASURED, 3), (BY_PROCESS, 1), (BY_PROCESS, 2)):
        body = canonical.encode({**canonical.decode(slots.encode(of(segment))), "v": version})
        with pytest.raises(EvidenceError, match=f"v is {version}"):
            slots.decode(body)


@pytest.mark.parametrize(
    "changed",
    [
        {"memory_by": ((ATTEMPTS[2], 50), (ATTEMPTS[1], 30))},
        {"memory_by": ((ATTEMPTS[1], 30), (ATTEMPTS[1], 30))},
        {"memory_by": ((ATTEMPTS[3], 30),)},
        {"memory_by": ((ATTEMPTS[1], 0),)},
        {"memory_by": ((ATTEMPTS[1], 60), (ATTEMPTS[2], 50))},
        {"memory_by": ((ATTEMPTS[1], 60),), "memory_mib_seconds": None},
        {"busy_milliseconds": 600_001},
        {"busy_by": ((ATTEMPTS[2], 50), (ATTEMPTS[1], 30))},
        {"busy_by": ((ATTEMPTS[3], 30),)},
        {"busy_by": ((ATTEMPTS[1], 0),)},
        {"busy_by": ((ATTEMPTS[1], 500_000), (ATTEMPTS[2], 100_001))},
        {"busy_milliseconds": None},
    ],
    ids=[
        "order", "twice", "no share", "nought", "more than there was", "of nothing", "longer than it lasts",
        "computing: order", "computing: no share", "computing: nought", "computing: more than there was",
        "computing: of nothing",
    ],
)  # fmt: skip
def test_what_cannot_have_been_measured_is_refused(changed):
    with pytest.raises(EvidenceError, match="segment: "):
        slots.encode(of(replace(BY_PROCESS, **changed)))


@given(well_formed(), st.data())
def test_a_changed_byte_is_found(slot, data):
    body, signature = slots.sign(slot, KEY)
    where = data.draw(st.integers(0, len(body) + len(signature) - 1))
    both = bytearray(body + signature)
    both[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        slots.verify(bytes(both[: len(body)]), bytes(both[len(body) :]), PUBLIC)


def test_a_signature_on_another_kind_of_document_is_worth_nothing():
    body = slots.encode(slots.Slot("node-1", uuid.UUID(int=9), 600, LENGTH, (), (), slots.NO_PREVIOUS))
    with pytest.raises(SignatureError):
        slots.verify(body, signatures.sign(KEY, signatures.ENROLMENT, body), PUBLIC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 3),
        ("v", 4),
        ("boot", "x"),
        ("start", 601),
        ("length", 0),
        ("gpus", ["a", "a"]),
        ("previous", "00"),
        ("more", 1),
    ],
)
def test_a_malformed_field_is_named(field, value):
    good = canonical.decode(slots.encode(slots.Slot("n", uuid.UUID(int=9), 600, 300, (), (), slots.NO_PREVIOUS)))
    with pytest.raises(EvidenceError, match=field):
        slots.decode(canonical.encode({**good, field: value}))


GUARANTEES = st.dictionaries(st.sampled_from(ATTEMPTS), st.integers(1, 250), max_size=4)


@given(GUARANTEES, st.data())
def test_a_shared_gpu_is_split_so_that_nobody_has_less_than_its_guarantee(guaranteed, data):
    used = {attempt: data.draw(st.integers(0, 1000)) for attempt in guaranteed}
    split = dict(slots.shares(guaranteed, used))
    assert sum(split.values()) == 1000
    assert all(split[attempt] >= guaranteed[attempt] for attempt in guaranteed)
    rest = 1000 - sum(guaranteed.values())
    assert max(0, rest - sum(used.values())) == split.get(slots.IDLE, 0)


@given(st.integers(0, 10**6), st.dictionaries(st.sampled_from("abcde"), st.integers(1, 10**6), min_size=1))
def test_largest_remainder_gives_all_and_misses_each_exact_share_by_less_than_one(total, weights):
    split = splitting.largest_remainder(total, weights)
    assert total == sum(split.values())
    assert all(
        abs(split[key] * sum(weights.values()) - total * weights[key]) < sum(weights.values()) for key in weights
    )


def test_guarantees_beyond_the_gpu_are_refused():
    with pytest.raises(EvidenceError):
        slots.shares({ATTEMPTS[0]: 600, ATTEMPTS[1]: 401}, {})


def test_an_enrolment_survives_signing_and_only_by_the_right_key():
    enrolment = enrolments.Enrolment("node-1", "tencent", "south", "h100-80g", 1000, ("GPU-0",), PUBLIC, 600)
    body, signature = enrolments.sign(enrolment, KEY)
    assert enrolment == enrolments.verify(body, signature, PUBLIC)
    with pytest.raises(SignatureError):
        enrolments.verify(body, signature, signatures.public_bytes(Ed25519PrivateKey.generate()))
