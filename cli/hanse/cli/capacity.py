"""`hanse contribute`, `hanse recall`, `hanse drain`: what a member offers, and takes back."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from hanse.agent import inventory
from hanse.cli.errors import CommandError
from hanse.cli.hub import HANSE, Hub, Kubeconfig, Namespace, Object, labels
from hanse.resources import API_VERSION, parse_duration


def contribute(
    accelerator_class: Annotated[str, typer.Argument(metavar="CLASS", help="An accelerator class.")],
    cluster: Annotated[str, typer.Option(help="The member cluster whose nodes these are.")],
    namespace: Namespace,
    name: Annotated[str, typer.Option(help="The contribution's name; the class's if left out.")] = "",
    label: Annotated[list[str] | None, typer.Option(help="KEY=VALUE that nodes must carry. May be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A member that is never served. May be repeated.")] = None,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Offer nodes. Again changes the offer."""
    spec: Object = {"cluster": cluster, "class": accelerator_class, "excludeMembers": exclude or []}
    spec["nodeSelector"] = labels(label)
    metadata = {"name": name or accelerator_class, "namespace": namespace}
    Hub(kubeconfig).apply([{"apiVersion": API_VERSION, "kind": "Contribution", "metadata": metadata, "spec": spec}])
    typer.echo(f"contribution {namespace}/{metadata['name']} offers {accelerator_class} of {cluster}")
    for key in spec["nodeSelector"]:
        if not inventory.is_reported(key):
            typer.echo(
                f"--label {key}: matches nodes only if reportedLabels in the settings of {cluster}'s agent names it"
            )


def recall(
    name: Annotated[str, typer.Argument(help="The contribution.")],
    namespace: Namespace,
    within: Annotated[str, typer.Option("--in", help="How long from now the nodes must be free, such as 2h.")] = "15m",
    cancel: Annotated[bool, typer.Option("--cancel", help="Offer the nodes again.")] = False,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Take nodes back, with notice: nothing new starts there, and what runs is asked to checkpoint."""
    notice = _duration(within)
    at = (datetime.now(UTC) + notice).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec = {"recall": None if cancel else {"at": at, "notice": within}}
    Hub(kubeconfig).patch(f"{HANSE}/namespaces/{namespace}/contributions/{name}", {"spec": spec})
    typer.echo(f"contribution {namespace}/{name} is {'offered again' if cancel else f'recalled: free by {at}'}")


def drain(
    nodes: Annotated[list[str], typer.Argument(help="Nodes of the member's own cluster.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let the nodes take work again.")] = False,
    kubeconfig: Kubeconfig = None,
) -> None:
    """Take nodes out of use, in the cluster of the kubeconfig: the agent reports them, and nothing new is placed."""
    cluster = Hub(kubeconfig)
    for node in nodes:
        cluster.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": not undo}})
        typer.echo(f"node {node} {'takes work again' if undo else 'takes no new work'}")


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CommandError(str(error)) from error
