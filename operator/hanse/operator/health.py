"""Health, metrics and the internal port: how old each feed is, what the leader does, why a job waits.

In: the state of the process. Out: HTTP. `/healthz` is for the kubelet: it fails only when a restart would help, when
the event loop is stuck or the feed stale for long. `/readyz` says whether this process could lead. `/feeds` gives each
feed's age, for people and probes. `/metrics` is Prometheus'. What is below `/v1/` is for the API service and asks for a
bearer token, as what it says of a job or a member is that member's business only.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import prometheus_client
from aiohttp import web

from hanse.operator.asking import TooOftenError
from hanse.operator.hearing import SILENT_SECONDS_MAX, Hearing
from hanse.operator.inquiries import Inquiries
from hanse.operator.standing import Standing
from hanse.operator.sweep import Sweeper
from hanse.resources import MisconfiguredError
from hanse.scheduler import SnapshotError

STUCK_SECONDS_MAX = 900.0
REGISTRY = prometheus_client.CollectorRegistry()
FEED_AGE = prometheus_client.Gauge(
    "hanse_operator_feed_age_seconds", "Time since the feed of a kind was last heard.", ["kind"], registry=REGISTRY
)
LEADING = prometheus_client.Gauge("hanse_operator_leading", "1 while this process leads.", registry=REGISTRY)
ORDERS = prometheus_client.Gauge(
    "hanse_operator_orders_left", "Recorded decisions that have not taken effect.", registry=REGISTRY
)
CYCLES = prometheus_client.Gauge(
    "hanse_operator_cycles", "Cycles that this leader has recorded in its term.", registry=REGISTRY
)
WAITING = prometheus_client.Gauge("hanse_operator_jobs_waiting", "Jobs that wait, of all members.", registry=REGISTRY)
LIVE = prometheus_client.Gauge(
    "hanse_operator_attempts_live", "Attempts that hold GPUs or are to, of all members.", registry=REGISTRY
)
BRAKE = prometheus_client.Gauge(
    "hanse_operator_brake", "1 while attempts of silent clusters are not expired.", registry=REGISTRY
)
UNSETTLED = prometheus_client.Gauge(
    "hanse_operator_not_settled",
    "Times in a row that a part of settling failed which is not done yet: hours, levies, reservations, metering.",
    ["what"],
    registry=REGISTRY,
)


@dataclass(frozen=True)
class State:
    """What is reported; *leader* returns the current leader's progress."""

    hearing: Hearing
    sweeper: Sweeper
    sizes: Callable[[], Mapping[str, int]]
    restarts: Callable[[], int]
    leader: Callable[[], Mapping[str, Any]]
    inquiries: Inquiries
    token: str


def application(state: State) -> web.Application:
    """Return the web application."""
    app = web.Application()
    handlers = _Handlers(state)
    app.router.add_get("/healthz", handlers.healthz)
    app.router.add_get("/readyz", handlers.readyz)
    app.router.add_get("/feeds", handlers.feeds)
    app.router.add_get("/metrics", handlers.metrics)
    app.router.add_get("/v1/queue", handlers.queue)
    app.router.add_get("/v1/jobs", handlers.jobs)
    app.router.add_get("/v1/jobs/{uid}", handlers.job)
    app.router.add_get("/v1/quota", handlers.quota)
    app.router.add_get("/v1/pool", handlers.pool)
    app.router.add_get("/v1/choices", handlers.choices)
    app.router.add_get("/v1/coordination", handlers.coordination)
    app.router.add_post("/v1/whatif", handlers.what_if)
    return app


