"""Connections are bounded: in number by uvicorn, and each in how long it may be open without a request.

In: connections. Out: uvicorn's own handling of these, or their end. Who opens connections and says nothing, or a header
a byte at a time, would else keep the places of all others; bodies are :mod:`hanse.api.bounding`'s.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

CONNECTIONS_MAX = 800
"""What is beyond is answered with 503. A process has 1,024 open files unless somebody raised that, and needs some."""
HEADERS_SECONDS_MAX = 10.0


class Patient(H11Protocol):
    """A connection that waits so long for a whole header, and no longer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take in what came; wait on if it is no whole header."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _look(self) -> None:
        # Before the first request there is no cycle, whatever uvicorn's types say.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._wait_no_more()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEADERS_SECONDS_MAX, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
