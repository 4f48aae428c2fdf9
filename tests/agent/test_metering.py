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
A, B = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
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
    assert (((A, 1000),), ((A, 1000),), IDLE) == metering.usage("n", 3, {}, [running], ready=True)
    released = replace(running, released=True)
    assert (IDLE, IDLE, IDLE) == metering.usage("n", 3, {}, [released], ready=True)


def test_a_node_that_is_not_ready_is_down_where_nobody_holds_it():
    assert (((A, 1000),), DOWN) == metering.usage("n", 2, {}, [gang(A, Seat(0, "n", (0,)))], ready=False)


def test_a_shared_gpu_is_split_by_what_is_guaranteed():
    gangs = [gang(A, Seat(0, "n", (0,)), guaranteed_mib=20480), gang(B, Seat(0, "n", (0,)), guaranteed_mib=10240)]
    (shares,) = metering.usage("n", 1, {0: 78}, gangs, ready=True)
    assert {A: 256, B: 128, slots.IDLE: 616} == dict(shares)


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
