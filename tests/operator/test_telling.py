"""Telling beside the cycle: each status once, the last one, and again if it could not be written."""

import asyncio
import contextlib

import numpy as np
import pytest

from hanse.operator.kube import KubeError
from hanse.operator.mirror import Mirror, Past
from hanse.operator.telling import CONCURRENT_MAX, Teller
from hanse.operator.world import World
from hanse.scheduler import Plan
from hanse.scheduler.explaining import EXPLANATIONS

UID = "11111111-1111-1111-1111-111111111111"
OTHER = "00000000-1111-1111-1111-111111111111"
WAITING = {
    "reason": "ExceedsCap", "accelerator": "h100", "asked_gpus": 8, "free_gpus": 8, "borrowable_gpus": -1,
    "guaranteed_gib": 0, "limit_gib": 0, "shareable_gib": 0,
    "lacking_gpus": 0, "workers_that_fit": 0, "starts_by": -1, "level": "", "is_too_large": False,
    "ahead_in_leaf": 0, "cap": "a", "cap_is_at_once": False,
    "cap_asked": 9, "cap_left": 5,
}  # fmt: skip


def document(version, **status):
    spec = {
        "tier": "standard", "workers": {"replicas": 1}, "gpusPerWorker": 1, "accelerators": [{"class": "h100"}],
        "maxRuntime": "1h",
        "template": {"spec": {"containers": [{"name": "trainer", "image": "a.example/b@sha256:" + "ab" * 32}]}},
    }  # fmt: skip
    metadata = {"name": "job", "namespace": "red", "uid": UID, "generation": 1, "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": spec, "status": status}


class Recorder:
    """Stands for an API server that is slow: it answers when it is let."""

    def __init__(self):
        self.messages = []
        self.phases, self.version, self.lets = [], 10, asyncio.Event()
        self.refuses, self.answers_nonsense = 0, False

    async def apply(self, _path, body):
        self.phases.append(body["status"].get("phase"))
        self.messages.append(body["status"].get("explanation", {}).get("message", ""))
        await self.lets.wait()
        if self.answers_nonsense:
            raise ValueError("no JSON")  # as the decoder does
        if self.refuses:
            raise KubeError(self.refuses, "not now")
        self.version += 1
        return {"metadata": {"resourceVersion": str(self.version)}}

    async def request(self, *_):
        return {}


@contextlib.asynccontextmanager
async def telling():
    kube, world, mirror = Recorder(), World(), Mirror(past={UID: Past()})
    world.take({"TrainingJob": {UID: document(10)}})
    assert not world.misconfigured
    teller = Teller(kube, world, mirror)
    task = asyncio.create_task(teller.run())
    yield teller, kube, world, mirror
    task.cancel()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


def ended(outcome):
    return Past(attempts=1, last_outcome=outcome)


async def _a_status_is_written_once_though_the_cache_is_late():
    async with telling() as (teller, kube, world, _):
        for _ in range(3):
            teller.tell()
            await settle()
        kube.lets.set()
        await settle()
        teller.tell()
        await settle()
        assert ["Queued"] == kube.phases
        # What comes back is what was written: nothing to say. What somebody else wrote is put right.
        world.take({"TrainingJob": {UID: document(11, **teller.status(UID))}})
        teller.tell()
        await settle()
        assert ["Queued"] == kube.phases
        world.take({"TrainingJob": {UID: document(12, phase="Running")}})
        teller.tell()
        await settle()
        assert ["Queued", "Queued"] == kube.phases


async def _a_job_whose_status_changes_twice_is_told_the_last_one():
    async with telling() as (teller, kube, _, mirror):
        teller.tell()
        await settle()
        for past in (ended("Stopped"), ended("Succeeded")):
            mirror.past[UID] = past
            teller.tell()
            await settle()
        kube.lets.set()
        await settle()
        assert ["Queued", "Succeeded"] == kube.phases


async def _a_status_that_is_not_taken_is_written_again():
    async with telling() as (teller, kube, _, _):
        kube.lets.set()
        kube.refuses = 500
        teller.tell()
        await settle()
        kube.refuses = 0
        teller.tell()
        await settle()
        teller.tell()
        await settle()
        assert ["Queued", "Queued"] == kube.phases


