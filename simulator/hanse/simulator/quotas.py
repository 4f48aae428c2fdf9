"""How many GPUs each member has: what a trace does not say, and every comparison depends on.

In: a workload, weights, and the load that all GPUs together are to be offered. Out: GPUs by member, in whole nodes,
and never fewer than its widest gang needs. Time is never compressed: a load is reached by scaling capacity.
"""

from collections.abc import Mapping

from hanse.simulator import workload
from hanse.simulator.workload import GPUS_PER_NODE, Seconds, Workload


def shared_out(jobs: Workload, weights: Mapping[str, int], span_seconds: Seconds, load: float) -> dict[str, int]:
    """Return GPUs by member so that *jobs* are about *load* of all of them in *span_seconds*, shared out by *weights*.

    As nobody gets less than its widest gang, and only whole nodes, they may be more than that.
    """
    wanted = jobs.gpu_seconds / (span_seconds * load)
    widest = {name: max(job.gpus for job in jobs.jobs if job.member == name) for name in jobs.members}
    share = {name: wanted * weights[name] / sum(weights.values()) for name in jobs.members}
    return {name: GPUS_PER_NODE * workload.nodes(max(share[name], widest[name])) for name in jobs.members}


def by_use(jobs: Workload) -> dict[str, int]:
    """Return weights by hindsight: the work that each member submitted."""
    weights = dict.fromkeys(jobs.members, 0)
    for job in jobs.jobs:
        weights[job.member] += job.gpu_seconds
    return weights
