"""GPUs that workers share, as objects, reports and the ledger have them, in the slices that the planner counts.

In: PoolPolicy, AcceleratorClass, Contribution, a node's report; decisions' details. Out: how much of a GPU may be
guaranteed and promised on a node, and what each worker of an attempt has of one. Pure. What a node's kubelet offers is
a bound beside the policy's: the planner never counts a slice that the kubelet would refuse.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanse import resources
from hanse.quota import units
from hanse.scheduler import records
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.pool import Slices

if TYPE_CHECKING:
    from hanse.evidence.canonical import Json

MIB_PER_SLICE = 1024
_DIVIDED_BY_TEMPLATES = frozenset({"VNPU"})
"""Ways of sharing in which memory is split for good, so that none is promised twice."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the alliance says of the memory of one GPU of a class: what there is, and what is never promised."""

    gpu_gib: int
    reserve_gib: int
    ratio: units.Thousandths
    tenants: int

    @property
    def shareable_gib(self) -> int:
        """What may be guaranteed of one GPU; 0 if nobody may share one."""
        return max(0, self.gpu_gib - self.reserve_gib) if self.tenants else 0

    def limit_gib(self, ratio: units.Thousandths | None) -> int:
        """Return what may be promised as limits of one GPU, with a contribution's own *ratio* if it has one."""
        least = self.ratio if ratio is None else min(self.ratio, ratio)
        return units.thousandths_of(self.gpu_gib, least) - self.reserve_gib


def memory(policy: resources.PoolPolicySpec, of: resources.AcceleratorClass) -> Memory:
    """Return what the policy says of a class; one without ways of sharing is had whole only."""
    rules = {each.accelerator_class: each for each in policy.memory.classes}
    rule = rules.get(of.metadata.name, policy.memory.default)
    modes = frozenset(of.spec.sharing_modes)
    ratio = units.MILLI if modes <= _DIVIDED_BY_TEMPLATES else rule.ratio_thousandths
    gpu_gib, reserve_gib = of.spec.memory_mib // MIB_PER_SLICE, rule.reserve_mib // MIB_PER_SLICE
    return Memory(gpu_gib, reserve_gib, ratio, rule.tenants_max if modes else 0)


def offered(
    node: records.Node, report: Mapping[str, Any], of_class: Memory, offer: resources.ContributionSpec
) -> records.Node:
    """Return *node* with what its GPUs have to share: the least of policy, contribution and what the kubelet has."""
    shared = report.get("shared")
    if shared is None:
        return node
    there = sum(1 << gpu for gpu in shared["gpus"])
    return dataclasses.replace(
        node, gpus=node.gpus & there, mem_gib=min(of_class.shareable_gib, shared["memGib"]),
        limit_gib=min(of_class.limit_gib(offer.memory_ratio_thousandths), shared["limitGib"]),
        tenants=min(of_class.tenants, shared["tenants"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What each worker of an attempt has of each of its GPUs, and how much of one that counted as at its admission."""

    slices: Slices | None
    milli_gpus: units.MilliGpu
    milli_gpus_limit: units.MilliGpu

    @property
    def detail(self) -> dict[str, "Json"]:
        """What the decision that admits it says of it: nothing, where the GPUs are its own."""
        if self.slices is None:
            return {}
        said: dict[str, Json] = {
            "guaranteedGiB": self.slices.guaranteed_gib, "limitGiB": self.slices.limit_gib,
            "with": str(resources.Sharing.ANY if self.slices.with_others else resources.Sharing.OWN_MEMBER),
            "milliGpus": self.milli_gpus, "milliGpusLimit": self.milli_gpus_limit,
        }  # fmt: skip
        return {"part": said}


WHOLE = Part(None, units.MILLI, units.MILLI)


def counted(catalogue: Catalogue, accelerator: str, slices: Slices | None) -> Part:
    """Return what workers with these *slices* of a class's GPUs have of one, as it is counted by now."""
    if slices is None:
        return WHOLE
    index = catalogue.accelerator[accelerator]
    milli = (catalogue.part_of_gpu(index, gib) for gib in (slices.guaranteed_gib, slices.limit_gib))
    return Part(slices, *milli)


def part(detail: Mapping[str, Any]) -> Part:
    """Return what the decision that admitted an attempt says of it."""
    if not (said := detail.get("part")):
        return WHOLE
    slices = Slices(said["guaranteedGiB"], said["limitGiB"], said["with"] == resources.Sharing.ANY)
    return Part(slices, said["milliGpus"], said["milliGpusLimit"])
