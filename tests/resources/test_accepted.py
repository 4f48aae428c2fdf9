"""Good manifests: the API server accepts each, and the models read each."""

from pathlib import Path

import pytest
import yaml

from hanse.resources import KINDS

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


@pytest.mark.usefixtures("api")
def test_all_examples_are_accepted_by_kubectl(hub, root):
    """They can be applied as they are, in one go once the namespaces are there."""
    hub.kubectl("apply", "--dry-run=server", "-f", str(root / "examples"))
