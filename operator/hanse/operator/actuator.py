"""The actuator: what is recorded takes effect.

In: the ledger's outbox. Out: Placements in the API server, and for each decision the record that it took effect or
failed. At least once: a process that dies in between leaves the order in the outbox, and doing it again does nothing
new, as names follow from ids. An order that cannot be carried out now (the API server is away, an older gang still
drains) stays.

Beside that it reconciles: a Placement of an attempt that has ended goes, whoever made it, so that an old leader that
wakes up and writes once more leaves nothing behind; one that somebody deleted comes back.
"""

import asyncio
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy import Engine

from hanse.ledger import outbox
from hanse.operator import failpoints, kinds, mirror, placing
from hanse.operator.credentials import UnusableError
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import Live, Mirror
from hanse.operator.storage import Storage
from hanse.operator.world import World
from hanse.resources import ObjectMeta, TrainingJob

ORDERS_MAX = 500
CONCURRENT_MAX = 16
MISSING_SECONDS = 5
"""After so long, a Placement that the cache does not have is not merely on its way."""
DETAIL_LENGTH_MAX = 1000
_FINAL = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_log = structlog.get_logger(__name__)


class NotYetError(Exception):
    """An order has to wait."""


class Actuator:
    """Carries out the orders of one leader."""

    def __init__(  # noqa: PLR0913  # what an order is carried out with
        self, kube: Kube, engine: Engine, term: int, *, world: World, mirrored: Mirror, storage: Storage
    ) -> None:
        self._kube, self._engine, self._term = kube, engine, term
        self._world, self._mirror, self._storage = world, mirrored, storage
        self._slots = asyncio.Semaphore(CONCURRENT_MAX)

    async def act(self) -> int:
        """Carry out what the outbox holds; return how many orders are left.

        Raises:
            LedgerError: another leader has taken over, or the database is away.

        """
        left, after = 0, outbox.FIRST
        # Those that have to wait must not keep the ones behind them from being read.
        while orders := await asyncio.to_thread(outbox.pending, self._engine, ORDERS_MAX, after):
            left += len(orders) - await self._act(orders)
            after = orders[-1].place
            if len(orders) < ORDERS_MAX:
                break
        return left

    async def _act(self, orders: list[outbox.Order]) -> int:
        """Carry out orders; return how many are done with."""
        done: dict[uuid.UUID, str | None] = {}
        for outcome in await asyncio.gather(*(self._outcome(order) for order in orders)):
            done |= outcome
        if done:
            failpoints.hit("after-effect")
            await asyncio.to_thread(outbox.done, self._engine, self._term, done)
        return len(done)

    async def reconcile(self) -> None:
        """Put right what the outbox does not know of: Placements that are there in vain, and those that are missing."""
        placed = self._world.placement_by_attempt
        live = {str(each.id): each for each in self._mirror.live.values()}
        doubtful = [uuid.UUID(attempt) for attempt in placed if attempt not in live]
        # Asked anew: an old leader that wakes up must not take away what a newer one has made meanwhile.
        if doubtful:
            gone = await asyncio.to_thread(mirror.ended, self._engine, doubtful)
            await asyncio.gather(*(self._delete(placed[str(attempt)].metadata) for attempt in gone))
        for each in live.values():
            if str(each.id) not in placed and each.admitted_at_seconds + MISSING_SECONDS < self._mirror.now_seconds:
                await self._restore(each)

    async def _restore(self, live: Live) -> None:
        job = self._world.jobs.get(live.job)
        if job is not None and live.failure is None and not live.is_stopped and not self._waits(live):
            try:
                await self._place(live, job)
                _log.warning("placement_restored", attempt=str(live.id))
            except NotYetError:
                return  # its Secret is gone; the job's status says so
            except KubeError as error:
                _log.warning("placement_not_restored", attempt=str(live.id), error=str(error))

    async def _outcome(self, order: outbox.Order) -> dict[uuid.UUID, str | None]:
        """Return what came of an order: None if it took effect, else why it never can; nothing if it has to wait."""
        body: Any = order.body
        try:
            async with self._slots:
                await self._carry_out(body, order.sequence)
        except NotYetError:
            return {}
        except KubeError as error:
            _log.warning("order_not_done", decision=str(order.decision), error=str(error))
            return {order.decision: str(error)[:DETAIL_LENGTH_MAX]} if error.status in _FINAL else {}
        return {order.decision: None}

    async def _carry_out(self, body: Mapping[str, Any], sequence: int) -> None:
        if body["effect"] == "admit":
            await self._start(body)
        elif body["effect"] == "stop":
            await self._stop(body, sequence)
        # What is kept needs nothing: its funding travels with the lease's renewal, its label with the status.

    async def _start(self, body: Mapping[str, Any]) -> None:
        live = self._live(body)
        if live is None or live.is_stopped:
            return  # a Placement would start nothing, and the stop may already be done
        job = self._world.jobs.get(live.job)
        if job is None:
            return  # it was deleted; the next cycle stops the attempt
        if self._waits(live):
            raise NotYetError
        failpoints.hit("before-effect")
        await self._place(live, job)
        _log.info("placement_applied", attempt=str(live.id), fence=live.fence, cluster=live.cluster)

    async def _place(self, live: Live, job: TrainingJob) -> None:
        """Make the Placement; one that is there stays, as what is sealed is another text each time it is sealed."""
        if str(live.id) in self._world.placement_by_attempt:
            return
        try:
            sealed = await self._storage.sealed(live, job)
        except UnusableError as error:
            _log.warning("storage_not_ready", attempt=str(live.id))
            raise NotYetError from error
        try:
            await self._kube.create(placing.collection(live), placing.running(live, job.spec, sealed))
        except KubeError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    async def _stop(self, body: Mapping[str, Any], sequence: int) -> None:
        live = self._live(body)
        if live is None:
            return  # it has ended already, and tidying takes its Placement
        failpoints.hit("before-effect")
        try:
            await self._kube.merge(placing.path(live), placing.stopped(sequence))
        except KubeError as error:
            # There is none, or a later decision has written to it.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        _log.info("placement_stopped", attempt=body["attempt"], fence=body["fence"])

    async def _delete(self, metadata: ObjectMeta) -> None:
        try:
            async with self._slots:
                await self._kube.request("DELETE", kinds.PLACEMENT.object_path(metadata.name, metadata.namespace))
        except KubeError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                _log.warning("placement_not_deleted", name=metadata.name, error=str(error))

    def _waits(self, live: Live) -> bool:
        """Return whether attempts whose GPUs it gets have not ended yet."""
        return not live.awaits.isdisjoint(each.id for each in self._mirror.live.values())

    def _live(self, body: Mapping[str, Any]) -> Live | None:
        live = self._mirror.live.get(body["job"])
        return live if live is not None and str(live.id) == body["attempt"] else None
