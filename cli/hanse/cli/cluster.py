"""`hanse cluster`: member clusters. The member makes the keys; the coordinator lets the cluster join."""

import base64
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent import install
from hanse.cli import enrolling, rights
from hanse.cli.errors import CommandError
from hanse.cli.hub import HANSE, Hub, Kubeconfig, Object, labels
from hanse.resources import API_VERSION, CLUSTER_NAMESPACE_PREFIX
from hanse.resources.protocol import AUDIENCE

app = typer.Typer(help="Member clusters.", no_args_is_help=True, rich_markup_mode=None)
TOKEN_SECONDS = 30 * 24 * 3600
SIGNING_KEY, SEALING_KEY = "signing.key", "sealing.key"
SETTINGS, MANIFESTS, OWN_KUBECONFIG = "agent.yaml", "member-cluster.yaml", "own.kubeconfig"
_SETTINGS_COMMENT = """\
# Settings of the cluster agent: hanse cluster-agent --config agent.yaml. Paths are taken from this file's folder.
# The member may change them. nodeSelector: the nodes that are this cluster's; empty: all. In a pod of the cluster
# itself leave kubeconfig out, and set workerUrl to the agent's Service.
"""


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="Where the private keys go; nobody else sees them.")]) -> None:
    """Make a signing and a sealing key, and print their public halves."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SIGNING_KEY, SEALING_KEY):
        if os.path.lexists(folder / name):
            raise CommandError(
                f"{folder / name} is there already, and a private key that is written over is lost: name another "
                "folder, or move both keys away if nothing uses them any more"
            )
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    for name, key in ((SIGNING_KEY, signing.private_bytes_raw()), (SEALING_KEY, sealing.private_bytes_raw())):
        _write_secret(folder / name, _base64(key))
    typer.echo(f"signing (Ed25519): {_base64(signing.public_key().public_bytes_raw())}")
    typer.echo(f"sealing (X25519):  {_base64(sealing.public_key().public_bytes_raw())}")


@app.command()
def join(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    member: Annotated[str, typer.Option(help="Whose it is.")],
    region: Annotated[str, typer.Option(help="Where it stands.")],
    agent_key: Annotated[str, typer.Option(help="The agent's sealing key, as hanse cluster keys printed it.")],
    api: Annotated[str, typer.Option(envvar="HANSE_API", help="The API service, as the agent reaches it.")],
    out: Annotated[Path, typer.Option(help="A folder for what the member needs to install the agent.")],
    label: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE that its nodes carry, if not all are its. May be repeated.")
    ] = None,
    zone: Annotated[list[str] | None, typer.Option(help="A residency zone. May be repeated.")] = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Let a cluster join: its namespace and rights at the hub, and credentials for its agent."""
    hub, selector = Hub(kubeconfig), labels(label)
    spec: dict[str, Any] = {"member": member, "region": region, "zones": zone or [], "agentKey": agent_key}
    _refuse_changes(hub, name, spec)
    hub.apply(
        [
            {"apiVersion": API_VERSION, "kind": "MemberCluster", "metadata": {"name": name}, "spec": spec},
            *install.at_hub(name),
            *rights.may_contribute(name, member, hub.get(f"{HANSE}/members/{member}")["spec"].get("subjects", [])),
        ]
    )
    _write_credentials(hub, name, out)
    (out / MANIFESTS).write_text(yaml.safe_dump_all(install.at_member(name), sort_keys=False))
    is_new = not (out / SETTINGS).exists()
    if is_new:
        (out / SETTINGS).write_text(_settings(name, api, selector))
    typer.echo(f"cluster {name} of {member} may join; hand {out} to the member:")
    typer.echo("  hub.kubeconfig, api-token   the agent's credentials at the hub")
    typer.echo(
        "  member-cluster.yaml         what is to be made in the member's cluster: hanse cluster install does it"
    )
    what = "the agent's settings" if is_new else "left as it was: it is the member's to change"
    typer.echo(f"  agent.yaml                  {what}; put the folder's files beside the agent's keys")


