"""What docs/fairness.md promises to members about one another, on pools at random.

Jobs are of one GPU and nodes too, but where it is said: then nothing is lost to shapes, and who gets how much can be
counted. Gangs are of several workers, each with a node of its own. Members are leaves, contribute some nodes each, and
want more or less than these.
"""

from collections import Counter
from dataclasses import replace

import worlds
from hypothesis import given
from hypothesis import strategies as st
from pools import job, nodes, organisation, pool, snapshot
from test_loops import admitted
from test_promises import outcome
from worlds import PROMISED

from hanse.scheduler import Delta, Planner, build, plan, reading
from hanse.scheduler.pool import Member, Rung

NAMES = ("a", "b", "c")
TIERS = ("low", "middle", "high")
CYCLES_MAX = 20
FLOOR_MILLI_H100E = 1000


@st.composite
def wishes(draw, least=0):
    """Return how many nodes each member has, and jobs in some order: whose, and of which tier."""
    owned = {name: draw(st.integers(least, 4)) for name in NAMES}
    asked = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TIERS)), max_size=12))
    return owned, asked


@st.composite
def gangs(draw):
    """Return jobs of some workers each in some order: whose, of which tier, and how many workers."""
    return draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TIERS), st.integers(1, 5)), max_size=10))


def made(owned, *, members=None, gpus=1):
    records = members or [Member(name) for name in owned]
    return pool(*records), [node for name, count in owned.items() for node in nodes(name, count, gpus)]


def as_jobs(asked, first=0, gpus=1):
    return [
        job(f"job{first + n:03}", of, tier, first + n, gpus=gpus, workers=size[0] if size else 1)
        for n, (of, tier, *size) in enumerate(asked)
    ]


def rested(planner):
    """Let it plan until nothing is decided any more."""
    admitted(planner, CYCLES_MAX)
    return planner


def lived(owned, *crowds, gpus=1, **more):
    """Let crowds of jobs come, one after the other, each when the pool is at rest."""
    planner = Planner(snapshot(*made(owned, gpus=gpus, **more), []))
    for number, asked in enumerate(crowds):
        planner.apply(Delta(planner.snapshot.as_of + 1, jobs=tuple(as_jobs(asked, 100 * number, gpus))))
        rested(planner)
    return planner


def held(planner, *rungs):
    """Return the GPUs that each member holds, at some rungs or at all."""
    whose = {each.uid: each.organisation for each in reading.jobs(planner.snapshot)}
    live = [each for each in reading.attempts(planner.snapshot) if not rungs or each.rung in rungs]
    found = Counter()
    for each in live:
        found[whose[each.job].partition("/")[0]] += sum(placed.gpus.bit_count() for placed in each.placed)
    return found


@PROMISED
@given(first=wishes(), second=wishes())
def test_nobody_has_less_than_it_would_have_alone(first, second):
    """The sharing incentive: whatever others wanted before, or want now."""
    owned = first[0]
    planner = lived(owned, first[1], second[1])
    wanted = Counter(name for name, _ in [*first[1], *second[1]])
    for name, count in owned.items():
        assert held(planner)[name] >= min(wanted[name], count)


@PROMISED
@given(
    first=gangs(), second=gangs(), owned=st.tuples(*(st.integers(0, 6) for _ in NAMES)), gpus=st.sampled_from([1, 8])
)
def test_nobody_has_less_than_its_own_but_for_less_than_a_gang_that_waits(first, second, owned, gpus):
    """Of gangs: whoever waits has so much that is covered that its gang would be more than its own beside it."""
    owned = dict(zip(NAMES, owned, strict=True))
    planner = lived(owned, first, second, gpus=gpus)
    covered = held(planner, Rung.HOME, Rung.AWAY)
    for record in waiting(planner):
        (size,) = (option.workers * gpus for option in record.shape.options)
        assert covered[record.organisation] + size > owned[record.organisation] * gpus


def waiting(planner):
    runs = {each.job for each in reading.attempts(planner.snapshot)}
    return [each for each in reading.jobs(planner.snapshot) if each.uid not in runs]


def test_a_gang_that_is_stopped_elsewhere_may_find_a_smaller_one_in_its_place():
    """Why no more is promised: alone the gang of four would run, and its member hold three nodes more."""
    crowds = [[("c", "middle", 2)], [("a", "middle", 4)], [("a", "middle", 1)], [("b", "middle", 3)]]
    planner = lived({"a": 4, "b": 4, "c": 0}, *crowds)
    assert held(planner) == {"a": 1, "b": 3, "c": 2}
    assert held(lived({"a": 4}, *crowds[1:3])) == {"a": 4}


@PROMISED
@given(wished=wishes())
def test_who_asks_with_more_jobs_does_not_borrow_more(wished):
    """Whoever still waits has borrowed as much by its weight as anybody, but for the last job that was let in."""
    owned, asked = wished
    planner = lived(owned, asked)
    borrowed, total = held(planner, Rung.BORROW), held(planner)
    waits = [name for name, count in Counter(name for name, _ in asked).items() if count > total[name]]
    weight = {name: max(1000 * count, FLOOR_MILLI_H100E) for name, count in owned.items()}
    for one in waits:
        for other in NAMES:
            assert (borrowed[other] - 1) * weight[one] <= borrowed[one] * weight[other]


