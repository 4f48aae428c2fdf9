"""What is generated: up to date, the same each time, structural, bounded and described."""

import shutil

import pytest
import yaml

from hanse.resources import KINDS, generate
from hanse.resources.crds import crd, root_schema

KIND_IDS = [kind.__name__ for kind in KINDS]
STRUCTURAL = {"type", "x-kubernetes-int-or-string"}
REFUSED = {"$ref", "anyOf", "oneOf", "allOf", "title", "x-kubernetes-preserve-unknown-fields"}


def nodes(schema, path=""):
    """Walk all schemas below one, with their paths."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], f"{path}[]")


def spec_nodes(kind):
    return list(nodes(root_schema(kind)["properties"]["spec"], "spec"))


@pytest.fixture(name="expected", scope="module")
def _expected(root):
    """Return the text of each generated file."""
    return generate.files(root)


def test_the_repository_holds_what_the_models_say(root, expected):
    assert generate.differing(root, expected) == []


def test_generating_twice_gives_the_same(root, expected):
    assert generate.files(root) == expected


def test_check_names_what_differs_and_writes_nothing(root, expected, tmp_path, capsys):
    shutil.copytree(root / "examples", tmp_path / "examples")
    generate.write(tmp_path, expected)
    (tmp_path / generate.CRD_FOLDER / "members.yaml").write_text("changed")
    (tmp_path / generate.REFERENCE_FOLDER / "gone.md").write_text("left over")
    assert generate.main(["--check", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == [
        "charts/hanse/templates/crds/members.yaml",
        "docs/reference/gone.md",
    ]
    generate.write(tmp_path, expected)
    assert generate.differing(tmp_path, expected) == []


def test_manifests_are_plain_yaml_for_helm_and_kubectl_alike(expected):
    """Helm reads them as templates, so nothing in them may look like one."""
    for path, text in expected.items():
        if path.suffix == ".yaml":
            assert "{{" not in text
            assert all(document["apiVersion"] for document in yaml.load_all(text, yaml.CSafeLoader))


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_a_crd_outlives_the_chart(kind):
    assert crd(kind)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_each_field_says_what_it_is(kind):
    fields = [(path, node) for path, node in nodes(root_schema(kind)) if path and not path.endswith("[]")]
    bare = [path for path, node in fields if not node.get("description") and not path.startswith(".metadata")]
    # Inside a field that is not allowed nothing needs saying: the field itself does.
    refused = tuple(path for path, node in fields if node.get("description", "").startswith("Not allowed"))
    assert [path for path in bare if not path.startswith(refused)] == []


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_each_schema_is_structural(kind):
    for path, node in nodes(root_schema(kind)):
        assert STRUCTURAL & set(node), path
        assert not {"$ref", "anyOf", "oneOf", "allOf", "title", "x-kubernetes-preserve-unknown-fields"} & set(node), (
            path
        )


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_everything_a_user_writes_is_bounded(kind):
    """Without bounds the API server takes a rule for too costly, and one user's object could fill etcd."""
    for path, node in spec_nodes(kind):
        match node.get("type"):
            case "array":
                assert "maxItems" in node, path
            case "object" if "additionalProperties" in node:
                assert "maxProperties" in node, path
            case "string" if "enum" not in node and node.get("format") != "date-time":
                assert "maxLength" in node, path


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_each_rule_is_one_line_that_says_what_to_do(kind):
    for path, node in nodes(root_schema(kind)):
        for rule in node.get("x-kubernetes-validations", []):
            assert "\n" not in rule["rule"] + rule["message"], path
            assert ":" in rule["message"], f"{path}: {rule['message']} says what is wrong but not what to do"


def test_names_of_kinds_do_not_collide():
    for names in ([kind.definition.plural for kind in KINDS], [kind.definition.short_name for kind in KINDS]):
        assert len(set(names)) == len(KINDS)
