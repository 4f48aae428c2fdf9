"""Where the demonstration is told: titles, why, commands as a reader would type them, and claims.

In: a kubeconfig, and what the acts say. Out: lines on the terminal, and two lists: claims that held and claims that did
not. A claim that others rest on ends the story where it does not hold (:class:`StoryEndsError`).
"""

import json
import subprocess
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from hanse.cli.hub import HANSE
from hanse.devcluster import build, paths, processes

LINE_LENGTH = 110
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.3
History = Callable[[str], str]
"""Returns what happened to a job, a line for each thing."""
Probe = Callable[[], tuple[bool, Any]]
"""Returns whether a claim holds now, and what is there in its place."""


class StoryEndsError(Exception):
    """A claim did not hold, and what would follow rests on it."""


@dataclass
class Stage:
    """A demonstration under way: where it runs, and what held so far."""

    kubeconfig: Path
    examples: Path = field(default_factory=lambda: paths.sources().parent / "examples")
    patience_seconds: float = PATIENCE_SECONDS
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    next_steps: tuple[str, ...] = ()
    history: History | None = None
    """Asked about a job that did not come to what was claimed; None as long as there is no ledger to ask."""
    started: float = field(default_factory=time.monotonic)

    def title(self, text: str, why: str = "") -> None:
        """Begin an act, and say why it is played."""
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        typer.secho(f"\n{text}", bold=True, nl=False)
        typer.secho(f"  [{minutes}:{seconds:02}]", dim=True)
        if why:
            self.say(why)

    def say(self, text: str, indent: int = 2) -> None:
        """Print a paragraph."""
        margin = " " * indent
        typer.echo(textwrap.fill(" ".join(text.split()), LINE_LENGTH, initial_indent=margin, subsequent_indent=margin))

    def lines(self, text: str) -> None:
        """Print what a command printed, or a picture."""
        for line in text.splitlines():
            typer.echo(f"    {line}".rstrip())

    def command(self, text: str) -> None:
        """Print a command as the reader would type it."""
        typer.secho(f"  $ {text}", dim=True)

    def kubectl(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl and return what it said, whether it failed or not."""
        command = [str(build.binary(build.CONTROLPLANE)), "kubectl", f"--kubeconfig={self.kubeconfig}", *args]
        environment = processes.environment()
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)

    def show(self, *args: str) -> None:
        """Run kubectl as the reader would, and print what it printed."""
        self.command(f"kubectl {' '.join(args)}")
        result = self.kubectl(*args)
        self.lines(result.stdout + result.stderr)

    def status(self, job: str) -> dict[str, Any]:
        """Return the status of a job, called NAMESPACE/NAME, as its owner sees it."""
        namespace, _, name = job.partition("/")
        result = self.kubectl("get", "--raw", f"{HANSE}/namespaces/{namespace}/trainingjobs/{name}")
        if result.returncode:
            return {"error": result.stderr.strip()}
        found: dict[str, Any] = json.loads(result.stdout).get("status") or {}
        return found

    def claim(self, text: str, *, holds: bool, found: Any = "") -> None:
        """Say that *text* is so if it *holds*, else what was found in its place."""
        (self.held if holds else self.failed).append(text)
        typer.secho(f"  {'yes' if holds else 'NO '}  {text}", fg="green" if holds else "red")
        if not holds and found:
            said = found if isinstance(found, str) else json.dumps(found, default=str)
            typer.echo(f"       found: {said.strip()}")

    def leave_out(self, what: str, why: str) -> None:
        """Say that something is not shown, and why."""
        self.left_out.append(what)
        typer.secho(f"  left out: {what}, since {why}", fg="yellow")

    def until(self, text: str, probe: Probe) -> None:
        """Claim that *text* becomes so.

        Raises:
            StoryEndsError: it does not within the stage's patience.

        """
        deadline = time.monotonic() + self.patience_seconds
        holds, found = probe()
        while not holds and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            holds, found = probe()
        self.claim(text, holds=holds, found=found)
        if not holds:
            raise StoryEndsError(text)

    def reaches(self, text: str, job: str, **wanted: Any) -> None:
        """Claim that the status of a job comes to say what is *wanted*.

        Raises:
            StoryEndsError: it does not within the stage's patience.

        """

        def probe() -> tuple[bool, Any]:
            status = self.status(job)
            shown = {name: value for name, value in status.items() if name != "conditions"}
            return wanted.items() <= status.items(), {"status": shown}

        try:
            self.until(text, probe)
        except StoryEndsError:
            if self.history:
                self.lines(self.history(job))
            raise
