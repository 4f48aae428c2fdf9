"""One call for all who ask at one time: each of them gets an answer that was asked for after they did.

In: a call that takes a while. Out: its results. One call is on its way at most, and one more waits for it to end:
whoever asks meanwhile waits for that one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Shared(Generic[_Result]):
    """*call*, at least *gap_seconds* apart."""

    def __init__(self, call: Callable[[], Awaitable[_Result]], gap_seconds: float) -> None:
        self._call, self._gap_seconds = call, gap_seconds
        self._next: asyncio.Task[_Result] | None = None
        self._at_once = asyncio.Lock()

    async def __call__(self) -> _Result:
        """Return what a call returns that begins from now on, or raise what it raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        return await asyncio.shield(self._next)

    async def _run(self) -> _Result:
        async with self._at_once:
            self._next = None
            try:
                return await self._call()
            finally:
                await asyncio.sleep(self._gap_seconds)
