"""What is placed on this node: asked of the cluster agent, and remembered for when it does not answer.

In: what is on the node; the cluster agent's answers. Out: the bindings in force, and a file with them. The token says
which node this is, so that no agent speaks for another node. What was answered in this boot of the node holds until
something newer is: pods that were placed start while the cluster agent is away, others wait.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

import aiohttp
from pydantic import ValidationError

from hanse.agent.bindings import Binding, NodeAnswer, NodeStatement
from hanse.agent.node import files, metrics
from hanse.agent.node.sharing import Shared
from hanse.resources.model import Model

TIMEOUT_SECONDS = 5.0
GAP_SECONDS = 0.1
_LOG = logging.getLogger(__name__)


class ExchangeError(Exception):
    """The cluster agent does not answer, or not as it should."""


class _Remembered(Model):
    boot_id: UUID
    answer: NodeAnswer


class Exchange:
    """The cluster agent at *url*; *statement* says what is on the node now."""

    def __init__(self, url: str, token_file: Path, memory: Path, statement: Callable[[], NodeStatement]) -> None:
        self._url, self._token_file, self._memory, self._statement = url.rstrip("/"), token_file, memory, statement
        self._session: aiohttp.ClientSession | None = None
        self._bindings = self._recall()
        self.ask = Shared(self._ask, GAP_SECONDS)
        """Asks now; raises :class:`ExchangeError` where there is no answer, and what was known goes on to hold."""

    @property
    def bindings(self) -> Mapping[str, Binding]:
        """What is placed on the node, by the names of pods."""
        return self._bindings

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self) -> None:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        statement = self._statement()
        try:
            answer = await self._post(self._session, statement)
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as error:
            raise ExchangeError(f"{self._url}: {str(error) or type(error).__name__}") from error
        metrics.ASKED.set_to_current_time()
        self._take(answer, statement.boot_id)

    async def _post(self, session: aiohttp.ClientSession, statement: NodeStatement) -> NodeAnswer:
        # Whoever renews the token replaces the file.
        headers = {
            "Authorization": f"Bearer {self._token_file.read_text().strip()}",
            "Content-Type": "application/json",
        }
        body = statement.model_dump_json()
        async with session.post(f"{self._url}/v1/node", data=body, headers=headers) as answered:
            data = await answered.read()
            if answered.status != HTTPStatus.OK:
                said = data[:200].decode(errors="replace")
                raise ExchangeError(f"{self._url} answers {answered.status}: {said}")
        return NodeAnswer.model_validate_json(data)

    def _take(self, answer: NodeAnswer, boot_id: UUID) -> None:
        bindings = {each.pod: each for each in answer.bindings}
        if bindings != self._bindings:
            # On the disk first: what a pod was started by is known after a crash.
            files.replace(self._memory, _Remembered(boot_id=boot_id, answer=answer).model_dump_json())
            self._bindings = bindings

    def _recall(self) -> dict[str, Binding]:
        """Return what was answered in this boot; of another boot no pod runs any more."""
        try:
            known = _Remembered.model_validate_json(self._memory.read_bytes())
        except (FileNotFoundError, ValidationError):
            return {}
        current = known.boot_id == self._statement().boot_id
        return {each.pod: each for each in known.answer.bindings} if current else {}
