"""Bad manifests: each is refused when it is applied, with a sentence that says what to do."""

from pathlib import Path

import pytest
import yaml

from hanse.resources import KINDS, MisconfiguredError

ROWS = yaml.safe_load(Path(__file__).with_name("refused.yaml").read_text())
MODELS = {kind.__name__: kind for kind in KINDS}
FORBIDDEN = [row for row in ROWS if "is not allowed here" in row["says"]]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_bad_manifest_is_refused_with_its_sentence(api, manifest, row):
    """The sentence is in the answer, and the field is named once at most."""
    answer = api.create(manifest(row["kind"], row.get("patch"), row.get("number", 0)))
    assert row["says"] in answer


@pytest.mark.parametrize("row", FORBIDDEN, ids=[row["id"] for row in FORBIDDEN])
def test_what_a_template_may_not_have_is_never_dropped_in_silence(api, manifest, row):
    """A client that does not ask for strict validation gets the sentence too."""
    assert row["says"] in api.create(manifest(row["kind"], row["patch"]), strict=False)


@pytest.mark.parametrize("row", [row for row in ROWS if row.get("model")], ids=lambda row: row["id"])
def test_the_models_refuse_what_the_operator_rests_on(manifest, row):
    """An object that is older than its rule does not get past the models."""
    with pytest.raises(MisconfiguredError):
        MODELS[row["kind"]].parse(manifest(row["kind"], row["patch"], row.get("number", 0)))


def test_there_are_no_two_rows_of_one_name():
    assert len({row["id"] for row in ROWS}) == len(ROWS)
