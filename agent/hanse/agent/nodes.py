"""What node agents ask of the cluster agent: what is placed on their node; and what they say is there.

In: `POST /v1/node` with a token of the node agents' account, bound to a node. Out: that node's bindings, and what each
node has last stated. The cluster's own API server says whose token it is and on which node (TokenReview): a node agent
has no right there, hears of its own node only, and speaks for no other.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from hanse.agent import clock, manifests
from hanse.agent.bindings import AUDIENCE, Binding, NodeAnswer, NodeStatement
from hanse.agent.gangs import Gang, Worker
from hanse.agent.kube import Kube, KubeError
from hanse.agent.metering import Reading
from hanse.agent.node import slices
from hanse.resources import Placement
from hanse.resources.protocol import NodeReport

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
NODE_CLAIM = "authentication.kubernetes.io/node-name"
STATEMENT_BYTES_MAX = 512 * 1024
FRESH_SECONDS = 10.0
"""What was stated before is not what the counters are now."""
SILENT_SECONDS = 60.0
"""A node agent that begins anew is heard again before that."""
REMEMBERED_SECONDS = 30.0
REMEMBERED_MAX = 10_000
REVIEWS_AT_ONCE = 4
"""Workers reach the same port: what they may make the API server do is bounded."""
MIB_PER_GIB = 1024
_LOG = logging.getLogger(__name__)
Bindings = Callable[[str], tuple[Binding, ...] | None]


class Nodes:
    """The node agents of *account* (NAMESPACE:NAME; empty: none are let in), as *kube*'s API server knows them."""

    def __init__(self, kube: Kube, account: str, bindings: Bindings) -> None:
        self._kube, self._account, self._bindings = kube, account, bindings
        self._known: dict[bytes, tuple[float, str | None]] = {}
        self._at_once = asyncio.Semaphore(REVIEWS_AT_ONCE)
        self.stated: dict[str, NodeStatement] = {}
        """What each node's agent has said last."""
        self._stated_at: dict[str, float] = {}
        self._began_at = clock.boottime()
        self._missing: frozenset[str] = frozenset()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a node agent."""
        try:
            node = await self._who(request.headers.get("Authorization", "").removeprefix("Bearer "))
        except KubeError as error:
            _LOG.warning("a node agent's token cannot be reviewed: %s", error)
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "the API server cannot be asked whose token this is")
        if node is None:
            return _said(HTTPStatus.UNAUTHORIZED, f"show a token of the node agents' account for audience {AUDIENCE}")
        try:
            self.stated[node] = NodeStatement.model_validate_json(await _read(request))
            self._stated_at[node] = clock.boottime()
        except ValidationError as error:
            return _said(HTTPStatus.UNPROCESSABLE_ENTITY, f"this is no statement of a node: {error.errors()[0]['msg']}")
        placed = self._bindings(node)
        if placed is None:
            # That nothing is known yet must not pass for nothing being placed.
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "the cluster agent has only begun: ask again")
        return web.Response(text=NodeAnswer(bindings=placed).model_dump_json(), content_type="application/json")

    def readings(self) -> dict[str, Reading]:
        """Return the counters of each node whose agent was heard just now."""
        return {node: _reading(self.stated[node]) for node in self._fresh(FRESH_SECONDS)}

    def reported(self, reports: Mapping[str, NodeReport]) -> dict[str, NodeReport]:
        """Return reports of nodes with what their agents say of shared GPUs.

        That is how their memory is kept apart, and which have a fault: the node's status shows that ten seconds later,
        and who was stopped for it would be placed there again.

        """
        return {
            name: report.model_copy(
                update={
                    "enforcer": self.stated[name].enforcer,
                    "shared": report.shared.model_copy(update={"gpus": self._sound(name, report.shared.gpus)}),
                }
            )
            if report.shared and name in self.stated
            else report
            for name, report in reports.items()
        }

    def _sound(self, node: str, gpus: tuple[int, ...]) -> tuple[int, ...]:
        """Return those of a node's GPUs that have no fault now."""
        is_fresh = node in self._fresh(FRESH_SECONDS)
        lost = {gpu.index for gpu in self.stated[node].gpus if gpu.fault} if is_fresh else set()
        return tuple(gpu for gpu in gpus if gpu not in lost)

    def faulty(self, objects: Mapping[str, Any]) -> dict[tuple[str, int], str]:
        """Return the GPUs (node, index) that have a fault now, with what is wrong; *objects* are the cluster's nodes.

        Only GPUs that Hanse gives out itself: which one a worker has that asked for its maker's resource, nobody says.

        """
        return {
            (node, gpu.index): gpu.fault
            for node in self._fresh(FRESH_SECONDS)
            for gpu in self.stated[node].gpus
            if gpu.fault and slices.resource(gpu.index, slices.MEMORY) in _allocatable(objects.get(node))
        }

    def missing(self, reports: Mapping[str, NodeReport]) -> frozenset[str]:
        """Return the nodes that run, have had a node agent, and whose node agent is silent now; log new ones."""
        if clock.boottime() - self._began_at < SILENT_SECONDS:
            return frozenset()
        had = {name for name, report in reports.items() if report.ready and report.shared and not report.simulated}
        found = frozenset(had - self._fresh(SILENT_SECONDS))
        for node in sorted(found - self._missing):
            _LOG.warning("node %s: its node agent has not been heard for a minute; its GPUs give out nothing", node)
        self._missing = found
        return found

    def _fresh(self, seconds: float) -> set[str]:
        """Return the nodes whose agents were heard in the last *seconds*."""
        now = clock.boottime()
        return {node for node, at in self._stated_at.items() if now - at < seconds}

    async def _who(self, token: str) -> str | None:
        """Return the node that a token is bound to, or None if it is no node agent's."""
        if not self._account or not token:
            return None
        key, now = hashlib.sha256(token.encode()).digest(), clock.boottime()
        known = self._known.get(key)
        if known is None or now - known[0] > REMEMBERED_SECONDS:
            async with self._at_once:
                known = now, await self._review(token)
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[key] = known
        return known[1]

    async def _review(self, token: str) -> str | None:
        spec = {"token": token, "audiences": [AUDIENCE]}
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}
        status = (await self._kube.request("POST", REVIEWS, review)).get("status") or {}
        user = status.get("user") or {}
        named = (user.get("extra") or {}).get(NODE_CLAIM) or []
        is_ours = user.get("username") == f"system:serviceaccount:{self._account}"
        heard = status.get("authenticated") is True and AUDIENCE in (status.get("audiences") or [])
        return str(named[0]) if heard and is_ours and len(named) == 1 else None


