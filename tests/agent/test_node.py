"""What the node agent decides, without a kubelet: slices, grants, who may start, what is told; and what drivers say."""

import asyncio
import json
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hanse.agent.bindings import Binding, NodeAnswer, NodeStatement
from hanse.agent.node import (
    allocating,
    checking,
    hints,
    numbering,
    process,
    settings,
    sharing,
    slices,
    watermarks,
)
from hanse.agent.node.checking import NotYetError, Owner, RefusedError
from hanse.agent.node.exchange import Exchange
from hanse.agent.node.folders import Folders
from hanse.agent.node.gpus import Gpu
from hanse.agent.node.slices import LIMIT, MEMORY, PARTS, TENANT, Rule
from hanse.agent.node.watermarks import Level

GPU = Gpu(3, "GPU-9f1c", 81559)
ROOT = Path(__file__).parents[2]


# Slices.


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(), {MEMORY: 77, LIMIT: 77, TENANT: 4}),
        (Rule(1500, 2048, 2), {MEMORY: 77, LIMIT: 116, TENANT: 2}),
        (Rule(1250, 1500, 1), {MEMORY: 77, LIMIT: 96, TENANT: 1}),  # a part of a GiB in reserve is a whole one
        (Rule(1000, 100_000, 4), {MEMORY: 0, LIMIT: 0, TENANT: 0}),
    ],
    ids=["as it is", "ratio", "broken reserve", "nothing left"],
)
def test_a_gpu_offers_what_the_rule_leaves_of_whole_gibibytes(rule, expected):
    assert expected == slices.counts(GPU, rule)
    offered = slices.offered(GPU, rule, ())
    assert expected == {part: len(ids) for part, ids in offered.items()}
    everything = [each for ids in offered.values() for each in ids]
    assert len(everything) == len(set(everything))
    assert all(len(each) <= 63 for each in everything)


def test_ids_are_the_same_after_any_restart_and_say_what_they_are():
    ids = slices.offered(GPU, Rule(), ())[LIMIT]
    assert "GPU-9f1c::limit-gib::0000" == ids[0]
    assert slices.Slice("GPU-9f1c", LIMIT, 76) == slices.parse(ids[-1])
    assert slices.parse("GPU-9f1c") is slices.parse_resource("nvidia.com/gpu") is None
    assert (3, MEMORY) == slices.parse_resource(slices.resource(3, MEMORY))


RULES = st.builds(Rule, st.sampled_from([1000, 1250, 1500, 2000]), st.sampled_from([1024, 2048]), st.integers(1, 5))
SMALL = Gpu(0, "GPU-0", 10 * 1024)
SHARE = st.tuples(st.integers(1, 9), st.integers(0, 9))


class Kubelet:
    """It gives each container free slices of the last list, as many as asked for of each part, or turns it away."""

    def __init__(self, choose):
        self.choose, self.listed, self.held = choose, dict.fromkeys(PARTS, frozenset()), []

    def used(self):
        return {each for held in self.held for ids in held.values() for each in ids}

    def admit(self, asked):
        given = {}
        for part, count in asked.items():
            free = sorted(self.listed[part] - self.used())
            if len(free) < count:
                return False
            given[part] = frozenset(self.choose(free, count))
        self.held.append(given)
        return True


