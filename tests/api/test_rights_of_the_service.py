"""The API service's rights in the hub: what it needs, and no more. All tests of it here run with exactly these."""

import pytest
import yaml

SERVICE = "system:serviceaccount:hanse-system:hanse-api"
FORBIDDEN = [
    ("get", "secrets", "tencent"),
    ("list", "secrets", None),
    ("list", "namespaces", None),
    ("list", "trainingjobs.hanse.dev", "tencent"),
    ("watch", "members.hanse.dev", None),
    ("list", "memberclusters.hanse.dev", None),
    ("get", "poolpolicies.hanse.dev/another", None),
    ("get", "placements.hanse.dev", "hanse-cluster-gz"),
    ("list", "pods", None),
    ("update", "members.hanse.dev", None),
    ("create", "trainingjobs.hanse.dev", "tencent"),
    ("delete", "trainingjobs.hanse.dev", "tencent"),
    ("create", "serviceaccounts/token", "hanse-cluster-gz"),
    ("create", "subjectaccessreviews.authorization.k8s.io", None),
    ("impersonate", "users", None),
]


def test_no_right_is_a_wildcard(request):
    text = (request.config.rootpath / "charts/hanse/templates/api-rbac.yaml").read_text()
    documents = yaml.safe_load_all(text.replace("{{ .Release.Namespace }}", "hanse-system"))
    rules = [rule for document in documents for rule in document.get("rules", [])]
    assert {"create", "get", "list"} == {verb for rule in rules for verb in rule["verbs"]}
    assert "*" not in str(rules)


@pytest.mark.parametrize(("verb", "what", "namespace"), FORBIDDEN)
def test_the_service_may_not(pool, verb, what, namespace):
    where = [f"--namespace={namespace}"] if namespace else []
    answer = pool.cluster.kubectl("auth", "can-i", verb, what, *where, f"--as={SERVICE}", check=False)
    assert "no" == answer.stdout.strip()


def test_the_service_may_ask_whose_a_token_is(pool):
    answer = pool.cluster.kubectl("auth", "can-i", "create", "tokenreviews.authentication.k8s.io", f"--as={SERVICE}")
    assert "yes" == answer.stdout.strip()
