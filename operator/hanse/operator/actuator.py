"""The actuator: what is recorded takes effect, beside the cycles.

In: the ledger's outbox. Out: Placements in the API server (by :mod:`hanse.operator.effects`), and for each decision the
record that it took effect or failed. At least once: a process that dies in between leaves the order in the outbox, and
doing it again does nothing new. An order that cannot be carried out now (the API server is away, an older gang still
drains) stays, and is tried again after the next look. Stops come before all others, and of two orders about one attempt
never both are under way: an attempt that is to stop is not started any more, whatever was ordered before.

The cycle looks into the outbox before it reads the attempts, and hands over what it found after that: so the mirror is
never older than an order, and an attempt that it does not have has ended.

Beside that it reconciles: a Placement of an attempt that has ended goes, whoever made it, so that an old leader that
wakes up and writes once more leaves nothing behind; one that somebody deleted comes back.
"""

import asyncio
import functools
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine

from hanse.ledger import errors, outbox
from hanse.ledger.outbox import Order
from hanse.operator import failpoints, mirror
from hanse.operator.effects import Effects, NotYetError
from hanse.operator.kube import KubeError
from hanse.operator.mirror import Live, Mirror
from hanse.operator.world import World
from hanse.resources import ObjectMeta

ORDERS_MAX = 500
CONCURRENT_MAX = 16
MISSING_SECONDS = 5
"""After so long, a Placement that the cache does not have is not merely on its way."""
RETRY_SECONDS = 1.0
DETAIL_LENGTH_MAX = 1000
_FINAL = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_log = structlog.get_logger(__name__)
Todo = Callable[[], Awaitable[None]]


