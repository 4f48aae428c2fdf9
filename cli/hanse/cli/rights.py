"""What a member's people may do with its clusters.

In: a MemberCluster's name, its member, the member's subjects. Out: objects for the hub. Both `hanse cluster join` and
`hanse member add` write them, so that whoever comes first, the cluster or the person, the other finds the right there.
"""

from hanse.cli.hub import Object

RBAC_GROUP = "rbac.authorization.k8s.io"


def may_contribute(name: str, member: str, subjects: list[Object]) -> list[Object]:
    """Return the right of the member's people to offer this cluster's nodes."""
    role = f"hanse-use-cluster-{name}"
    rule = {"apiGroups": ["hanse.dev"], "resources": ["memberclusters"], "resourceNames": [name], "verbs": ["use"]}
    api = f"{RBAC_GROUP}/v1"
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": role}, "rules": [rule]},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": member},
            "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": RBAC_GROUP, **subject} for subject in subjects],
        },
    ]
