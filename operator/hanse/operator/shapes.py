"""Shapes: what a job asks for, as the planner compares it.

In: the spec of a TrainingJob. Out: a :class:`hanse.scheduler.pool.Shape`; next is :mod:`hanse.operator.candidates`.
Pure. A worker's needs are counted as the kubelet counts a pod's, or it would refuse what the planner has placed.
"""

from collections.abc import Callable
from typing import Any

from hanse import resources
from hanse.operator import sharing
from hanse.scheduler import pool, runtimes


def shape(spec: resources.TrainingJobSpec) -> pool.Shape:
    """Return what a job asks for: its classes in order, and on each what a gang needs there and what it can use."""
    template = spec.template.spec
    return pool.Shape(
        options=tuple(
            pool.Option(each.accelerator_class, each.min_replicas or spec.workers.core, spec.workers.replicas)
            for each in spec.candidates
        ),
        gpus_per_worker=spec.gpus_per_worker,
        cpu_milli=_needed(template, "cpu", resources.ceil_milli),
        memory_mib=_needed(template, "memory", resources.ceil_mib),
        ephemeral_mib=_needed(template, "ephemeral-storage", resources.ceil_mib),
        rdma=_needed(template, resources.RDMA, int),
        precision=str(spec.precision),
        trust=pool.Trust[spec.trust.name],
        regions=frozenset(spec.placement.regions),
        excluded_members=frozenset(spec.placement.exclude_members),
        checkpoint_seconds=int(spec.checkpoint.interval.total_seconds()),
        grace_seconds=int(spec.checkpoint.grace.total_seconds()),
        run_seconds=runtimes.rounded_up(int(spec.max_runtime.total_seconds())),
        level=pool.Level[spec.topology.level.upper()] if spec.topology else pool.Level.CLUSTER,
        needs_level=spec.topology is not None and spec.topology.mode == "required",
        slices=slices(spec),
    )


def slices(spec: resources.TrainingJobSpec) -> pool.Slices | None:
    """Return what each worker has of the GPU that it shares; the models take multiples of a slice only."""
    if spec.gpu_memory is None:
        return None
    guaranteed, limit = (
        mib // sharing.MIB_PER_SLICE for mib in (spec.gpu_memory.guaranteed_mib, spec.gpu_memory.limit_mib)
    )
    return pool.Slices(guaranteed, limit, with_others=spec.allow_sharing_with == resources.Sharing.ANY)


def _needed(template: Any, name: str, read: Callable[[str], int]) -> int:
    """Return the sum over the containers, or what an init container needs, if that is more: these run one by one."""
    together = sum(_of_container(each, name, read) for each in template.containers)
    return max(together, *(_of_container(each, name, read) for each in template.init_containers), 0)


def _of_container(container: Any, name: str, read: Callable[[str], int]) -> int:
    """Return a container's request; what has a limit alone requests as much."""
    needs = container.resources
    return read(needs.requests.get(name, needs.limits.get(name, "0")))
