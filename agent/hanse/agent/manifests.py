"""What the agent creates in its cluster for a gang: one Service, one Secret, one NetworkPolicy, and a pod a worker.

In: a placement, a gang, a seat, and facts of the cluster. Out: manifests. What is not in the placement's typed template
does not reach a pod, and Pod Security `restricted` is kept here, not hoped for. Names and labels carry the opaque
attempt and nothing of whose it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hanse.agent.gangs import ATTEMPT_LABEL, FENCE_LABEL, PLACEMENT_LABEL, RANK_LABEL, Gang, Seat
from hanse.resources import Placement
from hanse.resources.template import TRAINER, Container

MASTER_PORT = 29500
CONTRIBUTED_TAINT = "hanse.dev/contributed"
MIB_PER_SLICE = 1024
MANAGED = {"app.kubernetes.io/managed-by": "hanse"}
DNS_PORT = 53
# Images for GPUs ask for all of them by this variable, and NVIDIA's runtime hears them where it is the default one.
# Beside the trainer, which the node agent lets start, no container may have any.
NO_GPU = {"NVIDIA_VISIBLE_DEVICES": "void"}


@dataclass(frozen=True)
class Site:
    """What all gangs of one cluster have in common.

    *agent_url* is where pods reach the agent, *name_servers* where they look names up, if not in kube-system.
    """

    namespace: str
    cluster_domain: str
    agent_url: str
    name_servers: tuple[str, ...] = ()


def service_name(gang: Gang) -> str:
    """Return the name that everything of a gang begins with."""
    return service_name_of(gang.attempt)


def service_name_of(attempt: UUID) -> str:
    """Return the same, of an attempt of which nothing else is known."""
    return f"g-{attempt}"


def worker_name(gang: Gang, rank: int) -> str:
    """Return the name of a worker's pod; creating it twice is creating it once."""
    return f"{service_name(gang)}-{rank}"


def service(gang: Gang) -> dict[str, Any]:
    """Return the headless Service by which workers find one another, also before they are ready."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service_name(gang), "labels": _labels(gang)},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {ATTEMPT_LABEL: str(gang.attempt)},
            "ports": [{"name": "master", "port": MASTER_PORT}],
        },
    }


def secret(gang: Gang, owner: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return what only the gang's own pods may read: its token, and the credentials of its storage."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": service_name(gang), "labels": _labels(gang), "ownerReferences": [_owner(owner)]},
        "immutable": True,
        "stringData": dict(values),
    }


def network_policy(
    site: Site, gang: Gang, owner: Mapping[str, Any], egress: Sequence[tuple[str, int]]
) -> dict[str, Any]:
    """Return the exception from the namespace's default-deny: the gang itself, names, and *egress* (CIDR, port)."""
    peers = [{"podSelector": {"matchLabels": {ATTEMPT_LABEL: str(gang.attempt)}}}]
    names = [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]
    # Not to anywhere: a cloud's metadata service answers on this port too.
    servers: list[dict[str, Any]] = [{"ipBlock": {"cidr": cidr}} for cidr in site.name_servers]
    servers = servers or [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
    declared = [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": port}]} for cidr, port in egress]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": service_name(gang), "labels": _labels(gang), "ownerReferences": [_owner(owner)]},
        "spec": {
            "podSelector": {"matchLabels": {ATTEMPT_LABEL: str(gang.attempt)}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peers}],
            "egress": [{"to": peers}, {"to": servers, "ports": names}, *declared],
        },
    }


