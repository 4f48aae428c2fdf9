"""Elastic gangs: they grow into what nobody wants, and give way to everybody who may start, before any gang stops."""

from dataclasses import replace

import pytest
from pools import job, nodes, pool, snapshot

from hanse.scheduler import Delta, Planner, reading
from hanse.scheduler.decisions import Admit, AttemptId, Renew, Resize, WorkerId
from hanse.scheduler.pool import CapAtOnce, CapWindow, Contribution, Level, Member, NodeState, Option, Policy, Rung

HOUR = 3600
ELASTIC = "elastic"


def elastic(uid=ELASTIC, organisation="m", least=1, most=4, gpus=4, **rest):
    return job(uid, organisation, options=[Option("h100", least, most)], gpus=gpus, **rest)


def planner(*jobs, members=("m",), count=2, **rest):
    """Return a planner of a pool in which each of *members* has so many nodes of 8 GPUs."""
    made = [node for member in members for node in nodes(getattr(member, "name", member), count)]
    return Planner(snapshot(pool(*members, **rest), made, jobs))


def settled(planner, cycles=8):
    """Play until nothing is decided; return all that was."""
    decided = []
    for _ in range(cycles):
        plan = planner.plan()
        if not plan.decisions:
            return decided
        decided += plan.decisions
        planner.commit(plan)
    raise AssertionError("still deciding")


def release(planner):
    left, ended = [], []
    for each in reading.attempts(planner.snapshot):
        attempt = AttemptId(each.job, each.number)
        ended += [attempt] if each.draining else []
        left += [WorkerId(attempt, extra.worker) for extra in each.extras if extra.leaving and not each.draining]
    planner.apply(Delta(as_of=planner.snapshot.as_of, ended=tuple(ended), left=tuple(left)))


def come(planner, *jobs):
    planner.apply(Delta(as_of=planner.snapshot.as_of, jobs=jobs))
    return planner.plan()


def sizes(planner):
    """Return the workers of each live attempt, those that leave not counted."""
    return {
        each.job: sum(placed.workers for placed in each.placed) + sum(not extra.leaving for extra in each.extras)
        for each in reading.attempts(planner.snapshot)
        if not each.draining
    }


def test_a_gang_starts_with_its_core_and_then_grows_into_what_is_idle():
    pool_of_16 = planner(elastic())
    first, second = settled(pool_of_16)
    assert isinstance(first, Admit)
    assert sum(placed.workers for placed in first.placed) == 1
    assert isinstance(second, Resize)
    assert [extra.worker for extra in second.grown] == [1, 2, 3]
    assert sizes(pool_of_16) == {ELASTIC: 4}


def test_a_gang_grows_no_further_than_there_is_room():
    pool_of_16 = planner(elastic(most=100))
    settled(pool_of_16)
    assert sizes(pool_of_16) == {ELASTIC: 4}


@pytest.mark.parametrize("most", [16, 32])
def test_a_gang_grows_by_an_eighth_of_itself_or_to_its_full_size(most):
    """15 of 17 GPUs are its own: two more are an eighth, one more is not, but for the last."""
    made = [replace(nodes("m", 1)[0], gpus=(1 << 16) - 1, gpus_enrolled=16)]
    gang = elastic(least=15, most=most, gpus=1)
    alone = Planner(snapshot(pool("m"), made, [gang]))
    settled(alone)
    assert sizes(alone) == {ELASTIC: 16 if most == 16 else 15}


def test_a_covered_job_gets_workers_of_an_elastic_gang_and_no_gang_stops():
    own = planner(elastic(most=4, tier="low"), job("other", "m", "low", gpus=4), members=("m",))
    settled(own)
    assert sizes(own) == {ELASTIC: 3, "other": 1}
    plan = come(own, job("urgent", "m", "high", gpus=8))
    (admit,) = [each for each in plan.decisions if isinstance(each, Admit)]
    assert admit.stops == ()
    (shrink,) = admit.shrinks
    assert (shrink.attempt.job, shrink.gpus) == (ELASTIC, 8)
    assert admit.awaits_workers == tuple(WorkerId(shrink.attempt, worker) for worker in shrink.workers)


