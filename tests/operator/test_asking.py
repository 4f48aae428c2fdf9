"""What a member is answered before it submits a job: in the words of a status, within limits, and free of rivals."""

import asyncio
import json
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiohttp import test_utils

from hanse.ledger import reports
from hanse.operator import health, snapshot, statuses
from hanse.operator.asking import PER_MINUTE, WAITING_MAX, Asking, TooOftenError
from hanse.operator.following import Follower
from hanse.operator.mirror import Mirror
from hanse.operator.world import Leaf, World
from hanse.resources import MisconfiguredError, TrainingJob
from hanse.scheduler import asking as planning
from hanse.scheduler import state_digest

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
NOW = 1_793_491_200
RIVALS = ("blue", "green", "gold")
SPEC = {
    "tier": "standard", "workers": {"replicas": 1}, "gpusPerWorker": 8, "accelerators": [{"class": "h100"}],
    "maxRuntime": "2h",
    "template": {"spec": {"containers": [{"name": "trainer", "image": "a.example/b@sha256:" + "ab" * 32}]}},
}  # fmt: skip


def inputs(red_nodes=1, rivals=1, jobs=()):
    """Return what a leader plans from: red with a cap, rivals, a cluster each, and jobs by (namespace, replicas)."""
    world, found = World(), []

    def put(kind, name, spec, namespace=None, **metadata):
        number = uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}/{namespace}/{name}")
        named = {"name": name, "uid": str(number), "generation": 1, "resourceVersion": "1"} | metadata
        named |= {"namespace": namespace} if namespace else {}
        world.take({kind: {named["uid"]: {"metadata": named, "spec": spec}}})

    put("AcceleratorClass", "h100", {
        "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
        "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"hanse.dev/accelerator": "h100"},
    })  # fmt: skip
    put("PriorityTier", "standard", {"rank": 10, "usageFactorThousandths": 1500})
    put("PoolPolicy", "default", {"fundingHorizon": "5m", "reclaimBound": "10m"})
    for member in ("red", *RIVALS):
        cap = {"name": "day", "window": "Day", "milliH100eSeconds": 360_000_000}
        caps = [cap, {"name": "power", "atOnceMilliH100e": 24_000}] if member == "red" else []
        put("Member", member, {"displayName": member, "keys": {"verify": KEY, "encrypt": KEY}, "caps": caps})
        put("MemberCluster", f"{member}-1", {"member": member, "region": "north", "agentKey": KEY})
        put("Contribution", "h100", {"cluster": f"{member}-1", "class": "h100"}, member)
        put("Namespace", member, {}, labels={"hanse.dev/member": member})
        for number in range(red_nodes if member == "red" else rivals):
            body = {"name": f"n{number}", "class": "h100", "gpus": 8, "cpuMilli": 96000, "memoryMiB": 10**6}
            found.append(reports.Node(f"{member}-1", f"n{number}", {**body, "ready": True}, NOW))
    for number, (member, replicas) in enumerate(jobs):
        created = datetime.fromtimestamp(NOW - 100 + number, UTC).isoformat()
        spec = SPEC | {"workers": {"replicas": replicas}}
        put("TrainingJob", f"secret-{number}", spec, member, creationTimestamp=created)
    assert not [each.problem for each in world.misconfigured.values()]
    return snapshot.Inputs(world, Mirror(now_seconds=NOW), found, {}, {})


def asked(given, spec=SPEC, member="red", namespace=None):
    follower = Follower()
    situation = follower.plan(given)
    return asyncio.run(Asking(given.world).answer((member, namespace or member), spec, situation))


def test_what_would_start_is_told_with_its_price_and_the_caps_above_it():
    told = asked(inputs())
    assert (True, "h100", 8, "red-1", "HOME") == tuple(
        told[name] for name in ("admitted", "class", "gpus", "cluster", "strength")
    )
    assert ({"own": 0, "others": 0}, NOW) == (told["victims"], told["now"]["start"]["seconds"])
    cost = told["cost"]
    assert (12_000, 12_000 * 7200) == (cost["rateMilliH100e"], cost["milliH100eSeconds"])
    assert [("day", 360_000_000)] == [(each["name"], each["leftMilliH100eSeconds"]) for each in cost["caps"]]
    assert [("power", 24_000)] == [(each["name"], each["limitMilliH100e"]) for each in cost["capsAtOnce"]]


def test_elsewhere_the_start_is_told_by_the_reclaim_bound():
    told = asked(inputs(red_nodes=0))
    assert ("BORROW", {"own": 0, "others": None}, NOW + 600) == (
        told["strength"], told["victims"], told["now"]["start"]["seconds"])  # fmt: skip
    assert [] == asked(inputs(), member="blue")["cost"]["caps"]


def test_what_would_wait_is_told_what_its_status_would_say():
    """The same job is asked about, and then submitted."""
    before = inputs(rivals=0, jobs=[("red", 1), ("red", 2)])
    told = asked(before, SPEC | {"workers": {"replicas": 3}})
    after = inputs(rivals=0, jobs=[("red", 1), ("red", 2), ("red", 3)])
    plan = Follower().plan(after).plan
    uid, job = next((uid, each) for uid, each in after.world.jobs.items() if each.metadata.name == "secret-2")
    names, rows = plan.explanations.dtype.names, plan.explanations.tolist()
    waiting = next(dict(zip(names, row, strict=True)) for row in rows if row[0] == uid)
    status = statuses.project(statuses.Known(job, Leaf("red", None), None, waiting=waiting), NOW)
    assert not told["admitted"]
    assert {name: status[name] for name in ("phase", "reason", "explanation")} == told["now"]["status"]
    assert (2, None) == (told["now"]["position"], told["now"]["start"]["seconds"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"tier": "urgent"}, "TierNotAllowed"), ({"checkpoint": {"interval": "1h", "grace": "10m"}}, "Misconfigured")],
)
def test_what_is_not_planned_for_is_told_why(change, reason):
    told = asked(inputs(), SPEC | change)
    assert (False, reason) == (told["admitted"], told["now"]["status"]["reason"])
    assert "cost" not in told


