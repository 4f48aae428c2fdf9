"""The actuator: what is recorded takes effect.

In: the ledger's outbox. Out: Placements in the API server, and for each decision the record that it took effect or
failed. At least once: a process that dies in between leaves the order in the outbox, and doing it again does nothing
new, as names follow from ids. An order that cannot be carried out now (the API server is away, an older gang still
drains) stays.

It also tidies: a Placement of an attempt that has ended goes, whoever made it, so that an old leader that wakes up and
writes once more leaves nothing behind.
"""

import asyncio
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy import Engine

from hanse.ledger import outbox
from hanse.operator import failpoints, kinds, placing
from hanse.operator.kube import Kube, KubeError
from hanse.operator.mirror import Live, Mirror
from hanse.operator.world import World

ORDERS_MAX = 500
CONCURRENT_MAX = 16
DETAIL_LENGTH_MAX = 1000
_FINAL = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_log = structlog.get_logger(__name__)


class NotYetError(Exception):
    """An order has to wait."""


class Actuator:
    """Carries out the orders of one leader."""

    def __init__(self, kube: Kube, engine: Engine, term: int, world: World, mirror: Mirror) -> None:
        self._kube, self._engine, self._term = kube, engine, term
        self._world, self._mirror = world, mirror
        self._slots = asyncio.Semaphore(CONCURRENT_MAX)

    async def act(self) -> int:
        """Carry out what the outbox holds; return how many orders are left.

        Raises:
            LedgerError: another leader has taken over, or the database is away.

        """
        orders = await asyncio.to_thread(outbox.pending, self._engine, ORDERS_MAX)
        if not orders:
            return 0
        done: dict[uuid.UUID, str | None] = {}
        for outcome in await asyncio.gather(*(self._outcome(order) for order in orders)):
            done |= outcome
        if done:
            failpoints.hit("after-effect")
            await asyncio.to_thread(outbox.done, self._engine, self._term, done)
        return len(orders) - len(done)

    async def tidy(self) -> None:
        """Delete Placements whose attempts have ended."""
        live = {str(each.id) for each in self._mirror.live.values()}
        ended = [each for each in self._world.placements.values() if each.spec.attempt not in live]
        await asyncio.gather(*(self._delete(each.metadata.namespace, each.metadata.name) for each in ended))

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
            await self._start(body, sequence)
        elif body["effect"] == "stop":
            await self._stop(body, sequence)
        # What is kept needs nothing: its funding travels with the lease's renewal, its label with the status.

    async def _start(self, body: Mapping[str, Any], sequence: int) -> None:
        live = self._live(body)
        if live is None or live.is_stopped:
            return  # a Placement would start nothing, and the stop may already be done
        if live.awaits & {each.id for each in self._mirror.live.values()}:
            raise NotYetError
        job = self._world.jobs.get(body["job"])
        if job is None:
            return  # it was deleted; the next cycle stops the attempt
        manifest = placing.running(body, sequence, job.spec)
        failpoints.hit("before-effect")
        await self._kube.apply(placing.path(body["cluster"], body["attempt"]), manifest)
        _log.info("placement_applied", attempt=body["attempt"], fence=body["fence"], cluster=body["cluster"])

    async def _stop(self, body: Mapping[str, Any], sequence: int) -> None:
        live = self._live(body)
        if live is None:
            return  # it has ended already, and tidying takes its Placement
        failpoints.hit("before-effect")
        try:
            await self._kube.merge(placing.path(live.cluster, body["attempt"]), placing.stopped(sequence))
        except KubeError as error:
            # There is none, or a later decision has written to it.
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
        _log.info("placement_stopped", attempt=body["attempt"], fence=body["fence"])

    async def _delete(self, namespace: str | None, name: str) -> None:
        try:
            await self._kube.request("DELETE", kinds.PLACEMENT.object_path(name, namespace))
        except KubeError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                _log.warning("placement_not_deleted", name=name, error=str(error))

    def _live(self, body: Mapping[str, Any]) -> Live | None:
        live = self._mirror.live.get(body["job"])
        return live if live is not None and str(live.id) == body["attempt"] else None
