"""The operator's rights in the hub: what it needs, and no more. All tests of its process run with exactly these."""

import json

import pytest
import yaml

OPERATOR = "system:serviceaccount:hanse-system:hanse-operator"
FORBIDDEN = [
    ("get", "secrets", "red"),
    ("get", "secrets/another", "red"),
    ("get", "secrets/red-s3", "blue"),
    ("list", "secrets", "red"),
    ("watch", "secrets", "red"),
    ("list", "secrets", None),
    ("list", "pods", None),
    ("update", "trainingjobs.hanse.dev", "red"),
    ("deletecollection", "trainingjobs.hanse.dev", "red"),
    ("delete", "members.hanse.dev", None),
    ("delete", "secrets/red-s3", "red"),
    ("create", "trainingjobs.hanse.dev", "red"),
    ("use", "prioritytiers.hanse.dev", None),
    ("use", "members.hanse.dev", None),
    ("update", "members.hanse.dev", None),
    ("list", "customresourcedefinitions.apiextensions.k8s.io", None),
    ("delete", "leases.coordination.k8s.io", "hanse-system"),
    ("get", "leases.coordination.k8s.io", "kube-system"),
]


def rules(request):
    path = request.config.rootpath / "charts/hanse/templates/operator-rbac.yaml"
    documents = yaml.safe_load_all(path.read_text().replace("{{ .Release.Namespace }}", "hanse-system"))
    return [rule for document in documents for rule in document.get("rules", [])]


def test_no_right_is_a_wildcard(request):
    found = rules(request)
    assert len(found) >= 6
    assert "*" not in json.dumps(found)


@pytest.mark.parametrize(("verb", "what", "namespace"), FORBIDDEN)
def test_the_operator_may_not(plane, verb, what, namespace):
    where = [f"--namespace={namespace}"] if namespace else []
    answer = plane.kubectl("auth", "can-i", verb, what, *where, f"--as={OPERATOR}", check=False)
    assert "no" == answer.stdout.strip()


def test_the_operator_reads_the_secrets_that_a_member_agreed(plane):
    answer = plane.kubectl("auth", "can-i", "get", "secrets/red-s3", "--namespace=red", f"--as={OPERATOR}", check=False)
    assert "yes" == answer.stdout.strip()


def test_the_operator_may_not_report_for_an_agent(plane):
    arguments = ["patch", "placements.hanse.dev", "--subresource=status", f"--as={OPERATOR}"]
    answer = plane.kubectl("auth", "can-i", *arguments, "--namespace=hanse-cluster-blue-1", check=False)
    assert "no" == answer.stdout.strip()
