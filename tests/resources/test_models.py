"""The models: how the operator reads objects, and what it says of those it cannot use."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from hanse.resources import KINDS, Member, MisconfiguredError, Phase, Placement, PoolPolicy, Reason, TrainingJob
from hanse.resources.durations import NOTATION
from hanse.resources.model import camel


@pytest.fixture(name="job")
def _job(manifest):
    """Return a job as the API server returns it: with metadata of its own and fields of a newer version."""
    document = manifest("TrainingJob")
    document["metadata"] |= {"uid": "u-1", "generation": 3, "managedFields": [{"manager": "kubectl"}]}
    document["spec"]["comesLater"] = {"x": 1}
    document["status"] = {"phase": "Queued", "reason": "WaitingForReclaim", "comesLater": True}
    return document


def test_a_job_is_read_with_defaults_and_without_what_is_unknown(job):
    read = TrainingJob.parse(job)
    assert (read.metadata.uid, read.metadata.generation) == ("u-1", 3)
    assert (read.status.phase, read.status.reason) == (Phase.QUEUED, Reason.WAITING_FOR_RECLAIM)
    assert read.spec.max_runtime == timedelta(days=3)
    assert read.spec.start_deadline == timedelta(minutes=30)
    assert read.spec.accelerators[1].accelerator_class == "ascend-910b"
    assert not hasattr(read.spec, "comesLater")


def test_a_job_is_written_as_kubernetes_spells_it(job):
    written = TrainingJob.parse(job).model_dump(mode="json", exclude_none=True)
    assert written["spec"]["maxRuntime"] == "72h"
    assert written["spec"]["workers"] == {"replicas": 64, "minReplicas": 32}
    assert written["spec"]["accelerators"][1] == {"class": "ascend-910b", "minReplicas": 54}


def test_a_misconfigured_job_names_each_field_and_value(job):
    job["spec"]["workers"] = {"replicas": 1, "minReplicas": 2}
    job["spec"]["accelerators"][1]["minReplicas"] = 0
    job["spec"]["maxRuntime"] = "3d"
    del job["spec"]["tier"]
    with pytest.raises(MisconfiguredError) as caught:
        TrainingJob.parse(job)
    assert str(caught.value).splitlines() == [
        "spec.tier: Field required",
        "spec.workers.minReplicas: minReplicas is larger than replicas: lower minReplicas, or raise replicas",
        "spec.accelerators[1].minReplicas: 0: Input should be greater than or equal to 1",
        f"spec.maxRuntime: '3d': not a duration between 1m and 8760h: {NOTATION}",
    ]


def test_a_status_that_a_newer_version_wrote_is_misconfigured_and_no_crash(job):
    job["status"]["phase"] = "Dreaming"
    with pytest.raises(MisconfiguredError, match=r"status\.phase: 'Dreaming'"):
        TrainingJob.parse(job)


@pytest.mark.parametrize("document", [{}, {"metadata": None}, {"metadata": {"name": "x"}, "spec": []}])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_whatever_comes_is_read_or_misconfigured(kind, document):
    with pytest.raises(MisconfiguredError):
        kind.parse(document)


def test_a_gang_without_min_replicas_is_rigid(job):
    assert TrainingJob.parse(job).spec.workers.core == 32
    del job["spec"]["workers"]["minReplicas"]
    assert TrainingJob.parse(job).spec.workers.core == 64


def test_a_policy_of_nothing_but_defaults_is_valid():
    policy = PoolPolicy.parse({"metadata": {"name": "default"}, "spec": {}})
    assert policy.spec.max_grace + policy.spec.kill_budget < policy.spec.reclaim_bound
    assert policy.spec.memory.default.ratio_thousandths == 1000


def test_a_placement_without_report_has_no_status(manifest):
    assert Placement.parse(manifest("Placement")).status is None


def test_objects_do_not_change(manifest):
    member = Member.parse(manifest("Member"))
    with pytest.raises(ValidationError, match="frozen"):
        member.spec.levy_thousandths = 1


@pytest.mark.parametrize(
    ("attribute", "field"),
    [
        ("guaranteed_mib", "guaranteedMiB"),
        ("charge_rate_milli_h100e", "chargeRateMilliH100e"),
        ("gpus_per_worker", "gpusPerWorker"),
        ("tier", "tier"),
    ],
)
def test_fields_are_spelt_as_in_kubernetes(attribute, field):
    assert camel(attribute) == field
