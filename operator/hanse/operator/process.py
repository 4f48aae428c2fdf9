"""The operator's process: feed, sweep, election, leadership and health, from start to a graceful stop.

In: settings. Out: a running operator. A process that does not lead keeps its cache warm and waits. One that loses the
Lease, or finds that another has taken a higher term, stops leading, forgets its mirror and waits its turn; its cache
stays. On SIGTERM it finishes the cycle it is in, gives the Lease back and ends.
"""

import asyncio
import contextlib
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web
from kubernetes.aio import client
from sqlalchemy.exc import DBAPIError

from hanse.ledger import database, errors, term
from hanse.operator import failpoints, health, kinds, kube
from hanse.operator.cache import Cache
from hanse.operator.cycle import Leader
from hanse.operator.election import Election, Timing
from hanse.operator.feed import Feed
from hanse.operator.hearing import Hearing
from hanse.operator.inquiries import Inquiries
from hanse.operator.settling import Settler
from hanse.operator.sweep import Sweeper
from hanse.operator.world import World

LEASE_NAME = "hanse-operator"
RETRY_SECONDS = 1.0
FINISH_SECONDS_MAX = 20.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Settings:
    """What an operator is told when it starts."""

    database_url: str = field(repr=False)
    database_role: str | None = "hanse_operator"
    kubeconfig: str | None = None
    namespace: str = "hanse-system"
    health_host: str = "127.0.0.1"
    health_port: int = 8080
    internal_token: str = field(default="", repr=False)
    timing: Timing = field(default_factory=Timing)


class Operator:
    """One process."""

    def __init__(self, settings: Settings, configuration: client.Configuration) -> None:
        self._settings = settings
        self._identity = f"{socket.gethostname()}-{uuid.uuid4()}"
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._cache = Cache(kinds.WATCHED, self._wake)
        self._hearing = Hearing(kinds.WATCHED)
        self._kube = kube.Kube(configuration)
        self._feed = Feed(kinds.WATCHED, self._cache, self._hearing, lambda: kube.configuration(settings.kubeconfig))
        self._sweeper = Sweeper(kinds.WATCHED, self._kube, self._cache, self._hearing, self._feed.restart)
        self._engine = database.engine(settings.database_url, role=settings.database_role)
        self._election = Election(self._kube, settings.namespace, LEASE_NAME, self._identity, settings.timing)
        self._world = World()
        self._leader: Leader | None = None
        self._inquiries = Inquiries(self._world, lambda: self._leader)
        self._settler: Settler | None = None

    def _wake(self) -> None:
        # The feed may outlive the loop for a moment when the process ends.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until *stop* is set."""
        self._feed.start()
        async with self._served():
            tasks = [asyncio.create_task(self._sweeper.run()), asyncio.create_task(self._contend())]
            stopping = asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in [*tasks, stopping]:
                task.cancel()
            await asyncio.wait([*tasks, stopping], timeout=FINISH_SECONDS_MAX)
        await self._election.release()
        await asyncio.to_thread(self._feed.stop)
        await self._kube.close()
        self._engine.dispose()
        for task in done - {stopping}:
            task.result()  # neither of them ends by itself

    async def _contend(self) -> None:
        while not self._sweeper.is_whole:  # noqa: ASYNC110  # a leader with half a cache would stop what it does not see
            await asyncio.sleep(0.1)
        while True:
            await self._election.acquire()
            try:
                await self._lead()
            except (errors.LedgerError, DBAPIError) as error:
                _log.warning("leadership_ended", error=type(error).__name__, said=str(error)[:500])
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self) -> None:
        """Lead until the Lease or the term is lost."""
        number = await asyncio.to_thread(term.take, self._engine, self._identity)
        _log.info("leading", term=number)
        self._leader = Leader(self._kube, self._engine, number, self._cache, self._world, self._woken)
        leading = asyncio.create_task(self._leader.run())
        holding = asyncio.create_task(self._election.hold())
        self._settler = Settler(self._engine, number, self._world)
        settling = asyncio.create_task(self._settler.run())
        try:
            await asyncio.wait([leading, holding, settling], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (holding, settling):
                task.cancel()
            self._leader.finish()
            await asyncio.wait([leading], timeout=FINISH_SECONDS_MAX)
            # A thread that a cancelled cycle had begun ends by itself; the term keeps what it writes in check.
            leading.cancel()
            self._leader = self._settler = None
        await asyncio.wait([leading])
        if not leading.cancelled():  # a cycle that hung was cancelled here, and this process may lead again
            leading.result()
        if settling.done() and not settling.cancelled():
            settling.result()  # it ends by itself only because of an error

    @contextlib.asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        state = health.State(
            self._hearing, self._sweeper, self._cache.sizes, lambda: self._feed.restarts, self._progress,
            self._inquiries, self._settings.internal_token,
        )  # fmt: skip
        runner = web.AppRunner(health.application(state), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, self._settings.health_host, self._settings.health_port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    def _progress(self) -> Mapping[str, Any]:
        if self._leader is None:
            return {}
        progress = self._leader.progress
        said = {"term": progress.term, "cycle": progress.cycle, "ordersLeft": progress.orders_left}
        said |= {"waiting": len(self._leader.teller.waiting), "live": len(self._leader.mirror.live)}
        not_settled = self._settler.failures_by_part() if self._settler else {}
        problems = {"poolProblem": progress.pool_problem, "brake": progress.brake, "notSettled": not_settled}
        return said | {name: problem for name, problem in problems.items() if problem}


async def run(settings: Settings) -> None:
    """Run an operator until SIGTERM or SIGINT."""
    failpoints.armed()
    stop = asyncio.Event()
    for signalled in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signalled, stop.set)
    configuration = await kube.configuration(settings.kubeconfig)
    _log.info("operator_starts", pid=os.getpid())
    await Operator(settings, configuration).run(stop)
    _log.info("operator_ends")
