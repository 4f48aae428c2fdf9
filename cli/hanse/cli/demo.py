"""`hanse demo`: a pool on this machine, shown step by step.

In: the examples and the chart of the checkout. Out: a running development cluster with five members, told as it
happens, each claim checked against what the API server or the node says. With ``--check`` it needs nobody: it ends by
itself, and its exit status says whether every claim held. It must not do anything that a user could not do with
kubectl: what it shows is what they will see.
"""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from hanse.devcluster import build, cluster, nodes, paths

SHAPES = ("h100-80g=4x8", "ascend-910b=2x8")
# In the order in which one needs the other; a placement is written by the operator, never by hand.
EXAMPLES = (
    "acceleratorclass", "prioritytier", "poolpolicy", "member", "membercluster", "namespaces", "rbac", "contribution",
    "trainingjob",
)  # fmt: skip
EVERYBODY = ["--as=li", "--as-group=tencent-training", "--as-group=system:authenticated"]
POD_SECONDS = 60
HELLO = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "hello", "namespace": "default"},
    "spec": {
        "nodeName": cluster.REAL_NODE,
        "restartPolicy": "Never",
        "containers": [{"name": "hello", "image": "hanse.dev/hanse:dev", "args": ["--version"]}],
    },
}


@dataclass
class Demo:
    """A demonstration under way: where it runs, and what held so far."""

    kubeconfig: Path
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def kubectl(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl and return what it said, whether it failed or not."""
        command = [str(build.binary(build.CONTROLPLANE)), "kubectl", f"--kubeconfig={self.kubeconfig}", *args]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def show(self, *args: str) -> None:
        """Run kubectl as the reader would, and print what it printed."""
        typer.secho(f"  $ kubectl {' '.join(args)}", dim=True)
        result = self.kubectl(*args)
        for line in (result.stdout + result.stderr).splitlines():
            typer.echo(f"  {line}")

    def claim(self, text: str, *, holds: bool, found: str = "") -> None:
        """Say that *text* is so if it *holds*, else what was found in its place."""
        (self.held if holds else self.failed).append(text)
        typer.secho(f"  {'yes' if holds else 'NO '}  {text}", fg="green" if holds else "red")
        if not holds and found:
            typer.echo(f"       found: {found.strip()}")

    def refused(self, text: str, manifest: str, sentence: str, *user: str) -> None:
        """Claim that creating *manifest* as *user* is refused with a sentence, and print it."""
        result = self.kubectl("create", "--dry-run=server", "-f", "-", *user, stdin=manifest)
        self.claim(text, holds=result.returncode != 0 and sentence in result.stderr, found=result.stderr)
        typer.echo(f"       {result.stderr.strip().splitlines()[-1] if result.stderr else 'it was accepted'}")


def demo(
    check: Annotated[bool, typer.Option("--check", help="End by itself; exit 1 unless every claim held.")] = False,
) -> None:
    """Show a pool on this machine: a control plane, five members, jobs accepted and refused, a pod that really runs."""
    # `kill` ends the demo as Ctrl-C does, so that it cleans up after itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _place() as running:
            _show_alliance(running)
            _show_jobs(running)
            if _is_ours():
                _show_nodes(running)
            _summarise(running)
            if not check:
                _wait_for_ctrl_c(running)
    except KeyboardInterrupt:
        typer.echo("\nended; everything that it started is gone")
        return
    if running.failed:
        raise typer.Exit(1)


@contextmanager
def _place() -> Iterator[Demo]:
    """Give the cluster that `HANSE_KUBECONFIG` names, else one of our own for as long as the demo runs."""
    if not _is_ours():
        running = Demo(Path(os.environ["HANSE_KUBECONFIG"]))
        try:
            yield running
        finally:
            running.kubectl("delete", "--ignore-not-found", "--wait=false", *_files(_examples(), EXAMPLES))
        return
    _title("A Kubernetes control plane on this machine")
    wanted = cluster.Wanted(shapes=tuple(nodes.parse(shape) for shape in SHAPES), real_node=_may_run_pods())
    with cluster.running(f"demo-{os.getpid()}", wanted) as own:
        running = Demo(own.kubeconfig)
        running.claim(f"these parts run: {', '.join(own.parts())}", holds="kube-apiserver" in own.parts())
        yield running


def _show_alliance(running: Demo) -> None:
    _title("An alliance of five members that compete")
    chart = paths.sources().parent / "charts" / "hanse" / "templates"
    for folder in ("crds", "policies"):
        applied = running.kubectl("apply", "--server-side", "-f", str(chart / folder))
        running.claim(f"the API server accepts our {folder}", holds=applied.returncode == 0, found=applied.stderr)
    running.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "-l", "app.kubernetes.io/name=hanse")
    for name in EXAMPLES:
        applied = running.kubectl("apply", *_files(_examples(), [name]))
        running.claim(f"examples/{name}.yaml is accepted", holds=applied.returncode == 0, found=applied.stderr)
    running.show("get", "members,contributions", "--all-namespaces")


def _show_jobs(running: Demo) -> None:
    _title("Jobs: what a rule can refuse is refused when it is applied, with what to do")
    running.show("get", "trainingjobs", "--all-namespaces")
    good = (_examples() / "trainingjob.yaml").read_text().split("\n---\n")[0]
    accepted = running.kubectl("apply", "--dry-run=server", "-f", "-", *EVERYBODY, stdin=good)
    running.claim("li of tencent may submit a job", holds=accepted.returncode == 0, found=accepted.stderr)
    for text, old, new, sentence in BAD_JOBS:
        running.refused(text, good.replace("name: llm-7b", "name: refused").replace(old, new), sentence, *EVERYBODY)


# What is claimed, what is changed in the first example of a job, and a part of the sentence that must come back.
_CONTAINERS = "    spec:\n      containers"
BAD_JOBS = (
    ("nobody uses a tier without leave", "tier: standard", "tier: urgent", "urgent"),
    ("nobody takes part for another member", "namespace: tencent  ", "namespace: alibaba  ", "alibaba"),
    (
        "nobody gets the host's network",
        _CONTAINERS,
        f"    spec:\n      hostNetwork: true{_CONTAINERS[9:]}",
        "hostNetwork",
    ),
    ("a gang is never smaller than its core", "minReplicas: 32}", "minReplicas: 65}", "minReplicas 65 is larger"),
    ("a checkpoint does not take an hour", "grace: 2m", "grace: 1h", "grace"),
)


def _show_nodes(running: Demo) -> None:
    _title("Nodes: simulated ones say so, a real one runs pods")
    running.show("get", "nodes", "-L", f"{nodes.CLASS_LABEL},hanse.dev/simulated")
    if not _may_run_pods():
        typer.echo("  a real node needs root; without it, this part is left out (try `sudo make demo`)")
        return
    running.kubectl("apply", "-f", "-", stdin=json.dumps(HELLO))
    ended = running.kubectl(
        "wait", "pod/hello", "--for=jsonpath={.status.phase}=Succeeded", f"--timeout={POD_SECONDS}s"
    )
    said = running.kubectl("logs", "hello").stdout.strip()
    running.claim(
        f"a pod of our image ran on a real kubelet and said {said!r}",
        holds=said.startswith("hanse "),
        found=ended.stderr,
    )
    running.show("get", "pods", "-o", "wide")


def _summarise(running: Demo) -> None:
    _title(f"{len(running.held)} claims held, {len(running.failed)} did not")
    for text in running.failed:
        typer.secho(f"  NO   {text}", fg="red")


def _wait_for_ctrl_c(running: Demo) -> None:
    typer.echo("\nIt stays until Ctrl-C. Try in another terminal:\n")
    typer.echo(f"  export KUBECONFIG={running.kubeconfig}")
    for line in (
        "kubectl get hanse -A",
        "kubectl explain trainingjob.spec",
        "kubectl describe tj -n tencent llm-7b",
        "kubectl scale tj -n tencent llm-7b --replicas 48",
    ):
        typer.echo(f"  {line}")
    threading.Event().wait()


def _title(text: str) -> None:
    typer.secho(f"\n{text}", bold=True)


def _examples() -> Path:
    return paths.sources().parent / "examples"


def _files(folder: Path, names: tuple[str, ...] | list[str]) -> list[str]:
    return [argument for name in names for argument in ("-f", str(folder / f"{name}.yaml"))]


def _is_ours() -> bool:
    return not os.environ.get("HANSE_KUBECONFIG")


def _may_run_pods() -> bool:
    return os.geteuid() == 0
