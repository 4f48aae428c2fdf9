"""What the API service is answered: queues and jobs by the page, each member its own, and what coordinators see."""

import asyncio
from types import SimpleNamespace

import exemplified
import numpy as np
import pytest

from hanse.api import members
from hanse.ledger import reports
from hanse.operator import coordinating
from hanse.operator.coordinating import Offered, Seen
from hanse.operator.inquiries import Inquiries
from hanse.operator.mirror import Mirror
from hanse.operator.reach import reach
from hanse.operator.telling import Teller
from hanse.operator.world import World
from hanse.scheduler import Plan
from hanse.scheduler.explaining import EXPLANATIONS

NOW = 1_800_000_000
CONTAINER = {"name": "trainer", "image": "registry.example/t@sha256:" + "ab" * 32}
SPEC = {
    "tier": "standard", "workers": {"replicas": 1}, "gpusPerWorker": 8, "accelerators": [{"class": "h100"}],
    "maxRuntime": "1h", "template": {"spec": {"containers": [CONTAINER]}},
}  # fmt: skip


def namespace(name, member, organisation=""):
    labels = {"hanse.dev/member": member} | ({"hanse.dev/organisation": organisation} if organisation else {})
    return {"metadata": {"name": name, "labels": labels}}


@pytest.fixture(name="asked")
def _asked():
    """Return inquiries of a leader for which ten jobs of each of two members wait."""
    world = World()
    for member in ("red", "blue"):
        world.take({"Namespace": {member: namespace(member, member)}})
        for number in range(10):
            metadata = {"name": f"job-{number}", "namespace": member, "uid": f"{member}-{number}", "generation": 1}
            document = {"metadata": metadata | {"resourceVersion": "1"}, "spec": SPEC}
            world.take({"TrainingJob": {metadata["uid"]: document}})
    rows = np.zeros(20, dtype=EXPLANATIONS)
    rows["uid"] = [f"{member}-{number}" for member in ("red", "blue") for number in range(10)]
    rows["reason"], rows["accelerator"], rows["asked_gpus"], rows["lacking_gpus"] = "WaitingForQuota", "h100", 8, 8
    rows["starts_by"], rows["ahead_in_leaf"] = -1, [*range(9, -1, -1)] * 2
    rows["starts_by"][0] = NOW
    teller = Teller(None, world, Mirror())
    teller.take(Plan(0, (), rows), {})
    leader = SimpleNamespace(teller=teller, situation=None)
    return Inquiries(world, lambda: leader), world, teller


def test_a_queue_is_told_by_the_page_in_its_order_and_to_its_member_alone(asked, monkeypatch):
    inquiries, world, teller = asked
    looked, why = [], teller.why
    monkeypatch.setattr(teller, "why", lambda uid: looked.append(uid) or why(uid))
    own = frozenset({"red"})
    first = inquiries.queue(own, ("", 0, ""), 4)
    rest = inquiries.queue(own, ("red", first[-1]["position"], first[-1]["name"]), 100)
    assert [("red", place, f"job-{10 - place}") for place in range(1, 11)] == [
        (each["namespace"], each["position"], each["name"]) for each in (*first, *rest)
    ]
    assert 10 == len(looked), "only what is told is made"
    assert [] == inquiries.queue(frozenset(), ("", 0, ""), 100)
    world.take({"Namespace": {"red": namespace("red", "blue")}})
    assert [] == inquiries.queue(own, ("", 0, ""), 100), "since the plan its namespace has gone to another"


def test_when_a_job_may_start_is_a_field_of_its_own_and_sentences_come_with_their_codes(asked):
    inquiries, *_ = asked
    told = inquiries.queue(frozenset({"red"}), ("", 0, ""), 10)
    last = told[-1]["start"]
    assert ("2027-01-15T08:00:00Z", NOW, "start.kept") == (last["at"], last["seconds"], last["said"]["code"])
    assert (None, "start.unknown", {"others": "4"}) == (
        told[0]["start"]["at"],
        *(told[0]["start"]["said"][name] for name in ("code", "values")),
    )
    remedy = {"code": "remedy.own", "values": {"lacking": "8", "accelerator": "h100"}}
    assert {"message": [{"code": "meaning.WaitingForQuota", "values": {}}], "remedy": [remedy]} == told[0]["said"]
    assert "starts when 8 more h100 are free" in told[0]["remedy"]


def test_jobs_are_told_by_the_page(asked):
    inquiries, *_ = asked
    page = inquiries.jobs(frozenset({"red"}), ("red", "job-3"), 2)
    assert [("red", "job-4"), ("red", "job-5")] == [(each["namespace"], each["name"]) for each in page]
    assert "Queued" == page[0]["status"]["phase"]
    assert [] == inquiries.jobs(frozenset({"green"}), ("", ""), 10)


