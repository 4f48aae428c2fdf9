"""A job that the pool fails is tried again in the same cluster, later each time, and elsewhere at once."""

import uuid
from types import SimpleNamespace

import pytest
import yaml

from hanse.ledger.attempts import State
from hanse.operator import candidates, credentials, kinds, mirror, retrying, snapshot
from hanse.operator.mirror import Fault, Mirror, Past
from hanse.operator.world import World

NOW = 1_800_000_000
JOB = str(uuid.UUID(int=1))


def past(*faults):
    return Past(faults=tuple(Fault(*each) for each in faults))


@pytest.mark.parametrize(("times", "seconds"), [(1, 2), (2, 4), (8, 256), (9, 300), (5000, 300)])
def test_the_delay_doubles_up_to_five_minutes(times, seconds):
    known = past(("east", times, NOW))
    assert {"east"} == retrying.excluded_clusters(known, NOW + seconds - 1)
    assert not retrying.excluded_clusters(known, NOW + seconds)


def test_a_refusal_keeps_a_job_out_of_that_cluster_alone():
    known = past(("east", 1, NOW, True), ("west", 1, NOW - 9))
    assert {"east"} == retrying.excluded_clusters(known, NOW + 299)
    assert not retrying.excluded_clusters(known, NOW + 300)
    said = "the pool, not the job, failed or refused it 2 times; where it did, it is tried again by"
    assert f"{said} 2027-01-15T08:05:00Z" == retrying.sentence(known).english


def test_faults_in_a_row_count_for_each_cluster():
    def ended(cluster, outcome, **more):
        named = ("stop_kind", "stop_reason", "last_decision", "failure", "granted_at_seconds")
        row = dict.fromkeys(named) | {"cluster": cluster, "outcome": outcome, "state": State.RELEASED} | more
        return SimpleNamespace(ended_at_seconds=NOW, **row)

    rows = [
        (ended("east", "PoolFault"), {"east": 1}),
        (ended("east", "PoolFault: OutOfcpu"), {"east": 2}),
        (ended("west", "Refused: registry"), {"east": 2, "west": 1}),
        (ended("east", "Failed"), {"west": 1}),
        (ended("west", None, stop_reason="PlacementRefused"), {"west": 2}),
        (ended("east", "PoolFault"), {"west": 2, "east": 1}),
        (ended("west", None, stop_reason="PlacementRefused", failure="422"), {"east": 1}),
        (ended("west", None, stop_reason="StartDeadlineExceeded"), {"east": 1, "west": 1}),
        (ended("west", "Stopped"), {"east": 1}),
        (ended("east", None), {}),
    ]
    known = Past()
    for row, expected in rows:
        known = mirror._extended(known, row)
        assert expected == {each.cluster: each.times for each in known.faults}


def test_the_planner_leaves_the_cluster_out_until_the_delay_is_over(pytestconfig, monkeypatch):
    world = World()
    for path in sorted((pytestconfig.rootpath / "examples").glob("*.yaml")):
        for number, document in enumerate(yaml.safe_load_all(path.read_text())):
            uid = JOB if (document["kind"], number) == ("TrainingJob", 0) else f"{path.name}-{number}"
            document["metadata"] |= {"uid": uid, "resourceVersion": "1"}
            if document["kind"] in {kind.name for kind in kinds.WATCHED}:
                world.take({document["kind"]: {uid: document}})

    known = past(("east", 3, NOW), ("west", 1, NOW))

    def excluded(now, memory, **live):
        memory.pool(world, snapshot._pool)
        found = memory.candidates(world, Mirror(now, past={JOB: known}, live=live))[JOB]
        return found.judged.free.shape.excluded_clusters

    kept = candidates.Memory()
    assert [{"east", "west"}, {"east"}, {"east"}, set()] == [excluded(NOW + each, kept) for each in (1, 2, 7, 8)]
    assert set() == excluded(NOW, kept, **{JOB: SimpleNamespace(fence=1)})
    assert world.jobs[JOB].spec.storage is not None
    monkeypatch.setattr(credentials, "is_usable", lambda _key: False)
    assert set(world.named("MemberCluster")) == excluded(NOW + 8, candidates.Memory())


def test_a_real_job_that_the_pool_failed_starts_again_after_a_while(pool):
    pool.operator()
    uid = pool.submit("unlucky")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    assert pool.release(placement, "PoolFault")
    pool.until("another attempt", lambda: pool.status("unlucky").get("fence") == 2)
    seen = Mirror()
    seen.poll(pool.api, [uid])
    (fault,) = seen.past[uid].faults
    assert ("blue-1", 1, False) == (fault.cluster, fault.times, fault.is_refusal)
    assert seen.live[uid].admitted_at_seconds >= fault.last_seconds + 2
