"""Who computed on a GPU: from what a driver says of processes to what a slot says of attempts, never more than all."""

import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hanse.agent import metering
from hanse.agent.bindings import USERS_MAX, Binding, NodeStatement
from hanse.agent.node import attribution
from hanse.agent.node.attribution import NOBODY, NOTHING, Attributed
from hanse.agent.node.gpus import Computing, Process, Sample
from hanse.agent.node.spending import Spending
from hanse.agent.nodes import _reading
from hanse.evidence import slots
from hanse.ledger.metering import energy_part

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ATTEMPTS = [uuid.UUID(int=each) for each in (1, 2, 3)]
A, B, C = map(str, ATTEMPTS)
BINDINGS = [
    Binding(
        namespace="w", pod=f"g-{uid}", uid=uid, attempt=attempt, fence=1, rank=0, gpus=(0,), guaranteed_gib=9,
        limit_gib=9,
    )
    for uid, attempt in zip("abc", ATTEMPTS, strict=True)
]  # fmt: skip


def sample(percent, *processes, computing=()):
    """Return a sample of a GPU that computes so much of the time; *computing* are pairs of a process and a part."""
    return Sample(
        100, tuple(Process(pid, 10) for pid in processes), percent, 0, "", tuple(Computing(*each) for each in computing)
    )


def whose(pods, said, before=NOTHING):
    return attribution.attribute(said, BINDINGS, lambda pid: pods.get(pid, ""), before)


def test_computing_is_its_pods_or_nobodys():
    pods = {1: "a", 2: "a", 3: "b", 4: "stranger"}
    found = whose(pods, sample(100, 1, 3, computing=[(1, 20), (2, 10), (3, 30), (4, 15), (5, 5)]))
    assert {A: 30, B: 30, NOBODY: 20} == dict(found.percent_by)


def test_who_has_ended_since_a_look_computed_for_whom_it_did_then():
    before = whose({1: "a", 2: "b", 3: "stranger"}, sample(100, 1, 2, 3))
    found = whose({2: "b"}, sample(100, 2, computing=[(1, 40), (2, 30), (3, 20)]), before)
    assert {A: 40, B: 30, NOBODY: 20} == dict(found.percent_by)
    # A look later it is not remembered any more: the id may be anybody's.
    assert {NOBODY: 40} == dict(whose({2: "b"}, sample(100, 2, computing=[(1, 40)]), found).percent_by)


def test_an_id_that_is_anothers_by_now_computed_for_nobody():
    before = whose({1: "a"}, sample(100, 1))
    for now in ("b", "stranger"):
        assert {NOBODY: 50} == dict(whose({1: now}, sample(100, 1, computing=[(1, 50)]), before).percent_by)
    assert {B: 50} == dict(whose({1: "b"}, sample(100, 1, computing=[(1, 50)])).percent_by)


def told(looks):
    """Return what is told after looks: (moment, utilization, who computed in which part of the time)."""
    counters = Spending()
    for at, percent, by in looks:
        counters.look(at, 0, sample(percent), Attributed({}, 0, by))
    [use] = counters.told()
    return use.busy_milliseconds, use.unnamed_milliseconds, {str(e.attempt): e.busy_milliseconds for e in use.attempts}


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([(0, 0, {}), (1, 90, {A: 20, B: 10})], (900, 0, {A: 600, B: 300})),
        ([(0, 0, {}), (1, 90, {A: 20, NOBODY: 10})], (900, 0, {A: 600})),
        # Nobody new is named, and the last ones go on, for a while.
        ([(0, 0, {A: 50}), (1, 80, {}), (2, 80, {B: 1}), (9, 100, {})], (8600, 0, {A: 800, B: 7800})),
        ([(0, 0, {A: 50}), (6, 100, {}), (10.5, 100, {})], (10_500, 4500, {A: 6000})),
        # Nobody is ever named, or a GPU does not say how busy it is.
        ([(0, 0, {}), (1, 90, {})], (900, 900, {})),
        ([(0, None, {}), (1, None, {A: 20})], (None, 0, {})),
        # Nobody looked for too long.
        ([(0, 0, {A: 5}), (11, 100, {A: 5}), (12, 100, {A: 5})], (1000, 0, {A: 1000})),
    ],
    ids=["two", "nobody's", "held", "held too long", "never named", "no meter", "gap"],
)
def test_how_long_is_the_gpus_figure_and_whose_those_of_processes(looks, said):
    assert said == told(looks)


LOOK = st.tuples(
    st.floats(0.1, 12), st.one_of(st.none(), st.integers(0, 100)),
    st.dictionaries(st.sampled_from([A, B, C, NOBODY]), st.integers(1, 100)),
)  # fmt: skip


@given(st.lists(LOOK, max_size=40))
def test_all_attempts_together_never_compute_for_longer_than_the_gpu(steps):
    at, looks = 0.0, []
    for wait, percent, by in steps:
        at += wait
        looks.append((at, percent, by))
    if not looks:
        return
    busy, unnamed, by_attempt = told(looks)
    assert sum(by_attempt.values()) + unnamed <= (busy or 0) <= at * 1000 + len(looks)
    if not any(NOBODY in by for _, _, by in looks):
        assert sum(by_attempt.values()) + unnamed == (busy or 0)


