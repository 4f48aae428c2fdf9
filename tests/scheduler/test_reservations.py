"""Reservations: what is kept can be kept, stays where it is but for a cause, and is there when its time has come."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pools import job, nodes, pool, snapshot

from hanse.scheduler import Delta, Planner, plan, reading, runtimes
from hanse.scheduler.decisions import Admit, AttemptId, Cause, Release, Reserve
from hanse.scheduler.pool import AcceleratorClass, Policy, Slices

HOUR = 3600
SHARED = {"mem_gib": 78, "limit_gib": 118, "tenants": 4}


def crowded(**rest):
    """Two borrowers on the nodes of somebody else, and a gang that needs both nodes."""
    made = pool("a", "b", "c", **rest)
    first = [job("r1", "b", run_seconds=HOUR), job("r2", "b", submitted=1, run_seconds=2 * HOUR)]
    planner = Planner(snapshot(made, nodes("a", 2), first))
    planner.commit(planner.plan())
    planner.apply(Delta(as_of=10, jobs=(job("big", "b", workers=2, submitted=2, run_seconds=HOUR),)))
    return planner


def step(planner, seconds=0, ended=(), **changes):
    gone = tuple(AttemptId(each, 1) for each in ended)
    planner.apply(Delta(as_of=planner.snapshot.as_of + seconds, ended=gone, jobs_gone=ended, **changes))
    decided = planner.plan()
    planner.commit(decided)
    return decided


def reasons(decided):
    return dict(zip(decided.explanations["uid"].tolist(), decided.explanations["reason"].tolist(), strict=True))


def test_a_gang_that_cannot_start_is_kept_the_places_that_come_free_first():
    planner = crowded()
    (reserve,) = step(planner).decisions
    assert (reserve.job, reserve.start_seconds, reserve.cause) == ("big", 2 * HOUR, Cause.HEAD_OF_QUEUE)
    assert [(each.node, each.workers) for each in reserve.kept] == [("a-h100-000", 1), ("a-h100-001", 1)]
    assert [each.job for each in planner.snapshot.reservations] == ["big"]
    assert step(planner).decisions == ()


def test_a_later_job_starts_only_if_it_has_ended_by_then():
    planner = crowded()
    step(planner)
    later = (job("long", "c", run_seconds=2 * HOUR), job("short", "c", submitted=1, run_seconds=600))
    decided = step(planner, 10, ended=("r1",), jobs=later)
    assert [each.attempt.job for each in decided.decisions if isinstance(each, Admit)] == ["short"]
    decided = step(planner, 3 * HOUR, ended=("r2", "short"))
    assert next(each for each in decided.decisions if isinstance(each, Admit)).attempt.job == "big"
    assert [each.job for each in planner.snapshot.reservations] == ["long"]


def test_when_it_starts_is_told_exactly_on_its_members_own_nodes_alone():
    planner = crowded()
    assert step(planner).explanations["starts_by"].tolist() == [-1]
    made = pool(*"abcdef")
    spread = [each for name in "abcd" for each in nodes(name, 1)]
    jobs = [job("r", "f", workers=4, gpus=7, run_seconds=HOUR + 1), job("big", "f", workers=4, submitted=1)]
    assert plan(snapshot(made, spread, jobs)).explanations["starts_by"].tolist() == [2 * HOUR]
    jobs = [job("r", "a", gpus=7, run_seconds=HOUR + 1), job("big", "a", submitted=1)]
    assert plan(snapshot(made, nodes("a", 1), jobs)).explanations["starts_by"].tolist() == [HOUR + 1]


def test_without_reservations_it_starts_and_the_gang_waits_on():
    planner = crowded(policy=Policy(reservation_depth=0))
    step(planner)
    decided = step(planner, 10, ended=("r1",), jobs=(job("long", "c", run_seconds=2 * HOUR),))
    assert [each.attempt.job for each in decided.decisions] == ["long"]


def test_who_waits_for_what_is_kept_is_told_so_where_it_may_know_what_is_free():
    made = [job("r1", "a", run_seconds=HOUR), job("big", "a", workers=2, submitted=1, run_seconds=HOUR)]
    planner = Planner(snapshot(pool("a", "b"), nodes("a", 1) + nodes("b", 1), made))
    step(planner)
    decided = step(planner, 1, jobs=(job("long", "b", "low", workers=1, gpus=4, submitted=3, run_seconds=24 * HOUR),))
    # What is its own it has at once, whatever is kept for others.
    assert [each.attempt.job for each in decided.decisions if isinstance(each, Admit)] == ["long"]
    decided = step(planner, 1, jobs=(job("more", "a", gpus=4, submitted=4, run_seconds=24 * HOUR),))
    assert reasons(decided)["more"] in {"WaitingForReservation", "WaitingForQuota"}


def test_a_covered_job_takes_what_is_kept_and_that_is_the_cause_of_the_move():
    planner = crowded()
    step(planner)
    own = job("own", "a", submitted=9, run_seconds=5 * HOUR)
    decided = step(planner, 10, ended=("r1",), jobs=(own,))
    assert [each.attempt.job for each in decided.decisions if isinstance(each, Admit)] == ["own"]
    (reserve,) = [each for each in decided.decisions if isinstance(each, Reserve)]
    assert (reserve.cause, reserve.start_seconds) == (Cause.DISPLACED, 20 + 5 * HOUR)


def test_who_runs_longer_than_it_said_moves_it():
    planner = crowded()
    step(planner)
    assert [each for each in step(planner, 2 * HOUR - 5, ended=("r1",)).decisions if isinstance(each, Reserve)] == []
    (reserve,) = [each for each in step(planner, 900).decisions if isinstance(each, Reserve)]
    assert (reserve.cause, reserve.start_seconds) == (Cause.RUNS_LONGER, 8880)


def test_a_job_that_waits_no_longer_gives_back_what_was_kept():
    planner = crowded()
    step(planner)
    held_back = job("big", "b", workers=2, submitted=2, run_seconds=HOUR, suspended=True)
    assert step(planner, 1, jobs=(held_back,)).decisions == (Release("big", Cause.NOT_WAITING),)
    assert planner.snapshot.reservations == ()


def test_each_member_that_waits_has_its_part_of_the_reservations():
    names = ["b", "c", "d"]
    made = pool("a", *names, policy=Policy(reservation_depth=3))
    jobs = [job("r", "a", workers=2, run_seconds=HOUR)]
    jobs += [
        job(f"{name}{index}", name, workers=1, gpus=8 - index, submitted=1) for name in names for index in range(3)
    ]
    planner = Planner(snapshot(made, nodes("a", 2), jobs))
    step(planner)
    assert sorted(each.job[0] for each in planner.snapshot.reservations) == names


@given(seconds=st.integers(1, 4 * 365 * 24 * HOUR))
def test_the_grid_rounds_up_by_a_quarter_at_most(seconds):
    rounded = runtimes.rounded_up(seconds)
    assert seconds <= rounded <= max(seconds + 60, seconds * 5 // 4 + 60, 0) or seconds > runtimes.GRID_SECONDS[-1]
    assert runtimes.rounded_up(rounded) == rounded


def test_the_same_plan_comes_of_the_records():
    planner = crowded()
    step(planner)
    assert step(planner, 1).decisions == ()
    again = reading.rebuilt(planner.snapshot, pool("a", "b", "c"))
    assert plan(again).to_bytes() == planner.plan().to_bytes()


def shared_pool(**kept):
    """Somebody else's node of two GPUs, which it shares, and of which each job has some."""
    made = pool("a", "b", "c", accelerators=(AcceleratorClass("h100", {"bf16": 1000}, 78),), **kept)
    return made, nodes("a", 1, gpus=2, **SHARED)