def test_a_borrower_gets_workers_of_an_elastic_gang_but_never_its_core():
    two = planner(elastic(organisation="m", least=2, most=4), members=("m", "n"))
    two.apply(Delta(as_of=0, jobs=(elastic("wide", "n", least=1, most=8),)))
    settled(two)
    assert sizes(two) == {ELASTIC: 4, "wide": 4}
    plan = come(two, job("borrower", "m", gpus=8, workers=2, submitted=1))
    (admit,) = [each for each in plan.decisions if isinstance(each, Admit)]
    assert (admit.label.rung, admit.stops) == (Rung.BORROW, ())
    two.commit(plan)
    assert sizes(two)["wide"] >= 1
    assert sizes(two)[ELASTIC] >= 2


def test_a_gang_that_stops_takes_its_workers_along():
    lent = planner(elastic(organisation="n", least=2, most=4), members=("m", Member("n")), count=1)
    settled(lent)
    assert sizes(lent) == {ELASTIC: 4}
    plan = come(lent, job("whole", "m", gpus=8), job("mine", "n", "high", gpus=8, submitted=1))
    stops = [stop for each in plan.decisions if isinstance(each, Admit) for stop in each.stops]
    shrinks = [each for each in plan.decisions if isinstance(each, Admit) for each in each.shrinks]
    assert sum(stop.gpus for stop in stops) + sum(shrink.gpus for shrink in shrinks) == 16
    lent.commit(plan)
    release(lent)
    assert sizes(lent) == {"whole": 1, "mine": 1}


def test_nobody_grows_where_a_worker_has_not_left_yet():
    own = planner(elastic(most=4))
    settled(own)
    plan = come(own, job("short", "m", gpus=8, run_seconds=60))
    own.commit(plan)
    own.apply(Delta(as_of=0, jobs_gone=("short",)))
    assert [each for each in own.plan().decisions if isinstance(each, Resize)] == []
    release(own)
    (resize,) = own.plan().decisions
    assert [extra.worker for extra in resize.grown] == [4, 5], "numbers are never given twice"


def test_nobody_grows_where_places_are_kept():
    """The head of the queue waits for both nodes; what it cannot have yet stays free for it."""
    kept = planner(job("runs", "m", gpus=8, run_seconds=600), job("head", "m", gpus=8, workers=2, run_seconds=600))
    settled(kept)
    kept.apply(Delta(as_of=0, jobs=(elastic(most=2, run_seconds=60),)))
    settled(kept)
    assert sizes(kept).get(ELASTIC, 0) <= 1


def test_a_job_that_a_cap_at_once_has_room_for_without_the_extra_workers_starts():
    cap = CapAtOnce("most", "m", 16_000)
    own = planner(elastic(most=4), caps_at_once=(cap,), count=4)
    settled(own)
    assert sizes(own) == {ELASTIC: 4}
    plan = come(own, job("other", "m", gpus=4))
    (admit,) = [each for each in plan.decisions if isinstance(each, Admit)]
    assert [shrink.gpus for shrink in admit.shrinks] == [4]
    assert len(admit.awaits_workers) == 1, "it starts when the cap has room, wherever that is"


def test_a_gang_that_a_cap_does_not_fund_at_its_size_shrinks_and_goes_on():
    policy = Policy(funding_seconds_min=HOUR, slot_latency_seconds=0)
    windows = (CapWindow("hourly", "m", 0, 100 * HOUR, 16_000 * (HOUR + 120) + 4000 * 2 * HOUR),)
    own = planner(
        elastic(most=4, checkpoint_seconds=60), caps=windows, policy=policy,
    )  # fmt: skip
    settled(own)
    assert sizes(own) == {ELASTIC: 4}
    own.apply(Delta(as_of=HOUR))
    (shrink,) = [each for each in own.plan().decisions if isinstance(each, Resize)]
    assert (str(shrink.why), shrink.leaving) == ("FundingRefused", (1, 2, 3))
    own.commit(own.plan())
    assert isinstance(own.plan().decisions[0], Renew)


@pytest.mark.parametrize(("borrowing", "workers"), [({}, 4), ({"h100": 4000}, 3), ({"h100": 0}, 2)])
def test_workers_beyond_what_the_member_itself_leaves_unused_count_against_its_borrowing_limit(borrowing, workers):
    two = planner(elastic(most=4), members=(Member("m", borrowing_limits=borrowing), "n"), count=1)
    settled(two)
    assert sizes(two) == {ELASTIC: workers}


def test_a_lender_with_a_limit_lends_no_more_to_elastic_gangs_either():
    two = planner(elastic(most=4), members=("m", Member("n", lending_limits={"h100": 4000})), count=1)
    settled(two)
    assert sizes(two) == {ELASTIC: 3}