def test_the_api_service_reads_of_a_job_where_it_runs_and_what_memory_its_workers_have(asked):
    inquiries, world, teller = asked
    document = world.documents["red-0"]
    memory = {"guaranteedMiB": 20480, "limitMiB": 40960}
    world.take({"TrainingJob": {"red-0": document | {"spec": SPEC | {"gpusPerWorker": 1, "gpuMemory": memory}}}})
    teller._mirror.live["red-0"] = exemplified.live(job="red-0", cluster="red-1", accelerator_class="h100")
    shared, whole = members.jobs(inquiries, frozenset({"red"}), 2, "").items
    assert ("h100", "red-1", memory) == (
        shared.accelerator_class, shared.cluster, shared.gpu_memory.model_dump(by_alias=True),
    )  # fmt: skip
    assert (None, None, None) == (whole.accelerator_class, whole.cluster, whole.gpu_memory)


def test_a_member_is_told_its_own_namespaces_and_the_settings_of_all(asked):
    inquiries, world, _ = asked
    world.take({"Namespace": {"lab": namespace("lab", "red", "physics")}})
    spec = {"vendor": "nvidia", "memoryMiB": 81920, "watts": 700, "h100Equivalent": {"fp8": 1000, "bf16": 1000},
            "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"a": "b"}}  # fmt: skip
    world.take({"AcceleratorClass": {"h": {"metadata": {"name": "h100", "uid": "h"}, "spec": spec}}})
    told = inquiries.choices(frozenset({"red"}))
    assert [("lab", "physics"), ("red", None)] == [(each["name"], each["organisation"]) for each in told["namespaces"]]
    assert [{"name": "h100", "precisions": ["bf16", "fp8"]}] == told["classes"]


def test_who_does_not_lead_knows_nothing():
    inquiries = Inquiries(World(), lambda: None)
    own = frozenset({"red"})
    assert [None] * 5 == [
        inquiries.queue(own, ("", 0, ""), 1), inquiries.jobs(own, ("", ""), 1), inquiries.job("x"),
        inquiries.choices(own), inquiries.standing(),
    ]  # fmt: skip
    assert asyncio.run(inquiries.coordination()) is None


def offer(name, cluster, labels=(), recall=None):
    spec = {"cluster": cluster, "class": "h100", "nodeSelector": dict(labels)} | ({"recall": recall} if recall else {})
    return {"metadata": {"name": name, "namespace": "red", "uid": name, "generation": 1}, "spec": spec}


def node(cluster, name, *, ready=True, zone="a", accelerator="h100"):
    body = {"class": accelerator, "gpus": 8, "ready": ready, "labels": {"hanse.dev/zone": zone}}
    return reports.Node(cluster, name, body, NOW)


def test_offers_are_counted_by_what_is_in_order_and_recalls_have_their_notice():
    world = World()
    world.take({"Namespace": {"red": namespace("red", "red")}})
    early = {"at": "2027-01-15T08:05:00Z", "notice": "10m"}
    late = {"at": "2027-01-15T09:00:00Z", "notice": "15m"}
    over = {"at": "2027-01-15T07:00:00Z", "notice": "15m"}
    offers = [offer("b", "two"), offer("a", "one", {"hanse.dev/zone": "a"}, early), offer("c", "one", (), late),
              offer("d", "three", (), over)]  # fmt: skip
    world.take({"Contribution": {each["metadata"]["uid"]: each for each in offers}})
    nodes = [node("one", "n1"), node("one", "n2", ready=False), node("one", "n3", zone="b"), node("two", "n1"),
             node("one", "n4", accelerator="other")]  # fmt: skip
    agents = [reports.Agent("one", "1", NOW - 3), reports.Agent("two", "1", NOW - 95)]
    seen = Seen(nodes, reach(NOW, agents, ["one", "two"]), {each.cluster: each for each in agents})
    told = coordinating.told(Offered.of(world), seen)
    counted = {
        each["name"]: tuple(each[f"{kind}Gpus"] for kind in ("offered", "healthy", "stale", "down"))
        for each in told["contributions"]
    }
    assert {"a": (16, 8, 0, 8), "b": (8, 0, 8, 0), "c": (8, 8, 0, 0), "d": (0, 0, 0, 0)} == counted
    recalls = {each["name"]: each["recall"] and (each["recall"]["leftSeconds"], each["recall"]["isUnderWay"])
               for each in told["contributions"]}  # fmt: skip
    assert {"a": (300, True), "b": None, "c": (3600, False), "d": None} == recalls
    assert ["Recalling", "Open", "Open", "Recalled"] == [each["phase"] for each in told["contributions"]]
    assert [{"name": "two", "silentSeconds": 95}] == told["silentClusters"]
    assert (1, [{"cluster": "one", "name": "n2"}]) == (told["downNodes"], told["nodes"])
    assert {"red"} == {each["member"] for each in told["contributions"]}
