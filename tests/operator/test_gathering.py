"""What is planned for, of the world as the examples have it."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from exemplified import BODY, NOW, as_exemplified, change, live, take_job
from structlog.testing import capture_logs

from hanse import scheduler
from hanse.ledger.credits import Credits, row_id
from hanse.ledger.reports import Node
from hanse.operator import candidates, entries, following, snapshot
from hanse.operator.mirror import Mirror
from hanse.operator.standing import Standing
from hanse.operator.world import Leaf
from hanse.quota.errors import QuotaError
from hanse.resources.contribution import Recall
from hanse.resources.training_job import Topology
from hanse.scheduler.decisions import Admit
from hanse.scheduler.pool import NodeState, Rung
from hanse.scheduler.records import Donor

HOME = {"label": "HOME", "cover": 0, "tierRank": 1}


@pytest.fixture(name="world")
def _world(pytestconfig):
    return as_exemplified(pytestconfig.rootpath)


def gathered(world, *attempts, reported=("node-0",)):
    mirror = Mirror(NOW, live={each.job: each for each in attempts})
    nodes = [Node("tencent-gz", name, BODY, 0) for name in reported]
    return snapshot.gather(snapshot.Inputs(world, mirror, nodes, {}, {}), candidates.Memory())


def test_an_attempt_on_a_node_that_is_offered_is_planned_with(world):
    found = gathered(world, live())
    assert (1, ()) == (len(found.attempts), found.pool.unplaced)


def test_what_gives_for_an_attempt_on_exchange_is_read_again_but_for_classes_that_are_gone(world):
    strength = {"label": "EXCHANGE", "cover": 0, "tierRank": 1, "donors": {"ascend-910b": 6667, "gone": 1}}
    (attempt,) = gathered(world, live(strength=strength)).attempts
    assert (attempt.rung, attempt.donors) == (Rung.EXCHANGE, (Donor("ascend-910b", 6667),))


def test_a_node_has_to_be_free_when_its_offer_ends(world):
    assert gathered(world).free_by == {}
    for each in world.contributions():
        at = datetime.fromtimestamp(NOW + 600, UTC).isoformat()
        document = {"metadata": {"name": each.metadata.name, "namespace": each.metadata.namespace, "uid": "new"}}
        spec = {"cluster": each.spec.cluster, "class": each.spec.accelerator_class, "recall": {"at": at}}
        if each.spec.cluster == "tencent-gz":
            world.take({"Contribution": {each.metadata.uid: document | {"spec": spec}}})
    found = gathered(world)
    assert found.free_by == {"tencent-gz/node-0": NOW + 600}
    assert found.nodes["tencent-gz/node-0"].state == NodeState.RECALLED


@pytest.mark.parametrize(
    ("more", "reported", "unplaced"),
    [
        pytest.param({}, (), ("tencent/llm", 12_000, "h100-80g", 8000), id="its node is gone"),
        pytest.param({"strength": HOME}, (), ("tencent/llm", 12_000, "", 0), id="it borrows nothing"),
        pytest.param({"organisation": "tencent/old"}, ("node-0",), ("tencent", 12_000, "h100-80g", 8000), id="moved"),
        pytest.param({"accelerator_class": "old"}, ("node-0",), ("tencent/llm", 12_000, "", 0), id="no such class"),
        pytest.param({"stop_kind": "End"}, (), ("tencent/llm", 12_000, "", 0), id="told to stop, it still uses them"),
        pytest.param({"member": "left", "organisation": "left/llm"}, (), None, id="its member has left"),
    ],
)
def test_limits_count_an_attempt_that_cannot_be_planned_with(world, more, reported, unplaced):
    found = gathered(world, live(**more), reported=reported)
    assert ((), [unplaced] if unplaced else []) == (
        found.attempts,
        [dataclasses.astuple(each) for each in found.pool.unplaced],
    )


def test_who_runs_on_what_is_offered_no_more_is_told_until_when_it_is_funded(world):
    found = gathered(world, live(), reported=())
    verdict = found.verdicts[live().job]
    assert "FundingRefused" == verdict.reason
    assert "not in the pool any more, so it is not funded after 2027-01-15 08:01 UTC; then it is" in verdict.sentence
    assert not gathered(world, live()).verdicts
    assert not gathered(world, live(stop_kind="End"), reported=()).verdicts


def test_the_order_in_which_attempts_were_read_makes_no_difference(world):
    both = live(), live(id=uuid.UUID(int=4), job=str(uuid.UUID(int=3)), organisation="tencent")
    pools = [gathered(world, *order, reported=()).pool for order in (both, both[::-1])]
    assert pools[0] == pools[1]


def test_a_followed_plan_counts_it_from_the_cycle_on_in_which_its_node_is_gone(world):
    follower, mirror = following.Follower(), Mirror(NOW, live={live().job: live()})
    for reported, expected in (({"node-0"}, 0), (set(), 1), ({"node-0"}, 0)):
        nodes = [Node("tencent-gz", name, BODY, 0) for name in reported]
        situation = follower.plan(snapshot.Inputs(world, mirror, nodes, {}, {}))
        assert expected == len(situation.snapshot.catalogue.pool.unplaced)


def test_what_was_followed_is_compared_with_what_is_built_when_a_follower_starts_anew(world, monkeypatch):
    monkeypatch.setattr(following, "FOLLOWED_MAX", 2)
    follower = following.Follower()
    with capture_logs() as logs:
        for _ in range(7):
            planned(follower, world)
    assert [] == logs
    monkeypatch.setattr(following, "_difference", lambda _before, after: scheduler.Delta(after.as_of + 1))
    with capture_logs() as logs:
        for _ in range(3):
            planned(follower, world)
    assert ["followed_differs"] == [each["event"] for each in logs]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"hanse.dev/rack": "r-7", "hanse.dev/block": "b.1"}, ("r-7", "b.1")),
        ({"hanse.dev/block": "b1"}, ("", "b1")),
        ({"hanse.dev/rack": "räck", "hanse.dev/block": "b\0"}, ("", "")),
        ({"hanse.dev/rack": "r" * 64}, ("", "")),
    ],
)
def test_labels_say_where_a_node_stands_if_they_are_what_labels_may_be(world, labels, expected):
    nodes = [Node("tencent-gz", "node-0", BODY | {"labels": labels}, 0)]
    found = snapshot.gather(snapshot.Inputs(world, Mirror(NOW), nodes, {}, {}), candidates.Memory())
    assert [expected] == [(each.rack, each.block) for each in found.nodes.values()]


def test_a_job_that_requires_a_rack_is_placed_in_one_or_is_told_that_none_is_large_enough(world, pytestconfig):
    told = {}
    for rack in ("2", "3"):
        take_job(world, pytestconfig.rootpath)
        (job,) = world.jobs.values()
        topology = Topology(level="rack", mode="required")
        spec = job.spec.model_copy(update={"topology": topology, "gpus_per_worker": 8})
        spec = spec.model_copy(update={"workers": spec.workers.model_copy(update={"replicas": 2})})
        world._objects["TrainingJob"][job.metadata.uid] = job.model_copy(update={"spec": spec})
        where = {"node-0": "1", "node-1": "2", "node-2": rack}
        bodies = {name: BODY | {"cpuMilli": 9000, "labels": {"hanse.dev/rack": each}} for name, each in where.items()}
        nodes = [Node("tencent-gz", name, body, 0) for name, body in bodies.items()]
        told[rack] = following.Follower().plan(snapshot.Inputs(world, Mirror(NOW), nodes, {}, {})).plan
    (admit,) = told["2"].decisions
    assert ["tencent-gz/node-1", "tencent-gz/node-2"] == [each.node for each in admit.placed]
    (row,) = told["3"].explanations
    assert ("NoTopologyFit", "rack", True) == (row["reason"], row["level"], row["is_too_large"])


@pytest.mark.parametrize(("left", "is_placed"), [(2, True), (1, False)])
def test_a_worker_goes_where_enough_rdma_devices_are_left(world, pytestconfig, left, is_placed):
    take_job(world, pytestconfig.rootpath, **{"rdma/hca": 2})
    report = BODY | {"rdma": 8, "foreign": {"rdma": 8 - left}}
    inputs = snapshot.Inputs(world, Mirror(NOW), [Node("tencent-gz", "node-0", report, 0)], {}, {})
    plan = following.Follower().plan(inputs).plan
    assert is_placed == any(isinstance(each, Admit) for each in plan.decisions)


def recalled(world, at_seconds):
    """Have all contributions of the world recalled at a time, with an hour's notice."""
    recall = Recall(at=datetime.fromtimestamp(at_seconds, UTC), notice=timedelta(hours=1))
    offers = world._objects["Contribution"]
    for uid, each in offers.items():
        offers[uid] = each.model_copy(update={"spec": each.spec.model_copy(update={"recall": recall})})
    world.pool_version += 1


