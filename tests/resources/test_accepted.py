"""Good manifests: the API server accepts each, and the models read each."""

from pathlib import Path

import pytest
import yaml

from hanse.resources import KINDS, MisconfiguredError, Placement
from hanse.resources.limits import WORKERS_MAX

ROWS = yaml.safe_load(Path(__file__).with_name("accepted.yaml").read_text())
MODELS = {kind.__name__: kind for kind in KINDS}


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_good_manifest_is_accepted(api, manifest, row):
    """Nothing is said against it."""
    assert api.create(manifest(row["kind"], row.get("patch"), row.get("number", 0))) == ""


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_models_read_a_good_manifest(manifest, row):
    """What the server accepts the operator can work with, and it writes the same again."""
    model = MODELS[row["kind"]]
    resource = model.parse(manifest(row["kind"], row.get("patch"), row.get("number", 0)))
    again = model.parse(resource.model_dump(mode="json", exclude_none=True))
    assert again == resource


def _largest_placement(manifest):
    workers = [{"rank": rank, "node": f"{rank:05d}.{'n' * 30}", "gpus": list(range(16))} for rank in range(WORKERS_MAX)]
    return manifest("Placement", {"spec.workers": workers})


def _largest_template(manifest):
    quantities = {"cpu": "9999999m", "memory": "1023.123456789Ti", "ephemeral-storage": "1023Ti", "rdma/hca": 999}
    container = {
        "image": f"{'r' * 63}.example:5000/{'i' * 120}@sha256:{'0' * 64}",
        "env": [{"name": f"V{number}{'_' * 100}", "value": "x" * 1000} for number in range(64)],
        "resources": {"requests": quantities, "limits": quantities},
        "volumeMounts": [{"name": "v7", "mountPath": f"/{number}{'/p' * 250}"} for number in range(16)],
    }
    spec = {
        "containers": [{"name": name, **container} for name in ("trainer", "b", "c", "d")],
        "initContainers": [{"name": name, **container} for name in ("e", "f", "g", "h")],
        "volumes": [{"name": f"v{number}", "emptyDir": {"sizeLimit": "1Pi"}} for number in range(8)],
    }
    return manifest("TrainingJob", {"spec.template.spec": spec})


@pytest.mark.parametrize("largest", [_largest_placement, _largest_template])
def test_what_is_as_large_as_can_be_is_not_too_costly_to_check(api, manifest, largest):
    """The API server stops checking an object whose rules cost too much as they run, and refuses it."""
    assert api.create(largest(manifest)) == ""


def test_a_gpu_that_workers_far_apart_hold_is_found_by_the_models(manifest):
    """The API server compares neighbours only."""
    workers = [{"rank": rank, "node": f"n{rank % 2}", "gpus": [0]} for rank in range(3)]
    with pytest.raises(MisconfiguredError, match="two workers hold the same GPU of the same node"):
        Placement.parse(manifest("Placement", {"spec.workers": workers}))


@pytest.mark.usefixtures("api")
def test_all_examples_are_accepted_by_kubectl(hub, root):
    """They can be applied as they are, in one go once the namespaces are there."""
    hub.kubectl("apply", "--dry-run=server", "-f", str(root / "examples"))
