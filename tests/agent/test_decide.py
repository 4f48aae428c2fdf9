"""Single decisions that the properties do not name."""

from contextlib import closing
from dataclasses import replace
from uuid import UUID

import pytest
from pydantic import ValidationError

from hanse.agent import decide, gangs, leases, statuses, store
from hanse.agent.gangs import Gang, Seat
from hanse.resources.protocol import Cancelled, CheckpointRequest, Held, Lease, Outcome, Phase, SyncAnswer

NOW = 1000.0
LIMITS = decide.Limits(kill_budget_seconds=5)


@pytest.fixture(name="world")
def _world(make_placement, make_pod):
    """Return a world with one gang of two under a lease, and its pods with the given statuses."""

    def world(*statuses_, lease=300.0, funded=None, **spec):
        placement = make_placement(**spec)
        answer = SyncAnswer(
            leases=[
                Lease(
                    attempt=placement.spec.attempt, fence=1, lease_seconds=int(lease), funded_seconds=funded, first=True
                )
            ],
            slot_seconds=300,
        )
        held = leases.answered({}, {"job-a": placement}, answer, NOW)
        pods = [gangs.worker(make_pod(placement, rank, **status)) for rank, status in enumerate(statuses_)]
        return decide.World({"job-a": placement}, {}, tuple(pods), frozenset(held), held)

    return world


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
DONE = {"phase": "Succeeded"}
OUT_OF_CPU = {"phase": "Failed", "reason": "OutOfcpu", "message": "no room"}


def outcome(world, now=NOW):
    (report,) = decide.desired(world, now, LIMITS).reports
    return report.phase, report.outcome


def test_pods_come_after_what_they_share(world):
    plan = decide.desired(replace(world(), services=frozenset()), NOW, LIMITS)
    assert [decide.CreateGang, decide.CreateWorker, decide.CreateWorker] == [type(action) for action in plan.actions]


def test_all_ready_is_running(world):
    assert (Phase.RUNNING, None) == outcome(world(READY, READY))
    assert (Phase.STARTING, None) == outcome(world(READY, {"phase": "Pending"}))


def test_one_refused_worker_stops_all_as_the_pools_fault(world):
    plan = decide.desired(world(READY, OUT_OF_CPU), NOW, LIMITS)
    assert {0, 1} == {action.worker.rank for action in plan.actions}
    assert (Phase.DRAINING, Outcome.POOL_FAULT) == (plan.reports[0].phase, plan.reports[0].outcome)


def test_a_gpu_that_is_lost_stops_the_gang_with_its_grace_as_the_pools_fault(world):
    running = world(READY, READY)
    plan = decide.desired(replace(running, faulty={("node-1", 0): "XID 79"}), NOW, LIMITS)
    assert [(0, 30), (1, 30)] == sorted((action.worker.rank, action.grace_seconds) for action in plan.actions)
    assert (Outcome.POOL_FAULT, "worker 1: GPU 0 of its node has a fault: XID 79") == (
        plan.reports[0].outcome, plan.reports[0].detail
    )  # fmt: skip
    elsewhere = {("node-1", 1): "XID 79", ("node-2", 0): "XID 79"}
    assert (Phase.RUNNING, None) == outcome(replace(running, faulty=elsewhere))


def test_a_gpu_that_is_lost_does_not_stop_the_gang_that_leaves_it(world):
    running = world(READY, READY)
    [(attempt, gang)] = running.gangs.items()
    gone = Seat(7, "node-9", (0,), leaving=True)
    left = replace(running, gangs={attempt: replace(gang, seats=(*gang.seats, gone), begun=gang.begun | {7})})
    plan = decide.desired(replace(left, faulty={("node-9", 0): "XID 79"}), NOW, LIMITS)
    assert gone in plan.gangs[attempt].seats
    assert plan.gangs[attempt].stop is None


def test_a_gang_that_is_not_ready_in_time_is_released(world):
    waiting = world(READY, {"phase": "Pending"}, lease=7200)
    assert (Phase.STARTING, None) == outcome(waiting, NOW + 599)
    assert (Phase.DRAINING, Outcome.START_DEADLINE_EXCEEDED) == outcome(waiting, NOW + 600)


@pytest.mark.parametrize(("seconds", "phase"), [(261, Phase.RUNNING), (263, Phase.DRAINING)])
def test_a_lease_of_300_s_ends_at_297_less_grace_and_kill_budget(world, seconds, phase):
    assert phase == outcome(world(READY, READY), NOW + seconds)[0]


