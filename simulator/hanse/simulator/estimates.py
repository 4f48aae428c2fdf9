"""What users say how long their jobs will run, where a trace has only how long they did run.

In: a seed and a job. Out: seconds, from once to five times its work, drawn from the seed and the job alone, so that all
policies hear the same. Users' estimates are that far off (Mu'alem and Feitelson, TPDS 2001). They never fall short
here: whoever ran longer would have been killed, and would not have this run time in the trace. Fillers, which are ours,
all say as long as the longest of them runs.
"""

import random

from hanse.simulator.workload import Job, Seconds

FACTOR_MAX = 5.0
FILLER_SECONDS: Seconds = 12 * 3600


class Estimates:
    """Estimates of one seed, each drawn once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._known: dict[int, Seconds] = {}

    def seconds(self, job: Job) -> Seconds:
        """Return what *job* was said to take."""
        if job.is_filler:
            return max(job.work_seconds, FILLER_SECONDS)
        if job.order not in self._known:
            factor = random.Random(f"{self._seed}/{job.order}").uniform(1.0, FACTOR_MAX)  # noqa: S311
            self._known[job.order] = round(job.work_seconds * factor)
        return self._known[job.order]
