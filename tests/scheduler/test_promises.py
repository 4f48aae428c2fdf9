"""What must never happen, on pools and events at random: the list of the promises in docs/fairness.md."""

from dataclasses import replace

import worlds
from auditor import Audit
from hypothesis import given
from hypothesis import strategies as st
from reference import Reference

from hanse.scheduler import build, plan, reading
from hanse.scheduler.decisions import Admit, Renew
from hanse.scheduler.pool import Organisation, Rung


def lived(world, data, cycles=4):
    """Let the world go on for some cycles; yield an audit of each plan."""
    for _ in range(data.draw(st.integers(1, cycles), label="cycles")):
        yield Audit(world.pool, *world.step())
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen(data)


@given(world=worlds.worlds(), data=st.data())
def test_i1_a_gang_runs_whole_and_no_gpu_is_granted_twice(world, data):
    for audit in lived(world, data):
        audit.gangs_are_whole()
        audit.gangs_are_as_near_as_they_need_to_be()
        audit.a_job_has_one_attempt_at_a_time()
        audit.no_gpu_is_granted_twice_and_no_node_is_overfull()
        audit.promised_gpus_are_waited_for()
        audit.elastic_gangs_are_between_their_sizes()
        audit.leaving_workers_are_waited_for()
        audit.each_waiting_job_has_one_reason()


@given(world=worlds.worlds(), data=st.data())
def test_i2_no_covered_job_that_fits_its_home_waits(world, data):
    nobody_who_could_be_home_waits(world, data)


def nobody_who_could_be_home_waits(world, data):
    for _ in lived(world, data):
        before, _, after = world.history[-1]
        rest = Reference(
            world.history_pool[-1], reading.nodes(before), reading.jobs(after), reading.attempts(after), after.as_of
        )
        assert [part.job.uid for part in rest.waiting() if could_be_home(rest, part)] == []


def could_be_home(rest, part):
    """Return whether *part* is covered as things are, and fits on its home nodes when all that is not HOME has gone."""
    weaker = [each for each in rest.holders() if each.rung < Rung.HOME]
    depth = rest.depth(part.job.organisation)
    for option, milli in rest.options(part):
        claim = (part, option.accelerator, Rung.HOME, depth, milli)
        if rest.overdrawn(claim, []):
            continue
        rooms = {"levied": max(0, rest.grant_room(claim, [])) // rest.per(part, option.accelerator)}
        if any(rest.room(claim, nodes, weaker, rooms) >= option.workers for _, nodes in rest.clusters(claim)):
            return True
    return False


@given(world=worlds.worlds(), data=st.data())
def test_i3_each_decision_raises_the_potential(world, data):
    for audit in lived(world, data, cycles=6):
        audit.potential_rises()


@given(world=worlds.worlds(), data=st.data())
def test_i3_preemption_ends_by_itself_between_two_events(world, data):
    for _ in lived(world, data):
        for _ in range(40):
            _, decided, _ = world.step()
            world.release()
            if not [decision for decision in decided.decisions if not isinstance(decision, Renew)]:
                break
        else:
            raise AssertionError("still deciding after 40 cycles in which nothing happened")


@given(world=worlds.worlds(), data=st.data())
def test_i6_residency_exclusion_and_trust_hold_for_every_placement(world, data):
    for audit in lived(world, data):
        audit.residency_exclusion_and_trust_hold()


@given(world=worlds.worlds(), data=st.data())
def test_a_warm_planner_and_a_cold_one_say_the_same_to_the_byte(world, data):
    for _ in lived(world, data, cycles=5):
        snapshot = world.snapshot
        pool = replace(world.pool, caps=snapshot.caps)
        cold = build(pool, *records(snapshot), as_of=snapshot.as_of, reservations=snapshot.reservations)
        assert plan(cold).to_bytes() == world.planner.plan().to_bytes()


def records(snapshot):
    return reading.nodes(snapshot), reading.jobs(snapshot), reading.attempts(snapshot)


@given(world=worlds.worlds(), data=st.data())
def test_the_order_of_records_changes_nothing(world, data):
    world.step()
    world.happen(data)
    snapshot, pool = world.snapshot, world.pool
    shuffled = [data.draw(st.permutations(each)) for each in records(snapshot)]
    kept = data.draw(st.permutations(snapshot.reservations))
    parts = {
        name: tuple(data.draw(st.permutations(getattr(pool, name))))
        for name in ("accelerators", "tiers", "members", "organisations", "contributions")
    }
    assert (
        plan(build(replace(pool, **parts), *shuffled, as_of=snapshot.as_of, reservations=kept)).digest()
        == world.planner.plan().digest()
    )


@given(world=worlds.worlds(), data=st.data())
def test_limits_hold_whenever_somebody_borrows(world, data):
    for audit in lived(world, data):
        borrowers = [each for each in audit.admits if each.label.rung == Rung.BORROW]
        for record in audit.pool.members:
            for accelerator, limit in record.borrowing_limits.items():
                if any(is_of(audit, each, record.name, accelerator) for each in borrowers):
                    assert borrowed(audit, record.name, accelerator) <= limit


def is_of(audit, admit, member, accelerator):
    return audit.member(audit.jobs[admit.attempt.job]) == member and admit.accelerator == accelerator


def borrowed(audit, member, accelerator):
    live = [each for each in audit.after if not each.draining and each.rung == Rung.BORROW]
    mine = [each for each in live if audit.member(audit.jobs[each.job]) == member and each.accelerator == accelerator]
    return 1000 * sum(placed.gpus.bit_count() for each in mine for placed in each.placed)


@given(world=worlds.worlds(), data=st.data())
def test_nesting_a_members_organisations_deeper_buys_nothing(world, data):
    tiers = tuple(replace(tier, share=1000) for tier in world.pool.tiers)
    flat = replace(world.pool, tiers=tiers)
    member = data.draw(st.sampled_from(flat.members)).name
    snapshot = world.snapshot
    nodes, jobs, _ = records(snapshot)
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
