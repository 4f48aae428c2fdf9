"""What a member lets the operator read of it: the Secrets with its storage credentials, by name, and nothing else.

In: the member's namespace and the names of its Secrets. Out: a Role and a RoleBinding, which `hanse member add` applies
and which belong into each namespace that such jobs are created in. RBAC has no prefix and no label, so the names are
listed: a Secret that is not in the list stays unread, whatever a TrainingJob says.
"""

from collections.abc import Sequence
from typing import Any

ACCOUNT = "hanse-operator"
NAME = "hanse-operator-storage"
_GROUP = "rbac.authorization.k8s.io"
Manifest = dict[str, Any]


def default_secret(member: str) -> str:
    """Return the name of the Secret that a member's jobs use unless more are agreed."""
    return f"{member}-s3"


def storage(namespace: str, secrets: Sequence[str], operator_namespace: str) -> list[Manifest]:
    """Return what lets the operator `get` these Secrets of the namespace."""
    metadata = {"name": NAME, "namespace": namespace}
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": sorted(set(secrets)), "verbs": ["get"]}
    return [
        {"apiVersion": f"{_GROUP}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _GROUP, "kind": "Role", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": operator_namespace}],
        },
    ]
