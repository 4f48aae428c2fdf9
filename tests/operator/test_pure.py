"""The pure parts: what a status says, what a Placement says, when an offer is open, how caps are cut into windows."""

import itertools
import types
import uuid
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hanse import resources
from hanse.ledger.decisions import Effect, Entry
from hanse.operator import (
    capping,
    cycle,
    ends,
    entries,
    failpoints,
    mirror,
    offers,
    placing,
    pool_statuses,
    reach,
    shapes,
    snapshot,
    statuses,
)
from hanse.operator.fitness import Verdict
from hanse.operator.mirror import NEVER_RAN, Live, Past, Saved
from hanse.operator.world import Leaf, World
from hanse.resources import Reason
from hanse.scheduler.pool import NodeState

EXAMPLES = "examples"
NOW = 1_800_000_000


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


WAITING = {
    "reason": "WaitingForQuota", "accelerator": "h100-80g", "asked_gpus": 512, "free_gpus": 100, "borrowable_gpus": -1,
    "lacking_gpus": 12, "workers_that_fit": 24, "ahead_in_leaf": 3, "cap": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("phase", "reason", "known"),
    [
        ("Queued", None, {}),
        ("Queued", "WaitingForQuota", {"waiting": WAITING}),
        ("Queued", "TierNotAllowed", {"verdict": Verdict(Reason.TIER_NOT_ALLOWED, "no such tier")}),
        ("Admitted", None, {"live": live()}),
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
        ("Failed", "PlacementRefused", {"past": Past(attempts=1, last_stop_reason="PlacementRefused")}),
        ("Requeued", None, {"past": Past(attempts=1, last_is_expired=True)}),
        ("Queued", "StorageNotReady", {"verdict": Verdict(Reason.STORAGE_NOT_READY, "no Secret")}),
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
    assert "starts when 12 more h100-80g are free in one cluster, or with minReplicas <= 24" == explanation["remedy"]
    assert (512, 100, 3) == tuple(explanation[name] for name in ("askedGpus", "freeGpus", "jobsAhead"))
    assert "borrowableGpus" not in explanation


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
        {"limits": {"cpu": "1", "memory": "1Gi"}},
    ]
    image = job["spec"]["template"]["spec"]["containers"][0]["image"]
    names = ("trainer", "beside")
    named = [{"name": name, "image": image, "resources": each} for name, each in zip(names, containers, strict=True)]
    first = {"name": "first", "image": image, "resources": {"requests": {"memory": "8Gi", "cpu": "1"}}}
    job["spec"]["template"]["spec"] = {"containers": named, "initContainers": [first]}
    shape = shapes.shape(resources.TrainingJob.parse(job).spec)
    assert (1500, 8 * 1024, 3 * 1024) == (shape.cpu_milli, shape.memory_mib, shape.ephemeral_mib)


def test_the_last_checkpoint_of_record_is_told_whoever_runs(job):
    saved = Saved(step=1200, fence=2, at_seconds=NOW)
    status = project(job, saved=saved)
    assert {"time": "2027-01-15T08:00:00Z", "step": 1200, "fence": 2} == status["lastCheckpoint"]
    resources.TrainingJob.parse(job | {"status": status})


def test_a_victim_loses_what_its_own_attempt_did_not_save():
    own, earlier = Saved(5, 2, NOW + 50), Saved(5, 1, NOW + 50)
    checkpoints = [snapshot._attempt(live(), saved).checkpoint_seconds for saved in (None, own, earlier)]
    assert [NOW, NOW + 50, NOW] == checkpoints


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


@given(masks=st.lists(st.integers(1, 2**16 - 1), min_size=1, max_size=5))
def test_each_gpu_of_a_placement_belongs_to_one_worker(masks):
    placed = tuple((f"c/n{number}", mask.bit_count(), mask) for number, mask in enumerate(masks))
    workers = placing._workers("c", placed)
    assert list(range(len(workers))) == [each["rank"] for each in workers]
    for node, _, mask in placed:
        assert mask == sum(1 << gpu for each in workers if f"c/{each['node']}" == node for gpu in each["gpus"])


def offer(**more):
    return resources.ContributionSpec.model_validate({"cluster": "c", "class": "h100"} | more)


NIGHT = {"days": ["Fri"], "start": "20:00", "end": "08:00", "timeZone": "Asia/Shanghai"}


@pytest.mark.parametrize(
    ("at", "windows", "expected"),
    [
        ("2026-11-20T13:00", [], NodeState.READY),
        ("2026-11-20T11:59", [NIGHT], NodeState.CLOSED),
        ("2026-11-20T12:00", [NIGHT], NodeState.READY),
        ("2026-11-20T23:59", [NIGHT], NodeState.READY),
        ("2026-11-21T00:00", [NIGHT], NodeState.CLOSED),
        ("2026-11-19T13:00", [NIGHT], NodeState.CLOSED),
    ],
    ids=["always", "before", "Friday evening", "Saturday morning", "after", "another day"],
)
def test_an_offer_is_open_in_its_windows_only(at, windows, expected):
    seconds = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())
    assert expected == offers.state(offer(windows=windows), seconds)