def default_deny() -> dict[str, Any]:
    """Return the policy of the whole namespace: nobody talks to anybody unless another policy says so."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "labels": MANAGED},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


def pod(  # noqa: PLR0913, PLR0917  # a worker
    site: Site,
    placement: Placement,
    gang: Gang,
    seat: Seat,
    devices: Mapping[str, str],
    hints: Mapping[str, str],
) -> dict[str, Any]:
    """Return a worker's pod, bound to its node, with its device resources and *hints* to its frameworks.

    They are what :func:`devices` and :mod:`hanse.agent.frameworks` return.

    """
    template = placement.spec.template
    variables = _variables(site, placement, gang, seat)
    own = _dump(template.spec.security_context) if template.spec.security_context else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": worker_name(gang, seat.rank),
            "labels": {**template.metadata.labels, **_labels(gang), RANK_LABEL: str(seat.rank)},
            "annotations": dict(template.metadata.annotations),
        },
        "spec": {
            "nodeName": seat.node,
            "hostname": f"w-{seat.rank}",
            "subdomain": service_name(gang),
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": max(1, int(gang.grace_seconds)),
            "tolerations": [{"key": CONTRIBUTED_TAINT, "operator": "Exists"}],
            "securityContext": {**own, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [_container(each, gang, variables, devices, hints) for each in template.spec.containers],
            "initContainers": [_container(each, gang, variables, {}, {}) for each in template.spec.init_containers],
            "volumes": [{"name": each.name, "emptyDir": _dump(each.empty_dir)} for each in template.spec.volumes],
        },
    }


def devices(placement: Placement, seat: Seat, allocatable: Mapping[str, str], vendor: str) -> dict[str, str]:
    """Return the device resources of a worker: exact GPUs where Hanse's node agent offers them, else *vendor*'s.

    Part of a GPU is asked for as such in any case: the kubelet refuses it where nobody offers any.

    """
    memory = placement.spec.gpu_memory
    if memory is None and f"gpu{seat.gpus[0]}.hanse.dev/mem-gib" not in allocatable:
        return {vendor: str(len(seat.gpus))}
    found: dict[str, str] = {}
    for gpu in seat.gpus:
        if memory:
            asked = {
                "mem-gib": str(memory.guaranteed_mib // MIB_PER_SLICE),
                "limit-gib": str(memory.limit_mib // MIB_PER_SLICE),
                "tenant": "1",
            }
        else:
            whole = {part: allocatable[f"gpu{gpu}.hanse.dev/{part}"] for part in ("mem-gib", "tenant")}
            asked = {"mem-gib": whole["mem-gib"], "limit-gib": whole["mem-gib"], "tenant": whole["tenant"]}
        found |= {f"gpu{gpu}.hanse.dev/{part}": count for part, count in asked.items()}
    return found


def _container(
    container: Container, gang: Gang, own: Mapping[str, str], devices: Mapping[str, str], hints: Mapping[str, str]
) -> dict[str, Any]:
    manifest = _dump(container)
    resources = manifest.setdefault("resources", {})
    if container.name == TRAINER and devices:
        for kind in ("requests", "limits"):
            resources[kind] = {**resources.get(kind, {}), **devices}
    variables = {**own, **(hints if container.name == TRAINER else NO_GPU)}
    manifest["env"] = [*manifest.get("env", []), *({"name": n, "value": v} for n, v in sorted(variables.items()))]
    manifest["envFrom"] = [{"secretRef": {"name": service_name(gang)}}]
    manifest["imagePullPolicy"] = "IfNotPresent"  # by digest, what is there is what is asked for
    manifest["securityContext"] = {
        **manifest.get("securityContext", {}),
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return manifest


def _variables(site: Site, placement: Placement, gang: Gang, seat: Seat) -> dict[str, str]:
    """Return torchrun's variables, those by which a bare `torchrun train.py` finds its arguments, and Hanse's own.

    A process that a worker runs itself is its first: RANK counts processes, NODE_RANK workers.

    """
    ranks = sorted(gang.ranks)
    node_rank, local = ranks.index(seat.rank), len(seat.gpus)
    address = f"w-{ranks[0]}.{service_name(gang)}.{site.namespace}.svc.{site.cluster_domain}"
    variables = {
        "MASTER_ADDR": address,
        "MASTER_PORT": str(MASTER_PORT),
        "WORLD_SIZE": str(len(ranks) * local),
        "RANK": str(node_rank * local),
        "NODE_RANK": str(node_rank),
        "LOCAL_WORLD_SIZE": str(local),
        "PET_NNODES": str(len(ranks)),
        "PET_NODE_RANK": str(node_rank),
        "PET_NPROC_PER_NODE": str(local),
        "PET_MASTER_ADDR": address,
        "PET_MASTER_PORT": str(MASTER_PORT),
        "HANSE_ATTEMPT": str(gang.attempt),
        "HANSE_CLASS": placement.spec.accelerator_class,
        "HANSE_AGENT_URL": site.agent_url,
        "HANSE_GRACE_SECONDS": str(int(gang.grace_seconds)),
    }
    if gang.checkpoint:
        variables |= {"HANSE_RESUME_STEP": str(gang.checkpoint.step), "HANSE_RESUME_URI": gang.checkpoint.uri}
    return variables


def _labels(gang: Gang) -> dict[str, str]:
    return {
        **MANAGED,
        ATTEMPT_LABEL: str(gang.attempt),
        FENCE_LABEL: str(gang.fence),
        PLACEMENT_LABEL: gang.placement,
    }


def _owner(owner: Mapping[str, Any]) -> dict[str, str]:
    """Return the reference by which the cluster itself removes what belongs to the gang's Service."""
    metadata = owner["metadata"]
    return {"apiVersion": "v1", "kind": "Service", "name": metadata["name"], "uid": metadata["uid"]}


def _dump(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, mode="json")
    return dumped
