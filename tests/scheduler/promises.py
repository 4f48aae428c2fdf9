"""Promises that hold after each plan, whatever happened before: each a check of a world and an audit of its last plan.

In: a world that has just planned. Out: nothing, or an assertion that failed. Next are the tests, which let worlds live
and look for all of these after each plan: to draw a life takes longer than to look at it.
"""

from dataclasses import replace

from auditor import Audit
from hypothesis import strategies as st
from reference import Reference

from hanse.scheduler import build, frames, framing, plan, reading, runtimes, state_digest
from hanse.scheduler.decisions import Admit, AttemptId, Cause, Release, Renew, Reserve
from hanse.scheduler.frames import Header
from hanse.scheduler.pool import Rung


def lives(world, data, cycles=6):
    """Let the world go on for some cycles; yield an audit of each plan."""
    for _ in range(data.draw(st.integers(1, cycles), label="cycles")):
        yield Audit(world.pool, *world.step())
        if data.draw(st.booleans(), label="released"):
            world.release()
        world.happen(data)


def records(snapshot):
    return reading.nodes(snapshot), reading.jobs(snapshot), reading.attempts(snapshot)


def i1_a_gang_runs_whole_and_no_gpu_is_granted_twice(_, audit):
    audit.gangs_are_whole()
    audit.gangs_are_as_near_as_they_need_to_be()
    audit.a_job_has_one_attempt_at_a_time()
    audit.no_gpu_is_granted_twice_and_no_node_is_overfull()
    audit.promised_gpus_are_waited_for()
    audit.elastic_gangs_are_between_their_sizes()
    audit.leaving_workers_are_waited_for()
    audit.each_waiting_job_has_one_reason()


def i2_no_covered_job_that_fits_its_home_waits(world, _):
    before, _, after = world.history[-1]
    pool = world.history_pool[-1]
    rest = Reference(pool, reading.nodes(before), reading.jobs(after), reading.attempts(after), after.as_of)
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


def i3_each_decision_raises_the_potential(_, audit):
    audit.potential_rises()


def i3_only_a_strictly_stronger_job_stops_anybody(_, audit):
    """By label, cover and tier: not for want of checkpoints, nor for having been there for long."""
    tier = {uid: audit.tier_rank[each.tier] for uid, each in audit.jobs.items()}
    for admit in audit.admits:
        own = (admit.label.rung, admit.label.cover, tier[admit.attempt.job])
        for stop in admit.stops:
            assert own > (stop.label.rung, stop.label.cover, tier[stop.attempt.job])


def i6_residency_exclusion_and_trust_hold_for_every_placement(_, audit):
    audit.residency_exclusion_and_trust_hold()


def limits_hold_whenever_somebody_borrows(_, audit):
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


def what_is_kept_has_room_at_any_time(world, audit):
    after = world.history[-1][2]
    audit.what_is_kept_has_room(after)
    assert len(after.reservations) <= world.history_pool[-1].policy.reservation_depth


def a_reservation_moves_for_a_cause_alone(world, audit):
    before, decided, after = world.history[-1]
    there = {each.job: each for each in before.reservations}
    anew = [each for each in decided.decisions if isinstance(each, Reserve)]
    for each in anew:
        assert (each.cause == Cause.HEAD_OF_QUEUE) == (each.job not in there)
        if each.cause == Cause.DISPLACED:
            is_covered = any(admit.label.rung > Rung.BORROW for admit in audit.admits)
            is_late = any(other.job != each.job and other.start_seconds < after.as_of for other in there.values())
            assert is_covered or is_late or any(other.job != each.job for other in anew)
        if each.cause == Cause.RUNS_LONGER:
            record = there[each.job]
            assert audit.somebody_stays(record, max(record.start_seconds, after.as_of))
    running = {each.job for each in reading.attempts(after)}
    told = {each.job for each in decided.decisions if isinstance(each, Release)} | running
    assert set(there) - told <= {each.job for each in after.reservations}


def a_warm_planner_and_a_cold_one_say_the_same_to_the_byte(world, _):
    """And so does one that has read the pool from a frame."""
    now = world.snapshot
    cold = build(replace(world.pool, caps=now.caps), *records(now), as_of=now.as_of, reservations=now.reservations)
    warm = world.planner.plan()
    assert plan(cold).to_bytes() == warm.to_bytes()
    assert state_digest(cold) == state_digest(now)
    reader = frames.Reader()
    reader.take(framing.encode(None, now, Header("", warm.decided(), ())))
    assert plan(reader.snapshot()).to_bytes() == warm.to_bytes()


AFTER_EACH_PLAN = (
    i1_a_gang_runs_whole_and_no_gpu_is_granted_twice,
    i2_no_covered_job_that_fits_its_home_waits,
    i3_each_decision_raises_the_potential,
    i3_only_a_strictly_stronger_job_stops_anybody,
    i6_residency_exclusion_and_trust_hold_for_every_placement,
    limits_hold_whenever_somebody_borrows,
    what_is_kept_has_room_at_any_time,
    a_reservation_moves_for_a_cause_alone,
    a_warm_planner_and_a_cold_one_say_the_same_to_the_byte,
)


def i3_preemption_ends_by_itself(world):
    for _ in range(40):
        _, decided, _ = world.step()
        world.release()
        if not [decision for decision in decided.decisions if not isinstance(decision, Renew)]:
            return
    raise AssertionError("still deciding after 40 cycles in which nothing happened")


def when_its_time_has_come_a_job_starts_unless_something_covered_came(world):
    """The first that is kept places, when everybody who will have ended by then has."""
    audit, after = Audit(world.pool, *world.step()), world.snapshot
    if not after.reservations or after.caps:
        return
    first = after.reservations[0]
    time = max(first.start_seconds, after.as_of) + runtimes.SLACK_SECONDS
    over = [each for each in reading.attempts(after) if each.draining or audit.end(each) <= time]
    ended = tuple(AttemptId(each.job, each.number) for each in over)
    world.tell(time - after.as_of, ended=ended, jobs_gone=tuple(each.job for each in over))
    _, decided, now = world.step()
    has_started = first.job in {each.job for each in reading.attempts(now)}
    is_covered = any(isinstance(each, Admit) and each.label.rung > Rung.BORROW for each in decided.decisions)
    assert has_started or is_covered


def the_order_of_records_changes_nothing(world, chance):
    """*chance* is a random.Random."""
    snapshot, pool = world.snapshot, world.pool
    parts = {
        name: tuple(shuffled(getattr(pool, name), chance))
        for name in ("accelerators", "tiers", "members", "organisations", "contributions")
    }
    kept = shuffled(snapshot.reservations, chance)
    again = [shuffled(each, chance) for each in records(snapshot)]
    told = build(replace(pool, **parts), *again, as_of=snapshot.as_of, reservations=kept)
    assert plan(told).digest() == world.planner.plan().digest()


def shuffled(those, chance):
    return chance.sample(list(those), len(those))