async def _a_status_that_is_refused_for_good_is_written_again_when_it_is_another():
    async with telling() as (teller, kube, world, mirror):
        kube.lets.set()
        kube.refuses = 422
        for left in (5, 4, 3):
            teller.waiting[UID] = WAITING | {"cap_left": left}
            teller.tell()
            await settle()
        assert ["Queued"] == kube.phases
        # That somebody touched the object does not make it one that is taken.
        del teller.waiting[UID]
        for version in (11, 12):
            world.take({"TrainingJob": {UID: document(version)}})
            teller.tell()
            await settle()
        assert ["Queued", "Queued"] == kube.phases
        kube.refuses, kube.version, mirror.past[UID] = 0, 12, ended("Succeeded")
        for _ in range(2):
            teller.tell()
            await settle()
        assert ["Queued", "Queued", "Succeeded"] == kube.phases


async def _what_is_wrong_with_an_object_is_not_told_again_where_it_cannot_be():
    async with telling() as (teller, kube, world, _):
        kube.lets.set()
        kube.refuses = 422
        tier = {"metadata": {"name": "a", "uid": OTHER, "generation": 1, "resourceVersion": "1"}, "spec": {"rank": "x"}}
        world.take({"TrainingJob": {UID: None}, "PriorityTier": {OTHER: tier}})
        for _ in range(3):
            teller.tell()
            await settle()
        assert 1 == len(kube.phases)
        assert {OTHER} == teller._refused.keys()
        world.take({"PriorityTier": {OTHER: None}})
        teller.tell()
        assert not teller._refused, "what is gone is not remembered"


async def _whatever_is_wrong_with_one_the_others_are_told_and_it_is_told_later():
    async with telling() as (teller, kube, world, _):
        kube.lets.set()
        kube.answers_nonsense = True
        for _ in range(2 * CONCURRENT_MAX):
            teller.tell()
            await settle()
        kube.answers_nonsense = False
        kube.phases.clear()
        world.documents[OTHER] = {"metadata": {"resourceVersion": "1"}}  # neither read nor known to be misconfigured
        world.documents[UID] = world.documents.pop(UID)
        teller.tell()
        await settle()
        assert ["Queued"] == kube.phases


async def _a_job_that_another_cap_refuses_now_is_told_its_name():
    async with telling() as (teller, kube, _, _):
        kube.lets.set()
        for cap, left in (("a", 5), ("a", 4), ("b", 4)):
            teller.waiting[UID] = WAITING | {"cap": cap, "cap_left": left}
            teller.tell()
            await settle()
        assert ["cap a", "cap b"] == [" ".join(each.split()[1:3]) for each in kube.messages]


@pytest.mark.parametrize(
    "promise",
    [
        _a_status_is_written_once_though_the_cache_is_late,
        _a_job_whose_status_changes_twice_is_told_the_last_one,
        _a_status_that_is_not_taken_is_written_again,
        _a_status_that_is_refused_for_good_is_written_again_when_it_is_another,
        _what_is_wrong_with_an_object_is_not_told_again_where_it_cannot_be,
        _whatever_is_wrong_with_one_the_others_are_told_and_it_is_told_later,
        _a_job_that_another_cap_refuses_now_is_told_its_name,
    ],
    ids=lambda promise: promise.__name__.strip("_"),
)
def test_telling(promise):
    asyncio.run(promise())


def test_who_waits_is_sorted_by_member_once_a_plan():
    world = World()
    for number, member in enumerate(("red", "blue", "red", "nobody")):
        found = document(10)
        found["metadata"] |= {"uid": str(number), "name": f"job-{number}", "namespace": member}
        world.take({"TrainingJob": {str(number): found}})
        labels = {"hanse.dev/member": member} if member != "nobody" else {}
        world.take({"Namespace": {member: {"metadata": {"name": member, "labels": labels}}}})
    rows = np.zeros(5, dtype=EXPLANATIONS)
    rows["uid"] = [str(number) for number in range(5)]  # the last one's job is gone
    teller = Teller(Recorder(), world, Mirror())
    teller.take(Plan(0, (), rows), {})
    queues = {"red": [("red", 1, "job-0", "0"), ("red", 1, "job-2", "2")], "blue": [("blue", 1, "job-1", "1")]}
    assert queues == teller.queues
    teller.take(Plan(1, (), rows[:1]), {})
    assert {"red": [("red", 1, "job-0", "0")]} == teller.queues
