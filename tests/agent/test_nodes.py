"""What the cluster agent makes of node agents that tell of a fault or of strangers, or say nothing any more."""

import asyncio
import uuid

import pytest

from hanse.agent import clock
from hanse.agent.bindings import GpuThere, NodeStatement, Stranger
from hanse.agent.bypasses import Bypasses
from hanse.agent.feed import Feed
from hanse.agent.kube import KubeError
from hanse.agent.nodes import FRESH_SECONDS, SILENT_SECONDS, Nodes
from hanse.resources.protocol import NodeReport, SharedGpus

NIL = uuid.UUID(int=0)
SHARED = SharedGpus(gpus=(), mem_gib=0, limit_gib=0, tenants=0)
"""Of a node whose agent is away: its kubelet has the names of the slices still, and none to give out."""


@pytest.fixture(name="now")
def _now(monkeypatch):
    """The time, which tests set."""
    now = [1000.0]
    monkeypatch.setattr(clock, "boottime", lambda: now[0])
    return now


def heard(nodes, name, now, *gpus):
    nodes.stated[name] = NodeStatement(boot_id=NIL, process=NIL, enforcer="advisory", gpus=gpus)
    nodes._stated_at[name] = now[0]


def report(name, **more):
    its = {"ready": True, "shared": SHARED, **more}
    return NodeReport(name=name, accelerator_class="h100-80g", gpus=1, cpu_milli=0, memory_mib=0, **its)


def test_a_fault_is_one_of_a_gpu_that_hanse_gives_out_itself_and_as_long_as_it_is_said(now):
    nodes = Nodes(None, "", None)
    gpus = [
        GpuThere(index=index, uuid=f"GPU-{index}", memory_mib=1, fault=fault)
        for index, fault in enumerate(("", "XID 79"))
    ]
    for name in ("own", "makers", "gone"):
        heard(nodes, name, now, *gpus)
    slices = {f"gpu{index}.hanse.dev/mem-gib": "0" for index in range(2)}
    objects = {
        "own": {"status": {"allocatable": slices}},
        "makers": {"status": {"allocatable": {"nvidia.com/gpu": "2"}}},
    }
    assert {("own", 1): "XID 79"} == nodes.faulty(objects)
    now[0] += FRESH_SECONDS
    assert {} == nodes.faulty(objects)


def test_a_gpu_with_a_fault_is_not_offered_to_the_hub_though_the_nodes_status_has_it_still(now):
    nodes = Nodes(None, "", None)
    faults = ("", "XID 79", "")
    gpus = [GpuThere(index=index, uuid=f"GPU-{index}", memory_mib=1, fault=fault) for index, fault in enumerate(faults)]
    heard(nodes, "n", now, *gpus)
    shared = SharedGpus(gpus=(0, 1, 2), mem_gib=8, limit_gib=8, tenants=4)
    reports = {"n": report("n", shared=shared), "silent": report("silent", shared=shared)}
    found = nodes.reported(reports)
    assert ((0, 2), (0, 1, 2)) == (found["n"].shared.gpus, found["silent"].shared.gpus)
    assert ("advisory", 8) == (found["n"].enforcer, found["n"].shared.mem_gib)
    now[0] += FRESH_SECONDS
    assert (0, 1, 2) == nodes.reported(reports)["n"].shared.gpus, "nobody says so any more"


def test_a_node_agent_is_missing_where_there_was_one_and_the_node_runs(now, caplog):
    nodes = Nodes(None, "", None)
    more = {"off": {"ready": False}, "makers": {"shared": None}, "simulated": {"simulated": True}}
    reports = {name: report(name, **more.get(name, {})) for name in ("heard", "silent", *more)}
    heard(nodes, "silent", now)
    assert frozenset() == nodes.missing(reports), "it has just begun, and nobody has had time to speak"
    now[0] += SILENT_SECONDS
    heard(nodes, "heard", now)
    assert {"silent"} == nodes.missing(reports)
    nodes.missing(reports)
    assert ["node silent: its node agent has not been heard for a minute; its GPUs give out nothing"] == caplog.messages


class Refusing:
    """An API server that answers each request with one of *statuses*, in turn; 201 is that it takes it."""

    def __init__(self, *statuses):
        self.statuses, self.events = list(statuses), []

    async def request(self, method, path, body):
        assert ("POST", "/api/v1/namespaces/default/events") == (method, path)
        self.events.append(body["message"])
        if (status := self.statuses.pop(0)) != 201:
            raise KubeError(status, "no")


def pod(name, uid, **requests):
    metadata = {"uid": uid, "namespace": "theirs", "name": name, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": {"containers": [{"name": "sidecar"}, {"resources": {"requests": requests}}]}}


@pytest.fixture(name="telling")
def _telling():
    """Return the API server that answers with some statuses, a feed of pods, and what tells of strangers."""

    def telling(*statuses):
        kube = Refusing(*statuses)
        feed = Feed(kube, "/api/v1/pods", asyncio.Event())
        bypasses = Bypasses(kube, feed)

        def tell(*strangers):
            its = NodeStatement(boot_id=NIL, process=NIL, enforcer="advisory", gpus=(), strangers=strangers)
            asyncio.run(bypasses.tell({"n": its}))

        return kube, feed, tell

    return telling


def test_people_are_told_once_of_each_who_uses_a_gpu_without_slices(telling):
    kube, feed, tell = telling(201, 500, 409, 201, 201)
    # Listed after all was made, as pods are.
    feed._take([pod("miner", "u")], 1, {})
    miner, gone, others = (
        Stranger(index=0, uid="u", memory_mib=605), Stranger(index=0, uid="v", memory_mib=606),
        Stranger(index=1, memory_mib=607),
    )  # fmt: skip
    tell(miner, gone)
    tell(miner, gone)
    assert 3 == len(kube.events), "what could not be told is told again, and what is there already is told"
    tell(miner, gone, others)
    tell(gone, others)
    tell(miner, gone, others)
    assert [
        "605 MiB of GPU 0 are used by pod theirs/miner, which has none of it",
        "606 MiB of GPU 0 are used by a pod with uid v, which has none of it",
        "606 MiB of GPU 0 are used by a pod with uid v, which has none of it",
        "607 MiB of GPU 1 are used by processes that are in no pod",
        "605 MiB of GPU 0 are used by pod theirs/miner, which has none of it",
    ] == kube.events


def test_who_asks_for_slices_of_that_gpu_or_has_as_little_as_a_driver_is_not_told_of(telling):
    kube, feed, tell = telling(201)
    feed._take([pod("theirs", "u", **{"gpu1.hanse.dev/mem-gib": "4"})], 1, {})
    has, has_not = (Stranger(index=index, uid="u", memory_mib=700) for index in (1, 11))
    tell(has, has_not, Stranger(index=0, memory_mib=66), Stranger(index=2, uid="v", memory_mib=0))
    assert ["700 MiB of GPU 11 are used by pod theirs/theirs, which has none of it"] == kube.events


def test_a_right_that_is_missing_is_said_once_for_each_stranger(telling, caplog):
    kube, _, tell = telling(403, 403, 403, 403)
    one, two = (Stranger(index=index, memory_mib=700) for index in (0, 1))
    tell(one)
    tell(one, two)
    tell(two)
    assert (4, 2) == (len(kube.events), len(caplog.messages))