def test_a_short_lease_leaves_half_of_itself_for_work(world):
    running = world(READY, READY, lease=40)
    assert (Phase.RUNNING, None) == outcome(running, NOW + 17)
    assert (Phase.DRAINING, Outcome.LEASE_ENDED) == outcome(running, NOW + 18)


def test_the_grace_is_cut_to_what_the_lease_leaves(world):
    plan = decide.desired(world(READY, READY), NOW + 290, LIMITS)
    assert {2} == {action.grace_seconds for action in plan.actions}


def test_funding_ends_the_gang_with_its_whole_grace(world):
    running = world(READY, READY, funded=100)
    assert (Phase.RUNNING, None) == outcome(running, NOW + 64)
    plan = decide.desired(running, NOW + 65, LIMITS)
    assert {30} == {action.grace_seconds for action in plan.actions}


def test_funding_that_is_extended_ends_nothing(world):
    running = world(READY, READY, funded=100)
    (attempt,) = running.gangs
    answer = SyncAnswer(
        leases=[Lease(attempt=attempt, fence=1, lease_seconds=300, funded_seconds=None)], slot_seconds=300
    )
    after = leases.answered(running.gangs, running.placements, answer, NOW + 60)
    assert (Phase.RUNNING, None) == outcome(replace(running, gangs=after), NOW + 200)


def test_an_agent_that_cannot_renew_starts_nothing_more(world):
    assert () == decide.desired(world(READY), NOW + 120, LIMITS).actions


def test_a_newer_attempt_waits_for_gpus_that_are_still_held(world, make_placement):
    busy = world(READY, READY)
    other = make_placement("job-b")
    plan = decide.desired(replace(busy, placements={**busy.placements, "job-b": other}), NOW, LIMITS)
    blocked = {report.attempt: report.blocked for report in plan.reports if report.phase == Phase.PENDING}
    assert {UUID(other.spec.attempt): True} == blocked
    assert UUID(other.spec.attempt) not in {each.attempt for each in leases.held(plan.reports)}


def test_the_workers_of_a_large_world_are_read_once_a_look(world, make_placement):
    class Counted(tuple):
        __slots__ = ()
        reads = 0

        def __iter__(self):
            Counted.reads += 1
            return super().__iter__()

    small = world(READY, READY)
    waiting = {f"job-{number}": make_placement(f"job-{number}") for number in range(50)}
    (gang,) = small.gangs.values()
    many = {UUID(int=number): replace(gang, attempt=UUID(int=number)) for number in range(50)}
    large = replace(
        small,
        placements={**small.placements, **waiting},
        workers=Counted(small.workers),
        gangs={**small.gangs, **many},
    )
    assert 50 == sum(report.blocked for report in decide.desired(large, NOW, LIMITS).reports)
    assert Counted.reads <= 4


def test_an_elastic_gang_gives_up_the_workers_that_were_taken_away(world, make_placement):
    shrunk = world(READY, READY)
    smaller = make_placement(seats=[("node-0", (0,))])
    plan = decide.desired(replace(shrunk, placements={"job-a": smaller}), NOW, LIMITS)
    assert [1] == [action.worker.rank for action in plan.actions]
    assert Phase.RUNNING == plan.reports[0].phase


def test_a_pod_that_somebody_else_deletes_is_the_pools_fault(world):
    running = world(READY, READY)
    first, second = running.workers
    assert (Phase.DRAINING, Outcome.POOL_FAULT) == outcome(
        replace(running, workers=(replace(first, deleting=True), second))
    )


@pytest.mark.parametrize(
    ("statuses_", "first", "expected"),
    [
        pytest.param((), True, (Phase.STARTING, None), id="its first lease"),
        pytest.param((), False, (Phase.DRAINING, Outcome.POOL_FAULT), id="it ran before, or an answer was lost"),
        pytest.param((READY,), False, (Phase.DRAINING, Outcome.POOL_FAULT), id="a part of it is left"),
        pytest.param((READY, READY), False, (Phase.RUNNING, None), id="it runs"),
        pytest.param((DONE, DONE), False, (Phase.DRAINING, Outcome.SUCCEEDED), id="it has ended well"),
    ],
)
def test_an_agent_without_its_record_starts_nothing_that_may_have_run(
    make_placement, make_pod, statuses_, first, expected
):
    placement = make_placement()
    attempt = UUID(placement.spec.attempt)
    lease = Lease(attempt=attempt, fence=1, lease_seconds=300, funded_seconds=None, first=first)
    answer = SyncAnswer(leases=[lease], slot_seconds=300)
    taken = leases.answered({}, {"job-a": placement}, answer, NOW)
    pods = tuple(gangs.worker(make_pod(placement, rank, **status)) for rank, status in enumerate(statuses_))
    world = decide.World({"job-a": placement}, {}, pods, frozenset(), taken)
    assert expected == outcome(world)
    made = [each for each in decide.desired(world, NOW, LIMITS).actions if isinstance(each, decide.CreateWorker)]
    assert (2 if expected == (Phase.STARTING, None) else 0) == len(made)


