"""What a node signs that no GPU can do stops neither books nor log: pure, as posting and verifying compute it."""

import collections
import dataclasses
import types
import uuid
from datetime import UTC, datetime

import pytest

from hanse.evidence import canonical, slots
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import leaves, lines, metering

START = 1793491200
NODE, GPU = "node", "gpu"
ATTEMPT = str(uuid.UUID(int=1))
A, B = ATTEMPT, str(uuid.UUID(int=2))
MOST = canonical.INTEGER_MAX


def used(memory, energy):
    """Return what an attempt used in an hour in which each slot says so much of two halves."""
    halves = [slots.Segment(at, 150, 1, ((ATTEMPT, 1000),), memory, energy) for at in (0, 150)]
    seen = [
        slots.Slot(NODE, uuid.UUID(int=7), START + at, 300, (GPU,), tuple(halves), slots.NO_PREVIOUS)
        for at in range(0, 3600, 300)
    ]
    enrolled = Enrolment(
        member="alibaba", cluster="c", node=NODE, gpus=(GPU,), milli_h100e=1000, start_seconds=START,
        node_key=bytes(32), accelerator_class="h100-80g",
    )  # fmt: skip
    terms = {ATTEMPT: metering.Terms("tencent", 1000, 1200, START, None, {NODE: 1000})}
    measured = metering.measure(START, 300, seen, metering.InForce([enrolled], []), terms)
    return measured.uses()[ATTEMPT]


def test_what_no_gpu_can_do_is_cut_and_can_be_sealed():
    use = used(MOST, MOST)
    assert (use.memory_mib_seconds, use.energy_millijoules) == (
        3600 * metering.MIB_MAX, 3600 * metering.MILLIWATTS_MAX,
    )  # fmt: skip
    row = types.SimpleNamespace(
        sequence=1, recorded_at=datetime.fromtimestamp(START, UTC), hour_seconds=START, run=0, attempt=ATTEMPT,
        member="tencent", milli_gpu_seconds=use.milli_gpu_seconds, memory_mib_seconds=use.memory_mib_seconds,
        memory_of=use.memory_of, energy_millijoules=use.energy_millijoules, energy_of=use.energy_of,
        busy_milliseconds=use.busy_milliseconds, busy_of=use.busy_of,
    )  # fmt: skip
    assert leaves.seal("usage", lines.usage(row), bytes(32)).entry


def test_a_small_part_of_a_gpu_can_have_drawn_all_of_its_power():
    whole = slots.Segment(0, 300, 1, ((ATTEMPT, 13), ("idle", 987)), None, 300 * 700_000, None, 300_000)
    assert 300 * 700_000 * 13 // 1000 == gauged(whole).energy_millijoules
    computed = dataclasses.replace(whole, busy_by=((ATTEMPT, 300_000),))
    assert 300 * 700_000 == gauged(computed).energy_millijoules
    assert (
        300 * metering.MILLIWATTS_MAX
        == gauged(dataclasses.replace(computed, energy_millijoules=MOST)).energy_millijoules
    )


@pytest.mark.parametrize(
    ("busy", "computed", "energy"),
    [
        # All the time; not at all; and half the time, of which a tenth was nobody's.
        (300_000, {A: 100_000, B: 200_000}, {A: 1000, B: 2000}),
        (0, {}, {A: 900, B: 1200}),
        (150_000, {A: 135_000}, {A: 1350 + 450, B: 600}),
    ],
    ids=["computes", "stands still", "both"],
)
def test_energy_goes_by_computing_while_there_is_some_and_by_the_shares_while_there_is_none(busy, computed, energy):
    shares = ((A, 300), (B, 400), ("idle", 300))
    segment = slots.Segment(0, 300, 1, shares, None, 3000, None, busy, tuple(sorted(computed.items())))
    found = {who: metering.energy_part(segment, 3000, who, milli) for who, milli in shares[:2]}
    assert energy == found


def gauged(segment):
    """Return what an attempt used in a slot of one segment."""
    found = collections.defaultdict(metering.Gauged)
    slot = slots.Slot(NODE, uuid.UUID(int=7), START, 300, (GPU,), (segment,), slots.NO_PREVIOUS)
    metering._gauge(found, slots.decode(slots.encode(slot)), {ATTEMPT})
    return found[ATTEMPT].use(1)


def test_what_a_gpu_can_do_is_as_it_was_said():
    use = used(150 * 288 * 1024, 150 * 1_400_000)
    assert (use.memory_mib_seconds, use.energy_millijoules) == (3600 * 288 * 1024, 3600 * 1_400_000)
