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
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli import demo_pool
from hanse.devcluster import build, cluster, nodes, paths, processes, realnode
from hanse.devcluster.errors import DevclusterError

SHAPES = ("h100-80g=4x8", "ascend-910b=2x8")
# In the order in which one needs the other; a placement is written by the operator, never by hand.
EXAMPLES = (
    "acceleratorclass", "prioritytier", "poolpolicy", "member", "membercluster", "namespaces", "rbac", "contribution",
    "trainingjob",
)  # fmt: skip
EVERYBODY = ["--as=li", "--as-group=tencent-training", "--as-group=system:authenticated"]
CHART = ("crds", "policies")
POD_SECONDS = 60
POLICY_TRIES = 60
POLICY_SECONDS = 0.25
# The exit status of a program that Ctrl-C ended, as shells have it.
INTERRUPTED = 130
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
    missing: str
    own: cluster.Cluster | None = None
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def kubectl(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl and return what it said, whether it failed or not."""
        command = [str(build.binary(build.CONTROLPLANE)), "kubectl", f"--kubeconfig={self.kubeconfig}", *args]
        environment = processes.environment()
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)

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
            _show_nodes(running)
            if running.own:
                _show_pool(running, running.own)
            _summarise(running)
            if not check:
                _wait_for_ctrl_c(running)
    except KeyboardInterrupt:
        typer.echo("\nended; everything that it started is gone")
        if check:
            raise typer.Exit(INTERRUPTED) from None
        return
    if running.failed:
        raise typer.Exit(1)


@contextmanager
def _place() -> Iterator[Demo]:
    """Give the cluster that `HANSE_KUBECONFIG` names, else one of our own for as long as the demo runs."""
    if configured := os.environ.get("HANSE_KUBECONFIG"):
        with _guest(Demo(Path(configured), missing="this cluster is not ours")) as running:
            yield running
        return
    _title("A Kubernetes control plane on this machine")
    missing = _why_no_real_node()
    wanted = cluster.Wanted(shapes=tuple(nodes.parse(shape) for shape in SHAPES), real_node=not missing)
    with cluster.running(f"demo-{os.getpid()}", wanted) as own:
        running = Demo(own.kubeconfig, missing, own)
        running.claim(f"these parts run: {', '.join(own.parts())}", holds="kube-apiserver" in own.parts())
        yield running


@contextmanager
def _guest(running: Demo) -> Iterator[Demo]:
    """Use somebody's cluster only if nothing there is called as what we create, and take all of that away again.

    Raises:
        DevclusterError: something is there already.

    """
    everything = [*_files(_examples(), EXAMPLES), *_chart_files()]
    found = running.kubectl("get", "--ignore-not-found", "--output=name", *_files(_examples(), ("namespaces", "rbac")))
    found_api = running.kubectl("get", "--ignore-not-found", "--output=name", *_chart_files())
    if found.returncode or found_api.returncode:
        raise DevclusterError(f"the cluster of HANSE_KUBECONFIG does not answer: {found.stderr or found_api.stderr}")
    if there := (found.stdout + found_api.stdout).split():
        raise DevclusterError(
            f"the cluster of HANSE_KUBECONFIG has {there[0]} already, which the demo would change: "
            "name a cluster without Hanse, or unset it to get one of our own"
        )
    try:
        yield running
    finally:
        running.kubectl("delete", "--ignore-not-found", "--wait=false", *everything)


def _why_no_real_node() -> str:
    """Return why this machine cannot run a real node, or nothing if it can."""
    try:
        realnode.require()
    except DevclusterError as error:
        return str(error)
    return ""


def _show_alliance(running: Demo) -> None:
    _title("An alliance of five members that compete")
    for folder in CHART:
        applied = running.kubectl("apply", "--server-side", *_chart_files(folder))
        running.claim(f"the API server accepts our {folder}", holds=applied.returncode == 0, found=applied.stderr)
    running.kubectl("wait", "--for=condition=Established", "--timeout=30s", *_chart_files("crds"))
    running.claim("the policies are in force", holds=_policies_are_in_force(running))
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


def _policies_are_in_force(running: Demo) -> bool:
    """Wait until an admission policy refuses what it should: the API server takes a moment to take it up."""
    probe = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "hanse-cluster-probe", "labels": {"hanse.dev/member": "nobody"}},
        }
    )
    for _ in range(POLICY_TRIES):
        if running.kubectl("create", "--dry-run=server", "-f", "-", stdin=probe).returncode:
            return True
        time.sleep(POLICY_SECONDS)
    return False


def _show_nodes(running: Demo) -> None:
    _title("Nodes: simulated ones say so, a real one runs pods")
    running.show("get", "nodes", "-L", f"{nodes.CLASS_LABEL},hanse.dev/simulated")
    if running.missing:
        typer.secho(f"  left out: no pod really runs, since {running.missing}", fg="yellow")
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


def _show_pool(running: Demo, own: cluster.Cluster) -> None:
    """Play borrowing and reclaim between a member with nodes and one without."""
    _title(f"A running pool: {demo_pool.OWNER} has 32 GPUs, {demo_pool.BORROWER} has none")
    pool = demo_pool.RunningPool(own)
    pool.start()
    owner, borrower = demo_pool.OWNER, demo_pool.BORROWER

    def reaches(member: str, name: str, **wanted: object) -> bool:
        def holds() -> bool:
            return wanted.items() <= pool.status(member, name).items()

        return demo_pool.eventually(holds)

    def found(member: str, name: str) -> str:
        return json.dumps(pool.status(member, name))

    pool.submit(borrower, "guest", replicas=3, runtime="10m")
    held = reaches(borrower, "guest", phase="Running", strength="BORROW")
    running.claim(f"{borrower} borrows 24 idle GPUs", holds=held, found=found(borrower, "guest"))
    running.show("get", "trainingjobs", "-n", borrower, "-o", "wide")
    pool.submit(owner, "own", replicas=2, runtime="15s")
    held = reaches(owner, "own", phase="Running", strength="HOME")
    running.claim(f"{owner} comes back and holds its own at once", holds=held, found=found(owner, "own"))
    held = reaches(borrower, "guest", phase="Requeued", preemptions=1)
    running.claim("the borrower was stopped and keeps its place", holds=held, found=found(borrower, "guest"))
    running.show("get", "trainingjobs", "-A", "-o", "wide")
    held = reaches(owner, "own", phase="Succeeded")
    running.claim(f"the job of {owner} ends", holds=held, found=found(owner, "own"))
    held = reaches(borrower, "guest", phase="Running", strength="BORROW")
    running.claim("the borrower runs again", holds=held, found=found(borrower, "guest"))
    running.show("get", "pods", "-n", f"hanse-workers-{demo_pool.CLUSTER}", "-o", "wide")
    _show_audit(running, pool)


def _show_audit(running: Demo, pool: demo_pool.RunningPool) -> None:
    try:
        said = pool.audit()
    except DevclusterError as error:
        running.claim("the ledger's export verifies", holds=False, found=str(error))
        return
    running.claim("the ledger's export verifies, without the database", holds=True)
    for line in said.splitlines():
        typer.echo(f"  {line}")


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


def _files(folder: Path, names: Sequence[str]) -> list[str]:
    return [argument for name in names for argument in ("-f", str(folder / f"{name}.yaml"))]


def _chart_files(*folders: str) -> list[str]:
    """Return the arguments for kubectl that name the chart's manifests, all or those of *folders*."""
    templates = paths.sources().parent / "charts" / "hanse" / "templates"
    return [argument for folder in folders or CHART for argument in ("-f", str(templates / folder))]
