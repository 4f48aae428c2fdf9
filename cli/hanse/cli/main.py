"""The entry point: all commands in one, and errors as sentences.

An installation has the commands of its extras: the image that runs in production has no development cluster.
"""

import importlib
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Annotated, Any

import typer

from hanse.cli import mistakes
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

# Each module with commands: the extra that it needs as soon as it is imported, and its commands; none make it a group
# of its own name. What a process needs beyond that is imported when it starts.
MODULES = (
    ("member", "agent", ()),
    ("cluster", "agent", ()),
    ("capacity", "agent", ("contribute", "recall", "drain")),
    ("queue", "agent", ("jobs", "queue", "explain")),
    ("logs", "agent", ("logs",)),
    ("whatif", "agent", ("whatif",)),
    ("standing", "agent", ("quota", "usage")),
    ("login", "agent", ("login",)),
    ("doctor", "agent", ("doctor",)),
    ("audit", "audit", ()),
    ("replay", "audit", ("replay",)),
    ("log", "audit", ()),
    ("witness", "audit", ()),
    ("operator", "cli", ("operator",)),
    ("ledger", "cli", ()),
    ("processes", "cli", ("api", "cluster_agent")),
    ("devcluster", "devcluster", ()),
    ("demo", "devcluster", ("demo",)),
    ("simulate", "sim", ("simulate",)),
    ("bench", "bench", ()),
)


def _add_commands() -> None:
    """Add the commands of each module whose extra is installed, and say which are not."""
    missing = []
    for module, extra, names in MODULES:
        try:
            commands = importlib.import_module(f"hanse.cli.{module}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("hanse"):
                raise
            missing.append(f"{module}: pip install 'hanse[{extra}]'")
            continue
        if not names:
            app.add_typer(commands.app, name=module)
        for name in names:
            app.command(name.replace("_", "-"))(getattr(commands, name))
    if missing:
        app.info.epilog = f"Not installed: {'; '.join(missing)}."


_add_commands()


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
    """Run the command line as `hanse`."""
    run(app, "hanse")


def run(commands: Callable[..., Any], name: str) -> None:
    """Run the command line under a name; what went wrong is a sentence on standard error and exit status 1."""
    try:
        commands(prog_name=name)
    except (CommandError, DevclusterError) as error:
        typer.echo(f"{name}: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        said = mistakes.sentence(error)
        if said is None:
            raise
        typer.echo(f"{name}: {said}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