def part(uid, member, gib, **more):
    return job(uid, member, gpus=1, slices=Slices(gib, gib), **more)


def test_who_shares_is_kept_a_whole_gpu_from_when_one_is_free_and_may_start_on_part_of_one_before():
    made, node_records = shared_pool()
    first = [
        job("short", "b", gpus=1, run_seconds=HOUR), part("x", "c", 40, run_seconds=2 * HOUR),
        part("y", "c", 20, submitted=1, run_seconds=3 * HOUR),
    ]  # fmt: skip
    planner = Planner(snapshot(made, node_records, first))
    planner.commit(planner.plan())
    (reserve,) = step(planner, 10, jobs=(part("p", "c", 30, submitted=9),)).decisions
    assert (reserve.job, reserve.start_seconds, [each.workers for each in reserve.kept]) == ("p", HOUR, [1])
    decided = step(planner, 10, ended=("x",))
    assert [each.attempt.job for each in decided.decisions if isinstance(each, Admit)] == ["p"]
    assert planner.snapshot.reservations == ()


def test_a_whole_gpu_that_is_kept_for_who_shares_is_there_when_its_time_has_come():
    """Others borrow less and come first but for that."""
    made, node_records = shared_pool()
    first = [job(f"w{index}", "b", gpus=1, run_seconds=(1 + index) * HOUR) for index in range(2)]
    planner = Planner(snapshot(made, node_records, first))
    planner.commit(planner.plan())
    step(planner, 10, jobs=(part("p", "b", 30, submitted=9),))
    later = (job("long", "c", gpus=1, run_seconds=4 * HOUR),)
    decided = step(planner, HOUR, ended=("w0",), jobs=later)
    assert [each.attempt.job for each in decided.decisions if isinstance(each, Admit)] == ["p"]