@pytest.mark.parametrize(
    ("reported", "recall_in_seconds", "is_used"),
    [
        pytest.param({}, None, True, id="well"),
        pytest.param({"ready": False}, None, False, id="cordoned or unhealthy, as its agent says"),
        pytest.param({"unheard": True}, None, False, id="stale: its agent is not heard of"),
        pytest.param({"foreign": {"gpus": 8}}, None, False, id="others' pods have it"),
        pytest.param({}, 7200, True, id="recalled, before the notice"),
        pytest.param({}, 1800, False, id="under notice"),
        pytest.param({}, -1, False, id="taken back"),
    ],
)
def test_a_node_that_is_leaving_or_unwell_takes_nothing(world, pytestconfig, reported, recall_in_seconds, is_used):
    take_job(world, pytestconfig.rootpath)
    if recall_in_seconds is not None:
        recalled(world, NOW + recall_in_seconds)
    nodes = [Node("tencent-gz", "node-0", BODY | reported, 0)]
    plan = following.Follower().plan(snapshot.Inputs(world, Mirror(NOW), nodes, {}, {})).plan
    assert is_used == any(isinstance(each, Admit) for each in plan.decisions)


def set_shares(world, share):
    """Have the shares below tencent add up to three times *share*, whatever the rules for Members say."""
    members = world._objects["Member"]
    (uid,) = (uid for uid, each in members.items() if each.metadata.name == "tencent")
    new = {"parent": None, "share_thousandths": {"h100-80g": share}}
    below = [each.model_copy(update=new) for each in members[uid].spec.organisations[:3]]
    spec = members[uid].spec.model_copy(update={"organisations": tuple(below), "caps": ()})
    members[uid] = members[uid].model_copy(update={"spec": spec})
    world.pool_version += 1
    world.version += 1


