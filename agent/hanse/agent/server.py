"""What workers ask of the agent: to make a checkpoint one of record, who is in the gang; and kubelets: if it lives.

In: `POST /v1/checkpoints` with the attempt's own token. Out: 200, or a sentence: 401 for a token that is not the
attempt's, 409 for an attempt that is not in force any more, 503 while the hub cannot be asked. `GET /v1/gangs/ATTEMPT`
with the same token says which ranks the gang is to have now, and which of them have ended well. `POST /v1/progress`,
likewise, says how far it has come: the hub hears that with the next report. A worker never talks to
the hub: it has no credential there, and its network policy does not let it. `POST /v1/node` is for node agents
(:mod:`hanse.agent.nodes`), who have other tokens. `GET /healthz` is 503 when the agent has not looked at its gangs for
so long that restarting it helps.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from hanse.agent.hub import Hub, HubError
from hanse.agent.keys import Keys
from hanse.agent.nodes import Nodes
from hanse.resources.model import Model
from hanse.resources.protocol import CheckpointRequest, CheckpointUri, Count, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.agent.gangs import Gang

BODY_BYTES_MAX = 16 * 1024
NOT_ITS_OWN = "this is not the token of that attempt"


class Commit(Model):
    """What a worker says of a checkpoint."""

    attempt: UUID
    step: Count
    uri: CheckpointUri


class Reached(Progress):
    """What a worker says of how far its gang has come."""

    attempt: UUID


class Server:
    """Answers the workers of *gangs*, and who probes whether the agent *lives*."""

    def __init__(
        self,
        hub: Hub,
        keys: Keys,
        gangs: "Callable[[], Mapping[UUID, Gang]]",
        lives: "Callable[[], bool]",
        nodes: Nodes,
    ) -> None:
        self._hub, self._keys, self._gangs, self._lives = hub, keys, gangs, lives
        self.progress: dict[UUID, Progress] = {}
        """What was said last of how far each gang has come."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_post("/v1/checkpoints", self._commit)
        app.router.add_post("/v1/progress", self._reached)
        app.router.add_get("/v1/gangs/{attempt}", self._gang)
        app.router.add_post("/v1/node", nodes.answer)
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

    async def _gang(self, request: web.Request) -> web.Response:
        gang = self._of(request, request.match_info["attempt"])
        if gang is None:
            return _said(HTTPStatus.UNAUTHORIZED, NOT_ITS_OWN)
        ranks, ended = sorted(gang.ranks), sorted(gang.succeeded)
        return web.json_response({"sequence": gang.sequence, "ranks": ranks, "ended": ended})

    def _of(self, request: web.Request, attempt: str) -> "Gang | None":
        """Return the gang of this id if the request bears its token."""
        gang = next((each for key, each in self._gangs().items() if str(key) == attempt), None)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return gang if gang is not None and self._keys.is_token(gang, token) else None

    async def _reached(self, request: web.Request) -> web.Response:
        try:
            said = Reached.model_validate_json(await request.read())
        except ValidationError:
            return _said(HTTPStatus.UNPROCESSABLE_ENTITY, "send attempt, step and, if you know it, steps")
        if self._of(request, str(said.attempt)) is None:
            return _said(HTTPStatus.UNAUTHORIZED, NOT_ITS_OWN)
        gangs = self._gangs()
        self.progress = {attempt: each for attempt, each in self.progress.items() if attempt in gangs}
        self.progress[said.attempt] = Progress(step=said.step, steps=said.steps)
        return web.json_response({"heard": True})

    async def _commit(self, request: web.Request) -> web.Response:
        try:
            commit = Commit.model_validate_json(await request.read())
        except ValidationError:
            return _said(HTTPStatus.UNPROCESSABLE_ENTITY, "send attempt, step and uri")
        gang = self._of(request, str(commit.attempt))
        if gang is None:
            return _said(HTTPStatus.UNAUTHORIZED, NOT_ITS_OWN)
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
