"""The node agent as a process: what looks, what answers the kubelet, and what asks the cluster agent, side by side.

In: settings. Out: resources at the kubelet, hints in folders, statements to the cluster agent. Nothing of it is needed
by what runs: without the node agent containers go on, and only new ones wait. What it must know it finds again: the
GPUs at the driver, who has slices at the kubelet, what is placed at the cluster agent or in its own file.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

from hanse.agent import clock
from hanse.agent.bindings import Binding, GpuThere, NodeStatement
from hanse.agent.node import attribution, hints, metrics, numbering, settings, slices, watermarks
from hanse.agent.node.ascend import Ascend
from hanse.agent.node.attribution import Attributed
from hanse.agent.node.checking import Owner
from hanse.agent.node.exchange import Exchange, ExchangeError
from hanse.agent.node.folders import Folders
from hanse.agent.node.gpus import Gpu, Provider, ProviderError, Sample
from hanse.agent.node.kubelet import Registrar
from hanse.agent.node.nvml import Nvml
from hanse.agent.node.owners import Owners, OwnersError
from hanse.agent.node.plugins import Offer, Plugin
from hanse.agent.node.settings import Settings
from hanse.agent.node.simulated import Simulated
from hanse.agent.node.spending import Spending
from hanse.agent.node.starting import Starter
from hanse.agent.node.strangers import Strangers
from hanse.agent.node.watermarks import Level

ENFORCER = "advisory"
"""How memory is kept apart here: workers are told what they may use, and nothing stops them."""
LOST = "the driver does not find it any more"
SILENT = "the driver does not answer"
DRIVER_SECONDS = 30.0
"""A driver that answers later than this for all GPUs hangs, as it may with one that is lost: nothing is given out."""
LOOKS_THAT_MAY_PASS = 3
"""A fault that may pass is one to stop a gang for when it was seen so often running; nothing is given out at once."""
OWNERS_SECONDS = 5.0
RETRY_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class NodeAgent:
    """The agent of one node; *file* is where its settings came from, and *found* are the GPUs that the driver finds."""

    def __init__(self, file: Path, own: Settings, provider: Provider, found: Sequence[Gpu], boot_id: UUID) -> None:
        self._file, self._own, self._provider, self._boot_id = file, own, provider, boot_id
        gpus, self._lost = numbering.number(found, own.state_folder / "gpus.json", boot_id)
        self._gpus = {gpu.index: gpu for gpu in gpus}
        self._rule, self._rule_read_ns = own.memory.rule, file.stat().st_mtime_ns
        self._rule_in_force = self._rule
        """The last one since which the kubelet has said who has what."""
        # Asking a driver may take a while, and is asked by one thread only.
        self._thread = ThreadPoolExecutor(1, "driver")
        self._looking: asyncio.Future[dict[int, tuple[Sample, Attributed]]] | None = None
        self._attributed: dict[int, Attributed] = {}
        self._samples: dict[int, Sample] = {}
        self._in_doubt = dict.fromkeys(self._gpus, 0)
        """In how many looks running each GPU had a fault that may pass."""
        self._levels = dict.fromkeys(self._gpus, Level.OK)
        self._spending = Spending()
        self._strangers = Strangers()
        self._process = uuid4()
        self._owners_known: tuple[Owner, ...] = ()
        self._owners_asked_at = 0.0
        self._cut: dict[int, dict[str, tuple[str, ...]]] = {}
        self._cut_for: tuple[slices.Rule, tuple[Owner, ...]] | None = None
        self._owners = Owners(own.owners_socket)
        self._folders = Folders(own.state_folder / "workers", boot_id)
        self._exchange = Exchange(own.agent_url, own.token_file, own.state_folder / "bindings.json", self._statement)
        self._starter = Starter(self._exchange, self._owners, self._offered, self._starts)
        grants = (self._folders.root, provider.cdi_kind if own.cdi else "")
        self._plugins = {
            (gpu.index, part): Plugin(gpu, part, grants, self._starter.may_start)
            for gpu in (self._gpus.values() if own.shared else ())
            for part in slices.PARTS
        }

    async def run(self) -> None:
        """Run until cancelled; what runs on the node goes on."""
        if self._own.metrics_port:
            metrics.serve(self._own.metrics_host, self._own.metrics_port)
        try:
            await self._look()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_asking())
                await self._hear_owners()
                tasks.create_task(self._keep_looking())
                tasks.create_task(Registrar(self._own.plugins_folder, self._plugins.values()).run())
        finally:
            await self._exchange.close()
            self._thread.shutdown(wait=False)

    async def _hear_owners(self) -> None:
        """Wait for the kubelet: what is in use has to be known before anything is offered."""
        known = await self._ask_owners()
        while not known:
            await asyncio.sleep(RETRY_SECONDS)
            known = await self._ask_owners()
        await self._offer()

    async def _keep_asking(self) -> None:
        failed = ""
        while True:
            try:
                await self._exchange.ask()
                failed = ""
            except ExchangeError as error:
                if str(error) != failed:
                    _LOG.warning("the cluster agent is not heard: %s", error)
                failed = str(error)
            await asyncio.sleep(self._own.exchange_seconds)

    async def _keep_looking(self) -> None:
        while True:
            await self._turn()
            await asyncio.sleep(self._own.sample_seconds)

    async def _turn(self) -> None:
        await self._look()
        self._read_rule()
        due = asyncio.get_running_loop().time() - self._owners_asked_at > OWNERS_SECONDS
        # Another rule counts what is in use now, or a slice that was just given away would be taken for a free one.
        if (self._rule != self._rule_in_force or due) and await self._ask_owners():
            self._folders.keep([ids for owner in self._owners_known for ids in owner.devices.values()])
        self._tell()
        await self._offer()

    async def _look(self) -> None:
        """Ask the driver for each GPU."""
        for index, (sample, attributed) in (await self._looked()).items():
            gpu = self._gpus[index]
            self._samples[index] = sample
            self._in_doubt[index] = self._in_doubt[index] + 1 if sample.may_pass else 0
            self._levels[index] = watermarks.level(sample.used_mib, gpu.memory_mib, self._levels[index])
            self._spending.look(clock.boottime(), index, sample, attributed)
            self._strangers.look(clock.boottime(), index, attributed.mib_by_stranger)
            metrics.looked(gpu, sample, attributed)

    async def _looked(self) -> Mapping[int, tuple[Sample, Attributed]]:
        """Return what the driver says; one that hangs is not asked again before it has answered."""
        patience = 0.0
        if self._looking is None:
            bindings, patience = tuple(self._exchange.bindings.values()), DRIVER_SECONDS
            self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._sampled, bindings)
        await asyncio.wait([self._looking], timeout=patience)
        if not self._looking.done():
            return dict.fromkeys(self._gpus, (Sample(0, fault=SILENT), attribution.NOTHING))
        looked, self._looking = self._looking.result(), None
        return looked

    def _sampled(self, bindings: Sequence[Binding]) -> dict[int, tuple[Sample, Attributed]]:
        found = {gpu.index: self._sample(gpu) for gpu in self._gpus.values()}
        self._attributed = {
            index: attribution.attribute(
                each,
                self._placed(index, bindings),
                attribution.pod_of,
                self._attributed.get(index, attribution.NOTHING),
            )
            for index, each in found.items()
        }
        return {index: (each, self._attributed[index]) for index, each in found.items()}

    def _placed(self, index: int, bindings: Sequence[Binding]) -> list[Binding]:
        """Return who may use a GPU: where its maker's plugin gives GPUs out, the numbers in bindings mean nothing."""
        return [each for each in bindings if not self._own.shared or index in each.gpus]

    def _sample(self, gpu: Gpu) -> Sample:
        return Sample(0, fault=LOST) if gpu.uuid in self._lost else self._provider.sample(gpu)

    async def _ask_owners(self) -> bool:
        try:
            self._owners_known = await self._owners.now()
        except OwnersError as error:
            _LOG.warning("%s", error)
            return False
        self._owners_asked_at = asyncio.get_running_loop().time()
        self._rule_in_force = self._rule
        return True

    async def _offer(self) -> None:
        """Tell the kubelet what each resource offers now."""
        if not self._plugins:
            return
        rule = self._rule_in_force
        if self._cut_for != (rule, self._owners_known):
            # Thousands of slices: counted when something has changed, as requests wait meanwhile.
            self._cut_for = rule, self._owners_known
            used = {each for owner in self._owners_known for ids in owner.devices.values() for each in ids}
            self._cut = {gpu.index: slices.offered(gpu, rule, used) for gpu in self._gpus.values()}
        for index, parts in self._cut.items():
            healthy = not self._samples[index].fault
            for part, ids in parts.items():
                await self._plugins[index, part].offer(Offer(ids, healthy))

    def _read_rule(self) -> None:
        """Read another rule for memory, if there is one; what cannot be read changes nothing."""
        try:
            changed_ns = self._file.stat().st_mtime_ns
            if changed_ns == self._rule_read_ns:
                return
            self._rule_read_ns = changed_ns
            self._rule = settings.load(self._file).memory.rule
        except (OSError, ValueError) as error:
            _LOG.warning("the last rule for memory holds, as the settings cannot be read: %s", error)
            return
        _LOG.info("the rule for memory is now %s", self._rule)

    def _offered(self) -> Mapping[int, Mapping[str, int]]:
        """Return how many slices make a whole GPU."""
        return {index: slices.counts(gpu, self._rule) for index, gpu in self._gpus.items()}

    def _starts(self, owner: Owner, binding: Binding) -> None:
        """Write a worker's hints before it starts, and look again who has what soon."""
        self._tell_one(owner, binding)
        self._owners_asked_at = 0.0

    def _tell(self) -> None:
        for owner in self._owners_known:
            binding = self._exchange.bindings.get(owner.pod)
            if binding is not None and binding.namespace == owner.namespace:
                self._tell_one(owner, binding)

    def _tell_one(self, owner: Owner, binding: Binding) -> None:
        for index, parts in slices.gathered(owner.devices).items():
            if ids := parts.get(slices.MEMORY):
                self._folders.tell(ids, hints.text(binding, self._gpus[index], self._levels[index]))

    def _statement(self) -> NodeStatement:
        there = tuple(
            GpuThere(index=index, uuid=gpu.uuid, memory_mib=gpu.memory_mib, fault=self._fault(index))
            for index, gpu in self._gpus.items()
        )
        return NodeStatement(
            boot_id=self._boot_id,
            process=self._process,
            enforcer=ENFORCER,
            gpus=there,
            used=self._spending.told(),
            # Where another plugin gives the GPUs out, its pods are none.
            strangers=self._strangers.told() if self._own.shared else (),
        )

    def _fault(self, index: int) -> str:
        """Return the fault of a GPU for which its gangs are to be stopped."""
        if index not in self._samples or 0 < self._in_doubt[index] < LOOKS_THAT_MAY_PASS:
            return ""
        return self._samples[index].fault


def make_provider(own: Settings) -> Provider:
    """Return the GPUs' provider.

    Raises:
        ValueError: the settings do not fit together.

    """
    if own.provider == "simulated":
        if own.script is None:
            raise ValueError("script: name the file that says what simulated GPUs do")
        return Simulated(own.script)
    provider: Provider = Nvml() if own.provider == "nvidia" else Ascend()
    if own.shared and not provider.is_divisible:
        raise ValueError(f"shared: {own.provider} divides memory by templates only; say false, and keep its own plugin")
    return provider


async def run(file: Path) -> None:
    """Run the agent that the settings in *file* describe, until cancelled."""
    own = settings.load(file)
    provider = make_provider(own)
    while True:
        try:
            gpus = await asyncio.to_thread(provider.gpus)
            break
        except ProviderError as error:
            # A driver that is being installed comes; without it there is nothing to offer.
            _LOG.warning("%s", error)
            await asyncio.sleep(RETRY_SECONDS * 5)
    own.state_folder.mkdir(parents=True, exist_ok=True)
    await NodeAgent(file, own, provider, gpus, clock.boot_id()).run()
