"""What is told of members, clusters and offers, and what becomes of jobs whose time is over."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest
import yaml

from hanse import resources
from hanse.operator import pool_statuses
from hanse.operator.pool_telling import SETTINGS
from hanse.operator.reach import Reach

MEMBERS = "/apis/hanse.dev/v1alpha1/members"
TIER = "/apis/hanse.dev/v1alpha1/prioritytiers/standard"
CLUSTERS = "/apis/hanse.dev/v1alpha1/memberclusters"
OFFERS = "/apis/hanse.dev/v1alpha1/namespaces/blue/contributions"


def status(pool, path):
    return pool.plane.client.request("GET", path).get("status", {})


def stop_clock(pool):
    """Have nothing fall silent or end while a slow machine does something else; return when that is."""
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    pool.stop_clock(now)
    return now


def holds(found):
    return {each["type"]: each["status"] for each in found["conditions"]}


def test_each_is_told_of_its_own_and_of_nothing_else(pool):
    """Blue lends all it has to red: neither sees that in its own object."""
    now = stop_clock(pool)
    pool.speak("blue-1")
    pool.operator()
    pool.submit("borrows", replicas=2)
    pool.until("a Placement", pool.placements)
    cluster = pool.until("the cluster's phase", lambda: _with_phase(pool, f"{CLUSTERS}/blue-1", "Ready"))
    numbers = {name: cluster[name] for name in ("nodes", "readyNodes", "gpus", "gpuCount", "agentVersion")}
    gpus = [{"class": "h100", "gpus": 16}]
    assert {"nodes": 2, "readyNodes": 2, "gpus": gpus, "gpuCount": 16, "agentVersion": "1.2.3"} == numbers
    assert {"Ready": "True", "AgentConnected": "True"} == holds(cluster)
    offer = pool.until("the offer's phase", lambda: _with_phase(pool, f"{OFFERS}/all", "Open"))
    assert (2, 16) == (offer["nodes"], offer["gpus"])
    has = [{"class": "h100", "milliGpus": 16000}]
    pool.until("blue's status", lambda: status(pool, f"{MEMBERS}/blue").get("entitlements") == has)
    red = pool.until("red's status", lambda: _with_phase(pool, f"{MEMBERS}/red", "Active"))
    assert [] == red.get("entitlements", [])
    blue = status(pool, f"{MEMBERS}/blue")
    assert not [each for each in (blue, offer) if "red" in json.dumps(each) or "borrow" in json.dumps(each)]
    pool.stop_clock(now + 200)
    cluster = pool.until("the silence to be told", lambda: _with_phase(pool, f"{CLUSTERS}/blue-1", "Suspect"))
    assert {"Ready": "False", "AgentConnected": "False"} == holds(cluster)


def test_a_cluster_of_very_many_classes_has_a_status_that_the_rules_take(pytestconfig):
    path = pytestconfig.rootpath / "examples/membercluster.yaml"
    found = resources.MemberCluster.parse(next(yaml.safe_load_all(path.read_text())))
    gpus = Counter({f"class-{number:02}": 8 for number in range(40)})
    view = SimpleNamespace(as_of=0, by_cluster={found.metadata.name: pool_statuses.Counted(40, 40, gpus)})
    told = pool_statuses.cluster(view, found, Reach(0), ("1.2.3", 0))
    read = type(found.status).model_validate(told)
    assert (32, 320) == (len(read.gpus), read.gpu_count)


def test_an_offer_that_cannot_be_used_says_why(pool):
    spec = {"cluster": "nowhere", "class": "h100"}
    document = {"apiVersion": "hanse.dev/v1alpha1", "kind": "Contribution", "metadata": {"name": "lost"}, "spec": spec}
    pool.plane.client.request("POST", OFFERS, document)
    pool.operator()
    try:
        found = pool.until("its phase", lambda: _with_phase(pool, f"{OFFERS}/lost", "Misconfigured"))
        assert "spec.cluster: there is no MemberCluster nowhere" in found["conditions"][0]["message"]
    finally:
        pool.plane.client.request("DELETE", f"{OFFERS}/lost")


BROKEN = {"type": "Ready", "status": "False", "reason": "Misconfigured", "lastTransitionTime": "2026-01-01T00:00:00Z"}


def test_what_was_misconfigured_is_told_when_it_is_right_again(pool):
    """An earlier leader said so of a tier that has been mended since."""
    told = {"status": {"conditions": [BROKEN | {"message": "spec.rank: 'high': not a number"}]}}
    query = "?fieldManager=hanse-operator"
    pool.plane.client.request("PATCH", f"{TIER}/status{query}", told, "application/merge-patch+json")
    pool.operator()
    (ready,) = pool.until("to be in force", lambda: _ready(pool))
    assert ("InForce", "") == (ready["reason"], ready.get("message", ""))


def _ready(pool):
    conditions = status(pool, TIER)["conditions"]
    return [each for each in conditions if (each["type"], each["status"]) == ("Ready", "True")]


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_that_can_be_read_is_in_force(pytestconfig, name):
    kind = next(each for each in resources.KINDS if each.__name__ == name)
    path = pytestconfig.rootpath / f"examples/{name.lower()}.yaml"
    document = next(yaml.safe_load_all(path.read_text()))
    metadata = document["metadata"] | {"uid": "u", "generation": 2}
    found = kind.parse(document | {"metadata": metadata, "status": {"conditions": [BROKEN]}})
    told = pool_statuses.setting(SimpleNamespace(as_of=1_800_000_000), found)
    read = type(found.status).model_validate(told)
    assert [("Ready", "True", "InForce", 2)] == [
        (each.type, each.status, each.reason, each.observed_generation) for each in read.conditions
    ]


def test_a_job_that_ended_goes_when_its_time_is_over_and_not_before(pool):
    now = stop_clock(pool)
    pool.operator()
    for name, ttl in (("brief", "60s"), ("kept", "24h")):
        pool.submit(name, ttlAfterFinished=ttl)
    for placement in pool.until("both Placements", lambda: len(pool.placements()) == 2 and pool.placements()):
        pool.grant(placement)
        pool.release(placement, "Succeeded")
    pool.until("Succeeded", lambda: {pool.phase("brief"), pool.phase("kept")} == {"Succeeded"})
    pool.stop_clock(now + 90)
    jobs = "/apis/hanse.dev/v1alpha1/namespaces/red/trainingjobs"
    left = pool.until("one to go", lambda: _names(pool, jobs) == ["kept"])
    assert left
    assert [(2,)] == pool.rows("SELECT count(*) FROM ledger.attempt WHERE state = 'released'")


def _names(pool, path):
    return [each["metadata"]["name"] for each in pool.plane.client.request("GET", path)["items"]]


def _with_phase(pool, path, phase):
    found = status(pool, path)
    return found if found.get("phase") == phase else None
