"""Metering: whatever is seen when, each GPU's second is attributed exactly once."""

import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hanse.agent import metering, store
from hanse.agent.gangs import Gang, Seat
from hanse.evidence import canonical, signatures, slots

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOOT = uuid.UUID(int=5)
NODE = metering.Identity("one/n", BOOT, ("one/n/0", "one/n/1", "one/n/2"))
A, B, C = (str(uuid.UUID(int=each)) for each in (1, 2, 3))
IDLE, DOWN = ((slots.IDLE, 1000),), ((slots.DOWN, 1000),)
SHARES = st.sampled_from([IDLE, DOWN, ((A, 1000),), ((A, 400), (B, 600)), ((B, 250), (slots.IDLE, 750))])


def second_by_second(slot):
    """Return who had which GPU in each second, from a slot's segments."""
    found = {}
    for segment in slot.segments:
        for gpu in range(len(slot.gpus)):
            if segment.gpu_mask >> gpu & 1:
                for second in range(segment.offset_seconds, segment.offset_seconds + segment.length_seconds):
                    assert (gpu, slot.start_seconds + second) not in found, "attributed twice"
                    found[gpu, slot.start_seconds + second] = segment.shares
    return found


@given(
    looks=st.lists(st.tuples(st.integers(0, 25), st.lists(SHARES, min_size=3, max_size=3).map(tuple)), max_size=40),
    begin=st.integers(1000, 1100),
)
def test_slots_say_exactly_what_was_seen_and_leave_out_what_was_not(looks, begin):
    meter, now, seen, gaps, made = metering.Meter(slot_seconds=30, gap_seconds=20), begin, {}, set(), []
    last = None
    for wait, usage in looks:
        for second in range(now, now + wait):
            if last is not None:
                seen[second] = last
            if wait > 20 or last is None:
                gaps.add(second)
        now += wait
        last = usage
        made += meter.look(now, usage)
    for interval in made:
        body, signature = metering.sign(interval, NODE, slots.NO_PREVIOUS, KEY)
        slot = slots.verify(body, signature, signatures.public_bytes(KEY))
        for (gpu, second), shares in second_by_second(slot).items():
            assert seen[second][gpu] == shares
            assert second not in gaps
        assert 3 * 30 == len(second_by_second(slot))
    whole = {start for start in range(0, now, 30) if start + 30 <= now and start >= begin}
    expected = {start for start in whole if not gaps & set(range(start, start + 30))}
    assert expected == {interval.start_seconds for interval in made}


def gang(attempt, *seats, **more):
    return Gang(uuid.UUID(attempt), 1, "p", 0, 0, 0, seats=seats, **more)


def test_a_gang_has_its_gpus_from_its_lease_until_nothing_is_left():
    running = gang(A, Seat(0, "n", (0, 1)), Seat(1, "other", (2,)))
    assert (((A, 1000),), ((A, 1000),), IDLE) == metering.usage("n", 3, [running], ready=True)
    released = replace(running, released=True)
    assert (IDLE, IDLE, IDLE) == metering.usage("n", 3, [released], ready=True)


def test_a_node_that_is_not_ready_is_down_where_nobody_holds_it():
    assert (((A, 1000),), DOWN) == metering.usage("n", 2, [gang(A, Seat(0, "n", (0,)))], ready=False)


def test_a_shared_gpu_is_split_by_what_is_guaranteed_and_never_into_more_than_there_is():
    gangs = [gang(each, Seat(0, "n", (0,)), milli_gpus=334) for each in (A, B)]
    (shares,) = metering.usage("n", 1, gangs, ready=True)
    assert {A: 334, B: 334, slots.IDLE: 332} == dict(shares)
    (shares,) = metering.usage("n", 1, [*gangs, gang(C, Seat(0, "n", (0,)), milli_gpus=334)], ready=True)
    assert {A: 334, B: 334, C: 332} == dict(shares)


def test_slots_and_their_chain_survive_a_crash_and_go_when_answered(tmp_path):
    kept = store.Store(tmp_path, BOOT)
    kept.add_slots([("one/n", b"body-1", b"s"), ("one/n", b"body-2", b"s")])
    kept.close()
    again = store.Store(tmp_path, BOOT)
    assert [b"body-1", b"body-2"] == [body for _, body, _ in again.slots(10)]
    assert canonical.sha256(b"body-2") == again.previous_sha256("one/n")
    again.drop_slots([number for number, _, _ in again.slots(1)])
    assert [b"body-2"] == [body for _, body, _ in again.slots(10)]
    again.close()


@pytest.mark.parametrize(("boot", "known"), [(BOOT, True), (uuid.UUID(int=6), False)], ids=["same boot", "another"])
def test_deadlines_are_of_one_boot(tmp_path, boot, known):
    one = gang(A, Seat(0, "n", (0,)), seen=frozenset({0}), stop=None)
    kept = store.Store(tmp_path, BOOT)
    kept.save_gangs({}, {one.attempt: one})
    kept.close()
    again = store.Store(tmp_path, boot)
    assert ({one.attempt: one} if known else {}) == again.gangs()
    again.close()


GROWTH = st.tuples(st.integers(0, 10**6), st.one_of(st.none(), st.integers(0, 10**6)))


