"""What a verification says to the person who asked for it, and how far it is while it goes on.

In: a verdict. Out: on standard output what was checked and what it rests on; on standard error what is wrong, the first
offender first, and the bar, which is not there where nobody looks at a terminal.
"""

from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hanse.ledger.bundle import Header
from hanse.ledger.verify import LogVerdict, Verdict


class Bar:
    """How far a verification is; use it as a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # It is drawn when something was done: a thread that draws would be there when processes are forked.
        self._progress = Progress(
            *columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal
        )
        self._task = self._progress.add_task("verifying", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, what: str, done: int, total: int) -> None:
        """Show what is being done, and how many parts of how many are; no parts are one that takes what it takes."""
        self._progress.update(self._task, description=what, completed=done, total=total or None)
        self._progress.refresh()


def say(folder: Path, verdict: Verdict) -> None:
    """Say what came of a verification; exit with 1 if something is wrong."""
    for check in verdict.checks:
        holds = f"{check.findings} wrong" if check.findings else "holds" if check.figures else "not looked at"
        typer.echo(f"{check.number:<4}{holds:<14}{check.sentence}" + (f" ({check.figures})" if check.figures else ""))
        if check.first:
            typer.echo(f"    first: {check.first}")
    for remark in verdict.examined.remarks if verdict.examined else ():
        typer.echo(f"to be known: {remark}")
    if verdict.good and verdict.header:
        typer.echo(_said_of_log(verdict.header, verdict.log))
        typer.echo(f"{folder}: the ledger of {verdict.header.period} holds; its manifest has the SHA-256")
        typer.echo(verdict.manifest_sha256.hex())
        return
    first, *others = verdict.findings
    typer.echo(f"{folder}: first offender: {first}", err=True)
    for finding in others:
        typer.echo(f"  {finding}", err=True)
    raise typer.Exit(1)


def _said_of_log(header: Header, log: LogVerdict) -> str:
    """Say what was found of the log, and what was not looked at."""
    if log.checkpoint is None:
        return "nothing was sealed: that nothing was changed rests on the manifest's hash alone"
    its = log.checkpoint
    said = f"every row is in the log {its.origin}, whose {its.size} leaves have the root {its.root.hex()}"
    said += f"; leaves {header.first_leaf} up to {header.end_leaf} are this period's"
    if log.late:
        said += f"; {log.late} rows of it were sealed after its end, among the next one's"
    if log.unsealed:
        said += f"; {log.unsealed} rows are too new to be in it"
    if log.cosigned_at is None:
        return f"{said}\nNOBODY'S SIGNATURE WAS CHECKED: name your own copy of the policy with --policy"
    times = ", ".join(
        f"{name} at {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in log.cosigned_at.items()
    )
    return f"{said}\nthe log has signed it; cosigned by {times or 'nobody, and the policy asks for nobody'}"
