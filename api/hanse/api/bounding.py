"""Bodies of requests are bounded before they are read: the framework takes in a whole one before it asks whose it is.

In: a request. Out: the same, or 413 as soon as it has more bytes than its sender may send, 408 if it takes too long.
Only an agent may send much, a whole inventory, say; so who sends more than the others may is found out while the rest
still waits in the network.
"""

import asyncio
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.api.authenticating import Authenticator
from hanse.api.problems import ProblemError

BYTES_MAX = 256 * 1024
"""The leading operator, to which what-if is passed on, takes no more than four times as much."""
SECONDS_MAX = 120
"""A whole inventory comes over a slow line in this time; who sends a byte now and then loses its place."""
AGENT_BYTES_MAX = 64 * 1024 * 1024


class Bounded:
    """Ends what is too long."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app, self._authenticator = app, authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, most, is_known, is_whole = 0, BYTES_MAX, False, False
        until = asyncio.get_running_loop().time() + SECONDS_MAX

        async def bounded() -> Message:
            nonlocal size, most, is_known, is_whole
            try:
                # After its end the body's reader waits for the sender to leave, however long that takes.
                async with asyncio.timeout_at(None if is_whole else until):
                    message = await receive()
            except TimeoutError as error:
                said = f"the body was not here within {SECONDS_MAX} s: send less at once"
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, said) from error
            is_whole = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if size > most and not is_known:
                most, is_known = await run_in_threadpool(self._most, Request(scope)), True
            if size > most:
                said = f"the body has more than {most} bytes: send less at once"
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
            return message

        await self._app(scope, bounded, send)

    def _most(self, request: Request) -> int:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else None
        try:
            user = self._authenticator.user(given, request.client.host if request.client else "")
        except ProblemError as error:
            raise HTTPException(error.status, str(error), error.headers) from error
        return AGENT_BYTES_MAX if user.is_agent else BYTES_MAX
