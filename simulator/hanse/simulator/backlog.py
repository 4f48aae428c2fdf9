"""A backlog of fillers: work that may be stopped at any time, enough of it to fill what the others leave idle.

In: a workload, capacities, a seed. Out: one more workload of the same members, in proportion to their GPUs: gangs of
one worker that run for some hours, a part of them submitted each hour, so that the queue of fillers never runs dry. It
is ours, not from any trace, and whoever quotes a figure with it has to say so.
"""

import random
from collections.abc import Mapping

from hanse.simulator import workload
from hanse.simulator.workload import Job, Seconds, Workload

_GPUS = (1, 2, 4, 8)
_WORK_SECONDS = (2 * 3600, 12 * 3600)
_EVERY_SECONDS = 3600
_PLENTY = 1.25


def fillers(jobs: Workload, gpus_by_member: Mapping[str, int], span_seconds: Seconds, seed: int) -> Workload:
    """Return fillers for a quarter more than what *jobs* leave idle of all GPUs in *span_seconds*."""
    chance = random.Random(seed)  # noqa: S311
    idle = max(sum(gpus_by_member.values()) * span_seconds - jobs.gpu_seconds, 0)
    names, weights = list(gpus_by_member), list(gpus_by_member.values())
    made: list[Job] = []
    left = _PLENTY * idle
    while left > 0:
        gpus, work = chance.choice(_GPUS), chance.randint(*_WORK_SECONDS)
        at = chance.randrange(0, span_seconds, _EVERY_SECONDS)
        made.append(Job(len(made), chance.choices(names, weights)[0], 1, gpus, work, at, is_filler=True))
        left -= gpus * work
    return workload.made(f"fillers by seed {seed}", made)