def test_a_worker_that_was_begun_before_a_crash_is_not_begun_again(world, tmp_path):
    """Whether it was created, ran and is gone is not known any more."""
    with closing(store.Store(tmp_path, UUID(int=5))) as kept:
        before = world()
        kept.save_gangs({}, decide.desired(before, NOW, LIMITS).gangs)
        after = decide.desired(replace(before, gangs=kept.gangs()), NOW, LIMITS)
    assert (Phase.DRAINING, Outcome.POOL_FAULT) == (after.reports[0].phase, after.reports[0].outcome)


def test_a_cancelled_attempt_ends_at_once_and_is_not_reported_again(world):
    running = world(READY, READY)
    (attempt,) = running.gangs
    answer = SyncAnswer(cancelled=[Cancelled(attempt=attempt, fence=1, reason="expired")], slot_seconds=300)
    after = leases.answered(running.gangs, running.placements, answer, NOW + 1)
    plan = decide.desired(replace(running, gangs=after), NOW + 1, LIMITS)
    assert {1} == {action.grace_seconds for action in plan.actions}
    gone = decide.World(running.placements, {}, (), frozenset(), plan.gangs, frozenset({attempt}))
    last = decide.desired(gone, NOW + 2, LIMITS)
    assert (Phase.RELEASED, True) == (last.reports[0].phase, last.gangs[attempt].ended)
    assert () == leases.held(decide.desired(replace(gone, gangs=last.gangs), NOW + 3, LIMITS).reports)


HOSTILE = "no\x00\x1b[2J\n\ud800"


def test_what_a_job_says_is_made_what_the_hub_takes(world, tmp_path):
    """A worker writes what it likes to its termination message; one that the hub refuses would end every sync."""
    running = world(READY, {"phase": "Failed", "message": HOSTILE})
    plan = decide.desired(running, NOW, LIMITS)
    with closing(store.Store(tmp_path, UUID(int=5))) as kept:
        kept.save_gangs({}, plan.gangs)
        (told,) = leases.held(decide.desired(replace(running, gangs=kept.gangs()), NOW, LIMITS).reports)
    assert "worker 1: Failed: no  [2J  " == told.detail
    assert told == type(told).model_validate_json(told.model_dump_json())
    assert "no  [2J  " == Held(attempt=UUID(int=1), fence=1, phase=Phase.DRAINING, detail=HOSTILE).detail
    with pytest.raises(ValidationError, match="control characters"):
        CheckpointRequest(attempt=UUID(int=1), fence=1, step=1, uri="s3://b/\x00")


def test_a_reason_of_any_length_is_cut_to_what_the_hub_takes(world, tmp_path):
    running = world(READY, READY)
    (attempt,) = running.gangs
    refused = {attempt: running.gangs[attempt].stopping(Outcome.POOL_FAULT, "no " * 2000)}
    with closing(store.Store(tmp_path, UUID(int=5))) as kept:
        kept.save_gangs({}, refused)
        plan = decide.desired(replace(running, gangs=kept.gangs()), NOW, LIMITS)
    assert [1024] == [len(each.detail) for each in leases.held(plan.reports)]
    answer = SyncAnswer(cancelled=[Cancelled(attempt=attempt, fence=1, reason="x" * 1024)], slot_seconds=300)
    after = leases.answered(running.gangs, running.placements, answer, NOW)
    assert [1024] == [
        len(e.detail) for e in leases.held(decide.desired(replace(running, gangs=after), NOW, LIMITS).reports)
    ]


