"""What may change and what may not, once an object is there."""

import pytest

MAY_CHANGE = "create another job; only suspend, maxRuntime, workers and ttlAfterFinished may change"
FIXED = {
    "tier": "urgent",
    "gpusPerWorker": 4,
    "accelerators": [{"class": "b200-180g"}],
    "precision": "fp16",
    "trust": "none",
    "allowSharingWith": "any",
    "topology": {"level": "rack"},
    "placement": {"regions": ["zhejiang"]},
    "startDeadline": "31m",
    "checkpoint": {"grace": "3m"},
    "restart": {"limit": 4},
    "onClusterLost": "Hold",
    "partitionTolerance": "16m",
    "egress": [],
    "storage": {"checkpoint": "s3://elsewhere/x"},
    "template": {"metadata": {"labels": {"a": "b"}}},
}
FREE = {
    "suspend": True,
    "maxRuntime": "96h",
    "workers": {"replicas": 128, "minReplicas": 64},
    "ttlAfterFinished": "1h",
}
STATUS = {"fence": 3, "sequence": 7, "phase": "Running", "readyWorkers": 2}


@pytest.fixture(name="there", scope="module")
def _there(api, manifest):
    """Return a function that creates an example for real, once, and returns it."""
    created = {}

    def there(kind, number=0, patch=None):
        if (kind, number) not in created:
            document = created[kind, number] = manifest(
                kind, {"metadata.name": f"there-{number}"} | (patch or {}), number
            )
            assert api.create(document, dry_run=False) == ""
        return created[kind, number]

    yield there
    for document in created.values():
        api.delete(document)


@pytest.mark.parametrize("field", FIXED)
def test_a_job_keeps_what_it_was_admitted_for(api, there, field):
    """The sentence names the field, and what may change."""
    answer = api.change(there("TrainingJob"), {"spec": {field: FIXED[field]}})
    assert f"spec.{field}: Invalid value: {field} cannot change after creation: {MAY_CHANGE}" in answer


@pytest.mark.parametrize("field", ["topology", "storage"])
def test_an_optional_field_of_a_job_does_not_go(api, there, field):
    answer = api.change(there("TrainingJob"), {"spec": {field: None}})
    assert f"{field} cannot change after creation" in answer


def test_an_optional_field_of_a_job_does_not_come(api, there):
    memory = {"guaranteedMiB": 1024, "limitMiB": 1024}
    answer = api.change(there("TrainingJob"), {"spec": {"gpuMemory": memory}})
    assert "gpuMemory cannot change after creation" in answer


@pytest.mark.parametrize("field", FREE)
def test_a_job_can_be_resized_suspended_and_extended(api, there, field):
    assert api.change(there("TrainingJob"), {"spec": {field: FREE[field]}}) == ""


def test_a_job_does_not_shrink_below_what_it_needs(api, there):
    answer = api.change(there("TrainingJob"), {"spec": {"workers": {"replicas": 16}}})
    assert "minReplicas 32 is larger than replicas 16" in answer


def test_scale_follows_the_rules_of_the_job(api, there):
    """`kubectl scale` is a way to set replicas, not a way around their bounds."""
    assert api.change(there("TrainingJob"), {"spec": {"replicas": 100}}, subresource="/scale") == ""
    answer = api.change(there("TrainingJob"), {"spec": {"replicas": 8}}, subresource="/scale")
    assert "minReplicas 32 is larger than replicas 8" in answer


@pytest.mark.parametrize(
    ("kind", "spec", "sentence"),
    [
        ("MemberCluster", {"member": "alibaba"}, "member cannot change after creation: another owner or place"),
        ("MemberCluster", {"region": "jiangsu"}, "region cannot change after creation: another owner or place"),
        ("AcceleratorClass", {"memoryMiB": 98304}, "memoryMiB cannot change after creation: other hardware"),
        ("AcceleratorClass", {"vendor": "other"}, "vendor cannot change after creation: other hardware"),
        ("AcceleratorClass", {"deviceResources": ["a.b/c"]}, "deviceResources cannot change after creation"),
        ("Contribution", {"class": "b200-180g"}, "class cannot change after creation: recall this contribution"),
        ("Contribution", {"cluster": "alibaba-hz"}, "cluster cannot change after creation: recall this contribution"),
        ("Placement", {"fence": 2}, "fence 2 is lower than 3: this write is older than what is there"),
        ("Placement", {"sequence": 6}, "sequence 6 is lower than 7: this write is older than what is there"),
        ("Placement", {"fence": 4, "sequence": 1}, "sequence 1 is lower than 7"),
        ("Placement", {"class": "b200-180g"}, "class belongs to the attempt and cannot change under the same fence"),
        ("Placement", {"attempt": "0" * 36}, "attempt belongs to the attempt and cannot change under the same fence"),
        ("Placement", {"template": {"metadata": {"labels": {"a": "b"}}}}, "template belongs to the attempt"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_was_agreed_stays(api, there, kind, spec, sentence):
    assert sentence in api.change(there(kind), {"spec": spec})


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("AcceleratorClass", {"h100Equivalent": {"bf16": 990}}),
        ("Contribution", {"recall": {"at": "2027-01-01T00:00:00Z"}}),
        ("MemberCluster", {"clusterDomain": "other.local"}),
        ("Placement", {"sequence": 8, "wanted": "Stopped"}),
        ("Placement", {"sequence": 8, "workers": [{"rank": 0, "node": "n", "gpus": [0]}]}),
        ("Placement", {"fence": 4, "attempt": "0" * 36, "class": "b200-180g"}),
    ],
)
def test_what_was_not_agreed_may_change(api, there, kind, spec):
    assert api.change(there(kind), {"spec": spec}) == ""


@pytest.fixture(name="reported", scope="module")
def _reported(api, there):
    """Return a placement of fence 3 whose agent has reported."""
    placement = there("Placement")
    assert api.change(placement, {"status": STATUS}, subresource="/status", dry_run=False) == ""
    return placement


@pytest.mark.parametrize("fence", [2, 4])
def test_a_report_of_another_fence_is_refused(api, reported, fence):
    answer = api.change(reported, {"status": {"fence": fence}}, subresource="/status")
    assert f"status.fence {fence} is not spec.fence 3: this report is about another placement" in answer


def test_a_report_of_the_fence_is_taken(api, reported):
    assert api.change(reported, {"status": {"phase": "Draining"}}, subresource="/status") == ""


def test_a_raised_fence_leaves_the_old_report_but_takes_no_more_of_it(api, reported):
    """The operator's write passes over the old report; a late report under the old fence does not pass."""
    assert api.change(reported, {"spec": {"fence": 5, "sequence": 9}}, dry_run=False) == ""
    answer = api.change(reported, {"status": {"readyWorkers": 1}}, subresource="/status")
    assert "status.fence 3 is not spec.fence 5" in answer
    assert api.change(reported, {"status": {"fence": 5}}, subresource="/status") == ""