def test_a_namespace_that_is_not_its_members_is_unknown_and_a_broken_spec_is_refused_with_its_field():
    assert asked(inputs(), namespace="nowhere") is None
    assert asked(inputs(), namespace="blue") is None
    with pytest.raises(MisconfiguredError, match=r"spec\.maxRuntime: 'soon'"):
        asked(inputs(), SPEC | {"maxRuntime": "soon"})


@pytest.mark.parametrize("waits", [True, False], ids=["waits", "starts at home"])
def test_two_worlds_that_differ_in_rivals_private_facts_give_the_same_answer(waits):
    """How many nodes three rivals have, what they run, and how many of their jobs wait, named as they are."""
    own = [("red", 1)] if waits else []
    spec = SPEC | ({"workers": {"replicas": 30}} if waits else {})
    worlds = ((2, ()), (3, (("blue", 2),)), (7, (("blue", 7), ("green", 1), ("gold", 9))), (4, (("green", 1),) * 5))
    told = [json.dumps(asked(inputs(1, rivals, (*own, *jobs)), spec), sort_keys=True) for rivals, jobs in worlds]
    assert 1 == len(set(told))
    assert waits != json.loads(told[0])["admitted"]
    assert not [name for name in (*RIVALS, "secret") if name in told[0]]


def test_asking_leaves_no_trace_in_the_leaders_planner():
    given, follower = inputs(jobs=[("red", 1), ("blue", 1), ("red", 1)]), Follower()
    situation = follower.plan(given)
    digest, before = state_digest(situation.snapshot), situation.plan
    answers = [asyncio.run(Asking(given.world).answer(("red", "red"), SPEC, situation)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert given.world.jobs.keys().isdisjoint({planning.UID})
    again = follower.plan(given)
    assert (digest, before.to_bytes()) == (state_digest(again.snapshot), again.plan.to_bytes())


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_member_may_ask_a_few_times_a_minute_and_others_are_not_kept_waiting_by_it():
    given, clock = inputs(), Clock()
    situation = Follower().plan(given)

    async def ask():
        asking = Asking(given.world, clock)
        for _ in range(PER_MINUTE):
            assert await asking.answer(("red", "red"), SPEC, situation)
        with pytest.raises(TooOftenError, match="member red has asked") as refused:
            await asking.answer(("red", "red"), SPEC | {"maxRuntime": "soon"}, situation)
        assert 60 == refused.value.retry_seconds
        assert await asking.answer(("blue", "blue"), SPEC, situation)
        clock.now = 60.0
        assert await asking.answer(("red", "red"), SPEC, situation)

    asyncio.run(ask())


def test_all_members_together_ask_no_oftener_than_the_leader_can_answer(monkeypatch):
    monkeypatch.setattr("hanse.operator.asking.ALL_PER_MINUTE", 2)
    given = inputs()
    situation = Follower().plan(given)
    clock = Clock()

    async def ask():
        asking = Asking(given.world, clock)
        for member in ("red", "blue"):
            assert await asking.answer((member, member), SPEC, situation)
        with pytest.raises(TooOftenError, match="all members together ask too often: wait 60 s"):
            await asking.answer(("blue", "blue"), SPEC, situation)
        clock.now = 60.0
        assert await asking.answer(("blue", "blue"), SPEC, situation)

    asyncio.run(ask())


def test_only_so_many_wait_for_their_plans(monkeypatch):
    given = inputs()
    situation = Follower().plan(given)
    monkeypatch.setattr("hanse.operator.asking.PER_MINUTE", 100)

    async def ask():
        asking = Asking(given.world)
        answers = await asyncio.gather(
            *(asking.answer(("red", "red"), SPEC, situation) for _ in range(WAITING_MAX + 1)), return_exceptions=True
        )
        assert [True] * WAITING_MAX == [each["admitted"] for each in answers[:-1]]
        assert isinstance(answers[-1], TooOftenError)
        assert "too many ask" in str(answers[-1])
        assert (await asking.answer(("red", "red"), SPEC, situation))["admitted"]

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("token", "found", "status", "said"),
    [
        ("wrong", {}, 401, "a bearer token is needed"),
        ("right", {"admitted": True}, 200, "admitted"),
        ("right", None, 503, "does not lead"),
        ("right", TooOftenError("ask less", 7), 429, '"retrySeconds": 7'),
        ("right", MisconfiguredError("spec.tier: no"), 422, "spec.tier: no"),
    ],
)
def test_the_internal_port_answers_whoever_shows_the_token(token, found, status, said):
    async def what_if(of, spec):
        assert (("red", "red-lab"), SPEC) == (of, spec)
        if isinstance(found, Exception):
            raise found
        return found

    async def ask():
        state = health.State(*[None] * 3, dict, dict, SimpleNamespace(what_if=what_if), "right")
        async with test_utils.TestClient(test_utils.TestServer(health.application(state))) as client:
            body = {"member": "red", "namespace": "red-lab", "spec": SPEC}
            answer = await client.post("/v1/whatif", json=body, headers={"Authorization": f"Bearer {token}"})
            return answer.status, await answer.text()

    answered, text = asyncio.run(ask())
    assert (status, True) == (answered, said in text), text


def test_a_spec_that_is_asked_about_is_one_that_can_be_submitted():
    document = {"metadata": {"name": "j", "namespace": "red"}, "spec": SPEC}
    assert TrainingJob.parse(document).spec.gpus_per_worker == 8
