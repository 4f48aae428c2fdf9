"""Where workers go so that the rest of their nodes stays of use to those who wait."""

import ast
import inspect
import random

import pytest
from pools import job, nodes, pool, snapshot

from hanse.scheduler import domains, fragments, placing, plan
from hanse.scheduler.decisions import Admit
from hanse.scheduler.pool import Member, Slices

KINDS = (  # GPUs, processors in thousandths, and how often
    (1, 2_000, 30), (1, 12_000, 20), (2, 8_000, 15), (4, 16_000, 15), (8, 32_000, 10), (1, 24_000, 10),
)  # fmt: skip


def crowd(seed):
    chance = random.Random(seed)  # noqa: S311  # the same crowd each time is the point
    kinds = chance.choices(KINDS, [often for *_, often in KINDS], k=90)
    return [
        job(f"job{index:02}", "a", submitted=index, gpus=gpus, cpu_milli=cpu)
        for index, (gpus, cpu, _) in enumerate(kinds)
    ]


def gpus_held(seed):
    made = nodes("a", 6, cpu_milli=32_000) + nodes("a", 6, first=6, cpu_milli=96_000)
    decided = plan(snapshot(pool("a"), made, crowd(seed))).decisions
    return sum(placed.gpus.bit_count() for each in decided if isinstance(each, Admit) for placed in each.placed)


def test_more_gpus_are_held_than_in_the_order_of_the_fullest_node(monkeypatch):
    """Of 768 GPUs; what is left over is too small for all of those who wait."""
    by_fragments = [gpus_held(seed) for seed in range(8)]
    monkeypatch.setattr(placing, "CANDIDATES_MAX", 0)
    plain = [gpus_held(seed) for seed in range(8)]
    assert (758, 693) == (sum(by_fragments), sum(plain))


def test_a_hungry_worker_leaves_the_roomy_node_to_who_needs_it():
    """Either node has one GPU left over; only the second has processors for those who wait."""
    made = nodes("a", 1, gpus=2, cpu_milli=4_000) + nodes("a", 1, gpus=2, first=1, cpu_milli=64_000)
    large = [job(f"w{index}", "a", submitted=9, gpus=2, cpu_milli=32_000) for index in range(3)]
    (first, *_) = plan(snapshot(pool("a"), made[::-1], [job("j", "a", gpus=1), *large])).decisions
    assert ("j", "a-h100-000") == (first.attempt.job, first.placed[0].node)
    made = nodes("a", 1, gpus=2, cpu_milli=64_000) + nodes("a", 1, gpus=2, first=1, cpu_milli=4_000)
    (first, *_) = plan(snapshot(pool("a"), made, [job("j", "a", gpus=1), *large])).decisions
    assert ("j", "a-h100-001") == (first.attempt.job, first.placed[0].node)


def test_home_comes_before_fewer_fragments():
    made = nodes("a", 1, gpus=2, cpu_milli=64_000) + nodes("b", 1, gpus=2, cpu_milli=4_000)
    large = [job(f"w{index}", "b", submitted=9, gpus=2, cpu_milli=32_000) for index in range(3)]
    (first, *_) = plan(snapshot(pool(Member("a"), "b"), made, [job("j", "a", gpus=1), *large])).decisions
    assert ("j", "a-h100-000") == (first.attempt.job, first.placed[0].node)


def test_nodes_that_share_none_are_of_no_use_to_who_asks_for_part_of_a_gpu():
    """The first node's processors are not left to those who could never run there."""
    made = nodes("a", 1, gpus=2, cpu_milli=20_000) + nodes("a", 1, gpus=2, first=1)
    parts = [job(f"p{index}", "a", submitted=9, gpus=1, cpu_milli=16_000, slices=Slices(9, 9)) for index in range(3)]
    (admit,) = plan(snapshot(pool("a"), made, [job("j", "a", gpus=1, cpu_milli=8_000), *parts])).decisions
    assert ("j", "a-h100-000") == (admit.attempt.job, admit.placed[0].node)


@pytest.mark.parametrize("module", [domains, fragments, placing], ids=lambda each: each.__name__.rpartition(".")[2])
def test_places_are_chosen_in_integers(module):
    tree = ast.parse(inspect.getsource(module))
    assert not [each for each in ast.walk(tree) if isinstance(each, ast.Div)]
    assert not [each for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, float)]
    assert not [each for each in ast.walk(tree) if isinstance(each, ast.Name | ast.Attribute) and "float" in name(each)]


def name(node):
    return node.id if isinstance(node, ast.Name) else node.attr
