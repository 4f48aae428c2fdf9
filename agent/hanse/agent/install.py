"""What must be there before an agent can run: at the hub, and in its own cluster. No verb is a wildcard.

In: the member cluster's name. Out: manifests. At the hub the agent sees its own namespace and the accelerator classes,
and nothing of anybody else's; in its own cluster it may write in the workers' namespace only. All names follow from the
member cluster's, so that several member clusters can share one Kubernetes cluster, each with nodes of its own.
"""

from typing import Any

from hanse.agent import bypasses
from hanse.agent.manifests import MANAGED, default_deny
from hanse.agent.settings import WORKERS_NAMESPACE_PREFIX
from hanse.resources import CLUSTER_NAMESPACE_PREFIX, GROUP

AGENT = "hanse-agent"
NODE_AGENT = "hanse-node-agent"
AGENT_NAMESPACE_PREFIX = "hanse-agent-"
NODES_NAMESPACE_PREFIX = "hanse-nodes-"
READ = ["get", "list", "watch"]
_RBAC = "rbac.authorization.k8s.io/v1"
Manifest = dict[str, Any]


def at_hub(cluster: str) -> list[Manifest]:
    """Return the cluster's namespace at the hub, with its agent's account and rights."""
    namespace = f"{CLUSTER_NAMESPACE_PREFIX}{cluster}"
    placements = _rule([GROUP], ["placements"], READ)
    status = _rule([GROUP], ["placements/status"], ["patch"])
    return [
        _object("v1", "Namespace", namespace),
        _object("v1", "ServiceAccount", AGENT, namespace, automountServiceAccountToken=False),
        _object(_RBAC, "Role", AGENT, namespace, rules=[placements, status]),
        _binding("RoleBinding", AGENT, namespace, namespace),
        _object(_RBAC, "ClusterRole", AGENT + "-classes", rules=[_rule([GROUP], ["acceleratorclasses"], READ)]),
        _binding("ClusterRoleBinding", f"{AGENT}-classes-{cluster}", None, namespace, role=AGENT + "-classes"),
    ]


def at_member(cluster: str) -> list[Manifest]:
    """Return the workers' namespace, closed to the network, and the agent's account and rights in its own cluster."""
    namespace, agent_namespace = f"{WORKERS_NAMESPACE_PREFIX}{cluster}", f"{AGENT_NAMESPACE_PREFIX}{cluster}"
    inventory = f"{AGENT}-inventory-{cluster}"
    writes = ["get", "list", "create", "delete"]
    workers = _object("v1", "Namespace", namespace)
    workers["metadata"]["labels"] |= {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    closed = default_deny()
    closed["metadata"]["namespace"] = namespace
    own = [
        _rule([""], ["pods", "services"], writes),
        # Logs of its own workers, which it seals for who owns the jobs.
        _rule([""], ["pods/log"], ["get"]),
        _rule([""], ["secrets"], ["get", "create"]),
        _rule(["networking.k8s.io"], ["networkpolicies"], ["get", "create"]),
    ]
    uid = _rule([""], ["namespaces"], ["get"]) | {"resourceNames": ["kube-system"]}
    return [
        workers,
        closed,
        _object("v1", "Namespace", agent_namespace),
        _object("v1", "ServiceAccount", AGENT, agent_namespace),
        _object(_RBAC, "Role", AGENT, namespace, rules=[*own, _rule([""], ["services"], ["watch"])]),
        _binding("RoleBinding", AGENT, namespace, agent_namespace),
        _object(_RBAC, "ClusterRole", inventory, rules=[_rule([""], ["nodes", "pods"], READ), uid]),
        _binding("ClusterRoleBinding", inventory, None, agent_namespace, role=inventory),
    ]


def for_node_agents(cluster: str) -> list[Manifest]:
    """Return what node agents need: an account without any right; for the agent two, which are no use without them.

    To ask whose token it is says nothing but whether one that it is shown is good. Events on nodes, which are in no
    namespace, are in this one. Theirs is one of its own, as they are root on their nodes.

    """
    namespace, agent_namespace = f"{NODES_NAMESPACE_PREFIX}{cluster}", f"{AGENT_NAMESPACE_PREFIX}{cluster}"
    nodes = _object("v1", "Namespace", namespace)
    nodes["metadata"]["labels"] |= {"pod-security.kubernetes.io/enforce": "privileged"}
    reviews = f"{AGENT}-reviews-{cluster}"
    review = _rule(["authentication.k8s.io"], ["tokenreviews"], ["create"])
    events = f"{AGENT}-events-{cluster}"
    return [
        nodes,
        _object("v1", "ServiceAccount", NODE_AGENT, namespace, automountServiceAccountToken=False),
        _object(_RBAC, "ClusterRole", reviews, rules=[review]),
        _binding("ClusterRoleBinding", reviews, None, agent_namespace, role=reviews),
        _object(_RBAC, "Role", events, bypasses.NAMESPACE, rules=[_rule([""], ["events"], ["create"])]),
        _binding("RoleBinding", events, bypasses.NAMESPACE, agent_namespace, role=events),
    ]


def _object(api_version: str, kind: str, name: str, namespace: str | None = None, **content: Any) -> Manifest:
    metadata: Manifest = {"name": name, "labels": dict(MANAGED)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def _binding(kind: str, name: str, namespace: str | None, account_in: str, role: str = AGENT) -> Manifest:
    reference = {"apiGroup": _RBAC.partition("/")[0], "kind": kind.removesuffix("Binding"), "name": role}
    subject = {"kind": "ServiceAccount", "name": AGENT, "namespace": account_in}
    return _object(_RBAC, kind, name, namespace, roleRef=reference, subjects=[subject])


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Manifest:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}
