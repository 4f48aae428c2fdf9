"""What a run on hardware has found, written down after each step: a run that is cut off has said what it could.

In: steps, each with a time limit. Out: `results.json` with each step's outcome, claims and figures; and where a step
went wrong, how the logs of the cluster's parts end. A step that fails does not end the run: only those that need it
are left out.
"""

import json
import platform
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from hanse.cli.demo.stage import Stage, StoryEndsError
from hanse.devcluster.errors import DevclusterError

RESULTS = "results.json"


class TooLongError(Exception):
    """A step took longer than it may."""


class Report:
    """The outcome so far, in *folder*; each step may take *patience* times its limit."""

    def __init__(self, folder: Path, patience: int) -> None:
        self.folder, self.patience = folder, patience
        self.stage: Stage | None = None
        """What claims; there is none before there is a cluster."""
        self.diagnose: Callable[[], str] = str
        """Returns what may say why a step failed."""
        self._began = time.monotonic()
        self._figures: dict[str, Any] = {}
        self._steps: dict[str, dict[str, Any]] = {}

    @property
    def passed(self) -> bool:
        """Whether all steps so far have done what they should."""
        return all(step["outcome"] == "passed" for step in self._steps.values())

    def figure(self, name: str, value: Any) -> None:
        """Take down a figure, whatever it says."""
        self._figures[name] = value
        typer.echo(f"  {name}: {json.dumps(value, default=str)[:400]}")
        self.write()

    def step(self, name: str, limit_seconds: int, play: Callable[[], None], *, needs: tuple[str, ...] = ()) -> bool:
        """Play a step, unless one that it *needs* has failed; return whether all that it claims held."""
        lacks = [each for each in needs if self._steps[each]["outcome"] in {"failed", "left out"}]
        if lacks:
            self._close(name, "left out", 0.0, f"it needs {', '.join(lacks)}")
            return False
        typer.secho(f"\n== {name} (at {time.monotonic() - self._began:.0f} s)", bold=True)
        held_before, failed_before = self._claims()
        began, why, outcome = time.monotonic(), "", "passed"
        try:
            with _limited(limit_seconds * self.patience):
                play()
        except (StoryEndsError, DevclusterError, TooLongError) as error:
            outcome, why = "failed", f"{type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001  # what nobody thought of shall not keep the other steps from being played
            outcome, why = "failed", traceback.format_exc()
        held, failed = self._claims()
        found = {"held": held[len(held_before) :], "notHeld": failed[len(failed_before) :]}
        if outcome == "passed" and found["notHeld"]:
            outcome = "claims did not hold"
        if outcome != "passed":
            why = "\n".join(filter(None, (why, _quietly(self.diagnose))))
        self._close(name, outcome, time.monotonic() - began, why, found)
        return outcome == "passed"

    def write(self) -> None:
        """Write what is known now, whole or not at all."""
        document = {
            "machine": platform.node(),
            "seconds": round(time.monotonic() - self._began, 1),
            "passed": self.passed,
            "steps": self._steps,
            "figures": self._figures,
        }
        aside = self.folder / f"{RESULTS}.new"
        aside.write_text(json.dumps(document, indent=1, default=str))
        aside.replace(self.folder / RESULTS)

    def _claims(self) -> tuple[list[str], list[str]]:
        return (list(self.stage.held), list(self.stage.failed)) if self.stage else ([], [])

    def _close(
        self, name: str, outcome: str, seconds: float, why: str, found: Mapping[str, list[str]] | None = None
    ) -> None:
        self._steps[name] = {"outcome": outcome, "seconds": round(seconds, 1), **(found or {}), "why": why}
        typer.secho(f"== {name}: {outcome} after {seconds:.1f} s", fg="green" if outcome == "passed" else "red")
        if why:
            typer.echo(why)
        self.write()


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise :class:`TooLongError` in this thread if the block takes longer."""

    def end(_: int, frame: FrameType | None) -> None:
        where = "".join(traceback.format_stack(frame)[-6:])
        raise TooLongError(f"it took longer than {seconds} s, and was here:\n{where}")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _quietly(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except Exception:  # noqa: BLE001  # a diagnosis that fails must not hide what it is about
        return f"the diagnosis failed:\n{traceback.format_exc()}"
