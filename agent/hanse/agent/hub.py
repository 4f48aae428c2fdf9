"""The API service, as the agent calls it.

In: messages of :mod:`hanse.resources.protocol`. Out: answers. The token is read anew for each request, since whoever
renews it replaces the file. Every request may be repeated; nothing here retries, since each caller has its own rhythm.
"""

import ssl
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from hanse.resources.protocol import (
    CheckpointRequest,
    EnrolmentsAnswer,
    LogKeysAnswer,
    LogKeysRequest,
    LogsAnswer,
    LogsRequest,
    Problem,
    SlotsAnswer,
    SlotsRequest,
    SyncAnswer,
    SyncRequest,
)

TIMEOUT_SECONDS = 10.0
_Answer = TypeVar("_Answer", bound=BaseModel)


class HubError(Exception):
    """The service refused with *status*, or did not answer (then it is 0); *another_speaks* for the cluster."""

    def __init__(self, status: int, message: str, *, another_speaks: bool = False) -> None:
        super().__init__(message)
        self.status, self.another_speaks = status, another_speaks


class Hub:
    """The API service at *url*."""

    def __init__(self, url: str, token_file: Path, certificate_authority: Path | None = None) -> None:
        self._url, self._token_file = url.rstrip("/"), token_file
        trusted = ssl.create_default_context(cafile=certificate_authority) if certificate_authority else True
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=trusted))

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def sync(self, request: SyncRequest) -> SyncAnswer:
        """Report everything; learn what may go on."""
        return _read(SyncAnswer, await self._post("/v1/agent/sync", request))

    async def enrolments(self) -> EnrolmentsAnswer:
        """Ask how the cluster's nodes are enrolled."""
        return _read(EnrolmentsAnswer, await self._ask("GET", "/v1/agent/enrolments"))

    async def slots(self, request: SlotsRequest) -> SlotsAnswer:
        """Hand over slots."""
        return _read(SlotsAnswer, await self._post("/v1/agent/slots", request))

    async def commit_checkpoint(self, request: CheckpointRequest) -> None:
        """Make a checkpoint one of record.

        Raises:
            HubError: it is none; 409 if the fence is not the one in force.

        """
        await self._post("/v1/agent/checkpoints", request)

    async def log_keys(self, request: LogKeysRequest) -> LogKeysAnswer:
        """Ask for the keys to which logs of attempts are sealed."""
        return _read(LogKeysAnswer, await self._post("/v1/agent/log-keys", request))

    async def logs(self, request: LogsRequest) -> LogsAnswer:
        """Hand over sealed tails of logs."""
        return _read(LogsAnswer, await self._post("/v1/agent/logs", request))

    async def _post(self, path: str, message: BaseModel) -> bytes:
        return await self._ask("POST", path, message.model_dump_json())

    async def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        try:
            token = self._token_file.read_text().strip()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            async with self._session.request(method, self._url + path, data=body, headers=headers) as answer:
                data = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise HubError(0, f"the hub cannot be asked: {str(error) or type(error).__name__}") from error
        if status != HTTPStatus.OK:
            said = _problem(data)
            raise HubError(status, said.detail, another_speaks=said.another_speaks)
        return data


def _read(kind: type[_Answer], data: bytes) -> _Answer:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise HubError(0, f"what answers is not the hub: {_problem(data).detail}") from error


def _problem(data: bytes) -> Problem:
    try:
        return Problem.model_validate_json(data)
    except ValidationError:
        return Problem(title="", status=0, detail=data.decode(errors="replace")[:300])