@given(
    looks=st.lists(
        st.tuples(
            st.integers(1, 15), st.lists(SHARES, min_size=3, max_size=3).map(tuple),
            st.lists(GROWTH, min_size=3, max_size=3), st.sampled_from(["same", "same", "same", "another", "silent"]),
        ), min_size=2, max_size=30,
    ),
)  # fmt: skip
def test_slots_have_what_the_counters_grew_by_each_part_of_it_once(looks):
    """By the first looks at or after their ends; nothing where the node's agent was silent or another process."""
    meter, now, process = metering.Meter(slot_seconds=30, gap_seconds=20), 990, 0
    counted, made, seen = [(0, 0)] * 3, [], []
    for wait, usage, growth, agent in looks:
        now, process = now + wait, process + (agent == "another")
        counted = [
            (mib + more, None if energy is None or joules is None else energy + joules)
            for (mib, energy), (more, joules) in zip(counted, growth, strict=True)
        ]
        mib, energy = zip(*counted, strict=True)
        reading = None if agent == "silent" else metering.Reading(uuid.UUID(int=process), mib, energy)
        seen.append((now, reading))
        made += meter.look(now, usage, reading)
    for interval in made:
        body, _ = metering.sign(interval, NODE, slots.NO_PREVIOUS, KEY)
        segments = slots.decode(body).segments
        start, end = interval.start_seconds, interval.start_seconds + 30
        first, last = (next(read for at, read in seen if at >= bound) for bound in (start, end))
        closed = next(at for at, _ in seen if at >= end)
        inside = [read for at, read in seen if start <= at <= closed]
        if all(read and read.process == first.process for read in inside):
            grown = sum(last.memory_mib_seconds) - sum(first.memory_mib_seconds)
            assert grown == sum(segment.memory_mib_seconds for segment in segments)
            if None not in last.energy_millijoules:
                energy = sum(last.energy_millijoules) - sum(first.energy_millijoules)
                assert energy == sum(segment.energy_millijoules for segment in segments)
        elif first is None or last is None or first.process != last.process:
            assert None in {segment.memory_mib_seconds for segment in segments}


@given(
    counted=st.lists(
        st.tuples(
            st.integers(0, 5000), st.one_of(st.none(), st.integers(0, 40_000)),
            st.dictionaries(st.sampled_from([A, B, C]), st.integers(0, 5000)),
        ), min_size=6, max_size=6,
    ),
    usage=st.lists(SHARES, min_size=3, max_size=3).map(tuple),
)  # fmt: skip
def test_whatever_a_node_agent_counts_its_slot_is_well_formed_and_gives_nobody_more_than_there_was(counted, usage):
    def at(rows):
        memory, busy, by = zip(*rows, strict=True)
        return metering.Reading(uuid.UUID(int=1), memory, (None,) * 3, busy, by)

    grown = [(now[0] + before[0], now[1], now[2]) for before, now in zip(counted[:3], counted[3:], strict=True)]
    meter = metering.Meter(slot_seconds=10)
    [interval] = meter.look(0, usage, at(counted[:3])) + meter.look(10, usage, at(grown))
    if any(None not in (before[1], now[1]) and now[1] < before[1] for before, now in zip(counted, grown, strict=False)):
        return  # no counter falls
    for segment in slots.decode(metering.sign(interval, NODE, slots.NO_PREVIOUS, KEY)[0]).segments:
        assert sum(mib for _, mib in segment.memory_by) <= segment.memory_mib_seconds
        assert {who for who, _ in segment.memory_by} <= {who for who, _ in segment.shares} - {slots.IDLE, slots.DOWN}


def reading(memory, busy, *by):
    return metering.Reading(uuid.UUID(int=1), memory, (None,) * len(memory), busy, by)


SHARED = slots.shares({A: 400, B: 400}, {})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (reading((0,), (0,), {}), reading((100,), (9_000,), {A: 30, B: 50, C: 7}), (((A, 30), (B, 50)), 9_000)),
        # Forgotten meanwhile, and another one that has just come.
        (reading((0,), (0,), {A: 30}), reading((100,), (0,), {B: 50}), (((B, 50),), 0)),
        # A driver whose figures do not fit together, and a moment more than the slot.
        (reading((0,), (0,), {}), reading((100,), (10_900,), {A: 100, B: 300}), (((A, 25), (B, 75)), 10_000)),
        (reading((0,), (None,), {}), reading((100,), (None,), {}), ((), None)),
    ],
    ids=["as it is", "ended and new", "too much", "no meter"],
)
def test_memory_is_whose_counters_grew_and_never_more_than_there_was(before, after, said):
    meter = metering.Meter(slot_seconds=10)
    [interval] = meter.look(0, (SHARED,), before) + meter.look(10, (SHARED,), after)
    one_gpu = replace(NODE, gpus=NODE.gpus[:1])
    [segment] = slots.decode(metering.sign(interval, one_gpu, slots.NO_PREVIOUS, KEY)[0]).segments
    assert (100, *said) == (segment.memory_mib_seconds, segment.memory_by, segment.busy_milliseconds)


def test_nodes_without_an_agent_say_nothing_of_memory_and_energy():
    meter = metering.Meter(slot_seconds=10)
    made = meter.look(0, (IDLE,) * 3) + meter.look(10, (IDLE,) * 3)
    body, _ = metering.sign(made[0], NODE, slots.NO_PREVIOUS, KEY)
    [segment] = slots.decode(body).segments
    assert segment.memory_mib_seconds is segment.energy_millijoules is None
    assert segment.memory_by is segment.busy_milliseconds is segment.busy_by is None
