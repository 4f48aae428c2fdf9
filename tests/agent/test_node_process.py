"""The node agent's process without a kubelet: what it counts by, and how long it asks whether a container may start."""

import asyncio
import threading
import time
import uuid

import pytest
import yaml

from hanse.agent import clock
from hanse.agent.bindings import Binding, NodeAnswer
from hanse.agent.node import attribution, process, settings
from hanse.agent.node.checking import NotYetError, Owner, RefusedError
from hanse.agent.node.exchange import ExchangeError
from hanse.agent.node.gpus import Gpu, Process, Sample
from hanse.agent.node.owners import OwnersError
from hanse.agent.node.starting import Starter

ATTEMPT, BOOT = uuid.UUID(int=1), uuid.UUID(int=7)
ID = "GPU-0::mem-gib::0000"
OWNER = Owner("workers", "g-1-0", "trainer", {
    "gpu0.hanse.dev/mem-gib": frozenset({ID}),
    "gpu0.hanse.dev/limit-gib": frozenset({"GPU-0::limit-gib::0000"}),
    "gpu0.hanse.dev/tenant": frozenset({"GPU-0::tenant::0000"}),
})  # fmt: skip
PLACED = Binding(
    namespace="workers", pod="g-1-0", attempt=ATTEMPT, fence=1, rank=0, gpus=(0,), guaranteed_gib=1, limit_gib=1
)


@pytest.fixture(name="agent")
def _agent(tmp_path):
    """An agent of a node with one GPU, of which somebody uses 1000 MiB."""
    used = [{"gpu": 0, "pid": 1, "memoryMiB": [[0, 1000]]}]
    script = {"gpus": [{"uuid": "GPU-0", "memoryMiB": 10 * 1024}], "processes": used}
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
    file, state = tmp_path / "node.yaml", tmp_path / "state"
    state.mkdir()
    said = {"agentUrl": "http://127.0.0.1:9", "tokenFile": "token", "stateFolder": "state", "provider": "simulated"}
    file.write_text(yaml.safe_dump({**said, "script": "script.yaml"}))
    own = settings.load(file)
    provider = process.make_provider(own)
    return process.NodeAgent(file, own, provider, provider.gpus(), BOOT)


def test_after_a_reboot_nothing_of_what_ran_before_is_known(agent):
    """Its slices are nobody's then, its folders gone, and what was placed is asked for anew."""
    agent._exchange._take(NodeAnswer(bindings=(PLACED,)), BOOT)
    agent._starts(OWNER, PLACED)
    agent._owners_known = (OWNER,)

    def again(boot):
        it = process.NodeAgent(agent._file, agent._own, agent._provider, agent._provider.gpus(), boot)
        return len(it._exchange.bindings), len(it._folders._there()), it._owners_known

    assert (1, 1, ()) == again(BOOT)
    assert (0, 0, ()) == again(uuid.UUID(int=8))


@pytest.mark.parametrize(
    ("shared", "mine", "strangers"), [(True, {}, {"u": 700}), (False, {ATTEMPT: 700}, {})], ids=["ours", "the maker's"]
)
def test_a_worker_on_a_gpu_that_it_was_not_given_is_a_stranger_there(agent, monkeypatch, shared, mine, strangers):
    """Where the maker's plugin gives them out, nobody knows which one it was given."""
    other = Gpu(1, "GPU-1", 10 * 1024)
    monkeypatch.setitem(agent._gpus, 1, other)
    monkeypatch.setattr(agent, "_own", agent._own.model_copy(update={"shared": shared}))
    monkeypatch.setattr(agent._provider, "sample", lambda _: Sample(700, (Process(4711, 700),)))
    monkeypatch.setattr(attribution, "pod_of", lambda _: "u")
    found = agent._sampled([PLACED.model_copy(update={"uid": "u"})])
    assert ({ATTEMPT: 700}, {}) == (found[0][1].mib_by_attempt, found[0][1].mib_by_stranger)
    assert (mine, strangers) == (found[1][1].mib_by_attempt, found[1][1].mib_by_stranger)
    assert sum(strangers.values()) == found[1][1].unattributed_mib