@app.command()
def renew(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    out: Annotated[Path, typer.Option(help="A folder for the new credentials.")],
    kubeconfig: Kubeconfig = None,
) -> None:
    """Make new credentials at the hub for a cluster's agent; nothing else changes."""
    hub = Hub(kubeconfig)
    if hub.find(f"{HANSE}/memberclusters/{name}") is None:
        raise CommandError(f"there is no MemberCluster {name}: hanse cluster join lets a cluster join")
    _write_credentials(hub, name, out)
    typer.echo(f"cluster {name}: hand {out}/hub.kubeconfig and {out}/api-token to its member")


@app.command("install")
def install_agent(
    folder: Annotated[Path, typer.Argument(help="What the coordinator handed over.", exists=True, file_okay=False)],
    kubeconfig: Annotated[
        Path | None, typer.Option("--kubeconfig", help="The member's own; by default $KUBECONFIG.")
    ] = None,
) -> None:
    """Make in the member's cluster what the agent needs, and a kubeconfig for its account there. Again renews."""
    own = Hub(kubeconfig)
    settings = enrolling.load(folder / SETTINGS)
    cluster = settings.cluster
    own.apply(yaml.safe_load_all((folder / MANIFESTS).read_text()))
    if settings.node_agent_account:
        own.apply(install.for_node_agents(cluster))
    namespace = f"{install.AGENT_NAMESPACE_PREFIX}{cluster}"
    token = own.token(namespace, install.AGENT, None, TOKEN_SECONDS)
    _write_secret(folder / OWN_KUBECONFIG, json.dumps(_kubeconfig(own, namespace, token), indent=1))
    typer.echo(f"the agent of {cluster} can start: hanse cluster-agent --config {folder / SETTINGS}")


app.command()(enrolling.enrol)


def _refuse_changes(hub: Hub, name: str, spec: dict[str, Any]) -> None:
    """Refuse to join again with other options: an agent key that is not the agent's makes sealed storage unreadable.

    Raises:
        CommandError: the cluster has joined, and is not as *spec* says.

    """
    joined = hub.find(f"{HANSE}/memberclusters/{name}")
    if joined is None:
        return
    for field, value in spec.items():
        known = joined["spec"].get(field) or type(value)()
        if known != value:
            raise CommandError(
                f"cluster {name} has joined, with spec.{field} {known}, and not {value}: hanse cluster renew makes new "
                "credentials and changes nothing else; to change the field, kubectl edit the MemberCluster"
            )


def _write_credentials(hub: Hub, name: str, out: Path) -> None:
    namespace = f"{CLUSTER_NAMESPACE_PREFIX}{name}"
    out.mkdir(parents=True, exist_ok=True)
    token = hub.token(namespace, install.AGENT, None, TOKEN_SECONDS)
    _write_secret(out / "hub.kubeconfig", json.dumps(_kubeconfig(hub, namespace, token), indent=1))
    _write_secret(out / "api-token", hub.token(namespace, install.AGENT, AUDIENCE, TOKEN_SECONDS))


def _settings(name: str, api: str, selector: dict[str, str]) -> str:
    """Return the agent's settings, with paths in the folder where they are."""
    settings: Object = {
        "cluster": name,
        "hubKubeconfig": "hub.kubeconfig",
        "kubeconfig": OWN_KUBECONFIG,
        "apiUrl": api,
        "apiTokenFile": "api-token",
        "signingKeyFile": SIGNING_KEY,
        "sealingKeyFile": SEALING_KEY,
        "stateFolder": "state",
        "nodeSelector": selector,
    }
    return _SETTINGS_COMMENT + yaml.safe_dump(settings, sort_keys=False)


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
    """Write a file that only its owner can read, from the first byte on; who reads it finds the old one or the new."""
    descriptor, aside = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # of mode 0600, whatever the umask
    try:
        with open(descriptor, "w") as opened:  # noqa: PTH123  # a descriptor
            opened.write(text)
        Path(aside).replace(file)
    except BaseException:
        Path(aside).unlink()
        raise


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