def test_who_borrows_less_than_its_limit_gets_it_from_its_own_elastic_gang():
    limit = Member("m", borrowing_limits={"h100": 8000})
    two = planner(elastic(least=2, most=4), members=(limit, "n"), count=1)
    settled(two)
    assert sizes(two) == {ELASTIC: 4}
    plan = come(two, job("borrower", "m", gpus=8, submitted=1))
    two.commit(plan)
    settled(two)
    assert sizes(two) == {ELASTIC: 2, "borrower": 1}


def test_a_job_that_asks_for_fewer_workers_gets_fewer():
    own = planner(elastic(most=4))
    settled(own)
    plan = come(own, elastic(most=2))
    (resize,) = plan.decisions
    assert (str(resize.why), resize.leaving) == ("Changed", (2, 3))


def test_a_gang_does_not_grow_for_a_few_minutes():
    own = planner(elastic(run_seconds=60))
    settled(own)
    assert sizes(own) == {ELASTIC: 1}


def test_at_most_so_many_gangs_grow_in_one_plan():
    made = nodes("m", 40)
    many = Planner(snapshot(pool("m"), made, [elastic(f"e{index:02}", most=2) for index in range(20)]))
    many.commit(many.plan())
    assert len(many.plan().decisions) == 16
    settled(many)
    assert set(sizes(many).values()) == {2}


def test_a_gang_stays_in_its_cluster():
    given = [Contribution("m-0", "m", "east", "north"), Contribution("m-1", "m", "west", "north")]
    made = [*nodes("m", 1, contribution="m-0"), *nodes("m", 4, contribution="m-1", first=10)]
    two = Planner(snapshot(pool("m", contributions=given), made, [elastic(most=8, gpus=8)]))
    settled(two)
    assert sizes(two) == {ELASTIC: 1}, "its core is in the cluster with the least room, and it stays there"


@pytest.mark.parametrize(("needs_level", "workers"), [(True, 3), (False, 5)])
def test_a_gang_that_requires_one_rack_grows_in_its_cores(needs_level, workers):
    made = [replace(each, rack=rack) for each, rack in zip(nodes("m", 5), "11122", strict=True)]
    racks = Planner(
        snapshot(pool("m"), made, [elastic(least=3, most=8, gpus=8, level=Level.RACK, needs_level=needs_level)])
    )
    settled(racks)
    assert sizes(racks) == {ELASTIC: workers}
    racks = Planner(
        snapshot(pool("m"), made, [elastic(least=1, most=8, gpus=8, level=Level.RACK, needs_level=needs_level)])
    )
    settled(racks)
    assert sizes(racks) == {ELASTIC: 2 if needs_level else 5}, "its core is one worker, and goes to the smaller rack"


def test_workers_leave_nodes_under_recall_and_the_gang_grows_elsewhere():
    own = planner(elastic(most=2, gpus=8), count=3)
    settled(own)
    ((core,), (extra,)) = ((each.placed, each.extras) for each in reading.attempts(own.snapshot)).__next__()
    taken = [replace(each, state=NodeState.RECALLED) for each in reading.nodes(own.snapshot) if each.name == extra.node]
    own.apply(Delta(as_of=own.snapshot.as_of, nodes=tuple(taken)))
    (resize,) = (plan := own.plan()).decisions
    assert (str(resize.why), resize.leaving) == ("Recalled", (1,))
    own.commit(plan)
    assert own.plan().decisions == (), "it waits until the worker has left"
    release(own)
    (resize,) = own.plan().decisions
    assert [(each.worker, each.node in {core.node, extra.node}) for each in resize.grown] == [(2, False)]


def test_what_exchanges_gives_for_its_core_alone():
    """m has as much in Ascend as its core of one H100 node needs; n lends the H100s."""
    made = [*nodes("m", 3, accelerator="ascend"), *nodes("n", 3)]
    exchanging = Planner(snapshot(pool("m", "n"), made, [elastic(most=3, gpus=8)]))
    settled(exchanging)
    (attempt,) = reading.attempts(exchanging.snapshot)
    assert (attempt.rung, sizes(exchanging)) == (Rung.EXCHANGE, {ELASTIC: 3})
    assert sum(each.milli_gpus for each in attempt.donors) == 13_334, "8,000 of H100 by 0.6"
    own = job("own", "m", options=[Option("ascend", 1)], submitted=1)
    plan = come(exchanging, own)
    assert [type(each) for each in plan.decisions] == [Admit], "the rest of its Ascends is unused"
    assert not plan.decisions[0].falls
