"""plan() says what the slow reference says, decision by decision, on small pools and on what happens to them."""

from dataclasses import replace

import sharers
import worlds
from hypothesis import given
from hypothesis import strategies as st
from pools import job, nodes, pool, snapshot
from reference import Reference
from worlds import QUARTER

from hanse.scheduler import Delta, Planner, reading
from hanse.scheduler.decisions import Admit, Refuse, Release, Renew, Reserve, Resize, Rise
from hanse.scheduler.pool import Slices

HOUR = 3600
# The reference is slow: all four kinds of pools together have as many examples as a promise has.


def told(plan):
    """Return a plan's decisions in the reference's form."""
    return [_told(decision) for decision in plan.decisions]


def _told(decision):  # noqa: PLR0911
    kind = type(decision).__name__
    if isinstance(decision, Admit):
        placed = tuple((each.node, each.workers, each.gpus) for each in decision.placed)
        stopped = tuple(sorted(stop.attempt.job for stop in decision.stops))
        shrunk = tuple(sorted((each.attempt.job, each.workers) for each in decision.shrinks))
        return (kind, decision.attempt.job, _label(decision.label), placed, stopped, _fallen(decision.falls), shrunk)
    if isinstance(decision, Resize):
        grown = tuple((each.worker, each.node, each.gpus) for each in decision.grown)
        return (kind, decision.attempt.job, decision.why, grown, decision.leaving)
    if isinstance(decision, Reserve):
        kept = tuple((each.node, each.workers) for each in decision.kept)
        return (
            kind,
            decision.job,
            decision.accelerator,
            decision.cluster,
            decision.start_seconds,
            kept,
            decision.cause,
        )
    if isinstance(decision, Release):
        return (kind, decision.job, decision.cause)
    if isinstance(decision, Renew):
        return (kind, decision.attempt.job, decision.funded_until_seconds)
    if isinstance(decision, Refuse):
        return (kind, decision.attempt.job, decision.stop_by_seconds)
    label, falls = decision.change.after, decision.falls if isinstance(decision, Rise) else ()
    return (kind, decision.change.attempt.job, _label(label), (), (), _fallen(falls))


def _label(label):
    return (label.rung, label.cover, tuple((each.accelerator, each.milli_gpus) for each in label.donors))


def _fallen(falls):
    return tuple((fall.attempt.job, *_label(fall.after)) for fall in falls)


def expected(pool, snapshot):
    reference = Reference(
        replace(pool, caps=snapshot.caps),
        reading.nodes(snapshot),
        reading.jobs(snapshot),
        reading.attempts(snapshot),
        snapshot.as_of,
        snapshot.reservations,
    )
    return [(kind, job, *rest) for kind, job, _, *rest in reference.run()]


@QUARTER
@given(world=worlds.worlds(), data=st.data())
def test_the_plan_is_the_references(world, data):
    follow(world, data)


@QUARTER
@given(
    world=worlds.worlds(caps=worlds.windows, caps_at_once=worlds.at_once, policy=worlds.short_funding), data=st.data()
)
def test_the_plan_under_caps_of_members_and_organisations_is_the_references(world, data):
    follow(world, data)


@QUARTER
@given(world=sharers.sharing_worlds(), data=st.data())
def test_the_plan_where_gpus_are_shared_is_the_references(world, data):
    follow(world, data)


@QUARTER
@given(
    world=sharers.sharing_worlds(caps=worlds.windows, caps_at_once=worlds.at_once, policy=worlds.short_funding),
    data=st.data(),
)
def test_the_plan_under_caps_where_gpus_are_shared_is_the_references(world, data):
    follow(world, data)


def follow(world, data):
    for _ in range(data.draw(st.integers(1, 5), label="cycles")):
        before, plan, _ = world.step()
        assert expected(world.pool, before) == told(plan)
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen(data)


def test_who_joins_a_gpu_beside_kept_places_takes_it_once_in_both():
    """Of four GPUs two are kept from an hour on; *s* and *q* then hold the one that *x* has until after that."""
    made = pool("a", "b", "c", accelerators=(sharers.H100,))
    jobs = [part("x", 0, run_hours=10), job("w", "b", gpus=3, run_seconds=HOUR)]
    planner = Planner(snapshot(made, nodes("a", 1, gpus=4, mem_gib=78, limit_gib=118, tenants=4), jobs))
    planner.commit(planner.plan())
    planner.apply(Delta(10, jobs=(job("both", "b", gpus=2, submitted=1, run_seconds=HOUR),)))
    kept = planner.plan()
    assert ["Reserve"] == [each[0] for each in told(kept)]
    planner.commit(kept)
    planner.apply(Delta(20, jobs=(part("s", 2, run_hours=5), part("q", 3, run_hours=5))))
    assert [("Admit", "s"), ("Admit", "q")] == [each[:2] for each in told(planner.plan())]
    assert expected(made, planner.snapshot) == told(planner.plan())


def part(uid, submitted, run_hours):
    slices = Slices(20, 20)
    return job(uid, "c", submitted=submitted, gpus=1, slices=slices, run_seconds=run_hours * HOUR)
