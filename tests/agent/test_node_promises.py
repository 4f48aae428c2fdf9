"""What a node agent promises of GPUs' memory, whatever arrives, ends, changes or restarts; no kubelet is needed.

The agent is the real one, with its files. The model below is the rest of the world: a kubelet that gives out slices of
the last list, asks before each start, and says who has what, or does not answer; and a cluster agent that places.
"""

import asyncio
import json
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hanse.agent.bindings import Binding, NodeAnswer
from hanse.agent.node import allocating, checking, hints, process, settings, slices
from hanse.agent.node.checking import Owner, RefusedError
from hanse.agent.node.exchange import ExchangeError
from hanse.agent.node.gpus import MIB_PER_GIB
from hanse.agent.node.owners import OwnersError
from hanse.agent.node.slices import LIMIT, MEMORY, PARTS, TENANT, Rule

GPUS, GIB = 2, 10
BOOT = uuid.UUID(int=7)
NAMESPACE = "workers"
# Each example is an agent with files, some of which it syncs.
FEW = hypothesis.settings(max_examples=max(50, hypothesis.settings().max_examples // 10), deadline=None)
RATIOS = st.sampled_from([1000, 1250, 1500, 2000])


@dataclass
class Pod:
    """What the kubelet knows of a pod: its slices, by resource, and whether its container runs."""

    name: str
    devices: dict[str, frozenset[str]]
    runs: bool = False


class World:
    """A node's kubelet and cluster agent, around an agent that comes and goes."""

    def __init__(self, folder, draw, reserve_gib):
        self.folder, self.draw, self.reserve_gib = Path(folder), draw, reserve_gib
        self.pods, self.placed, self.listed, self.agent = {}, {}, {}, None
        self.kubelet_answers = self.cluster_agent_answers = True
        self.changes = self.arrivals = 0
        gpus = [{"uuid": f"GPU-{index}", "memoryMiB": GIB * MIB_PER_GIB} for index in range(GPUS)]
        (self.folder / "script.yaml").write_text(yaml.safe_dump({"gpus": gpus}))
        (self.folder / "state").mkdir()
        self.write(draw(RATIOS), draw(st.integers(1, 4)))
        self.in_force = self.rule

    # What the agent meets.

    async def owners(self):
        if not self.kubelet_answers:
            raise OwnersError("the kubelet does not say")
        return tuple(Owner(NAMESPACE, pod.name, "trainer", pod.devices) for pod in self.pods.values())

    async def ask(self):
        if not self.cluster_agent_answers:
            raise ExchangeError("the cluster agent is away")
        self.agent._exchange._take(NodeAnswer(bindings=tuple(self.placed.values())), BOOT)

    def hear(self):
        """Take up the lists, as the kubelet does of each plugin that it listens to."""
        self.listed = {key: frozenset(plugin._offer.ids) for key, plugin in self.agent._plugins.items()}
        for pod in self.pods.values():
            for resource, ids in pod.devices.items():
                lost = ids - self.listed[slices.parse_resource(resource)]
                assert not lost, f"{pod.name} would be turned away by a kubelet that starts now: {sorted(lost)}"

    # What happens.

    def write(self, ratio, tenants):
        self.rule, file = Rule(ratio, self.reserve_gib * MIB_PER_GIB, tenants), self.folder / "node.yaml"
        memory = {"ratioThousandths": ratio, "reserveMiB": self.rule.reserve_mib, "tenantsMax": tenants}
        said = {"agentUrl": "http://127.0.0.1:9", "tokenFile": "token", "stateFolder": "state"}
        said |= {"provider": "simulated", "script": "script.yaml", "memory": memory}
        file.write_text(yaml.safe_dump(said))
        # Two changes at one tick of the file system's clock would be one.
        self.changes += 1
        os.utime(file, ns=(0, self.changes))

    async def start(self):
        """Start the agent in place of the last one, which is as good as killed."""
        own = settings.load(self.folder / "node.yaml")
        provider = process.make_provider(own)
        self.agent = agent = process.NodeAgent(self.folder / "node.yaml", own, provider, provider.gpus(), BOOT)
        agent._owners.now, agent._exchange.ask = self.owners, self.ask
        agent._starter._patience_seconds = 0
        self.kubelet_answers, self.in_force = True, self.rule  # it waits for that before it offers anything
        await agent._look()
        await agent._hear_owners()
        self.told()
        self.hear()

    def told(self):
        """The agent has heard who has what."""
        self.known = {gpu: self.held(gpu, LIMIT) for gpu in range(GPUS)}

    async def turn(self, *, answers, due):
        """Let the agent look; it asks who has what if that is *due*, and when there is another rule."""
        self.kubelet_answers = answers
        self.agent._owners_asked_at = float("-inf") if due else float("inf")
        await self.agent._turn()
        if answers:
            if due or self.in_force != self.rule:
                self.told()
            self.in_force = self.rule
        self.hear()

    def arrive(self, gpus, share, asked):
        """Place a worker, and let the kubelet admit a pod of its name that asks for what it will."""
        self.arrivals += 1
        name = f"g-{self.arrivals}-0"
        guaranteed, limit = share or (None, None)
        self.placed[name] = Binding(
            namespace=NAMESPACE, pod=name, attempt=uuid.UUID(int=self.arrivals), fence=1, rank=0, gpus=tuple(gpus),
            guaranteed_gib=guaranteed, limit_gib=limit,
        )  # fmt: skip
        used = {each for pod in self.pods.values() for ids in pod.devices.values() for each in ids}
        free = {(gpu, part): sorted(self.listed[gpu, part] - used) for gpu in gpus for part in PARTS}
        if any(len(ids) < asked[part] for (_, part), ids in free.items()):
            return
        before = {gpu: self.held(gpu, LIMIT) for gpu in gpus}
        # A kubelet gives out any of those that are free.
        order = self.draw(st.sampled_from([1, -1]))
        devices = {
            slices.resource(gpu, part): frozenset(ids[::order][: asked[part]])
            for (gpu, part), ids in free.items()
            if asked[part]
        }
        self.pods[name] = Pod(name, devices)
        for gpu in gpus:
            for part in PARTS:
                self.agent._plugins[gpu, part]._granted(devices.get(slices.resource(gpu, part), ()))
            # What somebody gave back since the agent last heard who has what stays listed until it hears again.
            most = max(before[gpu], self.known[gpu], slices.counts(self.agent._gpus[gpu], self.in_force)[LIMIT])
            assert self.held(gpu, LIMIT) <= most, "no new promise goes beyond the ratio in force"

    async def begin(self, name, *, heard):
        """Ask whether a pod's container may start, for each of its resources, as the kubelet does."""
        self.cluster_agent_answers, self.kubelet_answers = heard, True
        pod, offered = self.pods[name], self.agent._offered()
        try:
            for resource, ids in pod.devices.items():
                await self.agent._plugins[slices.parse_resource(resource)]._may_start(resource, ids)
        except RefusedError:
            return
        pod.runs = True
        has = Owner(NAMESPACE, name, "trainer", pod.devices)
        checking.check(has, self.placed, offered)

    def end(self, name):
        del self.pods[name]
        self.placed.pop(name, None)

    # What holds.

    def held(self, gpu, part):
        return sum(len(pod.devices.get(slices.resource(gpu, part), ())) for pod in self.pods.values())

    def check(self):
        for gpu in range(GPUS):
            told = 0
            for pod in self.pods.values():
                ids = pod.devices.get(slices.resource(gpu, MEMORY))
                if ids and pod.runs:
                    folder = self.folder / "state/workers" / allocating.folder_name(ids)
                    said = json.loads((folder / hints.FILE).read_text())
                    whole = self.placed[pod.name].guaranteed_gib is None
                    assert whole or said["guaranteedMiB"] == len(ids) * MIB_PER_GIB
                    told += len(ids)
            assert told <= self.held(gpu, MEMORY) <= GIB - self.reserve_gib
            assert self.held(gpu, LIMIT) <= 2 * GIB - self.reserve_gib


def whole(rule):
    return {MEMORY: GIB - rule.reserve_mib // MIB_PER_GIB, LIMIT: GIB - rule.reserve_mib // MIB_PER_GIB,
            TENANT: rule.tenants_max}  # fmt: skip


async def step(world, draw):
    """Do one thing, by chance."""
    what = draw(st.sampled_from(["arrive", "arrive", "begin", "begin", "end", "rule", "turn", "turn", "restart"]))
    if what == "arrive":
        gpus = draw(st.sampled_from([(0,), (0,), (1,), (0, 1)]))
        guaranteed, more = draw(st.integers(1, 4)), draw(st.integers(0, GIB - 1))
        share = None if draw(st.integers(0, 4)) == 4 else (guaranteed, guaranteed + more)
        asked = whole(world.rule) if share is None else dict(zip(PARTS, (*share, 1), strict=True))
        other = draw(st.sampled_from([{}, {}, {}, {}, {MEMORY: GIB // 2}, {LIMIT: 1}, {TENANT: 0}]))
        world.arrive(gpus, share, {**asked, **other})
    elif what == "begin" and world.pods:
        await world.begin(draw(st.sampled_from(sorted(world.pods))), heard=draw(st.booleans()))
    elif what == "end" and world.pods:
        world.end(draw(st.sampled_from(sorted(world.pods))))
    elif what == "rule":
        world.write(draw(RATIOS), draw(st.integers(1, 4)))
        await world.turn(answers=draw(st.booleans()), due=False)
    elif what == "turn":
        await world.turn(answers=draw(st.booleans()), due=draw(st.booleans()))
    elif what == "restart":
        await world.start()


@FEW
@given(st.data())
def test_what_runs_fits_into_memory_whatever_arrives_ends_changes_or_restarts(data):
    """I5: guarantees fit beside the reserve, limits are promised by the ratio in force, and nobody loses a slice."""

    async def play(folder):
        world = World(folder, data.draw, data.draw(st.integers(1, 2)))
        await world.start()
        for _ in range(data.draw(st.integers(10, 40))):
            await step(world, data.draw)
            world.check()

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # nobody cuts the power here
        asyncio.run(play(folder))


def test_a_lowered_ratio_is_taken_up_only_when_the_kubelet_has_said_who_has_what():
    """What it has just given away would be gone from the list, and its pod turned away when the kubelet starts."""

    async def play(folder):
        world = World(folder, lambda strategy: 2000 if strategy is RATIOS else 4, 1)
        await world.start()
        high = world.listed[0, LIMIT]
        given = frozenset(sorted(high)[-9:])
        world.pods["a"] = Pod("a", {slices.resource(0, LIMIT): given})
        world.write(1000, 4)
        for _ in range(2):
            await world.turn(answers=False, due=False)
            assert high == world.listed[0, LIMIT]
        await world.turn(answers=True, due=False)
        assert given == world.listed[0, LIMIT]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(folder))
