"""The command: where the demonstration is played, its end, and its exit status."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hanse.cli.demo import guest
from hanse.cli.demo.stage import INTERRUPTED, Stage, StoryEndsError
from hanse.devcluster import cluster, processes, realnode
from hanse.devcluster.errors import DevclusterError


def demo(
    check: Annotated[bool, typer.Option("--check", help="End by itself; exit 1 unless every claim held.")] = False,
    helm: Annotated[
        bool,
        typer.Option("--helm", help="Install the charts with Helm, as docs/quickstart.md tells, and run two jobs."),
    ] = False,
) -> None:
    """Show a pool on this machine: five members, a dozen jobs that run, borrow, wait and resume, and a ledger."""
    # `kill` ends the demo as Ctrl-C does, so that it cleans up after itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _installed() if helm else _played() as stage:
            _summarise(stage)
            if not check:
                _wait_for_ctrl_c(stage)
    except KeyboardInterrupt:
        typer.echo("\nended; everything that it started is gone")
        if check:
            raise typer.Exit(INTERRUPTED) from None
        return
    if stage.failed:
        raise typer.Exit(1)


@contextmanager
def _played() -> Iterator[Stage]:
    """Play the story in a cluster of our own, or its short form in the one that `HANSE_KUBECONFIG` names."""
    if configured := os.environ.get("HANSE_KUBECONFIG"):
        with guest.borrowed(Stage(Path(configured))) as stage:
            guest.show(stage)
            yield stage
        return
    from hanse.cli.demo import story  # noqa: PLC0415  # all of Hanse, for which other commands need not wait

    missing, started = why_no_real_node(), time.monotonic()
    with cluster.running(f"demo-{os.getpid()}", cluster.Wanted(real_node=not missing)) as own:
        stage = Stage(own.kubeconfig, started=started)
        try:
            story.play(stage, own, missing)
        except (StoryEndsError, DevclusterError) as error:
            if isinstance(error, DevclusterError):
                stage.claim("the demonstration gets on", holds=False, found=str(error))
            stage.say("The story ends here, as the rest builds on this.")
            _show_logs(stage, own.folder)
        yield stage


@contextmanager
def _installed() -> Iterator[Stage]:
    """Play the page's section about Helm; everything ends with the `with` block."""
    from hanse.cli.demo import helm as page  # noqa: PLC0415  # as above

    wanted = cluster.Wanted(real_node=True, scheduler=True)
    with cluster.running(f"demo-{os.getpid()}", wanted) as own, ExitStack() as stack:
        stage = Stage(own.kubeconfig)
        try:
            played = stack.enter_context(page.played(stage, own))
            stage.next_steps = page.next_steps(own, played)
        except StoryEndsError:
            stage.say("The story ends here, as the rest builds on this.")
            stage.show("get", "pods", "--all-namespaces")
        yield stage


def _show_logs(stage: Stage, folder: Path) -> None:
    """Print how the logs of Hanse's own processes end: with --check they go with the cluster."""
    for log in sorted((folder / "logs").glob("*.log")):
        if log.stem in {"operator", "api"} or log.stem.startswith("agent-of-"):
            stage.lines(processes.log_tail(folder, log.stem))


def why_no_real_node() -> str:
    """Return why this machine cannot run a real node, or nothing if it can."""
    try:
        realnode.require()
    except DevclusterError as error:
        return str(error)
    return ""


def _summarise(stage: Stage) -> None:
    left_out = f"; left out: {', '.join(stage.left_out)}" if stage.left_out else ""
    stage.title(f"{len(stage.held)} claims held, {len(stage.failed)} did not{left_out}")
    for text in stage.failed:
        typer.secho(f"  NO   {text}", fg="red")


def _wait_for_ctrl_c(stage: Stage) -> None:
    typer.echo("\nIt stays until Ctrl-C. Try in another terminal:\n")
    for line in stage.next_steps:
        typer.echo(f"  {line}")
    threading.Event().wait()
