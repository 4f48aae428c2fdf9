"""What the pages are made from: the same parts as the endpoints, and what to say where one cannot be asked now.

In: a question. Out: its answer, or the sentence why there is none: of a page the rest is shown all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Engine

from hanse.api.exporting import Exports
from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.problems import UnavailableError

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Sources:
    """Who can be asked."""

    engine: Engine
    directory: Directory
    leader: Leader
    exports: Exports


@dataclass(frozen=True)
class Part(Generic[Answer]):
    """A part of a page: *found*, or None and *why* not."""

    found: Answer | None
    why: str = ""


def part(ask: Callable[[], Answer]) -> Part[Answer]:
    """Return what *ask* does, or why nobody can be asked."""
    try:
        return Part(ask())
    except UnavailableError as error:
        return Part(None, str(error))
