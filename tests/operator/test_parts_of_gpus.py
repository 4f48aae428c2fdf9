"""Parts of GPUs: what nodes have to share, and what becomes of a job that asks for part of one."""

import pytest
from exemplified import BODY, NOW, as_exemplified, change, live, take_job

from hanse.ledger.reports import Node
from hanse.operator import candidates, entries, following, placing, sharing, snapshot, statuses
from hanse.operator.mirror import Mirror
from hanse.operator.standing import Standing
from hanse.operator.world import Leaf
from hanse.resources.pool_policy import MemoryRule
from hanse.resources.training_job import GpuMemory
from hanse.scheduler import remedies
from hanse.scheduler.pool import Slices


@pytest.fixture(name="world")
def _world(pytestconfig):
    return as_exemplified(pytestconfig.rootpath)


SHARED = {"gpus": [0, 1, 2, 3, 4, 5, 6, 7], "memGib": 78, "limitGib": 118, "tenants": 4}


def take_sharing(world, root, guaranteed_mib, limit_mib):
    take_job(world, root)
    (job,) = world.jobs.values()
    memory = GpuMemory(guaranteed_mib=guaranteed_mib, limit_mib=limit_mib)
    spec = job.spec.model_copy(update={"gpu_memory": memory, "gpus_per_worker": 1})
    world._objects["TrainingJob"][job.metadata.uid] = job.model_copy(update={"spec": spec})
    return spec


def shared_with(world, **more):
    """Return what is planned where one node is there whose own agent offers its GPUs."""
    body = BODY | {"cpuMilli": 9000, "shared": SHARED | more}
    inputs = snapshot.Inputs(world, Mirror(NOW), [Node("tencent-gz", "node-0", body, 0)], {}, {})
    return inputs, following.Follower().plan(inputs)


@pytest.mark.parametrize(
    ("limit_mib", "said"),
    [
        (79_872, "no node that it may use shares its h100-80g: apply the job without gpuMemory to have whole ones"),
        (
            80_896,
            "one h100-80g has 78 GiB for all who share it, and it asks for up to 79 GiB: lower gpuMemory.limitMiB",
        ),
    ],
    ids=["not shared", "too much"],
)
def test_who_is_not_placed_on_part_of_a_gpu_is_told_whether_one_has_as_much(world, pytestconfig, limit_mib, said):
    take_sharing(world, pytestconfig.rootpath, 1024, limit_mib)
    inputs = snapshot.Inputs(world, Mirror(NOW), [Node("tencent-gz", "node-0", BODY, 0)], {}, {})
    found = shared_with(world)[1] if "78" in said else following.Follower().plan(inputs)
    (row,) = found.plan.explanations
    assert ("MemoryDoesNotFit", True) == (row["reason"], said in remedies.sentence(row))


@pytest.mark.parametrize(
    ("policy", "offer", "reported", "expected"),
    [
        pytest.param({}, {}, {}, (78, 78, 4), id="a ratio of one unless the policy says more"),
        pytest.param({"ratio_thousandths": 1500}, {}, {}, (78, 118, 4), id="the policy's"),
        pytest.param(
            {"ratio_thousandths": 2000}, {"memory_ratio_thousandths": 1250}, {}, (78, 98, 4), id="the offer's"
        ),
        pytest.param({"ratio_thousandths": 2000}, {}, {}, (78, 118, 4), id="what the kubelet has"),
        pytest.param(
            {"reserve_mib": 8192, "tenants_max": 2}, {}, {}, (72, 72, 2), id="a larger reserve, fewer tenants"
        ),
        pytest.param({}, {}, {"memGib": 77, "tenants": 3}, (77, 78, 3), id="a GPU of less memory than its class"),
    ],
)
def test_what_a_gpu_has_to_share_is_the_least_of_policy_offer_and_kubelet(world, policy, offer, reported, expected):
    rule = MemoryRule(**policy)
    made = {
        "metadata": {"name": "default", "uid": "policy"},
        "spec": {"memory": {"default": rule.model_dump(by_alias=True)}},
    }
    world.take({"PoolPolicy": {"policy": made}})
    for uid, each in world._objects["Contribution"].items():
        world._objects["Contribution"][uid] = each.model_copy(update={"spec": each.spec.model_copy(update=offer)})
    (node,) = shared_with(world, **reported)[1].snapshot.nodes
    assert expected == (node["mem_gib"], node["limit_gib"], node["tenants"])


def test_a_class_without_ways_of_sharing_and_a_gpu_that_is_lost_are_not_shared(world):
    change(world, "AcceleratorClass", "h100-80g", {"sharing_modes": ()})
    (node,) = shared_with(world, gpus=[0, 1, 3])[1].snapshot.nodes
    assert (0, 0b1011, 8) == (node["mem_gib"], node["gpus"], node["gpus_enrolled"])


def test_a_worker_with_part_of_a_gpu_is_recorded_placed_and_charged_as_such(world, pytestconfig):
    """20 GiB of 78 are 257 thousandths, rounded up; its limit of 40 GiB, which caps count, is 513."""
    spec = take_sharing(world, pytestconfig.rootpath, 20_480, 40_960)
    inputs, situation = shared_with(world)
    (group,) = entries.Translator(world, inputs.mirror, situation).groups(situation.plan.decisions)
    (entry,) = group.entries
    assert {"tencent-gz/node-0": 513} == entry.nodes
    part = sharing.part(entry.detail)
    assert (257, 513, 20, 40) == (
        part.milli_gpus, part.milli_gpus_limit, part.slices.guaranteed_gib, part.slices.limit_gib,
    )  # fmt: skip
    held = live(placed=(("tencent-gz/node-0", 1, 1),), part=part, cluster="tencent-gz")
    said = placing.running(held, spec)["spec"]
    assert ({"guaranteedMiB": 20_480, "limitMiB": 40_960}, [0]) == (said["gpuMemory"], said["workers"][0]["gpus"])
    status = statuses.project(statuses.Known(next(iter(world.jobs.values())), Leaf("tencent", "llm"), held), NOW)
    assert (385, "0.2") == (status["chargeRateMilliH100e"], status["h100e"])
    inputs.mirror.live = {held.job: held}
    again = following.Follower().plan(inputs)
    (quota,) = Standing(again).quotas(frozenset({"tencent"}))
    (used,) = (each["usedMilliGpus"] for each in quota["classes"] if each["class"] == "h100-80g")
    (pool,) = (each for each in Standing(again).pool(frozenset({"tencent"})) if each["class"] == "h100-80g")
    assert (257, {"gpus": 8, "freeGpus": 7}) == (used, pool["own"])


def test_an_attempt_of_a_job_that_is_gone_still_shares_its_gpu(world):
    part = sharing.Part(Slices(20, 40), 257, 513)
    shares = live(placed=(("tencent-gz/node-0", 1, 1),), part=part)
    mirror = Mirror(NOW, live={shares.job: shares})
    for nodes, rate in ([Node("tencent-gz", "node-0", BODY | {"shared": SHARED}, 0)], None), ([], 770):
        found = snapshot.gather(snapshot.Inputs(world, mirror, nodes, {}, {}), candidates.Memory())
        assert [rate] * (rate is not None) == [each.rate for each in found.pool.unplaced]
        (job,) = found.jobs.values()
        assert (part.slices, 1) == (job.shape.slices, job.shape.gpus_per_worker)