def planned(follower, world):
    mirror, nodes = Mirror(NOW, live={live().job: live()}), [Node("tencent-gz", "node-0", BODY, 0)]
    return follower.plan(snapshot.Inputs(world, mirror, nodes, {}, {}))


def test_settings_that_contradict_one_another_leave_those_before_in_force(world):
    follower, before = following.Follower(), {}
    for share, is_refused in ((300, False), (400, True), (200, False)):
        set_shares(world, share)
        situation = planned(follower, world)
        shares = [each.shares for each in situation.snapshot.catalogue.pool.organisations if each.name == "tencent/llm"]
        assert is_refused == ("the organisations of tencent have shares of [400, 400, 400]" in situation.problem)
        assert [before if is_refused else {"h100-80g": share}] == shares
        assert ["Renew"] == [type(each).__name__ for each in situation.plan.decisions if type(each).__name__ != "Rise"]
        before = shares[0]


def admitted(follower, world):
    """Return the rates at which the only job's admission is recorded, and the one at which its caps are reserved."""
    mirror, nodes = Mirror(NOW), [Node("tencent-gz", f"node-{each}", BODY, 0) for each in range(2)]
    situation = follower.plan(snapshot.Inputs(world, mirror, nodes, {}, {}))
    (group,) = entries.Translator(world, mirror, situation).groups(situation.plan.decisions)
    admission = group.entries[0].admission
    return admission.milli_h100e, admission.tier_thousandths, situation.plan.decisions[0].gpu_rate


@pytest.mark.parametrize(
    ("fields", "factor"), [({"usage_factor_thousandths": 3000}, 3000), ({}, 1000)], ids=["changed", "deleted"]
)
def test_where_settings_are_refused_admissions_are_recorded_at_published_rates(pytestconfig, world, fields, factor):
    take_job(world, pytestconfig.rootpath)
    follower = following.Follower()
    set_shares(world, 300)
    before = admitted(follower, world)
    set_shares(world, 400)
    change(world, "PriorityTier", "standard", fields)
    change(world, "AcceleratorClass", "h100-80g", {"h100_equivalent": {"bf16": 2000}})
    after = admitted(follower, world)
    assert ((1000, 1000, 1000), (2000, factor, 2 * factor)) == (before, after)


def test_where_no_good_settings_are_known_none_are_made_up(world):
    set_shares(world, 400)
    with pytest.raises(QuotaError, match="must not add up to more than 1000"):
        planned(following.Follower(), world)


@pytest.mark.parametrize(
    ("leaf", "label"),
    [(Leaf("tencent", "llm"), "HOME"), (Leaf("zhejiang-lab", None), "BORROW")],
    ids=["own", "borrowed"],
)
def test_an_admission_that_borrows_names_the_credit_that_it_followed_from(pytestconfig, world, leaf, label):
    take_job(world, pytestconfig.rootpath)
    world.leaves = dict.fromkeys(world.leaves, leaf)
    credited = Credits(NOW - NOW % 3600, {"tencent": -5, "zhejiang-lab": 5})
    reported, mirror = [Node("tencent-gz", f"node-{each}", BODY, 0) for each in range(2)], Mirror(NOW)
    inputs = snapshot.Inputs(world, mirror, reported, {}, {}, credits=credited)
    situation = following.Follower().plan(inputs)
    (group,) = entries.Translator(world, mirror, situation).groups(situation.plan.decisions)
    assert label == group.entries[0].reason
    expected = str(row_id(leaf.member, credited.as_of_seconds)) if label == "BORROW" else None
    assert expected == group.entries[0].detail.get("credit")
    debits = {each.name: each.debit for each in situation.snapshot.catalogue.members}
    assert (-5, 5, 0) == (debits["tencent"], debits["zhejiang-lab"], debits["alibaba"])
    (told,) = Standing(situation).quotas(frozenset({"tencent"}))
    assert {"milliH100eSeconds": 5, "asOfSeconds": credited.as_of_seconds} == told["credit"]