@pytest.mark.parametrize(
    ("before_minutes", "expected"),
    [(61, NodeState.READY), (60, NodeState.RECALLED), (1, NodeState.RECALLED), (0, NodeState.CLOSED)],
)
def test_a_recalled_offer_takes_nothing_new_and_then_ends(before_minutes, expected):
    at = datetime.fromtimestamp(NOW, UTC).isoformat()
    recalled = offer(recall={"at": at, "notice": "1h"})
    assert expected == offers.state(recalled, NOW - 60 * before_minutes)


@given(
    window=st.sampled_from(["Hour", "Day", "Week", "Month"]),
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
    now=st.integers(1_700_000_000, 1_900_000_000),
)
def test_the_windows_of_a_cap_follow_one_another_without_a_gap(window, zone, now):
    spec = {"displayName": "M", "keys": {"verify": KEY, "encrypt": KEY}, "caps": [CAP | {"window": window}]}
    member = resources.Member.parse({"metadata": {"name": "m"}, "spec": spec})
    opened = capping.windows(member, zone, now)
    assert opened[0].start_seconds <= now < opened[0].end_seconds
    assert opened[-1].end_seconds >= now + capping.HORIZON_SECONDS
    for one, next_one in itertools.pairwise(opened):
        assert one.end_seconds == next_one.start_seconds


KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
CAP = {"name": "cap", "milliH100eSeconds": 1000}


def test_causes_count_from_the_first_entry_of_the_cycle():
    entry = Entry("Admit", Effect.NONE, "", "")
    caused = Entry("Fall", Effect.NONE, "", "", cause_index=0)
    flat = entries.flatten([entries.Group("a", (entry, caused)), entries.Group("b", (entry, caused))])
    assert [None, 0, None, 2] == [each.cause_index for each in flat]


@pytest.mark.parametrize("first", [Effect.KEEP, Effect.STOP])
@pytest.mark.parametrize("then", [Effect.KEEP, Effect.STOP])
def test_of_two_changes_of_one_attempt_the_second_waits_for_the_next_cycle(first, then):
    """The ledger would refuse the whole plan: a rise, and a fall for who is admitted later in the same plan."""
    job, other = uuid.uuid4(), uuid.uuid4()
    admitted = Entry("Admit", Effect.ADMIT, "", "", job=other)
    changes = [entries.Group(str(job), (Entry("", effect, "", "", job=job),)) for effect in (first, then)]
    groups = [changes[0], entries.Group(str(other), (admitted,)), changes[1]]
    assert groups[:2] == cycle._once_each(groups)


def test_an_object_that_cannot_be_read_keeps_its_last_good_version(job):
    world = World()
    world.take({"TrainingJob": {"u": job}})
    world.take({"TrainingJob": {"u": {**job, "spec": {**job["spec"], "tier": 7}}}})
    assert "llm-7b" == world.jobs["u"].metadata.name
    assert world.misconfigured["u"].problem.startswith("spec.tier: ")
    world.take({"TrainingJob": {"u": job}})
    assert {} == world.misconfigured


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
