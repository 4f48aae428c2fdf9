"""The pure parts: what a status says, what a Placement says, when attempts end."""

import types
import uuid

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hanse import resources
from hanse.operator import (
    failpoints,
    mirror,
    placing,
    pool_statuses,
    reach,
    shapes,
    snapshot,
    statuses,
    storage,
)
from hanse.operator.checkpoints import Saved
from hanse.operator.fitness import Verdict
from hanse.operator.mirror import NEVER_RAN, Fault, Live, Past
from hanse.operator.world import Leaf, World
from hanse.resources import Reason

EXAMPLES = "examples"
NOW = 1_800_000_000
A, B, C = (uuid.UUID(int=number) for number in (11, 12, 13))


@pytest.fixture(name="job")
def _job(request):
    path = request.config.rootpath / EXAMPLES / "trainingjob.yaml"
    document = next(yaml.safe_load_all(path.read_text()))
    document["metadata"] |= {"uid": str(uuid.UUID(int=1)), "generation": 3}
    return document


def live(**more):
    said = {
        "id": uuid.UUID(int=2), "job": str(uuid.UUID(int=1)), "fence": 2, "member": "tencent", "cluster": "c",
        "accelerator_class": "h100-80g", "precision": "bf16", "tier": "standard", "milli_h100e": 1000,
        "tier_thousandths": 1500, "grace_seconds": 30, "state": "leased", "funded_until_seconds": NOW + 60,
        "granted_at_seconds": NOW, "admitted_at_seconds": NOW, "admitted_sequence": 7,
        "strength": {"label": "HOME", "cover": 0, "tierRank": 1}, "placed": (("n1", 2, 0xFFFF),),
        "awaits": frozenset(), "organisation": "tencent", "job_name": ("tencent", "llm-7b"),
        "last_decision": uuid.UUID(int=9),
    }  # fmt: skip
    return Live(**(said | more))


def placement(phase, fence=2):
    return resources.PlacementStatus(fence=fence, phase=phase, ready_workers=2)


