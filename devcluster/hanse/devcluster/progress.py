"""Long work shows that it goes on: one line that changes on a terminal, a line now and then in a log.

In: a title and updates. Out: text on standard error only, since standard output belongs to what was asked for.
"""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

LOG_INTERVAL_SECONDS = 15.0

_console = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print one line for the person who waits."""
    _console.print(text, markup=False, soft_wrap=True)


class Line:
    """A piece of work that takes a while; use it as a context manager."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._logged = self._started
        self._status = Status(title, console=_console) if _console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        else:
            say(f"{self._title} ...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def update(self, description: str) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        elapsed = f"{int(now - self._started) // 60}:{int(now - self._started) % 60:02d}"
        if self._status:
            self._status.update(f"{self._title}: {description}, {elapsed}")
        elif now - self._logged >= LOG_INTERVAL_SECONDS:
            self._logged = now
            say(f"{self._title}: {description}, {elapsed}")
