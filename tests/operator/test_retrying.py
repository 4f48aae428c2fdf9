"""A job that the pool fails is tried again, later each time."""

import uuid
from types import SimpleNamespace

import pytest
import yaml

from hanse.ledger.attempts import State
from hanse.operator import candidates, kinds, mirror, retrying, snapshot
from hanse.operator.mirror import Mirror, Past
from hanse.operator.world import World
from hanse.resources import Reason

NOW = 1_800_000_000
JOB = str(uuid.UUID(int=1))


def faulted(times, now):
    return Mirror(now, past={JOB: Past(attempts=times, pool_faults=times, last_ended_seconds=NOW)})


@pytest.mark.parametrize(("times", "seconds"), [(1, 2), (2, 4), (8, 256), (9, 300), (5000, 300)])
def test_the_delay_doubles_up_to_five_minutes(times, seconds):
    held = retrying.verdicts([JOB], faulted(times, NOW + seconds - 1))
    assert [Reason.RETRY_DELAYED] == [verdict.reason for verdict in held.values()]
    assert {} == retrying.verdicts([JOB], faulted(times, NOW + seconds))


def test_who_runs_and_who_failed_by_itself_is_not_held_back():
    assert {} == retrying.verdicts([JOB], faulted(0, NOW))
    running = faulted(3, NOW)
    running.live[JOB] = object()
    assert {} == retrying.verdicts([JOB], running)


def test_only_faults_in_a_row_count():
    def ended(outcome):
        more = dict.fromkeys(("stop_kind", "stop_reason", "last_decision", "failure", "granted_at_seconds"))
        return SimpleNamespace(outcome=outcome, ended_at_seconds=NOW, state=State.RELEASED, **more)

    past, counts = Past(), []
    for outcome in ("PoolFault", "PoolFault: OutOfcpu", "Failed", "PoolFault", "Stopped", None, "PoolFault"):
        past = mirror._extended(past, ended(outcome))
        counts.append(past.pool_faults)
    assert [1, 2, 0, 1, 0, 0, 1] == counts


def test_a_job_that_is_held_back_is_planned_for_as_suspended_and_told_why(pytestconfig):
    world = World()
    for path in sorted((pytestconfig.rootpath / "examples").glob("*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(path.read_text())):
            uid = JOB if (document["kind"], number) == ("TrainingJob", 0) else f"{path.name}-{number}"
            document["metadata"] |= {"uid": uid, "resourceVersion": "1"}
            if document["kind"] in {kind.name for kind in kinds.WATCHED}:
                world.take({document["kind"]: {uid: document}})

    def gathered(now):
        found = snapshot.gather(snapshot.Inputs(world, faulted(3, now), [], {}, {}), candidates.Memory())
        return found.jobs[JOB].suspended, found.verdicts[JOB].sentence if JOB in found.verdicts else ""

    said = "the pool, not the job, failed it 3 times in a row; it is tried again from 2027-01-15T08:00:08Z on"
    assert [(True, said), (False, "")] == [gathered(NOW + 7), gathered(NOW + 8)]


def test_a_real_job_that_the_pool_failed_starts_again_after_a_while(pool):
    pool.operator()
    uid = pool.submit("unlucky")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    assert pool.release(placement, "PoolFault")
    pool.until("another attempt", lambda: pool.status("unlucky").get("fence") == 2)
    seen = Mirror()
    seen.poll(pool.api, [uid])
    past = seen.past[uid]
    assert past.pool_faults == 1
    assert seen.live[uid].admitted_at_seconds >= past.last_ended_seconds + 2