PIDS = st.integers(1, 6)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(PIDS, st.sampled_from(["a", "b", "c", "stranger"])),
            st.lists(PIDS, unique=True, max_size=5),
            st.lists(st.tuples(PIDS, st.integers(1, 100)), max_size=6), st.integers(0, 100),
        ), min_size=2, max_size=25,
    )
)  # fmt: skip
def test_whatever_processes_come_and_go_and_take_ids_of_others_a_slot_is_well_formed_and_gives_no_more_than_all(steps):
    """An attempt computes only if a process of its pod was named, or was there a look ago."""
    counters, known, may = Spending(), NOTHING, set()
    shares = slots.shares({A: 300, B: 400}, {})
    meter, made, process = metering.Meter(slot_seconds=10), [], uuid.UUID(int=9)
    counters.look(-1, 0, sample(0), known)
    for at, (pods, there, computing, percent) in enumerate(steps):
        may |= {pods.get(pid) for pid, _ in computing}
        may |= {str(known.attempts[pid]) for pid, _ in computing if pid in known.attempts}
        known = whose(pods, sample(percent, *there, computing=computing), known)
        counters.look(at, 0, sample(percent), known)
        statement = NodeStatement(boot_id=process, process=process, enforcer="", gpus=(), used=counters.told())
        made += meter.look(at, (shares,), _reading(statement))
    [use] = counters.told()
    pod_of = {str(attempt): uid for uid, attempt in zip("abc", ATTEMPTS, strict=True)}
    for each in use.attempts:
        assert not each.busy_milliseconds or {str(each.attempt), pod_of[str(each.attempt)]} & may
    node = metering.Identity("n", process, ("n/0",))
    for interval in made:
        [segment] = slots.decode(metering.sign(interval, node, slots.NO_PREVIOUS, KEY)[0]).segments
        by = dict(segment.busy_by or ())
        assert sum(by.values()) <= segment.busy_milliseconds
        parts = [energy_part(segment, 10**7, who, milli) for who, milli in shares]
        assert sum(parts) <= 10**7


def reading(busy, unnamed, **by):
    names = {"a": A, "b": B, "c": C}
    return metering.Reading(
        uuid.UUID(int=1), (0,), (None,), (busy,), ({},), ({names[who]: amount for who, amount in by.items()},),
        (unnamed,),
    )  # fmt: skip


def slot_of(shares, before, after):
    """Return for how long a slot between two readings says that the GPU computed, and for whom."""
    meter = metering.Meter(slot_seconds=10)
    [interval] = meter.look(0, (shares,), before) + meter.look(10, (shares,), after)
    node = metering.Identity("n", uuid.UUID(int=5), ("n/0",))
    [segment] = slots.decode(metering.sign(interval, node, slots.NO_PREVIOUS, KEY)[0]).segments
    return segment.busy_milliseconds, segment.busy_by


WHOLE, SHARED = slots.shares({A: 1000}, {}), slots.shares({A: 300, B: 400}, {})


@pytest.mark.parametrize(
    ("shares", "after", "said"),
    [
        (SHARED, reading(9000, 0, a=8000, b=1000), ((A, 8000), (B, 1000))),
        (SHARED, reading(9000, 0, a=8000, c=1000), ((A, 8000),)),
        (SHARED, reading(9000, 0), ()),
        (SHARED, reading(12_000, 0, a=9000, b=3000), ((A, 7500), (B, 2500))),
        (SHARED, reading(9000, 1000, a=4500), ((A, 4800), (B, 400))),
        (SHARED, reading(9000, 9000), None),
        (SHARED, reading(12_000, 12_000), None),
        (SHARED, reading(12_000, 6000, a=6000), ((A, 7647), (B, 2353))),
        (SHARED, reading(0, 0), None),
        (SHARED, reading(None, 0), None),
        (WHOLE, reading(9000, 0, a=9000), None),
        (WHOLE, reading(9000, 2000, a=7000), None),
        (WHOLE, reading(9000, 0, a=7000), ((A, 7000),)),
    ],
    ids=[
        "two", "without a share", "a stranger's", "a moment more than the slot", "partly unnamed", "unnamed",
        "unnamed, and a moment more", "partly unnamed, and a moment more", "idle", "no meter", "a whole GPU",
        "a whole GPU, partly unnamed", "a whole GPU and a stranger",
    ],
)  # fmt: skip
def test_a_slot_says_for_whom_gpus_computed_where_that_is_known_and_the_shares_do_not_say_it(shares, after, said):
    assert said == slot_of(shares, reading(0, 0), after)[1]


def test_what_an_earlier_node_agent_counts_goes_by_the_shares():
    """It does not say for how long nobody was named, and so not that somebody always was."""
    counts = []
    for busy in (0, 9000):
        used = NodeStatement.model_validate_json(
            json.dumps({
                "bootId": str(uuid.UUID(int=1)), "process": str(uuid.UUID(int=1)), "enforcer": "", "gpus": [],
                "used": [{"index": 0, "memoryMiBSeconds": 0, "unattributedMiBSeconds": 0, "busyMilliseconds": busy}],
            })
        )  # fmt: skip
        counts.append(_reading(used))
    assert (9000, None) == slot_of(SHARED, *counts)


def test_of_attempts_that_have_ended_the_oldest_are_forgotten_with_their_computing():
    counters = Spending()
    for number in range(USERS_MAX + 20):
        counters.look(number, 0, sample(100), Attributed({}, 0, {str(uuid.UUID(int=number + 1)): 10}))
    [use] = counters.told()
    assert (USERS_MAX, 1000) == (len(use.attempts), use.attempts[-1].busy_milliseconds)
