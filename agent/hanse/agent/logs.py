"""Logs of workers, for who owns the jobs: read from this cluster's kubelets, sealed here, handed to the API service.

In: the workers that are there, and at their end their last words. Out: sealed tails; in memory only, and only as much
as :mod:`hanse.agent.tails` allows. Whose an attempt is the agent does not know: the key of each is another one. Of one
without a key no log is read. Nothing here keeps a gang from being started or stopped for longer than a moment, and
nothing that fails here is more than a warning: a lost tail is made up for by the next one.
"""

import asyncio
import hashlib
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from hanse.agent import metrics, tails
from hanse.agent.copies import Copies
from hanse.agent.gangs import Gang, Worker
from hanse.agent.hub import Hub, HubError
from hanse.agent.kube import Kube, KubeError
from hanse.evidence import tails as sealed_tails
from hanse.evidence.errors import EvidenceError
from hanse.evidence.tails import Tail
from hanse.resources.protocol import LOG_ATTEMPTS_MAX, LOG_TAILS_MAX, LogKeysRequest, LogsRequest, SealedTail
from hanse.resources.template import TRAINER

ROUND_SECONDS = 5.0
KEY_SECONDS = 300.0
LAST_WORDS_SECONDS = 2.0
"""How long the end of a worker that has ended by itself waits for its last words."""
PARALLEL = 8
REQUESTS_A_ROUND = 3
UNSENT_MAX = 2048
"""Tails that are kept while the service does not take them; the newest are not read then."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Key:
    """What an attempt's logs are sealed to, if there is something, until the service is asked again (monotonic)."""

    public: bytes | None
    until: float