def test_a_status_is_written_when_it_has_something_new_to_say(make_placement):
    from datetime import UTC, datetime

    placement = make_placement()
    report = decide.Report(UUID(placement.spec.attempt), 1, Phase.RUNNING, ready=2)
    first = statuses.status(report, placement, datetime(2030, 1, 1, tzinfo=UTC))
    assert ("Running", 1, 2) == (first["phase"], first["fence"], first["readyWorkers"])
    told = type(placement).parse({**placement.model_dump(by_alias=True, mode="json"), "status": first})
    assert statuses.status(replace(report, ready=1), told, datetime(2030, 1, 2, tzinfo=UTC)) is None
    drained = statuses.status(
        replace(report, phase=Phase.DRAINING, outcome=Outcome.STOPPED), told, datetime(2030, 1, 2, tzinfo=UTC)
    )
    times = {each["type"]: each["lastTransitionTime"] for each in drained["conditions"]}
    assert times["Leased"].startswith("2030-01-01")
    assert times["WorkersReady"].startswith("2030-01-02")


def test_a_seat_knows_its_gang():
    gang = Gang(UUID(int=1), 1, "p", 0, 0, 0, seats=(Seat(0, "n", (0,)), Seat(1, "n", (1,), leaving=True)))
    assert frozenset({0}) == gang.ranks


def taken_away(world):
    """Return the world of a gang of two whose placement has lost its second worker, at a later sequence."""
    smaller = world.placements["job-a"]
    spec = smaller.spec.model_copy(update={"workers": smaller.spec.workers[:1], "sequence": smaller.spec.sequence + 1})
    return replace(world, placements={"job-a": smaller.model_copy(update={"spec": spec})})


def test_a_decision_counts_as_carried_out_when_those_whom_it_took_away_are_seen_to_be_gone(world):
    both = world(READY, READY)
    before = decide.desired(both, NOW, LIMITS)
    shrunk = taken_away(replace(both, gangs=before.gangs))
    sequence = shrunk.placements["job-a"].spec.sequence
    told = decide.desired(shrunk, NOW, LIMITS)
    assert sequence - 1 == told.reports[0].acted, "it has its grace"
    (gang,) = told.gangs.values()
    first_only = replace(shrunk, gangs=told.gangs, workers=shrunk.workers[:1])
    unsure = decide.desired(first_only, NOW, LIMITS)
    assert [decide.ConfirmLeft(gang.attempt, frozenset({1}))] == list(unsure.actions)
    assert sequence - 1 == unsure.reports[0].acted
    sure = decide.desired(replace(first_only, gangs=unsure.gangs, left={gang.attempt: {1}}), NOW, LIMITS)
    assert (sequence, ()) == (sure.reports[0].acted, sure.actions)
    assert (Phase.RUNNING, None) == (sure.reports[0].phase, sure.reports[0].outcome)


def test_whoever_was_taken_away_before_anything_of_it_began_has_left(world):
    nothing_yet = taken_away(world())
    plan = decide.desired(nothing_yet, NOW, LIMITS)
    assert nothing_yet.placements["job-a"].spec.sequence == plan.reports[0].acted
    assert [0] == [action.seat.rank for action in plan.actions if isinstance(action, decide.CreateWorker)]


def test_an_agent_without_its_record_does_not_take_a_worker_for_gone_that_is_there(world):
    """Its placement does not name the second worker any more, and no record says that it ever did."""
    shrunk = taken_away(world(READY, READY))
    forgotten = replace(shrunk, gangs={}, services=frozenset())
    (report,) = decide.desired(forgotten, NOW, LIMITS).reports
    assert 0 == report.acted
    placement = shrunk.placements["job-a"]
    lease = Lease(attempt=placement.spec.attempt, fence=1, lease_seconds=300, funded_seconds=None, first=False)
    held = leases.answered({}, shrunk.placements, SyncAnswer(leases=[lease], slot_seconds=300), NOW)
    plan = decide.desired(replace(forgotten, gangs=held), NOW, LIMITS)
    assert 0 == plan.reports[0].acted
    assert [1] == [action.worker.rank for action in plan.actions if isinstance(action, decide.DeleteWorker)]


def test_new_workers_of_a_placement_are_made_and_their_gang_runs_on(world, make_placement):
    two = world(READY, READY)
    known = decide.desired(two, NOW, LIMITS).gangs
    larger = make_placement(seats=[("node-0", (0,)), ("node-1", (0,)), ("node-2", (0,))])
    plan = decide.desired(replace(two, gangs=known, placements={"job-a": larger}), NOW, LIMITS)
    assert [2] == [action.seat.rank for action in plan.actions if isinstance(action, decide.CreateWorker)]
    assert Phase.RUNNING == plan.reports[0].phase
