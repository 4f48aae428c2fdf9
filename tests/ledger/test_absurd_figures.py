"""What a node signs that no GPU can do stops neither books nor log: pure, as posting and verifying compute it."""

import types
import uuid
from datetime import UTC, datetime

from hanse.evidence import canonical, slots
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import leaves, lines, metering

START = 1793491200
NODE, GPU = "node", "gpu"
ATTEMPT = str(uuid.UUID(int=1))
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


def test_what_a_gpu_can_do_is_as_it_was_said():
    use = used(150 * 288 * 1024, 150 * 1_400_000)
    assert (use.memory_mib_seconds, use.energy_millijoules) == (3600 * 288 * 1024, 3600 * 1_400_000)
