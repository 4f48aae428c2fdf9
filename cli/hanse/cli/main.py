"""The entry point: all commands in one, and errors as sentences.

An installation has the commands of its extras: the image that runs in production has no development cluster.
"""

import sys
from importlib import metadata
from typing import Annotated

import typer

from hanse.cli.errors import CommandError
from hanse.devcluster.errors import DevclusterError

app = typer.Typer(
    name="hanse",
    help="A federated GPU compute-pool scheduler for members that compete with one another.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add_development_commands() -> None:
    """Add `devcluster` and `demo` if the extra that they need is installed."""
    try:
        from hanse.cli import demo, devcluster  # noqa: PLC0415  # an installation without the extra has no such commands
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hanse"):
            raise
        app.info.epilog = "devcluster and demo are not installed: pip install 'hanse[devcluster]' adds them."
        return
    app.add_typer(devcluster.app, name="devcluster")
    app.command("demo")(demo.demo)


def _add_audit_commands() -> None:
    """Add `audit` if the extra that it needs is installed."""
    try:
        from hanse.cli import audit  # noqa: PLC0415  # needs the extra `audit`
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hanse"):
            raise
        return
    app.add_typer(audit.app, name="audit")


def _add_process_commands() -> None:
    """Add the processes; each asks for its own extra when it is started."""
    from hanse.cli import processes  # noqa: PLC0415  # beside the commands that it belongs to

    app.command("api")(processes.api)
    app.command("cluster-agent")(processes.cluster_agent)


def _add_pool_commands() -> None:
    """Add what coordinators and members do, if the Kubernetes client that it needs is installed."""
    try:
        from hanse.cli import capacity, cluster, doctor, member, queue  # noqa: PLC0415  # needs the extra `agent`
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hanse"):
            raise
        return
    app.add_typer(member.app, name="member")
    app.add_typer(cluster.app, name="cluster")
    app.command()(capacity.contribute)
    app.command()(capacity.recall)
    app.command()(capacity.drain)
    app.command()(queue.jobs)
    app.command()(queue.queue)
    app.command()(queue.explain)
    app.command()(doctor.doctor)


_add_development_commands()
_add_audit_commands()
_add_process_commands()
_add_pool_commands()


def _print_version(value: bool) -> None:  # the signature that typer calls
    if value:
        typer.echo(f"hanse {metadata.version('hanse')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; what went wrong is a sentence on standard error and exit status 1."""
    try:
        app()
    except (CommandError, DevclusterError) as error:
        typer.echo(f"hanse: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
