"""When attempts end that nobody stops for another: for what users, time, and who contributes nodes bring about."""

import uuid

import pytest
import yaml
from test_pure import EXAMPLES, NOW, A, B, live

from hanse.operator import ends, mirror
from hanse.operator.world import World


@pytest.fixture(name="job")
def _job(request):
    path = request.config.rootpath / EXAMPLES / "trainingjob.yaml"
    document = next(yaml.safe_load_all(path.read_text()))
    document["metadata"] |= {"uid": str(uuid.UUID(int=1)), "generation": 3}
    return document


@pytest.mark.parametrize(
    ("more", "lacking", "expected"),
    [
        ({"state": "admitted", "granted_at_seconds": None}, True, ["StorageNotReady"]),
        ({"state": "admitted", "granted_at_seconds": None}, False, []),
        ({}, True, []),
        ({"granted_at_seconds": NOW - 72 * 3600}, False, ["MaxRuntimeExceeded"]),
        ({"state": "admitted", "granted_at_seconds": None, "failure": "422"}, False, ["PlacementRefused"]),
    ],
    ids=["no credentials", "on its way", "running without", "has run its time", "refused"],
)
def test_attempts_end_for_what_users_and_time_bring_about(job, more, lacking, expected):
    world, attempt = World(), live(**more)
    world.take({"TrainingJob": {attempt.job: job}})
    mirrored = mirror.Mirror(now_seconds=NOW, live={attempt.job: attempt})
    found = ends.groups(world, mirrored, frozenset({attempt.job}) if lacking else frozenset())
    assert expected == [entry.reason for group in found for entry in group.entries]


@pytest.mark.parametrize(
    ("left_seconds", "expected"),
    [(3600, []), (30 + 30 + 60 + 1, []), (30 + 30 + 60, ["NodesRecalled"]), (-600, ["NodesRecalled"])],
    ids=["long before", "just before", "grace, kill and hearing before", "late"],
)
def test_an_attempt_is_stopped_in_time_to_have_gone_when_its_nodes_have_to_be_free(job, left_seconds, expected):
    world, attempt = World(), live()
    world.take({"TrainingJob": {attempt.job: job}})
    mirrored = mirror.Mirror(now_seconds=NOW, live={attempt.job: attempt})
    for node, told in (("n1", expected), ("n2", [])):
        found = ends.groups(world, mirrored, free_by={node: NOW + left_seconds})
        assert told == [entry.reason for group in found for entry in group.entries]


@pytest.mark.parametrize(
    ("awaits", "ended", "expected"),
    [
        ([], {}, ["StartDeadlineExceeded"]),
        ([A], {}, []),
        ([A, B], {A: NOW - 10**6}, []),
        ([A], {A: NOW - 60}, []),
        ([A, B], {A: NOW - 10**6, B: NOW - 10**5}, ["StartDeadlineExceeded"]),
    ],
    ids=["its own since long", "waits", "waits for one", "its own since a minute", "reclaimed long ago"],
)
def test_a_start_is_waited_for_from_when_its_gpus_are_its_own(job, awaits, ended, expected):
    world = World()
    attempt = live(granted_at_seconds=None, admitted_at_seconds=NOW - 10**6, awaits=frozenset(awaits))
    world.take({"TrainingJob": {attempt.job: job}})
    mirrored = mirror.Mirror(now_seconds=NOW, live={attempt.job: attempt}, ended_at=ended)
    assert expected == [entry.reason for group in ends.groups(world, mirrored) for entry in group.entries]


@pytest.mark.parametrize(
    ("waited", "awaited", "expected"),
    [
        (10**6, {"state": "suspect"}, ["StartDeadlineExceeded"]),
        (10**6, {"state": "draining", "grace_seconds": 30}, ["StartDeadlineExceeded"]),
        (10**6, {"state": "draining", "grace_seconds": 2 * 10**6}, []),
        (60, {"state": "suspect"}, []),
    ],
    ids=["its cluster is silent", "it does not end", "it has its grace", "the deadline is not over"],
)
def test_a_start_does_not_wait_for_ever_for_an_attempt_that_does_not_end(job, waited, awaited, expected):
    world = World()
    victim = live(id=A, job=str(uuid.UUID(int=7)), stop_kind="Preempt", **awaited)
    attempt = live(granted_at_seconds=None, admitted_at_seconds=NOW - waited, awaits=frozenset({A}))
    world.take({"TrainingJob": {attempt.job: job}})
    mirrored = mirror.Mirror(now_seconds=NOW, live={attempt.job: attempt, victim.job: victim})
    found = [(entry.job, entry.reason) for group in ends.groups(world, mirrored) for entry in group.entries]
    assert expected == [reason for of, reason in found if str(of) == attempt.job]
