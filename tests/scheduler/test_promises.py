"""What must never happen, on pools and events at random: the list of the promises in docs/fairness.md."""

from dataclasses import replace

import promises
import worlds
from hypothesis import given
from hypothesis import strategies as st
from worlds import PROMISED

from hanse.scheduler import build, plan
from hanse.scheduler.decisions import Admit
from hanse.scheduler.pool import Organisation


@PROMISED
@given(world=worlds.worlds(), data=st.data())
def test_what_is_promised_holds_after_each_plan(world, data):
    for audit in promises.lives(world, data):
        for check in promises.AFTER_EACH_PLAN:
            check(world, audit)
        if data.draw(st.booleans(), label="rests"):
            promises.i3_preemption_ends_by_itself(world)
    promises.the_order_of_records_changes_nothing(world, data.draw(st.randoms(use_true_random=True)))
    promises.when_its_time_has_come_a_job_starts_unless_something_covered_came(world)
    promises.i3_preemption_ends_by_itself(world)


@PROMISED
@given(world=worlds.worlds(), data=st.data())
def test_nesting_a_members_organisations_deeper_buys_nothing(world, data):
    tiers = tuple(replace(tier, share=1000) for tier in world.pool.tiers)
    flat = replace(world.pool, tiers=tiers)
    member = data.draw(st.sampled_from(flat.members)).name
    snapshot = world.snapshot
    nodes, jobs, _ = promises.records(snapshot)
    assert outcome(plan(build(flat, nodes, jobs))) == outcome(plan(build(*nested(flat, member, nodes, jobs))))


def nested(pool, member, nodes, jobs):
    """Put one more organisation with all of its entitlement between *member* and what is below it."""
    top = Organisation(f"{member}/top", member, {each.name: 1000 for each in pool.accelerators})
    below = [replace(each, parent=top.name) if each.parent == member else each for each in pool.organisations]
    moved = [replace(job, organisation=top.name) if job.organisation == member else job for job in jobs]
    return replace(pool, organisations=(*below, top)), nodes, moved


def outcome(decided):
    return [
        (each.attempt.job, each.label.rung, each.placed, [stop.attempt.job for stop in each.stops])
        for each in decided.decisions
        if isinstance(each, Admit)
    ]