class _Handlers:
    def __init__(self, state: State) -> None:
        self._state, self._ask = state, state.inquiries

    async def healthz(self, _: web.Request) -> web.Response:
        ages = {kind: heard.age_seconds() for kind, heard in self._state.hearing.feeds().items()}
        stuck = [kind for kind, age in ages.items() if age is not None and age > STUCK_SECONDS_MAX]
        return web.json_response({"stuck": stuck}, status=503 if stuck else 200)

    async def readyz(self, _: web.Request) -> web.Response:
        stale = [kind for kind, heard in self._state.hearing.feeds().items() if not heard.is_fresh]
        ready = self._state.sweeper.is_whole and not stale
        return web.json_response({"whole": self._state.sweeper.is_whole, "stale": stale}, status=200 if ready else 503)

    async def feeds(self, _: web.Request) -> web.Response:
        said = {"feeds": self._feeds(), "silentSecondsMax": SILENT_SECONDS_MAX, "restarts": self._state.restarts()}
        return web.json_response(said | {"leader": self._state.leader()})

    def _feeds(self) -> dict[str, Any]:
        sizes = self._state.sizes()
        return {
            kind: {
                "objects": sizes[kind],
                "ageSeconds": heard.age_seconds(),
                "opened": heard.opened,
                "fresh": heard.is_fresh,
            }
            for kind, heard in self._state.hearing.feeds().items()
        }

    async def metrics(self, _: web.Request) -> web.Response:
        for kind, heard in self._state.hearing.feeds().items():
            age = heard.age_seconds()
            FEED_AGE.labels(kind).set(float("inf") if age is None else age)
        leader = self._state.leader()
        LEADING.set(bool(leader))
        BRAKE.set("brake" in leader)
        ORDERS.set(leader.get("ordersLeft", 0))
        CYCLES.set(leader.get("cycle", 0))
        WAITING.set(leader.get("waiting", 0))
        LIVE.set(leader.get("live", 0))
        UNSETTLED.clear()
        for what, times in leader.get("notSettled", {}).items():
            UNSETTLED.labels(what).set(times)
        return web.Response(body=prometheus_client.generate_latest(REGISTRY), content_type="text/plain")

    async def queue(self, request: web.Request) -> web.Response:
        query = request.query
        after = (query.get("afterNamespace", ""), int(query.get("afterPosition", "0")), query.get("afterName", ""))
        return self._told(request, lambda: self._ask.queue(_members(request), after, _limit(request)))

    async def job(self, request: web.Request) -> web.Response:
        return self._told(request, lambda: self._ask.job(request.match_info["uid"]))

    async def jobs(self, request: web.Request) -> web.Response:
        after = (request.query.get("afterNamespace", ""), request.query.get("afterName", ""))
        return self._told(request, lambda: self._ask.jobs(_members(request), after, _limit(request)))

    async def choices(self, request: web.Request) -> web.Response:
        return self._told(request, lambda: self._ask.choices(_members(request)))

    async def coordination(self, request: web.Request) -> web.Response:
        """Answer what only a coordinator may see."""
        if not self._is_known(request):
            return self._told(request, lambda: None)
        answer = await self._ask.coordination()
        if answer is not None:
            answer |= {"feeds": self._feeds(), "leader": dict(self._state.leader())}
        return self._told(request, lambda: answer)

    async def quota(self, request: web.Request) -> web.Response:
        return await self._computed(request, lambda standing: standing.quotas(_members(request)))

    async def pool(self, request: web.Request) -> web.Response:
        return await self._computed(request, lambda standing: standing.pool(_members(request)))

    async def what_if(self, request: web.Request) -> web.Response:
        """Answer what would become of a job; its plan is made beside the leader's own."""
        if not self._is_known(request):
            return self._told(request, lambda: None)
        asked = await request.json()
        try:
            answer = await self._ask.what_if((asked["member"], asked["namespace"]), asked["spec"])
        except TooOftenError as error:
            said = {"message": str(error), "retrySeconds": error.retry_seconds}
            return web.json_response(said, status=HTTPStatus.TOO_MANY_REQUESTS)
        except (MisconfiguredError, SnapshotError) as error:
            return web.json_response({"message": str(error)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._told(request, lambda: answer)

    async def _computed(self, request: web.Request, ask: Callable[[Standing], Any]) -> web.Response:
        """Answer from the standing, which takes a while to compute in a large pool."""
        if not self._is_known(request):
            return self._told(request, lambda: None)
        standing = await asyncio.to_thread(self._ask.standing)
        answer = None if standing is None else await asyncio.to_thread(ask, standing)
        return self._told(request, lambda: answer)

    def _is_known(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return bool(self._state.token) and hmac.compare_digest(given.encode(), self._state.token.encode())

    def _told(self, request: web.Request, ask: Callable[[], Any]) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"message": "a bearer token is needed"}, status=401)
        answer = ask()
        if answer is None and not self._state.leader():
            return web.json_response({"message": "this process does not lead"}, status=503)
        if answer is None:
            return web.json_response({"message": "there is no such job, or it has not been planned for"}, status=404)
        return web.json_response(answer)


def _limit(request: web.Request) -> int:
    return int(request.query.get("limit", "100"))


def _members(request: web.Request) -> frozenset[str]:
    return frozenset(request.query.getall("member", []))
