"""What workers ask of the agent: that a checkpoint is made one of record. And its own cluster, whether it lives.

In: `POST /v1/checkpoints` with the attempt's own token. Out: 200, or a sentence: 401 for a token that is not the
attempt's, 409 for an attempt that is not in force any more, 503 while the hub cannot be asked. A worker never talks to
the hub: it has no credential there, and its network policy does not let it. `GET /healthz` is 503 when the agent has
not looked at its gangs for so long that restarting it helps.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from hanse.agent.hub import Hub, HubError
from hanse.agent.keys import Keys
from hanse.resources.model import Model
from hanse.resources.protocol import CheckpointRequest, CheckpointUri, Count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.agent.gangs import Gang

BODY_BYTES_MAX = 16 * 1024


class Commit(Model):
    """What a worker says of a checkpoint."""

    attempt: UUID
    step: Count
    uri: CheckpointUri


class Server:
    """Answers the workers of *gangs*, and who probes whether the agent *lives*."""

    def __init__(
        self, hub: Hub, keys: Keys, gangs: "Callable[[], Mapping[UUID, Gang]]", lives: "Callable[[], bool]"
    ) -> None:
        self._hub, self._keys, self._gangs, self._lives = hub, keys, gangs, lives
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post("/v1/checkpoints", self._commit)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        if self._lives():
            return web.json_response({"status": "ok"})
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, "the agent has not looked at its gangs for too long")

    async def _commit(self, request: web.Request) -> web.Response:
        try:
            commit = Commit.model_validate_json(await request.read())
        except ValidationError:
            return _said(HTTPStatus.UNPROCESSABLE_ENTITY, "send attempt, step and uri")
        gang = self._gangs().get(commit.attempt)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if gang is None or not self._keys.is_token(gang, token):
            return _said(HTTPStatus.UNAUTHORIZED, "this is not the token of that attempt")
        asked = CheckpointRequest(attempt=gang.attempt, fence=gang.fence, step=commit.step, uri=commit.uri)
        try:
            await self._hub.commit_checkpoint(asked)
        except HubError as error:
            known = error.status in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
            return _said(error.status if known else HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        return web.json_response({"committed": True})


def _said(status: int, message: str) -> web.Response:
    body: dict[str, Any] = {"message": message}
    return web.json_response(body, status=status)
