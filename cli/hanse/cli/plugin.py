"""`kubectl hanse`: the same commands, under the name by which kubectl runs them, and what kubectl's completion asks.

In: the arguments that kubectl passes on to `kubectl-hanse`, or the words so far to `kubectl_complete-hanse`. Out: what
:mod:`~hanse.cli.main` does with them; for completion a candidate a line, and Cobra's directive as the last. It must not
add commands of its own.
"""

import contextlib
import io
import os
import shlex
import sys
from typing import Any

import typer

from hanse.cli.main import app, run

NAME = "kubectl hanse"
# Cobra's: nothing found, so offer files; or these, and no files beside them.
OFFER_FILES, NO_FILES = ":0", ":4"
_ASKED_BY = "_KUBECTL_HANSE_COMPLETE"


def main() -> None:
    """Run a command as kubectl's plugin."""
    run(_command(), NAME)


def complete() -> None:
    """Print what may stand in place of the last word."""
    words = sys.argv[1:] or [""]
    # What typer prints for fish is what Cobra reads: a candidate, a tabulator, what it does.
    os.environ |= {
        _ASKED_BY: "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": shlex.join([NAME, *words]),
    }
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        _command()(prog_name=NAME, complete_var=_ASKED_BY)
    found = [line for line in printed.getvalue().splitlines() if line]
    sys.stdout.write("\n".join([*found, NO_FILES if found else OFFER_FILES]) + "\n")


def _command() -> Any:
    """Return the commands without the options that install completion: a shell completes kubectl, which asks us."""
    command = typer.main.get_command(app)
    command.params = [each for each in command.params if each.name not in {"install_completion", "show_completion"}]
    return command
