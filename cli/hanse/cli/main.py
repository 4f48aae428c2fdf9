"""The entry point: all commands in one, and errors as sentences.

Groups are imported only when they are asked for, so that an installation with few extras still has its own commands.
"""

import sys
from importlib import metadata
from typing import Annotated

import typer

from hanse.cli import audit, demo, devcluster
from hanse.devcluster.errors import DevclusterError

app = typer.Typer(
    name="hanse",
    help="A federated GPU compute-pool scheduler for members that compete with one another.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(devcluster.app, name="devcluster")
app.add_typer(audit.app, name="audit")
app.command("demo")(demo.demo)


def _print_version(value: bool) -> None:  # noqa: FBT001  # the signature that typer calls
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
    except DevclusterError as error:
        typer.echo(f"hanse: {error}", err=True)
        sys.exit(1)