@given(st.data(), RULES)
def test_guarantees_and_limits_fit_whatever_arrives_ends_changes_or_restarts(data, rule):
    """I5: what is guaranteed fits into memory, and no new promise is made beyond the ratio in force."""
    kubelet = Kubelet(lambda free, count: data.draw(st.permutations(free))[:count])
    seen = ()  # what the agent last heard of the kubelet

    def offer():
        kubelet.listed = {part: frozenset(ids) for part, ids in slices.offered(SMALL, rule, seen).items()}

    offer()
    for step in data.draw(st.lists(st.sampled_from(["arrive", "end", "rule", "look", "restart"]), max_size=25)):
        before = sum(len(held[LIMIT]) for held in kubelet.held)
        match step:
            case "arrive":
                guaranteed, burst = data.draw(SHARE)
                fits = kubelet.admit({MEMORY: guaranteed, LIMIT: guaranteed + burst, TENANT: 1})
                after = sum(len(held[LIMIT]) for held in kubelet.held)
                assert not fits or after <= max(before, len(kubelet.listed[LIMIT]))
            case "end" if kubelet.held:
                kubelet.held.pop(data.draw(st.integers(0, len(kubelet.held) - 1)))
            case "rule":
                rule = data.draw(RULES.filter(lambda new: new.reserve_mib == rule.reserve_mib))  # noqa: B023
                seen = kubelet.used()
                offer()
            case "restart":  # of agent or kubelet: who has what is asked for before anything is offered
                seen = kubelet.used()
                offer()
                assert all(ids <= kubelet.listed[part] for held in kubelet.held for part, ids in held.items())
            case "look":
                seen = kubelet.used()
                offer()
        reserve = rule.reserve_mib // 1024
        assert sum(len(held[MEMORY]) for held in kubelet.held) <= 10 - reserve
        assert sum(len(held[LIMIT]) for held in kubelet.held) <= 2 * 10 - reserve


def test_a_lowered_ratio_retires_free_slices_first_and_those_in_use_when_they_are_free():
    used = {f"GPU-0::limit-gib::{number:04}" for number in (0, 5, 15)}
    low = Rule(1000, 1024, 4)
    offered = slices.offered(SMALL, low, used)[LIMIT]
    assert 9 == len(offered)
    assert used <= set(offered)
    assert 9 == len(slices.offered(SMALL, low, ())[LIMIT])
    full = slices.offered(SMALL, Rule(2000, 1024, 4), ())[LIMIT]
    assert full == slices.offered(SMALL, low, full)[LIMIT]


# Allocate.


def test_only_memory_comes_with_anything_and_always_with_the_same():
    ids = ("GPU-9f1c::mem-gib::0001", "GPU-9f1c::mem-gib::0000")
    first = allocating.grant(GPU, MEMORY, ids, Path("/var/lib/hanse"), "nvidia.com/gpu")
    assert {"HANSE_GPU_3": "GPU-9f1c"} == first.variables
    assert ("/run/hanse/gpu3", "nvidia.com/gpu=GPU-9f1c") == (first.mounted_at, first.cdi_device)
    assert first == allocating.grant(GPU, MEMORY, ids[::-1], Path("/var/lib/hanse"), "nvidia.com/gpu")
    other = allocating.grant(GPU, MEMORY, ids[:1], Path("/var/lib/hanse"), "")
    assert first.folder != other.folder
    for part in (LIMIT, TENANT):
        nothing = allocating.grant(GPU, part, [f"GPU-9f1c::{part}::0000"], Path("/var/lib/hanse"), "nvidia.com/gpu")
        assert allocating.Grant({}) == nothing


@pytest.mark.parametrize("wrong", ["GPU-0::mem-gib::0000", "GPU-9f1c::limit-gib::0000", "x"])
def test_a_slice_of_another_resource_is_refused_by_name(wrong):
    with pytest.raises(allocating.UnknownSliceError, match=wrong):
        allocating.grant(GPU, MEMORY, [wrong], Path("/"), "")


# Who may start.

OFFERED = {gpu: {MEMORY: 77, LIMIT: 116, TENANT: 4} for gpu in range(8)}


def binding(**changed):
    spec = {
        "namespace": "hanse-workers-a", "pod": "g-1-0", "attempt": uuid.UUID(int=1), "fence": 2, "rank": 0,
        "gpus": (3,), "guaranteed_gib": 20, "limit_gib": 30,
    }  # fmt: skip
    return Binding(**{**spec, **changed})


def owner(counts=((3, 20, 30, 1),), **changed):
    devices = {
        slices.resource(gpu, part): frozenset(f"GPU-{gpu}::{part}::{number:04}" for number in range(count))
        for gpu, *of in counts
        for part, count in zip(PARTS, of, strict=True)
        if count
    }
    return Owner(
        **{"namespace": "hanse-workers-a", "pod": "g-1-0", "container": "trainer", "devices": devices, **changed}
    )