class Actuator:
    """Carries out the orders of one leader."""

    def __init__(self, engine: Engine, term: int, world: World, mirrored: Mirror, effects: Effects) -> None:
        self._engine, self._term = engine, term
        self._world, self._mirror, self._effects = world, mirrored, effects
        self._seen = outbox.FIRST
        self._found: list[Order] = []
        self._orders: dict[uuid.UUID, Order] = {}
        """Those whose outcome is not recorded yet."""
        self._stops: deque[Todo] = deque()
        self._others: deque[Todo] = deque()
        self._waiting: list[Order] = []
        self._busy: dict[str, uuid.UUID] = {}
        """The order that is under way about an attempt: of two requests the older could come last."""
        self._deleting: set[str] = set()
        """Placements, by uid, that are to be deleted, or have been and are still in the cache."""
        self._restoring: set[str] = set()
        """Attempts whose Placement is to be restored."""
        self._outcomes: dict[uuid.UUID, str | None] = {}
        self._acted_at: dict[str, int] = {}
        """When something was done about live attempts: what the cache does not have yet may be on its way from then."""
        self._news, self._done = asyncio.Event(), asyncio.Event()

    @property
    def orders_left(self) -> int:
        """The number of orders that were handed over and are not recorded as done with."""
        return len(self._orders)

    def look(self) -> None:
        """Read what is new in the outbox, for :meth:`take`; to be called before the mirror is read."""
        while orders := outbox.pending(self._engine, ORDERS_MAX, self._seen):
            self._found += orders
            self._seen = orders[-1].sequence

    def take(self) -> None:
        """Have carried out what was found, and what had to wait; to be called after the mirror was read."""
        found, self._found = self._found, []
        waiting, self._waiting = self._waiting, []
        fresh = {each.decision: each for each in found if each.decision not in self._orders}
        self._orders |= fresh
        for order in (*waiting, *fresh.values()):
            (self._stops if order.is_stop else self._others).append(functools.partial(self._try, order))
        self._news.set()

    def restart(self) -> None:
        """Forget what is not under way: the mirror was dropped, and the outbox is read again from its beginning."""
        self._stops.clear()
        self._others.clear()
        self._waiting.clear()
        self._found.clear()
        self._deleting.clear()
        self._restoring.clear()
        under_way = self._outcomes.keys() | self._busy.values()
        self._orders = {key: each for key, each in self._orders.items() if key in under_way}
        self._seen = outbox.FIRST

    async def reconcile(self) -> None:
        """Have put right what the outbox does not know of: Placements that are there in vain, and missing ones."""
        placed = self._world.placement_by_attempt
        live = {str(each.id): each for each in self._mirror.live.values()}
        # What has been deleted is remembered until the cache knows, each object for itself: one of the same name may
        # come after it, from an old leader that wakes up.
        self._deleting &= self._world.placements.keys()
        doubtful = [
            uuid.UUID(attempt)
            for attempt, each in placed.items()
            if attempt not in live and each.metadata.uid not in self._deleting
        ]
        # Asked anew: an old leader that wakes up must not take away what a newer one has made meanwhile.
        if doubtful:
            for attempt in map(str, await asyncio.to_thread(mirror.ended, self._engine, doubtful)):
                metadata = placed[attempt].metadata
                self._deleting.add(metadata.uid or "")
                self._others.append(functools.partial(self._delete, metadata))
        self._acted_at = {attempt: at for attempt, at in self._acted_at.items() if attempt in live}
        ordered = {_attempt(each) for each in self._orders.values()}
        for attempt, each in live.items():
            is_missing = attempt not in placed and attempt not in ordered and attempt not in self._restoring
            if is_missing and self._is_overdue(attempt, each):
                self._restoring.add(attempt)
                self._others.append(functools.partial(self._restore, each))
        self._news.set()

    async def run(self) -> None:
        """Carry out what is handed over, some at a time, until cancelled.

        Raises:
            StaleTermError: another leader has taken over.

        """
        working = [asyncio.create_task(self._work()) for _ in range(CONCURRENT_MAX)]
        try:
            while True:
                await self._done.wait()
                self._done.clear()
                await self._record()
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)

    async def _record(self) -> None:
        """Record what came of orders; while the database is away, keep it."""
        outcomes = dict(self._outcomes)
        if not outcomes:
            return
        failpoints.hit("after-effect")
        try:
            await asyncio.to_thread(outbox.done, self._engine, self._term, outcomes)
        except errors.StaleTermError:
            raise
        except (errors.LedgerError, sa.exc.DBAPIError) as error:
            _log.warning("outcomes_not_recorded", error=type(error).__name__, said=str(error)[:500])
            await asyncio.sleep(RETRY_SECONDS)
            self._done.set()
            return
        for decision in outcomes:
            del self._outcomes[decision]
            self._orders.pop(decision, None)

    async def _work(self) -> None:
        while True:
            while todo := self._stops or self._others:
                try:
                    await todo.popleft()()
                except Exception as error:  # noqa: BLE001  # whatever is wrong with one, the others go on
                    _log.error("not_carried_out", error=type(error).__name__)
            self._news.clear()
            await self._news.wait()

    async def _try(self, order: Order) -> None:
        attempt = _attempt(order)
        if attempt in self._busy:
            self._waiting.append(order)
            return
        self._busy[attempt] = order.decision
        body: Any = order.body
        try:
            with structlog.contextvars.bound_contextvars(decision=str(order.decision)):
                await self._effects.carry_out(body, order.sequence)
        except NotYetError:
            self._waiting.append(order)
        except KubeError as error:
            _log.warning("order_not_done", decision=str(order.decision), attempt=attempt, error=str(error))
            if error.status in _FINAL:
                self._outcomes[order.decision] = str(error)[:DETAIL_LENGTH_MAX]
            else:
                self._waiting.append(order)
        except Exception:
            self._waiting.append(order)
            raise
        else:
            self._outcomes[order.decision] = None
        finally:
            del self._busy[attempt]
            self._acted_at[attempt] = self._mirror.now_seconds
        self._done.set()

    async def _delete(self, metadata: ObjectMeta) -> None:
        if not await self._effects.delete(metadata):
            self._deleting.discard(metadata.uid or "")

    async def _restore(self, live: Live) -> None:
        try:
            # It may have ended, and its Placement be gone for good, since it was found missing.
            if self._mirror.live.get(live.job) is live:
                await self._effects.restore(live)
        finally:
            self._restoring.discard(str(live.id))

    def _is_overdue(self, attempt: str, live: Live) -> bool:
        since = max(live.admitted_at_seconds, self._acted_at.get(attempt, 0))
        return since + MISSING_SECONDS < self._mirror.now_seconds


def _attempt(order: Order) -> str:
    body: Any = order.body
    attempt: str = body["attempt"]
    return attempt