REFUSED_FOR_GOOD = Past(attempts=1, last_stop_reason="PlacementRefused", last_failure="422")
FAULTED = Past(attempts=1, last_outcome="PoolFault", faults=(Fault("tencent-gz", 1, NOW),))
WAITING = {
    "reason": "WaitingForQuota", "accelerator": "h100-80g", "asked_gpus": 512, "free_gpus": 100, "borrowable_gpus": -1,
    "guaranteed_gib": 0, "limit_gib": 0,
    "shareable_gib": 0, "lacking_gpus": 12, "workers_that_fit": 24, "starts_by": -1, "level": "", "is_too_large": False,
    "ahead_in_leaf": 3, "cap": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("phase", "reason", "known"),
    [
        ("Queued", None, {}),
        ("Queued", "WaitingForQuota", {"waiting": WAITING}),
        ("Requeued", "RetryDelayed", {"past": FAULTED, "waiting": WAITING | {"reason": "RetryDelayed"}}),
        ("Queued", "StorageNotReady", {"waiting": WAITING | {"reason": "RetryDelayed"}}),
        ("Queued", "TierNotAllowed", {"verdict": Verdict(Reason.TIER_NOT_ALLOWED, "no such tier")}),
        ("Admitted", None, {"live": live()}),
        ("Admitted", "WaitingForReclaim", {"live": live(), "is_promised": True}),
        ("Admitted", None, {"live": live(), "placement": placement("Starting")}),
        ("Admitted", None, {"live": live(), "placement": placement("Running", fence=1)}),
        ("Running", None, {"live": live(), "placement": placement("Running")}),
        ("Running", "ClusterUnreachable", {"live": live(state="suspect"), "placement": placement("Running")}),
        ("Preempting", "Preempted", {"live": live(stop_kind="Preempt", stop_reason="Preempted")}),
        ("Preempting", None, {"live": live(stop_kind="End", stop_reason="Suspended")}),
        ("Requeued", "WaitingForQuota", {"past": Past(attempts=1, last_outcome="Stopped"), "waiting": WAITING}),
        ("Succeeded", None, {"past": Past(attempts=1, last_outcome="Succeeded"), "waiting": WAITING}),
        ("Failed", "RestartLimitExceeded", {"past": Past(attempts=4, failures=4, last_outcome="Failed")}),
        ("Requeued", None, {"past": Past(attempts=3, failures=3, last_outcome="Failed")}),
        ("Failed", "MaxRuntimeExceeded", {"past": Past(attempts=1, run_seconds=72 * 3600)}),
        ("Failed", "PlacementRefused", {"past": REFUSED_FOR_GOOD}),
        ("Requeued", None, {"past": Past(attempts=1, last_is_expired=True)}),
        ("Queued", "StorageNotReady", {"verdict": Verdict(Reason.STORAGE_NOT_READY, "no Secret")}),
        ("Running", "FundingRefused", {"live": live(refused_by="month"), "placement": placement("Running")}),
        ("Admitted", "StorageNotReady", {"live": live(), "verdict": Verdict(Reason.STORAGE_NOT_READY, "no Secret")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_phase_and_the_reason_follow_from_what_is_known(job, phase, reason, known):
    status = project(job, **known)
    assert (phase, reason) == (status["phase"], status.get("reason"))
    resources.TrainingJob.parse(job | {"status": status})  # it is one that the API server takes


def project(job, **known):
    said = statuses.Known(resources.TrainingJob.parse(job), Leaf("tencent", "llm"), **({"live": None} | known))
    return statuses.project(said, NOW)


def test_an_explanation_has_the_numbers_and_what_would_help(job):
    explanation = project(job, waiting=WAITING)["explanation"]
    assert (
        "starts when 12 more h100-80g are free in one of its member's own clusters, or with minReplicas <= 24"
        == explanation["remedy"]
    )
    assert (512, 100, 3) == tuple(explanation[name] for name in ("askedGpus", "freeGpus", "jobsAhead"))
    assert "borrowableGpus" not in explanation


@pytest.mark.parametrize(
    ("is_at_once", "remedy"),
    [
        (False, "starts when the cap has enough left: in a later window, or if it is raised"),
        (True, "starts when the cap has enough left: as jobs that it counts end, or if it is raised"),
    ],
)
def test_no_number_of_free_gpus_helps_against_a_cap(job, is_at_once, remedy):
    short = {"reason": "ExceedsCap", "cap": "month", "cap_is_at_once": is_at_once, "cap_asked": 2, "cap_left": 1}
    assert remedy == project(job, waiting=WAITING | short)["explanation"]["remedy"]


def test_an_explanation_leaves_out_what_may_not_be_told_of_others(job):
    explanation = project(job, waiting=WAITING | {"free_gpus": -1, "lacking_gpus": -1, "workers_that_fit": 0})[
        "explanation"
    ]
    assert "freeGpus" not in explanation
    assert "starts when 512 h100-80g are free for it in one cluster" == explanation["remedy"]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(
            {"waiting": WAITING},
            {
                "Queued": "WaitingForQuota", "QuotaReserved": "WaitingForQuota", "Admitted": "WaitingForQuota",
                "WorkersReady": "Queued", "Completed": "NotEnded", "Failed": "NotFailed",
            },
            id="waits",
        ),
        pytest.param(
            {"live": live(), "placement": placement("Running")},
            {
                "Queued": "Running", "QuotaReserved": "Reserved", "Admitted": "Admitted", "WorkersReady": "Running",
                "Preempted": "NotPreempted", "Completed": "NotEnded", "Failed": "NotFailed",
                "Suspended": "NotSuspended",
            },
            id="runs",
        ),
        pytest.param(
            {"live": live(stop_kind="Preempt", stop_reason="Preempted")},
            {"QuotaReserved": "Reserved", "Admitted": "Preempted", "WorkersReady": "Preempting"},
            id="is stopped",
        ),
        pytest.param(
            {"past": Past(attempts=4, failures=4, last_outcome="Failed")},
            {"Queued": "Failed", "Admitted": "Failed", "Completed": "Failed", "Failed": "RestartLimitExceeded"},
            id="failed",
        ),
        pytest.param(
            {"past": Past(attempts=2, preemptions=1), "waiting": WAITING},
            {"Queued": "WaitingForQuota", "Preempted": "Preempted", "Completed": "NotEnded"},
            id="was preempted",
        ),
    ],
)  # fmt: skip
def test_each_condition_has_its_own_reason_and_only_those_that_say_why_have_the_sentence(job, known, expected):
    status = project(job, **known)
    by_type = {each["type"]: each for each in status["conditions"]}
    assert expected == {name: by_type[name]["reason"] for name in expected}
    with_sentence = {each["reason"] for each in by_type.values() if each["message"]}
    assert with_sentence <= {status.get("reason")}
    resources.TrainingJob.parse(job | {"status": status})


def test_a_running_jobs_charge_is_gpus_by_worth_by_tier(job):
    status = project(job, live=live())
    assert (16 * 1500, "16.0", "16/512") == (status["chargeRateMilliH100e"], status["h100e"], status["gpus"])


@pytest.mark.parametrize(
    ("workers", "choices", "options"),
    [
        ({"replicas": 64}, [("b", None), ("a", 54)], [("b", 64), ("a", 54)]),
        ({"replicas": 64, "minReplicas": 32}, [("b", None), ("a", 54)], [("b", 32), ("a", 54)]),
        ({"replicas": 50, "minReplicas": 32}, [("a", 54), ("b", 40)], [("b", 40)]),
    ],
    ids=["a rigid gang", "an elastic gang's core", "a class that needs more than there are"],
)
def test_each_class_is_asked_for_in_its_order_with_what_the_gang_needs_there(job, workers, choices, options):
    named = [{"class": name} | ({"minReplicas": least} if least else {}) for name, least in choices]
    job["spec"] |= {"workers": workers, "accelerators": named}
    shape = shapes.shape(resources.TrainingJob.parse(job).spec)
    assert options == [(each.accelerator, each.workers) for each in shape.options]


def test_a_workers_needs_are_counted_as_the_kubelet_counts_them(job):
    containers = [
        {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "2", "ephemeral-storage": "3Gi"}},
        {"limits": {"cpu": "1", "memory": "1Gi", "rdma/hca": 2}},
    ]
    image = job["spec"]["template"]["spec"]["containers"][0]["image"]
    names = ("trainer", "beside")
    named = [{"name": name, "image": image, "resources": each} for name, each in zip(names, containers, strict=True)]
    first = {"name": "first", "image": image, "resources": {"requests": {"memory": "8Gi", "cpu": "1"}}}
    job["spec"]["template"]["spec"] = {"containers": named, "initContainers": [first]}
    shape = shapes.shape(resources.TrainingJob.parse(job).spec)
    assert (1500, 8 * 1024, 3 * 1024, 2) == (shape.cpu_milli, shape.memory_mib, shape.ephemeral_mib, shape.rdma)


def test_the_last_checkpoint_of_record_is_told_whoever_runs(job):
    saved = Saved(step=1200, fence=2, at_seconds=NOW)
    status = project(job, saved=saved)
    assert {"time": "2027-01-15T08:00:00Z", "step": 1200, "fence": 2} == status["lastCheckpoint"]
    resources.TrainingJob.parse(job | {"status": status})


def test_a_victim_loses_what_its_own_attempt_did_not_save():
    own, earlier = Saved(5, 2, NOW + 50), Saved(5, 1, NOW + 50)
    checkpoints = [snapshot._attempt(live(), saved).checkpoint_seconds for saved in (None, own, earlier)]
    assert [NOW, NOW + 50, NOW] == checkpoints


def test_the_planner_knows_who_has_had_notice_that_its_funding_ends():
    assert [False, True] == [snapshot._attempt(live(refused_by=cap), None).refused for cap in (None, "month")]


def test_a_condition_keeps_its_time_as_long_as_its_value(job):
    before = project(job)
    after = statuses.project(
        statuses.Known(resources.TrainingJob.parse(job | {"status": before}), Leaf("tencent", None), live()), NOW + 60
    )
    times = {each["type"]: each["lastTransitionTime"] for each in before["conditions"]}
    again = {each["type"]: each["lastTransitionTime"] for each in after["conditions"]}
    assert times["Suspended"] == again["Suspended"]
    assert times["Queued"] != again["Queued"]


def test_a_status_is_written_only_if_something_that_is_decided_changed(job):
    status = project(job, live=live())
    assert not statuses.differs(status, status | {"readyReplicas": 5, "lastDecision": "another"})
    assert statuses.differs(status, status | {"phase": "Running"})


def test_a_placement_says_nothing_of_whose_it_is_and_is_one_the_rules_take(job):
    manifest = placing.running(live(), resources.TrainingJob.parse(job).spec)
    assert "tencent" not in str({**manifest["spec"], "template": None, "egress": None})
    read = resources.Placement.parse(manifest)
    assert [(0, "n1", tuple(range(8))), (1, "n1", tuple(range(8, 16)))] == [
        (worker.rank, worker.node, worker.gpus) for worker in read.spec.workers
    ]
    assert (2, 7, "Running") == (read.spec.fence, read.spec.sequence, read.spec.wanted)


def test_a_gang_whose_placement_is_there_after_all_does_not_lack_its_storage(job):
    world, attempt = World(), live()
    mirrored = mirror.Mirror(now_seconds=NOW, live={attempt.job: attempt})
    known = storage.Storage(None, world, mirrored)
    known._failed[attempt.job] = Verdict(Reason.STORAGE_NOT_READY, "no Secret"), 0.0
    assert [attempt.job] == list(known.verdicts())
    manifest = placing.running(attempt, resources.TrainingJob.parse(job).spec)
    manifest["metadata"] |= {"uid": "p"}
    world.take({"Placement": {"p": manifest}})
    assert not known.verdicts()
    assert not known.given_up()


@given(masks=st.lists(st.integers(1, 2**16 - 1), min_size=1, max_size=5))
def test_each_gpu_of_a_placement_belongs_to_one_worker(masks):
    placed = tuple((f"c/n{number}", mask.bit_count(), mask) for number, mask in enumerate(masks))
    workers = placing._workers(live(cluster="c", placed=placed))
    assert list(range(len(workers))) == [each["rank"] for each in workers]
    for node, _, mask in placed:
        assert mask == sum(1 << gpu for each in workers if f"c/{each['node']}" == node for gpu in each["gpus"])


def test_a_status_alone_is_nothing_to_decide_on(job):
    world = World()
    world.take({"TrainingJob": {"u": job}})
    version, read = world.version, world.jobs["u"]
    told = {**job, "metadata": {**job["metadata"], "resourceVersion": "9"}, "status": {"phase": "Queued"}}
    world.take({"TrainingJob": {"u": told}})
    assert (version, read, told) == (world.version, world.jobs["u"], world.documents["u"])
    assert world.jobs["u"] is read
    for changed in (
        {**told, "spec": {**job["spec"], "suspend": True}},
        {**told, "metadata": {**job["metadata"], "deletionTimestamp": "2026-11-23T00:00:00Z"}},
        None,
    ):
        before = world.version
        world.take({"TrainingJob": {"u": changed}})
        assert before < world.version
    assert 0 == world.pool_version


def test_an_object_that_cannot_be_read_keeps_its_last_good_version(job):
    world = World()
    world.take({"TrainingJob": {"u": job}})
    world.take({"TrainingJob": {"u": {**job, "spec": {**job["spec"], "tier": 7}}}})
    assert "llm-7b" == world.jobs["u"].metadata.name
    assert world.misconfigured["u"].problem.startswith("spec.tier: ")
    world.take({"TrainingJob": {"u": job}})
    assert {} == world.misconfigured


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_a_namespace_made_again_is_still_its_members(order):
    world = World()
    labels = {"hanse.dev/member": "red"}
    there = {uid: {"metadata": {"name": "red", "uid": uid, "labels": labels}} for uid in ("old", "new")}
    world.take({"Namespace": {"old": there["old"]}})
    changed = {"old": None, "new": there["new"]}
    world.take({"Namespace": {uid: changed[uid] for uid in order}})
    assert "red" == world.leaves["red"].member
    world.take({"Namespace": {"new": None}})
    assert {} == world.leaves


def test_a_misspelt_failpoint_is_refused():
    with pytest.raises(ValueError, match="write one of before-record"):
        failpoints._Armed("before-recrod:kill")


def test_the_past_of_a_job_that_never_ran_has_no_end():
    assert (0, "") == (NEVER_RAN.attempts, NEVER_RAN.last_outcome)


def test_a_cluster_of_more_classes_than_its_status_holds_is_told_of_as_many_as_fit():
    spec = {"member": "blue", "region": "north", "agentKey": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    found = resources.MemberCluster.model_validate({"metadata": {"name": "blue-1", "generation": 1}, "spec": spec})
    view = types.SimpleNamespace(as_of=1, by_cluster={"blue-1": pool_statuses.Counted()})
    view.by_cluster["blue-1"].gpus.update({f"class-{number:02}": 8 for number in range(40)})
    status = pool_statuses.cluster(view, found, reach.Reach(1), ("1", 1))
    assert (32, 320) == (len(status["gpus"]), status["gpuCount"])
    assert resources.MemberCluster.model_validate(found.model_dump(by_alias=True, mode="json") | {"status": status})