def test_none_is_kept_a_gpu_that_has_too_little_memory_for_it_however_empty():
    made, node_records = shared_pool()
    decided = plan(snapshot(made, node_records, [part("p", "b", 79)]))
    assert (decided.decisions, reasons(decided)) == ((), {"p": "MemoryDoesNotFit"})


@pytest.mark.parametrize(("limit", "starts"), [(2999, set()), (3000, {"q"})])
def test_limits_on_borrowing_count_the_whole_gpu_that_is_kept_for_who_shares(limit, starts):
    """With one that runs and another that comes these are three, though of what is kept 30 GiB will be used."""
    made, node_records = shared_pool()
    members = tuple(replace(each, borrowing_limits={"h100": limit}) for each in made.members)
    first = [job("w", "b", gpus=1, run_seconds=HOUR), job("v", "c", gpus=1, run_seconds=2 * HOUR)]
    planner = Planner(snapshot(replace(made, members=members), node_records, first))
    planner.commit(planner.plan())
    step(planner, 10, jobs=(part("p", "b", 30, submitted=9),))
    more = replace(node_records[0], name="a-more", enrolled=9, mem_gib=0)
    decided = step(planner, 10, nodes=(more,), jobs=(job("q", "b", gpus=1, submitted=10),))
    assert {each.attempt.job for each in decided.decisions if isinstance(each, Admit)} == starts
    assert [each.job for each in planner.snapshot.reservations] == ["p"]


@pytest.mark.parametrize(
    ("of", "limits"), [("b", {"borrowing_limits": {"h100": 1000}}), ("a", {"lending_limits": {"h100": 2000}})]
)
def test_who_shares_is_kept_no_more_whole_gpus_than_the_limits_leave(of, limits):
    """By their parts all three would be kept places; by their parts all of them start."""
    made, _ = shared_pool()
    members = tuple(replace(each, **limits) if each.name == of else each for each in made.members)
    first = [job("w", "c", gpus=1, run_seconds=HOUR), job("v", "a", gpus=2, run_seconds=2 * HOUR)]
    node_records = nodes("a", 1, gpus=3, **SHARED)
    planner = Planner(snapshot(replace(made, members=members), node_records, first))
    planner.commit(planner.plan())
    come = (
        part("gang", "b", 1, workers=2, submitted=7), part("p", "b", 1, submitted=8), part("q", "b", 2, submitted=9)
    )  # fmt: skip
    assert [each.job for each in step(planner, 10, jobs=come).decisions] == ["p"]
    plans = [step(planner, 10, ended=("w", "v")), step(planner, 10)]
    admits = [each for decided in plans for each in decided.decisions if isinstance(each, Admit)]
    assert {each.attempt.job for each in admits} == {"gang", "p", "q"}


@pytest.mark.parametrize(("gpus", "joins"), [(2, {"short"}), (3, {"short", "long"})])
def test_who_shares_joins_others_on_a_node_where_places_are_kept_if_enough_is_left_then(gpus, joins):
    made, _ = shared_pool()
    first = [part("x", "c", 20, run_seconds=HOUR), job("w", "b", gpus=gpus - 1, run_seconds=HOUR)]
    planner = Planner(snapshot(made, nodes("a", 1, gpus=gpus, **SHARED), first))
    planner.commit(planner.plan())
    (reserve,) = step(planner, 10, jobs=(job("both", "b", gpus=2, submitted=1, run_seconds=HOUR),)).decisions
    assert reserve.start_seconds == HOUR
    late = [
        part("long", "c", 20, submitted=2, run_seconds=2 * HOUR),
        part("short", "c", 20, submitted=3, run_seconds=60),
    ]
    decided = step(planner, 10, jobs=tuple(late))
    assert {each.attempt.job for each in decided.decisions if isinstance(each, Admit)} == joins
