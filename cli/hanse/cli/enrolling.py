"""`hanse cluster enrol`: the member promises which GPUs its nodes have, in writing.

In: the agent's settings, the nodes of the member's own cluster, the member's signing key. Out: signed enrolments, sent
to the API service with the agent's credential. The nodes are read where they are, not from the hub: a member signs what
it sees itself. What is enrolled already is left as it is.
"""

import base64
import dataclasses
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from hanse.agent import inventory, settings
from hanse.agent.settings import Settings
from hanse.cli import node_keys
from hanse.cli.errors import CommandError
from hanse.cli.hub import HANSE, Hub, Object, Service
from hanse.evidence import enrolments, identity
from hanse.evidence.enrolments import Enrolment
from hanse.resources import AcceleratorClass
from hanse.resources.protocol import ENROLMENTS_MAX, EnrolmentsAnswer, NodeReport

PATH = "/v1/agent/enrolments"


def enrol(
    config: Annotated[Path, typer.Argument(help="The agent's settings: agent.yaml.", exists=True, dir_okay=False)],
    member: Annotated[str, typer.Option(help="Who signs.")],
    member_key: Annotated[
        Path, typer.Option(help="The file with the member's signing key, as hanse cluster keys made it.", exists=True)
    ],
    end: Annotated[
        list[str] | None, typer.Option(help="A node that, or whose GPUs, are gone for good. May be repeated.")
    ] = None,
    fewer: Annotated[bool, typer.Option("--fewer", help="Nodes may have fewer GPUs than are enrolled.")] = False,
    new_key: Annotated[
        list[str] | None, typer.Option(help="A node that is to sign with a new key. May be repeated.")
    ] = None,
    revoke_key: Annotated[
        list[str] | None,
        typer.Option(help="A node whose keys so far are worth nothing any more: stolen, say. May be repeated."),
    ] = None,
    api: Annotated[str, typer.Option(help="The API service, where it is reached here as it is not by the agent.")] = "",
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="For the member's nodes, where the agent has none as it is in a pod there."),
    ] = None,
) -> None:
    """Enrol a cluster's nodes, so that what runs there is credited to the member. Again enrols what changed."""
    agent, key = load(config), private_key(member_key)
    agent = agent.model_copy(update={"kubeconfig": kubeconfig or agent.kubeconfig})
    service = Service(api or agent.api_url, agent.api_token_file.read_text().strip(), agent.api_certificate_authority)
    known = EnrolmentsAnswer.model_validate(service.request("GET", PATH))
    latest = {each.node: each for each in map(enrolments.decode, known.latest)}
    classes = _classes(Hub(agent.hub_kubeconfig))
    nodes = {identity.node_id(agent.cluster, name): node for name, node in _nodes(agent, classes).items()}
    ended = list(_ended(agent, latest, nodes, end or ()))
    check_counts(latest, nodes, {each.node for each in ended}, fewer=fewer)
    wanted = [*_present(agent, member, known, classes, nodes), *ended]
    wanted = node_keys.certify(agent, wanted, latest, new_key or (), revoke_key or ())
    changed = [new for each in wanted if (new := _next(latest.get(each.node), each, known))]
    for first in range(0, len(changed), ENROLMENTS_MAX):
        signed = [enrolments.sign(each, key) for each in changed[first : first + ENROLMENTS_MAX]]
        service.request("POST", PATH, {"enrolments": [_message(body, signature) for body, signature in signed]})
    _tell(agent.cluster, changed, nodes.keys(), latest.values())


def load(config: Path) -> Settings:
    """Return an agent's settings.

    Raises:
        CommandError: they are none.

    """
    try:
        return settings.load(config)
    except ValidationError as error:
        raise CommandError(f"{config}: {error}") from error
    except yaml.MarkedYAMLError as error:
        at = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CommandError(f"{config}{at}: {error.problem}; correct it, as it has to be YAML") from error


def private_key(file: Path) -> Ed25519PrivateKey:
    """Return the member's key.

    Raises:
        CommandError: the file holds none.

    """
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(file.read_text().strip(), validate=True))
    except ValueError as error:
        raise CommandError(f"{file} holds no signing key: hanse cluster keys makes one") from error


def _classes(hub: Hub) -> list[AcceleratorClass]:
    return [AcceleratorClass.parse(each) for each in hub.get(f"{HANSE}/acceleratorclasses")["items"]]


def _nodes(agent: Settings, classes: Sequence[AcceleratorClass]) -> dict[str, NodeReport]:
    """Return the nodes that the agent reports, read as its account."""
    items = Hub(agent.kubeconfig).get(f"/api/v1/nodes?labelSelector={quote(agent.node_labels)}")["items"]
    return inventory.reports(items, (), classes)


