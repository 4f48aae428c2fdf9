"""What the tests of the resources share: the generated CRDs and policies on a real API server, and a client for it.

A manifest a process would cost more than all the rest, so manifests go through one HTTP connection, as dry runs with
strict field validation: what `kubectl apply` asks for.
"""

import copy
import functools
import json
import time
import urllib.parse
from http import HTTPStatus
from pathlib import Path

import pytest
import urllib3
import yaml

from hanse.resources import KINDS

ROOT = Path(__file__).parents[2]
SETTLE_SECONDS_MAX = 600
SERVER_NOTE = "some validation rules were not checked"
"""What the API server adds where a value has the wrong type or is out of bounds."""
PLURALS = {kind.__name__: kind.definition.plural for kind in KINDS} | {
    "Namespace": "namespaces",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


@functools.cache
def _examples():
    """Return the examples by kind."""
    found = {}
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            found.setdefault(document["kind"], []).append(document)
    return found


def _manifest(kind, patch=None, number=0):
    """Return the example of a kind under a name of its own, with fields set (or removed: null) by dotted path."""
    document = copy.deepcopy(_examples()[kind][number])
    document["metadata"]["name"] += "" if kind == "PoolPolicy" else "-x"
    for path, value in (patch or {}).items():
        *parents, last = path.replace("[", ".[").split(".")
        node = functools.reduce(_step, parents, document)
        if value is None:
            del node[_key(last)]
        elif last == "[+]":
            node.append(value)
        else:
            node[_key(last)] = value
    return document


def _key(part):
    # `~` stands for a dot, as in the names of labels.
    return int(part.strip("[]")) if part.startswith("[") else part.replace("~", ".")


def _step(node, part):
    return node[_key(part)] if part.startswith("[") else node.setdefault(_key(part), {})


class Api:
    """Requests to the API server, as the administrator or as somebody else; each answers what was said, or nothing."""

    def __init__(self, hub):
        cluster = yaml.safe_load(hub.kubeconfig.read_text())["clusters"][0]["cluster"]
        self._url = hub.url
        self._headers = urllib3.HTTPHeaderDict({"Authorization": f"Bearer {hub.admin_token}"})
        self._pool = urllib3.PoolManager(maxsize=1, ca_certs=cluster["certificate-authority"])

    def impersonating(self, user, *groups):
        """Return a client that sends its requests as somebody else."""
        other = copy.copy(self)
        other._headers = self._headers.copy()
        other._headers["Impersonate-User"] = user
        for group in groups:
            other._headers.add("Impersonate-Group", group)
        return other

    def create(self, document, *, dry_run=True, strict=True):
        """Return the sentence with which the document is refused, or nothing."""
        query = {"fieldValidation": "Strict" if strict else "Ignore"} | ({"dryRun": "All"} if dry_run else {})
        return self.send("POST", self._path(document), document, query)

    def refusal(self, document):
        """Return the whole answer with which the document is refused, and each of its causes."""
        query = {"fieldValidation": "Strict", "dryRun": "All"}
        answer = self._ask("POST", self._path(document), document, query)
        causes = [f"{cause.get('field')}: {cause['message']}" for cause in answer.get("details", {}).get("causes", [])]
        return answer.get("message", ""), [cause for cause in causes if SERVER_NOTE not in cause] or [answer["message"]]

    def change(self, document, patch, *, subresource="", dry_run=True):
        """Merge a patch into an object that is there; return the sentence with which it is refused, or nothing."""
        path = f"{self._path(document)}/{document['metadata']['name']}{subresource}"
        return self.send("PATCH", path, patch, {"fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {}))

    def delete(self, document):
        """Delete an object."""
        assert self.send("DELETE", f"{self._path(document)}/{document['metadata']['name']}", {}, {}) == ""

    def send(self, method, path, body, query):
        """Send one request; return what the API server says against it, or nothing."""
        return self._ask(method, path, body, query).get("message", "")

    def _ask(self, method, path, body, query):
        """Send one request; return the Status with which it is refused, or nothing."""
        media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = self._headers | {"Content-Type": media_type}
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}"
        answer = self._pool.request(method, url, body=json.dumps(body).encode(), headers=headers, retries=False)
        return json.loads(answer.data) if answer.status >= HTTPStatus.BAD_REQUEST else {}

    @staticmethod
    def _path(document):
        """Return the path of the collection that the document belongs to."""
        version = document["apiVersion"]
        prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
        namespace = document["metadata"].get("namespace")
        return f"{prefix}/{f'namespaces/{namespace}/' if namespace else ''}{PLURALS[document['kind']]}"


@pytest.fixture(name="root", scope="session")
def _root():
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(name="manifest", scope="session")
def _manifest_fixture():
    """Return a function that makes a manifest out of the example of a kind."""
    return _manifest


@pytest.fixture(name="examples", scope="session")
def _examples_fixture():
    """Return the examples by kind."""
    return _examples()


@pytest.fixture(name="api", scope="session")
def _api(hub):
    """Install the generated CRDs and policies, the examples' namespaces and roles, and wait until all are effective."""
    templates = ROOT / "charts/hanse/templates"
    crds = ["-f", str(templates / "crds")]
    hub.kubectl("apply", "--server-side", *crds, "-f", str(templates / "policies"))
    hub.kubectl("wait", "--for=condition=Established", f"--timeout={SETTLE_SECONDS_MAX}s", *crds)
    hub.kubectl("apply", *(f"-f={ROOT / 'examples' / name}" for name in ("namespaces.yaml", "rbac.yaml")))
    api = Api(hub)
    for document in _nearly_coordinator():
        api.create(document, dry_run=False)
    _wait_for_policies(api)
    return api


def _nearly_coordinator():
    """Return a role for somebody who may write anything the policies are about, but has the verb `use` on nothing."""
    writes = ["create", "update", "patch", "get"]
    rbac = "rbac.authorization.k8s.io"
    metadata = {"name": "test-writer"}
    rules = [
        {"apiGroups": [""], "resources": ["namespaces", "namespaces/status", "namespaces/finalize"], "verbs": writes},
        {"apiGroups": ["hanse.dev"], "resources": ["trainingjobs", "contributions", "placements"], "verbs": writes},
    ]
    subject = {"apiGroup": rbac, "kind": "Group", "name": "test-writers"}
    return [
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "test-writer"},
            "subjects": [subject],
        },
    ]


def _wait_for_policies(api):
    """A policy is effective some time after it was created: ask until each one refuses what it should."""
    elsewhere = {"metadata.namespace": "default"}
    probes = [_manifest(kind, elsewhere) for kind in ("TrainingJob", "Contribution", "Placement")]
    probes.append(_manifest("Namespace", number=0))
    writer = api.impersonating("writer", "test-writers")
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while probes:
        answers = [writer.create(probe) for probe in probes]
        probes = [probe for probe, answer in zip(probes, answers, strict=True) if "denied request" not in answer]
        assert time.monotonic() < deadline, f"no policy refuses {[probe['kind'] for probe in probes]}: {answers}"
        time.sleep(0.1 if probes else 0)