@PROMISED
@given(wished=wishes(), debit=st.integers(-(10**10), 10**10), more=st.integers(0, 10**10))
def test_a_debit_never_lets_borrow_more(wished, debit, more):
    owned, asked = wished
    found = []
    for each in (debit, debit + more):
        members = [Member(name, debit=each if name == "a" else 0) for name in owned]
        found.append(held(lived(owned, asked, members=members), Rung.BORROW)["a"])
    assert found[1] <= found[0]


@PROMISED
@given(wished=wishes(least=2), data=st.data())
def test_a_member_gains_nothing_by_being_two(wished, data):
    """But for the last job of each half; for members that have the floor of weights, or more, with each half."""
    owned, asked = wished
    part = data.draw(st.integers(1, owned["a"] - 1))
    halves = {"a1": part, "a2": owned["a"] - part, "b": owned["b"], "c": owned["c"]}
    divided = [(data.draw(st.sampled_from(["a1", "a2"])) if name == "a" else name, tier) for name, tier in asked]
    whole, two = held(lived(owned, asked)), held(lived(halves, divided))
    assert two["a1"] + two["a2"] <= whole["a"] + 2


@PROMISED
@given(wished=wishes(), late=wishes(), whose=st.sampled_from(NAMES))
def test_a_higher_tier_takes_nothing_from_other_members_that_is_theirs(wished, late, whose):
    """Whatever tier somebody names for all its jobs, others hold as much that is covered."""
    owned, crowds = wished[0], (wished[1], late[1])
    named = [[(name, "high" if name == whose else tier) for name, tier in asked] for asked in crowds]
    plain, boasting = lived(owned, *crowds), lived(owned, *named)
    for name in NAMES:
        if name != whose:
            assert held(plain, Rung.HOME, Rung.AWAY)[name] == held(boasting, Rung.HOME, Rung.AWAY)[name]


@PROMISED
@given(wished=wishes(), tiers=st.lists(st.sampled_from(TIERS), min_size=12, max_size=12))
def test_a_higher_tier_takes_nothing_from_another_leaf_that_is_its_own(wished, tiers):
    """Two leaves of one member: the low tiers of the one keep what is theirs, whatever tiers the other names."""
    tree = [organisation("m/a", "m"), organisation("m/b", "m")]
    asked = [(f"m/{name}", tier) for name, tier in wished[1] if name != "c"]
    found = []
    for crowd in (
        asked,
        [(leaf, tier if leaf == "m/b" else new) for (leaf, tier), new in zip(asked, tiers, strict=False)],
    ):
        planner = Planner(snapshot(pool("m", organisations=tree), nodes("m", 6, gpus=1), as_jobs(crowd)))
        leaf_of = {each.uid: each.organisation for each in reading.jobs(rested(planner).snapshot)}
        found.append(sum(leaf_of[each.job] == "m/b" for each in reading.attempts(planner.snapshot) if each.cover == 1))
    assert found[0] == found[1] == min(3, sum(leaf == "m/b" for leaf, _ in asked))


@PROMISED
@given(world=worlds.worlds(), seconds=st.integers(60, 24 * 3600), data=st.data())
def test_nothing_is_gained_by_what_is_said_of_checkpoints(world, seconds, data):
    """All kinds of pools and jobs."""
    world.step()
    world.happen_without_policy(data)
    how_often_a_job_says_that_it_checkpoints_changes_nothing(world, seconds)
    world.tell(seconds=world.pool.policy.lost_seconds_max + 10)
    who_does_not_checkpoint_is_spared_for_no_more_than_the_bound(world, data)


def how_often_a_job_says_that_it_checkpoints_changes_nothing(world, seconds):
    """The interval that is declared decides nothing but what is funded at once."""
    found = world.snapshot
    jobs = [replace(each, shape=replace(each.shape, checkpoint_seconds=seconds)) for each in reading.jobs(found)]
    told = build(world.pool, reading.nodes(found), jobs, reading.attempts(found), found.as_of, found.reservations)
    assert outcome(plan(told)) == outcome(world.planner.plan())


def who_does_not_checkpoint_is_spared_for_no_more_than_the_bound(world, data):
    """Whether the last checkpoint was just before the bound, or never, is the same."""
    found = world.snapshot
    oldest = found.as_of - world.pool.policy.lost_seconds_max
    attempts = [
        replace(each, checkpoint_seconds=data.draw(st.integers(each.started_seconds, oldest)))
        if each.started_seconds <= oldest
        else each
        for each in reading.attempts(found)
    ]
    forgetful = build(
        world.pool, reading.nodes(found), reading.jobs(found), attempts, found.as_of, found.reservations
    )  # fmt: skip
    assert outcome(plan(forgetful)) == outcome(world.planner.plan())
