"""How many GPUs each member has: what a trace does not say, and every comparison depends on.

In: a workload, weights, and the load that all GPUs together are to be offered. Out: GPUs by member, in whole nodes,
and never fewer than its widest gang needs. Time is never compressed: a load is reached by scaling capacity. Also which
jobs are within what their members have, so that their waits can be told apart.
"""

import heapq
from collections.abc import Mapping

from hanse.simulator import workload
from hanse.simulator.workload import GPUS_PER_NODE, Job, Seconds, Workload

ENTITLED, BEYOND, FILLERS = "entitled", "beyond", "fillers"


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


def by_class(jobs: Workload, gpus_by_member: Mapping[str, int]) -> dict[str, list[Job]]:
    """Return all jobs by class: within what their members have, beyond it, and fillers."""
    within = entitled(jobs, gpus_by_member)
    return {
        ENTITLED: [job for job in jobs.waiting if job.order in within],
        BEYOND: [job for job in jobs.waiting if job.order not in within],
        FILLERS: [job for job in jobs.jobs if job.is_filler],
    }


def entitled(jobs: Workload, gpus_by_member: Mapping[str, int]) -> set[int]:
    """Return the orders of jobs that their members' own GPUs would hold when they come, if nobody ever waited.

    It depends on no policy: a job is one of them or not, whoever schedules.
    """
    used = dict.fromkeys(gpus_by_member, 0)
    ends: list[tuple[Seconds, str, int]] = []
    found = set()
    for job in jobs.jobs:
        while ends and ends[0][0] <= job.submitted_seconds:
            _, member, gpus = heapq.heappop(ends)
            used[member] -= gpus
        if job.is_filler:
            continue
        used[job.member] += job.gpus
        heapq.heappush(ends, (job.submitted_seconds + job.work_seconds, job.member, job.gpus))
        if used[job.member] <= gpus_by_member[job.member]:
            found.add(job.order)
    return found
