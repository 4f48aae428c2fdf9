"""GPUs cut into slices of a GiB, as the kubelet counts them: three resources a GPU, with ids that are stable for ever.

In: GPUs, the rule for their memory, and which slices are in use. Out: resources and ids. A GPU of P GiB with R in
reserve offers P - R `mem-gib` (what may be guaranteed), floor(ratio x P) - R `limit-gib` (what may be promised as
limits) and as many `tenant` as may share it. The planner counts the same. What is in use is offered on, whatever the
rule says meanwhile: a pod whose slice is gone would be turned away when its kubelet restarts.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from hanse.agent.node.gpus import MIB_PER_GIB, Gpu

DOMAIN = "hanse.dev"
MEMORY, LIMIT, TENANT = "mem-gib", "limit-gib", "tenant"
PARTS = (MEMORY, LIMIT, TENANT)
_RESOURCE = re.compile(r"gpu(\d+)\.hanse\.dev/(mem-gib|limit-gib|tenant)")
_ID = re.compile(r"([\w.-]{1,44})::(mem-gib|limit-gib|tenant)::(\d{4})")


@dataclass(frozen=True)
class Rule:
    """How far the memory of a GPU may be promised."""

    ratio_thousandths: int = 1000
    reserve_mib: int = 2048
    tenants_max: int = 4


@dataclass(frozen=True)
class Slice:
    """What an id says: which part of which GPU."""

    uuid: str
    part: str
    number: int


def resource(index: int, part: str) -> str:
    """Return the name of a resource of GPU *index*."""
    return f"gpu{index}.{DOMAIN}/{part}"


def parse_resource(name: str) -> tuple[int, str] | None:
    """Return which part of which GPU a resource is, or None if it is none of ours."""
    found = _RESOURCE.fullmatch(name)
    return (int(found[1]), found[2]) if found else None


def parse(slice_id: str) -> Slice | None:
    """Return what an id says, or None if it is none of ours."""
    found = _ID.fullmatch(slice_id)
    return Slice(found[1], found[2], int(found[3])) if found else None


def counts(gpu: Gpu, rule: Rule) -> dict[str, int]:
    """Return how many slices of each part a GPU offers by the rule; of one with nothing beside the reserve, none."""
    physical, reserve = gpu.memory_mib // MIB_PER_GIB, -(-rule.reserve_mib // MIB_PER_GIB)
    memory, limit = physical - reserve, rule.ratio_thousandths * physical // 1000 - reserve
    if memory <= 0 or limit <= 0:
        return dict.fromkeys(PARTS, 0)
    return {MEMORY: memory, LIMIT: limit, TENANT: rule.tenants_max}


def offered(gpu: Gpu, rule: Rule, used: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the ids that each part of a GPU offers, given all ids in use on the node.

    They are those, and free ones up to the rule's count, the lowest first.

    """
    return {part: tuple(_ids(gpu.uuid, part, count, used)) for part, count in counts(gpu, rule).items()}


def gathered(devices: Mapping[str, Collection[str]]) -> dict[int, dict[str, frozenset[str]]]:
    """Return what a container has of each GPU, by part, from what it has of each resource."""
    found: dict[int, dict[str, frozenset[str]]] = {}
    for name, ids in devices.items():
        if of := parse_resource(name):
            found.setdefault(of[0], {})[of[1]] = frozenset(ids)
    return found


def _ids(uuid: str, part: str, count: int, used: Collection[str]) -> Iterator[str]:
    prefix = f"{uuid}::{part}::"
    kept = {int(text[len(prefix) :]) for text in used if text.startswith(prefix)}
    free = [number for number in range(count) if number not in kept][: max(0, count - len(kept))]
    for number in sorted({*kept, *free}):
        yield f"{prefix}{number:04d}"
