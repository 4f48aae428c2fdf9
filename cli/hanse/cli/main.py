"""The entry point: all commands in one, and errors as sentences.

An installation has the commands of its extras: the image that runs in production has no development cluster. A module
is imported when one of its commands is asked for: all of them take seconds, for which who runs one need not wait.
"""

import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hanse.cli import mistakes
from hanse.cli.errors import CommandError
from hanse.devcluster.errors import DevclusterError

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
    ("ack", "agent", ("ack",)),
    ("dispute", "agent", ()),
    ("login", "agent", ("login",)),
    ("doctor", "agent", ("doctor",)),
    ("audit", "audit", ()),
    ("replay", "audit", ("replay",)),
    ("log", "audit", ()),
    ("witness", "audit", ()),
    ("trustees", "audit", ()),
    ("operator", "cli", ("operator",)),
    ("ledger", "cli", ()),
    ("processes", "cli", ("api", "cluster_agent", "node_agent")),
    ("devcluster", "devcluster", ()),
    ("demo", "devcluster", ("demo",)),
    ("simulate", "sim", ("simulate",)),
    ("pack", "sim", ("pack",)),
    ("bench", "bench", ()),
)


class _Commands(Mapping[str, Any]):
    """The commands by name, single ones first; those of a module are made when one of them is asked for."""

    def __getitem__(self, name: str) -> Any:
        return _made(_MODULE_OF[name])[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, module in _MODULE_OF.items() if name in _made(module))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def missing(self) -> list[str]:
        """Return what has to be installed for each module that is not there."""
        return [f"{module}: pip install 'hanse[{extra}]'" for module, extra, _ in MODULES if not _made(module)]


@functools.cache
def _made(module: str) -> dict[str, Any]:
    """Return the commands of a module, none if its extra is not installed."""
    try:
        commands = importlib.import_module(f"hanse.cli.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("hanse"):
            raise
        return {}
    part = typer.Typer(rich_markup_mode=None)
    names = _NAMES[module]
    if not names:
        part.add_typer(commands.app, name=module)
    for name in names:
        part.command(_words(name))(getattr(commands, name))
    return dict(typer.main.get_group(part).commands)


def _words(name: str) -> str:
    return name.replace("_", "-")


_NAMES = {module: names for module, _, names in MODULES}
_MODULE_OF = {_words(name): module for module, names in _NAMES.items() for name in names}
_MODULE_OF |= {module: module for module, names in _NAMES.items() if not names}


class Commands(TyperGroup):
    """What `hanse` is: its commands, and at the end of its help those that are not installed."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Commands()

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Say which commands are not installed."""
        if missing := self.commands.missing():
            self.epilog = f"Not installed: {'; '.join(missing)}."
        super().format_epilog(ctx, formatter)


app = typer.Typer(
    name="hanse",
    cls=Commands,
    help="A federated GPU compute-pool scheduler for members that compete with one another.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
