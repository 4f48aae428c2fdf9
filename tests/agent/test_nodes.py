"""What the cluster agent makes of node agents that say that a GPU has a fault, or nothing any more."""

import uuid

import pytest

from hanse.agent import clock
from hanse.agent.bindings import GpuThere, NodeStatement
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