def test_a_fault_that_may_pass_gives_nothing_out_at_once_and_stops_gangs_when_it_is_seen_again_and_again(
    agent, monkeypatch
):
    samples = [Sample(0, fault="unknown", may_pass=True)] * 2 + [Sample(0)]
    samples += [Sample(0, fault="unknown", may_pass=True)] * 3 + [Sample(0, fault="lost")]
    said = []

    async def look(sample):
        monkeypatch.setattr(agent._provider, "sample", lambda _: sample)
        await agent._look()
        await agent._offer()
        said.append((agent._plugins[0, "mem-gib"]._offer.healthy, agent._statement().gpus[0].fault))

    async def look_at_all():
        for sample in samples:
            await look(sample)

    asyncio.run(look_at_all())
    passing, well = (False, ""), (True, "")
    assert [passing, passing, well, passing, passing, (False, "unknown"), (False, "lost")] == said


def test_a_driver_that_hangs_is_a_fault_of_all_its_gpus_until_it_answers(agent, monkeypatch):
    """All else goes on meanwhile, and it is asked once."""
    answers, asked, sample = threading.Event(), [], agent._provider.sample
    monkeypatch.setattr(process, "DRIVER_SECONDS", 0.01)

    def hang(gpu):
        asked.append(gpu)
        answers.wait()
        return sample(gpu)

    async def look():
        monkeypatch.setattr(agent._provider, "sample", hang)
        await agent._look()
        while not asked:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
        await agent._look()
        await agent._offer()
        silent = agent._samples[0].fault, agent._plugins[0, "mem-gib"]._offer.healthy, len(asked)
        answers.set()
        await asyncio.wait([agent._looking])
        monkeypatch.setattr(process, "DRIVER_SECONDS", 60)
        await agent._look()
        await agent._offer()
        return silent, (agent._samples[0].fault, agent._plugins[0, "mem-gib"]._offer.healthy, len(asked))

    try:
        found = asyncio.run(look())
    finally:
        answers.set()  # or its thread would never end
    assert ((process.SILENT, False, 1), ("", True, 1)) == found


@pytest.mark.parametrize("step", [3600, -3600], ids=["forward", "back"])
def test_a_clock_that_is_set_changes_nothing_of_what_was_used(agent, monkeypatch, step):
    """Time is that since the boot; what a slot is cut by is the cluster agent's to judge."""
    now, wall = [100.0], time.time()
    monkeypatch.setattr(clock, "boottime", lambda: now[0])

    async def look():
        await agent._look()
        now[0] += 2
        monkeypatch.setattr(time, "time", lambda: wall + step)
        await agent._look()

    asyncio.run(look())
    [used] = agent._spending.told()
    assert (2000, 2000, 2000) == (used.memory_mib_seconds, used.unattributed_mib_seconds, used.busy_milliseconds)


class Answers:
    """Answers in their order, the last one again and again; an error is raised."""

    def __init__(self, *answers):
        self.answers, self.asked = answers, 0

    async def __call__(self):
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def start(monkeypatch, owners, bindings, ask=(None,), patience=60):
    """Play a start; return what was told of it, and how often the kubelet was asked."""
    monkeypatch.setattr("hanse.agent.node.starting.AGAIN_SECONDS", 0.01)
    kubelet, known, told = Answers(*owners), Answers(*ask), []

    class Kubelet:
        now = kubelet

    class Exchange:
        ask = known

        @property
        def bindings(self):
            return bindings[min(known.asked, len(bindings)) - 1]

    offered = {0: {"mem-gib": 8, "limit-gib": 8, "tenant": 4}}
    starter = Starter(Exchange(), Kubelet(), lambda: offered, lambda *heard: told.append(heard), patience)
    try:
        asyncio.run(starter.may_start("gpu0.hanse.dev/mem-gib", frozenset({ID})))
    finally:
        told.append(kubelet.asked)
    return told


def test_what_the_kubelet_or_the_cluster_agent_does_not_know_yet_is_asked_for_again(monkeypatch):
    owners = [OwnersError("it has just begun"), (), (OWNER,)]
    bindings = [{}, {"g-1-0": PLACED}]
    assert [(OWNER, PLACED), 4] == start(monkeypatch, owners, bindings)


def test_with_patience_at_its_end_a_start_is_refused_and_the_kubelet_tries_again_later(monkeypatch):
    with pytest.raises(NotYetError, match="the kubelet names no container"):
        start(monkeypatch, [()], [{}], patience=0.05)
    with pytest.raises(NotYetError, match="no placement on this node names this pod"):
        start(monkeypatch, [(OWNER,)], [{}], [ExchangeError("away")], patience=0.05)


def test_what_is_refused_for_good_is_refused_at_once(monkeypatch):
    stopping = PLACED.model_copy(update={"stopping": True})
    with pytest.raises(RefusedError, match="is to stop"):
        start(monkeypatch, [(OWNER,)], [{"g-1-0": stopping}], patience=60)
