"""The feed: Kopf lists and watches all kinds, and each event goes into the cache.

In: events of the API server. Out: :class:`hanse.operator.cache.Cache`; next is :mod:`hanse.operator.sweep`, which finds
what a watch lost. Kopf runs in a thread and event loop of its own, as it takes all tasks of its loop for its own. There
are `on.event` handlers only, and no index: Kopf must keep no state in the objects, write to none, and retry nothing.

A watch that ends with an error other than 410 ends Kopf's operator: the feed starts it anew, and neither the cache nor
the planner notices more than a second listing.
"""

import asyncio
import functools
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import aiohttp
import kopf
import structlog
from kubernetes.aio import client
from kubernetes.aio.client import rest

from hanse.operator.cache import Cache
from hanse.operator.hearing import Hearing
from hanse.operator.kinds import Kind

RESTART_SECONDS = 1.0
STOP_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.2

_log = structlog.get_logger(__name__)
Configure = Callable[[], Awaitable[client.Configuration]]


class Feed:
    """Kopf, kept running until :meth:`stop`."""

    def __init__(self, kinds: Iterable[Kind], cache: Cache, hearing: Hearing, configure: Configure) -> None:
        self._registry = functools.partial(_registry, list(kinds), cache, hearing, configure)
        self._hearing = hearing
        self._stopping = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="feed", daemon=True)
        self.restarts = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def restart(self, why: str) -> None:
        """List and watch everything again."""
        _log.warning("feed_restarts", why=why)
        self._ending.set()

    def stop(self) -> None:
        """Stop watching, and return when that is done."""
        self._stopping.set()
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2 * STOP_SECONDS_MAX)

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            self._ending = threading.Event()
            if self._stopping.is_set():  # set in between: whoever did so raised the flag of the run before
                return
            self._run_once(self._ending)
            self.restarts += 1
            self._stopping.wait(RESTART_SECONDS)

    def _run_once(self, ending: threading.Event) -> None:
        """Run Kopf in a thread until it ends, is to end, or is deaf; one that does not end in time is left behind.

        What it may still put into the cache does no harm: an older version never replaces a newer one.

        """
        run = threading.Thread(target=self._operate, args=(ending,), name="kopf", daemon=True)
        run.start()
        began = time.monotonic()
        while run.is_alive() and not ending.wait(LOOK_SECONDS):
            if (deaf := self._hearing.silent_since(began)) is not None:
                _log.warning("feed_deaf", kind=deaf)
                ending.set()
        run.join(STOP_SECONDS_MAX)
        _log.warning("feed_ended", left_behind=run.is_alive())

    def _operate(self, ending: threading.Event) -> None:
        try:
            asyncio.run(self._kopf(ending))
        except Exception as error:  # noqa: BLE001  # whatever ends Kopf, the feed must go on
            _log.warning("feed_failed", error=str(error))

    async def _kopf(self, ending: threading.Event) -> None:
        try:
            registry = self._registry(ending)
            await kopf.operator(
                registry=registry, settings=settings(), standalone=True, clusterwide=True, stop_flag=ending
            )
        finally:
            # Kopf waits for the flag in a thread of the loop's executor, which must end before the loop can.
            ending.set()


class Jittered:
    """Waiting times without end, each drawn anew between two bounds: the feed outlives an upgrade of the API server."""

    def __init__(self, seconds_min: float, seconds_max: float) -> None:
        self._bounds = seconds_min, seconds_max

    def __iter__(self) -> Iterator[float]:
        low, high = self._bounds
        ceiling = low
        while True:
            yield random.uniform(low, ceiling)  # noqa: S311  # no secret
            ceiling = min(high, 2 * ceiling)


def settings() -> kopf.OperatorSettings:
    """Return Kopf's settings, each for a reason."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True  # the leader is elected by a Lease and fenced by the ledger's term
    chosen.posting.enabled = False  # events are few and have decision ids; see hanse.operator.events
    chosen.scanning.disabled = True  # the kinds are known: no rights on CRDs, and the same start each time
    chosen.watching.chunk_size = 500  # half the memory at 50,000 objects
    chosen.watching.server_timeout = 600  # a stream that ends by itself is opened anew, and swept
    chosen.watching.connect_timeout = 10
    chosen.watching.reconnect_backoff = 1.0
    chosen.networking.request_timeout = 60
    chosen.networking.connect_timeout = 10
    chosen.networking.error_backoffs = Jittered(1, 30)
    chosen.networking.enforce_retry_after = True
    chosen.queueing.worker_limit = 256  # bounds the burst of the first list; allowed only without indexes
    chosen.queueing.idle_timeout = 0.5
    chosen.execution.max_workers = 4  # unused: all handlers are coroutines
    chosen.persistence.finalizer = "hanse.dev/kopf"  # unused, but never Kopf's default
    chosen.process.ultimate_exiting_timeout = None  # by SIGKILL, of the whole process; the feed ends alone
    return chosen


def _registry(
    kinds: Iterable[Kind], cache: Cache, hearing: Hearing, configure: Configure, ending: threading.Event
) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    # Kopf then closes its session, cancels each watch once, and waits for them without end. A watch that was about to
    # reconnect takes that for its pause's end, and waits for a session that nobody will open any more.
    @kopf.on.cleanup(registry=registry)
    async def end(**_: Any) -> None:
        ending.set()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return await _session(await configure(), hearing)

    for kind in kinds:
        handler = functools.partial(_take, cache, kind.name)
        kopf.on.event(kind.group, kind.version, kind.plural, id=f"feed-{kind.plural}", registry=registry)(handler)
    return registry


async def _take(cache: Cache, kind: str, *, event: kopf.RawEvent, **_: Any) -> None:
    cache.put(kind, event["type"], event["object"])


async def _session(configuration: client.Configuration, hearing: Hearing) -> kopf.AiohttpSession:
    """Return a session with the official client's credentials; Kopf asks for another when it is refused (401)."""
    connector = aiohttp.TCPConnector(limit=0, ssl=rest.RESTClientObject(configuration).ssl_context)
    authorization = (await configuration.auth_settings()).get("BearerToken", {}).get("value")
    headers = {"Authorization": authorization} if authorization else {}
    session = aiohttp.ClientSession(connector=connector, headers=headers, response_class=hearing.response_class())
    return kopf.AiohttpSession(server=configuration.host, aiohttp_session=session)