def _present(
    agent: Settings,
    member: str,
    known: EnrolmentsAnswer,
    classes: Sequence[AcceleratorClass],
    nodes: Mapping[str, NodeReport],
) -> Iterator[Enrolment]:
    """Yield what is to be in force of the nodes that are there."""
    worth = {each.metadata.name: each.spec.h100_equivalent.get(known.reference_precision) for each in classes}
    for node, report in nodes.items():
        if not report.gpus:
            continue
        agreed = worth[report.accelerator_class]
        if agreed is None:
            raise CommandError(
                f"{node}: class {report.accelerator_class} has no worth in {known.reference_precision}, the alliance's "
                "reference precision: the coordinator adds it to spec.h100Equivalent"
            )
        yield Enrolment(
            node=node, member=member, cluster=agent.cluster, accelerator_class=report.accelerator_class,
            milli_h100e=agreed, gpus=tuple(identity.gpu_id(agent.cluster, report.name, i) for i in range(report.gpus)),
            node_key=b"", start_seconds=0,
        )  # fmt: skip


def check_counts(
    latest: Mapping[str, Enrolment], nodes: Mapping[str, NodeReport], ended: Container[str], *, fewer: bool
) -> None:
    """See that no contribution ends, or shrinks, because a device plugin is away for a moment.

    Raises:
        CommandError: a node has fewer GPUs than are enrolled, and nobody has said that this is for good.

    """
    for node, report in sorted(nodes.items()):
        enrolled = len(latest[node].gpus) if node in latest and node not in ended else 0
        if report.gpus < enrolled and not (fewer and report.gpus):
            option = "--fewer" if report.gpus else f"--end {report.name}"
            raise CommandError(
                f"{node} has {report.gpus} allocatable GPUs, and {enrolled} are enrolled: see that its device plugin "
                f"and its GPUs are well; if they are gone for good, repeat it with {option}"
            )


def _ended(
    agent: Settings, latest: Mapping[str, Enrolment], nodes: Mapping[str, NodeReport], names: Sequence[str]
) -> Iterator[Enrolment]:
    """Yield what ends the contribution of nodes that are gone, or whose GPUs are."""
    for name in names:
        node = identity.node_id(agent.cluster, name)
        is_there = node in nodes and nodes[node].gpus > 0
        if node not in latest or is_there:
            why = "it is still in the cluster" if is_there else "it was never enrolled"
            raise CommandError(
                f"--end {name}: {why}; name a node that was enrolled and is gone, or has no GPUs any more"
            )
        yield dataclasses.replace(latest[node], gpus=(), revokes=False)


def _next(latest: Enrolment | None, wanted: Enrolment, known: EnrolmentsAnswer) -> Enrolment | None:
    """Return the enrolment that makes *wanted* hold, None if it does already; two of a node never begin together.

    A new key begins two slots later, so that the agent has heard of it; one in the place of a stolen one at once.

    """
    start = known.now_seconds - known.now_seconds % known.slot_seconds
    if latest is None:
        return dataclasses.replace(wanted, start_seconds=start)
    same = dataclasses.replace(wanted, start_seconds=latest.start_seconds, revokes=latest.revokes)
    if same == latest and not wanted.revokes:
        return None
    if wanted.node_key != latest.node_key and not wanted.revokes:
        start += 2 * known.slot_seconds
    return dataclasses.replace(wanted, start_seconds=max(start, latest.start_seconds + known.slot_seconds))


def _message(body: bytes, signature: bytes) -> Object:
    return {"body": urlsafe_b64encode(body).decode(), "signature": urlsafe_b64encode(signature).decode()}


def _tell(cluster: str, changed: Sequence[Enrolment], in_cluster: Container[str], latest: Iterable[Enrolment]) -> None:
    counts = Counter((each.accelerator_class, each.milli_h100e, len(each.gpus)) for each in changed)
    for (accelerator_class, milli, gpus), nodes in sorted(counts.items()):
        what = f"{gpus} GPUs of {accelerator_class} each, worth {milli} thousandths of an H100 a GPU"
        typer.echo(f"{cluster}: {nodes} nodes enrolled with {what if gpus else 'no GPUs any more'}")
    if not changed:
        typer.echo(f"{cluster}: its nodes are enrolled as they are")
    ended = {each.node for each in changed if not each.gpus}
    for each in latest:
        if each.gpus and each.node not in in_cluster and each.node not in ended:
            name = each.node.partition("/")[2]
            typer.echo(f"{each.node} is enrolled and not in the cluster; if it is gone for good: --end {name}")
