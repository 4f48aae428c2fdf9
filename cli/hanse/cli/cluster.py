"""`hanse cluster`: member clusters. The member makes the keys; the coordinator lets the cluster join."""

import base64
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent import install
from hanse.cli.hub import HANSE, Hub, Kubeconfig, Object
from hanse.resources import API_VERSION, CLUSTER_NAMESPACE_PREFIX
from hanse.resources.protocol import AUDIENCE

app = typer.Typer(help="Member clusters.", no_args_is_help=True, rich_markup_mode=None)
TOKEN_SECONDS = 30 * 24 * 3600
_RBAC_GROUP = "rbac.authorization.k8s.io"


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="Where the private keys go; nobody else sees them.")]) -> None:
    """Make a signing and a sealing key, and print their public halves."""
    folder.mkdir(parents=True, exist_ok=True)
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    for name, key in (("signing.key", signing.private_bytes_raw()), ("sealing.key", sealing.private_bytes_raw())):
        _write_secret(folder / name, _base64(key))
    typer.echo(f"signing (Ed25519): {_base64(signing.public_key().public_bytes_raw())}")
    typer.echo(f"sealing (X25519):  {_base64(sealing.public_key().public_bytes_raw())}")


@app.command()
def join(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    member: Annotated[str, typer.Option(help="Whose it is.")],
    region: Annotated[str, typer.Option(help="Where it stands.")],
    agent_key: Annotated[str, typer.Option(help="The agent's sealing key, as hanse cluster keys printed it.")],
    out: Annotated[Path, typer.Option(help="A folder for what the member needs to install the agent.")],
    zone: Annotated[list[str] | None, typer.Option(help="A residency zone. May be repeated.")] = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Let a cluster join: its namespace and rights at the hub, and credentials for its agent. Again renews."""
    hub = Hub(kubeconfig)
    spec: dict[str, Any] = {"member": member, "region": region, "zones": zone or [], "agentKey": agent_key}
    hub.apply(
        [
            {"apiVersion": API_VERSION, "kind": "MemberCluster", "metadata": {"name": name}, "spec": spec},
            *install.at_hub(name),
            *_may_contribute(name, member, hub.get(f"{HANSE}/members/{member}")["spec"].get("subjects", [])),
        ]
    )
    namespace = f"{CLUSTER_NAMESPACE_PREFIX}{name}"
    out.mkdir(parents=True, exist_ok=True)
    token = hub.token(namespace, install.AGENT, None, TOKEN_SECONDS)
    _write_secret(out / "hub.kubeconfig", json.dumps(_kubeconfig(hub, namespace, token), indent=1))
    _write_secret(out / "api-token", hub.token(namespace, install.AGENT, AUDIENCE, TOKEN_SECONDS))
    manifests = install.at_member("hanse-workers", "hanse-agent")
    (out / "member-cluster.yaml").write_text(yaml.safe_dump_all(manifests, sort_keys=False))
    typer.echo(f"cluster {name} of {member} may join; hand {out} to the member:")
    typer.echo("  hub.kubeconfig, api-token   the agent's credentials at the hub")
    typer.echo("  member-cluster.yaml         to apply in the member's cluster")


def _may_contribute(name: str, member: str, subjects: list[Object]) -> list[Object]:
    """Return the right of the member's people to offer this cluster's nodes."""
    role = f"hanse-use-cluster-{name}"
    rule = {"apiGroups": ["hanse.dev"], "resources": ["memberclusters"], "resourceNames": [name], "verbs": ["use"]}
    api = f"{_RBAC_GROUP}/v1"
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": role}, "rules": [rule]},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": member},
            "roleRef": {"apiGroup": _RBAC_GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": _RBAC_GROUP, **subject} for subject in subjects],
        },
    ]


def _kubeconfig(hub: Hub, namespace: str, token: str) -> Object:
    cluster: Object = {"server": hub.url}
    if hub.certificate_authority:
        content = Path(hub.certificate_authority).read_bytes()
        cluster["certificate-authority-data"] = base64.b64encode(content).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "hub", "cluster": cluster}],
        "users": [{"name": "agent", "user": {"token": token}}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "agent", "namespace": namespace}}],
        "current-context": "hub",
    }


def _write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from the first byte on."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:  # noqa: PTH123  # a mode
        opened.write(text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
