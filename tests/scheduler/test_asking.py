"""What-if: what the next plan would do with a job that is not there, and nothing of what is there changes by it."""

from dataclasses import replace

import pytest
import worlds
from hypothesis import assume, given
from hypothesis import strategies as st
from pools import MIDDLE, job, nodes, pool, snapshot
from worlds import QUARTER

from hanse.scheduler import Planner, SnapshotError, asking, state_digest
from hanse.scheduler.asking import Starts, Waits
from hanse.scheduler.decisions import Admit
from hanse.scheduler.pool import CapAtOnce, Contribution, Rung

OTHERS = ("b", "c", "d", "e")


def own_clusters(*members):
    return tuple(Contribution(each, each, f"{each}-1", "north") for each in members)


def what_if(planner, organisation="a", **asked):
    record = job(asking.UID, organisation, submitted=asking.last(planner.snapshot), **asked)
    return asking.asked(planner.snapshot, record)


def running(made, node_records, *jobs):
    """Return a planner of a pool in which these jobs run."""
    planner = Planner(snapshot(made, node_records, jobs))
    planner.commit(planner.plan())
    assert len(planner.snapshot.attempts) == len(jobs)
    return planner


def test_what_is_idle_is_told_with_place_strength_and_price():
    made = pool("a", "b", contributions=own_clusters("a", "b"))
    home = what_if(running(made, nodes("a", 1) + nodes("b", 2)))
    assert isinstance(home, Starts)
    assert ("a-1", Rung.HOME, "h100", 8, 8000) == (
        home.admit.cluster, home.admit.label.rung, home.accelerator, home.gpus, home.rate)  # fmt: skip
    assert (asking.Victims(0, 0), True) == (home.victims, home.is_free_now)
    borrowed = what_if(running(made, nodes("a", 1) + nodes("b", 2), job("a1", "a")))
    assert ("b-1", Rung.BORROW) == (borrowed.admit.cluster, borrowed.admit.label.rung)


def test_victims_are_counted_where_the_asking_member_hosts_them():
    made = pool("a", "b", contributions=own_clusters("a", "b"))
    borrowers = [job(f"b{number}", "b", gpus=4, submitted=number) for number in range(4)]
    planner = running(made, nodes("a", 1) + nodes("b", 1), *borrowers)
    found = what_if(planner)
    assert (Rung.HOME, asking.Victims(0, 2), False) == (found.admit.label.rung, found.victims, found.is_free_now)


def test_victims_elsewhere_are_not_counted_nor_is_it_told_that_there_are_none():
    """The member's own nodes are half in use by foreign pods, so what covers it runs on b's nodes."""
    made = pool("a", "b", "c", contributions=own_clusters("a", "b", "c"), tiers=(MIDDLE,))
    records = [replace(each, foreign_gpus=0x0F) for each in nodes("a", 2)] + nodes("b", 2)
    for borrowers in ([], [job("c1", "c", workers=2)]):
        found = what_if(running(made, records, *borrowers))
        assert bool(borrowers) == bool(found.admit.stops)
        assert (Rung.AWAY, asking.Victims(0, None), None) == (found.admit.label.rung, found.victims, found.is_free_now)


def test_who_would_wait_is_told_why_and_the_price():
    made = pool("a", "b", caps_at_once=(CapAtOnce("most", "a", 7999),))
    found = what_if(running(made, nodes("b", 2)))
    assert isinstance(found, Waits)
    assert ("ExceedsCap", "most", "h100", 8, 8000) == (
        found.row["reason"], found.row["cap"], found.accelerator, found.gpus, found.rate)  # fmt: skip
    unknown = what_if(running(pool("a"), nodes("a", 1)), accelerator="b200")
    assert ("NoSuchAccelerator", 0) == (unknown.row["reason"], unknown.rate)


def test_who_asks_comes_last_even_after_one_whose_clock_is_ahead():
    waits = job("ffffffff-ffff-4fff-bfff-ffffffffffff", "a", submitted=9)
    planner = Planner(snapshot(pool("a"), nodes("a", 1), [job("a1", "a"), waits]))
    planner.commit(planner.plan())
    assert 1 == what_if(planner).row["ahead_in_leaf"]


def test_what_the_pool_does_not_have_is_refused_with_its_name():
    with pytest.raises(SnapshotError, match="tier 'urgent' is not in the pool"):
        what_if(running(pool("a"), nodes("a", 1)), tier="urgent")


@QUARTER
@given(world=worlds.worlds(), data=st.data())
def test_the_answer_is_what_the_next_plan_does_and_asking_changes_nothing(world, data):
    for _ in range(data.draw(st.integers(0, 1))):
        world.step()
        world.happen(data)
    planner = world.planner
    before = state_digest(planner.snapshot), planner.plan().to_bytes()
    assume(len(planner.snapshot.jobs))
    like = data.draw(st.sampled_from(world_jobs(planner.snapshot)))
    record = replace(like, uid=asking.UID, suspended=False, submitted_seconds=asking.last(planner.snapshot))
    found = asking.asked(planner.snapshot, record)
    assert before == (state_digest(planner.snapshot), planner.plan().to_bytes())
    planner.apply(worlds.Delta(as_of=planner.snapshot.as_of, jobs=(record,)))
    decided = planner.plan()
    admits = [each for each in decided.decisions if isinstance(each, Admit) and each.attempt.job == asking.UID]
    if isinstance(found, Starts):
        assert [found.admit] == admits
    else:
        (row,) = decided.explanations[decided.explanations["uid"] == asking.UID]
        assert found.row.tobytes() == row.tobytes()


def world_jobs(snapshot):
    return worlds.reading.jobs(snapshot)


@pytest.mark.parametrize("others", [OTHERS[:1], OTHERS[:3]], ids=len)
def test_what_few_rivals_run_and_have_idle_changes_nothing_that_a_job_which_waits_is_told(others):
    """Whatever rivals run, it has to be too much for the job to start: what starts is told, as it would be anyhow."""
    told = set()
    for held in range(5, 9):
        made = pool("a", *others, contributions=own_clusters("a", *others))
        records = [replace(each, foreign_gpus=0xFF) for each in nodes("a", 1)]
        records += [node for each in others for node in nodes(each, 4)]
        uses = [job(f"{each}{number}", each, gpus=4) for each in others for number in range(held)]
        found = what_if(running(made, records, *uses), workers=4)
        told.add((found.row.tobytes(), found.rate))
    assert 1 == len(told)