class Logs:
    """Reads and sends; *gangs* are those that this agent holds."""

    def __init__(
        self, hub: Hub, kube: Kube, namespace: str, copies: Copies, gangs: Callable[[], Mapping[UUID, Gang]]
    ) -> None:
        self._hub, self._kube, self._copies, self._gangs = hub, kube, copies, gangs
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._at_once = asyncio.Semaphore(PARALLEL)
        self._keys: dict[UUID, _Key] = {}
        self._looked_at: dict[str, float] = {}
        self._digests: dict[str, bytes] = {}
        self._spoken: set[str] = set()
        self._has_warned = False
        self._unsent: dict[sealed_tails.Worker, Tail] = {}

    async def run(self) -> None:
        """Read and send until cancelled."""
        while True:
            await self._round()
            await asyncio.sleep(ROUND_SECONDS)

    async def last_words(self, worker: Worker) -> None:
        """Read a worker's log before its pod goes, if it ended by itself; once, and not for long."""
        ended = worker.succeeded or worker.fault is not None
        if not ended or worker.uid in self._spoken or worker.attempt not in self._gangs() or worker.simulated:
            return
        if len(self._unsent) >= 2 * UNSENT_MAX:
            return
        self._spoken.add(worker.uid)
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._read(worker)
        except TimeoutError:
            metrics.tail("unread")

    async def _round(self) -> None:
        workers, gangs = self._copies.workers(), self._gangs()
        self._forget(workers)
        speaking = {worker.attempt for worker in workers if not worker.simulated} & gangs.keys()
        try:
            await self._ask_keys({*speaking, *(each.attempt for each in self._unsent)})
            if len(self._unsent) < UNSENT_MAX:
                readable = {attempt: gang for attempt, gang in gangs.items() if self._key(attempt)}
                due = tails.due(workers, readable, self._looked_at, tails.WORKERS_A_ROUND)
                await asyncio.gather(*(self._read(worker) for worker in due))
            await self._send()
        except HubError as error:
            _LOG.warning("logs wait: %s", error)

    def _forget(self, workers: Iterable[Worker]) -> None:
        there = {worker.uid for worker in workers}
        self._looked_at = {uid: at for uid, at in self._looked_at.items() if uid in there}
        self._digests = {uid: digest for uid, digest in self._digests.items() if uid in there}
        self._spoken &= there

    def _key(self, attempt: UUID) -> bytes | None:
        found = self._keys.get(attempt)
        return found.public if found else None

    async def _ask_keys(self, attempts: set[UUID]) -> None:
        """Have a key of each attempt, or know that there is none; a member's new key is taken up after a while."""
        now = time.monotonic()
        self._keys = {attempt: key for attempt, key in self._keys.items() if attempt in attempts and key.until > now}
        missing = sorted(attempts - self._keys.keys())[:LOG_ATTEMPTS_MAX]
        if missing:
            answer = await self._hub.log_keys(LogKeysRequest(attempts=tuple(missing)))
            given = {each.attempt: each.key for each in answer.keys}
            self._keys |= {attempt: _Key(given.get(attempt), now + KEY_SECONDS) for attempt in missing}

    async def _read(self, worker: Worker) -> None:
        self._looked_at[worker.uid] = time.monotonic()
        query = {"container": TRAINER, "timestamps": "true", "tailLines": tails.LINES_MAX}
        try:
            async with self._at_once:
                log = await self._kube.text(f"{self._pods}/{worker.name}/log", query, tails.READ_BYTES_MAX)
        except KubeError as error:
            # It has not begun, or its node does not answer: whoever stops gangs says so, if it matters.
            metrics.tail("unread")
            if error.status == HTTPStatus.FORBIDDEN and not self._has_warned:
                self._has_warned = True
                _LOG.warning("no log can be read: %s; hanse cluster install gives the right to, or the chart", error)
            return
        gang = self._gangs().get(worker.attempt)
        tail = tails.cut(log, tails.bytes_max(len(gang.seats) if gang else 1))
        digest = hashlib.sha256(tail.text).digest()
        if tail.text and self._digests.get(worker.uid) != digest:
            self._digests[worker.uid] = digest
            self._unsent[sealed_tails.Worker(worker.attempt, worker.fence, worker.rank)] = tail

    async def _send(self) -> None:
        """Send what is unsent, so much at a time; of attempts without a key nothing is kept."""
        sealed = {}
        for worker, tail in list(self._unsent.items()):
            if worker.attempt not in self._keys:
                continue  # its key is asked for in the next round
            if message := self._sealed(worker, tail):
                sealed[worker] = message
            else:
                del self._unsent[worker]
            if len(sealed) == LOG_TAILS_MAX * REQUESTS_A_ROUND:
                break
        workers = list(sealed)
        for first in range(0, len(workers), LOG_TAILS_MAX):
            await self._hand_over({worker: sealed[worker] for worker in workers[first : first + LOG_TAILS_MAX]})

    async def _hand_over(self, sealed: Mapping[sealed_tails.Worker, SealedTail]) -> None:
        sent = {worker: self._unsent[worker] for worker in sealed}
        try:
            answer = await self._hub.logs(LogsRequest(tails=tuple(sealed.values())))
        except HubError as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            _LOG.exception("the hub does not understand our logs")
            taken: Iterable[bool] = [False] * len(sent)
        else:
            taken = answer.taken
        for (worker, tail), is_taken in zip(sent.items(), taken, strict=False):
            metrics.tail("taken" if is_taken else "refused")
            if self._unsent.get(worker) is tail:
                del self._unsent[worker]

    def _sealed(self, worker: sealed_tails.Worker, tail: Tail) -> SealedTail | None:
        if (public := self._key(worker.attempt)) is None:
            return None
        try:
            return SealedTail(
                attempt=worker.attempt,
                fence=worker.fence,
                rank=worker.rank,
                key=urlsafe_b64encode(public),
                sealed=urlsafe_b64encode(sealed_tails.seal(public, worker, tail)),
            )
        except (EvidenceError, ValueError):
            return None  # a key that is none, or a pod whose labels are not ours