def test_what_is_placed_so_starts():
    assert binding() == checking.check(owner(), {"g-1-0": binding()}, OFFERED)


def test_whole_gpus_are_all_of_their_memory_and_all_tenants():
    whole = binding(gpus=(3, 4), guaranteed_gib=None, limit_gib=None)
    assert whole == checking.check(owner([(3, 77, 77, 4), (4, 77, 77, 4)]), {"g-1-0": whole}, OFFERED)
    with pytest.raises(RefusedError, match=r"has 3 of gpu4\.hanse\.dev/tenant, and is placed with 4"):
        checking.check(owner([(3, 77, 77, 4), (4, 77, 77, 3)]), {"g-1-0": whole}, OFFERED)


REFUSED = {
    "another GPU": (owner([(4, 20, 30, 1)]), binding(), r"has GPUs \[4\], and is placed on \[3\]"),
    "more GPUs": (owner([(3, 20, 30, 1), (4, 20, 30, 1)]), binding(), "is placed on"),
    "more guaranteed": (owner([(3, 21, 30, 1)]), binding(), "has 21 of gpu3.hanse.dev/mem-gib, and is placed with 20"),
    "a higher limit": (owner([(3, 20, 31, 1)]), binding(), "limit-gib"),
    "no limit": (owner([(3, 20, 0, 1)]), binding(), "has 0 of gpu3.hanse.dev/limit-gib"),
    "no tenant": (owner([(3, 20, 30, 0)]), binding(), "has 0 of gpu3.hanse.dev/tenant"),
    "to stop": (owner(), binding(stopping=True), "fence 2 is to stop"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_placed_otherwise_does_not_start(name):
    has, placed, said = REFUSED[name]
    with pytest.raises(RefusedError, match=said) as caught:
        checking.check(has, {"g-1-0": placed}, OFFERED)
    assert not isinstance(caught.value, NotYetError)


@pytest.mark.parametrize("stranger", [owner(pod="curious"), owner(namespace="default")], ids=["pod", "namespace"])
def test_a_pod_that_nobody_placed_may_be_placed_later_and_until_then_waits(stranger):
    with pytest.raises(NotYetError, match="no placement on this node names this pod"):
        checking.check(stranger, {"g-1-0": binding()}, OFFERED)


def test_slices_belong_to_the_container_that_has_exactly_these():
    """A pod of the same name that is on its way out has others."""
    name = slices.resource(3, MEMORY)
    old, new = owner([(3, 5, 5, 1)]), owner()
    assert new is checking.owner_of(name, new.devices[name], [old, new])
    with pytest.raises(NotYetError):
        checking.owner_of(name, ["GPU-3::mem-gib::0000"], [old, new])


# What is remembered.


def test_a_gpu_that_is_lost_keeps_its_number_until_the_node_boots(tmp_path):
    boots, file = (uuid.uuid4(), uuid.uuid4()), tmp_path / "gpus.json"
    one, two, three = (Gpu(index, f"GPU-{index}", 1024 * index, numa_node=0) for index in range(3))
    assert ((one, two, three), frozenset()) == numbering.number([one, two, three], file, boots[0])
    left = [one, replace(three, index=1)]
    assert ((one, two, three), {"GPU-1"}) == numbering.number(left, file, boots[0])
    late = Gpu(1, "GPU-9", 4096)
    assert ((one, two, three, replace(late, index=3)), {"GPU-1"}) == numbering.number([*left, late], file, boots[0])
    assert (tuple(left), frozenset()) == numbering.number(left, file, boots[1])


def exchange_of(folder, boot_id):
    def statement():
        return NodeStatement(boot_id=boot_id, process=uuid.uuid4(), enforcer="advisory", gpus=())

    return Exchange("http://127.0.0.1:9", folder / "token", folder / "bindings.json", statement)


def test_what_was_placed_is_known_after_a_crash_and_not_after_a_reboot(tmp_path):
    boots = uuid.uuid4(), uuid.uuid4()
    exchange_of(tmp_path, boots[0])._take(NodeAnswer(bindings=(binding(),)), boots[0])
    assert {"g-1-0": binding()} == exchange_of(tmp_path, boots[0]).bindings
    assert {} == exchange_of(tmp_path, boots[1]).bindings
    (tmp_path / "bindings.json").write_text("{")
    assert {} == exchange_of(tmp_path, boots[0]).bindings


def test_all_who_ask_at_one_time_share_an_answer_that_was_asked_for_after_they_did():
    began = []

    async def play():
        has_begun = asyncio.Event()

        async def call():
            began.append(len(began))
            has_begun.set()
            await asyncio.sleep(0)
            return began[-1]

        shared = sharing.Shared(call, 0)
        first = asyncio.create_task(shared())
        await has_begun.wait()
        # One is on its way: these begin another, all of them the same.
        return [await first, *await asyncio.gather(*(shared() for _ in range(5)))]

    assert [0, 1, 1, 1, 1, 1] == asyncio.run(play())


# What workers are told.


def test_hints_are_in_mebibytes_with_their_basis():
    told = json.loads(hints.text(binding(stopping=True), GPU, Level.WARN))
    assert {
        "gpu": 3, "uuid": "GPU-9f1c", "basisMiB": 81559, "guaranteedMiB": 20480, "limitMiB": 30720,
        "pressure": "warn", "checkpointRequested": True,
    } == told  # fmt: skip
    whole = json.loads(hints.text(binding(guaranteed_gib=None, limit_gib=None), GPU, Level.WARN))
    assert (81559, 81559, "ok") == (whole["guaranteedMiB"], whole["limitMiB"], whole["pressure"])


def test_the_level_does_not_flutter_between_its_marks():
    used = [0, 9100, 9300, 9100, 8900, 9100, 10_000]
    level, seen = Level.OK, []
    for each in used:
        level = watermarks.level(each, 10_000, level)
        seen.append(level.value)
    assert ["ok", "ok", "warn", "warn", "warn", "warn", "warn"] == seen
    assert Level.OK is watermarks.level(8700, 10_000, Level.WARN)


def test_a_folder_goes_when_two_looks_miss_it_and_with_its_boot(tmp_path):
    boots = uuid.uuid4(), uuid.uuid4()
    folders = Folders(tmp_path, boots[0])
    folders.tell(["a", "b"], "{}")
    folders.tell(["c"], "{}")
    for _ in range(2):
        folders.keep([["b", "a"]])
    kept = tmp_path / allocating.folder_name(["a", "b"])
    assert [kept] == [each for each in tmp_path.iterdir() if each.is_dir()]
    assert "{}" == (kept / hints.FILE).read_text()
    folders.keep([])
    assert kept.exists()
    assert Folders(tmp_path, boots[0])._there()
    assert not Folders(tmp_path, boots[1])._there()


# Settings.


def loaded(tmp_path, **changed):
    file = tmp_path / "node.yaml"
    base = {"agentUrl": "http://agent:8380", "tokenFile": "token", "stateFolder": "state"}
    file.write_text(yaml.safe_dump({**base, **changed}))
    return settings.load(file)


def test_settings_that_do_not_fit_together_are_refused(tmp_path):
    assert tmp_path / "state" == loaded(tmp_path).state_folder
    with pytest.raises(ValueError, match="ascend divides memory by templates only"):
        process.make_provider(loaded(tmp_path, provider="ascend"))
    assert not process.make_provider(loaded(tmp_path, provider="ascend", shared=False)).is_divisible
    with pytest.raises(ValueError, match="script: name the file"):
        process.make_provider(loaded(tmp_path, provider="simulated"))
    with pytest.raises(ValueError, match="ratioThousandths"):
        loaded(tmp_path, memory={"ratioThousandths": 3000})


def test_the_generated_messages_are_those_of_the_protos(tmp_path):
    protos = sorted((ROOT / "agent/hanse/agent/node/protos").glob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'agent'}"]
    subprocess.run([*command, f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", *map(str, protos)], check=True)
    made = {file.name: file.read_text() for file in (tmp_path / "hanse/agent/node/protos").iterdir()}
    assert made == {name: (protos[0].parent / name).read_text() for name in made}
    assert 4 == len(made)
