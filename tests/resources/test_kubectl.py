"""What people see: `kubectl explain`, the columns of `kubectl get`, short names, the category, `kubectl scale`."""

import json

import pytest

from hanse.resources import KINDS

KIND_IDS = [kind.__name__ for kind in KINDS]
STATUS = {
    "phase": "Running",
    "member": "tencent",
    "gpus": "512/512",
    "h100e": "512",
    "reason": "WaitingForReclaim",
    "preemptions": 2,
    "acceleratorClass": "h100-80g",
    "cluster": "tencent-gz",
    "strength": "HOME",
    "replicas": 64,
}


@pytest.fixture(name="job", scope="module")
def _job(api, manifest):
    """Return a job that is there and runs."""
    document = manifest("TrainingJob", {"metadata.name": "seen"})
    assert api.create(document, dry_run=False) == ""
    assert api.change(document, {"status": STATUS}, subresource="/status", dry_run=False) == ""
    yield document
    api.delete(document)


def _columns(printed):
    header, row = printed.splitlines()
    starts = [index for index, letter in enumerate(header) if letter != " " and header[:index][-2:] in ("", "  ")]
    ends = [*starts[1:], None]
    return {header[start:end].strip(): row[start:end].strip() for start, end in zip(starts, ends, strict=True)}


def test_get_shows_the_columns_of_a_job(hub, job):
    columns = _columns(hub.kubectl("get", "tj", job["metadata"]["name"], "-n", "tencent").stdout)
    assert list(columns) == ["NAME", "MEMBER", "TIER", "PHASE", "GPUS", "H100E", "REASON", "PREEMPTIONS", "AGE"]
    assert list(columns.values())[:-1] == [
        "seen", "tencent", "standard", "Running", "512/512", "512", "WaitingForReclaim", "2",
    ]  # fmt: skip


def test_get_wide_shows_where_a_job_runs(hub, job):
    columns = _columns(hub.kubectl("get", "tj", job["metadata"]["name"], "-n", "tencent", "-o", "wide").stdout)
    assert {"CLASS": "h100-80g", "CLUSTER": "tencent-gz", "STRENGTH": "HOME"}.items() <= columns.items()


def test_scale_changes_the_workers_of_a_job(hub, job):
    hub.kubectl("scale", f"tj/{job['metadata']['name']}", "-n", "tencent", "--replicas=96")
    scaled = json.loads(hub.kubectl("get", "tj", job["metadata"]["name"], "-n", "tencent", "-o", "json").stdout)
    assert scaled["spec"]["workers"] == {"replicas": 96, "minReplicas": 32}


@pytest.mark.usefixtures("api")
def test_the_category_holds_all_kinds(hub):
    listed = hub.kubectl("api-resources", "--categories=hanse", "--api-group=hanse.dev", "--no-headers").stdout
    rows = {row.split()[-1]: row.split()[1] for row in listed.splitlines()}
    assert rows == {kind.__name__: kind.definition.short_name for kind in KINDS}


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_each_kind_explains_itself(hub, kind):
    """Every field says what it is."""
    explained = hub.kubectl("explain", f"{kind.definition.plural}.spec").stdout
    assert "<no description>" not in explained
    assert f"KIND:       {kind.__name__}" in explained
