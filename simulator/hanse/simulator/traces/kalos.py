"""The large gangs of Kalos, a cluster for language models (Hu et al., NSDI '24), CC BY 4.0.

In: a gzipped CSV of submit_s, duration_s, num_gpus of 319 jobs that were completed in 90 days. Out: a workload, with
arrivals compressed by a factor. The trace has no users: members are drawn from a seed, by equal chances. What was
cancelled or failed, and all short evaluation jobs, are missing from it; every figure has to say so.
"""

import csv
import gzip
import random
from pathlib import Path

from hanse.simulator import workload
from hanse.simulator.workload import Job, Workload

MEMBERS = ("east", "north", "south", "west")


def read(folder: Path, compression: int, seed: int) -> Workload:
    """Return the jobs, each submitted after a *compression*-th of its time, of members drawn by *seed*."""
    chance = random.Random(seed)  # noqa: S311
    jobs: list[Job] = []
    with gzip.open(folder / "kalos_completed_training_jobs.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            jobs.append(
                Job(
                    len(jobs), chance.choice(MEMBERS), *workload.gang(int(row["num_gpus"])),
                    max(int(row["duration_s"]), 1), int(row["submit_s"]) // compression,
                )
            )  # fmt: skip
    return workload.made(f"Kalos, arrivals {compression}x, members by seed {seed}", jobs)
