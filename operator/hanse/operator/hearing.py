"""When each feed was last heard: what health reports, and what tells the sweeper that a watch began anew.

In: the responses that Kopf reads, through a session of ours. Out: :class:`Hearing`. Kopf's own liveness endpoint knows
nothing of watches, and bookmarks (a sign of life each minute from a silent kind) never reach a handler; the bytes of
the response do come by here. A feed that was not heard for longer than :data:`SILENT_SECONDS_MAX` is stale: Kopf
reconnects after 70 s without a byte, so it is either unable to, or stuck.
"""

import threading
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from hanse.operator.kinds import Kind

SILENT_SECONDS_MAX = 180.0


@dataclass(frozen=True, slots=True)
class Heard:
    """How a feed stands: how often its watch was opened, and when the last byte of it came, by the monotonic clock."""

    opened: int = 0
    last: float | None = None

    def age_seconds(self) -> float | None:
        """Return how long ago that was, or None if it was never heard."""
        return None if self.last is None else time.monotonic() - self.last

    @property
    def is_fresh(self) -> bool:
        """Whether what the cache has of this kind can be trusted to be recent."""
        age = self.age_seconds()
        return age is not None and age < SILENT_SECONDS_MAX


class Hearing:
    """The state of the feeds of some kinds; written in the feed's thread, read in others."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._lock = threading.Lock()
        self._name_by_path = {kind.path: kind.name for kind in kinds}
        self._heard = {name: Heard() for name in self._name_by_path.values()}

    def feeds(self) -> dict[str, Heard]:
        """Return the state of each feed by kind."""
        with self._lock:
            return dict(self._heard)

    def silent_since(self, began: float) -> str | None:
        """Return a kind that was not heard for too long in a run that *began* then, or None."""
        now = time.monotonic()
        for kind, heard in self.feeds().items():
            if now - max(began, heard.last or began) > SILENT_SECONDS_MAX:
                return kind
        return None

    def note(self, path: str, *, opened: bool = False) -> None:
        """Take in that the watch at *path* was opened, or that bytes of it came."""
        name = self._name_by_path.get(path)
        if name is not None:
            with self._lock:
                self._heard[name] = Heard(self._heard[name].opened + opened, time.monotonic())

    def response_class(self) -> type[aiohttp.ClientResponse]:
        """Return a class of responses that tell this object what they receive, for an aiohttp session."""
        hearing = self

        class Listening(aiohttp.ClientResponse):
            async def start(self, connection: Any) -> aiohttp.ClientResponse:
                await super().start(connection)
                if self.ok and self.url.query.get("watch") == "true":
                    path = self.url.path
                    hearing.note(path, opened=True)
                    self.content = _Overheard(self.content, hearing, path)  # type: ignore[assignment]
                return self

        return Listening


class _Chunked(Protocol):
    def iter_chunked(self, n: int) -> Any: ...


class _Overheard:
    """A response's content, of which every chunk is noted; Kopf reads watches by chunks only."""

    def __init__(self, content: _Chunked, hearing: Hearing, path: str) -> None:
        self._content, self._hearing, self._path = content, hearing, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        async for chunk in self._content.iter_chunked(size):
            self._hearing.note(self._path)
            yield chunk
