"""`hanse member`: who belongs to the alliance. For the coordinator."""

from typing import Annotated

import typer

from hanse.cli import rights
from hanse.cli.errors import CommandError
from hanse.cli.hub import HANSE, Hub, Kubeconfig, Object
from hanse.operator import access
from hanse.resources import API_VERSION, MEMBER_LABEL

app = typer.Typer(help="Members of the alliance.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="The member's name.")]
JOBS_MAX = 10_000
CONTRIBUTIONS_MAX = 1000
SECRETS_MAX = 100
_RBAC = f"{rights.RBAC_GROUP}/v1"


@app.command()
def add(
    name: Name,
    verify_key: Annotated[str, typer.Option(help="Its Ed25519 public key, base64: hanse cluster keys makes one.")],
    encrypt_key: Annotated[str, typer.Option(help="Its X25519 public key, base64.")],
    display_name: Annotated[str, typer.Option(help="Its name as people write it.")] = "",
    user: Annotated[list[str] | None, typer.Option(help="A user who acts for it. May be repeated.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group that acts for it. May be repeated.")] = None,
    storage_secret: Annotated[
        list[str] | None,
        typer.Option(help="A Secret with storage credentials that its jobs may name. May be repeated. [<name>-s3]"),
    ] = None,
    operator_namespace: Annotated[str, typer.Option(help="The namespace of the hub's operator.")] = "hanse-system",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Add a member, its namespace, its quota, and what its people may do there. Again changes what differs."""
    subjects = [{"kind": "User", "name": each} for each in user or ()]
    subjects += [{"kind": "Group", "name": each} for each in group or ()]
    spec = {
        "displayName": display_name or name,
        "keys": {"verify": verify_key, "encrypt": encrypt_key},
        "subjects": subjects,
    }
    secrets = storage_secret or [access.default_secret(name)]
    bound = [{"apiGroup": rights.RBAC_GROUP, **subject} for subject in subjects]
    hub = Hub(kubeconfig)
    hub.apply(
        [
            {"apiVersion": API_VERSION, "kind": "Member", "metadata": {"name": name}, "spec": spec},
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MEMBER_LABEL: name}}},
            *_quotas(name),
            _role(name, secrets),
            *access.storage(name, secrets, operator_namespace),
            {
                "apiVersion": _RBAC,
                "kind": "RoleBinding",
                "metadata": {"name": "hanse-member", "namespace": name},
                "roleRef": {"apiGroup": rights.RBAC_GROUP, "kind": "Role", "name": "hanse-member"},
                "subjects": bound,
            },
        ]
    )
    for cluster in _clusters(hub, name):
        hub.apply(rights.may_contribute(cluster, name, subjects))
    typer.echo(f"member {name} is in, with namespace {name}")


@app.command()
def suspend(
    name: Name,
    resume: Annotated[bool, typer.Option("--resume", help="End the suspension.")] = False,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Stop admitting a member's jobs; what runs goes on."""
    Hub(kubeconfig).patch(f"{HANSE}/members/{name}", {"spec": {"suspended": not resume}})
    typer.echo(f"member {name} {'may run jobs again' if resume else 'is suspended'}")


@app.command()
def remove(name: Name, kubeconfig: Kubeconfig = None) -> None:
    """Remove a member that has no jobs, contributions and clusters any more. The ledger keeps its accounts."""
    hub = Hub(kubeconfig)
    left = [*_left(hub, name, "trainingjobs"), *_left(hub, name, "contributions")]
    left += [f"membercluster {each}" for each in _clusters(hub, name)]
    if left:
        raise CommandError(f"member {name} still has {', '.join(left[:10])}: delete them first")
    hub.delete(f"{HANSE}/members/{name}")
    typer.echo(f"member {name} is out; its namespace is left for you to delete")


def _clusters(hub: Hub, member: str) -> list[str]:
    clusters = hub.get(f"{HANSE}/memberclusters")["items"]
    return [each["metadata"]["name"] for each in clusters if each["spec"]["member"] == member]


def _left(hub: Hub, member: str, plural: str) -> list[str]:
    """Return what is left of one kind in the member's namespaces."""
    namespaces = hub.get(f"/api/v1/namespaces?labelSelector={MEMBER_LABEL}%3D{member}")["items"]
    return [
        f"{plural}/{each['metadata']['name']}"
        for namespace in namespaces
        for each in hub.get(f"{HANSE}/namespaces/{namespace['metadata']['name']}/{plural}")["items"]
    ]


def _quotas(name: str) -> list[Object]:
    """Return the bounds on what a member may keep in the hub's etcd, so that no flood of one is the others' loss.

    Secrets have a quota of their own: it counts at once, while one with new kinds is "unknown" for a while.

    """
    ours = {"count/trainingjobs.hanse.dev": str(JOBS_MAX), "count/contributions.hanse.dev": str(CONTRIBUTIONS_MAX)}
    hard = {"hanse-member": ours, "hanse-member-secrets": {"count/secrets": str(SECRETS_MAX)}}
    return [
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": quota, "namespace": name},
            "spec": {"hard": bounds},
        }
        for quota, bounds in hard.items()
    ]


def _role(name: str, secrets: list[str]) -> Object:
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
    resources = ["trainingjobs", "trainingjobs/scale", "contributions"]
    own = {"apiGroups": [""], "resources": ["secrets"]}
    return {
        "apiVersion": _RBAC,
        "kind": "Role",
        "metadata": {"name": "hanse-member", "namespace": name},
        "rules": [
            {"apiGroups": ["hanse.dev"], "resources": resources, "verbs": verbs},
            # Creating cannot be limited by name; such a Secret is nobody's but the member's own.
            {**own, "verbs": ["create"]},
            {**own, "resourceNames": secrets, "verbs": ["get", "update", "patch", "delete"]},
        ],
    }
