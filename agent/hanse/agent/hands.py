"""Carrying out what was decided in the agent's own cluster: one action after another, each as often as need be.

In: a :class:`~hanse.agent.decide.Plan`. Out: pods, Services, Secrets, NetworkPolicies made or deleted, and for gangs
that the cluster itself refuses, why. What is there already is made; what is gone is deleted. A failed action is decided
again in the next round.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

from hanse.agent import frameworks, manifests, rules
from hanse.agent.bindings import NodeStatement
from hanse.agent.copies import Copies
from hanse.agent.decide import (
    Action,
    ConfirmGone,
    ConfirmLeft,
    CreateGang,
    CreateWorker,
    DeleteGang,
    DeleteWorker,
)
from hanse.agent.egress import Found, Lookups, Target
from hanse.agent.feed import Feed
from hanse.agent.gangs import ATTEMPT_LABEL, RANK_LABEL, Gang, Seat
from hanse.agent.keys import Keys
from hanse.agent.kube import Kube, KubeError, Object
from hanse.agent.logs import Logs
from hanse.agent.manifests import Site
from hanse.agent.node import slices
from hanse.agent.rules import OwnRules
from hanse.evidence.errors import EvidenceError
from hanse.resources import Placement

PARALLEL = 16
_LOG = logging.getLogger(__name__)
# Answers that will be the same next time: the object itself is refused, by Pod Security, a quota or a webhook.
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY})


class Hands:
    """What the agent does in its cluster; *confirmed*, *left*, *made* and *refused* tell of what it met."""

    def __init__(  # noqa: PLR0913  # what the agent has
        self,
        kube: Kube,
        site: Site,
        own_rules: OwnRules,
        keys: Keys,
        copies: Copies,
        *,
        logs: Logs,
        stated: Mapping[str, NodeStatement],
    ) -> None:
        self.confirmed: set[UUID] = set()
        self.refused: dict[UUID, str] = {}
        self.made: dict[UUID, set[int]] = {}
        self.left: dict[UUID, set[int]] = {}
        self._kube, self._site, self._own_rules, self._keys, self._copies = kube, site, own_rules, keys, copies
        self._logs, self._stated = logs, stated
        self._at_once = asyncio.Semaphore(PARALLEL)
        self._lookups = Lookups(copies.changed)
        self._incomplete: set[UUID] = set()

    async def carry_out(self, actions: Iterable[Action]) -> None:
        """Do all of it, in stages: what makes room first, what a gang shares before its workers.

        The workers of a gang wait for another round until all that they share is there.

        """
        placements = self._copies.placements_by_attempt()
        stages: dict[type[Action], list[Action]] = {}
        for action in actions:
            stages.setdefault(type(action), []).append(action)
        self._incomplete = {each.gang.attempt for each in stages.get(CreateGang, []) if isinstance(each, CreateGang)}
        self._lookups.keep(self._incomplete)
        for stage in stages.values():
            await asyncio.gather(*(self._try(action, placements) for action in stage))

    async def _try(self, action: Action, placements: Mapping[UUID, Placement]) -> None:
        if isinstance(action, DeleteWorker):
            # Not among those that act: whoever is deleted under a lease waits for nobody's last words.
            await self._logs.last_words(action.worker)
        async with self._at_once:
            try:
                await self._do(action, placements)
            except KubeError as error:
                _LOG.warning("%s: %s", type(action).__name__, error, extra=_named(action))
                if isinstance(action, CreateGang | CreateWorker) and error.status in _REFUSALS:
                    self.refused[action.gang.attempt] = f"the cluster refuses it: {error}"
            except KeyError as error:
                what = type(action).__name__
                _LOG.warning("%s: %s is not there any more, or not yet", what, error, extra=_named(action))
            except EvidenceError as error:
                if isinstance(action, CreateGang):
                    self.refused[action.gang.attempt] = f"its storage cannot be opened: {error}"

    async def _do(self, action: Action, placements: Mapping[UUID, Placement]) -> None:
        match action:
            case DeleteWorker(worker, grace_seconds):
                self.made.get(worker.attempt, set()).discard(worker.rank)
                await self._delete_pod(worker.name, worker.uid, grace_seconds)
            case DeleteGang(attempt):
                name = manifests.service_name_of(attempt)
                await self._gone(self._copies.service_feed, f"{self._core}/services/{name}", {})
            case ConfirmGone(attempt):
                await self._confirm(attempt)
            case ConfirmLeft(attempt, ranks):
                await self._confirm_left(attempt, ranks)
            case CreateGang(gang):
                await self._create_gang(gang, placements[gang.attempt])
            case CreateWorker(gang, seat) if gang.attempt not in self._incomplete:
                await self._create_worker(gang, seat, placements[gang.attempt])

    @property
    def _core(self) -> str:
        return f"/api/v1/namespaces/{self._site.namespace}"

    async def _create_worker(self, gang: Gang, seat: Seat, placement: Placement) -> None:
        has = self._copies.nodes()[seat.node]["status"].get("allocatable") or {}
        devices = manifests.devices(
            placement, seat, has, self._copies.device_resource(placement.spec.accelerator_class)
        )
        pod = manifests.pod(self._site, placement, gang, seat, devices, self._hints(placement, seat, devices))
        self._copies.pod_feed.put(await self._create(f"{self._core}/pods", pod))
        self.made.setdefault(gang.attempt, set()).add(seat.rank)

    def _hints(self, placement: Placement, seat: Seat, devices: Mapping[str, str]) -> Mapping[str, str]:
        """Return what a worker's frameworks are told, where a node agent offers its GPUs.

        Raises:
            KeyError: the node's agent has not said yet what is there.

        """
        if slices.resource(seat.gpus[0], slices.MEMORY) not in devices:
            return {}
        there = {gpu.index: gpu for gpu in self._stated[seat.node].gpus}
        vendor = self._copies.vendor(placement.spec.accelerator_class)
        return frameworks.variables(vendor, placement.spec.gpu_memory, [there[gpu] for gpu in seat.gpus])

    async def _create_gang(self, gang: Gang, placement: Placement) -> None:
        found = self._lookups.found(gang.attempt, {*_declared(placement), self._agent})
        if found is None:
            return  # a round is played when it is
        service = await self._create(f"{self._core}/services", manifests.service(gang))
        values = {"HANSE_TOKEN": self._keys.token(gang)}
        if placement.spec.sealed_storage:
            values |= self._keys.storage(placement.spec.sealed_storage)
        await self._create(f"{self._core}/secrets", manifests.secret(gang, service, values))
        egress = self._egress(placement, found)
        path = f"/apis/networking.k8s.io/v1/namespaces/{self._site.namespace}/networkpolicies"
        await self._create(path, manifests.network_policy(self._site, gang, service, egress))
        self._copies.service_feed.put(service)
        self._incomplete.discard(gang.attempt)

    @property
    def _agent(self) -> Target:
        url = urlsplit(self._site.agent_url)
        return url.hostname or "", url.port or 80

    def _egress(self, placement: Placement, found: Found) -> list[tuple[str, int]]:
        """Return where a gang may connect to now, as CIDRs and ports: what it declared, and the agent itself."""
        declared = {(address, each[1]) for each in _declared(placement) for address in found.get(each, ())}
        outside = [each for each in declared if rules.is_outside(self._own_rules, each[0])]
        if len(outside) < len(declared):
            _LOG.warning("an egress host has an address that is not outside of the cluster: workers will not reach it")
        own = {(address, self._agent[1]) for address in found.get(self._agent, ())}
        return sorted((f"{address}/{address.max_prefixlen}", port) for address, port in {*outside, *own})

    async def _create(self, path: str, manifest: Object) -> Object:
        """Create an object, or return the one that is there."""
        try:
            return await self._kube.request("POST", path, manifest)
        except KubeError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            return await self._kube.request("GET", f"{path}/{manifest['metadata']['name']}")

    async def _delete_pod(self, name: str, uid: str, grace_seconds: int) -> None:
        options = {"gracePeriodSeconds": grace_seconds, "preconditions": {"uid": uid}}
        await self._gone(self._copies.pod_feed, f"{self._core}/pods/{name}", options)

    async def _gone(self, feed: Feed, path: str, options: Object) -> None:
        try:
            answer = await self._kube.request("DELETE", path, options)
        except KubeError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return
            raise
        metadata = answer.get("metadata", {})
        if metadata.get("deletionGracePeriodSeconds"):
            feed.put(answer)
        elif "uid" in metadata:
            feed.drop(answer)

    async def _confirm(self, attempt: UUID) -> None:
        """Look at the store itself: the copies may be older than what was created last."""
        query = {"labelSelector": f"{ATTEMPT_LABEL}={attempt}"}
        pods, _ = await self._kube.listed(f"{self._core}/pods", query)
        services, _ = await self._kube.listed(f"{self._core}/services", query)
        for feed, items in ((self._copies.pod_feed, pods), (self._copies.service_feed, services)):
            for item in items:
                feed.put(item)
        if not pods and not services:
            self.confirmed.add(attempt)
            self.made.pop(attempt, None)
            self.left.pop(attempt, None)

    async def _confirm_left(self, attempt: UUID, ranks: frozenset[int]) -> None:
        pods, _ = await self._kube.listed(f"{self._core}/pods", {"labelSelector": f"{ATTEMPT_LABEL}={attempt}"})
        for pod in pods:
            self._copies.pod_feed.put(pod)
        there = {int(pod["metadata"]["labels"][RANK_LABEL]) for pod in pods}
        self.left.setdefault(attempt, set()).update(ranks - there)
        self._copies.changed.set()


def _named(action: Action) -> dict[str, str]:
    """Return the fields of a line of the log."""
    match action:
        case CreateGang(gang) | CreateWorker(gang, _):
            return {"attempt": str(gang.attempt)}
        case DeleteWorker(worker, _):
            return {"attempt": str(worker.attempt)}
        case DeleteGang(attempt) | ConfirmGone(attempt) | ConfirmLeft(attempt, _):
            return {"attempt": str(attempt)}


def _declared(placement: Placement) -> set[Target]:
    return {(target.host, target.port) for target in placement.spec.egress}