def bindings(
    node: str,
    gangs: Iterable[Gang],
    placements: Mapping[UUID, Placement],
    workers: Iterable[Worker],
    namespace: str,
) -> tuple[Binding, ...]:
    """Return what is placed on a node: all workers of gangs that are not over, and which of them are to stop.

    One whose placement is gone, or shows another fence, is not placed any more. It is asked to save and end only if it
    is to stop: that follows from the gang itself.

    """
    uids = {worker.name: worker.uid for worker in workers if worker.node == node}
    found = []
    for gang in gangs:
        placement = placements.get(gang.attempt)
        in_force = placement is not None and placement.spec.fence == gang.fence
        guaranteed, limit = _gib(gang, placement)
        for seat in gang.seats if not gang.released and not gang.ended else ():
            stopping = gang.stop is not None or gang.cancelled or seat.leaving
            if seat.node == node and (in_force or stopping):
                name = manifests.worker_name(gang, seat.rank)
                found.append(
                    Binding(
                        namespace=namespace,
                        pod=name,
                        uid=uids.get(name, ""),
                        attempt=gang.attempt,
                        fence=gang.fence,
                        rank=seat.rank,
                        gpus=seat.gpus,
                        guaranteed_gib=guaranteed,
                        limit_gib=limit,
                        stopping=stopping,
                    )
                )
    return tuple(found)


def _allocatable(node: Mapping[str, Any] | None) -> Mapping[str, str]:
    return (node or {}).get("status", {}).get("allocatable") or {}


def _reading(statement: NodeStatement) -> Reading:
    used = {each.index: each for each in statement.used}
    there = [used.get(index) for index in range(max(used, default=-1) + 1)]
    return Reading(
        process=statement.process,
        memory_mib_seconds=tuple(each.memory_mib_seconds if each else 0 for each in there),
        energy_millijoules=tuple(each.energy_millijoules if each else None for each in there),
        busy_milliseconds=tuple(each.busy_milliseconds if each else None for each in there),
        memory_by=tuple(
            {str(one.attempt): one.memory_mib_seconds for one in each.attempts} if each else {} for each in there
        ),
        busy_by=tuple(
            {str(one.attempt): one.busy_milliseconds for one in each.attempts} if each else {} for each in there
        ),
        unnamed_milliseconds=tuple(each.unnamed_milliseconds if each else None for each in there),
    )


def _gib(gang: Gang, placement: Placement | None) -> tuple[int | None, int | None]:
    """Return guarantee and limit; None are those of a whole GPU. Without the placement the limit is not known."""
    if gang.guaranteed_mib is None:
        return None, None
    memory = placement.spec.gpu_memory if placement else None
    limit_mib = memory.limit_mib if memory else gang.guaranteed_mib
    return gang.guaranteed_mib // MIB_PER_GIB, limit_mib // MIB_PER_GIB


async def _read(request: web.Request) -> bytes:
    """Return the body, as far as it may be long: longer than what others send to the same port."""
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > STATEMENT_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(STATEMENT_BYTES_MAX, len(body))
    return bytes(body)


def _said(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
