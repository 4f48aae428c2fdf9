"""The agent: looks, decides, remembers, acts, reports, again and again.

In: settings. Out: pods that the hub's leases cover. Six tasks that never wait for one another: the round (look and
act), what it tells the hub, the renewal of leases, metering, Events on strangers, and workers' logs. A hub or an API
server that does not answer stops none of the others, and what a crash interrupts is decided again. This module decides
nothing itself.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from importlib import metadata

from hanse.agent import clock, decide, expiry, inventory, leases, metrics, nodes, rules, story
from hanse.agent.bindings import Binding
from hanse.agent.bypasses import Bypasses
from hanse.agent.copies import Copies
from hanse.agent.decide import Plan, World
from hanse.agent.gangs import Gang
from hanse.agent.hands import Hands
from hanse.agent.hub import Hub, HubError
from hanse.agent.keys import Keys
from hanse.agent.kube import Kube, KubeError
from hanse.agent.logs import Logs
from hanse.agent.manifests import Site
from hanse.agent.meters import Meters
from hanse.agent.nodes import Nodes
from hanse.agent.server import Server
from hanse.agent.settings import Settings
from hanse.agent.store import Store
from hanse.agent.telling import Teller
from hanse.agent.tracing import Tracer
from hanse.evidence import traces
from hanse.resources.protocol import NodeReport, Outcome, SyncRequest

ROUND_SECONDS_MAX = 1.0
"""Time decides too: a round is played at least this often, whatever the watches say."""
DEBOUNCE_SECONDS = 0.05
HANGS_SECONDS = 900.0
"""Without a round for so long, restarting helps: one that waits for each answer of a silent API server is shorter."""
_LOG = logging.getLogger(__name__)


class Agent:
    """The agent of one cluster; :func:`run` makes and runs it."""

    def __init__(self, settings: Settings, hub: Hub, hub_kube: Kube, kube: Kube, keys: Keys) -> None:
        self._settings, self._hub, self._kube, self._keys = settings, hub, kube, keys
        self._copies = Copies(settings, hub_kube, kube)
        self._store = Store(settings.state_folder, clock.boot_id())
        self._gangs: dict[uuid.UUID, Gang] = self._store.gangs()
        site = Site(
            namespace=settings.workers_namespace,
            cluster_domain=settings.cluster_domain,
            agent_url=_worker_url(settings, kube),
            name_servers=tuple(f"{each}/{each.max_prefixlen}" for each in settings.name_servers),
        )
        self._logs = Logs(hub, kube, settings.workers_namespace, self._copies, lambda: self._gangs)
        self._bypasses = Bypasses(kube, self._copies.pod_feed)
        self._nodes = Nodes(kube, settings.node_agent_account, self._bindings)
        self._hands = Hands(
            kube, site, settings.own_rules, keys, self._copies, logs=self._logs, stated=self._nodes.stated
        )
        self._server = Server(hub, keys, lambda: self._gangs, self._lives, self._nodes)
        self._teller = Teller(hub_kube, settings.hub_namespace, self._copies)
        self._tracer = Tracer()
        self._meters = Meters(settings.cluster, self._store, keys)
        self._limits = decide.Limits(settings.kill_budget_seconds)
        self._process = uuid.uuid4()
        self._cluster_uid = uuid.UUID(int=0)
        self._known_nodes: Mapping[str, NodeReport] | None = None
        self._reports: tuple[decide.Report, ...] = ()
        self._renew_now = asyncio.Event()
        self._stands_by = False
        self._enrolled = 0
        self._looked_at: float | None = None

    async def run(self) -> None:
        """Run until cancelled; what runs in the cluster goes on, under its leases."""
        async with AsyncExitStack() as stack:
            stack.callback(self._store.close)
            stack.push_async_callback(self._server.stop)
            await self._server.start(self._settings.listen_host, self._settings.listen_port)
            if self._settings.metrics_port:
                metrics.serve(self._settings.metrics_host, self._settings.metrics_port)
            async with asyncio.TaskGroup() as tasks:
                for feed in self._copies.feeds():
                    tasks.create_task(feed.run())
                tasks.create_task(self._live())
                tasks.create_task(expiry.watch(self._settings.token_files))

    async def _live(self) -> None:
        for feed in self._copies.feeds():
            await feed.listed.wait()
        self._cluster_uid = uuid.UUID(await self._read_cluster_uid())
        self._look()
        # The leases of what runs already are asked for before anything is judged by them.
        await self._renew()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._play())
            tasks.create_task(self._teller.run())
            tasks.create_task(self._keep_leases())
            tasks.create_task(self._keep_metering())
            tasks.create_task(self._keep_telling())
            tasks.create_task(self._logs.run())

    def _bindings(self, node: str) -> tuple[Binding, ...] | None:
        """Return what is placed on a node, as soon as that is known."""
        if self._looked_at is None:
            return None
        placements, workers = self._copies.placements_by_attempt(), self._copies.workers()
        return nodes.bindings(node, self._gangs.values(), placements, workers, self._settings.workers_namespace)

    def _lives(self) -> bool:
        """Whether rounds are played; until the first one, it is others that are waited for."""
        return self._looked_at is None or clock.boottime() - self._looked_at < HANGS_SECONDS

    async def _read_cluster_uid(self) -> str:
        while True:
            try:
                found = await self._kube.request("GET", "/api/v1/namespaces/kube-system")
                return str(found["metadata"]["uid"])
            except KubeError as error:
                _LOG.warning("the cluster's identity cannot be read: %s", error)
                await asyncio.sleep(ROUND_SECONDS_MAX)

    # The round.

    async def _play(self) -> None:
        while True:
            self._looked_at = clock.boottime()
            plan = self._look()
            if not self._stands_by:
                self._remember(plan.gangs)
                await self._hands.carry_out(plan.actions)
                self._take_refusals()
                self._teller.tell(plan.reports)
            await self._wait()

    async def _wait(self) -> None:
        try:
            # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with the event.
            async with asyncio.timeout(ROUND_SECONDS_MAX):
                await self._copies.changed.wait()
            await asyncio.sleep(DEBOUNCE_SECONDS)
        except TimeoutError:
            pass
        self._copies.changed.clear()

    def _look(self) -> Plan:
        """Decide what is next; wake the renewal if the hub should hear of it at once."""
        placements, nodes = self._copies.placements(), self._copies.nodes()
        refusals = {
            name: why
            for name, placement in placements.items()
            if (why := rules.refusal(self._settings.own_rules, placement, nodes))
        }
        world = World(
            placements=placements,
            refusals=refusals,
            workers=self._copies.workers(),
            services=self._copies.services(),
            gangs=self._gangs,
            confirmed=frozenset(self._hands.confirmed),
            made=self._hands.made,
            left=self._hands.left,
            faulty=self._nodes.faulty(nodes),
        )
        plan = decide.desired(world, clock.boottime(), self._limits)
        if _newsworthy(self._reports) != _newsworthy(plan.reports):
            self._renew_now.set()
        self._reports = plan.reports
        return plan

    def _remember(self, after: Mapping[uuid.UUID, Gang]) -> None:
        self._store.save_gangs(self._gangs, after)
        story.tell(self._gangs, after)
        if traces.are_wanted():
            placements, workers = self._copies.placements_by_attempt(), self._copies.workers()
            self._tracer.look(placements, after, workers, self._hands.made)
        if _seats(self._gangs) != _seats(after):
            self._gangs = dict(after)
            self._meter()
        self._gangs = dict(after)

    def _take_refusals(self) -> None:
        for attempt, why in self._hands.refused.items():
            if attempt in self._gangs:
                self._remember({**self._gangs, attempt: self._gangs[attempt].stopping(Outcome.POOL_FAULT, why)})
        self._hands.refused.clear()

    # Leases.

    async def _keep_leases(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.sync_seconds):
                    await self._renew_now.wait()
                await asyncio.sleep(DEBOUNCE_SECONDS)
            except TimeoutError:
                pass
            self._renew_now.clear()
            if not await self._renew():
                await asyncio.sleep(min(ROUND_SECONDS_MAX, self._settings.sync_seconds))

    async def _renew(self) -> bool:
        """Report everything, take the answer; false if there was none."""
        nodes, wall = self._nodes.reported(self._copies.inventory()), self._meters.wall
        request = SyncRequest(
            instance=self._store.instance,
            process=self._process,
            cluster_uid=self._cluster_uid,
            agent_version=metadata.version("hanse"),
            held=leases.held(self._reports, self._server.progress),
            inventory=inventory.changes(self._known_nodes, nodes),
            clock_ms=int(time.time() * 1000),
            clock_stepped_ms=int(wall.stepped_seconds * 1000),
        )
        sent_at = clock.boottime()
        try:
            answer = await self._hub.sync(request)
        except HubError as error:
            _LOG.warning("no lease was renewed: %s", error)
            metrics.synced(answered=False, gangs=len(self._gangs), nodes=len(nodes))
            if error.another_speaks:
                self._stand_by()
            return False
        self._stands_by = False
        self._known_nodes = None if answer.send_inventory else nodes
        self._meters.slot_seconds = answer.slot_seconds
        wall.told(request.clock_stepped_ms / 1000)
        if answer.clock_ahead_ms is not None:
            wall.compared(answer.clock_ahead_ms / 1000, clock.boottime() - sent_at)
        self._enrolled = answer.enrolled
        self._remember(leases.answered(self._gangs, self._copies.placements(), answer, sent_at))
        metrics.synced(answered=True, gangs=len(self._gangs), nodes=len(nodes))
        self._copies.changed.set()
        return True

    def _stand_by(self) -> None:
        """Leave everything to the agent that speaks for the cluster; what runs is asked for anew if that one ends."""
        self._stands_by = True
        self._teller.tell(())
        # Of the gangs that it forgets, some may have begun: as far as leases go, it is a process that begins anew.
        self._process = uuid.uuid4()
        self._remember({})

    # Metering.

    async def _keep_metering(self) -> None:
        while True:
            await self._learn_keys()
            self._meter()
            await self._send_slots()
            await asyncio.sleep(self._settings.meter_seconds)

    async def _keep_telling(self) -> None:
        # Not within metering: an API server that hangs would keep it from looking, and what it does not see is lost.
        while True:
            await self._bypasses.tell(self._nodes.stated)
            await asyncio.sleep(self._settings.meter_seconds)

    async def _learn_keys(self) -> None:
        """Ask for the enrolments if there are others than those that are known."""
        newest = self._enrolled
        if self._meters.certified.newest != newest:
            try:
                found = await self._hub.enrolments()
            except HubError as error:
                _LOG.warning("the enrolments cannot be read: %s", error)
                return
            await asyncio.to_thread(self._meters.certified.take, newest, found.latest)

    def _meter(self) -> None:
        nodes, reports = self._copies.nodes(), self._copies.inventory()
        self._meters.look(int(time.time()), nodes, reports, self._gangs.values(), self._nodes.readings())
        metrics.MISSING.set(len(self._nodes.missing(reports)))

    async def _send_slots(self) -> None:
        while request := self._meters.pending():
            try:
                answer = await self._hub.slots(request)
            except HubError as error:
                if error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                    _LOG.exception("the hub does not understand our slots")
                return
            self._meters.take(answer)


async def run(settings: Settings) -> None:
    """Run the agent that *settings* describe, until cancelled."""
    async with AsyncExitStack() as stack:
        keys = Keys.load(settings.signing_key_file, settings.sealing_key_file)
        hub = Hub(settings.api_url, settings.api_token_file, settings.api_certificate_authority)
        stack.push_async_callback(hub.close)
        hub_kube, kube = await Kube.open(settings.hub_kubeconfig), await Kube.open(settings.kubeconfig)
        stack.push_async_callback(hub_kube.close)
        stack.push_async_callback(kube.close)
        await Agent(settings, hub, hub_kube, kube, keys).run()


def _worker_url(settings: Settings, kube: Kube) -> str:
    """Return where workers reach the agent.

    Raises:
        ValueError: the settings do not say, and it cannot be found out.

    """
    if settings.worker_url:
        return settings.worker_url
    try:
        is_everywhere = settings.listen_host in {"0.0.0.0", "::"}  # noqa: S104  # the address of no machine
        host = kube.own_address() if is_everywhere else settings.listen_host
    except KubeError as error:
        raise ValueError(f"workerUrl: say where workers reach the agent, as it cannot be found out: {error}") from error
    return f"http://{host}:{settings.listen_port}"


def _newsworthy(reports: tuple[decide.Report, ...]) -> set[tuple[uuid.UUID, str, bool]]:
    return {(each.attempt, each.phase.value, each.blocked) for each in reports if not each.finished}


def _seats(of: Mapping[uuid.UUID, Gang]) -> Mapping[uuid.UUID, object]:
    return {attempt: (gang.seats, gang.released) for attempt, gang in of.items()}
